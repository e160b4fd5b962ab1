"""What the engine needs to know of register and participants, read here and nowhere else."""

from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection

from broker.engine.calendar import local_day
from broker.engine.facts import Facts, PointFacts
from broker.engine.state import DIVIDING, SwitchCase
from broker.messages.events import (
    Event,
    ReadingAcceptedByOperator,
    ReadingReceived,
    ShareClaimReceived,
    ShareClaimRefused,
    SharedSupplyRequestReceived,
    SwitchRequestReceived,
)
from broker.messages.identifiers import Eic, Gsrn
from broker.messages.requests import MeterReading, SwitchRequest
from broker.store import cases, gsrns, participants, register
from broker.store.metering import metering_on


def gather_facts(
    connection: Connection, state: SwitchCase | None, event: Event, now: datetime
) -> Facts:
    """The facts for this event of this case, as of the local day of `now`.

    Raises LookupError for an event that opens no case where there is none.
    """
    requests = _requests_of(state, event)
    day, named_point = local_day(now), requests[0].point.accounting_point
    point = register.point_facts(connection, named_point, day)
    numbers = [one.point.accounting_point for one in requests]
    numbers += [one.accounting_point for one in point.supplies_at_delivery_point] if point else []
    further = [
        register.point_facts(connection, number, day)
        for number in dict.fromkeys(numbers)
        if number != named_point
    ]
    operator = register.operator(connection)
    facts = Facts(
        operator=operator.eic,
        legal_remedies=operator.legal_remedies,
        point=point,
        metering_centre=participants.metering_centre(connection) or operator.eic,
        parties=(),
        other_case=None
        if point is None
        else cases.open_case_at(
            connection, point.delivery_point, except_case=state.case_id if state else None
        ),
        further_points=tuple(one for one in further if one is not None),
        free_numbers=_free_numbers(connection, requests[0]),
        point_when_read=_point_when_read(connection, state, event, point),
    )
    return replace(
        facts,
        parties=participants.supplier_facts(connection, _parties(state, requests, facts)),
    )


def _point_when_read(
    connection: Connection, state: SwitchCase | None, event: Event, point: PointFacts | None
) -> PointFacts | None:
    """The point with the meter of the reading's day, None where it is the present one (C5, D4)."""
    reading = _reading_of(state, event)
    return None if reading is None or point is None else point_when_read(connection, reading, point)


def point_when_read(
    connection: Connection, reading: MeterReading, point: PointFacts
) -> PointFacts | None:
    """The point with the meter of the reading's day, None where it is the present one (C5, D4)."""
    then = metering_on(connection, point.measured_at, local_day(reading.taken_at))
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


def _parties(
    state: SwitchCase | None, requests: tuple[SwitchRequest, ...], facts: Facts
) -> list[Eic]:
    """Whoever applies, is chosen, supplies the delivery point, or is told of the case."""
    named: list[Eic] = [one.header.sender for one in requests]
    named += [chosen.supplier for one in requests for chosen in one.chosen]
    if state is not None:
        named += [one.supplier for one in (*state.changes.ends, *state.changes.begins)]
    if facts.point is not None:
        named += [one.supplier for one in facts.point.supplies_at_delivery_point]
    return named


def _free_numbers(connection: Connection, request: SwitchRequest) -> tuple[Gsrn, ...]:
    """A number for each supplier there is, since a division has at most one point of each (B9)."""
    if request.header.kind not in DIVIDING:
        return ()
    return gsrns.free_numbers(connection, participants.supplier_count(connection))


def _requests_of(state: SwitchCase | None, event: Event) -> tuple[SwitchRequest, ...]:
    """All applications of the case, and the one that the event brings."""
    known = tuple(one.request for one in state.applications) if state else ()
    match event:
        case SwitchRequestReceived() | SharedSupplyRequestReceived():
            return (*known, event.request)
        case ShareClaimReceived() | ShareClaimRefused():
            return (*known, event.claim)
        case _ if known:
            return known
        case _:
            raise LookupError(f"{type(event).__name__} without a case")
