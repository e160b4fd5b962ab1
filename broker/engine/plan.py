"""The plan of a switch: expected date, reading method, reading period (A8, A15, A18, A23)."""

from datetime import date
from enum import Enum

from broker.engine.calendar import plus_days
from broker.engine.facts import PointFacts
from broker.engine.legal_periods import PeriodName
from broker.engine.rulebook import Rulebook
from broker.messages.codes import Direction, ReadingMethod
from broker.messages.records import Plan
from broker.messages.requests import SupplyContract, SwitchRequest


class NoPlan(Enum):
    """Why no day is left on which the switch could be carried out."""

    CONTRACT_COVERS_NO_DAY = "contract covers no day"
    PERIOD_HAS_PASSED = "period has passed"


def plan_switch(
    requested: date | None,
    contracts: tuple[SupplyContract, ...],
    *,
    begun: date,
    starts_on: date,
    approved_on: date,
    point: PointFacts,
    rules: Rulebook,
) -> Plan | NoPlan:
    """The plan if the request were approved on this day, or why there can be none.

    `starts_on` is the day from which the period for carrying out runs, `begun` that on which the
    case began, whose rules it keeps.
    Source: A8, A18, A23, C2 and interpretation 1 (002 a.191(4), a.198, a.199(2)).
    """
    starts_on = max(starts_on, requested or starts_on)
    last = rules.last_reading_day(
        start=starts_on,
        approved_on=approved_on,
        begun=begun,
        customer_reads=not point.remotely_read,
    )
    if approved_on > last:
        return NoPlan.PERIOD_HAS_PASSED
    first = max(approved_on, requested or approved_on)
    for contract in contracts:
        first = max(first, contract.valid_from)
        last = min(last, contract.valid_to or last)
    if first > last:
        return NoPlan.CONTRACT_COVERS_NO_DAY
    if requested:
        expected = max(requested, approved_on)
    elif point.remotely_read:
        expected = plus_days(approved_on, 1)
    else:
        expected = last
    expected = min(max(expected, first), last)
    return Plan(
        expected_date=expected,
        reading_method=reading_method(point, expected, begun, rules),
        reading_from=first,
        reading_to=last,
    )


def reading_method(
    point: PointFacts, expected: date, begun: date, rules: Rulebook
) -> ReadingMethod:
    """How the reading is obtained: remotely, by a visit to a site long inaccessible, or reported.

    The twelve months must have passed without a reading because the site was inaccessible: they
    count from the day since which it is, or from the last reading where one came later.
    Source: A19, A20, A21 (002 a.199(1)).
    """
    if point.remotely_read:
        return ReadingMethod.REMOTE
    since, last = point.inaccessible_since, point.last_reading
    if since is None:
        return ReadingMethod.CUSTOMER
    without = rules.last_day(
        PeriodName.WITHOUT_READING,
        start=max(since, last.taken_on) if last else since,
        begun=begun,
    )
    return ReadingMethod.VISIT if expected > without else ReadingMethod.CUSTOMER


def contracts_of(request: SwitchRequest, changing: set[Direction]) -> tuple[SupplyContract, ...]:
    """The contracts of the directions that change, as far as the request carries them."""
    return tuple(
        chosen.contract
        for chosen in request.chosen
        if chosen.direction in changing and chosen.contract is not None
    )
