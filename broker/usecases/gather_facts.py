"""What the engine needs to know of register and participants, read here and nowhere else."""

from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection

from broker.engine.calendar import local_day
from broker.engine.facts import Facts, PointFacts
from broker.engine.state import SwitchCase
from broker.messages.events import (
    Event,
    ReadingAcceptedByOperator,
    ReadingReceived,
    SwitchRequestReceived,
)
from broker.messages.identifiers import Eic
from broker.messages.requests import MeterReading, SwitchRequest
from broker.store import cases, participants, register
from broker.store.metering import metering_on


def gather_facts(
    connection: Connection, state: SwitchCase | None, event: Event, now: datetime
) -> Facts:
    """The facts for this event of this case, as of the local day of `now`.

    Raises LookupError for an event that opens no case where there is none.
    """
    request = _request_of(state, event)
    point = register.point_facts(connection, request.point.accounting_point, local_day(now))
    changes = state.changes if state else ()
    named: list[Eic] = [request.header.sender]
    named += [chosen.supplier for chosen in request.chosen]
    named += [change.old for change in changes if change.old]
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
    )


def _point_when_read(
    connection: Connection, state: SwitchCase | None, event: Event, point: PointFacts | None
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


def _reading_of(state: SwitchCase | None, event: Event) -> MeterReading | None:
    """The reading the event is about, None for any other event."""
    if isinstance(event, ReadingReceived):
        return event.reading
    if isinstance(event, ReadingAcceptedByOperator) and state is not None and state.review:
        return state.review.reading
    return None


def _request_of(state: SwitchCase | None, event: Event) -> SwitchRequest:
    if state is not None:
        return state.request
    if isinstance(event, SwitchRequestReceived):
        return event.request
    raise LookupError(f"{type(event).__name__} without a case")
