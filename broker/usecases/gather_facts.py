"""What the engine needs to know of register and participants, read here and nowhere else."""

from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection

from broker.engine.calendar import local_day
from broker.engine.facts import Facts, PointFacts
from broker.engine.state import Case, CorrectionCase, SwitchCase
from broker.messages.events import (
    CorrectionReceived,
    Event,
    ReadingAcceptedByOperator,
    ReadingReceived,
    SwitchRequestReceived,
)
from broker.messages.identifiers import Eic
from broker.messages.records import DirectionChange
from broker.messages.requests import Correction, MeterReading, SwitchRequest
from broker.store import cases, participants, register
from broker.store.metering import metering_on
from broker.usecases.gather_corrected import corrected_switch


def gather_facts(connection: Connection, state: Case | None, event: Event, now: datetime) -> Facts:
    """The facts for this event of this case, as of the local day of `now`.

    Raises LookupError for an event that opens no case where there is none.
    """
    opening = _opening(state, event)
    number, day = opening.point.accounting_point, local_day(now)
    point = register.point_facts(connection, number, day)
    corrected = corrected_switch(connection, opening) if isinstance(opening, Correction) else None
    named = _parties(opening, corrected.switch.changes if corrected else _changes(state))
    named += [supply.supplier for supply in point.supplies] if point else []
    operator = register.operator(connection)
    return Facts(
        operator=operator.eic,
        legal_remedies=operator.legal_remedies,
        point=point,
        metering_centre=participants.metering_centre(connection) or operator.eic,
        parties=participants.supplier_facts(connection, named),
        other_case=None
        if point is None
        else cases.open_case_at(
            connection, point.delivery_point, except_case=state.case_id if state else None
        ),
        point_when_read=_point_when_read(connection, state, event, point),
        corrected=corrected,
    )


def _point_when_read(
    connection: Connection, state: Case | None, event: Event, point: PointFacts | None
) -> PointFacts | None:
    """The point with the meter of the reading's day, None where it is the present one (C5, D4)."""
    reading = _reading_of(state, event)
    if reading is None or point is None:
        return None
    then = metering_on(connection, point.accounting_point, local_day(reading.taken_at))
    if then.meter is None or then.meter == point.meter:
        return None
    return replace(
        point,
        meter=then.meter,
        last_reading=then.last_reading,
        removed_meters=then.removed_meters,
        closing=then.closing,
    )


def _reading_of(state: Case | None, event: Event) -> MeterReading | None:
    """The reading the event is about, None for any other event."""
    if isinstance(event, ReadingReceived):
        return event.reading
    if isinstance(event, ReadingAcceptedByOperator) and isinstance(state, SwitchCase):
        return state.review.reading if state.review else None
    return None


def _opening(state: Case | None, event: Event) -> SwitchRequest | Correction:
    """The message that opened the case, or opens one."""
    match state or event:
        case CorrectionCase(correction=opening) | CorrectionReceived(correction=opening):
            return opening
        case SwitchCase(request=request) | SwitchRequestReceived(request=request):
            return request
        case _:
            raise LookupError(f"{type(event).__name__} without a case")


def _changes(state: Case | None) -> tuple[DirectionChange, ...]:
    return state.changes if state else ()


def _parties(
    opening: SwitchRequest | Correction, changes: tuple[DirectionChange, ...]
) -> list[Eic]:
    """Whoever the message and the changes name."""
    named = [opening.header.sender]
    if isinstance(opening, SwitchRequest):
        named += [chosen.supplier for chosen in opening.chosen]
    for change in changes:
        named += [change.new] if change.old is None else [change.new, change.old]
    return named
