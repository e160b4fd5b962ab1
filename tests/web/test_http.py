"""The door at the level of HTTP: bodies slow, chunked, broken or far too large, heads that lie."""

import asyncio
import gzip
import logging
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from broker.web.broken_http import leave_out_what_was_sent
from tests.web.letters import NORTH, SOUTH, sample_point, switch_request
from tests.web.raw_http import Line, head, post_head
from tests.web.running import Broker, running

GOOD = switch_request("GOOD-1", sample_point(1))
LIMIT = 8 * 1024 * 1024
CHUNKED = "Transfer-Encoding: chunked"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def test_fifty_megabytes_are_refused_before_they_are_sent(broker: Broker, line: Line) -> None:
    await line.send(post_head(SOUTH, "Content-Length: 50000000"))
    answer = await line.answer()
    assert (answer.status, answer.codes) == (413, ["SB:T07"])
    assert answer.receipt is None
    assert broker.count("inbox") == 0


@pytest.mark.parametrize("party", [SOUTH, None])
async def test_fifty_megabytes_that_are_sent_are_answered_all_the_same(
    broker: Broker, line: Line, party: str | None
) -> None:
    sending = asyncio.create_task(
        line.send(post_head(party, "Content-Length: 50000000") + b"x" * 50_000_000)
    )
    answer = await line.answer()
    assert answer.status == (401 if party is None else 413)
    await sending
    assert broker.count("inbox") == 0
    assert (await broker.post(GOOD, SOUTH)).status == 200


async def test_fifty_megabytes_of_unknown_length_are_cut_off(broker: Broker, line: Line) -> None:
    async def send() -> None:
        await line.send(post_head(SOUTH, CHUNKED))
        for _ in range(50):
            await line.send(chunk(b"x" * 1_000_000))
        await line.send(b"0\r\n\r\n")

    sending = asyncio.create_task(send())
    answer = await line.answer()
    assert (answer.status, answer.codes) == (413, ["SB:T07"])
    await sending
    assert broker.count("inbox") == 0
    assert (await broker.post(GOOD, SOUTH)).status == 200


async def test_little_that_unpacks_to_very_much_is_cut_off(broker: Broker) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    answer = await broker.post(bomb, SOUTH, {"Content-Encoding": "gzip"})
    assert (answer.status, answer.codes) == (413, ["SB:T07"])


async def test_exactly_the_most_that_is_allowed_is_read(broker: Broker) -> None:
    filled = GOOD + b" " * (LIMIT - len(GOOD))
    assert (await broker.post(filled, SOUTH)).status == 200
    too_much = await broker.post(filled + b" ", SOUTH)
    assert (too_much.status, too_much.codes) == (413, ["SB:T07"])


async def test_a_message_in_chunks_is_a_message(broker: Broker, line: Line) -> None:
    await line.send(post_head(SOUTH, CHUNKED))
    for start in range(0, len(GOOD), 7):
        await line.send(chunk(GOOD[start : start + 7]))
    await line.send(b"0\r\n\r\n")
    first = await line.answer()
    assert first.status == 200
    assert (await broker.post(GOOD, SOUTH)).body == first.body


async def test_a_slow_sender_holds_up_nobody_else(broker: Broker, line: Line) -> None:
    await line.send(post_head(SOUTH, f"Content-Length: {len(GOOD)}") + GOOD[:100])
    other = switch_request("N-1", sample_point(2), new=NORTH)
    assert (await broker.post(other, NORTH)).status == 200
    for byte in GOOD[100:150]:
        await line.send(bytes([byte]))
        await asyncio.sleep(0.002)
    await line.send(GOOD[150:])
    assert (await line.answer()).status == 200


async def test_a_message_that_never_ends_is_given_up(database: Path) -> None:
    async with running(database, message_within_seconds=0.2) as broker:
        line = await Line.to(broker.port)
        await line.send(post_head(SOUTH, f"Content-Length: {len(GOOD)}") + GOOD[:100])
        answer = await line.answer()
        assert (answer.status, answer.codes) == (408, ["SB:T20"])
        assert await line.ended()
        assert broker.count("inbox") == 0
        assert (await broker.post(GOOD, SOUTH)).status == 200
        await line.close()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_does_not_unpack_is_the_senders_fault(
    broker: Broker, line: Line, encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    lines = (f"Content-Encoding: {encoding}", "Content-Length: 10")
    await line.send(post_head(SOUTH, *lines) + b"0123456789")
    answer = await line.answer()
    assert (answer.status, answer.codes) == (400, ["SB:T01"])
    assert "ALARM" not in caplog.text
    assert broker.count("inbox") == 0


async def test_a_sender_that_hangs_up_is_no_alarm(
    broker: Broker, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await line.send(post_head(SOUTH, "Content-Length: 1000") + b"<Switch")
    await asyncio.sleep(0.02)
    await line.close()
    await asyncio.sleep(0.05)
    assert "ALARM" not in caplog.text
    assert broker.count("inbox") == 0
    assert (await broker.post(GOOD, SOUTH)).status == 200


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("Deflate", zlib.compress)],
)
async def test_a_packed_message_is_read_and_kept_unpacked(
    broker: Broker, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    assert (await broker.post(pack(GOOD), SOUTH, {"Content-Encoding": encoding})).status == 200
    assert (GOOD,) in broker.rows("SELECT content FROM payloads")


@pytest.mark.parametrize(
    "cut",
    [
        gzip.compress(GOOD)[:-9],
        gzip.compress(GOOD) + b"more",
        gzip.compress(GOOD) + gzip.compress(GOOD),
        b"",
    ],
    ids=["an end is missing", "more behind", "two", "nothing"],
)
async def test_what_does_not_unpack_to_one_message_is_no_message(
    broker: Broker, cut: bytes
) -> None:
    answer = await broker.post(cut, SOUTH, {"Content-Encoding": "gzip"})
    assert (answer.status, answer.codes) == (400, ["SB:T01"])
    assert broker.count("inbox") == 0


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
async def test_packed_as_nobody_here_unpacks(broker: Broker, encoding: str) -> None:
    """It is kept as it came, like a message of another media type."""
    answer = await broker.post(gzip.compress(GOOD), SOUTH, {"Content-Encoding": encoding})
    assert (answer.status, answer.codes) == (415, ["SB:T08"])
    assert answer.receipt is not None
    assert broker.count("inbox") == 1


@pytest.mark.parametrize("to", ["door", "dashboard"])
async def test_what_a_stranger_packs_is_not_unpacked(broker: Broker, to: str) -> None:
    """Else it would be no HTTP, and the line would end: little could unpack to very much."""
    port = broker.port if to == "door" else int(broker.service.dashboard_address.split(":")[-1])
    line = await Line.to(port)
    broken = ("Content-Encoding: gzip", "Content-Length: 10")
    for _ in range(3):
        await line.send(head("POST", "/messages", None, *broken) + b"0123456789")
        assert (await line.answer()).status in {401, 405}
    await line.close()


BROKEN = {
    "garbage": b"\x00\x01\x02\r\n\r\n",
    "TLS": bytes.fromhex("16030100c2010000be0303"),
    "an unknown method": head("FOO", "/mailbox", SOUTH),
    "a header without colon": head("GET", "/mailbox", SOUTH, "No colon"),
    "a header of 20 kB": head("GET", "/mailbox", SOUTH, "X: " + "x" * 20_000),
    "a path of 20 kB": head("GET", "/messages/" + "x" * 20_000, SOUTH),
    "two lengths": post_head(SOUTH, "Content-Length: 3", "Content-Length: 4") + b"abcd",
    "a length below nothing": post_head(SOUTH, "Content-Length: -3") + b"abc",
    "a length and chunks": post_head(SOUTH, "Content-Length: 3", CHUNKED) + b"0\r\n\r\n",
    "a chunk of no size": post_head(SOUTH, CHUNKED) + b"ZZ\r\nabc",
    "a chunk larger than told": post_head(SOUTH, CHUNKED) + b"1\r\nabc\r\n0\r\n\r\n",
    "bytes beyond ASCII in the path": head("GET", "/messages/\xe8", SOUTH),
    "another version": head("GET", "/mailbox", SOUTH, version="9.9"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_broken_http_is_refused_and_the_line_closed(
    broker: Broker, line: Line, name: str
) -> None:
    await line.send(BROKEN[name])
    assert 400 <= (await line.answer()).status < 500
    assert await line.ended()
    assert broker.count("inbox") == 0
    assert (await broker.post(GOOD, SOUTH)).status == 200


@pytest.mark.parametrize("name", BROKEN)
async def test_the_log_holds_nothing_of_broken_http(
    broker: Broker, line: Line, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(leave_out_what_was_sent)
    await line.send(BROKEN[name])
    assert (await line.answer()).status >= 400
    assert "Traceback" not in caplog.text
    assert len(caplog.text.splitlines()) <= 1


async def test_a_line_goes_on_after_refusals(broker: Broker, line: Line) -> None:
    length = f"Content-Length: {len(GOOD)}"
    asked = [
        (post_head(None, length) + GOOD, 401),
        (post_head(SOUTH, "Content-Length: 5") + b"<a/> ", 400),
        (head("POST", "/messages", SOUTH, length) + GOOD, 415),
        (head("PUT", "/messages", SOUTH, length) + GOOD, 405),
        (head("GET", "/nowhere", SOUTH), 404),
        (post_head(SOUTH, length) + GOOD, 200),
    ]
    for data, status in asked:
        await line.send(data)
        assert (await line.answer()).status == status


async def test_what_is_sent_in_one_go_is_answered_one_by_one(broker: Broker, line: Line) -> None:
    messages = [switch_request(f"P-{n}", sample_point(n)) for n in (1, 11, 12)]
    sent = [post_head(SOUTH, f"Content-Length: {len(m)}") + m for m in messages]
    await line.send(b"".join((*sent[:2], head("GET", "/nowhere", SOUTH), sent[2])))
    answers = [await line.answer() for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 404, 200]
    references = [answer.text("Header/Reference") for answer in answers]
    assert references == ["P-1", "P-11", None, "P-12"]


async def test_an_unknown_expectation_is_refused(broker: Broker, line: Line) -> None:
    await line.send(post_head(SOUTH, "Expect: the-best", f"Content-Length: {len(GOOD)}"))
    assert (await line.answer()).status == 417


async def test_the_old_http_will_do(broker: Broker, line: Line) -> None:
    lines = ("Content-Type: application/xml", f"Content-Length: {len(GOOD)}")
    await line.send(head("POST", "/messages", SOUTH, *lines, version="1.0") + GOOD)
    assert (await line.answer()).status == 200
    assert await line.ended()
