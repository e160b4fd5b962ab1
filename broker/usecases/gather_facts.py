"""What the engine needs to know of register and participants, read here and nowhere else."""

from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection

from broker.engine.calendar import local_day
from broker.engine.facts import CorrectedSwitch, Facts, PointFacts
from broker.engine.state import DIVIDING, Case, CorrectionCase, SwitchCase
from broker.messages.events import (
    CorrectionReceived,
    Event,
    ReadingAcceptedByOperator,
    ReadingReceived,
    ShareClaimReceived,
    ShareClaimRefused,
    SharedSupplyRequestReceived,
    SwitchRequestReceived,
)
from broker.messages.identifiers import Eic, Gsrn
from broker.messages.requests import Correction, MeterReading, SwitchRequest
from broker.store import cases, gsrns, participants, register
from broker.store.metering import metering_on
from broker.usecases.gather_corrected import corrected_switch

Opening = SwitchRequest | Correction
"""What opens a case, or joins it."""


def gather_facts(connection: Connection, state: Case | None, event: Event, now: datetime) -> Facts:
    """The facts for this event of this case, as of the local day of `now`.

    Raises LookupError for an event that opens no case where there is none.
    """
    opening = _opening(state, event)
    day, named_point = local_day(now), opening[0].point.accounting_point
    point = register.point_facts(connection, named_point, day)
    numbers = [one.point.accounting_point for one in opening]
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
        free_numbers=_free_numbers(connection, state, opening),
        point_when_read=_point_when_read(connection, state, event, point),
        corrected=_corrected(connection, opening[0]),
    )
    return replace(
        facts,
        parties=participants.supplier_facts(connection, _parties(state, opening, facts)),
    )


def _point_when_read(
    connection: Connection, state: Case | None, event: Event, point: PointFacts | None
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


def _reading_of(state: Case | None, event: Event) -> MeterReading | None:
    """The reading the event is about, None for any other event."""
    if isinstance(event, ReadingReceived):
        return event.reading
    if isinstance(event, ReadingAcceptedByOperator) and isinstance(state, SwitchCase):
        return state.review.reading if state.review else None
    return None


def _parties(state: Case | None, opening: tuple[Opening, ...], facts: Facts) -> list[Eic]:
    """Whoever applies, is chosen, supplies the delivery point, or is told of the case."""
    named: list[Eic] = [one.header.sender for one in opening]
    requests = [one for one in opening if isinstance(one, SwitchRequest)]
    named += [chosen.supplier for one in requests for chosen in one.chosen]
    for case in (state, facts.corrected.switch if facts.corrected else None):
        if case is not None:
            told = (*case.changes.ends, *case.changes.begins, *case.changes.stays)
            named += [one.supplier for one in told]
    if facts.point is not None:
        named += [one.supplier for one in facts.point.supplies_at_delivery_point]
    return named


def _free_numbers(
    connection: Connection, state: Case | None, opening: tuple[Opening, ...]
) -> tuple[Gsrn, ...]:
    """A number for each supplier that a division names, until it is approved (B9)."""
    if opening[0].header.kind not in DIVIDING or not _may_be_approved(state):
        return ()
    requests = [one for one in opening if isinstance(one, SwitchRequest)]
    named = {chosen.supplier for one in requests for chosen in one.chosen}
    return gsrns.free_numbers(connection, len(named))


def _may_be_approved(state: Case | None) -> bool:
    """Whether the event may bring the approval of the case."""
    if state is None:
        return True
    undecided = isinstance(state, SwitchCase) and state.approved_at is None
    return undecided and state.ended_at is None


def _corrected(connection: Connection, opening: Opening) -> CorrectedSwitch | None:
    """What is known of the switch that a correction names, None for any other message."""
    return corrected_switch(connection, opening) if isinstance(opening, Correction) else None


def _opening(state: Case | None, event: Event) -> tuple[Opening, ...]:
    """All applications of the case and the one that the event brings, or the one correction."""
    if isinstance(state, CorrectionCase):
        return (state.correction,)
    known = tuple(one.request for one in state.applications) if state else ()
    match event:
        case CorrectionReceived():
            return (event.correction,)
        case SwitchRequestReceived() | SharedSupplyRequestReceived():
            return (*known, event.request)
        case ShareClaimReceived() | ShareClaimRefused():
            return (*known, event.claim)
        case _ if known:
            return known
        case _:
            raise LookupError(f"{type(event).__name__} without a case")
