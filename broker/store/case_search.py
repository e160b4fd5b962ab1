"""Cases found by the beginning of a number: the case's, a point's, a site's, or a message's.

Each look-up is a range of an index: no number is searched through from end to end.
"""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from broker.engine.state import Phase
from broker.messages.identifiers import CaseId, Gsrn
from broker.store import instants

# The numbers of cases by the beginning of each kind of number. Message identifications are
# indexed by party, so the parties are gone through; `:beyond` is the first text after the range.
_BY_CASE = "SELECT case_id FROM cases WHERE case_id >= :begin AND case_id < :beyond LIMIT :limit"
_BY_POINT = """
    SELECT case_id FROM cases
    WHERE accounting_point >= :begin AND accounting_point < :beyond LIMIT :limit"""
_BY_SITE = """
    SELECT case_id FROM metering_sites
    CROSS JOIN accounting_points ON metering_site = area_number
    CROSS JOIN cases USING (accounting_point)
    WHERE area_number >= :begin AND area_number < :beyond LIMIT :limit"""
_BY_MESSAGE = """
    SELECT case_id FROM participants CROSS JOIN inbox ON party = eic
    WHERE http_status = 200 AND message_id >= :begin AND message_id < :beyond
    AND case_id IS NOT NULL LIMIT :limit"""
SEARCHES = (_BY_CASE, _BY_POINT, _BY_SITE, _BY_MESSAGE)
"""Every query by which cases are searched."""

# A case as a line of what was found.
_CASE = """
    SELECT case_id, phase, accounting_point, opened_at, coalesce(name, applicant),
        process = 'correction'
    FROM cases LEFT JOIN participants ON eic = applicant WHERE case_id = ?"""

_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCase:
    """A case that was found."""

    case_id: CaseId
    phase: Phase
    accounting_point: Gsrn
    opened_at: datetime
    applicant_name: str
    correction: bool


def find_cases(connection: Connection, beginning: str, *, limit: int) -> tuple[FoundCase, ...]:
    """The cases of which a number begins so, the newest first; none for an empty text."""
    if not beginning:
        return ()
    parameters = {"begin": beginning, "beyond": beginning + _LAST_CHARACTER, "limit": limit}
    found = {row[0] for query in SEARCHES for row in connection.execute(query, parameters)}
    newest = sorted(found, reverse=True)[:limit]
    return tuple(_found(*connection.execute(_CASE, (case_id,)).fetchone()) for case_id in newest)


def _found(
    case_id: str, phase: str, accounting_point: str, opened_at: str, *rest: Any
) -> FoundCase:
    applicant_name, correction = rest
    return FoundCase(
        case_id=CaseId(case_id),
        phase=Phase(phase),
        accounting_point=Gsrn(accounting_point),
        opened_at=instants.from_text(opened_at),
        applicant_name=applicant_name,
        correction=bool(correction),
    )
