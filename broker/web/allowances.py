"""How much somebody may ask for: an allowance used up by asking, which comes back with time.

A token bucket for each, counted in seconds that never jump, so that setting the clock gives and
takes nothing.
"""

import math
from collections.abc import Callable

# Who has not asked for longest is forgotten first, and then has a whole allowance again.
_REMEMBERED_MAX = 10_000


class Allowances:
    """What each may still ask for: `most` at once, of which `per_second` come back."""

    def __init__(self, *, most: float, per_second: float, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._per_second = per_second
        self._monotonic = monotonic
        self._left: dict[str, tuple[float, float]] = {}

    def seconds_to_wait(self, who: str) -> int:
        """Use up one: 0 where there was one, else after how many whole seconds there will be."""
        left = self._left_of(who)
        if left < 1.0:
            return max(1, math.ceil((1.0 - left) / self._per_second))
        self._set(who, left - 1.0)
        return 0

    def charge(self, who: str, amount: float) -> None:
        """Use up so much more of what was let in already; at most as much is owed as is allowed."""
        self._set(who, max(self._left_of(who) - amount, -self._most))

    def _left_of(self, who: str) -> float:
        left, at = self._left.get(who, (self._most, 0.0))
        return min(self._most, left + (self._monotonic() - at) * self._per_second)

    def _set(self, who: str, left: float) -> None:
        self._left.pop(who, None)
        self._left[who] = (left, self._monotonic())
        if len(self._left) > _REMEMBERED_MAX:
            del self._left[next(iter(self._left))]
