"""The back office reports a change: register, journal, notices and the case at the point, at once.

Runs inside a transaction of the writer, so that all of it is kept or nothing.
"""

from datetime import datetime
from sqlite3 import Connection

from broker.engine.calendar import local_day
from broker.engine.decision import Refused
from broker.engine.facts import PointFacts
from broker.engine.handle_register_change import decide_register_change
from broker.engine.register_check import ChangeFacts
from broker.engine.state import SwitchCase
from broker.messages.events import PointChanged
from broker.messages.identifiers import Eic, Gsrn, SerialNumber
from broker.messages.notices import FinalSettlement, Notice, RegisterChangeNotice
from broker.messages.reasons import Refusal
from broker.messages.reported_changes import (
    ChangeTold,
    FirstSupplier,
    MeterExchange,
    NewPoint,
    ReportedChange,
    ReportedReading,
)
from broker.store import (
    cases,
    corrections,
    journal,
    participants,
    register,
    register_upkeep,
    supply,
)
from broker.store.outbox import Owed
from broker.usecases.handle_event import Desk, handle_event, put_into_mailbox


def change_register(
    connection: Connection, change: ReportedChange, *, now: datetime, desk: Desk
) -> tuple[Refusal, ...]:
    """Enter the change with everything that follows from it, or say all that speaks against it.

    Source: D3, A32 (002 a.136, a.139, a.141).
    """
    facts = _facts(connection, change, now)
    decision = decide_register_change(change, facts=facts, now=now, rules=desk.rules)
    if isinstance(decision, Refused):
        return decision.refusals
    journal.append(connection, case_id=None, at=now, record=decision.record)
    for entry in decision.entries:
        register_upkeep.enter(connection, entry)
    tell_of_change(
        connection,
        change.point.accounting_point,
        decision.event,
        decision.notices,
        now=now,
        desk=desk,
    )
    if facts.point is not None:
        tell_case_at(connection, facts.point, decision.event, now=now, desk=desk)
    return ()


def tell_of_change(
    connection: Connection,
    point: Gsrn,
    change: PointChanged,
    notices: tuple[Notice, ...],
    *,
    now: datetime,
    desk: Desk,
) -> None:
    """Commit notices of a change that is of no case; the journal says of what and who was told.

    Source: A32, A35, D4 (002 a.132, a.141, a.149(2)).
    """
    told = ChangeTold(
        at=now,
        point=point,
        change=change.change,
        effective_on=change.effective_on,
        notices=tuple(one for one in notices if isinstance(one, RegisterChangeNotice)),
        settlements=tuple(one for one in notices if isinstance(one, FinalSettlement)),
    )
    owed = Owed(recorded=journal.append(connection, case_id=None, at=now, record=told))
    for notice in notices:
        put_into_mailbox(connection, notice, now=now, desk=desk, owed=owed)


def tell_case_at(
    connection: Connection, point: PointFacts, event: PointChanged, *, now: datetime, desk: Desk
) -> None:
    """A case in progress at this accounting point, or with its meter, learns of the change."""
    case_id = cases.open_case_at(connection, point.delivery_point)
    case = cases.load(connection, case_id) if case_id else None
    if not isinstance(case, SwitchCase):
        return
    measured_at = _measured_at(connection, case, now)
    at_its_meter = event.change.is_of_the_meter and point.measured_at == measured_at
    if at_its_meter or point.accounting_point in {*case.points, measured_at}:
        outcome = handle_event(connection, case_id, event, now=now, desk=desk)
        if isinstance(outcome, Refused):
            raise RuntimeError(f"a case refuses what the register says: {outcome.refusals}")


def _measured_at(connection: Connection, case: SwitchCase, now: datetime) -> Gsrn | None:
    """The point that has the meter of the case: what changes there concerns the case (B9)."""
    named = case.request.point.accounting_point
    point = register.point_facts(connection, named, local_day(now))
    return None if point is None else point.measured_at


def _facts(connection: Connection, change: ReportedChange, now: datetime) -> ChangeFacts:
    """What the register says of the change, as of the day from which it holds."""
    point, day = change.point.accounting_point, change.effective_on
    operator = register.operator(connection)
    numbers = [point]
    if change.point.metering_site_gsrn is not None:
        numbers.append(change.point.metering_site_gsrn)
    since, until = register_upkeep.meter_days(connection, point, day)
    concerned = supply.supplies_concerned(connection, point, change.kind, local_day(now))
    concerned_then = supply.supplies_concerned(connection, point, change.kind, day)
    named: list[Eic] = [one.supplier for one in (*concerned, *concerned_then)]
    named += [first.supplier for first in _first_suppliers(change)]
    serial = _new_serial_number(change)
    return ChangeFacts(
        operator=operator.eic,
        area=operator.area_code,
        gsrn_prefix=operator.gsrn_prefix,
        point=register.point_facts(connection, point, day),
        meter_since=since,
        meter_until=until,
        given_out=register_upkeep.given_out(connection, numbers),
        measured=register_upkeep.measured_directions(connection, point),
        site=register_upkeep.site(connection, change.point.metering_site),
        serial_taken=serial is not None and register_upkeep.serial_taken(connection, point, serial),
        suppliers=participants.supplier_facts(connection, named),
        concerned=concerned,
        concerned_then=concerned_then,
        corrected=corrections.corrected_reading(connection, point, right.serial_number, day)
        if isinstance(right := change.change, ReportedReading)
        else None,
    )


def _first_suppliers(change: ReportedChange) -> tuple[FirstSupplier, ...]:
    return change.change.suppliers if isinstance(change.change, NewPoint) else ()


def _new_serial_number(change: ReportedChange) -> SerialNumber | None:
    """The number of the meter that is installed, None where none is."""
    if isinstance(change.change, NewPoint):
        return change.change.meter.serial_number
    return change.change.new.serial_number if isinstance(change.change, MeterExchange) else None
