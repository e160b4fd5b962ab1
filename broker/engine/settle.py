"""The final settlement for the old supplier (A24, A30, C3, H1, interpretation 10)."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from broker.engine.apply import apply
from broker.engine.calendar import local_day
from broker.engine.correction_check import switch_date_of
from broker.engine.decision import Circumstances, Decision, Refused
from broker.engine.facts import MeterFacts, ReadingOnRecord
from broker.engine.handle_request import redated
from broker.engine.notices_settlement import final_settlements
from broker.engine.rules_reading import ReadingCheck
from broker.engine.state import SwitchCase
from broker.messages.codes import BillingReason
from broker.messages.events import DeadlineReached, OneOffDaysChanged, SwitchCorrected
from broker.messages.identifiers import ObisCode
from broker.messages.records import SettlementDelivered, SettlementLeftToCorrection
from broker.messages.requests import RegisterValue
from broker.messages.settlements import RemovedMeterSettled, SettledRegister, Settlement


def settlement_of(check: ReadingCheck, reason: BillingReason) -> Settlement:
    """What each register measured from the last reading on record to the switch reading.

    Where the meter was exchanged in between, each meter is settled from its opening to its closing
    value, so that the opening value is still the closing value of the previous period.
    Source: A24, C3, D4, H1 (002 a.200(1), a.149(2), a.210(3), a.212).
    """
    removed = check.point.removed_meters
    counted = (
        *(_Counted(one.meter, one.opening, one.closing.registers) for one in removed),
        _Counted(check.meter, check.point.last_reading, check.reading.registers),
    )
    opening = counted[0].opening
    return Settlement(
        reason=reason,
        serial_number=check.meter.serial_number,
        from_day=opening.taken_on if opening else None,
        to_day=check.taken_on,
        obtained_by=check.reading.obtained_by,
        removed_meters=tuple(
            RemovedMeterSettled(
                serial_number=one.meter.serial_number,
                removed_on=one.removed_on,
                registers=_settled(counted[: index + 1]),
            )
            for index, one in enumerate(removed)
        ),
        registers=_settled(counted),
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


def redate(case: SwitchCase, event: OneOffDaysChanged, at: Circumstances) -> Decision | Refused:
    """A newly announced one-off day moves the day by which measured power is settled.

    Source: Counting time, A24 (002 a.200(1)).
    """
    moved = at.rules.settlement_deadline(switch_date_of(case), local_day(case.received_at))
    return redated(case, event, moved, at)


@dataclass(frozen=True, slots=True)
class _Counted:
    """What one meter counted within the period: from its opening to its closing values."""

    meter: MeterFacts
    opening: ReadingOnRecord | None
    closing: tuple[RegisterValue, ...]

    def energy_kwh(self, code: ObisCode) -> Decimal | None:
        """The energy of one register, None where its opening value is not known."""
        register = self.meter.register(code)
        opening = self.opening.value(code) if self.opening else None
        closing = next((one.value for one in self.closing if one.register == code), None)
        if register is None or opening is None or closing is None:
            return None
        return register.energy_kwh(opening, closing)


def _settled(counted: tuple[_Counted, ...]) -> tuple[SettledRegister, ...]:
    """The registers of the last of these meters, rounded so that all parts make up the whole.

    The energy up to the end of each meter is rounded, half up, and what is due to the meters
    before it is taken off; so no part is negative.
    Source: C3 (002 a.212).
    """
    *before, last = counted
    settled = []
    for one in last.closing:
        energy = last.energy_kwh(one.register)
        earlier = sum((each.energy_kwh(one.register) or Decimal(0) for each in before), Decimal(0))
        settled.append(
            SettledRegister(
                register=one.register,
                opening=last.opening.value(one.register) if last.opening else None,
                closing=one.value,
                quantity_kwh=None
                if energy is None
                else whole_kwh(earlier + energy) - whole_kwh(earlier),
            )
        )
    return tuple(settled)


def whole_kwh(energy: Decimal) -> int:
    """A quantity in whole kWh, rounded half up (C3)."""
    return int(energy.quantize(Decimal(1), ROUND_HALF_UP))
