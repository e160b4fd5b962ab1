"""The rules a change of the payer without a switch must keep, one function per rule (A34, A35)."""

from dataclasses import replace

from broker.engine.payer_change import given_reading, reading_of_the_day
from broker.engine.register_check import RegisterCheck
from broker.engine.rules_reading import (
    ReadingCheck,
    every_register_is_read_once,
    no_register_goes_backwards,
    no_value_has_more_digits_than_its_register,
    the_meter_is_the_installed_one,
    the_reading_is_not_before_the_last_one,
)
from broker.messages.codes import ObtainedBy, Payer, PayerGround
from broker.messages.reasons import Reason, Refusal

_EFFECTIVE_ON = "/RegisterChange/EffectiveOn"
_CHANGE = "/RegisterChange/PayerChange"
_READING = f"{_CHANGE}/Reading"
_PAYERS = {
    PayerGround.AGREED: (Payer.CUSTOMER, Payer.SUPPLIER),
    PayerGround.CONTRACT_START: (Payer.SUPPLIER,),
    PayerGround.CONTRACT_END: (Payer.CUSTOMER,),
    PayerGround.BREACH: (Payer.CUSTOMER,),
}
_C5 = (
    the_meter_is_the_installed_one,
    every_register_is_read_once,
    no_value_has_more_digits_than_its_register,
    no_register_goes_backwards,
    the_reading_is_not_before_the_last_one,
)


def a_supplier_that_pays_may_pay(check: RegisterCheck) -> Refusal | None:
    """The supplier of consumption pays only by its contract with the operator, never if shared.

    It must supply all that the meter measures, from that day until now.
    Source: A34, A35, B11 (002 a.125, a.129, a.132, a.210(6)).
    """
    change, whole = check.payer_change, check.whole_supply
    if check.point is None or change is None or change.payer is Payer.CUSTOMER:
        return None
    party = check.facts.supplier(whole.supplier) if whole in check.facts.concerned else None
    if party is not None and party.pays_network_charge:
        return None
    return Refusal(
        reason=Reason.NO_VALID_GRID_ACCESS_CONTRACT, place=f"{_CHANGE}/NetworkChargePayer"
    )


def the_ground_fits_the_payer(check: RegisterCheck) -> Refusal | None:
    """The supplier begins to pay with its contract, and ceases with its end or its breach.

    Source: A35 (002 a.132).
    """
    change = check.payer_change
    if change is None or change.payer in _PAYERS[change.ground]:
        return None
    return Refusal(
        reason=Reason.REASON_NOT_FOR_THIS_USE,
        place=f"{_CHANGE}/Ground",
        found=change.ground.value,
    )


def a_breach_ends_on_the_first_of_a_month_after_written_notice(
    check: RegisterCheck,
) -> tuple[Refusal, ...]:
    """The operator withdraws on the first day of a month, after it has said so in writing.

    Source: A35 (002 a.133).
    """
    change, day = check.payer_change, check.change.effective_on
    if change is None or change.ground is not PayerGround.BREACH:
        return ()
    found = []
    if day != day.replace(day=1):
        found.append(
            Refusal(
                reason=Reason.CHANGE_DATE_NOT_WITHIN_LIMITS,
                place=_EFFECTIVE_ON,
                found=day.isoformat(),
                expected=f"{day:%Y-%m}-01",
            )
        )
    noticed_on = change.written_notice_on
    if noticed_on is None or noticed_on >= day:
        found.append(
            Refusal(
                reason=Reason.CHANGE_DATE_NOT_WITHIN_LIMITS,
                place=f"{_CHANGE}/WrittenNoticeOn",
                found=None if noticed_on is None else noticed_on.isoformat(),
                expected=f"<{day.isoformat()}",
            )
        )
    return tuple(found)


def the_payer_changes_with_a_reading_of_the_day(check: RegisterCheck) -> tuple[Refusal, ...]:
    """The payer changes with a reading of the day; on a breach it may be dated or estimated to it.

    The reading is that of the next billing, given here or on record for the day, and keeps what C5
    asks. An estimate is the operator's own: nobody reports one.
    Source: A35, C4, C5 (002 a.135, a.200(1)).
    """
    change, given = check.payer_change, given_reading(check)
    if change is None or check.point is None or check.meter is None:
        return ()
    if given is None:
        if reading_of_the_day(check) is not None:
            return ()
        return tuple(
            Refusal(reason=Reason.REGISTER_NOT_IDENTIFIABLE, place=_CHANGE, expected=one.register)
            for one in check.meter.registers
        )
    found = [replace(one, place=_place(one.place)) for one in _against_c5(given)]
    day, taken_on = check.change.effective_on, given.taken_on
    dated_back = change.ground is PayerGround.BREACH and day < taken_on <= check.received_on
    if taken_on != day and not dated_back:
        found.append(
            Refusal(
                reason=Reason.READING_NOT_WITHIN_LIMITS,
                place=f"{_READING}/TakenOn",
                found=taken_on.isoformat(),
                expected=day.isoformat(),
            )
        )
    if given.reading.obtained_by is ObtainedBy.ESTIMATE:
        found.append(Refusal(reason=Reason.READING_BY_WRONG_ROUTE, place=f"{_READING}/ObtainedBy"))
    return tuple(found)


def _against_c5(reading: ReadingCheck) -> list[Refusal]:
    findings: list[Refusal] = []
    for rule in _C5:
        found = rule(reading)
        findings += found if isinstance(found, tuple) else [found] if found else []
    return findings


def _place(place: str | None) -> str:
    """The place in the change of what C5 found in the reading."""
    return (place or "").replace("TakenAt", "TakenOn").replace("/MeterReading", _READING, 1)
