"""What waits for the operator: requests in doubt, readings under review, deadlines parked."""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from broker.engine.state import Case, Phase, SwitchCase
from broker.messages.identifiers import CaseId
from broker.messages.records import Doubt
from broker.store import cases, deadlines
from broker.store.cases import UnableToLoadErased


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One case that waits for the operator: why, and by when it decides and the law says.

    `reading_orders` above one: a remote reading did not come and was ordered again.

    `act_at` and `limit` are None where no deadline runs any more (the case is overdue). A case
    that is `unreadable` (its file is damaged) is listed with what its row alone tells.
    """

    case_id: CaseId
    phase: Phase
    accounting_point: str
    doubts: tuple[Doubt, ...]
    reading_orders: int
    act_at: datetime | None
    warn_at: datetime | None
    limit: datetime | None
    article: str | None
    parked: str | None
    unreadable: bool


def list_tasks(connection: Connection, *, limit: int) -> tuple[Task, ...]:
    """The tasks, what runs out first before the rest; overdue ones before all."""
    tasks = []
    for waiting in cases.cases_that_wait(connection, limit=limit):
        case = _readable(connection, waiting.case_id)
        open_deadlines = deadlines.of_case(connection, waiting.case_id)
        next_one = open_deadlines[-1] if open_deadlines else None
        tasks.append(
            Task(
                case_id=waiting.case_id,
                phase=waiting.phase,
                accounting_point=waiting.accounting_point,
                doubts=_doubts(case),
                reading_orders=case.orders if isinstance(case, SwitchCase) else 0,
                act_at=next_one.deadline.act_at if next_one else None,
                warn_at=next_one.deadline.warn_at if next_one else None,
                limit=next_one.deadline.limit if next_one else None,
                article=next_one.deadline.article if next_one else None,
                parked=next((d.parked for d in open_deadlines if d.parked), None),
                unreadable=case is None,
            )
        )
    return tuple(sorted(tasks, key=lambda t: (t.act_at is not None, t.act_at or t.case_id)))


def _readable(connection: Connection, case_id: CaseId) -> Case | None:
    """The case; None where it cannot be read, so that one damaged case hides no other's task."""
    try:
        return cases.load(connection, case_id)
    except (UnableToLoadErased, ValueError):
        return None


def _doubts(case: Case | None) -> tuple[Doubt, ...]:
    if not isinstance(case, SwitchCase):
        return ()
    return case.review.doubts if case.review else case.doubts
