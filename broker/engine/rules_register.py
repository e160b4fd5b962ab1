"""The rules a change for the register must keep, one function per rule of the law (D1-D4, A34).

Each returns refusals, on which the change is not taken at all (422), or nothing. Rules that need
the register are silent while the point itself is not identified.
"""

from dataclasses import replace
from decimal import Decimal

from broker.engine.legal_periods import PeriodName
from broker.engine.register_check import RegisterCheck, as_reading
from broker.engine.rules_reading import (
    ReadingCheck,
    direction_of,
    every_register_is_read_once,
    no_register_goes_backwards,
    no_value_has_more_digits_than_its_register,
    the_meter_is_the_installed_one,
    the_reading_is_not_before_the_last_one,
)
from broker.messages.codes import Direction, ObtainedBy
from broker.messages.reasons import Reason, Refusal
from broker.messages.reported_changes import (
    ChargePayer,
    Connection,
    LinkToMeter,
    PointCustomer,
    ReportedReading,
)

_EFFECTIVE_ON = "/RegisterChange/EffectiveOn"
_NEW_POINT = "/RegisterChange/Point/AccountingPoint"
_NEW_SITE = "/RegisterChange/Point/MeteringSiteGsrn"
_FIRST_SUPPLIER = "/RegisterChange/NewPoint/FirstSupplier"
_C5 = (
    the_meter_is_the_installed_one,
    every_register_is_read_once,
    no_value_has_more_digits_than_its_register,
    no_register_goes_backwards,
    the_reading_is_not_before_the_last_one,
)


def the_change_is_reported_within_its_days(check: RegisterCheck) -> Refusal | None:
    """A change is entered once it holds, and works at most 30 days back.

    A wrong reading is none of the register's data: billing data are mended however old they are.
    Source: D3, C6 (002 a.136(2), a.139(3), a.153(1)).
    """
    day = check.change.effective_on
    if check.corrected is not None and day <= check.received_on:
        return None
    last = check.rules.last_day(PeriodName.CHANGE_BACK, start=day, begun=check.received_on)
    if day <= check.received_on <= last:
        return None
    return Refusal(
        reason=Reason.CHANGE_DATE_NOT_WITHIN_LIMITS,
        place=_EFFECTIVE_ON,
        found=day.isoformat(),
        expected=f"<={check.received_on.isoformat()}",
    )


def the_changed_point_is_in_the_register(check: RegisterCheck) -> Refusal | None:
    """Accounting point, metering site and area must name one point; of a new one, a known site.

    Source: D1, D2 (002 a.138, a.142).
    """
    if check.new_point is None:
        known = check.point is not None
    else:
        site, named = check.facts.site, check.change.point
        known = site is None or named.metering_site_gsrn in (None, site.gsrn)
    return (
        None
        if known
        else Refusal(reason=Reason.POINT_NOT_IDENTIFIABLE, place="/RegisterChange/Point")
    )


def the_change_changes_something(check: RegisterCheck) -> Refusal | None:
    """What the register says already is not entered again.

    Source: D3 (002 a.136(3)).
    """
    point, change = check.point, check.change.change
    if point is None:
        return None
    match change:
        case PointCustomer():
            recorded = point.customer
            same = recorded is not None and (
                (recorded.name, recorded.tax_number, recorded.address, recorded.email)
                == (change.name, change.tax_number, change.address, change.email)
            )
        case Connection():
            same = change.connected == point.connected
        case LinkToMeter():
            same = change.remotely_read == point.remotely_read
        case ChargePayer():
            same = change.payer is point.payer
        case ReportedReading():
            wrong = check.facts.corrected
            same = wrong is not None and set(wrong.reading.registers) == set(change.registers)
        case _:
            same = False
    return Refusal(reason=Reason.NOTHING_CHANGES, place="/RegisterChange") if same else None


def the_closing_values_are_valid(check: RegisterCheck) -> tuple[Refusal, ...]:
    """The meter removed is the installed one, and its closing values keep what C5 asks.

    Source: D4, C5 (002 a.149(2), a.200(1)).
    """
    reading = _closing_reading(check)
    if reading is None:
        return ()
    findings: list[Refusal] = []
    for rule in _C5:
        found = rule(reading)
        findings += found if isinstance(found, tuple) else [found] if found else []
    return tuple(replace(one, place=_place_of_closing(one.place)) for one in findings)


def the_meter_is_still_there_to_be_exchanged(check: RegisterCheck) -> Refusal | None:
    """The meter removed was installed before that day and nothing was installed since.

    Source: D4 (002 a.149(4)).
    """
    if check.exchange is None or check.point is None:
        return None
    since, day = check.facts.meter_since, check.change.effective_on
    if since is None:
        return Refusal(reason=Reason.METER_NOT_IDENTIFIABLE, place=_EFFECTIVE_ON)
    if since < day and check.facts.meter_until is None:
        return None
    return Refusal(
        reason=Reason.CHANGE_DATE_NOT_WITHIN_LIMITS, place=_EFFECTIVE_ON, found=day.isoformat()
    )


def the_meter_is_installed_nowhere_else(check: RegisterCheck) -> Refusal | None:
    """A meter is installed at one point, and at each point once.

    Source: D4 (002 a.149(4)).
    """
    if check.installed is None or not check.facts.serial_taken:
        return None
    meter, place = check.installed
    return Refusal(
        reason=Reason.METER_INSTALLED_ELSEWHERE,
        place=f"{place}/SerialNumber",
        found=meter.serial_number,
    )


def the_new_meter_measures_every_direction(check: RegisterCheck) -> tuple[Refusal, ...]:
    """Every direction that is measured has a register on the meter, and values fit their digits.

    Those of all points that the meter measures, whichever was named.
    Source: B9, D4, C5 (002 a.149(2), a.200(1)).
    """
    if check.installed is None:
        return ()
    meter, place = check.installed
    measured = {direction_of(one.register) for one in meter.registers}
    findings = [
        Refusal(reason=Reason.REGISTER_NOT_IDENTIFIABLE, place=place, expected=direction.value)
        for direction in _directions(check)
        if direction not in measured
    ]
    findings += [
        Refusal(
            reason=Reason.READING_NOT_WITHIN_LIMITS,
            place=f"{place}/Register[{index}]/Value",
            found=str(one.value),
            expected=f"<{Decimal(10) ** one.digits}",
        )
        for index, one in enumerate(meter.registers, start=1)
        if one.value >= Decimal(10) ** one.digits
    ]
    return tuple(findings)


def a_new_number_is_the_operators(check: RegisterCheck) -> tuple[Refusal, ...]:
    """New numbers begin with the operator's prefix and the site lies in its area.

    Source: D1, D2 (002 a.138(1), a.142(1)).
    """
    if check.new_point is None:
        return ()
    named, prefix = check.change.point, check.facts.gsrn_prefix
    found = [
        Refusal(
            reason=Reason.NUMBER_NOT_OF_THE_OPERATOR,
            place=place,
            found=number,
            expected=f"{prefix}…",
        )
        for place, number in (
            (_NEW_POINT, named.accounting_point),
            (_NEW_SITE, named.metering_site_gsrn),
        )
        if number is not None and not number.startswith(prefix)
    ]
    area = check.facts.area
    if named.area != area or not named.metering_site.startswith(f"{area}-"):
        found.append(
            Refusal(
                reason=Reason.NUMBER_NOT_OF_THE_OPERATOR,
                place="/RegisterChange/Point/Area",
                found=named.area,
                expected=area,
            )
        )
    return tuple(found)


def a_new_number_was_never_given_out(check: RegisterCheck) -> tuple[Refusal, ...]:
    """A number is never given out twice; a known site keeps its own.

    Source: D1, D2 (002 a.138, a.142).
    """
    if check.new_point is None:
        return ()
    named, site = check.change.point, check.facts.site
    numbers = [(_NEW_POINT, named.accounting_point)]
    of_known_site = site is not None and site.gsrn == named.metering_site_gsrn
    if named.metering_site_gsrn is not None and not of_known_site:
        numbers.append((_NEW_SITE, named.metering_site_gsrn))
    return tuple(
        Refusal(
            reason=Reason.NUMBER_ALREADY_GIVEN_OUT,
            place=place,
            found=number,
        )
        for place, number in numbers
        if number in check.facts.given_out
    )


def the_first_suppliers_may_supply(check: RegisterCheck) -> tuple[Refusal, ...]:
    """The first suppliers are registered, active and in a balance group.

    Source: A33, A38 (002 a.124, a.190(1)).
    """
    found = []
    for index, first in enumerate(check.new_point.suppliers if check.new_point else (), start=1):
        party = check.facts.supplier(first.supplier)
        place = f"{_FIRST_SUPPLIER}[{index}]/Supplier"
        if party is None or not (party.active and party.supplier):
            found.append(
                Refusal(reason=Reason.UNAUTHORISED_SUPPLIER, place=place, found=first.supplier)
            )
        elif not party.in_balance_group:
            found.append(Refusal(reason=Reason.UNAUTHORISED_BALANCE_RESPONSIBLE, place=place))
    return tuple(found)


def self_supply_begins_with_one_supplier_of_both_directions(
    check: RegisterCheck,
) -> Refusal | None:
    """A self-supply point has both directions and one supplier for them.

    Source: A36, A38, interpretation 13 (002 a.169(1)).
    """
    new = check.new_point
    if new is None or not new.self_supply:
        return None
    if len(new.suppliers) == len(Direction) and len({s.supplier for s in new.suppliers}) == 1:
        return None
    return Refusal(reason=Reason.DIRECTIONS_DO_NOT_MATCH_POINT, place=_FIRST_SUPPLIER)


def _directions(check: RegisterCheck) -> tuple[Direction, ...]:
    if check.new_point is not None:
        return tuple(first.direction for first in check.new_point.suppliers)
    return check.facts.measured if check.point else ()


def _closing_reading(check: RegisterCheck) -> ReadingCheck | None:
    """The closing values as the reading they are, for the rules of C5."""
    exchange = check.exchange
    if exchange is None:
        return None
    return as_reading(
        check,
        serial_number=exchange.old_serial_number,
        registers=exchange.closing,
        taken_on=check.change.effective_on,
        obtained_by=ObtainedBy.OPERATOR,
    )


def _place_of_closing(place: str | None) -> str:
    """The place in the change of what C5 found in the closing values."""
    if place == "/MeterReading/TakenAt":
        return _EFFECTIVE_ON
    return (place or "").replace("/MeterReading", "/RegisterChange/MeterExchange/OldMeter", 1)
