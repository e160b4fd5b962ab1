"""What the engine needs to know of register and participants, read here and nowhere else."""

from datetime import datetime
from sqlite3 import Connection

from broker.engine.calendar import local_day
from broker.engine.facts import Facts
from broker.engine.state import Case, CorrectionCase, SwitchCase
from broker.messages.events import CorrectionReceived, Event, SwitchRequestReceived
from broker.messages.identifiers import Eic
from broker.messages.records import DirectionChange
from broker.messages.requests import Correction, SwitchRequest
from broker.store import cases, participants, register
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
        corrected=corrected,
    )


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
