"""The open book: pages that are served while the author writes, and that
reload when they have been woven anew.

Other servers that reload pages know how to run a command; none of them can
say on the page what the check found, so this one is our own, in two files.
"""
