"""A reading under review: which deadlines are open, how they move, who decided (A26, A29)."""

from dataclasses import replace
from datetime import date

import pytest

from broker.engine.decision import Decision
from broker.engine.state import Phase, SwitchCase
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import OperatorDecision
from broker.messages.records import (
    DecidedBy,
    ReadingRefusedAfterReview,
    RequestApproved,
    RequestRejected,
    SiteVisitPlanned,
    SwitchCarriedOut,
    SwitchHasFailed,
)
from tests.engine.builders import RULES, at
from tests.engine.ways_through_the_process import (
    LATER,
    WAYS,
    Way,
    after,
    awaiting_reading,
    one_off_days,
    period_over_under_review,
    reading_under_review,
    refusal_by_the_operator,
)

REVIEW, PERIOD = DeadlineKind.READING_REVIEW, DeadlineKind.END_OF_READING_PERIOD
ANNOUNCED = date(2026, 5, 20)
WITH_ANNOUNCED = replace(RULES, working_days=replace(RULES.working_days, one_off_days=(ANNOUNCED,)))


def open_at(case: SwitchCase) -> dict[DeadlineKind, object]:
    """When the broker acts on each open deadline."""
    return {deadline.kind: deadline.act_at for deadline in case.deadlines}


def test_a_review_is_due_on_the_5th_working_day_after_the_period() -> None:
    period_ends, decision = at(date(2026, 5, 16), 0), at(date(2026, 5, 22), 22)
    assert open_at(awaiting_reading()) == {PERIOD: period_ends}
    assert open_at(reading_under_review()) == {PERIOD: period_ends, REVIEW: decision}
    assert open_at(period_over_under_review()) == {REVIEW: decision}


def test_after_a_refusal_the_period_runs_on() -> None:
    case = after(reading_under_review(), refusal_by_the_operator())
    assert case.deadlines == awaiting_reading().deadlines


@pytest.mark.parametrize("case", [reading_under_review(), period_over_under_review()])
def test_an_announced_day_moves_the_review_alone(case: SwitchCase) -> None:
    moved = open_at(after(case, one_off_days(), LATER, WITH_ANNOUNCED))
    assert moved == open_at(case) | {REVIEW: at(date(2026, 5, 25), 22)}


BY_A_PERSON = [way for way in WAYS if isinstance(way.event, OperatorDecision)]


@pytest.mark.parametrize("way", BY_A_PERSON, ids=lambda way: way.name)
def test_a_decision_of_the_operator_names_who_and_why(way: Way) -> None:
    outcome = way.taken()
    assert isinstance(outcome, Decision)
    for record in outcome.records:
        assert isinstance(
            record,
            RequestApproved
            | RequestRejected
            | SiteVisitPlanned
            | ReadingRefusedAfterReview
            | SwitchCarriedOut
            | SwitchHasFailed,
        )
        assert (record.by, record.why) == (way.event.by, way.event.why)
        if not isinstance(record, ReadingRefusedAfterReview | SiteVisitPlanned):
            assert record.decided_by is DecidedBy.OPERATOR


@pytest.mark.parametrize(
    "way", [way for way in WAYS if way not in BY_A_PERSON], ids=lambda way: way.name
)
def test_a_decision_of_the_broker_names_nobody(way: Way) -> None:
    outcome = way.taken()
    assert isinstance(outcome, Decision)
    for record in outcome.records:
        assert getattr(record, "by", None) is None
        assert getattr(record, "why", None) is None
        if way.to is Phase.FAILED:
            assert isinstance(record, SwitchHasFailed)
            assert record.decided_by is DecidedBy.BROKER_AT_THE_DEADLINE
