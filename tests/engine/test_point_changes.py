"""A switch in progress follows what the register says anew about its point (A15, A19, D4)."""

import json
from dataclasses import replace
from datetime import date

import pytest

from broker.engine.apply import apply
from broker.engine.decide import decide
from broker.engine.decision import Decision
from broker.engine.facts import Facts
from broker.engine.state import SwitchCase
from broker.messages.codes import ReadingMethod, RegisterChangeKind
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import PointChanged
from broker.messages.notices import ApprovalNotice, ApprovalNoticeToOldSupplier, ReadingOrder
from broker.messages.records import PointChangeNoted
from broker.store import codec
from tests.engine.builders import NEW, RULES, at, but, facts
from tests.engine.ways_through_the_process import (
    DISCONNECTED,
    HELD,
    REMOTE,
    a_planned_visit,
    a_point_change,
    after,
    awaiting_reading,
    awaiting_remote_reading,
    awaiting_visit,
    held,
    period_over_under_review,
    reached,
    reading_under_review,
    taken_over,
)

REPORTED_AT = at(date(2026, 4, 28), 9)
EXCHANGED = but(facts(), "point.meter.serial_number", "ZGL-900001")


def followed(
    case: SwitchCase, known: Facts, event: PointChanged | None = None, rules: object = RULES
) -> Decision:
    """What the case makes of the change."""
    assert rules in (RULES, HELD)
    outcome = decide(
        case,
        event or a_point_change(),
        facts=known,
        now=REPORTED_AT,
        rules=HELD if rules is HELD else RULES,
    )
    assert isinstance(outcome, Decision)
    return outcome


@pytest.mark.parametrize("case", [awaiting_reading, reading_under_review])
def test_the_new_supplier_is_told_the_new_serial_number(case: object) -> None:
    assert callable(case)
    (notice,) = followed(case(), EXCHANGED).notices
    assert isinstance(notice, ApprovalNotice)
    assert (notice.to.party, notice.serial_number) == (NEW, "ZGL-900001")


def test_a_remote_reading_is_ordered_from_the_new_meter() -> None:
    known = but(REMOTE, "point.meter.serial_number", "ZGL-900001")
    decision = followed(awaiting_remote_reading(), known)
    orders = [one for one in decision.notices if isinstance(one, ReadingOrder)]
    assert [(one.serial_number, one.order_number) for one in orders] == [("ZGL-900001", 1)]
    kinds = [deadline.kind for deadline in decision.deadlines]
    assert sorted(kinds, key=str) == sorted(
        [DeadlineKind.END_OF_READING_PERIOD, DeadlineKind.REMOTE_READING], key=str
    )
    assert not decision.state.needs_operator


def test_no_meter_is_read_before_it_was_installed() -> None:
    case = awaiting_remote_reading()
    assert case.plan is not None
    assert case.plan.expected_date == date(2026, 4, 25)
    decision = followed(case, REMOTE)
    assert decision.state.plan == replace(case.plan, expected_date=date(2026, 4, 28))
    assert [type(one) for one in decision.notices] == [
        ApprovalNotice,
        ApprovalNoticeToOldSupplier,
        ReadingOrder,
    ]


def test_another_reading_method_is_told_and_ordered() -> None:
    event = a_point_change(RegisterChangeKind.READING_METHOD)
    decision = followed(awaiting_reading(), REMOTE, event)
    assert [type(one) for one in decision.notices] == [ApprovalNotice, ReadingOrder]
    back = followed(decision.state, facts(), event)
    (notice,) = back.notices
    assert isinstance(notice, ApprovalNotice)
    assert notice.reading_method is ReadingMethod.CUSTOMER
    assert [one.kind for one in back.deadlines] == [DeadlineKind.END_OF_READING_PERIOD]


@pytest.mark.parametrize("case", [awaiting_visit, taken_over])
def test_the_day_of_a_visit_stays_while_the_operator_is_still_to_come(case: object) -> None:
    assert callable(case)
    planned = after(case(), a_planned_visit())
    known = but(EXCHANGED, "point.inaccessible_since", None)
    assert followed(planned, known).state.visit_on == planned.visit_on is not None


def test_the_day_of_a_visit_is_gone_when_the_meter_is_read_remotely() -> None:
    planned = after(awaiting_visit(), a_planned_visit())
    event = a_point_change(RegisterChangeKind.READING_METHOD)
    assert followed(planned, REMOTE, event).state.visit_on is None


def test_a_record_from_before_that_says_no_day_of_a_visit_leaves_none() -> None:
    planned = after(awaiting_visit(), a_planned_visit())
    (record,) = followed(planned, EXCHANGED).records
    assert isinstance(record, PointChangeNoted)
    before = json.loads(codec.encode(record))
    del before["visit_on"]
    assert (
        apply(planned, codec.decode(json.dumps(before).encode(), PointChangeNoted)).visit_on is None
    )


@pytest.mark.parametrize(
    "change", [RegisterChangeKind.CUSTOMER, RegisterChangeKind.CONNECTION, RegisterChangeKind.PAYER]
)
def test_any_other_change_is_noted_and_tells_nobody(change: RegisterChangeKind) -> None:
    case = awaiting_reading()
    decision = followed(case, DISCONNECTED, a_point_change(change))
    assert len(decision.records) == 1
    assert decision.notices == ()
    assert decision.state == case


def test_when_the_period_is_over_nobody_is_told() -> None:
    case = period_over_under_review()
    decision = followed(case, EXCHANGED)
    assert (decision.notices, decision.state) == ((), case)


def test_a_held_request_stays_held() -> None:
    case = held()
    decision = followed(case, facts(), rules=HELD)
    assert decision.state == case
    assert after(decision.state, reached(DeadlineKind.END_OF_HOLD), rules=HELD).approved_at
