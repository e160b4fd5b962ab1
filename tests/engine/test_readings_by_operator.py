"""Readings the operator obtains: remote orders, visits, meters out of reach (A19-A22, A26)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from broker.engine.decide import decide
from broker.engine.decision import Decision, Refused
from broker.engine.facts import Facts
from broker.engine.plan import reading_method
from broker.engine.state import Phase, SwitchCase, WaitsFor
from broker.messages.codes import ReadingMethod, Role
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import ReadingReceived
from broker.messages.notices import ReadingOrder, SiteVisitNotice
from broker.messages.reasons import Reason
from broker.messages.records import DoubtKind, OperatorTookOverReading, ReadingOrdered
from broker.messages.register_changes import SiteReached
from tests.engine.builders import (
    ADDRESS,
    METERING_CENTRE,
    NEW,
    OLD,
    OPERATOR,
    OTHER_SITE,
    READ_ON,
    RECEIVED_AT,
    RECEIVED_ON,
    RULES,
    TAKEN,
    at,
    but,
    facts,
    operators_reading,
    point_read_by,
    reading,
    remote_reading,
    request,
    supply,
)
from tests.engine.test_rules import names
from tests.engine.ways_through_the_process import (
    GOOD,
    IN_FIVE_DAYS,
    LATER,
    REMOTE,
    TO_BE_VISITED,
    a_reading,
    a_reading_by_the_operator,
    a_remote_reading,
    a_report,
    a_request,
    after,
    awaiting_reading,
    awaiting_remote_reading,
    awaiting_visit,
    reached,
    refusal_by_the_operator,
    site_found_inaccessible,
    taken_over,
)

LATE = reached(DeadlineKind.REMOTE_READING)


def decided(case: SwitchCase | None, event: object, known: Facts, now: datetime) -> Decision:
    """The decision on an event that the case takes."""
    outcome = decide(case, event, facts=known, now=now, rules=RULES)
    assert isinstance(outcome, Decision), outcome
    return outcome


def refused(case: SwitchCase, event: object, known: Facts, now: datetime) -> tuple[object, ...]:
    """Why the case does not take an event."""
    outcome = decide(case, event, facts=known, now=now, rules=RULES)
    assert isinstance(outcome, Refused), outcome
    return names(outcome.refusals)


def order(decision: Decision) -> ReadingOrder:
    """The one order among the notices."""
    (found,) = [notice for notice in decision.notices if isinstance(notice, ReadingOrder)]
    return found


class TestOrders:
    """A remote reading is ordered on approval and again every 24 hours (A19, interpretation 14)."""

    def test_the_order_names_what_is_to_be_read(self) -> None:
        ordered = order(decided(None, a_request(), REMOTE, RECEIVED_AT))
        assert (ordered.to.party, ordered.to.role) == (METERING_CENTRE, Role.METERING_CENTRE)
        assert ordered.to.reference is None
        assert (ordered.serial_number, ordered.registers) == ("ZGL-100001", (TAKEN,))
        assert ordered.order_number == 1
        # as soon as possible: 00:00 of the day after approval, within 24 hours of receipt
        assert ordered.read_for == at(date(2026, 4, 25), 0)
        assert ordered.answer_by == RECEIVED_AT + timedelta(hours=24)

    @pytest.mark.parametrize("method", [ReadingMethod.CUSTOMER, ReadingMethod.VISIT])
    def test_nothing_is_ordered_where_the_meter_is_not_read_remotely(
        self, method: ReadingMethod
    ) -> None:
        known = replace(facts(), point=point_read_by(method))
        decision = decided(None, a_request(), known, RECEIVED_AT)
        assert not [n for n in decision.notices if isinstance(n, ReadingOrder)]
        assert [d.kind for d in decision.deadlines] == [DeadlineKind.END_OF_READING_PERIOD]

    @pytest.mark.parametrize(
        ("requested", "read_for", "answer_by"),
        [
            # the day of approval: from the approval, at 10:00
            (RECEIVED_ON, at(RECEIVED_ON, 0), at(date(2026, 4, 25), 10)),
            (date(2026, 5, 1), at(date(2026, 5, 1), 0), at(date(2026, 5, 2), 0)),
            (
                date(2026, 10, 24),
                datetime(2026, 10, 23, 22, tzinfo=UTC),
                datetime(2026, 10, 24, 22, tzinfo=UTC),
            ),
        ],
    )
    def test_24_hours_run_from_approval_or_from_the_expected_date(
        self, requested: date, read_for: datetime, answer_by: datetime
    ) -> None:
        asked = replace(request(), requested_date=requested)
        ordered = order(decided(None, a_request(asked), REMOTE, RECEIVED_AT))
        assert (ordered.read_for, ordered.answer_by) == (read_for, answer_by)

    @pytest.mark.parametrize(
        ("counted_from", "limit"),
        [
            (at(date(2026, 3, 28), 12), at(date(2026, 3, 29), 13)),
            (at(date(2026, 3, 29), 0), at(date(2026, 3, 30), 1)),
            (at(date(2026, 10, 24), 12), at(date(2026, 10, 25), 11)),
            (at(date(2026, 10, 25), 0), at(date(2026, 10, 25), 23)),
            (at(date(2026, 5, 5), 12), at(date(2026, 5, 6), 12)),
        ],
    )
    def test_24_hours_are_elapsed_ones(self, counted_from: datetime, limit: datetime) -> None:
        deadline = RULES.remote_reading_deadline(counted_from, RECEIVED_ON)
        assert deadline.act_at == deadline.limit == limit
        assert deadline.limit - counted_from == timedelta(hours=24)

    def test_a_late_reading_is_ordered_again_and_the_operator_has_a_task(self) -> None:
        case = awaiting_remote_reading()
        assert not case.needs_operator
        first = order(decided(None, a_request(), REMOTE, RECEIVED_AT))
        now = at(date(2026, 4, 26), 0)
        decision = decided(case, LATE, REMOTE, now)
        again = order(decision)
        assert again == replace(first, order_number=2, answer_by=now + timedelta(hours=24))
        assert decision.state.waits_for is WaitsFor.REMOTE_READING_LATE
        assert decision.notices == (again,)
        due = {deadline.kind: deadline.act_at for deadline in decision.deadlines}
        assert due == {
            DeadlineKind.END_OF_READING_PERIOD: at(date(2026, 5, 16), 0),
            DeadlineKind.REMOTE_READING: again.answer_by,
        }

    def test_after_an_outage_it_is_ordered_again_once(self) -> None:
        now = at(date(2026, 5, 4), 9)
        decision = decided(awaiting_remote_reading(), LATE, REMOTE, now)
        assert order(decision).order_number == 2
        assert order(decision).answer_by == now + timedelta(hours=24)

    def test_the_case_does_not_fail_before_its_period_ends(self) -> None:
        case = awaiting_remote_reading()
        for number in range(2, 21):
            case = after(
                case, LATE, at(date(2026, 4, 24), 0) + timedelta(days=number), known=REMOTE
            )
            assert (case.phase, case.orders) == (Phase.AWAITING_READING, number)
        ended = after(case, reached(DeadlineKind.END_OF_READING_PERIOD), known=REMOTE)
        assert ended.phase is Phase.FAILED
        assert [given.reason for given in ended.grounds] == [Reason.NO_READING_WITHIN_PERIOD]
        assert ended.deadlines == ()

    def test_a_reading_in_time_carries_out_and_nothing_is_due(self) -> None:
        done = after(awaiting_remote_reading(), a_remote_reading(), known=REMOTE)
        assert (done.phase, done.deadlines) == (Phase.COMPLETED, ())

    def test_the_meter_is_the_one_installed_on_the_day_of_the_order(self) -> None:
        exchanged = but(REMOTE, "point.meter.serial_number", "ZGL-200001")
        again = order(decided(awaiting_remote_reading(), LATE, exchanged, LATER))
        assert again.serial_number == "ZGL-200001"

    def test_a_doubtful_reading_stops_the_orders_and_its_refusal_starts_them_again(self) -> None:
        doubtful = replace(remote_reading(value="20000"), departure_reason="Gradnja.")
        case = after(awaiting_remote_reading(), a_remote_reading(doubtful), known=REMOTE)
        kinds = {deadline.kind for deadline in case.deadlines}
        assert kinds == {DeadlineKind.END_OF_READING_PERIOD, DeadlineKind.READING_REVIEW}
        decision = decided(case, refusal_by_the_operator(), REMOTE, LATER)
        assert [type(record).__name__ for record in decision.records] == [
            "ReadingRefusedAfterReview",
            "ReadingOrdered",
        ]
        kinds = {deadline.kind for deadline in decision.deadlines}
        assert kinds == {DeadlineKind.END_OF_READING_PERIOD, DeadlineKind.REMOTE_READING}

    def test_without_a_meter_a_reading_is_refused_and_none_is_ordered(self) -> None:
        removed = but(REMOTE, "point.meter", None)
        doubtful = replace(remote_reading(value="20000"), departure_reason="Gradnja.")
        case = after(awaiting_remote_reading(), a_remote_reading(doubtful), known=REMOTE)
        decision = decided(case, refusal_by_the_operator(), removed, LATER)
        assert decision.state.phase is Phase.AWAITING_READING
        assert not [r for r in decision.records if isinstance(r, ReadingOrdered)]
        # what cannot be ordered is for a person: the deadline is set aside with an alarm
        for known in (removed, but(REMOTE, "point", None)):
            assert refused(awaiting_remote_reading(), LATE, known, LATER) == (
                Reason.METER_NOT_IDENTIFIABLE,
            )

    def test_the_operator_reads_on_the_spot_where_the_remote_reading_fails(self) -> None:
        late = after(awaiting_remote_reading(), LATE, known=REMOTE)
        done = after(late, a_reading_by_the_operator(), known=REMOTE)
        assert done.phase is Phase.COMPLETED
        assert done.carried_out == operators_reading()

    def test_the_customer_does_not(self) -> None:
        assert refused(awaiting_remote_reading(), a_reading(), REMOTE, LATER) == (
            Reason.READING_BY_WRONG_ROUTE,
        )


class TestVisits:
    """A site long inaccessible is visited, and the parties are told at once (A21)."""

    @pytest.mark.parametrize(
        ("expected", "method"),
        [(date(2026, 2, 1), ReadingMethod.CUSTOMER), (date(2026, 2, 2), ReadingMethod.VISIT)],
    )
    def test_the_12_months_without_access_count_back_from_the_expected_date(
        self, expected: date, method: ReadingMethod
    ) -> None:
        point = point_read_by(ReadingMethod.VISIT)
        assert point.inaccessible_since == date(2025, 2, 1)
        assert reading_method(point, expected, RECEIVED_ON, RULES) is method

    @pytest.mark.parametrize(
        ("expected", "method"),
        [(date(2026, 3, 31), ReadingMethod.CUSTOMER), (date(2026, 4, 1), ReadingMethod.VISIT)],
    )
    def test_a_reading_since_begins_the_12_months_anew(
        self, expected: date, method: ReadingMethod
    ) -> None:
        point = but(point_read_by(ReadingMethod.VISIT), "last_reading.taken_on", date(2025, 3, 31))
        assert reading_method(point, expected, RECEIVED_ON, RULES) is method

    def test_without_any_reading_on_record_an_inaccessible_site_is_visited(self) -> None:
        point = but(point_read_by(ReadingMethod.VISIT), "last_reading", None)
        assert reading_method(point, RECEIVED_ON, RECEIVED_ON, RULES) is ReadingMethod.VISIT

    def test_a_site_that_is_not_inaccessible_is_read_by_the_customer(self) -> None:
        point = but(point_read_by(ReadingMethod.VISIT), "inaccessible_since", None)
        assert reading_method(point, RECEIVED_ON, RECEIVED_ON, RULES) is ReadingMethod.CUSTOMER

    @pytest.mark.parametrize(
        ("known", "ends"),
        [(TO_BE_VISITED, [READ_ON]), (but(TO_BE_VISITED, "point.inaccessible_since", None), [])],
    )
    def test_a_reading_on_the_spot_ends_the_inaccessibility(
        self, known: Facts, ends: list[date]
    ) -> None:
        decision = decided(awaiting_visit(), a_reading_by_the_operator(), known, LATER)
        reached = [one for one in decision.register_changes if isinstance(one, SiteReached)]
        assert [one.on for one in reached] == ends

    def test_a_meter_read_remotely_needs_no_visit(self) -> None:
        point = but(point_read_by(ReadingMethod.VISIT), "remotely_read", True)
        assert reading_method(point, RECEIVED_ON, RECEIVED_ON, RULES) is ReadingMethod.REMOTE

    def test_customer_old_and_new_supplier_are_told_once(self) -> None:
        decision = decided(None, a_request(), TO_BE_VISITED, RECEIVED_AT)
        told = [n for n in decision.notices if isinstance(n, SiteVisitNotice)]
        assert [n.to.party for n in told] == [NEW, OLD, OPERATOR]
        assert [n.to.customer is not None for n in told] == [False, False, True]
        assert told[2].to.customer is not None
        assert told[2].to.customer.address == ADDRESS
        for notice in told:
            assert (notice.visit_from, notice.visit_to) == (RECEIVED_ON, date(2026, 5, 15))

    def test_a_point_without_supplier_has_no_old_one_to_tell(self) -> None:
        known = but(TO_BE_VISITED, "point.supplies", ())
        decision = decided(None, a_request(), known, RECEIVED_AT)
        told = [n.to.party for n in decision.notices if isinstance(n, SiteVisitNotice)]
        assert told == [NEW, OPERATOR]

    def test_the_operator_as_old_supplier_is_told_beside_the_customer(self) -> None:
        known = but(TO_BE_VISITED, "point.supplies", (supply(OPERATOR),))
        decision = decided(None, a_request(), known, RECEIVED_AT)
        told = [n.to for n in decision.notices if isinstance(n, SiteVisitNotice)]
        assert [to.party for to in told] == [NEW, OPERATOR, OPERATOR]
        assert [to.role for to in told[1:]] == [Role.SUPPLIER, Role.GRID_OPERATOR]

    def test_the_visit_is_a_task_until_the_meter_is_read(self) -> None:
        assert awaiting_visit().waits_for is WaitsFor.SITE_VISIT
        done = after(awaiting_visit(), a_reading_by_the_operator(), known=TO_BE_VISITED)
        assert done.phase is Phase.COMPLETED
        assert not done.needs_operator

    def test_what_the_operator_read_itself_is_not_doubted(self) -> None:
        far = operators_reading(value="20000")
        event = ReadingReceived(reading=far, sender_role=Role.GRID_OPERATOR, received_at=LATER)
        no_average = but(TO_BE_VISITED, "point.averages", ())
        for known in (TO_BE_VISITED, no_average):
            assert after(awaiting_visit(), event, known=known).phase is Phase.COMPLETED
        wrong = but(
            event, "reading.registers.0.value", operators_reading(value="1").registers[0].value
        )
        assert refused(awaiting_visit(), wrong, TO_BE_VISITED, LATER) == (
            Reason.READING_NOT_WITHIN_LIMITS,
        )

    @pytest.mark.parametrize("event", [a_reading(), a_remote_reading()])
    def test_nobody_else_reads(self, event: ReadingReceived) -> None:
        assert refused(awaiting_visit(), event, TO_BE_VISITED, LATER) == (
            Reason.READING_BY_WRONG_ROUTE,
        )

    def test_a_site_found_inaccessible_fails_the_switch(self) -> None:
        decision = decided(awaiting_visit(), site_found_inaccessible(), TO_BE_VISITED, LATER)
        assert [given.reason for given in decision.state.grounds] == [Reason.SITE_INACCESSIBLE]
        assert [n.to.party for n in decision.notices] == [NEW, OLD]

    @pytest.mark.parametrize(
        ("case", "known"), [(awaiting_reading(), GOOD), (awaiting_remote_reading(), REMOTE)]
    )
    def test_only_a_visit_finds_a_site_inaccessible(self, case: SwitchCase, known: Facts) -> None:
        assert refused(case, site_found_inaccessible(), known, LATER) == (
            Reason.NOT_POSSIBLE_IN_THIS_STATE,
        )


class TestReports:
    """A meter out of the customer's reach is read by the operator, if reported in time (A22)."""

    @pytest.mark.parametrize(
        ("approved", "last"),
        [
            (date(2026, 4, 24), date(2026, 4, 29)),
            # the fifth day is a Sunday, or a holiday: the next working day
            (date(2026, 5, 5), date(2026, 5, 11)),
            (date(2026, 12, 20), date(2026, 12, 28)),
        ],
    )
    def test_the_report_has_five_days_and_the_next_working_day(
        self, approved: date, last: date
    ) -> None:
        case = after(None, replace(a_request(), received_at=at(approved)), at(approved))
        in_time = at(last, 23, 59)
        assert decided(case, a_report(in_time), GOOD, in_time).state.awaits_visit
        too_late = at(last, 0) + timedelta(days=1)
        assert refused(case, a_report(too_late), GOOD, too_late) == (Reason.REPORT_TOO_LATE,)

    def test_the_days_count_from_approval_and_not_from_receipt(self) -> None:
        doubtful = but(request(), "contracting_party.name", "Anica Zgled")
        case = after(None, a_request(doubtful), RECEIVED_AT)
        case = after(case, reached(DeadlineKind.DECISION), at(date(2026, 5, 5), 22))
        now = at(date(2026, 5, 11), 12)
        assert decided(case, a_report(now), GOOD, now).state.awaits_visit

    def test_from_then_on_the_operator_reads_within_the_same_period(self) -> None:
        before = awaiting_reading()
        decision = decided(before, a_report(), GOOD, IN_FIVE_DAYS)
        case = decision.state
        (record,) = decision.records
        assert isinstance(record, OperatorTookOverReading)
        assert before.plan is not None
        assert case.plan == replace(before.plan, reading_method=ReadingMethod.VISIT)
        assert case.deadlines == before.deadlines
        assert case.waits_for is WaitsFor.METER_INACCESSIBLE
        # nobody is owed a notice: the reporter has its answer
        assert decision.notices == ()
        assert after(case, a_reading_by_the_operator()).phase is Phase.COMPLETED
        assert refused(case, a_reading(), GOOD, LATER) == (Reason.READING_BY_WRONG_ROUTE,)

    def test_a_second_report_and_one_where_nobody_relies_on_the_customer_are_refused(self) -> None:
        for case, known in (
            (taken_over(), GOOD),
            (awaiting_visit(), TO_BE_VISITED),
            (awaiting_remote_reading(), REMOTE),
        ):
            assert refused(case, a_report(), known, IN_FIVE_DAYS) == (
                Reason.READING_BY_WRONG_ROUTE,
            )

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("report.point.metering_site", OTHER_SITE),
            ("report.point.accounting_point", "383199900000000024"),
        ],
    )
    def test_a_report_about_another_point_is_refused(self, path: str, value: str) -> None:
        event = but(a_report(), path, value)
        assert refused(awaiting_reading(), event, GOOD, IN_FIVE_DAYS) == (
            Reason.POINT_NOT_IDENTIFIABLE,
        )

    def test_what_is_not_read_by_the_end_of_the_period_fails(self) -> None:
        ended = after(taken_over(), reached(DeadlineKind.END_OF_READING_PERIOD))
        assert [given.reason for given in ended.grounds] == [Reason.NO_READING_WITHIN_PERIOD]


def test_an_unreported_reading_by_the_customer_without_average_is_still_doubted() -> None:
    no_average = but(facts(), "point.averages", ())
    case = after(awaiting_reading(), a_reading(reading()), known=no_average)
    assert case.review is not None
    assert [doubt.kind for doubt in case.review.doubts] == [DoubtKind.NO_AVERAGE_ON_RECORD]
