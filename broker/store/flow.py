"""How requests flow, week by week and supplier by supplier: counts, times, grounds, dates kept.

Noted from the records of a case in the transaction that writes them, so that no content need be
opened to count. A case counts in the week of its receipt (Monday to Sunday in Ljubljana) and for
the supplier that is to supply (of several the one claimed or named first); so the shares of a week
are shares of that week's requests.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from sqlite3 import Connection

from broker.engine.calendar import end_of, local_day, plus_days, start_of
from broker.engine.state import Case, SwitchCase
from broker.messages.deadlines import Deadline, DeadlineKind
from broker.messages.identifiers import CaseId, Eic
from broker.messages.reasons import Reason
from broker.messages.records import (
    ClaimRecorded,
    DecidedBy,
    Record,
    RequestApproved,
    RequestRecorded,
    RequestRejected,
    RequestWithdrawn,
    SwitchCarriedOut,
    SwitchHasFailed,
)
from broker.messages.requests import SwitchRequest
from broker.store import cases, instants, journal
from broker.store.cases import UnableToLoadErased
from broker.store.journal import UnableToReadErased

_TO_SWEEP = timedelta(minutes=1)

# A case begins.
_BEGIN = (
    "INSERT INTO case_flow (week, supplier, case_id) VALUES (?, ?, ?)"
    " ON CONFLICT (case_id) DO NOTHING"
)

_OF_CASE = " WHERE case_id = ?"

# Its request was decided.
_DECIDE = "UPDATE case_flow SET decision = ?, straight_through = ?, decision_seconds = ?" + _OF_CASE

# It came to its end.
_END = "UPDATE case_flow SET ended = ?, completion_seconds = ?" + _OF_CASE

# On which ground it was refused.
_REFUSE = (
    "INSERT INTO case_refusals (week, supplier, case_id, what, reason)"
    " SELECT week, supplier, case_id, ?, ? FROM case_flow WHERE case_id = ?"
    " ON CONFLICT DO NOTHING"
)

# One more deadline was closed in this week.
_CLOSE = (
    "INSERT INTO deadlines_closed (week, kind, met, missed) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT DO UPDATE SET met = met + ?3, missed = missed + ?4"
)

# Everything counted of the cases of each week and supplier, as the triggers of migrations_flow
# have added it up.
_WEEKS = """
    SELECT week, supplier, requests, approved, rejected, straight_through,
        decision_seconds, longest_decision_seconds, withdrawn, failed, completed,
        completion_seconds, longest_completion_seconds
    FROM flow_sums WHERE week >= ? AND week < ? AND requests > 0"""

# How often each ground was given in each week to each supplier, in the order of the table.
_REASONS = """
    SELECT week, supplier, what, reason, number FROM ground_sums
    WHERE week >= ? AND week < ? AND number > 0"""

# How many deadlines of each kind were closed in each week in time, and how many too late.
_KEPT = "SELECT week, kind, met, missed FROM deadlines_closed WHERE week >= ? AND week < ?"

# How many open deadlines fall due between two instants.
_COUNT_DUE = "SELECT count(*) FROM deadlines WHERE parked IS NULL AND act_at >= ? AND act_at < ?"

# The open deadlines that fall due between two instants, in order, after one position.
_DUE_ON = """
    SELECT deadline_id, d.case_id, d.kind, act_at, limit_at, article, accounting_point, applicant,
        coalesce(name, applicant)
    FROM deadlines AS d CROSS JOIN cases USING (case_id) LEFT JOIN participants ON eic = applicant
    WHERE parked IS NULL AND act_at >= ? AND act_at < ? AND (act_at, deadline_id) > (?, ?)
    ORDER BY act_at, deadline_id LIMIT ?"""

# Every case, for a file from before figures were noted.
_CASES = "SELECT case_id FROM cases ORDER BY case_id"

QUERIES = (_WEEKS, _REASONS, _KEPT, _COUNT_DUE, _DUE_ON)
"""Every query by which figures are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was counted of some cases; any two can be added. A share of nothing is None, not 1."""

    requests: int = 0
    approved: int = 0
    rejected: int = 0
    straight_through: int = 0
    decision_seconds: int = 0
    longest_decision_seconds: int = 0
    withdrawn: int = 0
    failed: int = 0
    completed: int = 0
    completion_seconds: int = 0
    longest_completion_seconds: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        """The figures of both together."""
        both = {
            one.name: (max if one.name.startswith("longest") else _sum)(
                getattr(self, one.name), getattr(other, one.name)
            )
            for one in fields(Figures)
        }
        return Figures(**both)

    @property
    def decided(self) -> int:
        """How many requests were decided."""
        return self.approved + self.rejected

    @property
    def undecided(self) -> int:
        """How many requests still wait for their decision."""
        return self.requests - self.decided - self.withdrawn

    @property
    def approved_share(self) -> float | None:
        """How many of the decided were approved, None where none was decided."""
        return self.approved / self.decided if self.decided else None

    @property
    def straight_through_share(self) -> float | None:
        """How many of the decided no hand had to touch, None where none was decided."""
        return self.straight_through / self.decided if self.decided else None

    @property
    def mean_decision_seconds(self) -> float | None:
        """From receipt to decision on average, None where none was decided."""
        return self.decision_seconds / self.decided if self.decided else None

    @property
    def mean_completion_seconds(self) -> float | None:
        """From receipt to the switch carried out on average, None where none was."""
        return self.completion_seconds / self.completed if self.completed else None


def _sum(one: int, other: int) -> int:
    return one + other


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekOfSupplier:
    """The figures of the requests that were received in one week for one supplier."""

    week: date
    supplier: Eic
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """How often a ground was given in a week to a supplier; `failed`: it ended a switch that had
    been approved, else it rejected a request.
    """

    week: date
    supplier: Eic
    failed: bool
    reason: Reason
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How many deadlines of a kind were closed by the law's last instant, and how many after."""

    met: int
    missed: int

    @property
    def share(self) -> float | None:
        """How many were met of all, None where none was closed."""
        return self.met / (self.met + self.missed) if self.met + self.missed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingDeadline:
    """One open deadline of a day, with the case it belongs to."""

    deadline_id: int
    case_id: CaseId
    kind: DeadlineKind
    act_at: datetime
    limit: datetime
    article: str
    accounting_point: str
    applicant: Eic
    applicant_name: str


def week_of(instant: datetime) -> date:
    """The Monday of the week in which this instant falls, in Ljubljana."""
    day = local_day(instant)
    return plus_days(day, -day.weekday())


def note(connection: Connection, state: Case, records: Iterable[Record]) -> None:
    """Count what these records of the case say; they are new, the state may be any later one.

    A correction is no request and counts nowhere.
    """
    if not isinstance(state, SwitchCase):
        return
    case_id = state.case_id
    for record in records:
        match record:
            case RequestRecorded(request=request) | ClaimRecorded(claim=request):
                week = week_of(record.received_at).isoformat()
                connection.execute(_BEGIN, (week, _supplier(request), case_id))
            case RequestApproved() | RequestRejected():
                _note_decision(connection, state, record)
            case RequestWithdrawn():
                connection.execute(_END, ("withdrawn", None, case_id))
            case SwitchCarriedOut():
                seconds = _seconds(state, record.at)
                connection.execute(_END, ("completed", seconds, case_id))
            case SwitchHasFailed():
                connection.execute(_END, ("failed", None, case_id))
                connection.execute(_REFUSE, ("failed", record.ground.reason.value, case_id))
            case _:
                pass


def _note_decision(
    connection: Connection,
    state: SwitchCase,
    record: RequestApproved | RequestRejected,
) -> None:
    what = "approved" if isinstance(record, RequestApproved) else "rejected"
    straight = record.decided_by is DecidedBy.STRAIGHT_THROUGH
    connection.execute(_DECIDE, (what, straight, _seconds(state, record.at), state.case_id))
    if isinstance(record, RequestRejected):
        for given in record.reasons:
            connection.execute(_REFUSE, (what, given.reason.value, state.case_id))


def _supplier(request: SwitchRequest) -> Eic:
    """The supplier that is to supply, that of consumption where there are two."""
    chosen = sorted(request.chosen, key=lambda one: one.direction.value)
    return chosen[0].supplier if chosen else request.header.sender


def _seconds(state: SwitchCase, at: datetime) -> int:
    """Since the receipt of the request; never less than none, whatever the clock did."""
    return max(int((at - state.received_at).total_seconds()), 0)


def note_closed(connection: Connection, closed: Iterable[Deadline], at: datetime) -> None:
    """Count these deadlines, closed now: met where the law's last instant had not passed.

    Where the broker itself acts at that instant it has a minute, since a sweep comes after it.
    """
    week = week_of(at).isoformat()
    for deadline in closed:
        of_itself = deadline.act_at == deadline.limit
        missed = at > deadline.limit + (_TO_SWEEP if of_itself else timedelta())
        connection.execute(_CLOSE, (week, deadline.kind.value, not missed, missed))


def make_up(connection: Connection) -> None:
    """Note what happened before figures were noted; cases that cannot be read are left out.

    Deadlines closed until then are not made up: their rows are gone.
    """
    for (case_id,) in connection.execute(_CASES).fetchall():
        try:
            state = cases.load(connection, CaseId(case_id))
            records = journal.records_of(connection, CaseId(case_id))
        except (UnableToLoadErased, UnableToReadErased, ValueError):
            continue
        if state is not None:
            note(connection, state, records)


def by_week_and_supplier(
    connection: Connection, since: date, until: date
) -> tuple[WeekOfSupplier, ...]:
    """The figures of each week and supplier, from the week of one Monday up to another's."""
    return tuple(
        WeekOfSupplier(week=date.fromisoformat(week), supplier=Eic(supplier), figures=_figures(row))
        for week, supplier, *row in connection.execute(_WEEKS, _between(since, until))
    )


def _figures(row: list[int]) -> Figures:
    names = [one.name for one in fields(Figures)]
    return Figures(**dict(zip(names, row, strict=True)))


def grounds(connection: Connection, since: date, until: date) -> tuple[Ground, ...]:
    """How often each ground was given, by week and supplier, between two Mondays."""
    return tuple(
        Ground(
            week=date.fromisoformat(week),
            supplier=Eic(supplier),
            failed=what == "failed",
            reason=Reason(reason),
            number=number,
        )
        for week, supplier, what, reason, number in connection.execute(
            _REASONS, _between(since, until)
        )
    )


def deadlines_kept(connection: Connection, since: date, until: date) -> dict[DeadlineKind, Kept]:
    """How many deadlines of each kind were met and missed in the weeks between two Mondays."""
    kept = dict.fromkeys(DeadlineKind, Kept(met=0, missed=0))
    for _, kind, met, missed in connection.execute(_KEPT, _between(since, until)):
        before = kept[DeadlineKind(kind)]
        kept[DeadlineKind(kind)] = Kept(met=before.met + met, missed=before.missed + missed)
    return kept


def _between(since: date, until: date) -> tuple[str, str]:
    return since.isoformat(), until.isoformat()


def count_due(connection: Connection, days: Iterable[date]) -> Mapping[date, int]:
    """How many open deadlines fall due on each of these days; those put aside are not counted."""
    return {day: connection.execute(_COUNT_DUE, _instants_of(day)).fetchone()[0] for day in days}


def due_on(
    connection: Connection, day: date, *, limit: int, after: tuple[datetime, int] | None = None
) -> tuple[ComingDeadline, ...]:
    """The open deadlines that fall due on the day, in order, after the one at this position."""
    begins, ends = _instants_of(day)
    at, number = (instants.to_text(after[0]), after[1]) if after else (begins, 0)
    rows = connection.execute(_DUE_ON, (max(at, begins), ends, at, number, limit))
    return tuple(
        ComingDeadline(
            deadline_id=number,
            case_id=CaseId(case_id),
            kind=DeadlineKind(kind),
            act_at=instants.from_text(act_at),
            limit=instants.from_text(limit_at),
            article=article,
            accounting_point=point,
            applicant=Eic(applicant),
            applicant_name=name,
        )
        for number, case_id, kind, act_at, limit_at, article, point, applicant, name in rows
    )


def _instants_of(day: date) -> tuple[str, str]:
    """The first instant of the legal day and the first one after it, as stored.

    What falls due at 24:00 belongs to the day that ends, as the law counts.
    """
    step = 1  # microsecond
    first = start_of(day).replace(microsecond=step)
    last = end_of(day).replace(microsecond=step)
    return instants.to_text(first), instants.to_text(last)
