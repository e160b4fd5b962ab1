"""A case as the operator's staff see it: everything that is on record, and what can be done now."""

from dataclasses import dataclass
from datetime import date, datetime
from sqlite3 import Connection

from broker.engine.calendar import local_day, plus_days
from broker.engine.facts import MeterFacts, PointFacts
from broker.engine.rulebook import Comparison, Rulebook
from broker.engine.rules_reading import ReadingCheck
from broker.engine.state import Case, SwitchCase
from broker.messages.identifiers import CaseId, DocumentId, Eic, ReceiptNumber
from broker.messages.master_data import BilledQuantity
from broker.messages.records import CorrectionCarriedOut, Record
from broker.store import cases, deadlines, exchanged, journal, participants, register
from broker.store.cases import UnableToLoadErased
from broker.store.deadlines import OpenDeadline
from broker.store.exchanged import DocumentOut, MessageIn
from broker.store.quantities import billed_between
from broker.store.readings_of_point import ReadingKept, readings_of_point
from broker.usecases.gather_facts import point_when_read
from broker.usecases.operator_verbs import Verb, meter_to_read, possible
from broker.usecases.view_case import ARTICLES
from broker.wire.document_fields import Field, fields_of

_DAYS_SHOWN = 730
_READINGS_SHOWN = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing that happened to the case; `by` and `why` where a person decided it."""

    at: datetime
    what: str
    article: str
    by: str | None
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Questioned:
    """The reading under review: what was used since the last reading, beside what is plausible."""

    since: date
    taken_on: date
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseForStaff:
    """A case with what is on record of it and of its point, and what can be done now.

    `last_position` is that of its last row in the journal: what a decision has seen. `to_read` is
    the meter of which a reading of the operator's own would be taken in, None where none would;
    `corrected_by` the case that put this one right. `fields` are those of its messages and
    documents, `answers` those of what was answered, by number: parsed where they are read, which
    is in no event loop.
    """

    case: Case
    corrected_by: CaseId | None
    deadlines: tuple[OpenDeadline, ...]
    history: tuple[Happened, ...]
    last_position: int
    messages: tuple[MessageIn, ...]
    documents: tuple[DocumentOut, ...]
    fields: dict[ReceiptNumber | DocumentId, tuple[Field, ...]]
    answers: dict[ReceiptNumber, tuple[Field, ...]]
    names: dict[Eic, str]
    point: PointFacts | None
    readings: tuple[ReadingKept, ...]
    billed: tuple[BilledQuantity, ...]
    questioned: Questioned | None
    verbs: tuple[Verb, ...]
    to_read: MeterFacts | None


def case_for_staff(
    connection: Connection, case_id: CaseId, *, today: date, rules: Rulebook
) -> CaseForStaff | None:
    """The case, None where there is none or where it has been erased.

    Raises ValueError where it is damaged.
    """
    try:
        case = cases.load(connection, case_id)
    except UnableToLoadErased:
        return None
    if case is None:
        return None
    named = case.point_named.accounting_point
    point = register.point_facts(connection, named, today)
    number = point.measured_at if point else named
    messages = exchanged.messages_of_case(connection, case_id)
    documents = exchanged.documents_of_case(connection, case_id)
    return CaseForStaff(
        case=case,
        corrected_by=cases.corrected_by(connection, case_id),
        deadlines=deadlines.of_case(connection, case_id),
        history=_history(connection, case_id),
        last_position=journal.last_position_of(connection, case_id),
        messages=messages,
        documents=documents,
        fields={
            **{one.receipt: fields_of(one.content or b"") for one in messages},
            **{one.document_id: fields_of(one.content or b"") for one in documents},
        },
        answers={one.receipt: fields_of(one.answer or b"") for one in messages},
        names=_names(connection, case, point, messages, documents),
        point=point,
        readings=readings_of_point(connection, number, limit=_READINGS_SHOWN),
        billed=billed_between(connection, number, plus_days(today, -_DAYS_SHOWN), today),
        questioned=_questioned(connection, case, point, rules),
        verbs=possible(case),
        to_read=meter_to_read(case, point),
    )


def _history(connection: Connection, case_id: CaseId) -> tuple[Happened, ...]:
    return tuple(
        Happened(at=entry.at, what=entry.kind, article=ARTICLES[entry.kind], by=by, why=why)
        for entry in journal.entries_of(connection, case_id)
        for by, why in (_decided(entry.record),)
    )


def _decided(record: Record | None) -> tuple[str | None, str | None]:
    """Who decided and why, where a person did."""
    if isinstance(record, CorrectionCarriedOut):
        return record.correction.entered_by, record.correction.why
    return getattr(record, "by", None), getattr(record, "why", None)


def _questioned(
    connection: Connection, case: Case, present: PointFacts | None, rules: Rulebook
) -> Questioned | None:
    """The reading under review beside the band of interpretation 8, as its rule compares them."""
    if not isinstance(case, SwitchCase):
        return None
    review, plan = case.review, case.plan
    if review is None or plan is None or present is None:
        return None
    point = point_when_read(connection, review.reading, present) or present
    if point.meter is None or point.last_reading is None:
        return None
    check = ReadingCheck(
        reading=review.reading,
        sender_role=review.sender_role,
        received_at=review.received_at,
        plan=plan,
        point=point,
        meter=point.meter,
        rules=rules,
    )
    return Questioned(
        since=point.last_reading.taken_on,
        taken_on=local_day(review.reading.taken_at),
        comparisons=check.comparisons(),
    )


def _names(
    connection: Connection,
    case: Case,
    point: PointFacts | None,
    messages: tuple[MessageIn, ...],
    documents: tuple[DocumentOut, ...],
) -> dict[Eic, str]:
    """What the parties of the case are called, strangers by their number."""
    operator = register.operator(connection)
    involved = {applicant for applicant, _ in case.applicants}
    if isinstance(case, SwitchCase):
        requests = [one.request for one in case.applications]
        involved |= {chosen.supplier for one in requests for chosen in one.chosen}
    involved |= {one.supplier for one in (*case.changes.ends, *case.changes.begins)}
    involved |= {one.supplier for one in point.supplies} if point else set()
    involved |= {one.sender for one in messages} | {one.party for one in documents}
    known = {eic: participants.participant(connection, eic) for eic in involved}
    names = {eic: party.name if party else eic for eic, party in known.items()}
    return {**names, operator.eic: operator.name}
