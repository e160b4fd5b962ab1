"""A service that is killed or stopped: what it acknowledged is there, once, and nothing else."""

import asyncio
import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import aiohttp
import pytest
from lxml import etree

from broker.engine.apply import replay
from broker.store.connection import open_for_reading
from broker.store.verify import Finding, verify
from tests.service.process import Process, command, serving
from tests.web.letters import NORTH, SOUTH, Point, doubtful_request, sample_point, switch_request
from tests.web.running import SCHEMA, token_of

POINT = sample_point(1)
FRIDAY = "2026-04-24T10:00:00+02:00"
AFTER_THE_FIFTH_WORKING_DAY = "2026-05-05T22:00:01+02:00"
ROUNDS = 3
CONNECTIONS = 12


def rows(path: Path, query: str, *parameters: object) -> list[tuple]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query, parameters).fetchall()


def damage(path: Path) -> list[Finding]:
    with closing(open_for_reading(path)) as connection:
        return list(verify(connection, replay))


def test_killed_between_request_and_approval(database: Path) -> None:
    """The issue's third proof: the approval goes out once, with the right content."""
    with serving(database, FRIDAY) as process:
        asked = process.post(doubtful_request("D-1", POINT), SOUTH)
        assert asked.text("Deadline/ActAt") == "2026-05-05T20:00:00Z"
        assert process.ask("GET", "/mailbox", SOUTH).status == 204
        process.kill()
    with serving(database, AFTER_THE_FIFTH_WORKING_DAY) as process:
        approvals = [process.ask("GET", "/mailbox", party) for party in (SOUTH, NORTH)]
        assert_approved(process, asked.case, approvals[0].body)
        assert approvals[1].root.tag.endswith("ApprovalNotice")
        assert SOUTH.encode() not in approvals[1].body
        process.kill()
    verification = command("--database", str(database), "verify")
    assert (verification.returncode, verification.stdout) == (0, "verified: 0 damaged, 0 erased\n")
    with serving(database, "2026-05-06T08:00:00+02:00") as process:
        again = [process.ask("GET", "/mailbox", party) for party in (SOUTH, NORTH)]
        assert [answer.body for answer in again] == [answer.body for answer in approvals]
        assert process.stop() == 0
    sent = rows(database, "SELECT party, kind FROM outbox ORDER BY party")
    assert sent == [(SOUTH, "ApprovalNotice"), (NORTH, "ApprovalNotice")]
    assert damage(database) == []


def assert_approved(process: Process, case: str, document: bytes) -> None:
    root = etree.fromstring(document)
    assert SCHEMA.validate(root), SCHEMA.error_log
    texts = {etree.QName(element).localname: element.text for element in root.iter()}
    assert texts["CaseNumber"] == case
    assert texts["ExpectedDate"] == "2026-05-15"
    (period,) = [e for e in root.iter() if etree.QName(e).localname == "ReadingPeriod"]
    assert [child.text for child in period] == ["2026-05-05", "2026-05-15"]
    created = texts["Creation"] or ""
    assert created.startswith("2026-05-05T20:00:0")
    view = process.ask("GET", f"/cases/{case}", SOUTH)
    assert view.text("State") == "awaiting_reading"
    assert view.text("Deadline/ActAt") == "2026-05-15T22:00:00Z"


def test_killed_again_and_again_until_the_switch_has_failed(database: Path) -> None:
    with serving(database, FRIDAY) as process:
        asked = process.post(doubtful_request("D-1", POINT), SOUTH)
        process.kill()
    states = []
    for at in ("2026-05-05T21:59:00", "2026-05-15T23:59:00", "2026-05-16T00:00:00"):
        with serving(database, f"{at}+02:00") as process:
            states.append(process.ask("GET", f"/cases/{asked.case}", SOUTH).text("State"))
            process.kill()
    assert states == ["awaiting_approval", "awaiting_reading", "failed"]
    kinds = rows(database, "SELECT kind, count(*) FROM outbox GROUP BY kind ORDER BY kind")
    assert kinds == [("ApprovalNotice", 2), ("SwitchFailed", 2)]
    assert damage(database) == []


class Traffic:
    """Suppliers that post over many connections and remember every answer they got."""

    def __init__(self, points: tuple[Point, ...], seed: int) -> None:
        self._random = random.Random(seed)
        self._left = list(enumerate(points))
        self.sent: dict[str, bytes] = {}
        self.acknowledged: dict[str, bytes] = {}
        self.otherwise: list[tuple[str, int]] = []
        self._enough = self._random.randrange(1, 150)
        self._reached = asyncio.Event()

    async def some(self) -> None:
        """Wait until some number of messages, by the seed, has been acknowledged."""
        async with asyncio.timeout(30):
            await self._reached.wait()

    async def run(self, address: str) -> None:
        """Post until the service is gone."""
        headers = {
            "Authorization": f"Bearer {token_of(SOUTH)}",
            "Content-Type": "application/xml",
        }
        async with aiohttp.ClientSession(headers=headers) as session:
            await asyncio.gather(*(self._one(session, address) for _ in range(CONNECTIONS)))

    async def _one(self, session: aiohttp.ClientSession, address: str) -> None:
        while self._left:
            n, point = self._left.pop()
            message_id = f"L-{n}"
            kind = self._random.choice((switch_request, doubtful_request))
            self.sent[message_id] = kind(message_id, point)
            try:
                await self.post(session, address, message_id)
            except aiohttp.ClientError:
                return

    async def post(self, session: aiohttp.ClientSession, address: str, message_id: str) -> None:
        """Post one message and remember the answer."""
        data = self.sent[message_id]
        async with session.post(f"{address}/messages", data=data) as response:
            answer = await response.read()
        if response.status == 200:
            self.acknowledged[message_id] = answer
            if len(self.acknowledged) >= self._enough:
                self._reached.set()
        else:
            self.otherwise.append((message_id, response.status))

    async def repeat(self, address: str) -> dict[str, bytes]:
        """Post everything again, in another order; what was answered."""
        before, self.acknowledged = self.acknowledged, {}
        order = list(self.sent)
        self._random.shuffle(order)
        headers = {
            "Authorization": f"Bearer {token_of(SOUTH)}",
            "Content-Type": "application/xml",
        }
        async with aiohttp.ClientSession(headers=headers) as session:
            await asyncio.gather(*(self.post(session, address, one) for one in order))
        again, self.acknowledged = self.acknowledged, before
        return again


def complete(path: Path) -> dict[str, bytes]:
    """Every accepted message with its answer; each has its case, its record and its notices."""
    found = rows(
        path,
        "SELECT message_id, content, case_id FROM inbox JOIN payloads"
        " ON payload_id = answer_payload WHERE http_status = 200",
    )
    cases = {case for _, _, case in found}
    notices = dict(rows(path, "SELECT case_id, count(*) FROM outbox GROUP BY case_id"))
    phases = dict(rows(path, "SELECT case_id, phase FROM cases"))
    recorded = rows(path, "SELECT case_id FROM journal WHERE kind = 'RequestRecorded'")
    assert sorted(case for (case,) in recorded) == sorted(cases) == sorted(phases)
    deadlines = dict(rows(path, "SELECT case_id, count(*) FROM deadlines GROUP BY case_id"))
    for case, phase in phases.items():
        assert notices.get(case, 0) == {"awaiting_reading": 2, "awaiting_approval": 0}[phase]
        assert deadlines[case] == 1
    return {message_id: answer for message_id, answer, _ in found}


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_killed_under_load(large: tuple[Path, tuple[Point, ...]], seed: int) -> None:
    """What was acknowledged is there whole; what was not is there whole or not at all."""
    path, points = large
    traffic = Traffic(points, seed)
    with serving(path, FRIDAY) as process:
        running = asyncio.create_task(traffic.run(process.address))
        await traffic.some()
        await asyncio.to_thread(process.kill)
        await running
    assert traffic.acknowledged != {}
    assert traffic.otherwise == []
    kept = await asyncio.to_thread(complete, path)
    assert traffic.acknowledged.items() <= kept.items()
    with serving(path, "2026-04-24T11:00:00+02:00") as process:
        again = await traffic.repeat(process.address)
        assert await asyncio.to_thread(process.stop) == 0
    assert again.keys() == traffic.sent.keys()
    assert kept.items() <= again.items()
    assert await asyncio.to_thread(complete, path) == again
    assert await asyncio.to_thread(damage, path) == []


async def test_stopped_under_load(large: tuple[Path, tuple[Point, ...]]) -> None:
    """SIGTERM: requests under way are answered, nothing acknowledged is lost, exit code 0."""
    path, points = large
    traffic = Traffic(points, seed=99)
    with serving(path, FRIDAY) as process:
        running = asyncio.create_task(traffic.run(process.address))
        await traffic.some()
        process.terminate()
        assert await asyncio.to_thread(process.wait) == 0
        await running
    assert traffic.acknowledged != {}
    assert [status for _, status in traffic.otherwise if status != 503] == []
    assert await asyncio.to_thread(complete, path) == traffic.acknowledged
    assert await asyncio.to_thread(damage, path) == []


WAITING = 40


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process has the file for itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_told_to_stop_it_answers_everything_it_was_sent(
    large: tuple[Path, tuple[Point, ...]],
) -> None:
    """Every request that was there before SIGTERM is written and answered; no new one is let in."""
    path, points = large
    traffic = Traffic(points, seed=5)
    for n, point in enumerate(points[:WAITING]):
        traffic.sent[f"L-{n}"] = switch_request(f"L-{n}", point)
    headers = {"Authorization": f"Bearer {token_of(SOUTH)}", "Content-Type": "application/xml"}
    with serving(path, FRIDAY) as process:
        async with aiohttp.ClientSession(headers=headers) as session:
            with locked(path):
                posted = [
                    asyncio.create_task(traffic.post(session, process.address, one))
                    for one in traffic.sent
                ]
                await all_there(process, traffic)
                process.terminate()
                await refused(process)
            await asyncio.gather(*posted)
        assert await asyncio.to_thread(process.wait) == 0
    # Who waits for the lock too long, on a busy machine, is told to come again: an answer too.
    assert {status for _, status in traffic.otherwise} <= {503}
    answered = traffic.acknowledged.keys() | {message_id for message_id, _ in traffic.otherwise}
    assert answered == traffic.sent.keys()
    assert await asyncio.to_thread(complete, path) == traffic.acknowledged
    assert await asyncio.to_thread(damage, path) == []


async def all_there(process: Process, traffic: Traffic) -> None:
    """Wait until every message sent has come in: it waits to be written, or was answered."""
    async with asyncio.timeout(30):
        while True:
            ready = await asyncio.to_thread(process.ask, "GET", "/health/ready", SOUTH)
            answered = len(traffic.acknowledged) + len(traffic.otherwise)
            if json.loads(ready.body)["waiting"] + answered >= len(traffic.sent):
                return


async def refused(process: Process) -> None:
    """Wait until nobody is let in any more."""
    host, _, port = process.address.removeprefix("http://").partition(":")
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except (ConnectionRefusedError, ConnectionResetError):
                return  # reset: it stood in the queue of the socket that was closed
            writer.close()
