"""Deadlines: the difference between two sets, what is due in which order, what is put aside."""

from sqlite3 import Connection

import pytest

from broker.engine.apply import replay
from broker.messages.deadlines import DeadlineKind
from broker.messages.identifiers import CaseId, DeliveryPoint
from broker.store import cases, deadlines
from tests.store.samples import (
    DELIVERY_POINT,
    case_id,
    deadline,
    later,
    recorded,
    rejected,
)

HOLD = deadline(DeadlineKind.END_OF_HOLD, later(hours=1))
DECISION = deadline(DeadlineKind.DECISION, later(days=4))
PERIOD = deadline(DeadlineKind.END_OF_READING_PERIOD, later(days=21))


def begin(connection: Connection, number: int = 1, point: str = DELIVERY_POINT) -> CaseId:
    """A case in progress without deadlines."""
    begun = recorded(number, delivery_point=DeliveryPoint(point))
    cases.save(connection, replay((begun,)))
    return begun.case_id


def rows(connection: Connection) -> dict[str, int]:
    """The key of each open deadline, by kind."""
    return dict(connection.execute("SELECT kind, deadline_id FROM deadlines"))


class TestReplacing:
    def test_the_set_stands_as_given_earliest_first(self, writing: Connection) -> None:
        case = begin(writing)
        deadlines.replace(writing, case, DELIVERY_POINT, (DECISION, HOLD))
        assert [row.deadline for row in deadlines.of_case(writing, case)] == [HOLD, DECISION]

    def test_what_stays_is_not_touched(self, writing: Connection) -> None:
        case = begin(writing)
        deadlines.replace(writing, case, DELIVERY_POINT, (HOLD, DECISION))
        before = rows(writing)
        deadlines.park(writing, before["decision"], "failed")
        deadlines.replace(writing, case, DELIVERY_POINT, (DECISION, PERIOD))
        after = rows(writing)
        assert set(after) == {"decision", "end_of_reading_period"}
        assert after["decision"] == before["decision"]
        assert [row.parked for row in deadlines.of_case(writing, case)] == ["failed", None]

    def test_what_moves_is_no_longer_parked(self, writing: Connection) -> None:
        case = begin(writing)
        deadlines.replace(writing, case, DELIVERY_POINT, (DECISION,))
        deadlines.park(writing, rows(writing)["decision"], "failed")
        moved = deadline(DeadlineKind.DECISION, later(days=5))
        deadlines.replace(writing, case, DELIVERY_POINT, (moved,))
        (row,) = deadlines.of_case(writing, case)
        assert (row.deadline, row.parked) == (moved, None)

    def test_none_are_left_at_the_end(self, writing: Connection) -> None:
        case, other = begin(writing), begin(writing, 2, "DP-2")
        deadlines.replace(writing, case, DELIVERY_POINT, (HOLD, DECISION))
        deadlines.replace(writing, other, DeliveryPoint("DP-2"), (HOLD,))
        deadlines.replace(writing, case, DELIVERY_POINT, ())
        assert deadlines.of_case(writing, case) == ()
        assert len(deadlines.of_case(writing, other)) == 1

    def test_two_of_one_kind_are_refused(self, writing: Connection) -> None:
        with pytest.raises(ValueError, match="decision"):
            deadlines.replace(writing, begin(writing), DELIVERY_POINT, (DECISION, DECISION))


class TestDue:
    def test_exactly_those_up_to_the_instant_in_order(self, writing: Connection) -> None:
        for number, hours in ((1, 3), (2, 1), (3, 2)):
            case = begin(writing, number, f"DP-{number}")
            set_ = (deadline(DeadlineKind.DECISION, later(hours=hours)),)
            deadlines.replace(writing, case, DeliveryPoint(f"DP-{number}"), set_)
        due = deadlines.due(writing, later(hours=2), 10)
        assert [row.case_id for row in due] == [case_id(2), case_id(3)]
        assert deadlines.due(writing, later(hours=1, microseconds=-1), 10) == ()
        assert len(deadlines.due(writing, later(hours=9), 2)) == 2
        assert deadlines.next_act_at(writing) == later(hours=1)

    def test_at_a_delivery_point(self, writing: Connection) -> None:
        case, other = begin(writing), begin(writing, 2, "DP-2")
        deadlines.replace(writing, case, DELIVERY_POINT, (HOLD, DECISION))
        deadlines.replace(writing, other, DeliveryPoint("DP-2"), (HOLD,))
        at_point = deadlines.due_at_delivery_point(writing, DELIVERY_POINT, later(hours=1))
        assert [(row.case_id, row.deadline) for row in at_point] == [(case, HOLD)]

    def test_a_case_with_any_is_found_once_also_when_it_has_ended(
        self, writing: Connection
    ) -> None:
        first, second, third = (begin(writing, number, f"DP-{number}") for number in (1, 2, 3))
        deadlines.replace(writing, first, None, (HOLD, DECISION))
        deadlines.replace(writing, third, None, (PERIOD,))
        cases.save(writing, replay((recorded(3), rejected(later(hours=1)))))
        assert deadlines.cases_with_any(writing, after=None, limit=1) == (first,)
        assert deadlines.cases_with_any(writing, after=first, limit=9) == (third,)
        deadlines.replace(writing, second, None, (PERIOD,))
        assert deadlines.cases_with_any(writing, after=None, limit=9) == (first, second, third)

    def test_what_is_parked_holds_up_nobody(self, writing: Connection) -> None:
        case = begin(writing)
        deadlines.replace(writing, case, DELIVERY_POINT, (HOLD,))
        (row,) = deadlines.due(writing, later(hours=1), 10)
        deadlines.park(writing, row.deadline_id, "failed")
        assert deadlines.due(writing, later(hours=1), 10) == ()
        assert deadlines.due_at_delivery_point(writing, DELIVERY_POINT, later(hours=1)) == ()
        assert deadlines.next_act_at(writing) is None
        assert [parked.parked for parked in deadlines.parked(writing)] == ["failed"]
        deadlines.unpark(writing, row.deadline_id)
        assert deadlines.due(writing, later(hours=1), 10) == (row,)
