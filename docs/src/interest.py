# Edit the book, or edit here and stitch.
"""What a deposit grows to."""

from __future__ import annotations


# Let a deposit grow year by year
def grown(deposit: float, rate: float, years: int) -> list[float]:
    """The balance at the start and after each year."""
    balances = [deposit]
    for _ in range(years):
        # Add the interest of one year
        balances.append(balances[-1] * (1 + rate))
    return balances
