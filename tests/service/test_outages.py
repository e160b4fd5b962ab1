"""Outages: a database that is locked or full says "retry", and the retry does it once."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pytest

from broker.config import RuleSettings
from broker.engine.apply import replay
from broker.store.connection import BUSY_TIMEOUT_MS_IN_THE_EVENT_LOOP, open_for_reading
from broker.store.verify import verify
from tests.web.letters import (
    NORTH,
    OPERATOR,
    SOUTH,
    doubtful_request,
    sample_point,
    switch_request,
    withdrawal,
)
from tests.web.running import Answered, Broker, running

HOLIDAY_ON_28_APRIL = RuleSettings(one_off_days=(date(2026, 4, 28),))

POINT = sample_point(1)
GOOD = switch_request("GOOD-1", POINT)
POINTS = (1, 11, 12, 15, 16, 18, 22)
TABLES = ("inbox", "cases", "journal", "deadlines", "outbox", "payloads", "contract_documents")


@pytest.fixture
async def broker(database: Path) -> AsyncIterator[Broker]:
    """A running service on the file of this test."""
    async with running(database) as started:
        yield started


def counts(broker: Broker) -> list[int]:
    return [broker.count(table) for table in TABLES]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process has the database for itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def full(broker: Broker, pages: int = 0) -> None:
    """Let the file grow by no more than so many pages, as a full disk does."""
    connection = broker.service.writer._connection
    present = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {present + pages}")


def assert_retry(answer: Answered) -> None:
    assert (answer.status, answer.codes) == (503, ["SB:T16"])
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.receipt is None


async def test_a_locked_database_says_retry_and_the_retry_does_it_once(broker: Broker) -> None:
    before = counts(broker)
    with locked(broker.path):
        answers = await asyncio.gather(
            broker.post(GOOD, SOUTH), broker.post(GOOD, SOUTH), broker.post(b"<no", SOUTH)
        )
        for answer in answers:
            assert_retry(answer)
    assert counts(broker) == before
    assert (await broker.post(GOOD, SOUTH)).status == 200
    assert (await broker.post(GOOD, SOUTH)).status == 200
    assert (broker.count("cases"), broker.count("inbox")) == (1, 1)
    assert await broker.mailbox(SOUTH) == ["ApprovalNotice"]


async def test_a_short_lock_is_waited_for(broker: Broker) -> None:
    with locked(broker.path):
        posted = asyncio.create_task(broker.post(GOOD, SOUTH))
        await asyncio.sleep(0.3)
    assert (await posted).status == 200


async def test_while_locked_everything_can_be_read(broker: Broker) -> None:
    asked = await broker.post(GOOD, SOUTH)
    with locked(broker.path):
        answers = await asyncio.gather(
            broker.get("/mailbox", SOUTH),
            broker.get("/mailbox?limit=5", SOUTH),
            broker.get(f"/cases/{asked.case}", SOUTH),
            broker.get("/messages/GOOD-1", SOUTH),
            broker.get("/health/ready", None),
        )
        assert {answer.status for answer in answers} == {200}
        number = answers[0].headers["Document-Number"]
        assert_retry(await broker.ask("DELETE", f"/mailbox/{number}", SOUTH))
    assert await broker.mailbox(SOUTH) == ["ApprovalNotice"]
    assert (await broker.ask("DELETE", f"/mailbox/{number}", SOUTH)).status == 204


async def test_while_locked_a_mailbox_holds_up_nobody_else(broker: Broker) -> None:
    """Noting that a document was handed out waits for the lock; who asks meanwhile does not."""
    await broker.post(GOOD, SOUTH)
    with locked(broker.path):
        peeked = asyncio.create_task(broker.get("/mailbox", SOUTH))
        for _ in range(20):
            assert (await broker.get("/mailbox?limit=5", NORTH)).status == 200
        assert not peeked.done()
    assert (await peeked).status == 200


async def test_what_cannot_be_read_just_now_is_asked_for_again(
    broker: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that is not in WAL is locked to readers too, as ours is while SQLite recovers it."""
    aside = tmp_path / "aside.sqlite"
    with closing(sqlite3.connect(broker.path)) as ours:
        ours.execute("VACUUM INTO ?", (str(aside),))
    with closing(open_for_reading(aside, BUSY_TIMEOUT_MS_IN_THE_EVENT_LOOP)) as reader:
        object.__setattr__(broker.service.door, "reader", reader)
        with closing(sqlite3.connect(aside, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            assert_retry(await broker.get("/mailbox", SOUTH))
        assert "ALARM" not in caplog.text
        assert (await broker.get("/mailbox", SOUTH)).status == 204


@pytest.mark.parametrize("pages", [0, 1, 2, 4, 8, 12])
async def test_a_disk_that_fills_up_takes_the_whole_batch_or_nothing(
    broker: Broker, pages: int
) -> None:
    before = counts(broker)
    full(broker, pages)
    requests = [switch_request(f"F-{n}", sample_point(n)) for n in POINTS]
    answers = await asyncio.gather(*(broker.post(request, SOUTH) for request in requests))
    statuses = {answer.status for answer in answers}
    assert statuses <= {200, 503}
    assert 503 in statuses
    accepted = [answer for answer in answers if answer.status == 200]
    for answer in answers:
        if answer.status == 503:
            assert_retry(answer)
    assert broker.count("cases") == broker.count("inbox") == len(accepted)
    if not accepted:
        assert counts(broker) == before
    full(broker, 1_000_000)
    again = await asyncio.gather(*(broker.post(request, SOUTH) for request in requests))
    assert {answer.status for answer in again} == {200}
    assert broker.count("cases") == broker.count("inbox") == len(POINTS)
    assert await broker.mailbox(SOUTH) == ["ApprovalNotice"] * len(POINTS)
    assert sound(broker.path)


async def test_a_full_disk_refuses_what_is_bad_with_retry_too(broker: Broker) -> None:
    full(broker)
    assert_retry(await broker.post(b"<no" + b"x" * 10_000, SOUTH))
    assert broker.count("inbox") == 0


async def test_one_damaged_case_fails_alone(broker: Broker) -> None:
    """An error of ours in the middle of a batch: 500 for that one, bytes kept, others as ever."""
    damaged = await broker.post(doubtful_request("D-1", POINT), SOUTH)
    spoil(broker, damaged.case)
    requests = [switch_request(f"G-{n}", sample_point(n)) for n in (11, 12)]
    bad = withdrawal("W-1", POINT, damaged.case)
    sent = (requests[0], bad, requests[1])
    first, failed, last = await asyncio.gather(*(broker.post(data, SOUTH) for data in sent))
    assert (first.status, failed.status, last.status) == (200, 500, 200)
    assert failed.codes == ["SB:T17"]
    status = await broker.get("/messages/W-1", SOUTH)
    assert status.texts("ReceiptNumber") == [failed.receipt]
    assert status.texts("HttpStatus") == ["500"]
    assert status.texts("Answer") == []
    assert (bad,) in broker.rows("SELECT content FROM payloads")
    again = await broker.post(bad, SOUTH)
    assert again.status == 500
    assert again.receipt != failed.receipt


async def test_a_damaged_case_parks_its_deadline_and_the_others_go_on(broker: Broker) -> None:
    asked = [await broker.post(doubtful_request(f"D-{n}", sample_point(n)), SOUTH) for n in POINTS]
    spoil(broker, asked[2].case)
    broker.clock.move_to(broker.clock.now().replace(month=5, day=5, hour=20))
    await broker.service.deadlines.reach_deadlines(broker.clock.now())
    assert await broker.mailbox(SOUTH) == ["ApprovalNotice"] * (len(POINTS) - 1)
    parked = broker.rows("SELECT case_id, parked FROM deadlines WHERE parked IS NOT NULL")
    assert [case for case, _ in parked] == [asked[2].case]
    assert parked[0][1]
    blocked = await broker.post(doubtful_request("AGAIN", sample_point(POINTS[2])), SOUTH)
    assert blocked.status == 200
    assert (await broker.documents(SOUTH))[-1].text("Ground/Code") == "E22"


async def test_the_operator_still_sees_its_tasks_beside_a_damaged_case(broker: Broker) -> None:
    asked = [await broker.post(doubtful_request(f"D-{n}", sample_point(n)), SOUTH) for n in (1, 11)]
    spoil(broker, asked[0].case)
    broker.clock.move_to(broker.clock.now().replace(month=5, day=5, hour=19))
    tasks = await broker.get("/operator/tasks", OPERATOR)
    assert tasks.status == 200
    assert asked[0].case.encode() in tasks.body
    assert asked[1].case.encode() in tasks.body


async def test_the_view_of_a_damaged_case_is_an_error_of_ours(broker: Broker) -> None:
    asked = await broker.post(doubtful_request("D-1", POINT), SOUTH)
    spoil(broker, asked.case)
    view = await broker.get(f"/cases/{asked.case}", SOUTH)
    assert (view.status, view.codes) == (500, ["SB:T17"])
    assert (await broker.get(f"/cases/{asked.case}", NORTH)).status == 404


async def test_a_damaged_case_does_not_keep_the_service_from_starting(database: Path) -> None:
    async with running(database) as broker:
        asked = [
            await broker.post(doubtful_request(f"D-{n}", sample_point(n)), SOUTH) for n in (1, 11)
        ]
        spoil(broker, asked[0].case)
    async with running(database, rules=HOLIDAY_ON_28_APRIL) as broker:
        moved = broker.rows("SELECT act_at FROM deadlines WHERE case_id = ?", asked[1].case)
        assert moved[0][0].startswith("2026-05-06T20:00")


def spoil(broker: Broker, case: str) -> None:
    """Damage the snapshot of a case as a failing disk would."""
    broker.damage(
        "UPDATE payloads SET content = x'00' WHERE payload_id ="
        " (SELECT snapshot_payload FROM cases WHERE case_id = ?)",
        case,
    )


def sound(path: Path) -> bool:
    with closing(open_for_reading(path)) as connection:
        return not list(verify(connection, replay))
