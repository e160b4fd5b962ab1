"""The stage of a scenario: the real service on a file of its own, a virtual clock, the parties.

Everything a party does goes over HTTP with its token. Only time is moved from here: each deadline
is reached at its own hour, as a live timer would, and not at all while the service is down.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from lxml import etree

from broker.clock import VirtualClock
from broker.config import Config, RuleSettings, ServiceSettings
from broker.messages.identifiers import Eic
from broker.scenarios.files import REGISTER
from broker.scenarios.posts import Party, parties, value_at
from broker.service import Service
from broker.store import deadlines, participants
from broker.store.connection import hold, open_for_writing
from broker.store.deadlines import OpenDeadline
from broker.store.schema import migrate
from broker.usecases.import_register import import_register
from broker.wire.places import SCHEMA_FILE

_LISTED_MAX = 1000
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A document that came into a mailbox."""

    to: Party
    number: str
    kind: str
    content: bytes

    def value(self, path: str) -> str:
        """What the document says at this path."""
        return value_at(etree.fromstring(self.content), path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back over HTTP."""

    status: int
    body: bytes


class NotReached(Exception):
    """A due deadline was not handled: the sweep stopped, or the deadline was parked."""


def make_template(path: Path, *, operator: dict[str, str] | None = None) -> Path:
    """A database with the sample register and a token for every party, to copy from.

    `operator` are other values than the sample has for the operator; an empty text: not set.
    """
    register = _changed_register(path.with_suffix(".register"), operator) if operator else REGISTER
    with hold(path), closing(open_for_writing(path)) as connection:
        migrate(connection)
        import_register(connection, register)
        for party in parties():
            eic = Eic(party.eic)
            participants.issue_token(connection, eic, "scenario", _token(party), _LONG_AGO)
    return path


def _changed_register(folder: Path, operator: dict[str, str]) -> Path:
    """A copy of the sample register with these values of the operator."""
    shutil.copytree(REGISTER, folder)
    path = folder / "operator.toml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.partition(" = ")[0] not in operator]
    kept += [f'{key} = "{value}"\n' for key, value in operator.items() if value]
    path.write_text("".join(kept), encoding="utf-8")
    return folder


def _token(party: Party) -> str:
    return f"token-of-{party.eic}"


def operator_party() -> Party:
    """The operator of the sample register, whose staff decides."""
    return next(party for party in parties() if party.name.startswith("Omrežje"))


class Stage:
    """The service and all parties around it, at one instant."""

    def __init__(self, database: Path, rules: RuleSettings, start: datetime) -> None:
        self.database = database
        self.clock = VirtualClock(start)
        self.delivered: list[Delivered] = []
        self._rules = rules
        self._service: Service | None = None
        self._client: aiohttp.ClientSession
        self._schema = etree.XMLSchema(etree.parse(SCHEMA_FILE))

    async def up(self, rules: RuleSettings | None = None) -> None:
        """Start the service, perhaps with other settings; it makes up for what fell due."""
        self._rules = rules or self._rules
        service = Service(
            Config(service=ServiceSettings(database=self.database, port=0), rules=self._rules),
            self.clock,
            with_timer=False,
        )
        await service.start()
        self._service = service

    async def down(self) -> None:
        """Stop the service in good order."""
        if self._service is not None:
            await self._service.stop()
            self._service = None

    async def kill(self) -> None:
        """End the service as kill -9 would: what is on the disk at this instant is what remains."""
        kept = {
            path: path.read_bytes()
            for path in self.database.parent.glob(f"{self.database.name}*")
            if not path.name.endswith(("-shm", ".lock"))
        }
        await self.down()
        for path in self.database.parent.glob(f"{self.database.name}-*"):
            path.unlink()
        for path, content in kept.items():
            path.write_bytes(content)

    @property
    def is_up(self) -> bool:
        """Whether the service runs."""
        return self._service is not None

    async def move_to(self, instant: datetime) -> AsyncIterator[OpenDeadline]:
        """Let time pass, each deadline on the way at its own hour; tells each one it reached.

        Raises NotReached.
        """
        while (due := self._next_due(instant)) is not None:
            self.clock.move_to(max(self.clock.now(), due.deadline.act_at))
            if not await self._running.deadlines.reach_deadlines(due.deadline.act_at):
                raise NotReached(f"{due.deadline.kind.value} was not handled: the sweep stopped")
            yield due
        self.clock.move_to(instant)

    def parked(self) -> list[str]:
        """Deadlines put aside because handling them failed."""
        if self._service is None:
            return []
        return [str(one.parked) for one in deadlines.parked(self._service.reader)]

    def _next_due(self, until: datetime) -> OpenDeadline | None:
        if self._service is None:
            return None
        return next(iter(deadlines.due(self._service.reader, until, 1)), None)

    @property
    def _running(self) -> Service:
        if self._service is None:
            raise NotReached("the service is down")
        return self._service

    async def ask(self, party: Party, method: str, path: str, **how: Any) -> Reply:
        """What the service answers to this party."""
        headers = {"Authorization": f"Bearer {_token(party)}", **how.pop("headers", {})}
        address = self._running.address + path
        async with self._client.request(method, address, headers=headers, **how) as response:
            reply = Reply(status=response.status, body=await response.read())
        if response.content_type == "application/xml":
            self.validate(reply.body)
        return reply

    async def post(self, party: Party, data: bytes, media_type: str) -> Reply:
        """Post a message as this party."""
        headers = {"Content-Type": media_type}
        return await self.ask(party, "POST", "/messages", data=data, headers=headers)

    async def new_documents(self) -> list[Delivered]:
        """Every document that came into any mailbox since this was asked last, each validated."""
        if not self.is_up:
            return []
        found = await asyncio.gather(*(self._new_of(party) for party in parties()))
        new = [document for of_party in found for document in of_party]
        new.sort(key=lambda document: document.number)
        self.delivered += new
        return new

    async def _new_of(self, party: Party) -> list[Delivered]:
        listing = await self.ask(party, "GET", f"/mailbox?limit={_LISTED_MAX}")
        known = {document.number for document in self.delivered}
        numbers = value_at(etree.fromstring(listing.body), "Entry/DocumentNumber").split(", ")
        new = []
        for number in filter(None, numbers):
            if number not in known:
                content = (await self.ask(party, "GET", f"/mailbox/{number}")).body
                kind = str(etree.QName(etree.fromstring(content)).localname)
                new.append(Delivered(to=party, number=number, kind=kind, content=content))
        return new

    def validate(self, document: bytes) -> None:
        """Hold a document of ours against the schema. Raises etree.DocumentInvalid."""
        self._schema.assertValid(etree.fromstring(document))

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Stage"]:
        """With service and parties; both are gone afterwards."""
        async with aiohttp.ClientSession() as self._client:
            try:
                await self.up()
                yield self
            finally:
                await self.down()


def open_stage(template: Path, folder: Path, rules: RuleSettings, start: datetime) -> Stage:
    """A stage on a copy of the template in this folder."""
    database = folder / "scenario.sqlite"
    shutil.copyfile(template, database)
    return Stage(database, replace(rules), start)
