"""Energy divided by share (B11): parts in whole units that add up to what was measured."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.engine.divide import divide


@pytest.mark.parametrize(
    ("total", "shares", "parts"),
    [
        (400, ("1",), (400,)),
        (0, ("0.4", "0.6"), (0, 0)),
        (100, ("0.4", "0.6"), (40, 60)),
        (101, ("0.4", "0.6"), (40, 61)),
        (99, ("0.4", "0.6"), (40, 59)),
        (1, ("0.4", "0.6"), (0, 1)),
        (1, ("0.333333", "0.666667"), (0, 1)),
        (1_000_000, ("0.333333", "0.666667"), (333_333, 666_667)),
        # Equal fractions: the earlier share comes first.
        (1, ("0.5", "0.5"), (1, 0)),
        (3, ("0.25", "0.25", "0.5"), (1, 1, 1)),
        (1, ("0.25", "0.25", "0.25", "0.25"), (1, 0, 0, 0)),
        (2, ("0.25", "0.25", "0.25", "0.25"), (1, 1, 0, 0)),
        (7, ("0.2", "0.2", "0.2", "0.2", "0.2"), (2, 2, 1, 1, 1)),
        # Largest fraction, not largest share.
        (10, ("0.85", "0.15"), (9, 1)),
        (10, ("0.55", "0.38", "0.07"), (5, 4, 1)),
        (10**30 + 1, ("0.333333", "0.666667"), (333333 * 10**24, 666667 * 10**24 + 1)),
    ],
)
def test_by_largest_remainder(total: int, shares: tuple[str, ...], parts: tuple[int, ...]) -> None:
    assert divide(total, tuple(map(Decimal, shares))) == parts


@pytest.mark.parametrize("shares", [(), ("0.4",), ("0.4", "0.7"), ("0.4", "0.599999"), ("-1", "2")])
def test_what_is_no_key_divides_nothing(shares: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="no division of one"):
        divide(100, tuple(map(Decimal, shares)))


def test_energy_is_never_below_zero() -> None:
    with pytest.raises(ValueError, match="-1"):
        divide(-1, (Decimal(1),))


@st.composite
def keys(draw: st.DrawFn) -> tuple[Decimal, ...]:
    """Shares of at most six places that add up to exactly one."""
    cuts = draw(st.sets(st.integers(1, 999_999), max_size=8))
    ends = [0, *sorted(cuts), 1_000_000]
    return tuple(Decimal(end - start).scaleb(-6) for start, end in pairwise(ends))


@given(total=st.integers(0, 10**12), shares=keys())
def test_parts_add_up_and_are_within_one_of_the_exact_part(
    total: int, shares: tuple[Decimal, ...]
) -> None:
    parts = divide(total, shares)
    assert sum(parts) == total
    for part, share in zip(parts, shares, strict=True):
        assert abs(part - Fraction(share) * total) < 1


@given(total=st.integers(0, 10**6), shares=keys())
def test_who_was_given_a_unit_more_had_no_smaller_fraction_than_who_was_not(
    total: int, shares: tuple[Decimal, ...]
) -> None:
    parts = divide(total, shares)
    fractions = [Fraction(share) * total % 1 for share in shares]
    raised = [part > Fraction(share) * total for part, share in zip(parts, shares, strict=True)]
    cut = [(fractions[i], -i) for i in range(len(parts)) if not raised[i] and fractions[i]]
    given_more = [(fractions[i], -i) for i in range(len(parts)) if raised[i]]
    assert not cut or not given_more or min(given_more) > max(cut)
