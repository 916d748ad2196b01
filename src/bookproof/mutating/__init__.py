"""Changes of what is printed, to prove that the checks can fail."""
