"""Who is told what about a switch: the notices each outcome owes (A10, A12-A16, A28, A29, B4, B11).

Each party gets one document of each kind for each of its points, however many capacities it has,
and only of its own directions and shares (interpretations 9, 13).
"""

from dataclasses import replace
from datetime import date

from broker.engine.addressees import (
    addressee,
    as_old,
    customer,
    customer_applicant,
    each_once,
    named_point,
    new_suppliers,
    old_suppliers,
    point_named_by,
)
from broker.engine.calendar import local_day
from broker.engine.facts import Facts, MeterFacts, PointFacts
from broker.engine.rules_reading import measures
from broker.engine.state import Review, SwitchCase
from broker.messages.codes import Direction, Role
from broker.messages.events import GivenReason
from broker.messages.notices import (
    Addressee,
    ApprovalNotice,
    ApprovalNoticeToOldSupplier,
    LastReading,
    Notice,
    PointNumber,
    ReadingOrder,
    ReadingRejection,
    ReceiptConfirmation,
    SiteVisitNotice,
    SwitchCompleted,
    SwitchFailed,
)
from broker.messages.records import Plan, ReadingOrdered
from broker.messages.requests import MeterReading, RegisterValue


def approval(case: SwitchCase, plan: Plan, point: PointFacts, facts: Facts) -> tuple[Notice, ...]:
    """Approval to applicant and new supplier, and the poorer notice to the old (A12, A15, A16).

    A new supplier of a division is told the number of its own metering point (B4, B9).
    """
    if point.meter is None:
        raise ValueError("a point without meter is not connected and cannot be approved (A1)")
    created = {supply.accounting_point for supply in case.created}
    applicant = customer_applicant(case, facts)
    new = new_suppliers(case, facts)
    told = [(addressee(case, one.supplier.eic), one) for one in new]
    told += [(applicant, one) for one in new if applicant]
    to_new = [
        ApprovalNotice(
            to=to,
            point=point_named_by(case, one.supplier.eic),
            new_supplier=one.supplier,
            expected_date=plan.expected_date,
            reading_method=plan.reading_method,
            reading_from=plan.reading_from,
            reading_to=plan.reading_to,
            serial_number=point.meter.serial_number,
            last_reading=_last_reading(point, one.supplier.directions),
            metering_point=one.point.accounting_point
            if one.point.accounting_point in created
            else None,
        )
        for to, one in told
    ]
    to_old = [
        ApprovalNoticeToOldSupplier(
            to=as_old(case, one.supplier.eic),
            point=one.point,
            old_supplier=one.supplier,
            expected_date=plan.expected_date,
        )
        for one in old_suppliers(case, facts)
    ]
    return (*to_new, *to_old)


def receipt(case: SwitchCase, facts: Facts) -> tuple[Notice, ...]:
    """Receipt is confirmed to a customer that applied itself; others have the answer (A10)."""
    applicant = customer_applicant(case, facts)
    if applicant is None:
        return ()
    received_on = local_day(case.received_at)
    return (
        ReceiptConfirmation(to=applicant, point=named_point(case.request), received_on=received_on),
    )


def completion(case: SwitchCase, reading: MeterReading, facts: Facts) -> tuple[Notice, ...]:
    """Completion to the new and to the old supplier, each with its own name and point (A28)."""
    switch_date = local_day(reading.taken_at)
    new = [(one, True) for one in new_suppliers(case, facts)]
    old = [(one, False) for one in old_suppliers(case, facts)]
    return tuple(
        SwitchCompleted(
            to=addressee(case, one.supplier.eic) if is_new else as_old(case, one.supplier.eic),
            point=one.point,
            new_supplier=one.supplier if is_new else None,
            old_supplier=None if is_new else one.supplier,
            switch_date=switch_date,
            registers=_of(reading.registers, one.supplier.directions),
            obtained_by=reading.obtained_by,
        )
        for one, is_new in new + old
    )


def failure(case: SwitchCase, ground: GivenReason, facts: Facts) -> tuple[Notice, ...]:
    """Failure to applicant, new and old supplier (A29).

    A customer that applied itself is told its legal remedies; without the operator's wording that
    copy is not sent (A37).
    """
    told = each_once((*new_suppliers(case, facts), *old_suppliers(case, facts)))
    notices = [
        SwitchFailed(to=addressee(case, one.supplier.eic), point=one.point, ground=ground)
        for one in told
    ]
    applicant = customer_applicant(case, facts)
    if applicant is not None and facts.legal_remedies is not None:
        notices.append(
            SwitchFailed(
                to=applicant,
                point=named_point(case.request),
                ground=ground,
                legal_remedies=facts.legal_remedies,
            )
        )
    return tuple(notices)


def site_visit(
    case: SwitchCase, facts: Facts, *, visit_from: date, visit_to: date
) -> tuple[Notice, ...]:
    """The operator will visit the site: to the customer, the old and the new supplier (A21)."""
    told = each_once((*new_suppliers(case, facts), *old_suppliers(case, facts)))
    addressees = [(addressee(case, one.supplier.eic), one.point) for one in told]
    return tuple(
        SiteVisitNotice(to=to, point=point, visit_from=visit_from, visit_to=visit_to)
        for to, point in (*addressees, (customer(case, facts), named_point(case.request)))
    )


def reading_order(
    case: SwitchCase, ordered: ReadingOrdered, meter: MeterFacts, facts: Facts
) -> Notice:
    """An order to the metering centre for a remote reading of the meter (A19)."""
    point = named_point(case.request)
    if facts.point is not None:
        point = replace(point, accounting_point=facts.point.measured_at)
    return ReadingOrder(
        to=Addressee(
            party=facts.metering_centre,
            role=Role.METERING_CENTRE,
            case_id=case.case_id,
            reference=None,
        ),
        point=point,
        serial_number=meter.serial_number,
        read_for=ordered.read_for,
        answer_by=ordered.answer.act_at,
        order_number=ordered.order_number,
        registers=tuple(one.register for one in meter.registers),
    )


def refused_reading(
    case: SwitchCase, review: Review, reasons: tuple[GivenReason, ...]
) -> tuple[Notice, ...]:
    """A reading refused after review is told to its sender, at the point it named (A26)."""
    header, named = review.reading.header, review.reading.point
    to = Addressee(
        party=header.sender,
        role=review.sender_role,
        case_id=case.case_id,
        reference=header.message_id,
    )
    notice = ReadingRejection(
        to=to,
        point=PointNumber(
            accounting_point=named.accounting_point, metering_site=named.metering_site
        ),
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
    return tuple(value for value in registers if measures(value.register, directions))
