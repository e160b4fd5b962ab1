"""The room for messages that are being received and handled: memory that all share.

Small ones need none: there can be no more of them than requests at once.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from broker.messages.identifiers import Eic

SMALL_BYTES_MAX = 64 * 1024


class UnableToHold(Exception):
    """There is no room for a message of this size now; it may be sent again."""


class UnableToHoldMoreOfOne(UnableToHold):
    """The party has as much under way as one may."""


class Room:
    """What one message takes up, as it grows."""

    def __init__(self, bodies: "Bodies", party: Eic) -> None:
        self._bodies = bodies
        self._party = party
        self.taken = 0

    def grow_to(self, size: int) -> None:
        """Take up so much in all. Raises UnableToHold, and then has taken no more."""
        more = size - self.taken
        if size > SMALL_BYTES_MAX and more > 0:
            self._bodies.take(self._party, more)
            self.taken = size


class Bodies:
    """How much all messages may take up together, and those of one party."""

    def __init__(self, *, bytes_max: int, bytes_per_party_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes_per_party_max = bytes_per_party_max
        self._taken: Counter[Eic] = Counter()

    @contextmanager
    def room(self, party: Eic) -> Iterator[Room]:
        """Room for a message of this party until the block ends."""
        room = Room(self, party)
        try:
            yield room
        finally:
            self._taken[party] -= room.taken

    def take(self, party: Eic, more: int) -> None:
        """Take up more. Raises UnableToHold."""
        if self._taken[party] + more > self._bytes_per_party_max:
            raise UnableToHoldMoreOfOne(party)
        if self._taken.total() + more > self._bytes_max:
            raise UnableToHold
        self._taken[party] += more
