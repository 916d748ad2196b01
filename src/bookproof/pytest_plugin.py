"""Collects chapters for pytest."""
