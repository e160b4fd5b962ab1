"""Lines to the door: how many, from where, how long for a head or without a request at all."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from tests.web.letters import NORTH, SOUTH, sample_point, switch_request
from tests.web.raw_http import Line, head, post_head
from tests.web.running import Broker, running, until

GOOD = switch_request("GOOD-1", sample_point(1))
MAILBOX = head("GET", "/mailbox", SOUTH)


async def asked(line: Line, data: bytes = MAILBOX) -> int:
    """Send a request; the status of its answer, 0 where the line was closed."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        await line.send(data)
        return (await line.answer()).status
    return 0


async def test_more_lines_from_one_address_than_are_allowed_are_refused(database: Path) -> None:
    async with running(database, limits={"connections_per_address_max": 3}) as broker:
        lines = [await Line.to(broker.port) for _ in range(3)]
        assert [await asked(line) for line in lines] == [204] * 3
        fourth = await Line.to(broker.port)
        answer = await fourth.answer()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert await fourth.ended()
        assert [await asked(line) for line in lines] == [204] * 3
        await fourth.close()
        await lines.pop().close()
        assert await _comes_in(broker)
        assert broker.service.door.turned_away[503] >= 1
        for line in lines:
            await line.close()


async def test_lines_of_a_proxy_are_everybodys(database: Path) -> None:
    limits = {"connections_per_address_max": 1, "proxies": ("127.0.0.1",)}
    async with running(database, limits=limits) as broker:
        lines = [await Line.to(broker.port) for _ in range(5)]
        assert [await asked(line) for line in lines] == [204] * 5
        for line in lines:
            await line.close()


async def test_where_all_lines_are_taken_the_longest_idle_one_ends(database: Path) -> None:
    async with running(database, limits={"connections_max": 3}) as broker:
        busy, idle, used = [await Line.to(broker.port) for _ in range(3)]
        await busy.send(post_head(SOUTH, f"Content-Length: {len(GOOD)}"))
        await _under_way(broker, 1)
        assert await asked(idle) == 204
        assert await asked(used) == 204
        newcomer = await Line.to(broker.port)
        assert await asked(newcomer, head("GET", "/mailbox", NORTH)) == 204
        assert await idle.ended()
        assert await asked(used) == 204
        await busy.send(GOOD)
        assert (await busy.answer()).status == 200
        for line in (busy, idle, used, newcomer):
            await line.close()


async def test_no_line_ends_in_the_middle_of_a_request(database: Path) -> None:
    async with running(database, limits={"connections_max": 2}) as broker:
        lines = [await Line.to(broker.port) for _ in range(2)]
        for line in lines:
            await line.send(post_head(SOUTH, f"Content-Length: {len(GOOD)}"))
        await _under_way(broker, 2)
        third = await Line.to(broker.port)
        assert (await third.answer()).status == 503
        for line in lines:
            await line.send(GOOD)
            assert (await line.answer()).status == 200
            await line.close()
        await third.close()


@pytest.mark.parametrize("before", [b"", MAILBOX])
async def test_a_head_that_comes_in_drops_is_given_up(database: Path, before: bytes) -> None:
    async with running(database, limits={"head_within_seconds": 0.3}) as broker:
        line = await Line.to(broker.port)
        if before:
            assert await asked(line, before) == 204
        await line.send(MAILBOX[:10])
        for byte in MAILBOX[10:60]:
            await line.send(bytes([byte]))
            await asyncio.sleep(0.01)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            assert (await line.answer()).status == 408
        assert await line.ended()
        assert broker.service.door.turned_away[408] == 1
        await line.close()


async def test_a_head_in_time_is_not_held_against_what_follows(database: Path) -> None:
    async with running(database, limits={"head_within_seconds": 0.3}) as broker:
        line = await Line.to(broker.port)
        await line.send(MAILBOX[:10])
        await asyncio.sleep(0.05)
        assert await asked(line, MAILBOX[10:]) == 204
        await asyncio.sleep(0.4)
        sent = post_head(SOUTH, f"Content-Length: {len(GOOD)}")
        await line.send(sent)
        await asyncio.sleep(0.4)
        assert await asked(line, GOOD) == 200
        await line.close()


@pytest.mark.parametrize("sent", [b"", b"GET /mail", MAILBOX])
async def test_a_line_without_a_request_is_closed(database: Path, sent: bytes) -> None:
    async with running(database, limits={"idle_seconds": 0.2}) as broker:
        line = await Line.to(broker.port)
        await line.send(sent)
        if sent == MAILBOX:
            assert (await line.answer()).status == 204
        assert await line.ended()
        await line.close()


async def test_more_headers_than_are_allowed_are_refused(broker: Broker, line: Line) -> None:
    await line.send(head("GET", "/mailbox", SOUTH, *(f"X-{n}: x" for n in range(200))))
    assert (await line.answer()).status == 400
    assert await line.ended()


async def _comes_in(broker: Broker) -> bool:
    """Whether there is room for one more line in a while: a closed one is noted a moment later."""
    for _ in range(200):
        line = await Line.to(broker.port)
        status = await asked(line)
        await line.close()
        if status == 204:
            return True
        await asyncio.sleep(0.01)
    return False


async def _under_way(broker: Broker, count: int) -> None:
    under_way = broker.service.door.share._under_way
    await until(lambda: under_way.total() == count)
