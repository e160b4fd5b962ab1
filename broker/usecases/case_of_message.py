"""Which case a message is about, and the event it is for that case.

What is not the sender's own is answered exactly as what does not exist (E47).
"""

from datetime import datetime
from sqlite3 import Connection

from broker.engine.calendar import end_of, just_before, local_day
from broker.engine.state import Case, Phase, SwitchCase
from broker.ids import Ids
from broker.messages.codes import DocumentKind, Role
from broker.messages.events import (
    ConfirmationReceived,
    CorrectionReceived,
    Event,
    InaccessibilityReported,
    ObjectionReceived,
    ReadingReceived,
    ShareClaimReceived,
    SharedSupplyRequestReceived,
    SwitchRequestReceived,
    WithdrawalReceived,
)
from broker.messages.identifiers import CaseId, Eic, Gsrn
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import (
    CaseMessage,
    Correction,
    InaccessibilityReport,
    MeterReading,
    Objection,
    SupplyConfirmation,
    SwitchRequest,
    Withdrawal,
)
from broker.store import cases, register
from broker.store.cases import Capacity, UnableToLoadErased
from broker.store.participants import Participant


def event_of(
    connection: Connection,
    message: CaseMessage,
    party: Participant,
    received_at: datetime,
    ids: Ids,
) -> tuple[CaseId, Event] | Refusal:
    """The case (a fresh number for what opens one) and the event, or E47 where there is none."""
    match message:
        case SwitchRequest():
            return _application(connection, message, received_at, ids)
        case Correction():
            case_id = ids.case_id()
            return case_id, CorrectionReceived(
                case_id=case_id, correction=message, received_at=received_at
            )
        case Withdrawal():
            case = _own_case(connection, message.case_id, party, {Capacity.APPLICANT})
            if case is None:
                return _no_switch("/Withdrawal/CaseNumber")
            return case.case_id, WithdrawalReceived(withdrawal=message, received_at=received_at)
        case SupplyConfirmation():
            case = _own_case(connection, message.case_id, party, {Capacity.NEW_SUPPLIER})
            if case is None or party.eic not in case.asked:
                return _no_switch("/SupplyConfirmation/CaseNumber")
            return case.case_id, ConfirmationReceived(confirmation=message, received_at=received_at)
        case Objection():
            case = _own_case(connection, message.case_id, party, {Capacity.NEW_SUPPLIER})
            if case is None or party.eic not in case.asked:
                return _no_switch("/Objection/CaseNumber")
            return case.case_id, ObjectionReceived(objection=message, received_at=received_at)
        case InaccessibilityReport():
            case = _case_to_report_on(connection, message.case_id, party)
            if case is None:
                return _no_switch("/InaccessibilityReport/CaseNumber")
            return case.case_id, InaccessibilityReported(report=message, received_at=received_at)
        case MeterReading():
            case = _case_of_reading(connection, message, party)
            if case is None:
                return _no_switch("/MeterReading/Point")
            return case.case_id, ReadingReceived(
                reading=message, sender_role=message.header.sender_role, received_at=received_at
            )


def _application(
    connection: Connection, request: SwitchRequest, received_at: datetime, ids: Ids
) -> tuple[CaseId, Event]:
    """A fresh case, or for a claim the collection that is open at its delivery point (B1)."""
    fresh, at = ids.case_id(), _served_at(request, received_at)
    match request.header.kind:
        case DocumentKind.SHARE_CLAIM:
            case_id = _open_collection(connection, request.point.accounting_point, at) or fresh
            return case_id, ShareClaimReceived(case_id=fresh, claim=request, received_at=at)
        case DocumentKind.SHARED_SUPPLY_REQUEST:
            return fresh, SharedSupplyRequestReceived(
                case_id=fresh, request=request, received_at=at
            )
        case _:
            return fresh, SwitchRequestReceived(case_id=fresh, request=request, received_at=at)


def _open_collection(connection: Connection, named: Gsrn, at: datetime) -> CaseId | None:
    """The case that collects claims at the delivery point of this accounting point."""
    point = register.point_facts(connection, named, local_day(at))
    case_id = None if point is None else cases.open_case_at(connection, point.delivery_point)
    case = None if case_id is None else _load(connection, case_id)
    return case_id if case is not None and case.phase is Phase.COLLECTING_CLAIMS else None


def _served_at(request: SwitchRequest, received_at: datetime) -> datetime:
    """The moment of receipt: for a written request the day it was served, at its end (A6)."""
    application = request.customer_application
    if application is None or application.served_on is None:
        return received_at
    return min(received_at, just_before(end_of(application.served_on)))


def _case_of_reading(
    connection: Connection, reading: MeterReading, party: Participant
) -> Case | None:
    """The case named; without a number the one in progress at the accounting point.

    A supplier's are looked for among its own alone, so that it takes no longer where another's is.
    """
    named = reading.point.accounting_point
    own = party.eic if reading.header.sender_role is Role.SUPPLIER else None
    case_id = reading.case_id or _case_in_progress(connection, named, reading.taken_at, own)
    if case_id is None:
        return None
    if own is None:
        case = _load(connection, case_id)
    else:
        case = _case_to_report_on(connection, case_id, party)
    if case is None or (reading.case_id is None and case.ended_at is not None):
        return None
    return case


def _case_in_progress(
    connection: Connection, named: Gsrn, at: datetime, own: Eic | None
) -> CaseId | None:
    """The case at the accounting point, else the one that divides its delivery point anew (B9)."""
    found = cases.latest_case_at(connection, named, own=own)
    case = None if found is None else _load(connection, found)
    if case is not None and case.ended_at is None:
        return found
    point = register.point_facts(connection, named, local_day(at))
    place = None if point is None else point.delivery_point
    there = None if place is None else cases.open_case_at(connection, place, own=own)
    divides = None if there is None else _load(connection, there)
    if isinstance(divides, SwitchCase) and named in divides.points:
        return there
    return found


def _case_to_report_on(connection: Connection, case_id: CaseId, party: Participant) -> Case | None:
    """The case, for who is to supply or still applies; not for who took its claim back (B1)."""
    case = _own_case(connection, case_id, party, {Capacity.NEW_SUPPLIER})
    if case is not None:
        return case
    case = _own_case(connection, case_id, party, {Capacity.APPLICANT})
    applies = case is not None and party.eic in {eic for eic, _ in case.applicants}
    return case if applies else None


def _own_case(
    connection: Connection, case_id: CaseId, party: Participant, as_one_of: set[Capacity]
) -> Case | None:
    if not as_one_of & cases.capacities(connection, case_id, party.eic):
        return None
    return _load(connection, case_id)


def _load(connection: Connection, case_id: CaseId) -> Case | None:
    try:
        return cases.load(connection, case_id)
    except UnableToLoadErased:
        return None


def _no_switch(place: str) -> Refusal:
    return Refusal(reason=Reason.NO_ONGOING_SWITCH, place=place)
