"""The command line."""


def main() -> int:
    """Run the press."""
    return 2
