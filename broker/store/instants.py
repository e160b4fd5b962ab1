"""Instants as the store writes them: UTC, microseconds, one width, so that text sorts as time."""

from datetime import UTC, datetime


def to_text(instant: datetime) -> str:
    """The instant as `2025-03-04T05:06:07.000000Z`. Raises ValueError without a time zone."""
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs a time zone: {instant!r}")
    in_utc = instant.astimezone(UTC).replace(tzinfo=None)
    return in_utc.isoformat(timespec="microseconds") + "Z"


def to_text_or_none(instant: datetime | None) -> str | None:
    """The instant as text, None for None. Raises ValueError without a time zone."""
    return None if instant is None else to_text(instant)


def from_text(text: str) -> datetime:
    """The instant in UTC that the text names. Raises ValueError for any other form."""
    instant = datetime.fromisoformat(text)
    if to_text(instant) != text:
        raise ValueError(f"not an instant of the store: {text!r}")
    return instant


def from_text_or_none(text: str | None) -> datetime | None:
    """The instant that the text names, None for None. Raises ValueError for any other form."""
    return None if text is None else from_text(text)
