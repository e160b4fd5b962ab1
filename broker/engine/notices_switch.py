"""Who is told what about a switch: the notices each outcome owes (A10-A17, A26, A28, A29).

Each party gets one document of each kind, however many capacities it has, and only of its own
directions (interpretations 9, 13).
"""

from dataclasses import replace
from datetime import date

from broker.engine.calendar import local_day
from broker.engine.facts import Facts, MeterFacts, PointFacts
from broker.engine.rules_reading import direction_of
from broker.engine.state import Review, SwitchCase
from broker.messages.codes import Direction, RegisterChangeKind, Role
from broker.messages.events import GivenReason
from broker.messages.identifiers import Eic, MessageId, ObisCode
from broker.messages.notices import (
    Addressee,
    ApprovalNotice,
    ApprovalNoticeToOldSupplier,
    Customer,
    FinalSettlement,
    LastReading,
    Notice,
    PointNumber,
    ReadingOrder,
    ReadingRejection,
    ReceiptConfirmation,
    RegisterChangeNotice,
    RejectionNotice,
    SiteVisitNotice,
    SupplierName,
    SwitchCompleted,
    SwitchFailed,
    WithdrawalConfirmation,
)
from broker.messages.records import Plan, ReadingOrdered
from broker.messages.requests import ChosenSupplier, MeterReading, RegisterValue


def approval(case: SwitchCase, plan: Plan, point: PointFacts, facts: Facts) -> tuple[Notice, ...]:
    """Approval to applicant and new supplier, and the poorer notice to the old (A12, A15, A16)."""
    if point.meter is None:
        raise ValueError("a point without meter is not connected and cannot be approved (A1)")
    customer = _customer_applicant(case, facts)
    new_suppliers = _new_suppliers(case, facts)
    told = [(_addressee(case, supplier.eic), supplier) for supplier in new_suppliers]
    told += [(customer, supplier) for supplier in new_suppliers if customer]
    to_new = [
        ApprovalNotice(
            to=to,
            point=_point(case),
            new_supplier=supplier,
            expected_date=plan.expected_date,
            reading_method=plan.reading_method,
            reading_from=plan.reading_from,
            reading_to=plan.reading_to,
            serial_number=point.meter.serial_number,
            last_reading=_last_reading(point, supplier.directions),
        )
        for to, supplier in told
    ]
    to_old = [
        ApprovalNoticeToOldSupplier(
            to=_addressee(case, supplier.eic),
            point=_point(case),
            old_supplier=supplier,
            expected_date=plan.expected_date,
        )
        for supplier in _old_suppliers(case, facts)
    ]
    return (*to_new, *to_old)


def receipt(case: SwitchCase, facts: Facts) -> tuple[Notice, ...]:
    """Receipt is confirmed to a customer that applied itself; others have the answer (A10)."""
    customer = _customer_applicant(case, facts)
    if customer is None:
        return ()
    received_on = local_day(case.received_at)
    return (ReceiptConfirmation(to=customer, point=_point(case), received_on=received_on),)


def rejection(
    case: SwitchCase, reasons: tuple[GivenReason, ...], facts: Facts
) -> tuple[Notice, ...]:
    """Rejection to the applicant, as codes (A11, A14, A17)."""
    changing = {c.direction for c in case.changes}
    chosen: dict[Eic, list[ChosenSupplier]] = {}
    for one in case.request.chosen:
        if not changing or one.direction in changing:
            chosen.setdefault(one.supplier, []).append(one)
    new = tuple(
        SupplierName(eic=eic, name=of[0].name, directions=tuple(one.direction for one in of))
        for eic, of in chosen.items()
    )
    notice = RejectionNotice(
        to=_applicant(case, facts),
        point=_point(case),
        new_suppliers=new,
        reasons=reasons,
    )
    return (notice,)


def withdrawal(case: SwitchCase, facts: Facts) -> tuple[Notice, ...]:
    """The withdrawal is confirmed to the applicant (A13)."""
    return (WithdrawalConfirmation(to=_applicant(case, facts), point=_point(case)),)


def completion(case: SwitchCase, reading: MeterReading, facts: Facts) -> tuple[Notice, ...]:
    """Completion to the new and to the old supplier, each with its own name (A28)."""
    switch_date = local_day(reading.taken_at)
    new = [(supplier, True) for supplier in _new_suppliers(case, facts)]
    old = [(supplier, False) for supplier in _old_suppliers(case, facts)]
    return tuple(
        SwitchCompleted(
            to=_addressee(case, supplier.eic),
            point=_point(case),
            new_supplier=supplier if is_new else None,
            old_supplier=None if is_new else supplier,
            switch_date=switch_date,
            registers=_of(reading.registers, supplier.directions),
            obtained_by=reading.obtained_by,
        )
        for supplier, is_new in new + old
    )


def final_settlements(case: SwitchCase, facts: Facts) -> tuple[Notice, ...]:
    """The final settlement to each old supplier, of the registers of its directions (A24, A30)."""
    settlement = case.settlement
    if settlement is None:
        raise AssertionError("a switch carried out has a settlement")
    return tuple(
        FinalSettlement(
            to=_addressee(case, supplier.eic),
            point=_point(case),
            old_supplier=supplier,
            settlement=replace(
                settlement,
                registers=tuple(
                    one
                    for one in settlement.registers
                    if _measures(one.register, supplier.directions)
                ),
            ),
        )
        for supplier in _old_suppliers(case, facts)
    )


def register_change(
    case: SwitchCase, change: RegisterChangeKind, on: date, facts: Facts
) -> tuple[Notice, ...]:
    """The register was changed: with this the old supplier loses sight of the point (A32)."""
    return tuple(
        RegisterChangeNotice(
            to=_addressee(case, supplier.eic), point=_point(case), change=change, effective_on=on
        )
        for supplier in _old_suppliers(case, facts)
    )


def register_change_to_new(
    case: SwitchCase, change: RegisterChangeKind, on: date, facts: Facts
) -> tuple[Notice, ...]:
    """The switch was undone: with this the new supplier loses sight of the point (A32)."""
    return tuple(
        RegisterChangeNotice(
            to=_addressee(case, supplier.eic), point=_point(case), change=change, effective_on=on
        )
        for supplier in _new_suppliers(case, facts)
    )


def failure(case: SwitchCase, ground: GivenReason, facts: Facts) -> tuple[Notice, ...]:
    """Failure to applicant, new and old supplier (A29).

    A customer that applied itself is told its legal remedies; without the operator's wording that
    copy is not sent (A37).
    """
    told = [s.eic for s in (*_new_suppliers(case, facts), *_old_suppliers(case, facts))]
    notices = [
        SwitchFailed(to=_addressee(case, eic), point=_point(case), ground=ground)
        for eic in dict.fromkeys(told)
    ]
    customer = _customer_applicant(case, facts)
    if customer is not None and facts.legal_remedies is not None:
        notices.append(
            SwitchFailed(
                to=customer,
                point=_point(case),
                ground=ground,
                legal_remedies=facts.legal_remedies,
            )
        )
    return tuple(notices)


def site_visit(case: SwitchCase, plan: Plan, facts: Facts) -> tuple[Notice, ...]:
    """The operator will visit the site: to the customer, the old and the new supplier (A21)."""
    told = [s.eic for s in (*_new_suppliers(case, facts), *_old_suppliers(case, facts))]
    addressees = [_addressee(case, eic) for eic in dict.fromkeys(told)]
    return tuple(
        SiteVisitNotice(
            to=to, point=_point(case), visit_from=plan.reading_from, visit_to=plan.reading_to
        )
        for to in (*addressees, _customer(case, facts))
    )


def reading_order(
    case: SwitchCase, ordered: ReadingOrdered, meter: MeterFacts, facts: Facts
) -> Notice:
    """An order to the metering centre for a remote reading (A19)."""
    return ReadingOrder(
        to=Addressee(
            party=facts.metering_centre,
            role=Role.METERING_CENTRE,
            case_id=case.case_id,
            reference=None,
        ),
        point=_point(case),
        serial_number=meter.serial_number,
        read_for=ordered.read_for,
        answer_by=ordered.answer.act_at,
        order_number=ordered.order_number,
        registers=tuple(one.register for one in meter.registers),
    )


def refused_reading(
    case: SwitchCase, review: Review, reasons: tuple[GivenReason, ...]
) -> tuple[Notice, ...]:
    """A reading refused after review is told to its sender (A26)."""
    header = review.reading.header
    to = Addressee(
        party=header.sender,
        role=review.sender_role,
        case_id=case.case_id,
        reference=header.message_id,
    )
    notice = ReadingRejection(
        to=to,
        point=_point(case),
        taken_on=local_day(review.reading.taken_at),
        reasons=reasons,
    )
    return (notice,)


def _addressee(case: SwitchCase, party: Eic) -> Addressee:
    """The party as a supplier; the request is referred to only where it sent it as such.

    The operator that enters a customer's request may itself be the old supplier (A37, A38).
    """
    header = case.request.header
    return Addressee(
        party=party,
        role=Role.SUPPLIER,
        case_id=case.case_id,
        reference=header.message_id
        if party == header.sender and header.sender_role is Role.SUPPLIER
        else None,
    )


def _applicant(case: SwitchCase, facts: Facts) -> Addressee:
    """Who applied: the customer through the operator's mailbox, else the new supplier (A37)."""
    sender = case.request.header.sender
    return _customer_applicant(case, facts) or _addressee(case, sender)


def _customer_applicant(case: SwitchCase, facts: Facts) -> Addressee | None:
    """The customer that applied itself, None where a supplier did."""
    if case.request.customer_application is None:
        return None
    return _customer(case, facts, case.request.header.message_id)


def _customer(case: SwitchCase, facts: Facts, reference: MessageId | None = None) -> Addressee:
    """The customer, told through the operator's mailbox at its address in the register (A37).

    Where the register has no customer, as the request names it.
    """
    recorded = facts.point.customer if facts.point else None
    party = case.request.contracting_party
    customer = (
        Customer(name=recorded.name, address=recorded.address, email=recorded.email)
        if recorded and recorded.tax_number == party.tax_number
        else Customer(name=party.name, address=party.address, email=None)
    )
    return Addressee(
        party=facts.operator,
        role=Role.GRID_OPERATOR,
        case_id=case.case_id,
        reference=reference,
        customer=customer,
    )


def _point(case: SwitchCase) -> PointNumber:
    named = case.request.point
    return PointNumber(accounting_point=named.accounting_point, metering_site=named.metering_site)


def _new_suppliers(case: SwitchCase, facts: Facts) -> tuple[SupplierName, ...]:
    return _suppliers([(c.new, c.direction) for c in case.changes], facts)


def _old_suppliers(case: SwitchCase, facts: Facts) -> tuple[SupplierName, ...]:
    return _suppliers([(c.old, c.direction) for c in case.changes if c.old], facts)


def _suppliers(pairs: list[tuple[Eic, Direction]], facts: Facts) -> tuple[SupplierName, ...]:
    """Each supplier once, with all its directions, in order."""
    directions: dict[Eic, list[Direction]] = {}
    for eic, direction in pairs:
        directions.setdefault(eic, []).append(direction)
    return tuple(
        SupplierName(eic=eic, name=_name(eic, facts), directions=tuple(of))
        for eic, of in directions.items()
    )


def _name(eic: Eic, facts: Facts) -> str:
    party = facts.party(eic)
    if party is None:
        raise LookupError(f"no participant {eic} in the facts")
    return party.name


def _last_reading(point: PointFacts, directions: tuple[Direction, ...]) -> LastReading | None:
    last = point.last_reading
    registers = _of(last.registers, directions) if last else ()
    return LastReading(taken_on=last.taken_on, registers=registers) if last and registers else None


def _of(
    registers: tuple[RegisterValue, ...], directions: tuple[Direction, ...]
) -> tuple[RegisterValue, ...]:
    """The values of registers of these directions; what is neither goes to consumption."""
    return tuple(value for value in registers if _measures(value.register, directions))


def _measures(register: ObisCode, directions: tuple[Direction, ...]) -> bool:
    return (direction_of(register) or Direction.CONSUMPTION) in directions
