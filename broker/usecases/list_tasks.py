"""What waits for the operator: requests in doubt, objections, readings under review, deadlines.

And the collections of claims that are open: what is missing in them is told to the operator alone.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from sqlite3 import Connection

from broker.engine.state import Phase, SwitchCase
from broker.messages.identifiers import CaseId, Eic
from broker.messages.records import Doubt
from broker.store import cases, deadlines
from broker.store.cases import UnableToLoadErased


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingObjection:
    """A supplier objects to a customer's request: its code, and words with E14 (B6)."""

    supplier: Eic
    code: str
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one supplier claims of a delivery point (B1)."""

    supplier: Eic
    share: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Claims that do not add up yet: who claims what, their sum, when the days end (B2)."""

    case_id: CaseId
    accounting_point: str
    claims: tuple[Claim, ...]
    claimed: Decimal
    act_at: datetime | None


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
    objections: tuple[StandingObjection, ...]
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
                objections=_objections(case),
                reading_orders=case.orders if case else 0,
                act_at=next_one.deadline.act_at if next_one else None,
                warn_at=next_one.deadline.warn_at if next_one else None,
                limit=next_one.deadline.limit if next_one else None,
                article=next_one.deadline.article if next_one else None,
                parked=next((d.parked for d in open_deadlines if d.parked), None),
                unreadable=case is None,
            )
        )
    return tuple(sorted(tasks, key=lambda t: (t.act_at is not None, t.act_at or t.case_id)))


def _readable(connection: Connection, case_id: CaseId) -> SwitchCase | None:
    """The case; None where it cannot be read, so that one damaged case hides no other's task."""
    try:
        return cases.load(connection, case_id)
    except (UnableToLoadErased, ValueError):
        return None


def list_collections(connection: Connection, *, limit: int) -> tuple[Collection, ...]:
    """The open collections of claims, oldest first (B2)."""
    found = []
    for collecting in cases.cases_in_phase(connection, Phase.COLLECTING_CLAIMS, limit=limit):
        case = _readable(connection, collecting.case_id)
        due = deadlines.of_case(connection, collecting.case_id)
        claims = tuple(
            Claim(supplier=chosen.supplier, share=chosen.share)
            for claim in (case.claims if case else ())
            for chosen in claim.chosen
        )
        found.append(
            Collection(
                case_id=collecting.case_id,
                accounting_point=collecting.accounting_point,
                claims=claims,
                claimed=sum((one.share or Decimal(0) for one in claims), Decimal(0)),
                act_at=due[0].deadline.act_at if due else None,
            )
        )
    return tuple(found)


def _objections(case: SwitchCase | None) -> tuple[StandingObjection, ...]:
    said = case.consultation if case else None
    return tuple(
        StandingObjection(supplier=one.header.sender, code=one.reason.value, text=one.text)
        for one in (said.objections if said else ())
    )


def _doubts(case: SwitchCase | None) -> tuple[Doubt, ...]:
    if case is None:
        return ()
    return case.review.doubts if case.review else case.doubts
