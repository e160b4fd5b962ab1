"""The rules the correction of a switch must keep, one function per rule of the law (D3, A7, C5).

Each returns refusals, on which the correction is not taken at all (422), or nothing. All but the
first are silent where the case named is no completed switch.
"""

from dataclasses import replace

from broker.engine.calendar import local_day, start_of
from broker.engine.correction_check import (
    CorrectionCheck,
    plan_of,
    reading_of,
    switch_date_of,
)
from broker.engine.facts import ReadingOnRecord, SupplyPeriod
from broker.engine.legal_periods import PeriodName
from broker.engine.rules_reading import (
    a_remote_reading_is_that_of_midnight,
    every_register_is_read_once,
    no_register_goes_backwards,
    no_value_has_more_digits_than_its_register,
    the_meter_is_the_installed_one,
    the_reading_is_not_before_the_last_one,
    the_reading_is_not_in_the_future,
)
from broker.messages.codes import Direction, ObtainedBy
from broker.messages.identifiers import Gsrn
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import Supply

_CASE = "/Correction/CaseNumber"
_RIGHT_READING = "/Correction/RightReading"
_TAKEN_AT = f"{_RIGHT_READING}/TakenAt"
_OF_THE_READING = (
    a_remote_reading_is_that_of_midnight,
    the_reading_is_not_in_the_future,
    the_meter_is_the_installed_one,
    every_register_is_read_once,
    no_value_has_more_digits_than_its_register,
    no_register_goes_backwards,
    the_reading_is_not_before_the_last_one,
)


def the_case_is_a_completed_switch(check: CorrectionCheck) -> Refusal | None:
    """Only a switch that was carried out can be put right; a correction is none.

    Source: D3 (002 a.136, a.139).
    """
    if check.corrected is not None:
        return None
    return Refusal(reason=Reason.NO_COMPLETED_SWITCH, place=_CASE, found=check.correction.case_id)


def the_numbers_name_the_point_of_the_switch(check: CorrectionCheck) -> Refusal | None:
    """Accounting point, metering site and area must be those of the switch.

    Source: A9, H2 (002 a.193, a.218).
    """
    if check.corrected is None or check.corrected.point.is_named_by(check.correction.point):
        return None
    return Refusal(reason=Reason.POINT_NOT_IDENTIFIABLE, place="/Correction/Point")


def the_switch_was_not_corrected_before(check: CorrectionCheck) -> Refusal | None:
    """A switch is put right once, so that each of its documents has one that refers to it.

    Source: D3 (002 a.139(3)).
    """
    if check.corrected is None or check.corrected.corrected_by is None:
        return None
    return Refusal(reason=Reason.ALREADY_CORRECTED, place=_CASE, found=check.corrected.corrected_by)


def nothing_else_is_in_progress(check: CorrectionCheck) -> Refusal | None:
    """While another case is in progress at the delivery point nothing is put right there.

    Source: A7, interpretation 7 (002 a.191(3)).
    """
    if check.corrected is None or check.facts.other_case is None:
        return None
    return Refusal(reason=Reason.POINT_BLOCKED_FOR_SWITCHING, place="/Correction/Point")


def the_correction_works_back_no_further_than_it_may(check: CorrectionCheck) -> Refusal | None:
    """Neither the wrong nor the right date of the switch lies more than 30 days back.

    Source: D3 (002 a.136(2), a.139(3)).
    """
    if check.corrected is None:
        return None
    recorded, received_on = switch_date_of(check.corrected.switch), local_day(check.received_at)
    earliest = min(recorded, check.right_date or recorded)
    last = check.rules.last_day(PeriodName.CHANGE_BACK, start=earliest, begun=received_on)
    if received_on <= last:
        return None
    return Refusal(
        reason=Reason.CHANGE_DATE_NOT_WITHIN_LIMITS,
        place=_CASE if earliest == recorded else _TAKEN_AT,
        found=earliest.isoformat(),
    )


def the_register_is_as_the_switch_left_it(check: CorrectionCheck) -> Refusal | None:
    """What came after the switch is not undone with it: another supplier, another payer.

    A later switch of another share at the same meter was settled from this one's reading.
    Source: D3, H1 (002 a.136, a.139, a.210(3)).
    """
    if check.corrected is None:
        return None
    on = switch_date_of(check.corrected.switch)
    changes = check.corrected.switch.changes
    left = {(_place(one), one.supplier, on, None) for one in changes.begins}
    directions = {one.direction for one in (*changes.ends, *changes.begins)}
    found = {
        (_place(one), one.supplier, one.from_day, one.to_day)
        for one in check.corrected.since
        if one.direction in directions
    }
    if found == left and not check.corrected.payer_changed_since:
        return None
    return Refusal(reason=Reason.CHANGED_SINCE, place=_CASE)


def the_old_supplier_can_supply_again(check: CorrectionCheck) -> Refusal | None:
    """An undone switch gives the point back only to a registered supplier in a balance group.

    Source: A33 (002 a.124).
    """
    if check.corrected is None or check.right_reading is not None:
        return None
    for ended in check.corrected.switch.changes.ends:
        old = check.facts.party(ended.supplier)
        if ended.supplier == check.facts.operator:
            continue
        if old is None or not (old.active and old.supplier and old.in_balance_group):
            return Refusal(reason=Reason.UNAUTHORISED_SUPPLIER, place=_CASE, found=ended.supplier)
    return None


def the_right_date_is_within_the_reading_period(check: CorrectionCheck) -> Refusal | None:
    """The right reading was taken within the reading period of the switch.

    Source: A23, A25, interpretation 1 (002 a.199(2), a.200(2)).
    """
    if check.corrected is None or check.right_date is None:
        return None
    plan = plan_of(check.corrected.switch)
    if plan.reading_from <= check.right_date <= plan.reading_to:
        return None
    return Refusal(
        reason=Reason.READING_OUTSIDE_PERIOD,
        place=_TAKEN_AT,
        found=check.right_date.isoformat(),
        expected=f"{plan.reading_from.isoformat()}/{plan.reading_to.isoformat()}",
    )


def the_right_reading_is_no_estimate(check: CorrectionCheck) -> Refusal | None:
    """A switch is never made on an estimate, and so never put right with one.

    Source: C4 (002 a.200(1)).
    """
    right = check.right_reading
    if check.corrected is None or right is None or right.obtained_by is not ObtainedBy.ESTIMATE:
        return None
    return Refusal(
        reason=Reason.READING_BY_WRONG_ROUTE,
        place=f"{_RIGHT_READING}/ObtainedBy",
        found=right.obtained_by.value,
    )


def the_right_reading_is_valid(check: CorrectionCheck) -> tuple[Refusal, ...]:
    """The right reading keeps what C5 asks, against the reading before the wrong one.

    Source: C5, A19 (002 a.199(1), a.200(1)).
    """
    reading = check.reading_check
    if reading is None:
        missing = check.corrected is not None and check.right_reading is not None
        place = f"{_RIGHT_READING}/SerialNumber"
        return (Refusal(reason=Reason.METER_NOT_IDENTIFIABLE, place=place),) if missing else ()
    findings: list[Refusal] = []
    for rule in _OF_THE_READING:
        found = rule(reading)
        findings += found if isinstance(found, tuple) else [found] if found else []
    return tuple(replace(one, place=_place_in_correction(one.place)) for one in findings)


def the_next_reading_follows_the_right_one(check: CorrectionCheck) -> Refusal | None:
    """A reading that is on record after the switch would not go backwards.

    Source: C5, H1 (002 a.200(1), a.210(3)).
    """
    reading = check.reading_check
    following = check.corrected.next_reading if check.corrected else None
    if reading is None or following is None:
        return None
    right = ReadingOnRecord(taken_on=reading.taken_on, registers=reading.reading.registers)
    later = replace(
        reading,
        reading=replace(
            reading.reading,
            taken_at=start_of(following.taken_on),
            registers=following.registers,
        ),
        point=replace(reading.point, last_reading=right),
    )
    if following.taken_on >= right.taken_on and not no_register_goes_backwards(later):
        return None
    return Refusal(
        reason=Reason.READING_NOT_WITHIN_LIMITS,
        place=_RIGHT_READING,
        expected=f"<={following.taken_on.isoformat()}",
    )


def the_correction_changes_what_was_recorded(check: CorrectionCheck) -> Refusal | None:
    """The right reading differs from the one the switch was carried out with.

    Source: D3 (002 a.136(3)).
    """
    right = check.right_reading
    if check.corrected is None or right is None:
        return None
    wrong = reading_of(check.corrected.switch)
    same = (
        (right.serial_number, right.taken_at, right.obtained_by)
        == (wrong.serial_number, wrong.taken_at, wrong.obtained_by)
    ) and set(right.registers) == set(wrong.registers)
    return Refusal(reason=Reason.NOTHING_CHANGES, place=_RIGHT_READING) if same else None


def _place(one: Supply | SupplyPeriod) -> tuple[Gsrn, Direction]:
    return one.accounting_point, one.direction


def _place_in_correction(of_reading: str | None) -> str:
    return (of_reading or "").replace("/MeterReading", _RIGHT_READING)
