"""Readings: rollover, average, tariffs, multiplier, directions, days (C1, C5, interpretation 8)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from broker.engine.decision import Decision, Refused
from broker.engine.examination import examine_reading, examine_reviewed_reading
from broker.engine.rulebook import Plausibility
from broker.engine.rules_reading import ReadingCheck
from broker.engine.state import Phase
from broker.messages.codes import Direction, Role
from broker.messages.identifiers import ObisCode
from broker.messages.reasons import Reason
from broker.messages.records import DoubtKind
from broker.messages.register_changes import ReadingRecorded, SupplyBegun, SupplyEnded
from tests.engine.builders import (
    CASE,
    FED_IN,
    NEW,
    OLD,
    POINT,
    READ_ON,
    TAKEN,
    TAKEN_LOW,
    at,
    but,
    days_after,
    facts,
    reading,
    reading_check,
    reading_check_of_tariffs,
    reading_check_of_two,
    register,
    shows,
)
from tests.engine.test_rules import names
from tests.engine.ways_through_the_process import (
    GOOD,
    Way,
    a_departing_reading,
    a_reading,
    acceptance_by_the_operator,
    awaiting_reading,
    reading_under_review,
)

E19 = Reason.READING_NOT_WITHIN_LIMITS
E90 = Reason.READING_BEYOND_PLAUSIBILITY
NO_AVERAGE = DoubtKind.NO_AVERAGE_ON_RECORD
DEPARTS = DoubtKind.READING_DEPARTS_FROM_AVERAGE


def found(check: ReadingCheck) -> tuple[Reason | DoubtKind, ...]:
    """All that the examination finds, refusals first."""
    refusals, doubts = examine_reading(check)
    return names((*refusals, *doubts))


def rolled_over(value: str, digits: int = 5, last: str = "99870") -> ReadingCheck:
    """A meter of few digits whose last value was near its top; 2000 kWh do not depart."""
    check = but(reading_check(), "meter.registers.0.digits", digits)
    check = but(check, "point.last_reading.registers.0.value", Decimal(last))
    return but(check, "reading.registers.0.value", Decimal(value))


def read_after(days: int, per_day: str, shown: str) -> ReadingCheck:
    """A meter that showed 0 so many days before, with this average, and shows this now."""
    check = but(reading_check(), "point.last_reading.taken_on", days_after(READ_ON, -days))
    check = but(check, "point.last_reading.registers.0.value", Decimal(0))
    check = but(check, "point.averages.0.kwh_per_day", Decimal(per_day))
    return but(check, "reading.registers.0.value", Decimal(shown))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", ()),  # 130 kWh
        ("270", ()),  # 400 kWh
        ("1870", ()),  # 2000 kWh, the most that does not depart
        ("1870.001", (E19,)),
        ("99869", (E19,)),
        ("99870", (E90,)),  # nothing used: not backwards, but below the band
    ],
)
def test_a_lower_value_is_a_rollover_within_the_upper_bound(
    value: str, expected: tuple[Reason, ...]
) -> None:
    assert found(rolled_over(value)) == expected


def test_a_rollover_below_the_lower_bound_departs() -> None:
    # 79 kWh: too little, but not backwards
    assert found(rolled_over("49", last="99970")) == (E90,)
    assert found(rolled_over("50", last="99970")) == ()


def test_going_backwards_is_refused_also_with_a_reason() -> None:
    check = but(rolled_over("1871"), "reading.departure_reason", "Gradnja hiše.")
    assert found(check) == (E19,)


def test_a_lower_value_without_average_on_record_is_no_rollover() -> None:
    assert found(but(rolled_over("270"), "point.averages", ())) == (E19,)


def test_the_multiplier_counts_in_a_rollover() -> None:
    check = but(rolled_over("1870"), "meter.registers.0.multiplier", Decimal(40))
    assert found(check) == (E19,)
    check = but(rolled_over("99900"), "meter.registers.0.multiplier", Decimal(40))
    assert found(check) == ()  # 30 units, 1200 kWh


@pytest.mark.parametrize(
    ("per_day", "shown", "expected"),
    [
        # 40 kWh expected in 4 days: no lower bound, 250 at most
        ("10", "0", ()),
        ("10", "250", ()),
        ("10", "250.001", (E90,)),
        # 49.96 kWh: still small
        ("12.49", "0", ()),
        ("12.49", "250", ()),
        ("12.49", "250.001", (E90,)),
        # exactly 50 kWh: 10 to 250
        ("12.5", "9.999", (E90,)),
        ("12.5", "10", ()),
        ("12.5", "250", ()),
        ("12.5", "250.001", (E90,)),
        # 60 kWh: 12 to 300
        ("15", "11.999", (E90,)),
        ("15", "12", ()),
        ("15", "300", ()),
        ("15", "300.001", (E90,)),
        ("0", "0", ()),
        ("0", "250", ()),
    ],
)
def test_the_band_at_its_edges(per_day: str, shown: str, expected: tuple[Reason, ...]) -> None:
    assert found(read_after(4, per_day, shown)) == expected


def test_an_average_that_is_no_exact_decimal_does_not_move_the_edges() -> None:
    check = read_after(3, "1", "500")
    third = Decimal(100) / 3
    assert found(but(check, "point.averages.0.kwh_per_day", third)) == ()
    lowest = but(check, "reading.registers.0.value", Decimal(20))
    assert found(but(lowest, "point.averages.0.kwh_per_day", Decimal(200) / 6)) == ()


def test_the_operator_sets_the_factors() -> None:
    stricter = Plausibility(highest_factor=Decimal("1.5"), lowest_factor=Decimal("0.9"))
    assert found(but(reading_check(), "rules.plausibility", stricter)) == ()
    more = but(reading_check(), "reading.registers.0.value", Decimal("15251"))
    assert found(but(more, "rules.plausibility", stricter)) == (E90,)


def test_a_departure_with_its_reason_goes_to_the_operator() -> None:
    check = replace(reading_check(), reading=a_departing_reading())
    assert found(check) == (DEPARTS,)
    assert found(but(check, "reading.departure_reason", None)) == (E90,)


def test_without_average_a_valid_reading_goes_to_the_operator() -> None:
    check = but(reading_check(), "point.averages", ())
    assert found(check) == (NO_AVERAGE,)
    assert found(but(check, "reading.serial_number", "ZGL-090022")) == (
        Reason.METER_NOT_IDENTIFIABLE,
    )


def test_a_departure_in_one_direction_is_not_made_good_by_the_other() -> None:
    check = but(reading_check_of_two(), "reading.registers.1.value", Decimal("20000"))
    assert found(check) == (E90,)
    explained = but(check, "reading.departure_reason", "Nova sončna elektrarna.")
    assert found(explained) == (DEPARTS,)
    assert found(but(explained, "point.averages", explained.point.averages[1:])) == (
        NO_AVERAGE,
        DEPARTS,
    )


def test_only_the_directions_of_the_point_are_compared() -> None:
    check = but(reading_check_of_two(), "point.directions", (Direction.CONSUMPTION,))
    check = but(check, "point.averages", check.point.averages[:1])
    assert found(check) == ()
    assert found(but(check, "reading.registers.0.value", Decimal("20000"))) == (E90,)


def test_tariffs_are_added_up_where_there_is_no_total() -> None:
    check = reading_check_of_tariffs()
    assert found(check) == ()
    # one tariff unused, the sum within the band
    assert found(but(check, "reading.registers.1.value", Decimal("12250"))) == ()
    # each within the band, the sum beyond it
    high = but(check, "reading.registers.0.value", Decimal("24900"))
    assert found(but(high, "reading.registers.1.value", Decimal("12750"))) == ()
    assert found(but(high, "reading.registers.1.value", Decimal("12751"))) == (E90,)


def test_each_tariff_has_its_multiplier() -> None:
    check = reading_check_of_tariffs()
    tariffs = (check.meter.registers[0], register(TAKEN_LOW, 6, "10"))
    assert found(but(check, "meter.registers", tariffs)) == ()  # 250 + 1500
    tariffs = (check.meter.registers[0], register(TAKEN_LOW, 6, "12"))
    assert found(but(check, "meter.registers", tariffs)) == (E90,)


def test_the_total_counts_and_not_its_parts() -> None:
    codes = tuple(ObisCode(f"1-0:1.8.{tariff}") for tariff in range(3))
    check = but(reading_check(), "meter.registers", tuple(map(register, codes)))
    last = tuple(map(shows, codes, ("1000", "600", "400")))
    check = but(check, "point.last_reading.registers", last)
    now = tuple(map(shows, codes, ("3000", "1600", "1400")))
    assert found(but(check, "reading.registers", now)) == ()


def test_a_register_that_measures_neither_direction_is_read_but_not_compared() -> None:
    reactive = ObisCode("1-0:3.8.0")
    check = but(reading_check(), "meter.registers", (register(), register(reactive)))
    last = (shows(TAKEN, "14650"), shows(reactive, "10"))
    check = but(check, "point.last_reading.registers", last)
    assert found(check) == (Reason.REGISTER_NOT_IDENTIFIABLE,)
    read = (shows(TAKEN, "15050"), shows(reactive, "90000"))
    assert found(but(check, "reading.registers", read)) == ()


def test_all_that_is_wrong_is_said_at_once_and_c1_only_when_nothing_is() -> None:
    check = but(reading_check(), "reading.serial_number", "ZGL-090022")
    check = but(check, "reading.point.area", "8")
    check = but(check, "sender_role", Role.METERING_CENTRE)
    check = but(check, "reading.registers.0.value", Decimal("999999"))
    assert found(check) == (
        Reason.POINT_NOT_IDENTIFIABLE,
        Reason.READING_BY_WRONG_ROUTE,
        Reason.METER_NOT_IDENTIFIABLE,
    )


def test_places_count_registers_from_one() -> None:
    check = but(reading_check_of_two(), "reading.registers.1.value", Decimal("1000000"))
    refusals, _ = examine_reading(check)
    assert [r.place for r in refusals] == ["/MeterReading/Register[2]/Value"]
    extra = but(reading_check(), "reading.registers", (shows(TAKEN, "15050"), shows(FED_IN, "1")))
    refusals, _ = examine_reading(extra)
    assert [(r.place, r.found) for r in refusals] == [("/MeterReading/Register[2]", FED_IN)]


class TestSecondReadingOfADay:
    """A second, different reading for the same day is for the operator (interpretation 14)."""

    of_the_day = but(reading_check(), "point.last_reading.taken_on", READ_ON)

    def test_a_different_one_is_in_doubt(self) -> None:
        check = but(self.of_the_day, "reading.registers.0.value", Decimal("14651"))
        assert found(check) == (DoubtKind.SECOND_READING_FOR_THE_DAY,)

    def test_the_same_one_is_taken(self) -> None:
        check = but(self.of_the_day, "reading.registers.0.value", Decimal("14650.000"))
        assert found(check) == ()

    def test_a_lower_one_goes_backwards(self) -> None:
        check = but(self.of_the_day, "reading.registers.0.value", Decimal("14649"))
        assert found(check) == (E19,)


class TestCarryingOut:
    """A valid reading carries the switch out on the day it was taken (A24, A25, A27)."""

    def test_from_the_day_of_the_reading(self) -> None:
        outcome = Way(Phase.AWAITING_READING, a_reading(), Phase.COMPLETED, awaiting_reading, GOOD)
        decision = outcome.taken()
        assert isinstance(decision, Decision)
        ended, begun, recorded = decision.register_changes
        assert ended == SupplyEnded(
            accounting_point=POINT,
            direction=Direction.CONSUMPTION,
            supplier=OLD,
            on=READ_ON,
            case_id=CASE,
        )
        assert begun == SupplyBegun(
            accounting_point=POINT,
            direction=Direction.CONSUMPTION,
            supplier=NEW,
            share=Decimal(1),
            on=READ_ON,
            case_id=CASE,
        )
        assert isinstance(recorded, ReadingRecorded)
        assert recorded.registers == reading().registers
        assert recorded.taken_at == reading().taken_at

    def test_by_the_local_day(self) -> None:
        just_before_midnight = but(reading(), "taken_at", at(date(2026, 5, 9), 23, 59))
        just_after = but(reading(), "taken_at", at(READ_ON, 0, 1))
        for taken, day in ((just_before_midnight, date(2026, 5, 9)), (just_after, READ_ON)):
            way = Way(
                Phase.AWAITING_READING, a_reading(taken), Phase.COMPLETED, awaiting_reading, GOOD
            )
            decision = way.taken()
            assert isinstance(decision, Decision)
            changed = decision.register_changes[0]
            assert isinstance(changed, SupplyEnded)
            assert changed.on == day


class TestReview:
    """What the operator may accept, and what may come meanwhile (A26, C1, C5)."""

    def test_c5_still_binds_the_operator(self) -> None:
        exchanged = but(facts(), "point.meter.serial_number", "ZGL-200001")
        way = Way(
            Phase.READING_UNDER_REVIEW,
            acceptance_by_the_operator(),
            Phase.COMPLETED,
            reading_under_review,
            exchanged,
        )
        outcome = way.taken()
        assert isinstance(outcome, Refused)
        assert names(outcome.refusals) == (Reason.METER_NOT_IDENTIFIABLE,)

    def test_without_meter_nothing_is_accepted(self) -> None:
        removed = but(facts(), "point.meter", None)
        for event in (acceptance_by_the_operator(), a_reading()):
            way = Way(
                Phase.READING_UNDER_REVIEW, event, Phase.COMPLETED, reading_under_review, removed
            )
            outcome = way.taken()
            assert isinstance(outcome, Refused)
            assert names(outcome.refusals) == (Reason.METER_NOT_IDENTIFIABLE,)

    def test_the_examination_of_a_reviewed_reading_leaves_c1_aside(self) -> None:
        check = replace(reading_check(), reading=a_departing_reading())
        assert examine_reviewed_reading(check) == ()

    def test_another_doubtful_reading_is_refused_meanwhile(self) -> None:
        another = but(a_departing_reading(), "taken_at", at(READ_ON, 9))
        way = Way(
            Phase.READING_UNDER_REVIEW,
            a_reading(another),
            Phase.COMPLETED,
            reading_under_review,
            GOOD,
        )
        outcome = way.taken()
        assert isinstance(outcome, Refused)
        assert names(outcome.refusals) == (Reason.READING_ALREADY_UNDER_REVIEW,)

    def test_another_wrong_reading_is_refused_for_what_is_wrong(self) -> None:
        wrong = but(reading(), "serial_number", "ZGL-090022")
        way = Way(
            Phase.READING_UNDER_REVIEW,
            a_reading(wrong),
            Phase.COMPLETED,
            reading_under_review,
            GOOD,
        )
        outcome = way.taken()
        assert isinstance(outcome, Refused)
        assert names(outcome.refusals) == (Reason.METER_NOT_IDENTIFIABLE,)

    def test_a_valid_reading_closes_the_review(self) -> None:
        way = Way(
            Phase.READING_UNDER_REVIEW, a_reading(), Phase.COMPLETED, reading_under_review, GOOD
        )
        outcome = way.taken()
        assert isinstance(outcome, Decision)
        assert outcome.state.carried_out == reading()
        assert outcome.state.review is None


def test_the_days_of_the_examples_are_as_they_say() -> None:
    last = facts().point
    assert last is not None
    assert last.last_reading is not None
    assert READ_ON - last.last_reading.taken_on == timedelta(days=40)
