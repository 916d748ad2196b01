"""From chapters to source files, and back."""
