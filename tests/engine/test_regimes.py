"""The EU's 24-hour regime: a second set of dated periods (interpretation 15, C2)."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from broker.engine.legal_periods import (
    EU_24_HOURS,
    PERIODS,
    LegalPeriod,
    PeriodName,
    Unit,
    dated_periods,
    legal_period,
)
from broker.engine.plan import NoPlan, contracts_of, plan_switch
from broker.engine.rulebook import Rulebook
from broker.engine.state import Phase
from broker.messages.codes import Direction, ReadingMethod
from broker.messages.deadlines import DeadlineKind
from broker.messages.records import DoubtKind, Plan
from tests.engine.builders import (
    RECEIVED_AT,
    RECEIVED_ON,
    RULES,
    at,
    but,
    point_read_by,
    request,
)
from tests.engine.ways_through_the_process import (
    REMOTE,
    a_departing_reading,
    a_reading,
    a_request,
    after,
    of_doubtful_name,
    reached,
)

FROM = RECEIVED_ON
EU = Rulebook(periods=dated_periods(FROM))
SHORTENED = {PeriodName.DECISION, PeriodName.READING_PERIOD, PeriodName.NOTICE_OF_FAILURE}


def planned(
    method: ReadingMethod,
    approved_on: date,
    requested: date | None = None,
    valid_to: date | None = None,
) -> Plan | NoPlan:
    """The plan of the good request under the EU's regime, if approved on this day."""
    asked = replace(request(), requested_date=requested)
    asked = but(asked, "chosen.0.contract.valid_to", valid_to)
    return plan_switch(
        requested,
        contracts_of(asked, {Direction.CONSUMPTION}),
        begun=RECEIVED_ON,
        starts_on=RECEIVED_ON,
        approved_on=approved_on,
        point=point_read_by(method),
        rules=EU,
    )


def period(plan: Plan | NoPlan) -> tuple[date, date]:
    """First and last day of the reading period."""
    assert isinstance(plan, Plan), plan
    return plan.reading_from, plan.reading_to


def test_as_shipped_the_regime_has_not_begun() -> None:
    assert dated_periods(None) == PERIODS == RULES.periods


@pytest.mark.parametrize("name", PeriodName, ids=lambda name: name.value)
def test_the_rows_of_both_regimes_follow_each_other(name: PeriodName) -> None:
    rows = [row for row in dated_periods(FROM) if row.name is name]
    assert [row.valid_to for row in rows][-1] is None
    for earlier, later in pairwise(rows):
        assert earlier.valid_to == later.valid_from == FROM
    assert (len(rows) == 2) == (name in SHORTENED)


@pytest.mark.parametrize("row", EU_24_HOURS, ids=lambda row: row.name.value)
def test_the_regime_is_one_working_day(row: LegalPeriod) -> None:
    assert (row.length, row.unit, row.end_moves) == (1, Unit.WORKING_DAYS, False)
    assert row.article == "2019/944 a.12(1)"
    assert row.lengthened_for_customer == (row.name is PeriodName.READING_PERIOD)


def test_a_row_is_chosen_by_the_day_the_case_began() -> None:
    periods = dated_periods(FROM)
    before = legal_period(PeriodName.DECISION, date(2026, 4, 23), periods)
    since = legal_period(PeriodName.DECISION, FROM, periods)
    assert (before.length, since.length) == (5, 1)


class TestDeadlines:
    """From the day on, every step of a new case has one working day."""

    def test_the_decision_is_due_on_the_next_working_day(self) -> None:
        # 24 April is a Friday, the Monday after it work-free
        assert EU.decision_deadline(RECEIVED_AT).act_at == at(date(2026, 4, 28), 22)

    def test_a_review_is_decided_on_the_working_day_after_the_period(self) -> None:
        deadline = EU.review_deadline(date(2026, 4, 30), RECEIVED_ON)
        assert deadline.act_at == at(date(2026, 5, 4), 22)

    def test_the_24_hours_of_the_remote_reading_stay(self) -> None:
        limit = at(date(2026, 4, 25))
        assert EU.remote_reading_deadline(RECEIVED_AT, RECEIVED_ON).limit == limit

    @pytest.mark.parametrize("received", [date(2026, 4, 23), FROM])
    def test_a_case_begun_before_the_day_runs_on_as_it_began(self, received: date) -> None:
        # the last moment before the day, and its first
        instant = at(FROM, 0) if received == FROM else at(received, 23, 59)
        event = replace(a_request(of_doubtful_name()), received_at=instant)
        case = after(None, event, instant, EU)
        due = date(2026, 4, 28) if received == FROM else date(2026, 5, 4)
        assert case.deadlines[0].act_at == at(due, 22)

    def test_what_follows_in_an_old_case_is_of_the_old_regime(self) -> None:
        later = Rulebook(periods=dated_periods(date(2026, 4, 25)))
        case = after(None, a_request(), RECEIVED_AT, later)
        assert case.deadlines == after(None, a_request(), RECEIVED_AT).deadlines
        case = after(case, a_reading(a_departing_reading()), rules=later)
        (review,) = [d for d in case.deadlines if d.kind is DeadlineKind.READING_REVIEW]
        assert review.act_at == at(date(2026, 5, 22), 22)


class TestReadingPeriod:
    """One working day, but never so short that the customer has less than three (C2)."""

    @pytest.mark.parametrize(
        ("method", "approved", "expected"),
        [
            (ReadingMethod.REMOTE, date(2026, 4, 24), (date(2026, 4, 24), date(2026, 4, 28))),
            (ReadingMethod.REMOTE, date(2026, 4, 28), (date(2026, 4, 28), date(2026, 4, 28))),
            # 28, 29 and 30 April are the three working days
            (ReadingMethod.CUSTOMER, date(2026, 4, 24), (date(2026, 4, 24), date(2026, 4, 30))),
            (ReadingMethod.CUSTOMER, date(2026, 4, 28), (date(2026, 4, 28), date(2026, 5, 4))),
        ],
    )
    def test_the_period(
        self, method: ReadingMethod, approved: date, expected: tuple[date, date]
    ) -> None:
        assert period(planned(method, approved)) == expected

    def test_the_three_days_count_from_the_requested_date_where_that_is_later(self) -> None:
        requested = date(2026, 6, 1)
        plan = planned(ReadingMethod.CUSTOMER, RECEIVED_ON, requested)
        assert period(plan) == (requested, date(2026, 6, 4))
        plan = planned(ReadingMethod.REMOTE, RECEIVED_ON, requested)
        assert period(plan) == (requested, date(2026, 6, 2))

    def test_a_day_the_contract_does_not_cover_is_still_none(self) -> None:
        plan = planned(ReadingMethod.CUSTOMER, RECEIVED_ON, valid_to=date(2026, 4, 28))
        assert period(plan) == (RECEIVED_ON, date(2026, 4, 28))

    @pytest.mark.parametrize("method", ReadingMethod, ids=lambda method: method.value)
    def test_a_period_that_passed_before_approval_is_not_lengthened(
        self, method: ReadingMethod
    ) -> None:
        assert planned(method, date(2026, 4, 29)) is NoPlan.PERIOD_HAS_PASSED

    def test_the_law_is_not_lengthened(self) -> None:
        begun = RECEIVED_ON
        last = RULES.last_reading_day(
            start=begun, approved_on=date(2026, 5, 14), begun=begun, customer_reads=True
        )
        assert last == date(2026, 5, 15)


def test_after_an_outage_a_request_goes_to_the_operator_and_not_to_an_approval() -> None:
    case = after(None, a_request(of_doubtful_name()), RECEIVED_AT, EU)
    case = after(case, reached(DeadlineKind.DECISION), at(date(2026, 5, 4)), EU)
    assert case.phase is Phase.AWAITING_APPROVAL
    assert DoubtKind.PERIOD_PASSED_BEFORE_APPROVAL in {doubt.kind for doubt in case.doubts}


def test_a_silent_operator_leaves_the_customer_its_three_days() -> None:
    case = after(None, a_request(of_doubtful_name()), RECEIVED_AT, EU)
    case = after(case, reached(DeadlineKind.DECISION), case.deadlines[0].act_at, EU)
    assert case.phase is Phase.AWAITING_READING
    assert case.deadlines[0].limit == at(date(2026, 5, 5), 0)


def test_a_clean_request_read_remotely_is_switched_within_the_day() -> None:
    case = after(None, a_request(), RECEIVED_AT, EU, REMOTE)
    assert case.plan is not None
    assert case.plan.expected_date == date(2026, 4, 25)
    acts: list[datetime] = [deadline.act_at for deadline in case.deadlines]
    assert acts == [at(date(2026, 4, 29), 0), RECEIVED_AT + timedelta(hours=24)]
