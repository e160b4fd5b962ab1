"""Cases: kept as they are, one in progress at a delivery point, seen by their parties."""

import sqlite3
from sqlite3 import Connection

import pytest

from broker.engine.apply import replay
from broker.engine.state import Phase
from broker.messages.identifiers import DeliveryPoint
from broker.store import cases, payloads
from broker.store.cases import Capacity
from tests.store.samples import (
    DELIVERY_POINT,
    NEW_SUPPLIER,
    OLD_SUPPLIER,
    POINT,
    T0,
    approved,
    case_id,
    later,
    recorded,
    rejected,
    write_case,
)


class TestSaving:
    def test_a_case_comes_back_as_it_was(self, writing: Connection) -> None:
        state = write_case(writing, recorded(), approved(later(hours=1)))
        assert cases.load(writing, state.case_id) == state

    def test_a_case_is_kept_once(self, writing: Connection) -> None:
        cases.save(writing, replay((recorded(),)))
        state = replay((recorded(), approved(later(hours=1))))
        cases.save(writing, state)
        assert cases.load(writing, state.case_id) == state
        assert writing.execute("SELECT count(*) FROM payloads").fetchone() == (1,)

    def test_an_unknown_case_is_none(self, writing: Connection) -> None:
        assert cases.load(writing, case_id(9)) is None

    def test_an_erased_case_says_so(self, writing: Connection) -> None:
        cases.save(writing, replay((recorded(),)))
        payloads.erase(writing, 1, T0)
        with pytest.raises(cases.UnableToLoadErased):
            cases.load(writing, case_id(1))


class TestOneCaseAtADeliveryPoint:
    def test_a_second_in_progress_is_refused_by_the_database(self, writing: Connection) -> None:
        cases.save(writing, replay((recorded(1),)))
        with pytest.raises(sqlite3.IntegrityError, match=r"cases\.delivery_point"):
            cases.save(writing, replay((recorded(2),)))

    def test_one_that_ends_at_once_is_taken_beside_it(self, writing: Connection) -> None:
        cases.save(writing, replay((recorded(1),)))
        cases.save(writing, replay((recorded(2), rejected(T0))))
        assert cases.open_case_at(writing, DELIVERY_POINT) == case_id(1)

    def test_the_next_is_taken_once_the_first_has_ended(self, writing: Connection) -> None:
        cases.save(writing, replay((recorded(1),)))
        cases.save(writing, replay((recorded(1), rejected(T0))))
        cases.save(writing, replay((recorded(2),)))
        assert cases.open_case_at(writing, DELIVERY_POINT) == case_id(2)

    def test_cases_without_delivery_point_do_not_collide(self, writing: Connection) -> None:
        cases.save(writing, replay((recorded(1, delivery_point=None),)))
        cases.save(writing, replay((recorded(2, delivery_point=None),)))

    def test_the_case_itself_can_be_left_out(self, writing: Connection) -> None:
        cases.save(writing, replay((recorded(1),)))
        assert cases.open_case_at(writing, DELIVERY_POINT, except_case=case_id(1)) is None
        assert cases.open_case_at(writing, DeliveryPoint("DP-2")) is None


class TestFindingTheCaseOfAPoint:
    def test_the_one_in_progress_comes_before_a_newer_one(self, writing: Connection) -> None:
        cases.save(writing, replay((recorded(1),)))
        newer = recorded(2, received_at=later(days=1))
        cases.save(writing, replay((newer, rejected(later(days=1)))))
        assert cases.latest_case_at(writing, POINT) == case_id(1)

    def test_else_the_one_opened_last(self, writing: Connection) -> None:
        for number, hours in ((2, 1), (1, 2)):
            begun = recorded(number, received_at=later(hours=hours))
            cases.save(writing, replay((begun, rejected(later(hours=3)))))
        assert cases.latest_case_at(writing, POINT) == case_id(1)

    def test_none_without_a_case(self, writing: Connection) -> None:
        assert cases.latest_case_at(writing, POINT) is None


class TestTheOperatorsList:
    def test_cases_in_progress_oldest_first(self, writing: Connection) -> None:
        for number, hours in ((1, 2), (2, 1)):
            begun = recorded(number, delivery_point=None, received_at=later(hours=hours))
            cases.save(writing, replay((begun,)))
        cases.save(writing, replay((recorded(3), rejected(T0))))
        listed = cases.cases_in_phase(writing, Phase.AWAITING_APPROVAL, limit=10)
        assert [case.case_id for case in listed] == [case_id(2), case_id(1)]
        assert listed[0].phase is Phase.AWAITING_APPROVAL
        assert listed[0].applicant == NEW_SUPPLIER
        assert cases.cases_in_phase(writing, Phase.AWAITING_APPROVAL, limit=1) == listed[:1]


class TestParties:
    def test_a_party_sees_the_case_from_its_first_notice(self, writing: Connection) -> None:
        write_case(writing, recorded())
        cases.add_party(writing, case_id(1), NEW_SUPPLIER, Capacity.APPLICANT, since=T0)
        assert cases.capacities(writing, case_id(1), OLD_SUPPLIER) == frozenset()
        for hours in (1, 2):
            since = later(hours=hours)
            cases.add_party(writing, case_id(1), OLD_SUPPLIER, Capacity.OLD_SUPPLIER, since=since)
        assert cases.capacities(writing, case_id(1), OLD_SUPPLIER) == {Capacity.OLD_SUPPLIER}
        assert [(p.party, p.since) for p in cases.parties(writing, case_id(1))] == [
            (NEW_SUPPLIER, T0),
            (OLD_SUPPLIER, later(hours=1)),
        ]
