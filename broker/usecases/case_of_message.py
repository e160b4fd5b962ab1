"""Which case a message is about, and the event it is for that case.

What is not the sender's own is answered exactly as what does not exist (E47).
"""

from datetime import datetime, timedelta
from sqlite3 import Connection

from broker.engine.calendar import end_of
from broker.engine.state import Case
from broker.ids import Ids
from broker.messages.codes import Role
from broker.messages.events import (
    CorrectionReceived,
    Event,
    InaccessibilityReported,
    ReadingReceived,
    SwitchRequestReceived,
    WithdrawalReceived,
)
from broker.messages.identifiers import CaseId
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import (
    CaseMessage,
    Correction,
    InaccessibilityReport,
    MeterReading,
    SwitchRequest,
    Withdrawal,
)
from broker.store import cases
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
            case_id = ids.case_id()
            return case_id, SwitchRequestReceived(
                case_id=case_id, request=message, received_at=_served_at(message, received_at)
            )
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
        case InaccessibilityReport():
            reporters = {Capacity.APPLICANT, Capacity.NEW_SUPPLIER}
            case = _own_case(connection, message.case_id, party, reporters)
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


def _served_at(request: SwitchRequest, received_at: datetime) -> datetime:
    """The moment of receipt: for a written request the day it was served, at its end (A6)."""
    application = request.customer_application
    if application is None or application.served_on is None:
        return received_at
    return min(received_at, end_of(application.served_on) - timedelta(microseconds=1))


def _case_of_reading(
    connection: Connection, reading: MeterReading, party: Participant
) -> Case | None:
    """The case named; without a number the one in progress at the accounting point."""
    case_id = reading.case_id or cases.latest_case_at(connection, reading.point.accounting_point)
    if case_id is None:
        return None
    if reading.header.sender_role is not Role.SUPPLIER:
        case = _load(connection, case_id)
    else:
        reporters = {Capacity.APPLICANT, Capacity.NEW_SUPPLIER}
        case = _own_case(connection, case_id, party, reporters)
    if case is None or (reading.case_id is None and case.ended_at is not None):
        return None
    return case


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
