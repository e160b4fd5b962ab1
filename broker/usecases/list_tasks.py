"""What waits for the operator: requests in doubt, readings under review, deadlines parked."""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from broker.engine.state import Phase
from broker.messages.identifiers import CaseId
from broker.messages.records import Doubt
from broker.store import cases, deadlines


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One case that waits for the operator: why, and by when it decides and the law says.

    `reading_orders` above one: a remote reading did not come and was ordered again.

    `act_at` and `limit` are None where no deadline runs any more (the case is overdue).
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


def list_tasks(connection: Connection, *, limit: int) -> tuple[Task, ...]:
    """The tasks, what runs out first before the rest; overdue ones before all."""
    tasks = []
    for case_id in cases.cases_that_wait(connection, limit=limit):
        case = cases.load(connection, case_id)
        if case is None:
            continue
        open_deadlines = deadlines.of_case(connection, case_id)
        next_one = open_deadlines[-1] if open_deadlines else None
        tasks.append(
            Task(
                case_id=case_id,
                phase=case.phase,
                accounting_point=case.request.point.accounting_point,
                doubts=case.review.doubts if case.review else case.doubts,
                reading_orders=case.orders,
                act_at=next_one.deadline.act_at if next_one else None,
                warn_at=next_one.deadline.warn_at if next_one else None,
                limit=next_one.deadline.limit if next_one else None,
                article=next_one.deadline.article if next_one else None,
                parked=next((d.parked for d in open_deadlines if d.parked), None),
            )
        )
    return tuple(sorted(tasks, key=lambda t: (t.act_at is not None, t.act_at or t.case_id)))
