"""The rules a reported meter reading must keep, one function per rule of the law.

Each returns refusals (the reading is refused to its sender and the case stays open), a `Doubt`
(for the operator) or nothing. C5 is never a doubt.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from broker.engine.calendar import days_between, end_of, local_day, start_of
from broker.engine.facts import MeterFacts, PointFacts, RegisterFacts
from broker.engine.rulebook import Comparison, Rulebook
from broker.messages.codes import Direction, ObtainedBy, ReadingMethod, Role
from broker.messages.identifiers import Gsrn, ObisCode
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import Doubt, DoubtKind, Plan
from broker.messages.requests import MeterReading

# An average is a quotient, seldom exact: what it makes of some days is no finer than a register.
_KWH_PLACES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingCheck:
    """What a rule may look at: reading, sender and receipt, plan, point and meter.

    The meter, with its readings, is the one that was installed on the day of the reading.
    `numbers` are those by which the sender may name the point besides the point's own, such as
    that of its own metering point (B9).
    """

    reading: MeterReading
    sender_role: Role
    received_at: datetime
    plan: Plan
    point: PointFacts
    meter: MeterFacts
    rules: Rulebook
    numbers: tuple[Gsrn, ...] = ()

    @property
    def taken_on(self) -> date:
        """The local day on which the reading was taken (A25)."""
        return local_day(self.reading.taken_at)

    def place(self, index: int) -> str:
        """The place of a register's value in the message."""
        return f"/MeterReading/Register[{index + 1}]/Value"

    def register(self, code: ObisCode) -> RegisterFacts | None:
        """The meter's register with this code, None where it has none."""
        return self.meter.register(code)

    def last_value(self, code: ObisCode) -> Decimal | None:
        """The value of this register at the last reading on record."""
        last = self.point.last_reading
        return last.value(code) if last else None

    def consumed(self, code: ObisCode, value: Decimal) -> Decimal | None:
        """Energy in kWh since the last reading, a lower value taken as a rollover."""
        register, last = self.register(code), self.last_value(code)
        if register is None or last is None:
            return None
        return register.energy_kwh(last, value)

    def expected_kwh(self, direction: Direction) -> Decimal | None:
        """The expected consumption since the last reading, None with no average on record (C1)."""
        last = self.point.last_reading
        return self._expected_kwh(direction, last.taken_on, self.taken_on) if last else None

    def closing_value(self, code: ObisCode) -> Decimal | None:
        """The value of this register when the meter was removed, None while it is installed."""
        return self.point.closing.value(code) if self.point.closing else None

    def goes_too_far(self, code: ObisCode, value: Decimal) -> bool:
        """Whether the meter cannot have shown this before the values it was removed with (D4)."""
        closing, closed_with = self.point.closing, self.closing_value(code)
        register, direction = self.register(code), direction_of(code)
        if closing is None or closed_with is None or register is None or value <= closed_with:
            return False
        if direction is None:
            return True
        expected = self._expected_kwh(direction, self.taken_on, closing.taken_on)
        energy = register.energy_kwh(value, closed_with)
        return expected is None or energy > self.rules.plausibility.highest(expected)

    def _expected_kwh(self, direction: Direction, first: date, last: date) -> Decimal | None:
        for average in self.point.averages:
            if average.direction is direction:
                return round(average.kwh_per_day * days_between(first, last), _KWH_PLACES)
        return None

    def energy(self, direction: Direction) -> Decimal | None:
        """Energy of one direction since the last reading: total register or sum of tariffs."""
        values = [v for v in self.reading.registers if direction_of(v.register) is direction]
        totals = [v for v in values if _is_total(v.register)]
        parts = [self.consumed(v.register, v.value) for v in totals or values]
        known = [part for part in parts if part is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(parts) else None

    def comparisons(self) -> tuple[Comparison, ...]:
        """Each direction's energy beside the band that does not depart (C1, interpretation 8)."""
        compare = self.rules.plausibility.compare
        return tuple(compare(d, self.energy(d), self.expected_kwh(d)) for d in self.directions())

    def directions(self) -> tuple[Direction, ...]:
        """The directions of the point that the meter's active-energy registers measure."""
        found = {direction_of(r.register) for r in self.meter.registers}
        return tuple(d for d in Direction if d in found and d in self.point.directions)


_ROUTES = {
    ReadingMethod.CUSTOMER: (Role.SUPPLIER, ObtainedBy.CUSTOMER),
    ReadingMethod.REMOTE: (Role.METERING_CENTRE, ObtainedBy.REMOTE),
    ReadingMethod.VISIT: (Role.GRID_OPERATOR, ObtainedBy.OPERATOR),
}


def direction_of(code: ObisCode) -> Direction | None:
    """The direction a register measures: 1.8 taken, 2.8 fed in, anything else neither."""
    measured = code.partition(":")[2]
    if measured.startswith("1.8."):
        return Direction.CONSUMPTION
    return Direction.PRODUCTION if measured.startswith("2.8.") else None


def measures(code: ObisCode, directions: tuple[Direction, ...]) -> bool:
    """Whether a register is of these directions; what is of neither goes to consumption."""
    return (direction_of(code) or Direction.CONSUMPTION) in directions


def _is_total(code: ObisCode) -> bool:
    """Whether a register counts all tariffs; what follows `*` names a billing period.

    Source: IEC 62056-6-1, value groups E and F.
    """
    return code.partition("*")[0].endswith(".0")


def the_numbers_name_the_point_of_the_case(check: ReadingCheck) -> Refusal | None:
    """Accounting point, metering site and area must be those of the switch.

    A supplier of a division may also name its own metering point.
    Source: A9, B9, H2 (002 a.192(4), a.193, a.218).
    """
    named = check.reading.point
    for number in (check.point.accounting_point, *check.numbers):
        if replace(check.point, accounting_point=number).is_named_by(named):
            return None
    return Refusal(reason=Reason.POINT_NOT_IDENTIFIABLE, place="/MeterReading/Point")


def may_come_by(method: ReadingMethod, role: Role, obtained_by: ObtainedBy) -> bool:
    """Whether a reading may come so: as prescribed, or by the operator in place of a remote one."""
    ways = {_ROUTES[method]}
    if method is ReadingMethod.REMOTE:
        ways.add(_ROUTES[ReadingMethod.VISIT])
    return (role, obtained_by) in ways


def the_reading_comes_by_the_prescribed_route(check: ReadingCheck) -> Refusal | None:
    """The customer reads and reports through the new supplier; otherwise the operator obtains it.

    No other way is accepted, and a switch is never made on an estimate. Where the remote reading
    fails, the operator may read the meter itself.
    Source: A19, A20, A21, A22, C4 (002 a.199(1)).
    """
    method = check.plan.reading_method
    if may_come_by(method, check.sender_role, check.reading.obtained_by):
        return None
    expected = _ROUTES[method]
    return Refusal(
        reason=Reason.READING_BY_WRONG_ROUTE,
        place="/MeterReading/ObtainedBy",
        found=f"{check.sender_role.value} {check.reading.obtained_by.value}",
        expected=f"{expected[0].value} {expected[1].value}",
    )


def the_reading_was_taken_and_received_within_the_period(check: ReadingCheck) -> Refusal | None:
    """A reading counts if it was taken and received within the reading period.

    Source: A23, interpretation 1 (002 a.199(2)).
    """
    first, last = check.plan.reading_from, check.plan.reading_to
    if first <= check.taken_on <= last and check.received_at < end_of(last):
        return None
    return Refusal(
        reason=Reason.READING_OUTSIDE_PERIOD,
        place="/MeterReading/TakenAt",
        found=check.taken_on.isoformat(),
        expected=f"{first.isoformat()}/{last.isoformat()}",
    )


def a_remote_reading_is_that_of_midnight(check: ReadingCheck) -> Refusal | None:
    """The remote reading taken for a switch is that of 00:00.

    Source: A19, interpretation 2 (002 a.199(1)).
    """
    midnight = start_of(check.taken_on)
    if check.reading.obtained_by is not ObtainedBy.REMOTE or check.reading.taken_at == midnight:
        return None
    return Refusal(
        reason=Reason.READING_OUTSIDE_PERIOD,
        place="/MeterReading/TakenAt",
        found=check.reading.taken_at.isoformat(),
        expected=midnight.isoformat(),
    )


def the_reading_is_not_in_the_future(check: ReadingCheck) -> Refusal | None:
    """A reading cannot have been taken after it was received.

    Source: C5 (002 a.200(1)).
    """
    if check.reading.taken_at <= check.received_at:
        return None
    return Refusal(reason=Reason.READING_NOT_WITHIN_LIMITS, place="/MeterReading/TakenAt")


def the_reading_is_not_before_the_last_one(check: ReadingCheck) -> Refusal | None:
    """A reading is not dated before the last one on record.

    Source: C5 (002 a.200(1)).
    """
    last = check.point.last_reading
    if last is None or check.taken_on >= last.taken_on:
        return None
    return Refusal(
        reason=Reason.READING_NOT_WITHIN_LIMITS,
        place="/MeterReading/TakenAt",
        found=check.taken_on.isoformat(),
        expected=f">={last.taken_on.isoformat()}",
    )


def the_meter_is_the_installed_one(check: ReadingCheck) -> Refusal | None:
    """A reading is valid only for the meter that was installed on the day it was taken.

    From 00:00 of the day of an exchange that is the new one.
    Source: C5, D4 (002 a.149(2), a.200(1)).
    """
    if check.reading.serial_number == check.meter.serial_number:
        return None
    return Refusal(
        reason=Reason.METER_NOT_IDENTIFIABLE,
        place="/MeterReading/SerialNumber",
        found=check.reading.serial_number,
    )


def every_register_is_read_once(check: ReadingCheck) -> tuple[Refusal, ...]:
    """There is one value for every register of the meter, and for no other.

    Source: C5 (002 a.200(1)).
    """
    if check.reading.serial_number != check.meter.serial_number:
        return ()
    given = [value.register for value in check.reading.registers]
    found = [
        Refusal(
            reason=Reason.REGISTER_NOT_IDENTIFIABLE,
            place=f"/MeterReading/Register[{index + 1}]",
            found=code,
        )
        for index, code in enumerate(given)
        if check.register(code) is None or code in given[:index]
    ]
    found.extend(
        Refusal(
            reason=Reason.REGISTER_NOT_IDENTIFIABLE,
            place="/MeterReading",
            expected=register.register,
        )
        for register in check.meter.registers
        if register.register not in given
    )
    return tuple(found)


def no_value_has_more_digits_than_its_register(check: ReadingCheck) -> tuple[Refusal, ...]:
    """A register shows no more than its digits.

    Source: C5 (002 a.200(1)).
    """
    found = []
    for index, value in enumerate(check.reading.registers):
        register = check.register(value.register)
        if register is not None and value.value >= Decimal(10) ** register.digits:
            found.append(
                Refusal(
                    reason=Reason.READING_NOT_WITHIN_LIMITS,
                    place=check.place(index),
                    found=str(value.value),
                    expected=f"<{Decimal(10) ** register.digits}",
                )
            )
    return tuple(found)


def no_register_goes_backwards(check: ReadingCheck) -> tuple[Refusal, ...]:
    """A lower value is a rollover if what it then means is plausible; else it is refused.

    So is a value that the meter, removed since, would have to go back from to its closing value.
    Source: C5, C1, D4 (002 a.200(1), a.153(2), a.149(2)).
    """
    found = []
    for index, value in enumerate(check.reading.registers):
        last = check.last_value(value.register)
        if check.goes_too_far(value.register, value.value):
            found.append(
                Refusal(
                    reason=Reason.READING_NOT_WITHIN_LIMITS,
                    place=check.place(index),
                    found=str(value.value),
                    expected=f"<={check.closing_value(value.register)}",
                )
            )
            continue
        if last is None or value.value >= last:
            continue
        consumed = check.consumed(value.register, value.value)
        direction = direction_of(value.register)
        expected = None if direction is None else check.expected_kwh(direction)
        if (
            expected is None
            or consumed is None
            or consumed > check.rules.plausibility.highest(expected)
        ):
            found.append(
                Refusal(
                    reason=Reason.READING_NOT_WITHIN_LIMITS,
                    place=check.place(index),
                    found=str(value.value),
                    expected=f">={last}",
                )
            )
    return tuple(found)


def the_reading_does_not_depart_from_the_average(
    check: ReadingCheck,
) -> tuple[Refusal, ...] | tuple[Doubt, ...]:
    """A reading that departs is refused, unless its reason is given: then the operator decides.

    With no average on record a reading of an otherwise valid meter goes to the operator.
    Source: C1, interpretation 8 (002 a.153(2)).
    """
    doubts, refusals = [], []
    for one in check.comparisons():
        energy, lowest, highest = one.energy, one.lowest, one.highest
        if energy is None or lowest is None or highest is None:
            doubts.append(Doubt(kind=DoubtKind.NO_AVERAGE_ON_RECORD, rule="C1"))
            continue
        if lowest <= energy <= highest:
            continue
        band = f"{lowest.normalize():f}..{highest.normalize():f} kWh"
        if check.reading.departure_reason is None:
            refusals.append(
                Refusal(
                    reason=Reason.READING_BEYOND_PLAUSIBILITY,
                    place="/MeterReading/Register",
                    found=f"{energy} kWh",
                    expected=band,
                )
            )
        doubts.append(
            Doubt(
                kind=DoubtKind.READING_DEPARTS_FROM_AVERAGE,
                rule="C1",
                found=f"{energy} kWh",
                expected=band,
            )
        )
    return tuple(refusals) or tuple(doubts)


def there_is_no_other_reading_for_the_day(check: ReadingCheck) -> Doubt | None:
    """A second, different reading for the same day is for the operator to decide.

    Source: interpretation 14, C5 (002 a.200(1)).
    """
    last = check.point.last_reading
    if last is None or last.taken_on != check.taken_on:
        return None
    if all(check.last_value(v.register) == v.value for v in check.reading.registers):
        return None
    return Doubt(kind=DoubtKind.SECOND_READING_FOR_THE_DAY, rule="interpretation 14")
