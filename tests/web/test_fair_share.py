"""How much one party may ask for: 429 with Retry-After, and never at the cost of another."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from broker.clock import VirtualClock
from broker.config import UnableToReadConfig, config_of
from broker.messages.identifiers import Eic
from broker.store import participants
from broker.store.connection import open_for_writing
from tests.web.letters import NORTH, OPERATOR, SOUTH, sample_point, switch_request
from tests.web.raw_http import Line, head, post_head
from tests.web.running import FRIDAY, Answered, Broker, running, until

GOOD = switch_request("GOOD-1", sample_point(1))
SLOW = {"requests_burst": 3, "requests_per_second": 0.5}


def assert_told_to_wait(answer: Answered, seconds: int) -> None:
    assert (answer.status, answer.codes) == (429, ["SB:T18"])
    assert answer.headers["Retry-After"] == str(seconds)
    assert answer.receipt is None
    assert all(answer.text(f"Finding/Text{language}") for language in ("English", "Slovene"))


@pytest.mark.parametrize("name", ["requests_per_second", "connections_max", "idle_seconds"])
def test_a_limit_of_nothing_is_refused(name: str) -> None:
    assert config_of({"limits": {name: 1}}, "here").limits
    with pytest.raises(UnableToReadConfig):
        config_of({"limits": {name: 0}}, "here")


async def test_whoever_asks_too_often_waits_as_long_as_it_is_told(database: Path) -> None:
    clock = VirtualClock(FRIDAY)
    async with running(database, clock=clock, limits=SLOW) as broker:
        assert (await broker.post(GOOD, SOUTH)).status == 200
        assert (await broker.get("/mailbox", SOUTH)).status == 200
        assert (await broker.get("/mailbox?limit=9", SOUTH)).status == 200
        for path in ("/mailbox", "/mailbox?limit=9", "/messages/GOOD-1", "/cases/x"):
            assert_told_to_wait(await broker.get(path, SOUTH), 2)
        refused = await broker.post(switch_request("GOOD-2", sample_point(2)), SOUTH)
        assert_told_to_wait(refused, 2)
        assert (await broker.get("/mailbox", NORTH)).status in (200, 204)
        clock.move_to(clock.now() + timedelta(seconds=2))
        assert (await broker.post(GOOD, SOUTH)).status == 200
        assert broker.count("inbox") == 1
        assert b'"turned_away": {"429": 5}' in (await broker.get("/health/ready", None)).body


async def test_another_token_of_the_party_is_no_second_allowance(database: Path) -> None:
    connection = open_for_writing(database)
    participants.issue_token(connection, Eic(SOUTH), "second", "second", FRIDAY)
    connection.close()
    async with running(database, limits=SLOW) as broker:
        second = {"Authorization": "Bearer second"}
        statuses = [
            (await broker.ask("GET", "/mailbox", party, headers=headers)).status
            for party, headers in ((SOUTH, None), (None, second), (SOUTH, None), (None, second))
        ]
        assert statuses == [204, 204, 204, 429]


async def test_a_large_message_counts_for_several(database: Path) -> None:
    async with running(database, limits={"requests_burst": 5}) as broker:
        assert (await broker.post(GOOD + b" " * 64 * 1024 * 4, SOUTH)).status == 200
        assert (await broker.get("/mailbox", SOUTH)).status == 429


async def test_strangers_are_counted_by_address_and_take_nothing_from_parties(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(database, limits={"strangers_burst": 3}) as broker:
        caplog.set_level("INFO")
        caplog.clear()
        answers = [await broker.get("/mailbox", None) for _ in range(6)]
        assert [answer.status for answer in answers] == [401, 401, 401, 429, 429, 429]
        assert len(caplog.records) == 3
        assert (await broker.get("/codes", None)).status == 429
        assert (await broker.post(GOOD, SOUTH)).status == 200
        clock = broker.clock
        assert isinstance(clock, VirtualClock)
        clock.move_to(clock.now() + timedelta(seconds=1))
        assert (await broker.get("/codes", None)).status == 200


async def test_whoever_comes_by_a_proxy_of_ours_is_told_from_others_by_it(database: Path) -> None:
    limits = {"strangers_burst": 1, "proxies": ("127.0.0.1",)}
    async with running(database, limits=limits) as broker:
        statuses = []
        for forwarded in ("192.0.2.1", "192.0.2.2", "x, 192.0.2.1", "2001:db8::1", "2001:db8::2"):
            sent = {"X-Forwarded-For": forwarded}
            statuses.append((await broker.ask("GET", "/codes", None, headers=sent)).status)
        assert statuses == [200, 200, 429, 200, 429]


async def test_nobody_believes_a_stranger_where_it_says_it_comes_from(database: Path) -> None:
    async with running(database, limits={"strangers_burst": 1}) as broker:
        statuses = [
            (await broker.ask("GET", "/codes", None, headers={"X-Forwarded-For": one})).status
            for one in ("192.0.2.1", "192.0.2.2")
        ]
        assert statuses == [200, 429]


async def test_who_floods_on_many_lines_does_not_starve_another(database: Path) -> None:
    """Counted, not timed: between North's message and its answer, South gets few answers.

    South keeps forty lines full. What may be handled before North's message is what was there
    when it came, at most as much as South may have under way, and one batch more.
    """
    most, lines, answered = 10, 40, 0
    async with running(database, limits={"requests_at_once_max": most}) as broker:
        bad = b"<Unknown/>"
        over = asyncio.Event()

        async def flood() -> None:
            nonlocal answered
            line = await Line.to(broker.port)
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while not over.is_set():
                    await line.send(post_head(SOUTH, f"Content-Length: {len(bad)}") + bad)
                    answered += (await line.answer()).status == 400
            await line.close()

        flooding = [asyncio.create_task(flood()) for _ in range(lines)]
        await until(lambda: answered >= 2 * most)
        between = []
        for n in (2, 11, 12):
            before = answered
            answer = await broker.post(switch_request(f"N-{n}", sample_point(n), new=NORTH), NORTH)
            between.append(answered - before)
            assert answer.status in (200, 422)
        over.set()
        await asyncio.gather(*flooding)
    assert max(between) <= 3 * most, between
    assert broker.service.door.turned_away[429] > 0


async def test_messages_share_room_and_one_party_cannot_take_it_all(database: Path) -> None:
    limits = {"bodies_mib_max": 3, "bodies_per_party_mib_max": 2}
    mib = 1024 * 1024
    async with running(database, limits=limits) as broker:
        lines = [await Line.to(broker.port) for _ in range(5)]
        held, more, north, full, chunked = lines
        await held.send(post_head(SOUTH, f"Content-Length: {2 * mib}") + GOOD)
        await _room_is_taken(broker, 2 * mib)
        await more.send(post_head(SOUTH, f"Content-Length: {mib}"))
        assert_told_to_wait(await more.answer(), 1)
        await chunked.send(post_head(SOUTH, "Transfer-Encoding: chunked"))
        await chunked.send(b"%x\r\n%s\r\n" % (100_000, b" " * 100_000))
        assert_told_to_wait(await chunked.answer(), 1)
        await north.send(post_head(NORTH, f"Content-Length: {mib}"))
        await _room_is_taken(broker, 3 * mib)
        await full.send(post_head(OPERATOR, f"Content-Length: {mib}"))
        answer = await full.answer()
        assert (answer.status, answer.codes) == (503, ["SB:T16"])
        assert answer.headers["Retry-After"] == "1"
        small = switch_request("SMALL-1", sample_point(11))
        assert (await broker.post(small, SOUTH)).status == 200
        await held.send(b" " * (2 * mib - len(GOOD)))
        assert (await held.answer()).status == 200
        assert (await broker.post(GOOD + b" " * (2 * mib - len(GOOD)), SOUTH)).status == 200
        for line in lines:
            await line.close()


async def _room_is_taken(broker: Broker, size: int) -> None:
    bodies = broker.service.door.share.bodies
    await until(lambda: bodies._taken.total() == size)


@pytest.mark.parametrize("path", ["/operator/cases/x/decision", "/operator/imports"])
async def test_what_staff_send_must_arrive_in_time_too(database: Path, path: str) -> None:
    async with running(database, message_within_seconds=0.2) as broker:
        line = await Line.to(broker.port)
        sent = ("Content-Type: application/zip", "Content-Length: 1000")
        await line.send(head("POST", path, OPERATOR, *sent) + b"{")
        answer = await line.answer()
        assert (answer.status, answer.codes) == (408, ["SB:T20"])
        assert (await broker.get("/operator/tasks", OPERATOR)).status == 200
        await line.close()
