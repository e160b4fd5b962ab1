"""Readings the operator obtains itself: ordered from the metering centre, or by a visit.

Where the customer reads (A20), nothing of this is needed unless the meter turns out to be out of
the customer's reach (A22).
"""

from dataclasses import replace

from broker.engine.addressees import point_named_by
from broker.engine.apply import apply
from broker.engine.calendar import end_of, local_day, start_of
from broker.engine.decision import Circumstances, Decision, Refused
from broker.engine.facts import MeterFacts
from broker.engine.legal_periods import PeriodName
from broker.engine.notices_switch import reading_order, site_visit
from broker.engine.state import SwitchCase
from broker.messages.codes import ReadingMethod
from broker.messages.events import InaccessibilityReported, SiteVisitPlannedByOperator
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import (
    OperatorTookOverReading,
    Plan,
    ReadingOrdered,
    SiteVisitAnnounced,
    SiteVisitPlanned,
)


def order_reading(case: SwitchCase, meter: MeterFacts, at: Circumstances) -> Decision:
    """The reading of 00:00 of the expected date is ordered, or ordered again.

    The 24 hours run from the order: from receipt where the request was approved at once. From
    00:00 of the expected date they run where the requested date is later, or where no day before
    could be read.
    Source: A19, interpretations 2 and 14 (002 a.199(1)).
    """
    plan = case.plan
    if plan is None:
        raise AssertionError("only an approved switch is read remotely")
    read_for = start_of(plan.expected_date)
    begun = local_day(case.received_at)
    answer = at.rules.remote_reading_deadline(at.now, begun)
    requested = case.requested_date
    later = requested is not None and requested > local_day(at.now)
    if later or answer.act_at <= read_for:
        answer = at.rules.remote_reading_deadline(read_for, begun)
    record = ReadingOrdered(
        at=at.now, read_for=read_for, order_number=case.orders + 1, answer=answer
    )
    return Decision(
        state=apply(case, record),
        records=(record,),
        notices=(reading_order(case, record, meter, at.facts),),
        register_changes=(),
    )


def announce_visit(case: SwitchCase, plan: Plan, at: Circumstances) -> Decision:
    """The customer, the old and the new supplier are told at once that the operator will come.

    Source: A21 (002 a.199(1)).
    """
    record = SiteVisitAnnounced(at=at.now)
    return Decision(
        state=apply(case, record),
        records=(record,),
        notices=site_visit(case, at.facts, visit_from=plan.reading_from, visit_to=plan.reading_to),
        register_changes=(),
    )


def plan_visit(
    case: SwitchCase, event: SiteVisitPlannedByOperator, at: Circumstances
) -> Decision | Refused:
    """The day of the visit is set, or set anew, within the reading period.

    Under A21 the customer, the old and the new supplier are told of it as they were of the visit;
    A22 owes nobody a notice, so there the day is recorded and agreed with the customer directly.
    Source: A21, A22, A23 (002 a.199(1), a.199(2)).
    """
    plan = case.plan
    if plan is None or not case.awaits_visit:
        return Refused((Refusal(reason=Reason.NOT_POSSIBLE_IN_THIS_STATE),))
    first = max(plan.reading_from, local_day(at.now))
    if not first <= event.visit_on <= plan.reading_to:
        outside = Refusal(
            reason=Reason.READING_OUTSIDE_PERIOD,
            found=event.visit_on.isoformat(),
            expected=f"{first}/{plan.reading_to}",
        )
        return Refused((outside,))
    record = SiteVisitPlanned(at=at.now, by=event.by, why=event.why, visit_on=event.visit_on)
    told = site_visit(case, at.facts, visit_from=event.visit_on, visit_to=event.visit_on)
    return Decision(
        state=apply(case, record),
        records=(record,),
        notices=() if case.taken_over else told,
        register_changes=(),
    )


def take_over(
    case: SwitchCase, event: InaccessibilityReported, at: Circumstances
) -> Decision | Refused:
    """The customer cannot reach the meter: the operator reads it by the 21st day.

    Source: A22 (002 a.199(1)).
    """
    refusals: list[Refusal] = []
    named, sender = event.report.point, event.report.header.sender
    own = point_named_by(case, sender)
    numbers = {own.accounting_point} | {
        one.accounting_point for one in case.changes.begins if one.supplier == sender
    }
    if named.accounting_point not in numbers or named.metering_site != own.metering_site:
        place = "/InaccessibilityReport/Point"
        refusals.append(Refusal(reason=Reason.POINT_NOT_IDENTIFIABLE, place=place))
    plan, approved_at = case.plan, case.approved_at
    if plan is None or approved_at is None or plan.reading_method is not ReadingMethod.CUSTOMER:
        refusals.append(Refusal(reason=Reason.READING_BY_WRONG_ROUTE))
        return Refused(tuple(refusals))
    last = at.rules.last_day(
        PeriodName.INACCESSIBILITY_REPORT,
        start=local_day(approved_at),
        begun=local_day(case.received_at),
    )
    if event.received_at >= end_of(last):
        refusals.append(Refusal(reason=Reason.REPORT_TOO_LATE, expected=f"<={last}"))
    if refusals:
        return Refused(tuple(refusals))
    record = OperatorTookOverReading(
        at=at.now, plan=replace(plan, reading_method=ReadingMethod.VISIT)
    )
    return Decision(state=apply(case, record), records=(record,), notices=(), register_changes=())
