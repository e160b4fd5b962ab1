"""What becomes of the claims of several suppliers for one delivery point (B1-B4, interpretation 5).

Claims are collected until they add up to exactly one or the days for them end. What is missing
in total is told to no claimant.
"""

from decimal import Decimal

from broker.engine.apply import apply
from broker.engine.approval import given, reject, start_clocks, to_everybody
from broker.engine.calendar import local_day
from broker.engine.decision import Circumstances, Decision, Refused
from broker.engine.examination import examine_request
from broker.engine.facts import PointFacts
from broker.engine.handle_request import redated
from broker.engine.handle_request import withdraw as withdraw_request
from broker.engine.notices_application import withdrawal
from broker.engine.request_check import RequestCheck
from broker.engine.state import SwitchCase
from broker.messages.events import (
    DeadlineReached,
    GivenReason,
    OneOffDaysChanged,
    ShareClaimReceived,
    ShareClaimRefused,
    WithdrawalReceived,
)
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import (
    NOTHING_CHANGES,
    ClaimRecorded,
    ClaimWithdrawn,
    DecidedBy,
    RequestRecorded,
    RequestWithdrawn,
)


def take_in(
    case: SwitchCase | None, event: ShareClaimReceived, at: Circumstances
) -> Decision | Refused:
    """A claim opens a collection or joins it; when all add up to exactly one, it is complete.

    A ground rejects a claim at once, and the collection goes on without it. One that comes when
    the days for claims are over does not join, also while the end of them waits for a person (A7).
    Source: B1, B2, B4, interpretations 5 and 11 (002 a.192(1)).
    """
    check = RequestCheck(
        request=event.claim,
        received_on=local_day(event.received_at),
        approved_on=local_day(at.now),
        facts=at.facts,
        rules=at.rules,
        execution_from=local_day(at.now),
        claims=(*(case.claims if case else ()), event.claim),
    )
    refusals, doubts = examine_request(check)
    point = check.point
    if case is not None and point is not None and not _may_join(case, point, event, at):
        refusals = (*refusals, Refusal(reason=Reason.POINT_BLOCKED_FOR_SWITCHING))
    if refusals and case is not None:
        return Refused(refusals)
    if refusals or point is None:
        return refuse(
            None,
            ShareClaimRefused(
                case_id=event.case_id,
                claim=event.claim,
                received_at=event.received_at,
                refusals=refusals,
            ),
            at,
        )
    record = ClaimRecorded(
        case_id=case.case_id if case else event.case_id,
        claim=event.claim,
        received_at=event.received_at,
        delivery_point=point.delivery_point,
        doubts=doubts,
        end_of_claims=at.rules.claims_deadline(case.received_at if case else event.received_at),
        rules_version=at.rules.version,
    )
    joined = Decision(state=apply(case, record), records=(record,), notices=(), register_changes=())
    return _complete_if_whole(joined, at)


def refuse(_: SwitchCase | None, event: ShareClaimRefused, at: Circumstances) -> Decision | Refused:
    """A claim that a collection cannot take, or a first one with a ground, is rejected at once.

    Source: A14, A17, B1 (002 a.192(1), a.195(6)).
    """
    point = at.facts.point
    known = point is not None and point.is_named_by(event.claim.point)
    record = RequestRecorded(
        case_id=event.case_id,
        request=event.claim,
        received_at=event.received_at,
        delivery_point=point.delivery_point if point and known else None,
        changes=NOTHING_CHANGES,
        plan=None,
        doubts=(),
        decision=at.rules.decision_deadline(event.received_at),
        hold=None,
        rules_version=at.rules.version,
    )
    state, reasons = apply(None, record), given(event.refusals)
    opened = Decision(state=state, records=(record,), notices=(), register_changes=())
    by = DecidedBy.STRAIGHT_THROUGH
    return opened.then(reject(state, reasons, to_everybody(*reasons), by, at))


def withdraw(case: SwitchCase, event: WithdrawalReceived, at: Circumstances) -> Decision | Refused:
    """The applicant takes its request back, or a claimant its claim, before the approval notice.

    The other claims stay while the days for claims run; then they do not add up any more.
    Source: A13, B2, B3, interpretation 11 (002 a.192(1), a.195(5)).
    """
    if not case.claims:
        return withdraw_request(case, event, at)
    sender, named = event.withdrawal.header.sender, event.withdrawal.point
    own = next((one.point for one in case.claims if one.header.sender == sender), None)
    if own is None:
        return Refused((Refusal(reason=Reason.NO_ONGOING_SWITCH, place="/Withdrawal/CaseNumber"),))
    if (named.accounting_point, named.metering_site) != (own.accounting_point, own.metering_site):
        return Refused((Refusal(reason=Reason.POINT_NOT_IDENTIFIABLE, place="/Withdrawal/Point"),))
    last = len(case.claims) == 1
    end = at.rules.claims_deadline(case.received_at)
    record = (
        RequestWithdrawn(at=at.now, withdrawal=event.withdrawal)
        if last
        else ClaimWithdrawn(at=at.now, withdrawal=event.withdrawal, end_of_claims=end)
    )
    withdrawn = Decision(
        state=apply(case, record),
        records=(record,),
        notices=withdrawal(case, sender, at.facts),
        register_changes=(),
    )
    if last:
        return withdrawn
    if at.now >= end.act_at:
        return withdrawn.then(_not_whole_in_time(withdrawn.switch, at))
    return _complete_if_whole(withdrawn, at)


def end_collection(case: SwitchCase, _: DeadlineReached, at: Circumstances) -> Decision | Refused:
    """The days for claims are over and the shares are not exactly one: rejection at once.

    Source: B2, B3, interpretations 11 and 12 (002 a.192(1)).
    """
    return _not_whole_in_time(case, at)


def redate(case: SwitchCase, event: OneOffDaysChanged, at: Circumstances) -> Decision | Refused:
    """A newly announced one-off day may move the end of the days for claims.

    Source: Counting time, B2 (002 a.192(1)).
    """
    return redated(case, event, at.rules.claims_deadline(case.received_at), at)


def _complete_if_whole(joined: Decision, at: Circumstances) -> Decision:
    """The collection closes at the instant at which the shares add up to exactly one."""
    shares = (chosen.share for one in joined.switch.claims for chosen in one.chosen)
    if sum((share or Decimal(0) for share in shares), Decimal(0)) != 1:
        return joined
    return joined.then(start_clocks(joined.switch, at.now, at))


def _not_whole_in_time(case: SwitchCase, at: Circumstances) -> Decision:
    """All applicants and all suppliers present are told, with the further steps (B3).

    Short of one or beyond is the same reason: which it was would tell of another's share.
    """
    reason = GivenReason(reason=Reason.CLAIM_PERIOD_OVER)
    by = DecidedBy.BROKER_AT_THE_DEADLINE
    return reject(case, (reason,), to_everybody(reason), by, at, shares_fail=True)


def _may_join(
    case: SwitchCase, point: PointFacts, event: ShareClaimReceived, at: Circumstances
) -> bool:
    """Whether the claim is for the meter of the collection and came within its days (B2)."""
    collected, end = at.facts.point, at.rules.claims_deadline(case.received_at)
    same_meter = collected is not None and collected.measured_at == point.measured_at
    return same_meter and event.received_at < end.act_at
