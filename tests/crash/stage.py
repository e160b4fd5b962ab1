"""A stage whose service is killed while a scenario runs on it, and the parties that go on.

They do what a supplier's system does: what got no answer is sent again, byte for byte. A person
whose decision got no answer looks whether it was made. Everything the scenario expects must hold
all the same.
"""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from broker.config import RuleSettings
from broker.scenarios.posts import Party
from broker.scenarios.stage import Reply, Stage
from broker.store import deadlines
from broker.store.connection import open_for_reading
from broker.store.deadlines import OpenDeadline
from tests.crash.life import Died, Life

_GIVE_UP_AFTER = 10


class Crashes:
    """When the service is to be killed: before which statement, or at some moment of a request.

    Each life takes the next of `gaps`: how many statements it lives. With `moments` a life is
    killed so many seconds into a request instead.
    """

    def __init__(self, gaps: tuple[int, ...], moments: tuple[float, ...] = ()) -> None:
        self._gaps = list(gaps)
        self._moments = list(moments)
        self.count = 0

    def next_gap(self) -> int | None:
        """How many statements the next life lives; None when it is left alone."""
        return self._gaps.pop(0) if self._gaps else None

    def next_moment(self, chance: random.Random) -> float | None:
        """In how many seconds this request's service is killed; None when it is not."""
        return self._moments.pop(0) if self._moments and chance.random() < 0.3 else None


class CrashingStage(Stage):
    """The stage of a scenario on which the service does not live long."""

    def __init__(
        self, database: Path, rules: RuleSettings, start: datetime, crashes: Crashes
    ) -> None:
        super().__init__(database, rules, start)
        self._crashes = crashes
        self._chance = random.Random(0)
        self._life: Life | None = None
        self.statements: list[str] = []

    async def up(self, rules: RuleSettings | None = None) -> None:
        """Begin a life of the service."""
        self._rules = rules or self._rules
        self._life = Life(self.database, self._rules, self.clock.now())
        gap = self._crashes.next_gap()
        if gap is not None:
            self._life.die_before(gap)

    async def down(self) -> None:
        """End the life in good order, or as it ends."""
        if self._life is None:
            return
        try:
            self.statements += self._life.statements()
            self._life.stop()
        except Died:
            self._buried()
        self._life = None

    async def kill(self) -> None:
        """End the life at once."""
        if self._life is not None:
            self._life.kill()
            self._life = None

    @property
    def is_up(self) -> bool:
        """Whether the service lives."""
        return self._life is not None

    async def move_to(self, instant: datetime) -> AsyncIterator[OpenDeadline]:
        """Let time pass; what a crash left is made up for by the next life."""
        while (due := self._next_due(instant)) is not None:
            self.clock.move_to(max(self.clock.now(), due.deadline.act_at))
            try:
                assert self._life is not None
                self._life.reach(self.clock.now(), due.deadline.act_at)
            except Died:
                await self._live_again()
            yield due
        self.clock.move_to(instant)
        if self._life is not None:
            try:
                self._life.reach(instant, datetime.min.replace(tzinfo=instant.tzinfo))
            except Died:
                await self._live_again()

    def parked(self) -> list[str]:
        """Deadlines put aside because handling them failed."""
        if self._life is None:
            return []
        with closing(open_for_reading(self.database)) as reader:
            return [str(one.parked) for one in deadlines.parked(reader)]

    def _next_due(self, until: datetime) -> OpenDeadline | None:
        if self._life is None:
            return None
        with closing(open_for_reading(self.database)) as reader:
            return next(iter(deadlines.due(reader, until, 1)), None)

    async def ask(self, party: Party, method: str, path: str, **how: Any) -> Reply:
        """What the service answers in the end, however often it is killed meanwhile."""
        decides = method == "POST" and path.startswith("/operator/")
        for _ in range(_GIVE_UP_AFTER):
            recorded, life = self._recorded(), self._life
            moment = self._crashes.next_moment(self._chance)
            if moment is not None and self._life is not None:
                asyncio.get_running_loop().call_later(moment, self._life.kill)
            try:
                return await self._asked(party, method, path, **how)
            except (aiohttp.ClientError, Died):
                if self._life is life:  # else another request found it dead before
                    await self._live_again()
                if decides and self._recorded() > recorded:
                    return Reply(status=200, body=b"{}")
        raise AssertionError(f"{method} {path} has no answer")

    async def _asked(self, party: Party, method: str, path: str, **how: Any) -> Reply:
        assert self._life is not None
        headers = {"Authorization": f"Bearer token-of-{party.eic}", **how.pop("headers", {})}
        address = self._life.address + path
        async with self._client.request(method, address, headers=headers, **how) as response:
            reply = Reply(status=response.status, body=await response.read())
        if response.content_type == "application/xml":
            self.validate(reply.body)
        return reply

    async def _live_again(self) -> None:
        self._buried()
        await self.up()

    def _buried(self) -> None:
        self._crashes.count += 1
        if self._life is not None:
            self._life.kill()

    def _recorded(self) -> int:
        with closing(sqlite3.connect(self.database)) as connection:
            count: int = connection.execute("SELECT count(*) FROM journal").fetchone()[0]
            return count
