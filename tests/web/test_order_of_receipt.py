"""A large message is read beside the event loop, and keeps its place in the order of receipt.

Method: the threads that read are kept busy, so that a large message is being read for as long as
the test likes, while others come in.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from broker.clock import VirtualClock
from broker.usecases.receive_message import READ_AT_ONCE_BYTES_MAX
from tests.web.letters import (
    NORTH,
    SOUTH,
    doubtful_request,
    sample_point,
    switch_request,
    withdrawal,
)
from tests.web.running import FRIDAY, Answered, Broker, running, until

POINT = sample_point(1)
HOUR_TO_DECIDE = datetime(2026, 5, 5, 20, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that stands on Friday 24 April 2026, 10:00 in Ljubljana."""
    return VirtualClock(FRIDAY)


@pytest.fixture
async def broker(database: Path, clock: VirtualClock) -> AsyncIterator[Broker]:
    """A running service on this clock."""
    async with running(database, clock=clock) as started:
        yield started


def large(message: bytes) -> bytes:
    """The same message, with so much white space at its end that it is read in a thread."""
    return message + b" " * (READ_AT_ONCE_BYTES_MAX + 1)


@contextmanager
def nothing_large_is_read(broker: Broker) -> Iterator[None]:
    """The threads that read have other work until the block ends."""
    gate = Event()
    readers = broker.service.door.receive._readers
    busy = [readers.submit(gate.wait) for _ in range(readers._max_workers)]
    try:
        yield
    finally:
        gate.set()
        assert all(one.result() for one in busy)


def messages_waiting(broker: Broker) -> int:
    """How many messages have their place in the queue; the service has works of its own there."""
    return sum(one.received_at is not None for one in broker.service.writer._queue)


async def posted(broker: Broker, message: bytes, party: str) -> asyncio.Task[Answered]:
    """Post on a connection of its own; goes on when the message has its place in the queue."""
    before = messages_waiting(broker)
    task = asyncio.create_task(broker.post(message, party))
    await until(lambda: messages_waiting(broker) > before)
    return task


async def test_the_first_received_is_the_first_decided_however_long_it_is_read(
    broker: Broker,
) -> None:
    """A7: two requests for one point, the second small and ready long before the first."""
    with nothing_large_is_read(broker):
        first = await posted(broker, large(switch_request("A-1", POINT)), SOUTH)
        second = await posted(broker, switch_request("B-1", POINT, new=NORTH), NORTH)
        assert broker.count("inbox") == 0
    assert [(await one).status for one in (first, second)] == [200, 200]
    assert await broker.mailbox(SOUTH) == ["ApprovalNotice"]
    assert await broker.mailbox(NORTH) == ["ApprovalNotice", "RejectionNotice"]


@pytest.mark.parametrize("every", [2, 3])
async def test_many_at_once_are_kept_in_order_of_receipt(broker: Broker, every: int) -> None:
    """Large and small by turns, each on a connection of its own: the inbox is in that order."""
    numbers = (1, 11, 12, 15, 16, 18, 22)
    with nothing_large_is_read(broker):
        tasks = []
        for n, number in enumerate(numbers):
            message = switch_request(f"M-{n}", sample_point(number))
            some = message if n % every else large(message)
            tasks.append(await posted(broker, some, SOUTH))
    assert {(await one).status for one in tasks} == {200}
    kept = broker.rows("SELECT message_id FROM inbox ORDER BY position")
    assert kept == [(f"M-{n}",) for n in range(len(numbers))]


async def test_the_sweep_does_not_overtake_what_was_received_in_time(
    broker: Broker, clock: VirtualClock
) -> None:
    """A withdrawal received before the hour of decision is still being read when the hour comes."""
    case = (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case
    clock.move_to(HOUR_TO_DECIDE - SECOND)
    with nothing_large_is_read(broker):
        withdrawn = await posted(broker, large(withdrawal("W-1", POINT, case)), SOUTH)
        clock.move_to(HOUR_TO_DECIDE + 60 * SECOND)
        sweep = asyncio.create_task(broker.service.deadlines.sweep())
        await asyncio.sleep(0.02)
        assert await broker.mailbox(SOUTH) == []
    assert (await withdrawn).status == 200
    assert await sweep == 0
    assert await broker.mailbox(SOUTH) == ["WithdrawalConfirmation"]


@pytest.mark.parametrize("bad", [b"<no", b"", b"<Unknown/>"])
async def test_what_is_refused_after_reading_holds_up_nobody(broker: Broker, bad: bytes) -> None:
    with nothing_large_is_read(broker):
        refused = await posted(broker, large(bad), SOUTH)
        good = await posted(broker, switch_request("B-1", POINT, new=NORTH), NORTH)
    assert (await good).status == 200
    assert (await refused).status == 400
    assert broker.service.writer.waiting_count() == 0


async def test_others_are_answered_while_a_large_message_is_read(broker: Broker) -> None:
    with nothing_large_is_read(broker):
        waiting = await posted(broker, large(switch_request("A-1", POINT)), SOUTH)
        for _ in range(50):
            assert (await broker.get("/mailbox", NORTH)).status == 204
        assert not waiting.done()
    assert (await waiting).status == 200
