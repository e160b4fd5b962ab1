"""How long to wait before the next attempt: exponential backoff with jitter, and the circuit.

Pure: the number of failures and a number between 0 and 1 go in, a span comes out.
"""

from dataclasses import dataclass
from datetime import timedelta

_FIRST_WAIT = timedelta(seconds=2)
_FIRST_REST = timedelta(minutes=1)
_DOUBLINGS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """After `failures_to_open` failures in a row the circuit opens; no wait is above `longest`."""

    failures_to_open: int
    longest: timedelta

    def opens(self, failures: int) -> bool:
        """Whether the circuit is open after so many failures in a row."""
        return failures >= self.failures_to_open

    def wait(self, failures: int, jitter: float) -> timedelta:
        """The wait after so many failures.

        While the circuit is closed: anything from nothing up to a span that doubles each time
        (full jitter), so that many who failed together do not come back together. Once it is open:
        between half of a longer span and the whole, since a probe at once would be no rest.
        """
        if not self.opens(failures):
            return jitter * self._doubled(_FIRST_WAIT, failures - 1)
        rest = self._doubled(_FIRST_REST, failures - self.failures_to_open)
        return rest / 2 + jitter * (rest / 2)

    def _doubled(self, first: timedelta, times: int) -> timedelta:
        factor: int = 1 << min(max(times, 0), _DOUBLINGS_MAX)
        return min(self.longest, first * factor)
