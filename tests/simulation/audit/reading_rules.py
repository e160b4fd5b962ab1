"""What rules.md says of a reading: C1, C5, A23 and interpretations 8 and 14."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tests.simulation.audit.facts import Meter, Point, Reading, day_of
from tests.simulation.audit.legal_days import local
from tests.simulation.audit.said import Reported

LOWEST, HIGHEST = Decimal("0.2"), Decimal(5)
SMALL_BELOW, SMALL_HIGHEST = Decimal(50), Decimal(250)
NEAR = Decimal("0.05")


@dataclass(frozen=True)
class ReadingVerdict:
    """What the rules make of a reading: codes, or valid, or for review; `unsure` near a bound."""

    codes: frozenset[str] = frozenset()
    review: bool = False
    unsure: bool = False


def judge_reading(
    point: Point, reported: Reported, *, now: datetime, before: date | None = None
) -> ReadingVerdict:
    """Hold a reading, by its proper route and in time, against the meter on record.

    `before` leaves out the readings of later days, for one that is put in later.
    """
    taken = local(reported.taken)
    meter = point.meter(taken)
    codes: set[str] = set()
    if meter is None or reported.serial != meter.serial:
        return ReadingVerdict(frozenset({"260:E61"}))
    if set(reported.values) != set(meter.registers):
        return ReadingVerdict(frozenset({"260:E62"}))
    last = max(
        (one for one in point.readings if before is None or day_of(one) <= before),
        key=lambda one: one.taken,
        default=None,
    )
    if reported.taken > now or (last is not None and taken < day_of(last)):
        codes.add("260:E19")
    if any(
        len(str(int(value))) > meter.registers[obis].digits
        for obis, value in reported.values.items()
    ):
        codes.add("260:E19")
    if codes:
        return ReadingVerdict(frozenset(codes), unsure=reported.taken > now)
    if last is not None and day_of(last) == taken and last.values != reported.values:
        # The second for a day is the operator's to decide (interpretation 14); what it would have
        # to be compared with is on record already.
        return ReadingVerdict(review=True, unsure=True)
    return _plausible(point, reported, meter, last)


def _plausible(
    point: Point, reported: Reported, meter: Meter, last: Reading | None
) -> ReadingVerdict:
    if last is None or last.serial != reported.serial:
        return ReadingVerdict(review=reported.by != "1", unsure=last is not None)
    taken = local(reported.taken)
    days = (taken - day_of(last)).days
    departs = no_average = unsure = False
    for direction, prefix in (("consumption", "1-0:1.8."), ("production", "1-0:2.8.")):
        registers = [obis for obis in meter.registers if obis.startswith(prefix)]
        if not registers:
            continue
        average = point.average(direction, taken)
        energy = Decimal(0)
        for obis in compared(registers):
            register = meter.registers[obis]
            used = reported.values[obis] - last.values[obis]
            if used < 0:
                used += Decimal(10) ** register.digits
                if average is None:
                    return ReadingVerdict(frozenset({"260:E19"}), unsure=True)
                high = highest(average * days)
                if used * register.multiplier > high:
                    return ReadingVerdict(
                        frozenset({"260:E19"}), unsure=_near(used * register.multiplier, high)
                    )
            energy += used * register.multiplier
        if average is None:
            no_average = True
            continue
        expected = average * days
        low = lowest(expected)
        high = highest(expected)
        unsure |= _near(energy, high) or (low > 0 and _near(energy, low))
        departs |= not low <= energy <= high
    if reported.by == "1":
        return ReadingVerdict(unsure=unsure and False)
    if departs and not reported.reason:
        return ReadingVerdict(frozenset({"260:E90"}), unsure=unsure or no_average)
    return ReadingVerdict(review=departs or no_average, unsure=unsure)


def compared(registers: list[str]) -> list[str]:
    """The total register, or else the tariffs."""
    return [obis for obis in registers if obis.endswith(".8.0")] or registers


def lowest(expected: Decimal) -> Decimal:
    """The lowest plausible consumption."""
    return Decimal(0) if expected < SMALL_BELOW else expected * LOWEST


def highest(expected: Decimal) -> Decimal:
    """The highest plausible consumption."""
    return SMALL_HIGHEST if expected < SMALL_BELOW else expected * HIGHEST


def _near(value: Decimal, bound: Decimal) -> bool:
    """Whether a value is so near a bound that how days are counted decides."""
    return abs(value - bound) <= bound * NEAR + 30


def quantity(closing: Decimal, opening: Decimal, digits: int, multiplier: Decimal) -> Decimal:
    """Energy between two values, before rounding."""
    used = closing - opening
    return (used if used >= 0 else used + Decimal(10) ** digits) * multiplier


def day_text(value: date) -> str:
    """A day as documents have it."""
    return value.isoformat()
