"""Energy at a delivery point divided among its suppliers by share, in whole units (B11)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction


def divide(total: int, shares: Sequence[Decimal]) -> tuple[int, ...]:
    """Each share's part of a measured total, in the order of the shares; they add up to it.

    By largest remainder: each share gets the whole units of its exact part, and the units then
    left over go one each to the largest fractions cut off; of equal fractions the earlier share's
    comes first. Where the order is by accounting point and supplier, everybody who divides the
    same total by the same key comes to the same parts. Raises ValueError for a negative total,
    and for shares that are negative or do not add up to exactly one (B10).
    Source: B11 (002 a.210(6)).
    """
    if total < 0:
        raise ValueError(f"{total} is no energy that was measured")
    if any(share < 0 for share in shares) or sum(map(Fraction, shares)) != 1:
        raise ValueError(f"shares {', '.join(map(str, shares))} are no division of one")
    # Fractions, since a Decimal of the context's 28 places would round a large total's part.
    exact = [Fraction(share) * total for share in shares]
    parts = [part.numerator // part.denominator for part in exact]
    by_fraction = sorted(range(len(parts)), key=lambda index: parts[index] - exact[index])
    for index in by_fraction[: total - sum(parts)]:
        parts[index] += 1
    return tuple(parts)
