"""What holds at every delivery point, whatever is claimed, answered and when (part B)."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.engine.apply import apply, replay
from broker.engine.facts import SupplyFacts
from broker.engine.state import DIVIDING, Phase, SwitchCase
from broker.messages.codes import Role
from broker.messages.identifiers import Eic
from broker.messages.notices import (
    ApprovalNotice,
    ApprovalNoticeToOldSupplier,
    FinalSettlement,
    Notice,
    ObjectionDecision,
    RegisterChangeNotice,
    RejectionNotice,
    SupplyConfirmationInvitation,
    SwitchCompleted,
    SwitchFailed,
    WithdrawalConfirmation,
    WithdrawalNotice,
)
from broker.messages.reasons import Reason
from broker.messages.records import (
    ClaimWithdrawn,
    ClocksStarted,
    RequestApproved,
    RequestRejected,
    RequestWithdrawn,
    SwitchCarriedOut,
)
from broker.messages.records_of_confirmation import ObjectionsDismissed, ObjectionUpheld
from broker.store.codec import decode, encode
from tests.engine.builders import NEW, PARTIES
from tests.engine.shared_walks import SUPPLIERS, Course, Step, Walk, starts, steps, walked

ENDS = {Phase.COMPLETED, Phase.REJECTED, Phase.WITHDRAWN, Phase.FAILED}
NAMES = {one.eic: one.name for one in PARTIES}
walks = given(walk=st.builds(walked, starts(), steps()))
reproducibly = settings(deadline=None, derandomize=True, max_examples=150)


def to_supplier(notice: Notice) -> bool:
    """Whether a notice goes to a supplier, as such."""
    return notice.to.role is Role.SUPPLIER


def told(course: Course, kind: type) -> Counter[Eic]:
    """How many notices of a kind each supplier got."""
    return Counter(n.to.party for n in course.notices if isinstance(n, kind) and to_supplier(n))


def each_once(suppliers: Iterable[Eic]) -> Counter[Eic]:
    """One notice each."""
    return Counter(set(suppliers))


@walks
@reproducibly
def test_shares_in_force_add_up_to_one_or_there_is_no_supplier(walk: Walk) -> None:
    for supplies in walk.history:
        assert sum((one.share for one in supplies), Decimal(0)) in (0, 1)


@walks
@reproducibly
def test_every_case_ends(walk: Walk) -> None:
    for course in walk.courses:
        assert course.state is not None
        assert course.state.phase in ENDS
        assert (course.state.deadlines, course.state.doubts) == ((), ())


@walks
@reproducibly
def test_the_records_alone_give_the_state_and_survive_the_journal(walk: Walk) -> None:
    for course in walk.courses:
        assert replay(course.records) == course.state
        for before, decision in course.decisions:
            assert reduce(apply, decision.records, before) == decision.state
            for value in (*decision.records, decision.state):
                assert decode(encode(value), type(value)) == value


@walks
@reproducibly
def test_no_supplier_learns_of_anothers_share_contract_name_or_number(walk: Walk) -> None:
    for course in walk.courses:
        for _, decision in course.decisions:
            for notice in decision.notices:
                if to_supplier(notice):
                    _tells_of_the_recipient_alone(notice, decision.state, walk)


def _tells_of_the_recipient_alone(notice: Notice, case: SwitchCase, walk: Walk) -> None:
    party, text = notice.to.party, encode(notice).decode()
    for other in set(SUPPLIERS) - {party}:
        assert other not in text
        assert NAMES[other] not in text
    own = {one.accounting_point for one in case.changes.begins if one.supplier == party}
    own |= {one.accounting_point for one in case.changes.ends if one.supplier == party}
    for supplies in walk.history:
        own |= {one.accounting_point for one in supplies if one.supplier == party}
    for number in set(walk.given_out) - own:
        assert number not in text
    if isinstance(notice, SupplyConfirmationInvitation):
        (mine,) = [one for one in case.request.chosen if one.supplier == party]
        assert notice.share == mine.share
        assert mine.contract is not None
        assert notice.contract == mine.contract.reference


@walks
@reproducibly
def test_only_who_applied_was_named_or_supplies_is_told_anything(walk: Walk) -> None:
    for course in walk.courses:
        for (before, decision), present in zip(course.decisions, course.present_at, strict=True):
            state = decision.state
            concerned = {one.supplier for one in (*present, *state.changes.ends)}
            for case in (before, state):
                for one in case.applications if case else ():
                    concerned |= {chosen.supplier for chosen in one.request.chosen}
                    concerned.add(one.request.header.sender)
            assert {n.to.party for n in decision.notices if to_supplier(n)} <= concerned


@walks
@reproducibly
def test_who_is_owed_a_notice_gets_it_once(walk: Walk) -> None:
    for course in walk.courses:
        for (before, decision), present in zip(course.decisions, course.present_at, strict=True):
            given_now = Course(decisions=[(before, decision)])
            kinds = {type(record) for record in decision.records}
            state = decision.state
            new = [one.supplier for one in state.changes.begins]
            old = [one.supplier for one in state.changes.ends]
            if RequestApproved in kinds:
                assert told(given_now, ApprovalNotice) == each_once(new)
                assert told(given_now, ApprovalNoticeToOldSupplier) == Counter(old)
            if SwitchCarriedOut in kinds:
                assert told(given_now, SwitchCompleted) == Counter(new) + Counter(old)
                assert told(given_now, FinalSettlement) == Counter(old)
                assert told(given_now, RegisterChangeNotice) == Counter(old)
            if RequestRejected in kinds:
                _rejection_is_told_once(given_now, state, present)
            if state.phase is Phase.FAILED:
                assert told(given_now, SwitchFailed) == each_once([*new, *old])
            if RequestWithdrawn in kinds:
                assert told(given_now, WithdrawalNotice) == each_once(state.asked)
            if ClaimWithdrawn in kinds:
                assert sum(told(given_now, WithdrawalConfirmation).values()) == 1
            if ObjectionsDismissed in kinds or ObjectionUpheld in kinds:
                assert told(given_now, ObjectionDecision) == each_once(state.asked)
        asked = course.state.asked if course.state else ()
        assert told(course, SupplyConfirmationInvitation) == each_once(asked)


def _rejection_is_told_once(
    given_now: Course, state: SwitchCase, present: tuple[SupplyFacts, ...]
) -> None:
    rejections = [n for n in given_now.notices if isinstance(n, RejectionNotice)]
    applied = {one.request.header.sender for one in state.applications}
    by_customer = state.request.customer_application is not None
    owed = set(state.asked) | (set() if by_customer else applied)
    if any(n.explains_disconnection for n in rejections):
        assert all(n.explains_disconnection for n in rejections)
        owed |= {one.supplier for one in present}
        owed |= {one.supplier for one in state.request.chosen} if by_customer else set()
    assert told(given_now, RejectionNotice) == each_once(owed)
    assert sum(not to_supplier(n) for n in rejections) == int(by_customer)


@walks
@reproducibly
def test_a_claimant_hears_of_no_ground_but_its_own(walk: Walk) -> None:
    for course in walk.courses:
        for _, decision in course.decisions:
            if not decision.state.claims:
                continue
            for notice in decision.notices:
                if isinstance(notice, RejectionNotice) and len(decision.state.claims) > 1:
                    reasons = {one.reason for one in notice.reasons}
                    assert reasons in (
                        {Reason.CLAIM_PERIOD_OVER},
                        {Reason.OTHER},
                        {Reason.ANOTHER_CLAIM_REJECTED},
                        {Reason.UNAUTHORISED_SUPPLIER},
                        {Reason.ALREADY_EXISTING_RELATION},
                    )
                    if Reason.UNAUTHORISED_SUPPLIER in reasons:
                        assert notice.to.party == NEW


@walks
@reproducibly
def test_what_is_settled_adds_up_to_what_was_measured(walk: Walk) -> None:
    for course in walk.courses:
        for _, decision in course.decisions:
            settled = [n for n in decision.notices if isinstance(n, FinalSettlement)]
            whole = decision.state.settlement
            if settled and whole is not None and not decision.state.changes.stays:
                parts = sum(n.settlement.registers[0].quantity_kwh or 0 for n in settled)
                assert parts == whole.registers[0].quantity_kwh


@walks
@reproducibly
def test_a_division_is_exactly_one_when_its_clocks_start(walk: Walk) -> None:
    for course in walk.courses:
        for _, decision in course.decisions:
            if ClocksStarted not in {type(record) for record in decision.records}:
                continue
            if decision.state.request.header.kind in DIVIDING:
                shares = (
                    chosen.share or Decimal(0)
                    for one in decision.state.applications
                    for chosen in one.request.chosen
                )
                assert sum(shares, Decimal(0)) == 1


def test_the_walks_reach_what_they_are_about() -> None:
    reached: Counter[Phase] = Counter()
    divided: Counter[int] = Counter()

    @walks
    @settings(deadline=None, derandomize=True, max_examples=300)
    def walk_on(walk: Walk) -> None:
        for course in walk.courses:
            reached.update(decision.state.phase for _, decision in course.decisions)
        divided.update(len(supplies) for supplies in walk.history)

    walk_on()
    beside = {
        Phase.NEW,
        Phase.READING_UNDER_REVIEW,
        Phase.PERIOD_OVER_UNDER_REVIEW,
        Phase.COMPLETED_UNSETTLED,
    }
    assert set(Phase) - beside <= set(reached)
    assert divided[2]
    assert divided[3]


@pytest.mark.parametrize("step", [Step("claim", 0, SUPPLIERS[0], 5)])
def test_a_claim_of_the_whole_is_divided_into_one(step: Step) -> None:
    walk = Walk(supplies=())
    walk.take(step)
    assert walk.courses[0].state is not None
    assert walk.courses[0].state.phase is Phase.AWAITING_READING
