"""The only reader of the clock; everything else is given the time."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time: the wall clock in UTC, and seconds that never jump."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow, whatever is done to the wall clock."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some instant of the machine's."""
        return time.monotonic()


class ShiftedClock(SystemClock):
    """The clock of the machine, started at another instant."""

    def __init__(self, start: datetime) -> None:
        self._shift = start - super().now()

    def now(self) -> datetime:
        """The present instant, moved by the difference at the start."""
        return super().now() + self._shift


class VirtualClock:
    """A clock that stands still until it is moved, for scenarios and tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        """The instant it was last moved to."""
        return self._now

    def monotonic(self) -> float:
        """Seconds it has been moved by."""
        return self._elapsed

    def move_to(self, instant: datetime) -> None:
        """Move forward to this instant. Raises ValueError for an earlier one."""
        if instant < self._now:
            raise ValueError(f"the clock stands at {self._now}, it cannot go back to {instant}")
        self._elapsed += (instant - self._now).total_seconds()
        self._now = instant.astimezone(UTC)

    def jump_to(self, instant: datetime) -> None:
        """Set the wall clock alone, as somebody does who sets it wrong."""
        self._now = instant.astimezone(UTC)
