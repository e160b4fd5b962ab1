"""What holds for every case, whatever happens to it: shown on random walks."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from typing import get_args

import pytest
from hypothesis import given, settings

from broker.engine.apply import RecordOutOfPlace, apply, replay
from broker.engine.calendar import local_day
from broker.engine.decision import Decision, Refused
from broker.engine.legal_periods import PERIODS, LegalPeriod, dated_periods
from broker.engine.rules_reading import direction_of
from broker.engine.state import Phase, SwitchCase
from broker.messages.deadlines import DeadlineKind
from broker.messages.notices import (
    FinalSettlement,
    ReadingOrder,
    ReadingRejection,
    ReceiptConfirmation,
    RegisterChangeNotice,
    RejectionNotice,
    SiteVisitNotice,
    SwitchCompleted,
    SwitchExecuted,
    SwitchFailed,
    WithdrawalConfirmation,
)
from broker.messages.reasons import Reason
from broker.messages.records import (
    CorrectionCarriedOut,
    DoubtKind,
    Record,
    RequestApproved,
    RequestRejected,
    RequestWithdrawn,
    SwitchCarriedOut,
    SwitchHasFailed,
)
from broker.messages.register_changes import SupplyBegun, SupplyEnded
from broker.store.codec import decode, encode
from tests.engine.builders import ADDRESS, NEW, OPERATOR, RECEIVED_AT, at
from tests.engine.random_walks import ACTIONS, EU_FROM, Start, Step, Walk, starts, steps, walked
from tests.engine.ways_of_shared_supply import EVERY_WAY as WAYS
from tests.engine.ways_through_the_process import Way, awaiting_reading

OF_SHARED_SUPPLY = {
    Phase.COLLECTING_CLAIMS,
    Phase.AWAITING_CONFIRMATION,
    Phase.AWAITING_OBJECTION_DECISION,
}
ENDS = {Phase.COMPLETED, Phase.REJECTED, Phase.WITHDRAWN, Phase.FAILED}
reproducibly = settings(deadline=None, derandomize=True, max_examples=100)


def decisions(walk: Walk) -> list[tuple[SwitchCase | None, Decision]]:
    """Every decision of a walk, with the state before it."""
    return [(before, d) for before, _, d in walk.outcomes if isinstance(d, Decision)]


@given(start=starts(), taken=steps())
@reproducibly
def test_a_case_ends_when_all_its_deadlines_have_passed(start: Start, taken: list[Step]) -> None:
    state = walked(start, taken).state
    assert state is not None
    assert state.phase in ENDS
    assert state.ended_at is not None
    assert (state.deadlines, state.doubts, state.review) == ((), (), None)


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_after_an_outage_a_case_ends_or_waits_for_the_operator(
    start: Start, taken: list[Step]
) -> None:
    state = walked(start, taken).state
    assert state is not None
    if state.phase not in ENDS:
        assert state.phase is Phase.AWAITING_APPROVAL
        kinds = {doubt.kind for doubt in state.doubts}
        assert DoubtKind.PERIOD_PASSED_BEFORE_APPROVAL in kinds


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_the_records_alone_give_the_state(start: Start, taken: list[Step]) -> None:
    walk = walked(start, taken)
    for before, decision in decisions(walk):
        assert reduce(apply, decision.records, before) == decision.state
    assert replay(walk.records) == walk.state


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_records_and_states_survive_the_journal(start: Start, taken: list[Step]) -> None:
    walk = walked(start, taken)
    states = [decision.state for _, decision in decisions(walk)]
    for value in (*walk.records, *states):
        written = encode(value)
        read = decode(written, type(value))
        assert read == value
        assert encode(read) == written


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_deadlines_stand_in_order_of_law(start: Start, taken: list[Step]) -> None:
    for _, decision in decisions(walked(start, taken)):
        kinds = Counter(deadline.kind for deadline in decision.deadlines)
        assert set(kinds.values()) <= {1}
        for deadline in decision.deadlines:
            assert deadline.act_at <= deadline.limit
            assert deadline.warn_at is None or deadline.warn_at <= deadline.act_at


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_each_party_gets_one_document_of_each_kind(start: Start, taken: list[Step]) -> None:
    given_in_all: Counter[tuple[type, str, bool]] = Counter()
    for _, decision in decisions(walked(start, taken)):
        given_now = Counter(
            (type(n), n.to.party, n.to.customer is not None) for n in decision.notices
        )
        assert set(given_now.values()) <= {1}
        many = (ReadingOrder, ReadingRejection)
        given_in_all.update({k: n for k, n in given_now.items() if not issubclass(k[0], many)})
    assert set(given_in_all.values()) <= {1}


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_the_old_supplier_never_learns_who_is_new(start: Start, taken: list[Step]) -> None:
    for _, decision in decisions(walked(start, taken)):
        old = {supply.supplier for supply in decision.state.changes.ends}
        for notice in decision.notices:
            if notice.to.party in old:
                assert NEW not in encode(notice).decode()
                assert "Južna" not in encode(notice).decode()
                assert notice.to.reference is None


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_the_customer_is_told_through_the_operator_and_nobody_learns_its_address(
    start: Start, taken: list[Step]
) -> None:
    for _, decision in decisions(walked(start, taken)):
        for notice in decision.notices:
            to_customer = notice.to.customer is not None
            to_operator = to_customer or isinstance(notice, SwitchExecuted)
            assert (notice.to.party == OPERATOR) == to_operator
            assert (ADDRESS.street in encode(notice).decode()) == to_customer
            if to_customer and start.request.customer_application is None:
                assert isinstance(notice, SiteVisitNotice)
            if isinstance(notice, SwitchFailed):
                assert (notice.legal_remedies is not None) == to_customer


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_a_remote_reading_is_ordered_as_often_as_the_case_says(
    start: Start, taken: list[Step]
) -> None:
    walk = walked(start, taken)
    ordered = [n for _, d in decisions(walk) for n in d.notices if isinstance(n, ReadingOrder)]
    assert [order.order_number for order in ordered] == list(range(1, len(ordered) + 1))
    assert walk.state is not None
    assert walk.state.orders == len(ordered)
    for before, decision in decisions(walk):
        for order in decision.notices:
            if isinstance(order, ReadingOrder):
                (answer,) = [
                    d.act_at for d in decision.deadlines if d.kind is DeadlineKind.REMOTE_READING
                ]
                assert order.answer_by == answer
                assert order.answer_by > order.read_for
                assert (
                    before is None
                    or before.phase is not Phase.READING_UNDER_REVIEW
                    or (before.orders + 1 == order.order_number)
                )


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_every_old_supplier_is_settled_once_after_the_switch(
    start: Start, taken: list[Step]
) -> None:
    walk = walked(start, taken)
    settled = [n for _, d in decisions(walk) for n in d.notices if isinstance(n, FinalSettlement)]
    carried_out = [r for r in walk.records if isinstance(r, SwitchCarriedOut)]
    assert walk.state is not None
    old = {supply.supplier for supply in walk.state.changes.ends if carried_out}
    assert sorted(n.to.party for n in settled) == sorted(old)
    for notice in settled:
        assert notice.settlement.to_day == carried_out[0].switch_date
        for one in notice.settlement.registers:
            direction = direction_of(one.register)
            assert direction in notice.old_supplier.directions


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_before_approval_the_applicant_alone_hears_of_the_case(
    start: Start, taken: list[Step]
) -> None:
    approved = False
    for _, decision in decisions(walked(start, taken)):
        approved = approved or any(isinstance(r, RequestApproved) for r in decision.records)
        told = {notice.to.party for notice in decision.notices}
        if not approved:
            assert told <= {start.request.header.sender}
        if any(isinstance(r, RequestRejected | RequestWithdrawn) for r in decision.records):
            (notice,) = [n for n in decision.notices if not isinstance(n, ReceiptConfirmation)]
            assert isinstance(notice, RejectionNotice | WithdrawalConfirmation)


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_only_a_switch_carried_out_is_announced_and_registered(
    start: Start, taken: list[Step]
) -> None:
    for _, decision in decisions(walked(start, taken)):
        carried_out = [r for r in decision.records if isinstance(r, SwitchCarriedOut)]
        completions = [n for n in decision.notices if isinstance(n, SwitchCompleted)]
        failed = [r for r in decision.records if isinstance(r, SwitchHasFailed)]
        failures = [n for n in decision.notices if isinstance(n, SwitchFailed)]
        assert bool(completions) == bool(carried_out) == bool(decision.register_changes)
        visible = [n for n in decision.notices if isinstance(n, RegisterChangeNotice)]
        assert {n.to.party for n in visible} == {
            supply.supplier for supply in decision.state.changes.ends if carried_out
        }
        assert bool(failures) == bool(failed)
        ended = [c for c in decision.register_changes if isinstance(c, SupplyEnded)]
        begun = [c for c in decision.register_changes if isinstance(c, SupplyBegun)]
        if carried_out:
            changes = decision.state.changes
            assert [(s.direction, s.supplier) for s in ended] == [
                (supply.direction, supply.supplier) for supply in changes.ends
            ]
            assert [(s.direction, s.supplier) for s in begun] == [
                (supply.direction, supply.supplier) for supply in changes.begins
            ]
            assert {s.on for s in begun} == {n.switch_date for n in completions}


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_dates_keep_to_the_plan_and_the_plan_to_the_law(start: Start, taken: list[Step]) -> None:
    walk = walked(start, taken)
    for record in walk.records:
        if isinstance(record, RequestApproved):
            plan = record.plan
            approved_on = local_day(record.at)
            first = walk.state.received_at if walk.state else record.at
            begins = max(local_day(first), start.request.requested_date or local_day(first))
            assert approved_on <= plan.reading_from <= plan.expected_date <= plan.reading_to
            assert plan.reading_to <= begins + timedelta(days=21)
            assert record.end_of_reading_period.limit == at(plan.reading_to + timedelta(days=1), 0)
        if isinstance(record, SwitchCarriedOut):
            assert walk.state is not None
            assert walk.state.plan is not None
            plan = walk.state.plan
            assert plan.reading_from <= record.switch_date <= plan.reading_to


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_a_refusal_says_why_and_changes_nothing(start: Start, taken: list[Step]) -> None:
    walk = walked(start, taken)
    for _, _, outcome in walk.outcomes:
        if isinstance(outcome, Refused):
            assert outcome.refusals
    after_each = [None, *(o.state for _, _, o in walk.outcomes if isinstance(o, Decision))]
    assert walk.state == after_each[-1]
    assert all(before in after_each for before, _, _ in walk.outcomes)


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_a_case_refuses_its_own_deadline_only_where_no_meter_is_left_to_read(
    start: Start, taken: list[Step]
) -> None:
    walk = walked(start, taken)
    assert {deadline.kind for deadline in walk.parked} <= {DeadlineKind.REMOTE_READING}
    for before, event, outcome in walk.outcomes:
        open_kinds = {deadline.kind for deadline in before.deadlines} if before else set()
        if getattr(event, "kind", None) in open_kinds and isinstance(outcome, Refused):
            assert [r.reason for r in outcome.refusals] == [Reason.METER_NOT_IDENTIFIABLE]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_every_transition_survives_apply_and_journal(way: Way) -> None:
    before = way.case()
    decision = way.taken()
    assert isinstance(decision, Decision)
    assert reduce(apply, decision.records, before) == decision.state
    for value in (*decision.records, decision.state):
        assert decode(encode(value), type(value)) == value
        assert encode(decode(encode(value), type(value))) == encode(value)


def test_the_ways_show_every_record() -> None:
    outcomes = [way.taken() for way in WAYS]
    recorded = {type(r) for o in outcomes if isinstance(o, Decision) for r in o.records}
    assert recorded == set(get_args(Record)) - {CorrectionCarriedOut}


class TestRecordsOutOfPlace:
    """A case begins with RequestRecorded and only with it."""

    def test_nothing_is_no_case(self) -> None:
        with pytest.raises(RecordOutOfPlace):
            replay(())

    def test_another_record_cannot_begin_one(self) -> None:
        way = next(way for way in WAYS if way.to is Phase.WITHDRAWN).taken()
        assert isinstance(way, Decision)
        with pytest.raises(RecordOutOfPlace):
            apply(None, way.records[0])

    def test_a_case_does_not_begin_twice(self) -> None:
        way = next(way for way in WAYS if way.frm is Phase.NEW).taken()
        assert isinstance(way, Decision)
        with pytest.raises(RecordOutOfPlace):
            apply(awaiting_reading(), way.records[0])


def test_the_walks_reach_every_phase() -> None:
    reached: set[Phase] = set()

    @given(start=starts(), taken=steps((*ACTIONS, "outage")))
    @settings(deadline=None, derandomize=True, max_examples=400)
    def walk(start: Start, taken: list[Step]) -> None:
        walk = walked(start, taken)
        reached.update(decision.state.phase for _, decision in decisions(walk))

    walk()
    assert reached == set(Phase) - {Phase.NEW, *OF_SHARED_SUPPLY}


@pytest.mark.parametrize("eu", [False, True], ids=["under the law", "under the EU's regime"])
def test_the_same_walk_runs_under_either_regime(eu: bool) -> None:
    ends: Counter[Phase] = Counter()

    @given(start=starts(), taken=steps())
    @settings(deadline=None, derandomize=True, max_examples=200)
    def walk(start: Start, taken: list[Step]) -> None:
        periods = dated_periods(EU_FROM if eu else None)
        state = walked(replace(start, rules=replace(start.rules, periods=periods)), taken).state
        assert state is not None
        assert state.phase in ENDS
        ends[state.phase] += 1

    walk()
    assert set(ends) == ENDS


@given(start=starts(), taken=steps((*ACTIONS, "outage")))
@reproducibly
def test_a_case_begun_before_the_day_runs_on_as_if_there_were_no_other_regime(
    start: Start, taken: list[Step]
) -> None:
    def under(periods: tuple[LegalPeriod, ...]) -> Walk:
        return walked(replace(start, rules=replace(start.rules, periods=periods)), taken)

    before = under(dated_periods(local_day(RECEIVED_AT) + timedelta(days=1)))
    assert before.records == under(PERIODS).records
