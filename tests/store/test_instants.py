"""Instants as text: one width, sortable, never without a zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.store.instants import from_text, to_text

INSTANTS = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)


def test_microseconds_are_always_written() -> None:
    assert to_text(datetime(2025, 3, 4, tzinfo=UTC)) == "2025-03-04T00:00:00.000000Z"


def test_another_zone_becomes_utc() -> None:
    summer = timezone(timedelta(hours=2))
    assert to_text(datetime(2025, 7, 1, 1, tzinfo=summer)) == "2025-06-30T23:00:00.000000Z"


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_text(datetime(2025, 3, 4))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("text", ["2025-03-04", "2025-03-04T00:00:00Z", "soon"])
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"instant|isoformat"):
        from_text(text)


@given(INSTANTS, INSTANTS)
def test_text_sorts_as_time_and_comes_back(one: datetime, other: datetime) -> None:
    assert (to_text(one) < to_text(other)) == (one < other)
    assert from_text(to_text(one)) == one
