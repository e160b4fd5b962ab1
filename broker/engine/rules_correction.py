"""The rules a correction of a customer's wrong monthly reading must keep, and what it makes anew.

The billing data that were made from the wrong reading are cancelled and made from the right one,
which takes the readings at both ends of each period.
"""

from dataclasses import replace

from broker.engine.facts import ReadingOnRecord
from broker.engine.register_check import BilledPeriod, RegisterCheck, as_reading
from broker.engine.rules_reading import (
    ReadingCheck,
    every_register_is_read_once,
    no_register_goes_backwards,
    no_value_has_more_digits_than_its_register,
    the_meter_is_the_installed_one,
)
from broker.engine.settle import whole_kwh
from broker.messages.codes import ObtainedBy
from broker.messages.reasons import Reason, Refusal
from broker.messages.register_changes import QuantityBilledAnew

_READING = "/RegisterChange/CorrectedReading"
_C5 = (
    the_meter_is_the_installed_one,
    every_register_is_read_once,
    no_value_has_more_digits_than_its_register,
    no_register_goes_backwards,
)


def the_corrected_reading_is_the_customers(check: RegisterCheck) -> Refusal | None:
    """A monthly reading of the customer is corrected: on record for the day, and of no switch.

    It is corrected by a reading, not by an estimate.
    Source: C6 (002 a.153(1)).
    """
    given, wrong = check.corrected, check.facts.corrected
    if given is None or check.point is None:
        return None
    if wrong is None or given.taken_on != check.change.effective_on:
        return Refusal(
            reason=Reason.READING_NOT_WITHIN_LIMITS,
            place=f"{_READING}/TakenOn",
            found=given.taken_on.isoformat(),
        )
    by_customer = wrong.obtained_by is ObtainedBy.CUSTOMER and not wrong.of_a_case
    if by_customer and given.obtained_by is not ObtainedBy.ESTIMATE:
        return None
    return Refusal(
        reason=Reason.READING_BY_WRONG_ROUTE,
        place=_READING,
        found=wrong.obtained_by.value,
        expected=ObtainedBy.CUSTOMER.value,
    )


def the_right_values_are_valid(check: RegisterCheck) -> tuple[Refusal, ...]:
    """The right values keep what C5 asks, between the readings before and after.

    Source: C5, C6 (002 a.153(1), a.200(1)).
    """
    reading = _right_reading(check)
    if reading is None:
        return ()
    findings: list[Refusal] = []
    for rule in _C5:
        found = rule(reading)
        findings += found if isinstance(found, tuple) else [found] if found else []
    return tuple(
        replace(one, place=(one.place or "").replace("/MeterReading", _READING, 1))
        for one in findings
    )


def every_period_billed_from_it_can_be_made_anew(check: RegisterCheck) -> tuple[Refusal, ...]:
    """Each period billed from the wrong reading has a reading at its other end too.

    Source: C6 (002 a.153(1)).
    """
    return tuple(
        Refusal(
            reason=Reason.READING_NOT_WITHIN_LIMITS,
            place=_READING,
            expected=f"{one.from_day.isoformat()}/{one.to_day.isoformat()}",
        )
        for one in _billed(check)
        if _made_anew(check, one) is None
    )


def quantities_made_anew(check: RegisterCheck) -> tuple[QuantityBilledAnew, ...]:
    """The billed quantities that the right reading changes, old and new in whole kWh.

    Source: C3, C6 (002 a.153(1), a.212).
    """
    return tuple(
        QuantityBilledAnew(
            accounting_point=check.change.point.accounting_point,
            direction=one.direction,
            from_day=one.from_day,
            to_day=one.to_day,
            cancelled_kwh=one.kwh,
            kwh=kwh,
            on=check.received_on,
        )
        for one in _billed(check)
        if (kwh := _made_anew(check, one)) is not None and kwh != one.kwh
    )


def _billed(check: RegisterCheck) -> tuple[BilledPeriod, ...]:
    wrong = check.facts.corrected
    return wrong.billed if wrong is not None and check.corrected is not None else ()


def _right_reading(check: RegisterCheck) -> ReadingCheck | None:
    """The right reading, with the one before as the last and the one after as a closing one."""
    given, wrong = check.corrected, check.facts.corrected
    if given is None or wrong is None:
        return None
    reading = as_reading(
        check,
        serial_number=given.serial_number,
        registers=given.registers,
        taken_on=given.taken_on,
        obtained_by=given.obtained_by,
    )
    if reading is None:
        return None
    around = replace(reading.point, last_reading=wrong.before, closing=wrong.after)
    return replace(reading, point=around)


def _made_anew(check: RegisterCheck, period: BilledPeriod) -> int | None:
    """The quantity of a period that ends or begins with the right reading."""
    right, wrong = _right_reading(check), check.facts.corrected
    if right is None or wrong is None:
        return None
    if period.to_day == right.taken_on:
        begins = wrong.before is not None and wrong.before.taken_on == period.from_day
        energy = right.energy(period.direction) if begins else None
    else:
        after = wrong.after
        if after is None or after.taken_on != period.to_day:
            return None
        opening = ReadingOnRecord(taken_on=right.taken_on, registers=right.reading.registers)
        ending = replace(
            right,
            reading=replace(right.reading, registers=after.registers),
            point=replace(right.point, last_reading=opening),
        )
        energy = ending.energy(period.direction)
    return None if energy is None else whole_kwh(energy)
