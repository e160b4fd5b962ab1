"""What is known of the switch that a correction names, read here and nowhere else (D3)."""

from dataclasses import replace
from sqlite3 import Connection

from broker.engine.calendar import local_day
from broker.engine.facts import CorrectedSwitch
from broker.engine.state import SwitchCase
from broker.messages.requests import Correction
from broker.store import cases, outbox, register, switch_corrections
from broker.store.cases import UnableToLoadErased
from broker.store.metering import LeftOut, metering_on


def corrected_switch(connection: Connection, correction: Correction) -> CorrectedSwitch | None:
    """The switch carried out under the case number named, with what came since; None without one.

    The point is that of the switch, whatever numbers the correction names.
    """
    try:
        switch = cases.load(connection, correction.case_id)
    except UnableToLoadErased:
        return None
    if not isinstance(switch, SwitchCase) or not (switch.carried_out and switch.ended_at):
        return None
    wrong, right = switch.carried_out, correction.right_reading
    number, on = switch.accounting_point, local_day(wrong.taken_at)
    day = local_day(right.taken_at) if right else on
    point = register.point_facts(connection, number, day)
    if point is None:
        return None
    left_out = LeftOut(of_case=switch.case_id, after=wrong.taken_at)
    metering = metering_on(connection, point.measured_at, day, left_out)
    return CorrectedSwitch(
        switch=switch,
        corrected_by=cases.corrected_by(connection, switch.case_id),
        since=switch_corrections.supply_since(
            connection,
            switch.points,
            on,
            measured_at=point.measured_at,
            ended_at=switch.ended_at,
        ),
        payer_changed_since=switch_corrections.payer_changed_after(connection, number, on),
        point=replace(
            point,
            last_reading=metering.last_reading,
            removed_meters=metering.removed_meters,
            closing=metering.closing,
        ),
        next_reading=switch_corrections.next_reading(
            connection,
            number,
            metering.meter.serial_number if metering.meter else wrong.serial_number,
            wrong.taken_at,
            except_of=switch.case_id,
        ),
        documents=outbox.sent_in_case(connection, switch.case_id),
    )
