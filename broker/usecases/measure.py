"""What can be measured of the running service: messages, deadlines, waiting things, the writer.

Numbers alone, of parties at most their EIC; no personal data.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from sqlite3 import Connection

from broker.engine.calendar import plus_days
from broker.engine.state import WaitsFor
from broker.messages.deadlines import DeadlineKind
from broker.store import archive, deadlines, flow, operations, worklist
from broker.store.archive import Mailbox, Outcome
from broker.store.flow import Kept, week_of
from broker.store.writer import Writer
from broker.usecases.keep_channels import ChannelStanding, standings
from broker.usecases.watch_owed import WatchOwed


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The figures as of one moment. Counters begin with the service, but for `kept`."""

    messages: Mapping[tuple[str | None, Outcome], int]
    turned_away: Mapping[int, int]
    kept: Mapping[DeadlineKind, Kept]
    waiting: Mapping[WaitsFor, int]
    parked: int
    sweep_lag_seconds: float
    sweep_stopped: bool
    mailboxes: tuple[Mailbox, ...]
    channels: tuple[ChannelStanding, ...]
    groups: tuple[int, ...]
    queue: int
    missing_notices: int


class Measure:
    """Reads the figures; remembers up to where messages have been counted, so that none is twice.

    `turned_away` is the door's own count, `since` the position after which messages count.
    """

    def __init__(
        self, *, writer: Writer, turned_away: Counter[int], since: int, owed: WatchOwed
    ) -> None:
        self._writer = writer
        self._owed = owed
        self._turned_away = turned_away
        self._counted_to = since
        self._messages: Counter[tuple[str | None, Outcome]] = Counter()

    @property
    def turned_away(self) -> Mapping[int, int]:
        """What was refused without being kept since the service started, by status."""
        return dict(self._turned_away)

    def read(self, connection: Connection, now: datetime) -> Measured:
        """The figures; to be called by one thread at a time."""
        self._counted_to, newly = archive.count_after(connection, self._counted_to)
        self._messages.update(newly)
        due = deadlines.next_act_at(connection)
        return Measured(
            messages=dict(self._messages),
            turned_away=self.turned_away,
            kept=flow.deadlines_kept(connection, _FIRST_WEEK, plus_days(week_of(now), 7)),
            waiting=worklist.choices(connection).kinds,
            parked=deadlines.parked_count(connection),
            sweep_lag_seconds=max((now - due).total_seconds(), 0.0) if due else 0.0,
            sweep_stopped=operations.sweep_stopped(connection) is not None,
            mailboxes=archive.mailboxes(connection),
            channels=tuple(standings(connection).values()),
            groups=self._writer.batch_sizes(),
            queue=self._writer.waiting_count(),
            missing_notices=len(self._owed.missing),
        )


_FIRST_WEEK = date.min
