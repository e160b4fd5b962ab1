"""The process tables and the engine agree: what one lists happens, what none does is refused."""

from typing import get_args

import pytest

from broker.engine.decide import OF_SWITCHES, decide, processes_of, transition_of
from broker.engine.decision import Decision, Refused, Trigger
from broker.engine.state import Phase
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import (
    ConfirmationReceived,
    DeadlineReached,
    Event,
    ObjectionReceived,
    OperatorDecision,
    ReadingReceived,
    SwitchRequestReceived,
    WithdrawalReceived,
)
from broker.messages.reasons import Reason
from broker.store.codec import encode
from tests.engine.builders import RULES, facts
from tests.engine.ways_of_shared_supply import EVERY_EVENT as EVENTS
from tests.engine.ways_of_shared_supply import EVERY_WAY as WAYS
from tests.engine.ways_of_shared_supply import IN_EVERY_PHASE as IN_PHASE
from tests.engine.ways_through_the_process import LATER, Way

ENDS = (Phase.COMPLETED, Phase.REJECTED, Phase.WITHDRAWN, Phase.FAILED)
CONCLUDED = (*ENDS, Phase.COMPLETED_UNSETTLED)


def trigger_of(event: Event) -> Trigger:
    """The trigger that an event is."""
    return event.kind if isinstance(event, DeadlineReached) else type(event)


UNLISTED = [
    (phase, event)
    for phase in Phase
    for event in EVENTS
    if transition_of(phase, trigger_of(event), processes_of(IN_PHASE[phase]())) is None
]
ROWS = [(phase, row) for process in OF_SWITCHES for phase, row in process.items()]


def test_the_tables_have_every_phase_and_only_known_triggers() -> None:
    assert {phase for phase, _ in ROWS} == set(Phase)
    known = {trigger_of(event) for event in EVENTS}
    assert {trigger for _, listed in ROWS for trigger in listed} <= known


def test_no_two_tables_list_the_same() -> None:
    listed = [(phase, trigger) for phase, row in ROWS for trigger in row]
    assert len(listed) == len(set(listed))


def test_every_kind_of_event_is_tried() -> None:
    tried = {type(event) for event in EVENTS}
    assert {kind for kind in get_args(Event) if isinstance(kind, type)} <= tried
    assert set(get_args(OperatorDecision)) <= tried
    assert {e.kind for e in EVENTS if isinstance(e, DeadlineReached)} == set(DeadlineKind)


def test_every_transition_of_the_table_is_shown() -> None:
    listed = {
        (phase, trigger, to)
        for phase, of_phase in ROWS
        for trigger, transition in of_phase.items()
        for to in transition.to
    }
    assert {(way.frm, way.trigger, way.to) for way in WAYS} == listed


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_listed_event_leads_where_the_table_says(way: Way) -> None:
    before = way.case()
    assert (before.phase if before else Phase.NEW) is way.frm
    outcome = way.taken()
    assert isinstance(outcome, Decision), outcome
    assert outcome.state.phase is way.to


@pytest.mark.parametrize("phase", Phase, ids=lambda phase: phase.value)
def test_the_case_for_a_phase_is_in_it(phase: Phase) -> None:
    case = IN_PHASE[phase]()
    assert (case.phase if case else Phase.NEW) is phase


@pytest.mark.parametrize(
    ("phase", "event"),
    UNLISTED,
    ids=[
        f"{p.value}-{t.name if isinstance(t := trigger_of(e), DeadlineKind) else t.__name__}"
        for p, e in UNLISTED
    ],
)
def test_an_unlisted_event_is_refused_by_name(phase: Phase, event: Event) -> None:
    case = IN_PHASE[phase]()
    before = encode(case)
    outcome = decide(case, event, facts=facts(), now=LATER, rules=RULES)
    assert isinstance(outcome, Refused)
    if phase in CONCLUDED:
        expected = Reason.CASE_HAS_ENDED
    elif phase is Phase.NEW:
        expected = Reason.NO_ONGOING_SWITCH
    else:
        expected = _named(phase, event)
    assert [refusal.reason for refusal in outcome.refusals] == [expected]
    assert encode(case) == before


def _named(phase: Phase, event: Event) -> Reason:
    """The reason an event that is not listed is refused with while the case is open."""
    if isinstance(event, ReadingReceived):
        return Reason.READING_OUTSIDE_PERIOD
    if isinstance(event, WithdrawalReceived):
        return Reason.WITHDRAWAL_AFTER_APPROVAL
    if isinstance(event, ConfirmationReceived | ObjectionReceived):
        asked = phase is Phase.AWAITING_OBJECTION_DECISION
        return Reason.ALREADY_ANSWERED if asked else Reason.NO_ONGOING_SWITCH
    return Reason.NOT_POSSIBLE_IN_THIS_STATE


@pytest.mark.parametrize("phase", ENDS, ids=lambda phase: phase.value)
def test_an_ended_case_lists_nothing_and_has_nothing_open(phase: Phase) -> None:
    assert [row for listed, row in ROWS if listed is phase] == [{}]
    case = IN_PHASE[phase]()
    assert case is not None
    assert case.deadlines == ()
    assert case.doubts == ()
    assert case.review is None
    assert case.ended_at is not None


def test_an_unsettled_case_is_concluded_and_owes_the_settlement_alone() -> None:
    case = IN_PHASE[Phase.COMPLETED_UNSETTLED]()
    assert case is not None
    assert [deadline.kind for deadline in case.deadlines] == [DeadlineKind.FINAL_SETTLEMENT]
    assert (case.doubts, case.review, case.needs_operator) == ((), None, False)
    assert case.ended_at is not None
    settled = case.deadlines[0].act_at
    event = DeadlineReached(kind=DeadlineKind.FINAL_SETTLEMENT, act_at=settled)
    outcome = decide(case, event, facts=facts(), now=settled, rules=RULES)
    assert isinstance(outcome, Decision)
    # the case is as old as its switch, not as its settlement
    assert outcome.state.ended_at == case.ended_at


OPEN = [phase for phase in Phase if phase not in (*CONCLUDED, Phase.NEW)]


@pytest.mark.parametrize("phase", OPEN, ids=lambda phase: phase.value)
def test_an_open_case_has_not_ended(phase: Phase) -> None:
    case = IN_PHASE[phase]()
    assert case is not None
    assert case.ended_at is None
    assert case.deadlines != ()


def test_a_second_request_does_not_open_a_case_twice() -> None:
    case = IN_PHASE[Phase.AWAITING_READING]()
    assert case is not None
    again = SwitchRequestReceived(case_id=case.case_id, request=case.request, received_at=LATER)
    outcome = decide(case, again, facts=facts(), now=LATER, rules=RULES)
    assert isinstance(outcome, Refused)
