"""What waits for the operator, for the dashboard and the command line alike: why, and by when."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from sqlite3 import Connection

from broker.engine.calendar import plus_hours
from broker.engine.state import Case, SwitchCase
from broker.messages.identifiers import CaseId, Eic
from broker.messages.records import Doubt
from broker.store import cases, worklist
from broker.store.cases import UnableToLoadErased
from broker.store.worklist import Line, Position, Wanted

_HOURS_TO_WARN = 24


class Urgency(Enum):
    """How a task stands: its hour has come and gone, comes soon, or is a while off."""

    OVERDUE = "overdue"
    RUNNING_OUT = "running_out"
    IN_TIME = "in_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingObjection:
    """A supplier objects to a customer's request: its code, and words with E14 (B6)."""

    supplier: Eic
    code: str
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One case that waits for the operator: where it stands in the list, and what is in question.

    `reading_orders` above one: a remote reading did not come and was ordered again. A case that
    is `unreadable` (its file is damaged) is listed with what its row alone tells.
    """

    line: Line
    doubts: tuple[Doubt, ...]
    objections: tuple[StandingObjection, ...]
    reading_orders: int
    unreadable: bool

    def urgency(self, now: datetime) -> Urgency:
        """How the task stands at this instant."""
        return urgency_of(self.line, now)


def list_tasks(
    connection: Connection, wanted: Wanted, *, limit: int, after: Position | None = None
) -> tuple[Task, ...]:
    """The tasks wanted, what runs out first before the rest; overdue ones before all."""
    lines = worklist.waiting(connection, wanted, limit=limit, after=after)
    return tuple(_task(connection, line) for line in lines)


def count_by_urgency(connection: Connection, now: datetime) -> dict[Urgency, int]:
    """How many tasks stand how, of all that wait."""
    overdue, running_out, waiting = worklist.count(
        connection, now=now, soon=plus_hours(now, _HOURS_TO_WARN)
    )
    return {
        Urgency.OVERDUE: overdue,
        Urgency.RUNNING_OUT: running_out,
        Urgency.IN_TIME: waiting - overdue - running_out,
    }


def urgency_of(line: Line, now: datetime) -> Urgency:
    """How a task stands at this instant."""
    deadline = line.deadline
    if deadline is None or now >= deadline.act_at:
        return Urgency.OVERDUE
    warn_at = deadline.warn_at or plus_hours(deadline.act_at, -_HOURS_TO_WARN)
    return Urgency.RUNNING_OUT if now >= warn_at else Urgency.IN_TIME


def _task(connection: Connection, line: Line) -> Task:
    case = readable_case(connection, line.case_id)
    return Task(
        line=line,
        doubts=_doubts(case),
        objections=_objections(case),
        reading_orders=case.orders if isinstance(case, SwitchCase) else 0,
        unreadable=case is None,
    )


def readable_case(connection: Connection, case_id: CaseId) -> Case | None:
    """The case; None where it cannot be read, so that one damaged case hides no other's task."""
    try:
        return cases.load(connection, case_id)
    except (UnableToLoadErased, ValueError):
        return None


def _objections(case: Case | None) -> tuple[StandingObjection, ...]:
    said = case.consultation if isinstance(case, SwitchCase) else None
    return tuple(
        StandingObjection(supplier=one.header.sender, code=one.reason.value, text=one.text)
        for one in (said.objections if said else ())
    )


def _doubts(case: Case | None) -> tuple[Doubt, ...]:
    if not isinstance(case, SwitchCase):
        return ()
    return case.review.doubts if case.review else case.doubts
