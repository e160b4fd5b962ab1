"""The whole service on a file of its own, a virtual clock, and parties that speak HTTP to it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import aiohttp
from lxml import etree

from broker.clock import Clock, VirtualClock
from broker.config import (
    Config,
    DashboardSettings,
    DeliverySettings,
    LimitSettings,
    RuleSettings,
    ServiceSettings,
    TlsSettings,
)
from broker.messages.identifiers import Eic
from broker.service import Service
from broker.store import participants
from broker.store.connection import open_for_writing
from broker.store.row_sums import add_functions
from broker.store.schema import migrate
from broker.usecases.import_register import import_register
from broker.wire.places import SCHEMA_FILE
from broker.wire.schema import TAG_PREFIX
from tests.web.letters import REGISTER, names

FRIDAY = datetime(2026, 4, 24, 8, 0, tzinfo=UTC)
"""Friday 24 April 2026, ten o'clock in Ljubljana."""

SCHEMA = etree.XMLSchema(etree.parse(SCHEMA_FILE))


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def root(self) -> etree._Element:
        """The answer as a tree, which is valid against the published schema."""
        root = etree.fromstring(self.body)
        assert SCHEMA.validate(root), (SCHEMA.error_log, self.body)
        return root

    def text(self, path: str) -> str | None:
        """The text at a path below the root, None where there is no such element."""
        return self.root.findtext("/".join(TAG_PREFIX + step for step in path.split("/")))

    def texts(self, name: str) -> list[str]:
        """The text of every element of this name, in order."""
        return [element.text or "" for element in self.root.iter(TAG_PREFIX + name)]

    @property
    def case(self) -> str:
        """The case number of an acknowledgement."""
        number = self.text("Header/CaseNumber")
        assert number is not None, self.body
        return number

    @property
    def receipt(self) -> str | None:
        """The receipt number of an acknowledgement."""
        return self.text("ReceiptNumber")

    @property
    def codes(self) -> list[str]:
        """The code of every finding, with its list agency."""
        found = self.root.findall(f"{TAG_PREFIX}Finding/{TAG_PREFIX}Code")
        return [f"{code.get('listAgency')}:{code.text}" for code in found]


class Broker:
    """A running service and what tests ask of it; each party's token is its EIC in small."""

    def __init__(self, service: Service, clock: Clock, path: Path) -> None:
        self.service = service
        self.clock = clock
        self.path = path
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    @property
    def address(self) -> str:
        """Where the door listens."""
        return self.service.address

    @property
    def port(self) -> int:
        """The port of the door."""
        return int(self.address.rpartition(":")[2])

    async def ask(
        self,
        method: str,
        path: str,
        party: str | None,
        data: object = None,
        headers: dict[str, str] | None = None,
    ) -> Answered:
        """Send a request as this party (None: as a stranger); its answer."""
        sent = {"Authorization": f"Bearer {token_of(party)}"} if party else {}
        sent |= headers or {}
        if isinstance(data, bytes):
            data = BytesIO(data)  # aiohttp warns of large bodies as bytes
        async with self.session.request(
            method, self.address + path, data=data, headers=sent
        ) as response:
            return Answered(response.status, dict(response.headers), await response.read())

    async def post(
        self, message: object, party: str, headers: dict[str, str] | None = None
    ) -> Answered:
        """Post a message as this party."""
        sent = {"Content-Type": "application/xml"} | (headers or {})
        return await self.ask("POST", "/messages", party, message, sent)

    async def get(self, path: str, party: str | None) -> Answered:
        """Get something as this party."""
        return await self.ask("GET", path, party)

    async def mailbox(self, party: str) -> list[str]:
        """The kinds of the documents that wait for the party, in order."""
        return (await self.get("/mailbox?limit=1000", party)).texts("Kind")

    async def documents(self, party: str) -> list[Answered]:
        """The documents that wait for the party, in order."""
        listing = await self.get("/mailbox?limit=1000", party)
        return [
            await self.get(f"/mailbox/{number}", party)
            for number in listing.texts("DocumentNumber")
        ]

    def rows(self, query: str, *parameters: object) -> list[tuple]:
        """What a query gives on a connection of its own."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query, parameters).fetchall()

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return self.rows(f"SELECT count(*) FROM {table}")[0][0]

    def damage(self, statement: str, *parameters: object) -> None:
        """Change the file behind the service's back."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            add_functions(connection)
            assert connection.execute(statement, parameters).rowcount > 0


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop go on until this is so; at most half a minute."""
    for _ in range(30_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise TimeoutError("what was waited for did not come about")


def token_of(party: str) -> str:
    """The token of a party in these tests."""
    return f"token-of-{party.lower()}"


def new_database(path: Path, register: Path = REGISTER, parties: Iterable[str] = ()) -> None:
    """A file with the register of this folder and a token for each party."""
    with closing(open_for_writing(path)) as connection:
        migrate(connection)
        import_register(connection, register)
        for eic in parties or names():
            at = datetime(2026, 1, 1, tzinfo=UTC)
            participants.issue_token(connection, Eic(eic), "test", token_of(eic), at)


def settings(
    path: Path,
    rules: RuleSettings | None = None,
    dashboard: dict[str, object] | None = None,
    limits: dict[str, object] | None = None,
    tls: TlsSettings | None = None,
    **service: object,
) -> Config:
    """Settings for a file, on any free port."""
    on_any_port = ServiceSettings(database=path, port=0, stop_within_seconds=5.0)
    return Config(
        service=replace(on_any_port, **service),
        dashboard=DashboardSettings(**(dashboard or {})),
        delivery=DeliverySettings(inside_hosts=("127.0.0.1",), within_seconds=5.0),
        limits=LimitSettings(**(limits or {})),
        rules=rules or RuleSettings(),
        tls=tls or TlsSettings(),
    )


@asynccontextmanager
async def running(
    path: Path,
    *,
    clock: Clock | None = None,
    rules: RuleSettings | None = None,
    dashboard: dict[str, object] | None = None,
    limits: dict[str, object] | None = None,
    with_timer: bool = False,
    tls: TlsSettings | None = None,
    **service: object,
) -> AsyncIterator[Broker]:
    """The service on this file until the block ends."""
    clock = clock or VirtualClock(FRIDAY)
    config = settings(path, rules, dashboard, limits, tls, **service)
    started = Service(config, clock, with_timer=with_timer)
    await started.start()
    broker = Broker(started, clock, path)
    try:
        yield broker
    finally:
        await broker.session.close()
        await started.stop()
