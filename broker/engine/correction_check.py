"""What a rule may look at when the correction of a switch is checked."""

from dataclasses import dataclass
from datetime import date, datetime

from broker.engine.calendar import local_day
from broker.engine.facts import CorrectedSwitch, Facts
from broker.engine.rulebook import Rulebook
from broker.engine.rules_reading import ReadingCheck
from broker.engine.state import SwitchCase
from broker.messages.codes import Role
from broker.messages.records import Plan
from broker.messages.requests import Correction, MeterReading, RightReading


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionCheck:
    """What a rule may look at: the correction, its receipt, what is known of the switch."""

    correction: Correction
    received_at: datetime
    facts: Facts
    rules: Rulebook

    @property
    def corrected(self) -> CorrectedSwitch | None:
        """What is known of the switch, None where the case named is no completed switch."""
        corrected = self.facts.corrected
        return corrected if corrected and corrected.switch.carried_out else None

    @property
    def right_reading(self) -> RightReading | None:
        """The reading the switch should have been carried out with, None where it is undone."""
        return self.correction.right_reading

    @property
    def right_date(self) -> date | None:
        """The day on which the switch should have taken effect (A25)."""
        return local_day(self.right_reading.taken_at) if self.right_reading else None

    @property
    def reading_check(self) -> ReadingCheck | None:
        """The right reading as it must pass validation; None where there is none to check."""
        corrected, right = self.corrected, self.right_reading
        if corrected is None or right is None or corrected.point.meter is None:
            return None
        return ReadingCheck(
            reading=MeterReading(
                header=self.correction.header,
                case_id=self.correction.case_id,
                point=self.correction.point,
                serial_number=right.serial_number,
                taken_at=right.taken_at,
                obtained_by=right.obtained_by,
                registers=right.registers,
                departure_reason=None,
            ),
            sender_role=Role.GRID_OPERATOR,
            received_at=self.received_at,
            plan=plan_of(corrected.switch),
            point=corrected.point,
            meter=corrected.point.meter,
            rules=self.rules,
        )


def reading_of(switch: SwitchCase) -> MeterReading:
    """The reading a completed switch was carried out with."""
    if switch.carried_out is None:
        raise AssertionError(f"switch {switch.case_id} was not carried out")
    return switch.carried_out


def switch_date_of(switch: SwitchCase) -> date:
    """The day on which a completed switch took effect (A25)."""
    return local_day(reading_of(switch).taken_at)


def plan_of(switch: SwitchCase) -> Plan:
    """The plan a switch was approved with."""
    if switch.plan is None:
        raise AssertionError("an approved switch has a plan")
    return switch.plan
