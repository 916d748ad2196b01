"""The text of a chapter, from Markdown to a list of elements."""
