"""Words and numbers in running text: nothing that asserts may escape."""
