"""What becomes of a request until it is approved, rejected or withdrawn (A7-A18, A33-A38)."""

from broker.engine.apply import apply
from broker.engine.calendar import local_day
from broker.engine.code_list import Use
from broker.engine.decision import Circumstances, Decision, Refused
from broker.engine.examination import Findings, examine_request
from broker.engine.notices_switch import approval, receipt, rejection, withdrawal
from broker.engine.plan import NoPlan
from broker.engine.reading_by_operator import announce_visit, order_reading
from broker.engine.refusals import unfit_reasons
from broker.engine.request_check import RequestCheck
from broker.engine.state import SwitchCase
from broker.messages.codes import ReadingMethod
from broker.messages.deadlines import Deadline, DeadlineKind
from broker.messages.events import (
    DeadlineReached,
    GivenReason,
    OneOffDaysChanged,
    PointChanged,
    RequestApprovedByOperator,
    RequestRejectedByOperator,
    SwitchRequestReceived,
    WithdrawalReceived,
)
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import (
    DeadlinesRedated,
    DecidedBy,
    Doubt,
    Plan,
    RequestApproved,
    RequestCheckedAgain,
    RequestRecorded,
    RequestRejected,
    RequestWithdrawn,
)


def take_in(
    _: SwitchCase | None, event: SwitchRequestReceived, at: Circumstances
) -> Decision | Refused:
    """A request opens a case: rejected at once on a ground, approved at once without a doubt.

    Source: A10, A11, A18, interpretation 2 (002 a.194, a.195(1), a.198).
    """
    check = RequestCheck(
        request=event.request,
        received_on=local_day(event.received_at),
        approved_on=local_day(at.now),
        facts=at.facts,
        rules=at.rules,
    )
    refusals, doubts = examine_request(check)
    plan = check.plan if isinstance(check.plan, Plan) else None
    held = not doubts and plan is not None and at.rules.hold_hours(plan.reading_method) > 0
    recorded = RequestRecorded(
        case_id=event.case_id,
        request=event.request,
        received_at=event.received_at,
        delivery_point=check.point.delivery_point if check.point else None,
        changes=check.changes,
        plan=plan,
        doubts=doubts,
        decision=at.rules.decision_deadline(event.received_at),
        hold=at.rules.hold_deadline(event.received_at, plan.reading_method)
        if held and plan and not refusals
        else None,
        rules_version=at.rules.version,
    )
    opened = Decision(
        state=apply(None, recorded),
        records=(recorded,),
        notices=receipt(apply(None, recorded), at.facts),
        register_changes=(),
    )
    if refusals:
        rejected = _reject(opened.switch, _given(refusals), DecidedBy.STRAIGHT_THROUGH, at)
        return opened.then(rejected)
    if doubts or held:
        return opened
    return opened.then(_approve(opened.switch, check, DecidedBy.STRAIGHT_THROUGH, at))


def withdraw(case: SwitchCase, event: WithdrawalReceived, at: Circumstances) -> Decision | Refused:
    """The applicant takes its request back before the approval notice.

    Source: A13 (002 a.195(5)).
    """
    named, own = event.withdrawal.point, case.request.point
    if (named.accounting_point, named.metering_site) != (own.accounting_point, own.metering_site):
        return Refused((Refusal(reason=Reason.POINT_NOT_IDENTIFIABLE, place="/Withdrawal/Point"),))
    record = RequestWithdrawn(at=at.now, withdrawal=event.withdrawal)
    return Decision(
        state=apply(case, record),
        records=(record,),
        notices=withdrawal(case, at.facts),
        register_changes=(),
    )


def end_hold(case: SwitchCase, _: DeadlineReached, at: Circumstances) -> Decision | Refused:
    """The hold of a clean request is over: the checks run again on the facts of the hour.

    Source: interpretation 2 (002 a.195(1)).
    """
    check, (refusals, doubts) = _examine_again(case, at)
    if refusals:
        return _reject(case, _given(refusals), DecidedBy.STRAIGHT_THROUGH, at)
    if doubts:
        return _stay_open(case, doubts, DeadlineKind.END_OF_HOLD, at)
    return _approve(case, check, DecidedBy.STRAIGHT_THROUGH, at)


def decide_for_the_operator(
    case: SwitchCase, _: DeadlineReached, at: Circumstances
) -> Decision | Refused:
    """On the 5th working day the broker decides: approval unless a ground is found.

    If the reading period has passed meanwhile, the case stays with the operator.
    Source: A11, A12, interpretations 1 and 3 (002 a.195(1), a.195(4)).
    """
    check, (refusals, doubts) = _examine_again(case, at)
    if refusals:
        return _reject(case, _given(refusals), DecidedBy.BROKER_AT_THE_DEADLINE, at)
    if not isinstance(check.plan, Plan):
        return _stay_open(case, doubts, DeadlineKind.DECISION, at)
    return _approve(case, check, DecidedBy.BROKER_AT_THE_DEADLINE, at)


def operator_approves(
    case: SwitchCase, event: RequestApprovedByOperator, at: Circumstances
) -> Decision | Refused:
    """The operator approves; it cannot where a ground exists or the period has passed.

    Source: A11, A12 (002 a.195(1), a.195(4)).
    """
    check, (refusals, _doubts) = _examine_again(case, at)
    if refusals:
        return Refused(refusals)
    if check.plan is NoPlan.PERIOD_HAS_PASSED:
        return Refused((Refusal(reason=Reason.PERIOD_HAS_PASSED),))
    return _approve(case, check, DecidedBy.OPERATOR, at, (event.by, event.why))


def operator_rejects(
    case: SwitchCase, event: RequestRejectedByOperator, at: Circumstances
) -> Decision | Refused:
    """The operator rejects with codes of the published list, text only with E14.

    Source: A11, A14 (002 a.195(2), a.195(3), a.195(6)).
    """
    unfit = unfit_reasons(event.reasons, Use.REQUEST)
    if unfit:
        return Refused(unfit)
    return _reject(case, event.reasons, DecidedBy.OPERATOR, at, (event.by, event.why))


def check_again(case: SwitchCase, _: PointChanged, at: Circumstances) -> Decision | Refused:
    """The register has changed at the point: the checks run again on what it says now.

    Source: A11, A1, A5, interpretation 2 (002 a.190(1), a.191(1), a.195(1)).
    """
    check, (refusals, doubts) = _examine_again(case, at)
    if refusals:
        return _reject(case, _given(refusals), DecidedBy.STRAIGHT_THROUGH, at)
    held = any(d.kind is DeadlineKind.END_OF_HOLD for d in case.deadlines)
    if doubts or held or not isinstance(check.plan, Plan):
        return _stay_open(case, doubts, None, at)
    return _approve(case, check, DecidedBy.STRAIGHT_THROUGH, at)


def redate_decision(
    case: SwitchCase, event: OneOffDaysChanged, at: Circumstances
) -> Decision | Refused:
    """A newly announced one-off day moves the working-day deadlines of an open request.

    Source: Counting time (002 a.195(4)).
    """
    moved = at.rules.decision_deadline(case.received_at)
    deadlines = tuple(moved if d.kind is DeadlineKind.DECISION else d for d in case.deadlines)
    return redated(case, event, deadlines, at)


def redated(
    case: SwitchCase,
    event: OneOffDaysChanged,
    deadlines: tuple[Deadline, ...],
    at: Circumstances,
) -> Decision:
    """The case with these deadlines, and a record of it where they differ."""
    if deadlines == case.deadlines:
        return Decision(state=case, records=(), notices=(), register_changes=())
    record = DeadlinesRedated(at=at.now, one_off_days=event.days, deadlines=deadlines)
    return Decision(state=apply(case, record), records=(record,), notices=(), register_changes=())


def _examine_again(case: SwitchCase, at: Circumstances) -> tuple[RequestCheck, Findings]:
    check = RequestCheck(
        request=case.request,
        received_on=local_day(case.received_at),
        approved_on=local_day(at.now),
        facts=at.facts,
        rules=at.rules,
    )
    return check, examine_request(check)


def _approve(
    case: SwitchCase,
    check: RequestCheck,
    decided_by: DecidedBy,
    at: Circumstances,
    person: tuple[str, str] | tuple[None, None] = (None, None),
) -> Decision:
    """Approval, with the plan as of this day (A12, A15, A18)."""
    plan, point = check.plan, check.point
    if not isinstance(plan, Plan) or point is None or point.meter is None:
        raise AssertionError("approval without a plan or of a point without meter")
    record = RequestApproved(
        at=at.now,
        decided_by=decided_by,
        by=person[0],
        why=person[1],
        changes=check.changes,
        plan=plan,
        open_doubts=case.doubts,
        end_of_reading_period=at.rules.reading_period_deadline(plan.reading_to, check.received_on),
        rules_version=at.rules.version,
    )
    approved = apply(case, record)
    decision = Decision(
        state=approved,
        records=(record,),
        notices=approval(approved, plan, point, at.facts),
        register_changes=(),
    )
    match plan.reading_method:
        case ReadingMethod.CUSTOMER:
            return decision
        case ReadingMethod.REMOTE:
            return decision.then(order_reading(approved, point.meter, at))
        case ReadingMethod.VISIT:
            return decision.then(announce_visit(approved, plan, at))


def _reject(
    case: SwitchCase,
    reasons: tuple[GivenReason, ...],
    decided_by: DecidedBy,
    at: Circumstances,
    person: tuple[str, str] | tuple[None, None] = (None, None),
) -> Decision:
    record = RequestRejected(
        at=at.now,
        decided_by=decided_by,
        by=person[0],
        why=person[1],
        reasons=reasons,
        rules_version=at.rules.version,
    )
    return Decision(
        state=apply(case, record),
        records=(record,),
        notices=rejection(case, reasons, at.facts),
        register_changes=(),
    )


def _stay_open(
    case: SwitchCase, doubts: tuple[Doubt, ...], reached: DeadlineKind | None, at: Circumstances
) -> Decision:
    """The case stays open; the deadline just reached, if one was, is no longer due."""
    record = RequestCheckedAgain(
        at=at.now,
        doubts=doubts,
        still_due=tuple(d for d in case.deadlines if d.kind is not reached),
        rules_version=at.rules.version,
    )
    return Decision(state=apply(case, record), records=(record,), notices=(), register_changes=())


def _given(refusals: tuple[Refusal, ...]) -> tuple[GivenReason, ...]:
    """The grounds as codes, each once, with text where the ground is not a standard one (A11)."""
    texts = {refusal.reason: refusal.text for refusal in refusals}
    return tuple(GivenReason(reason=reason, text=text) for reason, text in texts.items())
