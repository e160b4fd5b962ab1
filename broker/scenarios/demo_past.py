"""The weeks before today, as the demo tells them: real messages through the real door.

The clock is virtual, so weeks pass in a second; what falls due on the way is done on its day.
"""

from dataclasses import replace
from datetime import datetime, time
from functools import partial
from pathlib import Path
from typing import NamedTuple

from aiohttp import ClientSession

from broker.clock import VirtualClock
from broker.config import Config
from broker.engine.calendar import WorkingDays, local_day, plus_days, start_of
from broker.engine.state import Phase
from broker.scenarios.demo_messages import new_supplier, old_supplier
from broker.scenarios.demo_parties import Days, Past
from broker.scenarios.demo_staff import DemoPerson, let_in
from broker.scenarios.demo_week import Agenda, agenda_of_the_week
from broker.service import Service

DAYS_OF_PAST = 40

_FAILED, _REJECTED, _COMPLETED, _WITHDRAWN = 11, 4, 18, 7
_REVIEWED, _AWAITING_READING, _IN_DOUBT = 22, 16, 15
_DIVIDED, _COLLECTING, _ASKED, _OBJECTED = 41, 43, 63, 30
_MORNING, _NOON, _EVENING = time(9, 10), time(12, 30), time(18, 40)


class DemoCase(NamedTuple):
    """A case the demo has made: where it stands, its number, its point, what is to be seen."""

    phase: Phase
    case_id: str
    point: int
    about: str


async def live_through_the_past(
    config: Config,
    register: Path,
    tokens: dict[str, str],
    staff: tuple[DemoPerson, ...],
    now: datetime,
) -> tuple[DemoCase, ...]:
    """Fill the database of the settings with a few cases, in different states at `now`.

    `tokens` are by EIC. Raises RuntimeError where the broker answers otherwise than expected.
    """
    first_day = plus_days(local_day(now), -DAYS_OF_PAST)
    clock = VirtualClock(start_of(first_day))
    any_port = replace(config, service=replace(config.service, host="127.0.0.1", port=0))
    service = Service(any_port, clock, with_timer=False)
    await service.start()
    try:
        await let_in(staff, service, clock)
        async with ClientSession(service.address) as client:
            past = Past(service, clock, client, register, tokens)
            made = await _tell(past, Days(WorkingDays(config.rules.one_off_days), local_day(now)))
            await past.move_to(now)
            await past.read_all_mail()
    finally:
        await service.stop()
    return made


async def _tell(past: Past, days: Days) -> tuple[DemoCase, ...]:
    """What happened, in order of time; each step on a working day before today."""
    agenda: Agenda = [
        (days.weeks_back(4, _MORNING), partial(past.request, _FAILED)),
        (days.back(9, _MORNING), partial(past.request, _REJECTED)),
        (days.back(8, _MORNING), partial(past.request, _COMPLETED)),
        (days.back(7, _NOON), partial(past.request, _REVIEWED)),
        (days.back(6, _EVENING), partial(past.report, _COMPLETED)),
        (days.back(4, _NOON), partial(past.request, _AWAITING_READING)),
        (days.back(3, _MORNING), partial(past.request, _WITHDRAWN, name="Franc Zglednik")),
        (days.back(2, _MORNING), partial(past.withdraw, _WITHDRAWN)),
        (
            days.back(2, _EVENING),
            partial(past.report, _REVIEWED, times=7, why="Pozimi smo greli z elektriko."),
        ),
        (days.back(1, _MORNING), partial(past.request, _IN_DOUBT, name="Marija Števec Novak")),
        *_divided(past, days),
        *agenda_of_the_week(past, days),
    ]
    for at, act in sorted(agenda, key=lambda one: one[0]):
        await past.move_to(at)
        await act(at)
    number = past.case_ids
    return (
        DemoCase(Phase.FAILED, number[_FAILED], _FAILED, "no reading came within the 21 days"),
        DemoCase(Phase.REJECTED, number[_REJECTED], _REJECTED, "the point is not connected (E81)"),
        DemoCase(Phase.COMPLETED, number[_COMPLETED], _COMPLETED, "approved, read, switched"),
        DemoCase(Phase.WITHDRAWN, number[_WITHDRAWN], _WITHDRAWN, "taken back before the decision"),
        DemoCase(
            Phase.READING_UNDER_REVIEW,
            number[_REVIEWED],
            _REVIEWED,
            "seven times the usual, with reason",
        ),
        DemoCase(
            Phase.AWAITING_READING,
            number[_AWAITING_READING],
            _AWAITING_READING,
            "approved at once",
        ),
        DemoCase(
            Phase.AWAITING_APPROVAL, number[_IN_DOUBT], _IN_DOUBT, "the customer's name differs"
        ),
        DemoCase(
            Phase.COMPLETED, number[_DIVIDED], _DIVIDED, "divided: 0.6 and 0.4, by two claims"
        ),
        DemoCase(
            Phase.COLLECTING_CLAIMS, number[_COLLECTING], _COLLECTING, "0.6 claimed, 0.4 to come"
        ),
        DemoCase(
            Phase.AWAITING_CONFIRMATION, number[_ASKED], _ASKED, "two suppliers asked to confirm"
        ),
        DemoCase(
            Phase.AWAITING_OBJECTION_DECISION,
            number[_OBJECTED],
            _OBJECTED,
            "the old supplier objects",
        ),
    )


def _divided(past: Past, days: Days) -> Agenda:
    """Shared supply: by two claims, and by a customer's request that its suppliers answer."""
    new, old = new_supplier(), old_supplier()
    both = {new.name: "0.25", old.name: "0.75"}
    return [
        (days.back(4, _EVENING), partial(past.claim, _DIVIDED, by=new, share="0.6")),
        (days.back(3, _NOON), partial(past.claim, _DIVIDED, by=old, share="0.4")),
        (days.back(3, _EVENING), partial(past.divide, _OBJECTED, shares=both)),
        (days.back(2, _NOON), partial(past.report, _DIVIDED)),
        (days.back(2, _NOON), partial(past.answer, _OBJECTED, objects=old)),
        (days.back(1, _NOON), partial(past.claim, _COLLECTING, by=new, share="0.6")),
        (days.back(1, _EVENING), partial(past.divide, _ASKED, shares=both)),
    ]
