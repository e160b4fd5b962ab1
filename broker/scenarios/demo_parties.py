"""The parties of the demo as they act in the past, and the virtual clock they act by."""

from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from aiohttp import ClientSession
from lxml import etree

from broker.clock import VirtualClock
from broker.engine.calendar import WorkingDays, at_hour, local_day, plus_days
from broker.messages.deadlines import DeadlineKind
from broker.messages.identifiers import CaseId
from broker.scenarios.demo_messages import (
    claim,
    confirmation,
    division,
    grid_operator,
    inaccessibility,
    new_supplier,
    objection,
    reading,
    request,
    withdrawal,
)
from broker.scenarios.demo_register import usual_value
from broker.scenarios.posts import Party
from broker.service import Service
from broker.store import deadlines
from broker.wire.schema import TAG_PREFIX


class Days:
    """Days before today, at an hour of theirs."""

    def __init__(self, working_days: WorkingDays, today: date) -> None:
        self._working_days = working_days
        self.today = today

    def back(self, count: int, hour: time) -> datetime:
        """So many working days before today."""
        day = self.today
        while count > 0:
            day = plus_days(day, -1)
            count -= self._working_days.is_working_day(day)
        return at_hour(day, hour)

    def weeks_back(self, count: int, hour: time) -> datetime:
        """So many weeks before today, or the last working day before that."""
        day = plus_days(self.today, -7 * count)
        while not self._working_days.is_working_day(day):
            day = plus_days(day, -1)
        return at_hour(day, hour)

    def days_back(self, count: int, hour: time) -> datetime:
        """So many days before today, whatever day that is."""
        return at_hour(plus_days(self.today, -count), hour)


class Past:
    """What each party does, at the instant it is told; `case_ids` are by the number of a point."""

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
        self.case_ids: dict[int, str] = {}

    async def move_to(self, until: datetime) -> None:
        """Let time pass, and reach each deadline on the way at its own hour."""
        while due := deadlines.due(self._service.reader, until, 1):
            instant = max(self._clock.now(), due[0].deadline.act_at)
            self._clock.move_to(instant)
            if not await self._service.deadlines.reach_deadlines(instant):
                raise RuntimeError(f"a deadline of case {due[0].case_id} was not handled")
        self._clock.move_to(until)

    async def request(
        self,
        point: int,
        at: datetime,
        *,
        by: Party | None = None,
        name: str | None = None,
        others: dict[str, str] | None = None,
    ) -> None:
        """Request the switch of this point, in another customer's name where one is given."""
        message = request(
            point, _number("R", point, at), at, by=by, customer_name=name, others=others
        )
        self.case_ids[point] = await self._send(message, by)

    async def report(
        self,
        point: int,
        at: datetime,
        *,
        by: Party | None = None,
        times: int = 1,
        value: Decimal | None = None,
        why: str | None = None,
    ) -> None:
        """Report a reading of so many times the usual use, perhaps with the reason for it."""
        if value is None:
            value = usual_value(self._register, point, local_day(at), times=times)
        message = reading(point, _number("M", point, at), at, value=value, why=why, by=by)
        await self._send(message, by)

    async def claim(self, point: int, at: datetime, *, by: Party, share: str) -> None:
        """Claim this share of the delivery point (B1); the first claim opens the case."""
        message = claim(point, _number("C", point, at), at, by=by, share=share)
        case_id = await self._send(message, by)
        self.case_ids.setdefault(point, case_id)

    async def divide(self, point: int, at: datetime, *, shares: dict[str, str]) -> None:
        """Enter the customer's request for these suppliers with their shares (B5)."""
        asked = division(point, _number("D", point, at), at, shares=shares)
        self.case_ids[point] = await self._send(asked, grid_operator())

    async def answer(self, point: int, at: datetime, *, objects: Party) -> None:
        """One supplier objects to the customer's request, the new supplier confirms it (B6)."""
        number, new, case_id = _number("A", point, at), new_supplier(), self.case_ids[point]
        await self._send(confirmation(point, number, at, by=new, case_id=case_id), new)
        await self._send(objection(point, number, at, by=objects, case_id=case_id), objects)

    async def withdraw(self, point: int, at: datetime, *, by: Party | None = None) -> None:
        """Take the request for this point back."""
        case_id = self.case_ids[point]
        await self._send(withdrawal(point, _number("W", point, at), at, case_id=case_id, by=by), by)

    async def report_inaccessible(
        self, point: int, at: datetime, *, by: Party | None = None
    ) -> None:
        """Report that the customer of this point cannot reach its meter."""
        case_id = self.case_ids[point]
        await self._send(
            inaccessibility(point, _number("I", point, at), at, case_id=case_id, by=by), by
        )

    async def be_refused(
        self, message: bytes, _at: datetime, *, status: int, by: Party | None = None
    ) -> None:
        """Post a message that the door refuses with this status."""
        await self._post(message, by, status)

    async def report_too_much(self, point: int, at: datetime, *, by: Party | None = None) -> None:
        """Report ten times the usual use without a reason, which is refused."""
        value = usual_value(self._register, point, local_day(at), times=10)
        message = reading(point, _number("T", point, at), at, value=value, by=by)
        await self._post(message, by, 422)

    async def decide(self, point: int, _at: datetime, decision: dict[str, object]) -> None:
        """Let the operator decide the case of this point."""
        operator = grid_operator()
        path = f"/operator/cases/{self.case_ids[point]}/decision"
        headers = {"Authorization": f"Bearer {self._tokens[operator.eic]}"}
        async with self._client.post(path, json=decision, headers=headers) as answer:
            if answer.status != 200:
                raise RuntimeError(f"the demo's decision was refused: {await answer.text()}")

    async def put_aside(self, point: int, _at: datetime) -> None:
        """Put the decision on the request for this point aside, as a fault of the broker would."""
        case_id = CaseId(self.case_ids[point])
        await self._service.writer.submit(partial(_park_decision, case_id))

    async def read_all_mail(self) -> None:
        """Every party reads and acknowledges what lies in its mailbox."""
        for token in self._tokens.values():
            headers = {"Authorization": f"Bearer {token}"}
            async with self._client.get("/mailbox?limit=1000", headers=headers) as answer:
                if answer.status == 204:
                    continue
                listing = etree.fromstring(await answer.read())
            numbers = [e.text or "" for e in listing.iter(f"{TAG_PREFIX}DocumentNumber")]
            for number in numbers:
                await self._client.get(f"/mailbox/{number}", headers=headers)
                await self._client.delete(f"/mailbox/{number}", headers=headers)

    async def _send(self, message: bytes, by: Party | None) -> str:
        """Post a message of this party; gives the number of its case."""
        body = await self._post(message, by, 200)
        return etree.fromstring(body).findtext(f".//{TAG_PREFIX}CaseNumber") or ""

    async def _post(self, message: bytes, by: Party | None, status: int) -> bytes:
        """Post a message. Raises RuntimeError where it is not answered with this status."""
        headers = {
            "Authorization": f"Bearer {self._tokens[(by or new_supplier()).eic]}",
            "Content-Type": "application/xml",
        }
        async with self._client.post("/messages", data=message, headers=headers) as answer:
            body = await answer.read()
            if answer.status != status:
                raise RuntimeError(f"the demo's message was answered {answer.status}: {body!r}")
        return body


def _park_decision(case_id: CaseId, connection: Connection) -> None:
    for one in deadlines.of_case(connection, case_id):
        if one.deadline.kind is DeadlineKind.DECISION:
            deadlines.park(connection, one.deadline_id, "RuntimeError: put aside by the demo")


def _number(letter: str, point: int, at: datetime) -> str:
    """An identification for a message: what it is, about which point, of which day."""
    return f"JE-{letter}{point}-{local_day(at):%Y%m%d}"
