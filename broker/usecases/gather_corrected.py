"""What is known of the switch that a correction names, read here and nowhere else (D3)."""

from dataclasses import replace
from sqlite3 import Connection

from broker.engine.calendar import local_day
from broker.engine.facts import CorrectedSwitch
from broker.engine.state import SwitchCase
from broker.messages.requests import Correction
from broker.store import cases, outbox, register, switch_corrections
from broker.store.cases import UnableToLoadErased


def corrected_switch(connection: Connection, correction: Correction) -> CorrectedSwitch | None:
    """The switch carried out under the case number named, with what came since; None without one.

    The point is that of the switch, whatever numbers the correction names.
    """
    try:
        switch = cases.load(connection, correction.case_id)
    except UnableToLoadErased:
        return None
    if not isinstance(switch, SwitchCase) or switch.carried_out is None:
        return None
    wrong, right = switch.carried_out, correction.right_reading
    number, on = switch.accounting_point, local_day(wrong.taken_at)
    point = register.point_facts(connection, number, local_day(right.taken_at) if right else on)
    if point is None:
        return None
    before, after = switch_corrections.readings_around(
        connection,
        number,
        point.meter.serial_number if point.meter else wrong.serial_number,
        wrong.taken_at,
        except_of=switch.case_id,
    )
    return CorrectedSwitch(
        switch=switch,
        corrected_by=cases.corrected_by(connection, switch.case_id),
        since=switch_corrections.supply_since(connection, number, on),
        payer_changed_since=switch_corrections.payer_changed_after(connection, number, on),
        point=replace(point, last_reading=before),
        next_reading=after,
        documents=outbox.sent_in_case(connection, switch.case_id),
    )
