"""The weeks before today, as the demo tells them: real messages through the real door.

The clock is virtual, so weeks pass in a second; what falls due on the way is done on its day.
"""

from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import NamedTuple

from aiohttp import ClientSession
from lxml import etree

from broker.clock import VirtualClock
from broker.config import Config
from broker.engine.calendar import WorkingDays, at_hour, local_day, plus_days, start_of
from broker.engine.state import Phase
from broker.scenarios.demo_messages import (
    claim,
    confirmation,
    division,
    grid_operator,
    new_supplier,
    objection,
    old_supplier,
    reading,
    request,
    withdrawal,
)
from broker.scenarios.demo_register import usual_value
from broker.scenarios.demo_staff import DemoPerson, let_in
from broker.scenarios.posts import Party
from broker.service import Service
from broker.store import deadlines
from broker.wire.schema import TAG_PREFIX

DAYS_OF_PAST = 35

_FAILED, _REJECTED, _COMPLETED, _WITHDRAWN = 11, 4, 18, 7
_REVIEWED, _AWAITING_READING, _IN_DOUBT = 22, 16, 15
_DIVIDED, _COLLECTING, _ASKED, _OBJECTED = 41, 43, 63, 30


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
            past = _Past(service, clock, client, register, tokens)
            made = await _tell(past, WorkingDays(config.rules.one_off_days), local_day(now))
            await past.move_to(now)
            await past.read_all_mail()
    finally:
        await service.stop()
    return made


class _Past:
    """The parties as they act in those weeks, and the clock they act by."""

    def __init__(
        self,
        service: Service,
        clock: VirtualClock,
        client: ClientSession,
        register: Path,
        tokens: dict[str, str],
    ) -> None:
        self._service = service
        self._clock = clock
        self._client = client
        self._register = register
        self._tokens = tokens

    async def move_to(self, until: datetime) -> None:
        """Let time pass, and reach each deadline on the way at its own hour."""
        while due := deadlines.due(self._service.reader, until, 1):
            instant = max(self._clock.now(), due[0].deadline.act_at)
            self._clock.move_to(instant)
            if not await self._service.deadlines.reach_deadlines(instant):
                raise RuntimeError(f"a deadline of case {due[0].case_id} was not handled")
        self._clock.move_to(until)

    async def send(self, message: bytes, by: Party | None = None) -> str:
        """Post a message of this party, else of the new supplier; gives the number of its case."""
        headers = {
            "Authorization": f"Bearer {self._tokens[(by or new_supplier()).eic]}",
            "Content-Type": "application/xml",
        }
        async with self._client.post("/messages", data=message, headers=headers) as answer:
            body = await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"the demo's message was refused: {body.decode()}")
        return etree.fromstring(body).findtext(f".//{TAG_PREFIX}CaseNumber") or ""

    async def request(self, point: int, at: datetime, *, name: str | None = None) -> str:
        """Request the switch of this point, in another customer's name where one is given."""
        await self.move_to(at)
        return await self.send(request(point, _number("R", point, at), at, customer_name=name))

    async def report(
        self, point: int, at: datetime, *, times: int = 1, why: str | None = None
    ) -> None:
        """Report a reading of so many times the usual use, perhaps with the reason for it."""
        await self.move_to(at)
        value = usual_value(self._register, point, local_day(at), times=times)
        await self.send(reading(point, _number("M", point, at), at, value=value, why=why))

    async def claim(self, point: int, at: datetime, by: Party, share: str) -> str:
        """Claim this share of the delivery point (B1)."""
        await self.move_to(at)
        return await self.send(claim(point, _number("C", point, at), at, by=by, share=share), by)

    async def divide(self, point: int, at: datetime, shares: dict[str, str]) -> str:
        """Enter the customer's request for these suppliers with their shares (B5)."""
        await self.move_to(at)
        asked = division(point, _number("D", point, at), at, shares=shares)
        return await self.send(asked, grid_operator())

    async def answer(self, point: int, at: datetime, case_id: str, *, objects: Party) -> None:
        """One supplier objects to the customer's request, the new supplier confirms it (B6)."""
        await self.move_to(at)
        number, new = _number("A", point, at), new_supplier()
        await self.send(confirmation(point, number, at, by=new, case_id=case_id))
        said = objection(point, number, at, by=objects, case_id=case_id)
        await self.send(said, objects)

    async def withdraw(self, point: int, at: datetime, case_id: str) -> None:
        """Take the request of this case back."""
        await self.move_to(at)
        await self.send(withdrawal(point, _number("W", point, at), at, case_id=case_id))

    async def read_all_mail(self) -> None:
        """Every party reads and acknowledges what lies in its mailbox."""
        for token in self._tokens.values():
            headers = {"Authorization": f"Bearer {token}"}
            async with self._client.get("/mailbox?limit=1000", headers=headers) as answer:
                listing = etree.fromstring(await answer.read())
            numbers = [e.text or "" for e in listing.iter(f"{TAG_PREFIX}DocumentNumber")]
            for number in numbers:
                await self._client.get(f"/mailbox/{number}", headers=headers)
                await self._client.delete(f"/mailbox/{number}", headers=headers)


async def _tell(past: "_Past", working_days: WorkingDays, today: date) -> tuple[DemoCase, ...]:
    """What happened, in order of time; each step on a working day before today."""

    def back(count: int, hour: time) -> datetime:
        day = today
        while count > 0:
            day = plus_days(day, -1)
            count -= working_days.is_working_day(day)
        return at_hour(day, hour)

    four_weeks_ago = plus_days(today, -28)
    while not working_days.is_working_day(four_weeks_ago):
        four_weeks_ago = plus_days(four_weeks_ago, -1)
    morning, noon, evening = time(9, 10), time(12, 30), time(18, 40)

    failed = await past.request(_FAILED, at_hour(four_weeks_ago, morning))
    rejected = await past.request(_REJECTED, back(9, morning))
    completed = await past.request(_COMPLETED, back(8, morning))
    reviewed = await past.request(_REVIEWED, back(7, noon))
    await past.report(_COMPLETED, back(6, evening))
    awaiting_reading = await past.request(_AWAITING_READING, back(4, noon))
    divided = await past.claim(_DIVIDED, back(4, evening), new_supplier(), "0.6")
    withdrawn = await past.request(_WITHDRAWN, back(3, morning), name="Franc Zglednik")
    await past.claim(_DIVIDED, back(3, noon), old_supplier(), "0.4")
    both = {new_supplier().name: "0.25", old_supplier().name: "0.75"}
    objected = await past.divide(_OBJECTED, back(3, evening), both)
    await past.withdraw(_WITHDRAWN, back(2, morning), withdrawn)
    await past.report(_DIVIDED, back(2, noon))
    await past.answer(_OBJECTED, back(2, noon), objected, objects=old_supplier())
    await past.report(_REVIEWED, back(2, evening), times=7, why="Pozimi smo greli z elektriko.")
    in_doubt = await past.request(_IN_DOUBT, back(1, morning), name="Marija Števec Novak")
    collecting = await past.claim(_COLLECTING, back(1, noon), new_supplier(), "0.6")
    asked = await past.divide(_ASKED, back(1, evening), both)

    return (
        DemoCase(Phase.FAILED, failed, _FAILED, "no reading came within the 21 days"),
        DemoCase(Phase.REJECTED, rejected, _REJECTED, "the point is not connected (E81)"),
        DemoCase(Phase.COMPLETED, completed, _COMPLETED, "approved, read, switched"),
        DemoCase(Phase.WITHDRAWN, withdrawn, _WITHDRAWN, "taken back before the decision"),
        DemoCase(
            Phase.READING_UNDER_REVIEW, reviewed, _REVIEWED, "seven times the usual, with reason"
        ),
        DemoCase(Phase.AWAITING_READING, awaiting_reading, _AWAITING_READING, "approved at once"),
        DemoCase(Phase.AWAITING_APPROVAL, in_doubt, _IN_DOUBT, "the customer's name differs"),
        DemoCase(Phase.COMPLETED, divided, _DIVIDED, "divided: 0.6 and 0.4, by two claims"),
        DemoCase(Phase.COLLECTING_CLAIMS, collecting, _COLLECTING, "0.6 claimed, 0.4 to come"),
        DemoCase(Phase.AWAITING_CONFIRMATION, asked, _ASKED, "two suppliers asked to confirm"),
        DemoCase(
            Phase.AWAITING_OBJECTION_DECISION, objected, _OBJECTED, "the old supplier objects"
        ),
    )


def _number(letter: str, point: int, at: datetime) -> str:
    """An identification for a message: what it is, about which point, of which day."""
    return f"JE-{letter}{point}-{local_day(at):%Y%m%d}"
