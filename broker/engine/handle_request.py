"""What becomes of a request until it is approved, rejected or withdrawn (A7-A18, A33-A38, B5).

A division of the customer's, and a request of the customer's for two new suppliers, is put to
the suppliers it names before it is decided.
"""

from dataclasses import replace

from broker.engine.apply import apply
from broker.engine.approval import (
    Examined,
    approve,
    examine,
    given,
    reject,
    reject_on_grounds,
    stay_open,
    to_everybody,
)
from broker.engine.calendar import local_day
from broker.engine.code_list import Use
from broker.engine.decision import Circumstances, Decision, Refused
from broker.engine.examination import examine_request
from broker.engine.notices_application import invitations, withdrawal
from broker.engine.notices_switch import receipt
from broker.engine.plan import NoPlan
from broker.engine.refusals import unfit_reasons
from broker.engine.request_check import RequestCheck
from broker.engine.state import SwitchCase
from broker.messages.codes import DocumentKind
from broker.messages.deadlines import Deadline, DeadlineKind
from broker.messages.events import (
    DeadlineReached,
    OneOffDaysChanged,
    PointChanged,
    RequestApprovedByOperator,
    RequestRejectedByOperator,
    SharedSupplyRequestReceived,
    SwitchRequestReceived,
    WithdrawalReceived,
)
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import (
    DeadlinesRedated,
    DecidedBy,
    Plan,
    RequestRecorded,
    RequestWithdrawn,
)
from broker.messages.records_of_confirmation import ConfirmationAsked


def take_in(
    _: SwitchCase | None,
    event: SwitchRequestReceived | SharedSupplyRequestReceived,
    at: Circumstances,
) -> Decision | Refused:
    """A request opens a case: rejected at once on a ground, approved at once without a doubt.

    Where two suppliers or more are named for a customer, they are asked first.
    Source: A10, A11, A18, B5, B6, interpretation 2 (002 a.192(2), a.194, a.195(1), a.198).
    """
    check = RequestCheck(
        request=event.request,
        received_on=local_day(event.received_at),
        approved_on=local_day(at.now),
        facts=at.facts,
        rules=at.rules,
    )
    if _is_for_suppliers_to_confirm(check):
        # Its period begins when it counts as confirmed: never before today (B8, A18).
        check = replace(check, execution_from=local_day(at.now))
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
        return opened.then(_reject_at_once(opened.switch, check, refusals, at))
    if _is_for_suppliers_to_confirm(check):
        return opened.then(_ask(opened.switch, at))
    if doubts or held:
        return opened
    examined = Examined(checks=(check,), findings=((refusals, doubts),))
    return opened.then(approve(opened.switch, examined, DecidedBy.STRAIGHT_THROUGH, at))


def _reject_at_once(
    case: SwitchCase, check: RequestCheck, refusals: tuple[Refusal, ...], at: Circumstances
) -> Decision:
    """Rejection of what has just come; shares that are not one have further steps (B3, B5)."""
    by, reasons = DecidedBy.STRAIGHT_THROUGH, given(refusals)
    fail = tuple(one for one in reasons if one.reason is Reason.SHARES_DO_NOT_ADD_UP)
    if not fail or check.point is None or not check.divides:
        return reject(case, reasons, to_everybody(*reasons), by, at)
    return reject(case, reasons, lambda eic: fail if eic else reasons, by, at, shares_fail=True)


def _is_for_suppliers_to_confirm(check: RequestCheck) -> bool:
    """Whether the suppliers named have a right to object (B6, A37, interpretation 13)."""
    if check.request.customer_application is None:
        return False
    new = {supply.supplier for supply in check.changes.begins}
    return len(new) > 1 or check.request.header.kind is DocumentKind.SHARED_SUPPLY_REQUEST


def _ask(case: SwitchCase, at: Circumstances) -> Decision:
    """Every supplier named whose supply would begin is asked to confirm (B6)."""
    new = dict.fromkeys(supply.supplier for supply in case.changes.begins)
    record = ConfirmationAsked(
        at=at.now,
        suppliers=tuple(new),
        end_of_objections=at.rules.objections_deadline(at.now, local_day(case.received_at)),
    )
    asked = apply(case, record)
    return Decision(
        state=asked,
        records=(record,),
        notices=invitations(asked, at.facts),
        register_changes=(),
    )


def withdraw(case: SwitchCase, event: WithdrawalReceived, at: Circumstances) -> Decision | Refused:
    """The applicant takes its request back before the approval notice.

    Source: A13, interpretation 11 (002 a.195(5)).
    """
    named, own = event.withdrawal.point, case.request.point
    if (named.accounting_point, named.metering_site) != (own.accounting_point, own.metering_site):
        return Refused((Refusal(reason=Reason.POINT_NOT_IDENTIFIABLE, place="/Withdrawal/Point"),))
    record = RequestWithdrawn(at=at.now, withdrawal=event.withdrawal)
    return Decision(
        state=apply(case, record),
        records=(record,),
        notices=withdrawal(case, event.withdrawal.header.sender, at.facts),
        register_changes=(),
    )


def end_hold(case: SwitchCase, _: DeadlineReached, at: Circumstances) -> Decision | Refused:
    """The hold of a clean request is over: the checks run again on the facts of the hour.

    Source: interpretation 2 (002 a.195(1)).
    """
    examined = examine(case, at)
    if examined.refusals:
        return reject_on_grounds(case, examined, DecidedBy.STRAIGHT_THROUGH, at)
    if examined.in_doubt:
        return stay_open(case, examined, DeadlineKind.END_OF_HOLD, at)
    return approve(case, examined, DecidedBy.STRAIGHT_THROUGH, at)


def decide_for_the_operator(
    case: SwitchCase, _: DeadlineReached, at: Circumstances
) -> Decision | Refused:
    """On the 5th working day the broker decides: approval unless a ground is found.

    If the reading period has passed meanwhile, the case stays with the operator.
    Source: A11, A12, interpretations 1 and 3 (002 a.195(1), a.195(4)).
    """
    examined = examine(case, at)
    if examined.refusals:
        return reject_on_grounds(case, examined, DecidedBy.BROKER_AT_THE_DEADLINE, at)
    if not isinstance(examined.plan, Plan):
        return stay_open(case, examined, DeadlineKind.DECISION, at)
    return approve(case, examined, DecidedBy.BROKER_AT_THE_DEADLINE, at)


def operator_approves(
    case: SwitchCase, event: RequestApprovedByOperator, at: Circumstances
) -> Decision | Refused:
    """The operator approves; it cannot where a ground exists or the period has passed.

    Source: A11, A12 (002 a.195(1), a.195(4)).
    """
    examined = examine(case, at)
    if examined.refusals:
        return Refused(examined.refusals)
    if examined.plan is NoPlan.PERIOD_HAS_PASSED:
        return Refused((Refusal(reason=Reason.PERIOD_HAS_PASSED),))
    return approve(case, examined, DecidedBy.OPERATOR, at, (event.by, event.why))


def operator_rejects(
    case: SwitchCase, event: RequestRejectedByOperator, at: Circumstances
) -> Decision | Refused:
    """The operator rejects with codes of the published list, text only with E14.

    Source: A11, A14 (002 a.195(2), a.195(3), a.195(6)).
    """
    unfit = unfit_reasons(event.reasons, Use.REQUEST)
    if unfit:
        return Refused(unfit)
    grounds, person = to_everybody(*event.reasons), (event.by, event.why)
    return reject(case, event.reasons, grounds, DecidedBy.OPERATOR, at, person=person)


def check_again(case: SwitchCase, _: PointChanged, at: Circumstances) -> Decision | Refused:
    """The register has changed at the point: the checks run again on what it says now.

    Source: A11, A1, A5, interpretation 2 (002 a.190(1), a.191(1), a.195(1)).
    """
    examined = examine(case, at)
    if examined.refusals:
        return reject_on_grounds(case, examined, DecidedBy.STRAIGHT_THROUGH, at)
    held = any(d.kind is DeadlineKind.END_OF_HOLD for d in case.deadlines)
    if examined.in_doubt or held or not isinstance(examined.plan, Plan):
        return stay_open(case, examined, None, at)
    return approve(case, examined, DecidedBy.STRAIGHT_THROUGH, at)


def check_again_undecided(
    case: SwitchCase, _: PointChanged, at: Circumstances
) -> Decision | Refused:
    """The register has changed at the point while others have yet to answer or to claim.

    A ground rejects at once; else the case goes on waiting.
    Source: A11, B2, B6, interpretation 2 (002 a.192, a.195(1)).
    """
    examined = examine(case, at)
    if examined.refusals:
        return reject_on_grounds(case, examined, DecidedBy.STRAIGHT_THROUGH, at)
    return stay_open(case, examined, None, at)


def redate_decision(
    case: SwitchCase, event: OneOffDaysChanged, at: Circumstances
) -> Decision | Refused:
    """A newly announced one-off day moves the working-day deadlines of an open request.

    Source: Counting time (002 a.195(4)).
    """
    begun = local_day(case.received_at)
    moved = at.rules.decision_deadline(case.clocks_from or case.received_at, begun)
    return redated(case, event, moved, at)


def redated(
    case: SwitchCase, event: OneOffDaysChanged, moved: Deadline, at: Circumstances
) -> Decision:
    """The case with its deadline of this kind moved, and a record of it where it differs."""
    deadlines = tuple(moved if d.kind is moved.kind else d for d in case.deadlines)
    if deadlines == case.deadlines:
        return Decision(state=case, records=(), notices=(), register_changes=())
    record = DeadlinesRedated(at=at.now, one_off_days=event.days, deadlines=deadlines)
    return Decision(state=apply(case, record), records=(record,), notices=(), register_changes=())
