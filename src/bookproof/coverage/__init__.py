"""Which lines of the printed code run, told by chapter and line."""
