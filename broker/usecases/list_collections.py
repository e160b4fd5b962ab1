"""Collections of claims that are open; what is missing in them only the operator is told (B2)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from sqlite3 import Connection

from broker.engine.state import Phase, SwitchCase
from broker.messages.identifiers import CaseId, Eic
from broker.store import cases, deadlines
from broker.usecases.list_tasks import readable_case


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


def list_collections(connection: Connection, *, limit: int) -> tuple[Collection, ...]:
    """The open collections of claims, oldest first (B2)."""
    found = []
    for collecting in cases.cases_in_phase(connection, Phase.COLLECTING_CLAIMS, limit=limit):
        case = readable_case(connection, collecting.case_id)
        due = deadlines.of_case(connection, collecting.case_id)
        claims = tuple(
            Claim(supplier=chosen.supplier, share=chosen.share)
            for claim in (case.claims if isinstance(case, SwitchCase) else ())
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
