"""A case as the operator's staff see it: everything that is on record, and what can be done now."""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from broker.engine.state import Case, SwitchCase
from broker.messages.identifiers import CaseId, Eic
from broker.messages.records import CorrectionCarriedOut, Record
from broker.store import cases, deadlines, journal, participants
from broker.store.cases import UnableToLoadErased
from broker.store.deadlines import OpenDeadline
from broker.usecases.operator_verbs import Verb, possible
from broker.usecases.view_case import ARTICLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing that happened to the case; `by` and `why` where a person decided it."""

    at: datetime
    what: str
    article: str
    by: str | None
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseForStaff:
    """A case with its open deadlines, its history, the names of its parties, and the verbs.

    `corrected_by` is the case that put this one right, `last_position` that of its last row in the
    journal: what a decision has seen.
    """

    case: Case
    corrected_by: CaseId | None
    deadlines: tuple[OpenDeadline, ...]
    history: tuple[Happened, ...]
    last_position: int
    names: dict[Eic, str]
    verbs: tuple[Verb, ...]


def case_for_staff(connection: Connection, case_id: CaseId) -> CaseForStaff | None:
    """The case, None where there is none or where it has been erased.

    Raises ValueError where it is damaged.
    """
    try:
        case = cases.load(connection, case_id)
    except UnableToLoadErased:
        return None
    if case is None:
        return None
    return CaseForStaff(
        case=case,
        corrected_by=cases.corrected_by(connection, case_id),
        deadlines=deadlines.of_case(connection, case_id),
        history=tuple(
            Happened(
                at=entry.at,
                what=entry.kind,
                article=ARTICLES[entry.kind],
                by=by,
                why=why,
            )
            for entry in journal.entries_of(connection, case_id)
            for by, why in (_decided(entry.record),)
        ),
        last_position=journal.last_position_of(connection, case_id),
        names=_names(connection, case),
        verbs=possible(case),
    )


def _decided(record: Record | None) -> tuple[str | None, str | None]:
    """Who decided and why, where a person did."""
    if isinstance(record, CorrectionCarriedOut):
        return record.correction.entered_by, record.correction.why
    return getattr(record, "by", None), getattr(record, "why", None)


def _names(connection: Connection, case: Case) -> dict[Eic, str]:
    """What the parties of the case are called, strangers by their number."""
    involved = [applicant for applicant, _ in case.applicants]
    if isinstance(case, SwitchCase):
        requests = [one.request for one in case.applications]
        involved += [chosen.supplier for one in requests for chosen in one.chosen]
    involved += [one.supplier for one in (*case.changes.ends, *case.changes.begins)]
    known = {eic: participants.participant(connection, eic) for eic in involved}
    return {eic: party.name if party else eic for eic, party in known.items()}
