"""The final settlement for the old supplier (A24, A30, C3, H1, interpretation 10)."""

from decimal import ROUND_HALF_UP, Decimal

from broker.engine.apply import apply
from broker.engine.decision import Circumstances, Decision, Refused
from broker.engine.notices_switch import final_settlements
from broker.engine.rules_reading import ReadingCheck
from broker.engine.state import SwitchCase
from broker.messages.codes import BillingReason, Payer
from broker.messages.events import DeadlineReached, SwitchCorrected
from broker.messages.records import SettlementDelivered, SettlementLeftToCorrection
from broker.messages.settlements import SettledRegister, Settlement


def settlement_of(check: ReadingCheck, payer: Payer) -> Settlement:
    """What each register measured from the last reading on record to the switch reading.

    `payer` is who pays the network charge from the switch on.

    Quantities are rounded to whole kWh, register values are not; the opening value is the closing
    value of the previous period.
    Source: A24, C3, H1 (002 a.200(1), a.210(3), a.212).
    """
    last = check.point.last_reading
    return Settlement(
        reason=BillingReason.CHANGE_OF_SUPPLIER
        if check.point.payer is payer
        else BillingReason.CHANGE_OF_SUPPLIER_AND_PAYER,
        serial_number=check.meter.serial_number,
        from_day=last.taken_on if last else None,
        to_day=check.taken_on,
        obtained_by=check.reading.obtained_by,
        registers=tuple(
            SettledRegister(
                register=one.register,
                opening=check.last_value(one.register),
                closing=one.value,
                quantity_kwh=_whole_kwh(check.consumed(one.register, one.value)),
            )
            for one in check.reading.registers
        ),
    )


def deliver(case: SwitchCase, _: DeadlineReached, at: Circumstances) -> Decision | Refused:
    """Where power is measured the settlement follows when the month of the switch has ended.

    Source: A24, interpretation 10 (002 a.200(1)).
    """
    record = SettlementDelivered(at=at.now)
    return Decision(
        state=apply(case, record),
        records=(record,),
        notices=final_settlements(case, at.facts),
        register_changes=(),
    )


def leave_to_correction(
    case: SwitchCase, event: SwitchCorrected, at: Circumstances
) -> Decision | Refused:
    """The switch was put right before it was settled: nothing is left for it to settle.

    Source: D3, A24 (002 a.139(3), a.200(1)).
    """
    record = SettlementLeftToCorrection(at=at.now, correction=event.correction)
    return Decision(state=apply(case, record), records=(record,), notices=(), register_changes=())


def _whole_kwh(energy: Decimal | None) -> int | None:
    return None if energy is None else int(energy.quantize(Decimal(1), ROUND_HALF_UP))
