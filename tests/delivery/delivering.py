"""A service that delivers on a virtual clock, and endpoints that answer as they are told."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from aiohttp import web

from broker.clock import VirtualClock
from broker.config import MailSettings
from broker.service import Service
from tests.web.letters import OPERATOR, SOUTH, sample_point, switch_request
from tests.web.running import FRIDAY, Broker, settings

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """What an endpoint was posted."""

    headers: dict[str, str]
    body: bytes

    @property
    def number(self) -> str:
        """The number of the document."""
        return self.headers["Document-Number"]


class Endpoint:
    """A party's receiver: keeps what comes, answers with the next of `answers`, else 204."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.answers: deque[int] = deque()
        self.refused_numbers: set[str] = set()
        self.refuses_all = False
        self.headers: dict[str, str] = {}
        self.hangs: asyncio.Event | None = None
        self.asked = asyncio.Event()
        self.pours = False
        self.address = ""

    @property
    def numbers(self) -> list[str]:
        """The numbers of the documents that came, in order."""
        return [one.number for one in self.taken]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take one post."""
        self.taken.append(Taken(dict(request.headers), await request.read()))
        self.asked.set()
        if self.hangs is not None:
            await self.hangs.wait()
        if self.pours:
            answer = web.StreamResponse()
            await answer.prepare(request)
            for _ in range(10_000):
                await answer.write(b"x" * 100_000)
            return answer
        status = self.answers.popleft() if self.answers else 204
        if self.refuses_all or self.taken[-1].number in self.refused_numbers:
            status = 422
        return web.Response(status=status, headers=self.headers)


@asynccontextmanager
async def endpoint(tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Endpoint]:
    """A receiver on a free port until the block ends."""
    opened = Endpoint()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", opened.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
    host, at_port = runner.addresses[0][:2]
    opened.address = f"http{'s' if tls else ''}://{host}:{at_port}/notices"
    try:
        yield opened
    finally:
        await runner.cleanup()


@asynccontextmanager
async def delivering(
    database: Path,
    *,
    at: datetime = FRIDAY,
    mail: MailSettings | None = None,
    with_timer: bool = False,
    **delivery: object,
) -> AsyncIterator[Broker]:
    """The service whose waits are as long as they may be, until the block ends."""
    clock = VirtualClock(at)
    plain = settings(database)
    config = replace(
        plain, mail=mail or MailSettings(), delivery=replace(plain.delivery, **delivery)
    )
    service = Service(config, clock, with_timer=with_timer, jitter=lambda: 1.0)
    await service.start()
    broker = Broker(service, clock, database)
    try:
        yield broker
    finally:
        await broker.session.close()
        await service.stop()


async def operator(broker: Broker, method: str, path: str, **body: object) -> dict[str, object]:
    """What the operator's staff ask of the service; the answer, with its status."""
    content = msgspec.json.encode({"by": "Nada", "why": "agreed", **body})
    answer = await broker.ask(method, f"/operator/{path}", OPERATOR, content)
    told = msgspec.json.decode(answer.body) if answer.body[:1] == b"{" else {}
    return {"status": answer.status, **told}


async def push_to(broker: Broker, address: str, party: str = SOUTH, **more: object) -> str:
    """Set a webhook up; its secret."""
    told = await operator(
        broker,
        "POST",
        f"participants/{party}/channel",
        **{"kind": "webhook", "address": address, **more},
    )
    assert told["status"] == 200, told
    return str(told.get("secret"))


async def standing(broker: Broker, party: str = SOUTH) -> dict[str, object]:
    """How the party's channel does."""
    answer = await broker.get("/operator/channels", OPERATOR)
    for one in msgspec.json.decode(answer.body)["channels"]:
        if one["channel"]["party"] == party:
            return {**one["channel"], "documents": one["put_aside"]}
    return {}


async def deliver(broker: Broker, after: timedelta = timedelta(0)) -> None:
    """Let the clock go on, do what the timer does, and wait until nothing is under way."""
    assert isinstance(broker.clock, VirtualClock)
    broker.clock.move_to(broker.clock.now() + after)
    await broker.service.delivery.deliver_due()
    await broker.service.delivery.settle()


async def approvals(broker: Broker, *points: int, party: str = SOUTH) -> list[str]:
    """Requests that are approved at once; the numbers of what then waits for the party."""
    for n in points:
        await broker.post(switch_request(f"M-{n}", sample_point(n)), SOUTH)
    return await waiting(broker, party)


async def waiting(broker: Broker, party: str = SOUTH) -> list[str]:
    """The numbers of the documents that wait for the party."""
    return (await broker.get("/mailbox?limit=1000", party)).texts("DocumentNumber")
