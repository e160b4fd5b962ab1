"""Watches the clock: a clock that jumps or runs behind must not fire legal deadlines (design 4)."""

from datetime import datetime, timedelta

from broker.clock import Clock
from broker.store.operations import ClockFault, ClockTrouble

_TOLERANCE = timedelta(minutes=5)
# What a time server takes back in one step without the clock having been wrong.
_STEP_BACK = timedelta(seconds=1)


class ClockWatch:
    """Tells whether wall clock and monotonic clock still agree, within five minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.trust_again()

    def trust_again(self) -> None:
        """Take the wall clock as it stands now for right."""
        self._wall = self._clock.now()
        self._monotonic = self._clock.monotonic()

    def trouble(self, last_entry_at: datetime | None) -> ClockTrouble | None:
        """What is wrong with the clock, None while it can be trusted.

        `last_entry_at` is the time of the last journal entry, which is never after now by more
        than the second by which a time server may set the clock back.
        """
        now = self._clock.now()
        elapsed = timedelta(seconds=self._clock.monotonic() - self._monotonic)
        due = self._wall + elapsed
        if abs(now - due) >= _TOLERANCE:
            return ClockTrouble(fault=ClockFault.JUMPED, shown=now, known=due)
        if last_entry_at is not None and now + _STEP_BACK < last_entry_at:
            return ClockTrouble(fault=ClockFault.BEHIND, shown=now, known=last_entry_at)
        return None
