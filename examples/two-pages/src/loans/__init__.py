# Edit the book, or edit here and stitch.
"""Loans that are repaid in equal payments."""

from __future__ import annotations


# Find the payment that leaves nothing
def payment(debt: float, rate: float, payments: int) -> float:
    """What to pay at the end of each year."""
    return debt * rate / (1 - (1 + rate) ** -payments)


# Keep the account of a loan
def account(debt: float, rate: float, paid: float, n: int) -> list[float]:
    """What is left at the start and after each of n payments."""
    left = [debt]
    for _ in range(n):
        left.append(left[-1] * (1 + rate) - paid)
    return left
