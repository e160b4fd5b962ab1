"""What becomes of a change the back office reports: entered whole with its notices, or refused.

It is of no case; a case in progress at the point learns of it as an event.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from broker.engine import rules_correction as correction
from broker.engine import rules_payer as payer
from broker.engine import rules_register as register
from broker.engine.calendar import local_day, start_of
from broker.engine.decision import Refused
from broker.engine.facts import SupplyFacts
from broker.engine.payer_change import payer_entries, payer_notices
from broker.engine.register_check import ChangeFacts, RegisterCheck
from broker.engine.rulebook import Rulebook
from broker.messages.codes import ObtainedBy, RegisterChangeKind, Role
from broker.messages.events import PointChanged
from broker.messages.identifiers import AreaNumber, Eic, Gsrn
from broker.messages.notices import Addressee, Notice, PointNumber, RegisterChangeNotice
from broker.messages.reasons import Refusal
from broker.messages.register_changes import (
    ConnectionRecorded,
    CustomerRecorded,
    LinkRecorded,
    MeterInstalled,
    MeterRemoved,
    PointRecorded,
    ReadingCancelled,
    ReadingRecorded,
    RegisterEntry,
    SiteReached,
    SupplyChanged,
)
from broker.messages.reported_changes import (
    ChargePayer,
    Connection,
    InstalledMeter,
    LinkToMeter,
    MeterExchange,
    NewPoint,
    PointCustomer,
    RegisterChanged,
    ReportedChange,
    ReportedReading,
)
from broker.messages.requests import RegisterValue

Found = Refusal | tuple[Refusal, ...] | None

OF_REGISTER_CHANGE: tuple[Callable[[RegisterCheck], Found], ...] = (
    register.the_change_is_reported_within_its_days,
    register.the_changed_point_is_in_the_register,
    register.the_change_changes_something,
    register.the_closing_values_are_valid,
    register.the_meter_is_still_there_to_be_exchanged,
    register.the_meter_is_installed_nowhere_else,
    register.the_new_meter_measures_every_direction,
    payer.a_supplier_that_pays_may_pay,
    payer.the_ground_fits_the_payer,
    payer.a_breach_ends_on_the_first_of_a_month_after_written_notice,
    payer.the_payer_changes_with_a_reading_of_the_day,
    correction.the_corrected_reading_is_the_customers,
    correction.the_right_values_are_valid,
    correction.every_period_billed_from_it_can_be_made_anew,
    register.a_new_number_is_the_operators,
    register.a_new_number_was_never_given_out,
    register.the_first_suppliers_may_supply,
    register.self_supply_begins_with_one_supplier_of_both_directions,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDecision:
    """What is entered and recorded, who is told, what a case at the point learns."""

    record: RegisterChanged
    entries: tuple[RegisterEntry, ...]
    notices: tuple[Notice, ...]
    event: PointChanged


def decide_register_change(
    change: ReportedChange, *, facts: ChangeFacts, now: datetime, rules: Rulebook
) -> ChangeDecision | Refused:
    """The decision on a reported change: taken with everything that follows, or all its codes.

    Source: D3, D4, A32 (002 a.136, a.139, a.141, a.149).
    """
    check = RegisterCheck(change=change, received_on=local_day(now), facts=facts, rules=rules)
    refusals = examine_register_change(check)
    if refusals:
        return Refused(refusals)
    return ChangeDecision(
        record=RegisterChanged(at=now, change=change, rules_version=rules.version),
        entries=_entries(check),
        notices=_notices(check),
        event=PointChanged(change=change.kind, effective_on=change.effective_on),
    )


def examine_register_change(check: RegisterCheck) -> tuple[Refusal, ...]:
    """Everything that speaks against the change, in the order of the rules."""
    findings: list[Refusal] = []
    for rule in OF_REGISTER_CHANGE:
        found = rule(check)
        findings += found if isinstance(found, tuple) else [found] if found else []
    return tuple(findings)


def way_of_metering_changes(check: RegisterCheck) -> bool:
    """Whether an exchange changes the registers that count, their multipliers or the link.

    Source: D4 (002 a.149(2)).
    """
    exchange, point = check.exchange, check.point
    if exchange is None or point is None or point.meter is None:
        return False
    before = {(one.register, one.multiplier) for one in point.meter.registers}
    after = {(one.register, one.multiplier) for one in exchange.new.registers}
    return before != after or exchange.new.remotely_read != point.remotely_read


def notices_of_change(
    site: AreaNumber,
    change: RegisterChangeKind,
    effective_on: date,
    supplies: Iterable[SupplyFacts],
) -> tuple[RegisterChangeNotice, ...]:
    """The notice of a change at the site to the supplier of each of these, once.

    It carries the number of its own point, of several the first.
    Source: A32, H2, interpretation 9 (002 a.141, a.218).
    """
    own: dict[Eic, Gsrn] = {}
    for one in supplies:
        own.setdefault(one.supplier, one.accounting_point)
    return tuple(
        RegisterChangeNotice(
            to=Addressee(party=supplier, role=Role.SUPPLIER, case_id=None, reference=None),
            point=PointNumber(accounting_point=point, metering_site=site),
            change=change,
            effective_on=effective_on,
        )
        for supplier, point in own.items()
    )


def _notices(check: RegisterCheck) -> tuple[Notice, ...]:
    """To the point's suppliers, unless an exchange leaves the way of metering as it was.

    Source: A32, D4 (002 a.141, a.149(2)).
    """
    if check.exchange is not None and not way_of_metering_changes(check):
        return ()
    site, kind, on = check.change.point.metering_site, check.change.kind, check.change.effective_on
    to_suppliers = notices_of_change(site, kind, on, _concerned(check))
    also = payer_notices(check, check.payer_change) if check.payer_change else ()
    return (*to_suppliers, *also)


def _concerned(check: RegisterCheck) -> tuple[SupplyFacts, ...]:
    """The present supplies which the change concerns, of a new point its first.

    Billing data made anew are told to the suppliers of the periods (H8), others have none of them.
    """
    if check.corrected is not None:
        wrong = check.facts.corrected
        return wrong.supplies if wrong and correction.quantities_made_anew(check) else ()
    if check.new_point is not None:
        point = check.change.point.accounting_point
        return tuple(
            SupplyFacts(
                accounting_point=point,
                direction=first.direction,
                supplier=first.supplier,
                share=Decimal(1),
            )
            for first in check.new_point.suppliers
        )
    return check.facts.concerned


def _entries(check: RegisterCheck) -> tuple[RegisterEntry, ...]:
    point = check.change.point.accounting_point
    match check.change.change:
        case MeterExchange() as exchange:
            return _exchange(check, exchange)
        case PointCustomer() as customer:
            return (CustomerRecorded(accounting_point=point, customer=customer),)
        case Connection(connected=connected):
            return (ConnectionRecorded(accounting_point=point, connected=connected),)
        case LinkToMeter(remotely_read=remotely_read):
            return (LinkRecorded(accounting_point=point, remotely_read=remotely_read),)
        case ChargePayer() as change:
            return payer_entries(check, change)
        case ReportedReading() as reading:
            return _correction(check, reading)
        case NewPoint() as new:
            return _new_point(check, new)


def _correction(check: RegisterCheck, reading: ReportedReading) -> tuple[RegisterEntry, ...]:
    """The wrong reading and what was billed from it are cancelled; the right one takes its place.

    Source: C6 (002 a.153(1)).
    """
    point = check.change.point.accounting_point
    cancelled = ReadingCancelled(
        accounting_point=point,
        serial_number=reading.serial_number,
        taken_on=reading.taken_on,
        on=check.received_on,
    )
    right = ReadingRecorded(
        accounting_point=point,
        serial_number=reading.serial_number,
        taken_at=start_of(reading.taken_on),
        obtained_by=reading.obtained_by,
        registers=reading.registers,
        case_id=None,
    )
    return (cancelled, right, *correction.quantities_made_anew(check))


def _exchange(check: RegisterCheck, exchange: MeterExchange) -> tuple[RegisterEntry, ...]:
    """The old meter goes with its closing values, the new one comes with its opening values.

    Who has exchanged the meter has reached it.
    Source: A21, D4 (002 a.149(2), a.149(4), a.199(1)).
    """
    point, on = check.change.point.accounting_point, check.change.effective_on
    closing = ReadingRecorded(
        accounting_point=point,
        serial_number=exchange.old_serial_number,
        taken_at=start_of(on),
        obtained_by=ObtainedBy.OPERATOR,
        registers=exchange.closing,
        case_id=None,
    )
    link = LinkRecorded(accounting_point=point, remotely_read=exchange.new.remotely_read)
    inaccessible = check.point is not None and check.point.inaccessible_since is not None
    reached = (SiteReached(accounting_point=point, on=on),) if inaccessible else ()
    return (
        closing,
        MeterRemoved(accounting_point=point, serial_number=exchange.old_serial_number, on=on),
        *_installed(check, exchange.new),
        link,
        *reached,
    )


def _new_point(check: RegisterCheck, new: NewPoint) -> tuple[RegisterEntry, ...]:
    """A new point with its meter; its supply begins with the contract of use.

    Source: A38, D1, D2 (002 a.162(7), a.171(4)).
    """
    named, on = check.change.point, check.change.effective_on
    supplies = tuple(
        SupplyChanged(
            accounting_point=named.accounting_point,
            direction=first.direction,
            old=None,
            new=first.supplier,
            share=Decimal(1),
            on=on,
            case_id=None,
        )
        for first in new.suppliers
    )
    customer = CustomerRecorded(accounting_point=named.accounting_point, customer=new.customer)
    recorded = PointRecorded(point=named, new=new)
    return (recorded, customer, *_installed(check, new.meter), *supplies)


def _installed(check: RegisterCheck, meter: InstalledMeter) -> tuple[RegisterEntry, ...]:
    point, on = check.change.point.accounting_point, check.change.effective_on
    opening = ReadingRecorded(
        accounting_point=point,
        serial_number=meter.serial_number,
        taken_at=start_of(on),
        obtained_by=ObtainedBy.OPERATOR,
        registers=tuple(
            RegisterValue(register=one.register, value=one.value) for one in meter.registers
        ),
        case_id=None,
    )
    return MeterInstalled(accounting_point=point, meter=meter, on=on), opening
