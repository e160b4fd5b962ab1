"""What the simulated parties do, and when: late, silent, faulty, interrupted.

Method: a party in this process speaks HTTP to a service on a virtual clock, sometimes through a
line that fails; what came of it is read from the service's own file.
"""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from broker.clock import VirtualClock
from broker.otherside.duties import Conduct, Party
from broker.otherside.exchange import Exchange, UnableToReachBroker, UnableToTakePart
from broker.otherside.metering_centre import MeteringCentre
from broker.otherside.meters import meters_of
from broker.otherside.supplier import Supplier
from tests.web.letters import METERING_CENTRE, NORTH, SOUTH, sample_point, switch_request
from tests.web.running import Broker, running, token_of

READ_BY_CUSTOMER, READ_REMOTELY = sample_point(1), sample_point(3)
MIDNIGHT = datetime(2026, 4, 24, 22, tzinfo=UTC)  # of 25 April in Ljubljana
TEN = datetime(2026, 4, 24, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
READING = "MeterReading"
AT_ONCE = timedelta()


class Played:
    """A service and the parties that are played beside it."""

    def __init__(self, broker: Broker, clock: VirtualClock, session: aiohttp.ClientSession) -> None:
        self.broker = broker
        self.clock = clock
        self._session = session

    def centre(
        self, *, delay: timedelta = AT_ONCE, url: str = "", meters: Path | None = None, **how: bool
    ) -> Party:
        """A metering centre."""
        path = meters or self.broker.path.with_name("meters.csv")
        role = MeteringCentre(meters_of(path), delay)
        return self._party(METERING_CENTRE, role.duty_of, url, **how)

    def supplier(self, eic: str, *, delay: timedelta = AT_ONCE, **how: bool) -> Party:
        """A supplier."""
        return self._party(eic, Supplier(Decimal(10), delay).duty_of, "", **how)

    def _party(self, eic: str, duty_of: Callable, url: str, **how: bool) -> Party:
        exchange = Exchange(self._session, url or self.broker.address, token_of(eic))
        return Party(exchange, self.clock, duty_of, Conduct(every_seconds=1, **how), eic)

    async def request(self, point: object) -> str:
        """A request of a supplier that is not played; its case."""
        answer = await self.broker.post(switch_request("JE-1", point), SOUTH)
        return answer.case

    async def move_to(self, instant: datetime) -> None:
        """Let time pass, with what falls due."""
        self.clock.move_to(instant)
        await self.broker.service.deadlines.reach_deadlines(instant)

    async def state(self, case: str) -> str | None:
        """Where the case stands."""
        return (await self.broker.get(f"/cases/{case}", SOUTH)).text("State")

    def readings(self, party: str) -> list[tuple]:
        """The status of every reading this party has sent."""
        query = "SELECT http_status FROM inbox WHERE party = ? AND kind = ?"
        return [status for (status,) in self.broker.rows(query, party, READING)]

    def outbox(self, kind: str) -> int:
        """How many documents of a kind have been issued."""
        return self.broker.rows("SELECT count(*) FROM outbox WHERE kind = ?", kind)[0][0]


@pytest.fixture
async def played(database: Path) -> AsyncIterator[Played]:
    """A service with its parties, from Friday 24 April 2026 at ten o'clock on."""
    clock = VirtualClock(TEN)
    async with running(database, clock=clock) as broker, aiohttp.ClientSession() as session:
        yield Played(broker, clock, session)


async def test_an_order_is_answered_when_its_instant_has_passed(played: Played) -> None:
    case, centre = await played.request(READ_REMOTELY), played.centre()
    await centre.look()
    await played.move_to(MIDNIGHT - timedelta(seconds=1))
    await centre.look()
    assert played.readings(METERING_CENTRE) == []
    assert await played.broker.mailbox(METERING_CENTRE) == ["ReadingOrder"]
    await played.move_to(MIDNIGHT)
    await centre.look()
    assert await played.state(case) == "completed"
    assert await played.broker.mailbox(METERING_CENTRE) == []
    completed = [d for d in await played.broker.documents(SOUTH) if b"SwitchCompleted" in d.body]
    assert completed[0].texts("Value") == ["16900.275"]  # 25 days after 16650.250
    assert completed[0].text("NewSupply/SwitchDate") == "2026-04-25"


async def test_a_late_centre_answers_late_and_both_orders_at_once(played: Played) -> None:
    case, centre = await played.request(READ_REMOTELY), played.centre(delay=25 * HOUR)
    await played.move_to(MIDNIGHT + 24 * HOUR)
    await centre.look()
    assert await played.broker.mailbox(METERING_CENTRE) == ["ReadingOrder", "ReadingOrder"]
    assert await played.state(case) == "awaiting_reading"
    await played.move_to(MIDNIGHT + 25 * HOUR)
    await centre.look()
    assert played.readings(METERING_CENTRE) == [200]
    assert await played.broker.mailbox(METERING_CENTRE) == []
    assert await played.state(case) == "completed"


async def test_a_silent_centre_is_ordered_again_and_can_be_made_up_for(played: Played) -> None:
    case, silent = await played.request(READ_REMOTELY), played.centre(silent=True)
    await silent.look()
    await played.move_to(MIDNIGHT + 24 * HOUR)
    await silent.look()
    assert await played.broker.mailbox(METERING_CENTRE) == ["ReadingOrder", "ReadingOrder"]
    assert played.readings(METERING_CENTRE) == []
    await played.centre().look()
    assert await played.state(case) == "completed"
    assert played.readings(METERING_CENTRE) == [200]


async def test_a_faulty_reading_is_refused_and_mended_under_its_number(played: Played) -> None:
    case, centre = await played.request(READ_REMOTELY), played.centre(faulty_once=True)
    await played.move_to(MIDNIGHT)
    await centre.look()
    assert played.readings(METERING_CENTRE) == [422, 200]
    assert len(set(played.broker.rows("SELECT message_id FROM inbox WHERE kind = ?", READING))) == 1
    assert await played.state(case) == "completed"


async def test_a_meter_that_is_not_known_leaves_the_order_lying(
    played: Played, tmp_path: Path
) -> None:
    await played.request(READ_REMOTELY)
    none = tmp_path / "meters.csv"
    none.write_text("serial_number,register,digits,taken_at,value,per_day\n", "utf-8")
    centre = played.centre(meters=none)
    await played.move_to(MIDNIGHT)
    await centre.look()
    await centre.look()
    assert await played.broker.mailbox(METERING_CENTRE) == ["ReadingOrder"]
    await played.centre().look()
    assert await played.broker.mailbox(METERING_CENTRE) == []


async def test_the_new_supplier_reports_after_its_delay(played: Played) -> None:
    case = await played.request(READ_BY_CUSTOMER)
    supplier = played.supplier(SOUTH, delay=HOUR)
    await supplier.look()
    assert await played.broker.mailbox(SOUTH) == ["ApprovalNotice"]
    await played.move_to(TEN + HOUR)
    await supplier.look()
    assert await played.state(case) == "completed"
    assert played.readings(SOUTH) == [200]
    await supplier.look()
    assert await played.broker.mailbox(SOUTH) == []


async def test_the_old_supplier_only_acknowledges(played: Played) -> None:
    await played.request(READ_BY_CUSTOMER)
    assert await played.broker.mailbox(NORTH) == ["ApprovalNotice"]
    await played.supplier(NORTH).look()
    assert await played.broker.mailbox(NORTH) == []
    assert played.readings(NORTH) == []


async def test_a_supplier_leaves_remote_readings_to_the_centre(played: Played) -> None:
    await played.request(READ_REMOTELY)
    await played.supplier(SOUTH).look()
    assert await played.broker.mailbox(SOUTH) == []
    assert played.readings(SOUTH) == []


async def test_a_silent_supplier_lets_the_switch_fail(played: Played) -> None:
    case, silent = await played.request(READ_BY_CUSTOMER), played.supplier(SOUTH, silent=True)
    await silent.look()
    await played.move_to(TEN + 24 * 22 * HOUR)
    await silent.look()
    assert await played.state(case) == "failed"
    assert await played.broker.mailbox(SOUTH) == ["ApprovalNotice", "SwitchFailed"]


async def test_a_reading_after_the_end_is_refused_and_not_repeated(played: Played) -> None:
    await played.request(READ_BY_CUSTOMER)
    late = played.supplier(SOUTH, delay=24 * 22 * HOUR)
    await played.move_to(TEN + 24 * 22 * HOUR)
    await late.look()
    await late.look()
    assert played.readings(SOUTH) == [422]
    assert await played.broker.mailbox(SOUTH) == []


class Line:
    """A line to the broker that fails for the first requests of a method.

    A DELETE is lost on the way there, of everything else the answer on the way back.
    """

    def __init__(self, broker: Broker, lose: dict[str, int]) -> None:
        self._broker = broker
        self._lose = lose
        self.posted: list[bytes] = []

    async def carry(self, request: web.Request) -> web.Response:
        """Hand the request on, and the answer back, or fail."""
        content, method = await request.read(), request.method
        lost = self._lose.get(method, 0) > 0
        if lost:
            self._lose[method] -= 1
        if method == "POST":
            self.posted.append(content)
        if lost and method == "DELETE":
            return web.Response(status=503)
        as_xml = {"Content-Type": "application/xml"}
        path = str(request.rel_url)
        answer = await self._broker.ask(method, path, METERING_CENTRE, content, as_xml)
        return web.Response(status=503 if lost else answer.status, body=answer.body)


@pytest.mark.parametrize("lost", ["GET", "POST", "DELETE"])
async def test_a_lost_answer_doubles_nothing(played: Played, aiohttp_server, lost: str) -> None:
    case, line = await played.request(READ_REMOTELY), Line(played.broker, {lost: 2})
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", line.carry)
    server = await aiohttp_server(application)
    await played.move_to(MIDNIGHT)
    url = str(server.make_url("/"))
    for _ in range(2):  # each time by a centre started anew, which remembers nothing
        with pytest.raises(UnableToReachBroker, match="503"):
            await played.centre(url=url).look()
    await played.centre(url=url).look()
    assert len(set(line.posted)) == 1
    assert len(line.posted) == (1 if lost == "GET" else 3)
    assert await played.state(case) == "completed"
    assert await played.broker.mailbox(METERING_CENTRE) == []
    assert played.outbox("SwitchCompleted") == 2  # one to each supplier


async def test_a_supplier_started_anew_sends_the_same_again(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    await played.request(READ_BY_CUSTOMER)

    async def break_off(*_: object) -> None:
        raise UnableToReachBroker("the line broke")

    with monkeypatch.context() as broken:
        broken.setattr(Exchange, "acknowledge", break_off)
        with pytest.raises(UnableToReachBroker, match="broke"):
            await played.supplier(SOUTH).look()
    await played.move_to(TEN + HOUR)
    await played.supplier(SOUTH).look()
    assert set(played.readings(SOUTH)) == {200}
    digests = played.broker.rows("SELECT DISTINCT sha256 FROM inbox WHERE kind = ?", READING)
    assert len(digests) == 1
    assert played.outbox("SwitchCompleted") == 2


async def test_an_address_without_broker_is_told(aiohttp_server) -> None:
    async def greet(_: web.Request) -> web.Response:
        return web.Response(text="<p>Welcome")

    application = web.Application()
    application.router.add_get("/mailbox", greet)
    server = await aiohttp_server(application)
    async with aiohttp.ClientSession() as session:
        for url, told in ((str(server.make_url("/")), "is no broker"), ("nonsense", "no address")):
            with pytest.raises(UnableToTakePart, match=told):
                await Exchange(session, url, "any").waiting()


async def test_a_stranger_takes_no_part(played: Played) -> None:
    async with aiohttp.ClientSession() as session:
        exchange = Exchange(session, played.broker.address, "no such token")
        with pytest.raises(UnableToTakePart, match="401"):
            await exchange.waiting()
