"""Waits grow, are spread by chance, and have an end."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.delivery.patience import Patience

LONGEST = timedelta(minutes=15)
PATIENCE = Patience(failures_to_open=5, longest=LONGEST)


@pytest.mark.parametrize(
    ("failures", "jitter", "seconds"),
    [
        (1, 1.0, 2),
        (1, 0.0, 0),
        (2, 1.0, 4),
        (4, 1.0, 16),
        (4, 0.5, 8),
        (5, 1.0, 60),
        (5, 0.0, 30),
        (6, 1.0, 120),
        (9, 1.0, 900),
        (9, 0.0, 450),
        (10_000, 1.0, 900),
    ],
)
def test_waits(failures: int, jitter: float, seconds: int) -> None:
    assert PATIENCE.wait(failures, jitter) == timedelta(seconds=seconds)


@given(st.integers(1, 10**6), st.floats(0, 1), st.floats(0, 1))
def test_no_wait_is_shorter_than_nothing_or_longer_than_is_set(
    failures: int, less: float, more: float
) -> None:
    less, more = sorted((less, more))
    waits = PATIENCE.wait(failures, less), PATIENCE.wait(failures, more)
    assert timedelta(0) <= waits[0] <= waits[1] <= LONGEST
    if PATIENCE.opens(failures):
        assert waits[0] >= PATIENCE.wait(failures, 1.0) / 2


def test_the_circuit_opens_where_it_is_set_to() -> None:
    assert [PATIENCE.opens(n) for n in range(1, 7)] == [False] * 4 + [True] * 2
