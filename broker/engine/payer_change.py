"""A change of the payer without a switch: on what reading it is made, who is told what (A35)."""

from dataclasses import replace

from broker.engine.addressees import of_no_case
from broker.engine.calendar import start_of
from broker.engine.estimate import estimated, interpolated
from broker.engine.facts import ReadingOnRecord
from broker.engine.notices_settlement import of_directions
from broker.engine.register_check import RegisterCheck, as_reading
from broker.engine.rules_reading import ReadingCheck
from broker.engine.settle import settlement_of
from broker.messages.codes import (
    BillingReason,
    Direction,
    ObtainedBy,
    PayerGround,
    RegisterChangeKind,
    Role,
)
from broker.messages.identifiers import Eic
from broker.messages.notices import (
    Addressee,
    Customer,
    FinalSettlement,
    Notice,
    PointNumber,
    RegisterChangeNotice,
    SupplierName,
)
from broker.messages.register_changes import PayerChanged, ReadingRecorded, RegisterEntry
from broker.messages.reported_changes import ChargePayer
from broker.messages.requests import RegisterValue

_TOLD_TO_THE_CUSTOMER = (PayerGround.BREACH, PayerGround.CONTRACT_END)


def given_reading(check: RegisterCheck) -> ReadingCheck | None:
    """The reading that was reported with the change, of the day it was taken."""
    change = check.payer_change
    if change is None or change.reading is None:
        return None
    one = change.reading
    return as_reading(
        check,
        serial_number=one.serial_number,
        registers=one.registers,
        taken_on=one.taken_on,
        obtained_by=one.obtained_by,
    )


def reading_of_the_day(check: RegisterCheck) -> ReadingCheck | None:
    """The reading with which the payer changes: given, on record, dated or estimated to the day.

    A later one is dated back in proportion to the days; only on a breach may there be none at all.
    None where nothing tells what the meter showed.
    Source: A35, C4 (002 a.135).
    """
    point, meter, change = check.point, check.meter, check.payer_change
    if point is None or meter is None or change is None:
        return None
    day, last, given = check.change.effective_on, point.last_reading, given_reading(check)
    if given is not None and given.taken_on == day:
        return given
    if given is not None:
        later = ReadingOnRecord(taken_on=given.taken_on, registers=given.reading.registers)
        between = last is not None and last.taken_on <= day <= later.taken_on
        values = interpolated(meter, last, later, day) if last and between else None
        return _dated(check, values, given.reading.obtained_by)
    if last is None or last.taken_on > day:
        return None
    if last.taken_on == day:
        return _dated(check, last.registers, ObtainedBy.OPERATOR)
    if change.ground is not PayerGround.BREACH:
        return None
    return _dated(check, estimated(meter, last, point.averages, day), ObtainedBy.ESTIMATE)


def payer_entries(check: RegisterCheck, change: ChargePayer) -> tuple[RegisterEntry, ...]:
    """Who pays from that day on, and the reading of the day where it is not on record yet.

    Source: A35 (002 a.132, a.135).
    """
    point, on = check.change.point.accounting_point, check.change.effective_on
    paid = PayerChanged(accounting_point=point, payer=change.payer, on=on, case_id=None)
    read = reading_of_the_day(check)
    if read is None or _is_on_record(check):
        return (paid,)
    recorded = ReadingRecorded(
        accounting_point=point,
        serial_number=read.reading.serial_number,
        taken_at=start_of(on),
        obtained_by=read.reading.obtained_by,
        registers=read.reading.registers,
        case_id=None,
    )
    return (paid, recorded)


def payer_notices(check: RegisterCheck, change: ChargePayer) -> tuple[Notice, ...]:
    """Besides A32: settlement data to the supplier of consumption, and word to the customer.

    They are drawn up from the last reading to that of the day, reason of billing 11; a billing
    reading on record for the day has closed the period already. No supplier of a share paid, so
    none is settled (B11). The customer is told, with its right to switch, where the supplier's
    contract has ended, by breach or otherwise.
    Source: A35, H1, H8 (002 a.134, a.135, a.210(3)).
    """
    notices: list[Notice] = []
    point, read, whole = check.point, reading_of_the_day(check), check.whole_supply
    if whole is not None and read is not None and not _is_on_record(check):
        settlement = settlement_of(read, BillingReason.CHANGE_OF_PAYER)
        notices.append(
            FinalSettlement(
                to=of_no_case(whole.supplier),
                point=replace(_point(check), accounting_point=whole.accounting_point),
                supplier=SupplierName(
                    eic=whole.supplier,
                    name=_name(check, whole.supplier),
                    directions=(Direction.CONSUMPTION,),
                ),
                settlement=of_directions(settlement, (Direction.CONSUMPTION,)),
            )
        )
    if change.ground in _TOLD_TO_THE_CUSTOMER and point is not None and point.customer is not None:
        one = point.customer
        customer = Customer(name=one.name, address=one.address, email=one.email)
        notices.append(
            RegisterChangeNotice(
                to=Addressee(
                    party=check.facts.operator,
                    role=Role.GRID_OPERATOR,
                    case_id=None,
                    reference=None,
                    customer=customer,
                ),
                point=_point(check),
                change=RegisterChangeKind.PAYER,
                effective_on=check.change.effective_on,
                customer_may_switch=True,
            )
        )
    return tuple(notices)


def _dated(
    check: RegisterCheck, values: tuple[RegisterValue, ...] | None, obtained_by: ObtainedBy
) -> ReadingCheck | None:
    if values is None or check.meter is None:
        return None
    return as_reading(
        check,
        serial_number=check.meter.serial_number,
        registers=values,
        taken_on=check.change.effective_on,
        obtained_by=obtained_by,
    )


def _is_on_record(check: RegisterCheck) -> bool:
    last = check.point.last_reading if check.point else None
    return last is not None and last.taken_on == check.change.effective_on


def _point(check: RegisterCheck) -> PointNumber:
    named = check.change.point
    return PointNumber(accounting_point=named.accounting_point, metering_site=named.metering_site)


def _name(check: RegisterCheck, eic: Eic) -> str:
    party = check.facts.supplier(eic)
    if party is None:
        raise LookupError(f"no participant {eic} in the facts")
    return party.name
