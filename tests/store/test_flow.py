"""Figures of the flow against cases counted by hand, and the queries by which they are read."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.engine.state import SwitchCase
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import GivenReason
from broker.messages.identifiers import Eic
from broker.messages.reasons import Reason
from broker.messages.records import ClaimRecorded, DecidedBy, Record, SwitchHasFailed
from broker.store import deadlines, flow, migrations_flow
from broker.store.connection import open_for_writing
from broker.store.flow import Figures
from broker.store.schema import migrate
from tests.store.samples import (
    DELIVERY_POINT,
    NEW_SUPPLIER,
    T0,
    approved,
    deadline,
    later,
    recorded,
    rejected,
    write_case,
)

MONDAY, NEXT = date(2025, 3, 3), date(2025, 3, 10)
OTHER = Eic("28XOTHER-------O")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A new file with every table."""
    with closing(open_for_writing(tmp_path / "broker.sqlite")) as opened:
        migrate(opened)
        yield opened


def write(connection: Connection, *records: Record) -> SwitchCase:
    """Keep a case and note it, as handling an event does."""
    state = write_case(connection, *records)
    flow.note(connection, state, records)
    return state


def by_hand(decided_by: DecidedBy, hours: int) -> Record:
    """An approval so many hours after receipt."""
    return replace(approved(later(hours=hours)), decided_by=decided_by)


def live(connection: Connection) -> None:
    """Four requests of one week and one of the next: approved at once, approved by hand after ten
    hours and failed, rejected at once, undecided; the last is another supplier's.
    """
    write(connection, recorded(1, delivery_point=None), approved(T0))
    failed = SwitchHasFailed(
        at=later(days=20),
        ground=GivenReason(reason=Reason.NO_READING_WITHIN_PERIOD),
        decided_by=DecidedBy.STRAIGHT_THROUGH,
        by=None,
        why=None,
    )
    write(connection, recorded(2, delivery_point=None), by_hand(DecidedBy.OPERATOR, 10), failed)
    write(connection, recorded(3, delivery_point=None), rejected(T0))
    write(connection, recorded(4, delivery_point=None))
    other = recorded(5, delivery_point=None, received_at=later(days=7))
    (chosen,) = other.request.chosen
    request = replace(other.request, chosen=(replace(chosen, supplier=OTHER),))
    write(connection, replace(other, request=request))


def test_the_figures_are_those_counted_by_hand(connection: Connection) -> None:
    live(connection)
    first, second = flow.by_week_and_supplier(connection, MONDAY, date(2025, 3, 17))
    assert (first.week, first.supplier) == (MONDAY, NEW_SUPPLIER)
    assert (second.week, second.supplier) == (NEXT, OTHER)
    figures = first.figures
    assert figures == Figures(
        requests=4,
        approved=2,
        rejected=1,
        straight_through=2,
        decision_seconds=36_000,
        longest_decision_seconds=36_000,
        failed=1,
    )
    assert (figures.decided, figures.undecided) == (3, 1)
    assert figures.approved_share == pytest.approx(2 / 3)
    assert figures.straight_through_share == pytest.approx(2 / 3)
    assert figures.mean_decision_seconds == 12_000
    assert figures.mean_completion_seconds is None
    assert second.figures == Figures(requests=1)


def test_a_week_that_is_not_asked_for_is_left_out(connection: Connection) -> None:
    live(connection)
    assert [one.week for one in flow.by_week_and_supplier(connection, NEXT, date.max)] == [NEXT]
    assert flow.by_week_and_supplier(connection, date(2025, 1, 6), MONDAY) == ()


def test_of_nothing_there_is_no_share() -> None:
    nothing = Figures()
    shares = (nothing.approved_share, nothing.straight_through_share)
    times = (nothing.mean_decision_seconds, nothing.mean_completion_seconds)
    assert (*shares, *times) == (None,) * 4
    assert flow.Kept(met=0, missed=0).share is None


def test_figures_are_added_and_the_longest_stays_the_longest() -> None:
    one = Figures(requests=1, completed=1, completion_seconds=5, longest_completion_seconds=5)
    other = Figures(requests=2, completed=1, completion_seconds=3, longest_completion_seconds=3)
    both = one + other
    assert (both.requests, both.longest_completion_seconds) == (3, 5)
    assert both.mean_completion_seconds == 4


def test_the_grounds_are_counted_apart(connection: Connection) -> None:
    live(connection)
    told = [(one.failed, one.reason, one.number) for one in flow.grounds(connection, MONDAY, NEXT)]
    assert sorted(told, key=str) == [
        (False, Reason.POINT_BLOCKED_FOR_SWITCHING, 1),
        (True, Reason.NO_READING_WITHIN_PERIOD, 1),
    ]


def test_what_happened_before_is_made_up_from_the_journal(connection: Connection) -> None:
    live(connection)
    noted = flow.by_week_and_supplier(connection, MONDAY, date.max)
    given = flow.grounds(connection, MONDAY, date.max)
    connection.execute("DELETE FROM case_flow")
    connection.execute("DELETE FROM case_refusals")
    flow.make_up(connection)
    assert flow.by_week_and_supplier(connection, MONDAY, date.max) == noted
    assert flow.grounds(connection, MONDAY, date.max) == given


def test_an_erased_case_is_left_out_of_what_is_made_up(connection: Connection) -> None:
    state = write_case(connection, recorded(1), approved(T0))
    connection.execute(
        "UPDATE payloads SET salt = NULL, content = NULL, erased_at = ?",
        ("2026-01-01T00:00:00.000000Z",),
    )
    flow.make_up(connection)
    assert state.case_id
    assert flow.by_week_and_supplier(connection, MONDAY, date.max) == ()


@pytest.mark.parametrize(
    ("instant", "week"),
    [
        (datetime(2025, 3, 2, 22, 59, tzinfo=UTC), date(2025, 2, 24)),
        (datetime(2025, 3, 2, 23, 0, tzinfo=UTC), MONDAY),
        (datetime(2025, 6, 1, 22, 0, tzinfo=UTC), date(2025, 6, 2)),
    ],
)
def test_a_week_begins_on_monday_in_ljubljana(instant: datetime, week: date) -> None:
    assert flow.week_of(instant) == week


def test_deadlines_are_met_until_the_last_instant(connection: Connection) -> None:
    one = deadline(DeadlineKind.DECISION, T0)
    flow.note_closed(connection, [one], one.limit)
    flow.note_closed(connection, [one, one], one.limit + timedelta(microseconds=1))
    kept = flow.deadlines_kept(connection, MONDAY, NEXT)
    assert kept[DeadlineKind.DECISION] == flow.Kept(met=1, missed=2)
    by_itself = replace(one, kind=DeadlineKind.END_OF_READING_PERIOD, act_at=one.limit)
    for seconds in (0, 6, 61):
        flow.note_closed(connection, [by_itself], one.limit + timedelta(seconds=seconds))
    kept = flow.deadlines_kept(connection, MONDAY, NEXT)
    assert kept[DeadlineKind.END_OF_READING_PERIOD] == flow.Kept(met=2, missed=1)
    assert kept[DeadlineKind.READING_REVIEW].share is None


def test_a_day_has_what_ends_with_it(connection: Connection) -> None:
    midnight = datetime(2025, 3, 10, 23, 0, tzinfo=UTC)  # 24:00 of 10 March in Ljubljana
    for number, at in enumerate((midnight, midnight + timedelta(seconds=1), midnight), start=1):
        state = write(connection, recorded(number, delivery_point=None))
        due = deadline(DeadlineKind.DECISION, at)
        deadlines.replace(connection, state.case_id, None, [due])
    tenth, eleventh = date(2025, 3, 10), date(2025, 3, 11)
    assert flow.count_due(connection, (tenth, eleventh)) == {tenth: 2, eleventh: 1}
    (first,) = flow.due_on(connection, tenth, limit=1)
    (second,) = flow.due_on(connection, tenth, limit=5, after=(first.act_at, first.deadline_id))
    assert first.case_id < second.case_id
    assert flow.due_on(connection, tenth, limit=5, after=(second.act_at, second.deadline_id)) == ()


def test_a_collection_of_claims_counts_once_for_the_first(connection: Connection) -> None:
    begun = recorded(1, delivery_point=None)
    state = write_case(connection, begun)
    (chosen,) = begun.request.chosen
    others = replace(begun.request, chosen=(replace(chosen, supplier=OTHER),))
    for claim in (begun.request, others):
        record = ClaimRecorded(
            case_id=state.case_id,
            claim=claim,
            received_at=T0,
            delivery_point=DELIVERY_POINT,
            doubts=(),
            end_of_claims=deadline(DeadlineKind.END_OF_CLAIMS, later(days=10)),
            rules_version="1",
        )
        flow.note(connection, state, [record])
    flow.note(connection, state, [rejected(later(days=10))])
    (counted,) = flow.by_week_and_supplier(connection, MONDAY, date.max)
    assert counted.supplier == NEW_SUPPLIER
    assert (counted.figures.requests, counted.figures.rejected) == (1, 1)
    assert [one.number for one in flow.grounds(connection, MONDAY, date.max)] == [1]


@pytest.mark.parametrize("table", ["flow_sums", "ground_sums"])
def test_the_sums_of_an_older_file_are_those_kept_since(connection: Connection, table: str) -> None:
    live(connection)
    kept = connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
    connection.execute(f"DELETE FROM {table}")
    for statement in migrations_flow._SUMS_UNTIL_NOW:
        if f"INSERT INTO {table}" in statement:
            connection.execute(statement)
    assert kept
    assert connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() == kept
