"""What a change in the register means for an approved switch at the point (A15, A19, D4).

Before approval the checks run again instead; see handle_request.
"""

from dataclasses import replace

from broker.engine.apply import apply
from broker.engine.calendar import local_day, plus_days
from broker.engine.decision import Circumstances, Decision, Refused
from broker.engine.notices_switch import approval
from broker.engine.plan import reading_method
from broker.engine.reading_by_operator import announce_visit, order_reading
from broker.engine.state import SwitchCase
from broker.messages.codes import ReadingMethod, RegisterChangeKind
from broker.messages.events import PointChanged
from broker.messages.notices import ApprovalNotice, Notice
from broker.messages.records import Plan, PointChangeNoted


def follow(case: SwitchCase, event: PointChanged, at: Circumstances) -> Decision | Refused:
    """The approval notice goes out anew where the meter or the way it is read has changed.

    A remote reading is then ordered for the new meter; the day of a visit that is still to come
    stays, since it was told. Any other change is only noted.
    Source: A15, A19, D4 (002 a.149(2), a.196(1), a.199(1)).
    """
    told = follow_under_review(case, event, at)
    if isinstance(told, Refused) or not _reads_anew(told):
        return told
    plan, meter = _plan(told.switch), at.facts.point.meter if at.facts.point else None
    if plan.reading_method is ReadingMethod.REMOTE and meter is not None:
        return told.then(order_reading(told.switch, meter, at))
    if plan.reading_method is ReadingMethod.VISIT and _plan(case).reading_method is not (
        ReadingMethod.VISIT
    ):
        return told.then(announce_visit(told.switch, plan, at))
    return told


def follow_under_review(
    case: SwitchCase, event: PointChanged, at: Circumstances
) -> Decision | Refused:
    """The approval notice goes out anew; what is under review stays for the operator to decide.

    Source: A15, A26, D4 (002 a.149(2), a.196(1), a.200(2)).
    """
    plan = _plan_after(case, event, at)
    anew = event.change is RegisterChangeKind.METER or plan != case.plan
    record = PointChangeNoted(
        at=at.now,
        change=event.change,
        effective_on=event.effective_on,
        plan=plan,
        reads_anew=anew,
        visit_on=case.visit_on if plan.reading_method is ReadingMethod.VISIT else None,
    )
    state = apply(case, record)
    notices = _approval_anew(case, state, at) if anew else ()
    return Decision(state=state, records=(record,), notices=notices, register_changes=())


def note(case: SwitchCase, event: PointChanged, at: Circumstances) -> Decision | Refused:
    """The change is noted: no other reading can come any more.

    Source: A26 (002 a.200(2)).
    """
    record = PointChangeNoted(
        at=at.now,
        change=event.change,
        effective_on=event.effective_on,
        plan=_plan(case),
        reads_anew=False,
    )
    return Decision(state=apply(case, record), records=(record,), notices=(), register_changes=())


def _approval_anew(case: SwitchCase, state: SwitchCase, at: Circumstances) -> tuple[Notice, ...]:
    """To the new supplier and the customer that applied; to the old if the date has moved."""
    point = at.facts.point
    if point is None or point.meter is None:
        return ()
    plan = _plan(state)
    notices = approval(state, plan, point, at.facts)
    if plan.expected_date != _plan(case).expected_date:
        return notices
    return tuple(one for one in notices if isinstance(one, ApprovalNotice))


def _plan_after(case: SwitchCase, event: PointChanged, at: Circumstances) -> Plan:
    """The plan with the way the point is read now; no meter is read before it was installed."""
    plan, point = _plan(case), at.facts.point
    if point is None:
        return plan
    remote = plan.reading_method is ReadingMethod.REMOTE
    if point.remotely_read != remote:
        method = reading_method(point, plan.expected_date, local_day(case.received_at), at.rules)
        plan = replace(plan, reading_method=method)
    if (
        event.change is RegisterChangeKind.METER
        and plan.reading_method is ReadingMethod.REMOTE
        and plan.expected_date <= event.effective_on
    ):
        first = plus_days(event.effective_on, 1)
        plan = replace(plan, expected_date=min(first, plan.reading_to))
    return plan


def _reads_anew(decision: Decision) -> bool:
    return any(isinstance(one, PointChangeNoted) and one.reads_anew for one in decision.records)


def _plan(case: SwitchCase) -> Plan:
    if case.plan is None:
        raise AssertionError("an approved switch has a plan")
    return case.plan
