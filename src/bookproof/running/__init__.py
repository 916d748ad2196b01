"""A chapter, run once and forward, in a process of its own."""
