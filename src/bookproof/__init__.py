"""The press: tangle, check and weave a book whose every printed claim holds."""
