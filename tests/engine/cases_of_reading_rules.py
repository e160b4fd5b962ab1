"""For each rule on a reading: changes that it must find, and changes that it must let pass.

The good reading shows 400 kWh in 40 days at 10 kWh a day: 80 to 2000 kWh do not depart.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from broker.engine import rules_reading as reading
from broker.engine.facts import ReadingOnRecord
from broker.engine.rules_reading import ReadingCheck
from broker.messages.codes import Direction, ObtainedBy, ReadingMethod, Role
from broker.messages.identifiers import ObisCode
from broker.messages.reasons import Reason
from broker.messages.records import DoubtKind
from tests.engine.builders import (
    FED_IN,
    OTHER_POINT,
    OTHER_SITE,
    READ_ON,
    SITE_GSRN,
    TAKEN,
    TAKEN_HIGH,
    TAKEN_LOW,
    at,
    average,
    but,
    days_after,
    reading_check,
    reading_check_of_remote,
    reading_check_of_tariffs,
    reading_check_of_total_and_tariffs,
    reading_check_of_two,
    reading_check_of_visit,
    register,
    shows,
)
from tests.engine.cases_of_request_rules import RuleCase

E10 = (Reason.POINT_NOT_IDENTIFIABLE,)
ROUTE = (Reason.READING_BY_WRONG_ROUTE,)
OUTSIDE = (Reason.READING_OUTSIDE_PERIOD,)
E19 = (Reason.READING_NOT_WITHIN_LIMITS,)
E61 = (Reason.METER_NOT_IDENTIFIABLE,)
E62 = (Reason.REGISTER_NOT_IDENTIFIABLE,)
E90 = (Reason.READING_BEYOND_PLAUSIBILITY,)
DEPARTS = (DoubtKind.READING_DEPARTS_FROM_AVERAGE,)
NO_AVERAGE = (DoubtKind.NO_AVERAGE_ON_RECORD,)
SECOND = (DoubtKind.SECOND_READING_FOR_THE_DAY,)


def closed_with(value: str) -> ReadingOnRecord:
    """The closing values of the meter, removed on the fourth day after the reading."""
    return ReadingOnRecord(taken_on=days_after(READ_ON, 4), registers=(shows(TAKEN, value),))


def reading_check_at_the_top() -> ReadingCheck:
    """The check of a good reading just below the top of six digits."""
    check = but(reading_check(), LAST_VALUE, Decimal("999600"))
    return but(check, VALUE, Decimal("999999"))


Row = tuple[str, Any, tuple[Reason | DoubtKind, ...]]
TARIFFS, BOTH, REMOTE = reading_check_of_tariffs, reading_check_of_two, reading_check_of_remote
TOTAL_AND_TARIFFS, VISIT = reading_check_of_total_and_tariffs, reading_check_of_visit
VALUE = "reading.registers.0.value"
LAST_VALUE = "point.last_reading.registers.0.value"


def _cases(
    rule: Callable[[ReadingCheck], Any],
    *rows: Row,
    of: Callable[[], ReadingCheck] = reading_check,
) -> tuple[RuleCase, ...]:
    return tuple(RuleCase(rule, path, value, finds, of) for path, value, finds in rows)


OF_ROUTE_AND_PERIOD = (
    *_cases(
        reading.the_numbers_name_the_point_of_the_case,
        ("reading.point.accounting_point", OTHER_POINT, E10),
        ("reading.point.metering_site", OTHER_SITE, E10),
        ("reading.point.area", "8", E10),
        ("reading.point.metering_site_gsrn", OTHER_POINT, E10),
        ("reading.point.metering_site_gsrn", SITE_GSRN, ()),
    ),
    *_cases(
        reading.the_reading_comes_by_the_prescribed_route,
        ("sender_role", Role.METERING_CENTRE, ROUTE),
        ("reading.obtained_by", ObtainedBy.REMOTE, ROUTE),
        ("reading.obtained_by", ObtainedBy.ESTIMATE, ROUTE),
    ),
    *_cases(
        reading.the_reading_comes_by_the_prescribed_route,
        ("sender_role", Role.SUPPLIER, ROUTE),
        ("reading.obtained_by", ObtainedBy.ESTIMATE, ROUTE),
        ("reading.obtained_by", ObtainedBy.CUSTOMER, ROUTE),
        # the operator reads on the spot where the remote reading fails, and says so
        ("sender_role", Role.GRID_OPERATOR, ROUTE),
        of=REMOTE,
    ),
    *_cases(
        reading.the_reading_comes_by_the_prescribed_route,
        ("plan.reading_method", ReadingMethod.REMOTE, ()),
        ("plan.reading_method", ReadingMethod.CUSTOMER, ROUTE),
        ("sender_role", Role.SUPPLIER, ROUTE),
        ("sender_role", Role.METERING_CENTRE, ROUTE),
        ("reading.obtained_by", ObtainedBy.CUSTOMER, ROUTE),
        ("reading.obtained_by", ObtainedBy.REMOTE, ROUTE),
        ("reading.obtained_by", ObtainedBy.ESTIMATE, ROUTE),
        of=VISIT,
    ),
    *_cases(
        reading.the_reading_was_taken_and_received_within_the_period,
        ("reading.taken_at", at(date(2026, 4, 23), 23, 59), OUTSIDE),
        ("reading.taken_at", at(date(2026, 4, 24), 0), ()),
        ("reading.taken_at", at(date(2026, 5, 15), 23, 59), ()),
        ("reading.taken_at", at(date(2026, 5, 16), 0), OUTSIDE),
        ("received_at", at(date(2026, 5, 15), 23, 59), ()),
        ("received_at", at(date(2026, 5, 16), 0), OUTSIDE),
    ),
    *_cases(
        reading.a_remote_reading_is_that_of_midnight,
        ("reading.taken_at", at(READ_ON, 0, 15), OUTSIDE),
        ("reading.taken_at", at(days_after(READ_ON, -1), 23, 59), OUTSIDE),
        ("reading.taken_at", at(days_after(READ_ON, -1), 0), ()),
        # 00:00 by the clock of the law, not by UTC
        ("reading.taken_at", datetime(2026, 5, 10, 0, tzinfo=UTC), OUTSIDE),
        ("reading.taken_at", datetime(2026, 5, 9, 22, tzinfo=UTC), ()),
        of=REMOTE,
    ),
    *_cases(
        reading.a_remote_reading_is_that_of_midnight,
        ("reading.taken_at", at(READ_ON, 9, 30), ()),
        of=VISIT,
    ),
    *_cases(
        reading.the_reading_is_not_in_the_future,
        ("reading.taken_at", at(READ_ON, 10, 0), ()),
        ("reading.taken_at", at(READ_ON, 10, 1), E19),
    ),
)

OF_C5 = (
    *_cases(
        reading.the_meter_is_the_installed_one,
        ("reading.serial_number", "ZGL-090022", E61),
        ("meter.serial_number", "ZGL-090022", E61),
    ),
    *_cases(
        reading.every_register_is_read_once,
        ("reading.registers", (), E62),
        ("reading.registers", (shows(FED_IN, "1"),), E62 + E62),
        ("reading.registers", (shows(TAKEN, "15050"), shows(FED_IN, "1")), E62),
        ("reading.registers", (shows(TAKEN, "15050"), shows(TAKEN, "15050")), E62),
        ("reading.serial_number", "ZGL-090022", ()),
    ),
    *_cases(
        reading.every_register_is_read_once,
        ("reading.registers", (shows(TAKEN_HIGH, "23650"),), E62),
        of=TARIFFS,
    ),
    *_cases(
        reading.no_value_has_more_digits_than_its_register,
        (VALUE, Decimal("999999.999"), ()),
        (VALUE, Decimal("1000000"), E19),
        ("meter.registers.0.digits", 4, E19),
        ("meter.registers.0.digits", 5, ()),
    ),
    *_cases(
        reading.no_register_goes_backwards,
        (VALUE, Decimal("14650"), ()),
        (VALUE, Decimal("14649"), E19),
        (VALUE, Decimal("0"), E19),
        # over the top of six digits: 2000 kWh are the most that does not depart
        (LAST_VALUE, Decimal("999999"), E19),
        ("point.last_reading", None, ()),
        # the meter was removed five days later: not above its closing value, unless over the top
        ("point.closing", closed_with("15050"), ()),
        ("point.closing", closed_with("15049"), E19),
    ),
    *_cases(
        reading.no_register_goes_backwards,
        ("point.closing", closed_with("40"), ()),
        ("point.closing", closed_with("249"), ()),
        ("point.closing", closed_with("250"), E19),
        of=reading_check_at_the_top,
    ),
    *_cases(
        reading.the_reading_is_not_before_the_last_one,
        ("point.last_reading.taken_on", READ_ON, ()),
        ("point.last_reading.taken_on", days_after(READ_ON, 1), E19),
        ("point.last_reading", None, ()),
    ),
)

OF_C1 = (
    *_cases(
        reading.the_reading_does_not_depart_from_the_average,
        (VALUE, Decimal("14730"), ()),
        (VALUE, Decimal("14729.999"), E90),
        (VALUE, Decimal("16650"), ()),
        (VALUE, Decimal("16650.001"), E90),
        ("meter.registers.0.multiplier", Decimal("5"), ()),
        ("meter.registers.0.multiplier", Decimal("5.1"), E90),
        ("point.averages", (), NO_AVERAGE),
        ("point.last_reading", None, NO_AVERAGE),
        ("point.last_reading.registers", (), NO_AVERAGE),
        ("point.averages", (average("10", Direction.PRODUCTION),), NO_AVERAGE),
        # 49.96 kWh expected: no lower bound, 250 kWh at most; 50 kWh: 10 to 250
        ("point.averages.0.kwh_per_day", Decimal("1.249"), E90),
    ),
    *_cases(
        reading.the_reading_does_not_depart_from_the_average,
        ("reading.registers.1.value", Decimal("11729"), E90),
        ("reading.registers.1.value", Decimal("13651"), E90),
        ("point.averages", (average("10"),), NO_AVERAGE),
        # a meter that counts both ways at a point that only takes
        ("point.directions", (Direction.CONSUMPTION,), ()),
        of=BOTH,
    ),
    *_cases(
        reading.the_reading_does_not_depart_from_the_average,
        ("reading.registers.0.value", Decimal("25250"), ()),
        ("reading.registers.0.value", Decimal("25251"), E90),
        ("point.last_reading.registers", (shows(TAKEN_HIGH, "23400"),), NO_AVERAGE),
        ("meter.registers", (register(TAKEN_HIGH), register(TAKEN_LOW, 6, "20")), E90),
        of=TARIFFS,
    ),
    *_cases(
        reading.the_reading_does_not_depart_from_the_average,
        # the total alone counts, not the total and its parts
        ("reading.registers.0.value", Decimal("37650"), ()),
        ("reading.registers.0.value", Decimal("37651"), E90),
        ("reading.registers.1.value", Decimal("99999"), ()),
        of=TOTAL_AND_TARIFFS,
    ),
    *_cases(
        reading.there_is_no_other_reading_for_the_day,
        ("point.last_reading.taken_on", READ_ON, SECOND),
        ("point.last_reading", None, ()),
        ("reading.registers", (shows(ObisCode("1-0:1.8.0"), "16000"),), ()),
    ),
)

OF_READING_RULES = OF_ROUTE_AND_PERIOD + OF_C5 + OF_C1
GOOD_READINGS = (reading_check, BOTH, TARIFFS, TOTAL_AND_TARIFFS, REMOTE, VISIT)
