"""Verdicts that still stand need not be reached again."""
