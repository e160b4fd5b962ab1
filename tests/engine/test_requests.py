"""What becomes of a request as a whole: grounds, doubts, holds, deadlines (A10-A18, inter. 1-3)."""

from dataclasses import replace
from datetime import date

import pytest

from broker.engine.decide import decide
from broker.engine.decision import Decision, Refused
from broker.engine.examination import OF_REQUEST
from broker.engine.state import Phase, SwitchCase
from broker.messages.codes import DocumentKind
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import GivenReason, RequestRejectedByOperator, WithdrawalReceived
from broker.messages.reasons import Reason
from broker.messages.records import (
    NOTHING_CHANGES,
    DecidedBy,
    DoubtKind,
    RequestApproved,
    RequestRecorded,
    RequestRejected,
)
from tests.engine.builders import (
    OTHER_SITE,
    RECEIVED_AT,
    RECEIVED_ON,
    RULES,
    at,
    but,
    facts,
    request,
    withdrawal,
)
from tests.engine.cases_of_request_rules import OF_REQUEST_RULES, RuleCase
from tests.engine.test_rules import names
from tests.engine.ways_of_shared_supply import a_claim
from tests.engine.ways_through_the_process import (
    HELD,
    IN_FIVE_DAYS,
    LATER,
    OUTAGE,
    RENAMED,
    a_point_change,
    a_request,
    after,
    approval_by_the_operator,
    awaiting_approval,
    awaiting_reading,
    held,
    in_doubt_of_the_register,
    of_doubtful_name,
    one_off_days,
    reached,
)

OTHERWISE = ("approved_on", "execution_from", "claims", "jointly")
AS_RECEIVED = [case for case in OF_REQUEST_RULES if not case.path.startswith(OTHERWISE)]


def taken_in(case: RuleCase) -> Decision:
    """The decision on the request of a case, in the circumstances of the case."""
    check = case.check
    claimed = check.request.header.kind is DocumentKind.SHARE_CLAIM
    event = a_claim(check.request) if claimed else a_request(check.request)
    outcome = decide(None, event, facts=check.facts, now=RECEIVED_AT, rules=check.rules)
    assert isinstance(outcome, Decision)
    return outcome


@pytest.mark.parametrize("case", AS_RECEIVED, ids=lambda case: case.name)
def test_a_ground_rejects_at_once_and_a_doubt_goes_to_the_operator(case: RuleCase) -> None:
    decision = taken_in(case)
    grounds = [found for found in case.finds if isinstance(found, Reason)]
    if grounds:
        assert decision.state.phase is Phase.REJECTED
        assert set(grounds) <= {given.reason for given in decision.state.grounds}
        assert [given.text for given in decision.state.grounds] == [None] * len(
            decision.state.grounds
        )
    elif case.finds:
        assert decision.state.phase is Phase.AWAITING_APPROVAL
        assert set(case.finds) <= {doubt.kind for doubt in decision.state.doubts}


def test_grounds_are_named_once_in_the_order_of_the_rules() -> None:
    known = but(facts(), "point.connected", False)
    known = but(known, "point.customer", None)
    asked = but(request(), "authorised_on", date(2026, 5, 1))
    asked = but(asked, "chosen.0.contract.customer_signed_on", date(2026, 5, 1))
    state = after(None, a_request(asked), RECEIVED_AT, known=known)
    assert [given.reason for given in state.grounds] == [
        Reason.POINT_NOT_CONNECTED,
        Reason.CONTRACTING_PARTY_MISMATCH,
        Reason.DATED_AFTER_RECEIPT,
    ]
    assert len({rule.__name__ for rule in OF_REQUEST}) == len(OF_REQUEST)


def test_an_unknown_point_tells_nothing_of_the_register() -> None:
    state = after(None, a_request(), RECEIVED_AT, known=but(facts(), "point", None))
    assert [given.reason for given in state.grounds] == [Reason.POINT_NOT_IDENTIFIABLE]
    assert state.delivery_point is None
    assert state.changes == NOTHING_CHANGES
    assert state.plan is None


def test_a_clean_request_is_approved_at_once() -> None:
    outcome = decide(None, a_request(), facts=facts(), now=RECEIVED_AT, rules=RULES)
    assert isinstance(outcome, Decision)
    recorded, approved = outcome.records
    assert isinstance(recorded, RequestRecorded)
    assert isinstance(approved, RequestApproved)
    assert recorded.plan == approved.plan
    assert approved.decided_by is DecidedBy.STRAIGHT_THROUGH
    assert [d.kind for d in outcome.deadlines] == [DeadlineKind.END_OF_READING_PERIOD]
    assert outcome.deadlines[0].limit == at(date(2026, 5, 16), 0)


def test_a_ground_rejects_whatever_doubts_are_open() -> None:
    asked = but(of_doubtful_name(), "chosen.0.contract", None)
    outcome = decide(None, a_request(asked), facts=facts(), now=RECEIVED_AT, rules=HELD)
    assert isinstance(outcome, Decision)
    recorded, rejected = outcome.records
    assert isinstance(recorded, RequestRecorded)
    assert isinstance(rejected, RequestRejected)
    assert recorded.doubts
    assert recorded.hold is None
    assert rejected.decided_by is DecidedBy.STRAIGHT_THROUGH


def test_the_expected_date_is_recorded_while_a_doubt_is_open_and_again_at_approval() -> None:
    case = awaiting_approval()
    assert case.plan is not None
    assert case.plan.reading_from == RECEIVED_ON
    approved = after(case, approval_by_the_operator(), at(date(2026, 5, 4)))
    assert approved.plan is not None
    assert approved.plan.reading_from == date(2026, 5, 4)
    assert approved.plan.reading_to == case.plan.reading_to


def test_a_clean_request_is_held_where_the_operator_wishes() -> None:
    case = held()
    assert [d.kind for d in case.deadlines] == [DeadlineKind.END_OF_HOLD, DeadlineKind.DECISION]
    assert case.deadlines[0].act_at == at(RECEIVED_ON, 12)


def test_a_doubtful_request_is_not_held() -> None:
    case = after(None, a_request(of_doubtful_name()), RECEIVED_AT, HELD)
    assert [d.kind for d in case.deadlines] == [DeadlineKind.DECISION]


def test_the_hold_is_that_of_the_reading_method() -> None:
    remote = but(facts(), "point.remotely_read", True)
    assert after(None, a_request(), RECEIVED_AT, HELD, remote).phase is Phase.AWAITING_READING


def test_a_doubt_that_comes_up_during_the_hold_waits_for_the_decision() -> None:
    case = after(held(), reached(DeadlineKind.END_OF_HOLD), LATER, HELD, RENAMED)
    assert [doubt.kind for doubt in case.doubts] == [DoubtKind.NAME_DIFFERS]
    assert [d.kind for d in case.deadlines] == [DeadlineKind.DECISION]


class TestSilenceOfTheOperator:
    """On the 5th working day the broker decides (interpretation 3)."""

    def decided(self, case: SwitchCase, **circumstances: object) -> SwitchCase:
        """The case after the hour of the decision."""
        return after(case, reached(DeadlineKind.DECISION), at(date(2026, 5, 5), 22))

    def test_it_approves_where_no_ground_is_found(self) -> None:
        case = self.decided(awaiting_approval())
        assert case.phase is Phase.AWAITING_READING
        assert case.approved_by is DecidedBy.BROKER_AT_THE_DEADLINE

    def test_it_rejects_on_a_ground_that_came_up(self) -> None:
        blocked = but(facts(), "point.connected", False)
        case = after(
            awaiting_approval(),
            reached(DeadlineKind.DECISION),
            at(date(2026, 5, 5), 22),
            RULES,
            blocked,
        )
        assert case.phase is Phase.REJECTED
        assert [given.reason for given in case.grounds] == [Reason.POINT_NOT_CONNECTED]

    def test_a_period_that_has_passed_is_for_the_operator(self) -> None:
        case = after(awaiting_approval(), reached(DeadlineKind.DECISION), OUTAGE)
        assert case.phase is Phase.AWAITING_APPROVAL
        assert DoubtKind.PERIOD_PASSED_BEFORE_APPROVAL in {doubt.kind for doubt in case.doubts}
        assert case.deadlines == ()
        refused = decide(case, approval_by_the_operator(), facts=facts(), now=OUTAGE, rules=RULES)
        assert isinstance(refused, Refused)
        assert names(refused.refusals) == (Reason.PERIOD_HAS_PASSED,)
        reason = GivenReason(reason=Reason.PERIOD_HAS_PASSED)
        rejection = RequestRejectedByOperator(by="Nada", why="Izpad.", reasons=(reason,))
        assert after(case, rejection, OUTAGE).phase is Phase.REJECTED


def test_the_operator_cannot_approve_against_a_ground() -> None:
    known = but(facts(), "point.customer", None)
    refused = decide(
        awaiting_approval(), approval_by_the_operator(), facts=known, now=LATER, rules=RULES
    )
    assert isinstance(refused, Refused)
    assert names(refused.refusals) == (Reason.CONTRACTING_PARTY_MISMATCH,)


def test_the_operator_rejects_with_a_ground_for_requests_only() -> None:
    reason = GivenReason(reason=Reason.READING_BEYOND_PLAUSIBILITY)
    rejection = RequestRejectedByOperator(by="Nada", why="", reasons=(reason,))
    refused = decide(awaiting_approval(), rejection, facts=facts(), now=LATER, rules=RULES)
    assert isinstance(refused, Refused)
    assert names(refused.refusals) == (Reason.REASON_NOT_FOR_THIS_USE,)


@pytest.mark.parametrize(
    ("path", "value"),
    [("point.metering_site", OTHER_SITE), ("point.accounting_point", "383199900000000024")],
)
def test_a_withdrawal_of_another_point_is_refused(path: str, value: str) -> None:
    event = WithdrawalReceived(withdrawal=but(withdrawal(), path, value), received_at=LATER)
    refused = decide(awaiting_approval(), event, facts=facts(), now=LATER, rules=RULES)
    assert isinstance(refused, Refused)
    assert names(refused.refusals) == (Reason.POINT_NOT_IDENTIFIABLE,)


def test_an_approval_says_what_was_in_doubt_when_it_was_decided() -> None:
    case = in_doubt_of_the_register()
    assert case.doubts != ()
    ways = (
        (reached(DeadlineKind.DECISION), RENAMED, case.doubts),
        (a_point_change(), facts(), ()),
    )
    for event, known, open_doubts in ways:
        outcome = decide(case, event, facts=known, now=IN_FIVE_DAYS, rules=RULES)
        assert isinstance(outcome, Decision)
        (approved,) = (one for one in outcome.records if isinstance(one, RequestApproved))
        assert approved.open_doubts == open_doubts


class TestOneOffDays:
    """A newly announced day moves working-day deadlines and no other (Counting time)."""

    rules = replace(
        RULES, working_days=replace(RULES.working_days, one_off_days=(date(2026, 4, 30),))
    )

    def test_the_decision_moves(self) -> None:
        case = after(awaiting_approval(), one_off_days(), LATER, self.rules)
        assert [d.act_at for d in case.deadlines] == [at(date(2026, 5, 6), 22)]

    def test_the_hold_stays(self) -> None:
        before = held()
        case = after(before, one_off_days(), LATER, self.rules)
        assert case.deadlines[0] == before.deadlines[0]
        assert case.deadlines[1].act_at == at(date(2026, 5, 6), 22)

    def test_nothing_is_recorded_where_nothing_moves(self) -> None:
        outcome = decide(awaiting_approval(), one_off_days(), facts=facts(), now=LATER, rules=RULES)
        assert isinstance(outcome, Decision)
        assert outcome.records == ()

    def test_the_21_days_do_not_move(self) -> None:
        case = awaiting_reading()
        outcome = decide(case, one_off_days(), facts=facts(), now=LATER, rules=self.rules)
        assert isinstance(outcome, Refused)
