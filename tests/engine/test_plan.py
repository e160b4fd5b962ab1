"""The plan of a switch: expected date and reading period (interpretation 1; A8, A18, A23)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.engine.plan import NoPlan, contracts_of, plan_switch
from broker.messages.codes import Direction, ReadingMethod
from broker.messages.records import Plan
from broker.messages.requests import SwitchRequest
from tests.engine.builders import (
    RECEIVED_ON,
    RULES,
    but,
    days_after,
    point_read_by,
    request,
    request_for_two,
)

CONSUMPTION = {Direction.CONSUMPTION}
BOTH = set(Direction)
CUSTOMER, REMOTE = ReadingMethod.CUSTOMER, ReadingMethod.REMOTE
VALID_FROM, VALID_TO = "chosen.0.contract.valid_from", "chosen.0.contract.valid_to"


def day(text: str) -> date:
    """A day of 2026, written as month-day."""
    return date.fromisoformat(f"2026-{text}")


def planned_for(
    asked: SwitchRequest,
    changing: set[Direction],
    method: ReadingMethod = CUSTOMER,
    approved_on: date = RECEIVED_ON,
) -> Plan | NoPlan:
    """The plan of a request received on 24 April, if approved on this day."""
    return plan_switch(
        asked.requested_date,
        contracts_of(asked, changing),
        begun=RECEIVED_ON,
        starts_on=RECEIVED_ON,
        approved_on=approved_on,
        point=point_read_by(method),
        rules=RULES,
    )


def planned(
    changed: dict[str, date | None], method: ReadingMethod, approved: str = "04-24"
) -> tuple[date, date, date] | NoPlan:
    """Expected date, first and last day of the plan of a request received on 24 April."""
    asked = request()
    for path, value in changed.items():
        asked = but(asked, path, value)
    plan = planned_for(asked, CONSUMPTION, method, day(approved))
    if isinstance(plan, NoPlan):
        return plan
    assert plan.reading_method is method
    return plan.expected_date, plan.reading_from, plan.reading_to


def days(expected: str, first: str, last: str) -> tuple[date, date, date]:
    """The three days of a plan."""
    return day(expected), day(first), day(last)


@pytest.mark.parametrize(
    ("changed", "method", "approved", "expected"),
    [
        # as soon as possible: the last day where the customer reads, else the day after approval
        ({}, CUSTOMER, "04-24", days("05-15", "04-24", "05-15")),
        ({}, REMOTE, "04-24", days("04-25", "04-24", "05-15")),
        # approval later: the period still ends on the 21st day from receipt
        ({}, CUSTOMER, "05-05", days("05-15", "05-05", "05-15")),
        ({}, REMOTE, "05-05", days("05-06", "05-05", "05-15")),
        ({}, REMOTE, "05-15", days("05-15", "05-15", "05-15")),
        # the period passed by an outage
        ({}, CUSTOMER, "05-16", NoPlan.PERIOD_HAS_PASSED),
        ({}, REMOTE, "05-16", NoPlan.PERIOD_HAS_PASSED),
        # a requested date: everything runs from it
        ({"requested_date": day("04-24")}, CUSTOMER, "04-24", days("04-24", "04-24", "05-15")),
        ({"requested_date": day("06-01")}, CUSTOMER, "04-24", days("06-01", "06-01", "06-22")),
        ({"requested_date": day("06-01")}, REMOTE, "04-24", days("06-01", "06-01", "06-22")),
        ({"requested_date": day("06-01")}, REMOTE, "05-05", days("06-01", "06-01", "06-22")),
        # never before the day of the approval notice
        ({"requested_date": day("04-27")}, CUSTOMER, "05-05", days("05-05", "05-05", "05-18")),
        ({"requested_date": day("04-27")}, REMOTE, "05-18", days("05-18", "05-18", "05-18")),
        ({"requested_date": day("04-27")}, REMOTE, "05-19", NoPlan.PERIOD_HAS_PASSED),
        # a requested date in the past is refused elsewhere; the period then runs from receipt
        ({"requested_date": day("04-01")}, CUSTOMER, "04-24", days("04-24", "04-24", "05-15")),
        # the contract begins within the period
        ({VALID_FROM: day("05-01")}, CUSTOMER, "04-24", days("05-15", "05-01", "05-15")),
        ({VALID_FROM: day("05-01")}, REMOTE, "04-24", days("05-01", "05-01", "05-15")),
        ({VALID_FROM: day("05-15")}, REMOTE, "04-24", days("05-15", "05-15", "05-15")),
        # or after it
        ({VALID_FROM: day("05-16")}, REMOTE, "04-24", NoPlan.CONTRACT_COVERS_NO_DAY),
        # or ends within it, or before it
        ({VALID_TO: day("05-10")}, CUSTOMER, "04-24", days("05-10", "04-24", "05-10")),
        ({VALID_TO: day("04-24")}, REMOTE, "04-24", days("04-24", "04-24", "04-24")),
        ({VALID_TO: day("04-23")}, CUSTOMER, "04-24", NoPlan.CONTRACT_COVERS_NO_DAY),
        # or ended between receipt and approval
        ({VALID_TO: day("04-30")}, CUSTOMER, "05-05", NoPlan.CONTRACT_COVERS_NO_DAY),
        # contract and requested date together
        (
            {"requested_date": day("06-01"), VALID_FROM: day("06-03")},
            REMOTE,
            "04-24",
            days("06-03", "06-03", "06-22"),
        ),
        (
            {"requested_date": day("06-01"), VALID_TO: day("05-31")},
            REMOTE,
            "04-24",
            NoPlan.CONTRACT_COVERS_NO_DAY,
        ),
        # a contract for one day
        (
            {VALID_FROM: day("05-04"), VALID_TO: day("05-04")},
            CUSTOMER,
            "04-24",
            days("05-04", "05-04", "05-04"),
        ),
    ],
)
def test_the_plan(
    changed: dict[str, date | None],
    method: ReadingMethod,
    approved: str,
    expected: tuple[date, date, date] | NoPlan,
) -> None:
    assert planned(changed, method, approved) == expected


def test_every_contract_of_a_direction_that_changes_narrows_the_period() -> None:
    asked = but(request_for_two(), "chosen.1.contract.valid_to", day("05-10"))
    asked = but(asked, VALID_FROM, day("05-01"))
    both = planned_for(asked, BOTH)
    assert isinstance(both, Plan)
    assert (both.reading_from, both.reading_to) == (day("05-01"), day("05-10"))
    one = planned_for(asked, CONSUMPTION)
    assert isinstance(one, Plan)
    assert (one.reading_from, one.reading_to) == (day("05-01"), day("05-15"))


AHEAD = st.integers(min_value=0, max_value=60)


@given(
    received=st.dates(min_value=date(2024, 3, 1), max_value=date(2035, 1, 1)),
    approved=AHEAD,
    requested=st.none() | AHEAD,
    valid_from=AHEAD,
    valid_for=st.none() | AHEAD,
    method=st.sampled_from(ReadingMethod),
)
@settings(deadline=None, derandomize=True)
def test_a_plan_keeps_to_the_periods_of_the_law(
    received: date,
    approved: int,
    requested: int | None,
    valid_from: int,
    valid_for: int | None,
    method: ReadingMethod,
) -> None:
    wanted = None if requested is None else days_after(received, requested)
    approved_on = days_after(received, approved)
    asked = replace(request(), requested_date=wanted)
    asked = but(asked, VALID_FROM, days_after(received, valid_from - 30))
    contract = asked.chosen[0].contract
    assert contract is not None
    if valid_for is not None:
        asked = but(asked, VALID_TO, days_after(contract.valid_from, valid_for))
        contract = asked.chosen[0].contract
        assert contract is not None
    plan = plan_switch(
        asked.requested_date,
        contracts_of(asked, CONSUMPTION),
        begun=received,
        starts_on=received,
        approved_on=approved_on,
        point=point_read_by(method),
        rules=RULES,
    )
    last = max(received, wanted or received) + timedelta(days=21)
    if plan is NoPlan.PERIOD_HAS_PASSED:
        assert approved_on > last
        return
    if plan is NoPlan.CONTRACT_COVERS_NO_DAY:
        first = max(approved_on, wanted or approved_on, contract.valid_from)
        assert first > min(last, contract.valid_to or last)
        return
    assert approved_on <= plan.reading_from <= plan.expected_date <= plan.reading_to <= last
    assert contract.valid_from <= plan.reading_from
    assert contract.valid_to is None or plan.reading_to <= contract.valid_to
    assert wanted is None or plan.reading_from >= wanted
