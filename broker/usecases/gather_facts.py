"""What the engine needs to know of register and participants, read here and nowhere else."""

from datetime import datetime
from sqlite3 import Connection

from broker.engine.calendar import local_day
from broker.engine.facts import Facts
from broker.engine.state import SwitchCase
from broker.messages.codes import DocumentKind
from broker.messages.events import Event, SwitchRequestReceived
from broker.messages.identifiers import Eic, Gsrn
from broker.messages.requests import SwitchRequest
from broker.store import cases, gsrns, participants, register


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
    named += [supply.supplier for supply in point.supplies_at_delivery_point] if point else []
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
        free_numbers=_free_numbers(connection, request),
    )


def _free_numbers(connection: Connection, request: SwitchRequest) -> tuple[Gsrn, ...]:
    """A number for each supplier there is, since a division has at most one point of each (B9)."""
    if request.header.kind not in (DocumentKind.SHARE_CLAIM, DocumentKind.SHARED_SUPPLY_REQUEST):
        return ()
    return gsrns.free_numbers(connection, participants.supplier_count(connection))


def _request_of(state: SwitchCase | None, event: Event) -> SwitchRequest:
    if state is not None:
        return state.request
    if isinstance(event, SwitchRequestReceived):
        return event.request
    raise LookupError(f"{type(event).__name__} without a case")
