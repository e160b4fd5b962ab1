"""Who is told what about a switch: the notices each outcome owes (A10-A17, A26, A28, A29).

Each party gets one document of each kind, however many capacities it has, and only of its own
directions (interpretations 9, 13).
"""

from dataclasses import replace
from datetime import date

from broker.engine.addressees import (
    addressee,
    applicant,
    customer,
    customer_applicant,
    each_once,
    named_point,
    new_suppliers,
    of_no_case,
    old_suppliers,
)
from broker.engine.calendar import local_day
from broker.engine.facts import Facts, MeterFacts, PointFacts
from broker.engine.rules_reading import direction_of
from broker.engine.state import Review, SwitchCase
from broker.messages.codes import BillingReason, Direction, RegisterChangeKind, Role
from broker.messages.events import GivenReason
from broker.messages.identifiers import Eic, ObisCode
from broker.messages.notices import (
    Addressee,
    ApprovalNotice,
    ApprovalNoticeToOldSupplier,
    FinalSettlement,
    LastReading,
    Notice,
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
from broker.messages.settlements import SettledRegister, Settlement


def approval(case: SwitchCase, plan: Plan, point: PointFacts, facts: Facts) -> tuple[Notice, ...]:
    """Approval to applicant and new supplier, and the poorer notice to the old (A12, A15, A16)."""
    if point.meter is None:
        raise ValueError("a point without meter is not connected and cannot be approved (A1)")
    applying = customer_applicant(case, facts)
    new = new_suppliers(case, facts)
    told = [(addressee(case, supplier.eic), supplier) for supplier in new]
    told += [(applying, supplier) for supplier in new if applying]
    to_new = [
        ApprovalNotice(
            to=to,
            point=named_point(case.request),
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
            to=addressee(case, supplier.eic),
            point=named_point(case.request),
            old_supplier=supplier,
            expected_date=plan.expected_date,
        )
        for supplier in old_suppliers(case, facts)
    ]
    return (*to_new, *to_old)


def receipt(case: SwitchCase, facts: Facts) -> tuple[Notice, ...]:
    """Receipt is confirmed to a customer that applied itself; others have the answer (A10)."""
    applying = customer_applicant(case, facts)
    if applying is None:
        return ()
    received_on = local_day(case.received_at)
    return (
        ReceiptConfirmation(to=applying, point=named_point(case.request), received_on=received_on),
    )


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
        to=applicant(case, facts),
        point=named_point(case.request),
        new_suppliers=new,
        reasons=reasons,
    )
    return (notice,)


def withdrawal(case: SwitchCase, facts: Facts) -> tuple[Notice, ...]:
    """The withdrawal is confirmed to the applicant (A13)."""
    return (WithdrawalConfirmation(to=applicant(case, facts), point=named_point(case.request)),)


def completion(case: SwitchCase, reading: MeterReading, facts: Facts) -> tuple[Notice, ...]:
    """Completion to the new and to the old supplier, each with its own name (A28)."""
    switch_date = local_day(reading.taken_at)
    new = [(supplier, True) for supplier in new_suppliers(case, facts)]
    old = [(supplier, False) for supplier in old_suppliers(case, facts)]
    return tuple(
        SwitchCompleted(
            to=addressee(case, supplier.eic),
            point=named_point(case.request),
            new_supplier=supplier if is_new else None,
            old_supplier=None if is_new else supplier,
            switch_date=switch_date,
            registers=_of(reading.registers, supplier.directions),
            obtained_by=reading.obtained_by,
        )
        for supplier, is_new in new + old
    )


def final_settlements(case: SwitchCase, facts: Facts) -> tuple[Notice, ...]:
    """The final settlement to each old supplier, of the registers of its directions (A24, A30).

    Who pays the network charge concerns the supplier of consumption: it alone is told that the
    payer changed too, and where it stays it is settled for that reason only (A35).
    """
    settlement = case.settlement
    if settlement is None:
        raise AssertionError("a switch carried out has a settlement")
    of_production = replace(settlement, reason=BillingReason.CHANGE_OF_SUPPLIER)
    to_old = [
        FinalSettlement(
            to=addressee(case, supplier.eic),
            point=named_point(case.request),
            old_supplier=supplier,
            settlement=of_directions(
                settlement if Direction.CONSUMPTION in supplier.directions else of_production,
                supplier.directions,
            ),
        )
        for supplier in old_suppliers(case, facts)
    ]
    to_kept = [
        FinalSettlement(
            to=of_no_case(supplier.eic),
            point=named_point(case.request),
            supplier=supplier,
            settlement=of_directions(settlement, supplier.directions),
        )
        for supplier in _kept_by_another_payer(case, settlement, facts)
    ]
    return (*to_old, *to_kept)


def of_directions(settlement: Settlement, directions: tuple[Direction, ...]) -> Settlement:
    """The registers of these directions, of every meter that measured one."""
    removed = tuple(
        replace(one, registers=_settled(one.registers, directions))
        for one in settlement.removed_meters
    )
    return replace(
        settlement,
        registers=_settled(settlement.registers, directions),
        removed_meters=tuple(one for one in removed if one.registers),
    )


def _settled(
    registers: tuple[SettledRegister, ...], directions: tuple[Direction, ...]
) -> tuple[SettledRegister, ...]:
    return tuple(one for one in registers if _measures(one.register, directions))


def register_changes(case: SwitchCase, on: date, facts: Facts) -> tuple[Notice, ...]:
    """The register was changed: with this the old supplier loses sight of the point (A32).

    A supplier of consumption that stays is told that the payer changed (A32, A35).
    """
    if case.settlement is None:
        raise AssertionError("a switch carried out has a settlement")
    kept = _kept_by_another_payer(case, case.settlement, facts)
    told = [
        *(
            (addressee(case, one.eic), RegisterChangeKind.SUPPLIER)
            for one in old_suppliers(case, facts)
        ),
        *((of_no_case(one.eic), RegisterChangeKind.PAYER) for one in kept),
    ]
    return tuple(
        RegisterChangeNotice(to=to, point=named_point(case.request), change=change, effective_on=on)
        for to, change in told
    )


def _kept_by_another_payer(
    case: SwitchCase, settlement: Settlement, facts: Facts
) -> tuple[SupplierName, ...]:
    """The supplier of consumption where it stays and the payer changes (interpretation 13)."""
    if settlement.reason is not BillingReason.CHANGE_OF_PAYER:
        return ()
    return each_once(
        [
            (one.supplier, one.direction)
            for one in case.request.chosen
            if one.direction is Direction.CONSUMPTION
        ],
        facts,
    )


def register_change_to_new(
    case: SwitchCase, change: RegisterChangeKind, on: date, facts: Facts
) -> tuple[Notice, ...]:
    """The switch was undone: with this the new supplier loses sight of the point (A32)."""
    return tuple(
        RegisterChangeNotice(
            to=addressee(case, supplier.eic),
            point=named_point(case.request),
            change=change,
            effective_on=on,
        )
        for supplier in new_suppliers(case, facts)
    )


def failure(case: SwitchCase, ground: GivenReason, facts: Facts) -> tuple[Notice, ...]:
    """Failure to applicant, new and old supplier (A29).

    A customer that applied itself is told its legal remedies; without the operator's wording that
    copy is not sent (A37).
    """
    told = [s.eic for s in (*new_suppliers(case, facts), *old_suppliers(case, facts))]
    notices = [
        SwitchFailed(to=addressee(case, eic), point=named_point(case.request), ground=ground)
        for eic in dict.fromkeys(told)
    ]
    applying = customer_applicant(case, facts)
    if applying is not None and facts.legal_remedies is not None:
        notices.append(
            SwitchFailed(
                to=applying,
                point=named_point(case.request),
                ground=ground,
                legal_remedies=facts.legal_remedies,
            )
        )
    return tuple(notices)


def site_visit(case: SwitchCase, plan: Plan, facts: Facts) -> tuple[Notice, ...]:
    """The operator will visit the site: to the customer, the old and the new supplier (A21)."""
    told = [s.eic for s in (*new_suppliers(case, facts), *old_suppliers(case, facts))]
    addressees = [addressee(case, eic) for eic in dict.fromkeys(told)]
    return tuple(
        SiteVisitNotice(
            to=to,
            point=named_point(case.request),
            visit_from=plan.reading_from,
            visit_to=plan.reading_to,
        )
        for to in (*addressees, customer(case, facts))
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
        point=named_point(case.request),
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
        point=named_point(case.request),
        taken_on=local_day(review.reading.taken_at),
        reasons=reasons,
    )
    return (notice,)


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
