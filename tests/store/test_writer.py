"""The writer: order, one savepoint each, all or nothing when the database fails."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest

from broker.store import seals
from broker.store.connection import open_for_writing
from broker.store.writer import UnableToWrite, Writer, ends_the_transaction, savepoint
from tests.store.samples import T0, document_id, later, put_document

Work = Callable[[Connection], Any]

# What has been kept, in order of commit.
KEPT = "SELECT document_id FROM outbox ORDER BY position"


@pytest.fixture
async def writer(writing: Connection) -> AsyncIterator[Writer]:
    """A running writer that seals, and waits a short time only for a locked file."""
    running = Writer(writing, before_commit=lambda c: seals.seal(c, T0), begin_within=0.2)
    running.start()
    yield running
    await running.close()


def put(number: int) -> Work:
    """The work of putting one document; gives its number."""

    def work(connection: Connection) -> int:
        put_document(connection, number)
        return number

    return work


def put_and_fail(number: int, error: Exception) -> Work:
    """The work of putting one document and raising after it."""

    def work(connection: Connection) -> None:
        put_document(connection, number)
        raise error

    return work


def no_seal(connection: Connection) -> None:
    """Adds nothing before the commit."""


def ends_an_iteration(connection: Connection) -> None:
    """A work with a mistake of a special kind."""
    next(iter(()))


def kept(connection: Connection) -> list[str]:
    """The ids of all documents, in order."""
    return [row[0] for row in connection.execute(KEPT)]


async def several_turns() -> None:
    """Let the event loop and a commit have their turns."""
    for _ in range(5):
        await asyncio.sleep(0.005)


async def together(writer: Writer, *works: Work) -> list[Any]:
    """What each of these works, submitted at once, gave or raised."""
    return await asyncio.gather(*map(writer.submit, works), return_exceptions=True)


class TestOrder:
    async def test_works_are_kept_in_order_of_submission(
        self, writer: Writer, reading: Connection
    ) -> None:
        assert await together(writer, *map(put, range(20))) == list(range(20))
        assert kept(reading) == [document_id(number) for number in range(20)]

    async def test_what_waits_together_is_one_transaction_with_one_seal(
        self, writer: Writer, reading: Connection
    ) -> None:
        await together(writer, *map(put, range(20)))
        assert writer.batch_sizes() == (20,)
        assert reading.execute("SELECT count(*) FROM seals").fetchone() == (1,)

    async def test_a_batch_is_bounded(self, writing: Connection) -> None:
        writer = Writer(writing, before_commit=no_seal, batch_limit=3)
        writer.start()
        await together(writer, *map(put, range(7)))
        await writer.close()
        assert writer.batch_sizes() == (3, 3, 1)

    async def test_the_second_of_two_sees_the_first(self, writer: Writer) -> None:
        results = await together(writer, put(1), kept)
        assert results[1] == [document_id(1)]

    async def test_more_than_may_wait_are_told_to_come_again(self, writing: Connection) -> None:
        writer = Writer(writing, before_commit=no_seal, queue_limit=2)
        writer.start()
        results = await together(writer, put(1), put(2), put(3))
        await writer.close()
        assert results[:2] == [1, 2]
        assert isinstance(results[2], UnableToWrite)


class TestPlaces:
    """What is received is written in order of receipt, also where reading it takes a while."""

    async def test_nothing_behind_a_place_is_written_before_it_is_filled(
        self, writer: Writer, reading: Connection
    ) -> None:
        await writer.submit(put(0))
        with writer.place(T0) as place:
            behind = [asyncio.create_task(writer.submit(put(number))) for number in (2, 3)]
            await several_turns()
            assert (kept(reading), writer.waiting_count()) == ([document_id(0)], 3)
            await writer.submit(put(1), place=place)
        assert await asyncio.gather(*behind) == [2, 3]
        assert kept(reading) == [document_id(number) for number in range(4)]

    async def test_what_goes_before_a_place_does_not_wait_for_it(self, writer: Writer) -> None:
        before = asyncio.create_task(writer.submit(put(1)))
        await asyncio.sleep(0)
        with writer.place(T0) as place:
            assert await before == 1
            assert await writer.submit(put(2), place=place) == 2

    async def test_a_place_that_is_given_up_holds_up_nobody(self, writer: Writer) -> None:
        with writer.place(T0):
            behind = asyncio.create_task(writer.submit(put(1)))
            await several_turns()
        assert await behind == 1
        assert writer.waiting_count() == 0

    async def test_it_counts_as_a_message_not_yet_written(self, writer: Writer) -> None:
        with writer.place(T0) as place:
            assert writer.oldest_waiting() == T0
            await writer.submit(put(1), place=place)
        assert writer.oldest_waiting() is None

    async def test_what_has_a_place_is_still_written_at_the_end(self, writer: Writer) -> None:
        with writer.place(T0) as place:
            closing = asyncio.create_task(writer.close())
            await several_turns()
            assert await writer.submit(put(1), place=place) == 1
        await closing

    async def test_a_place_counts_among_those_who_wait(self, writing: Connection) -> None:
        writer = Writer(writing, before_commit=no_seal, queue_limit=1)
        writer.start()
        with writer.place(T0):
            with pytest.raises(UnableToWrite):
                await writer.submit(put(1))
            with pytest.raises(UnableToWrite), writer.place(T0):
                pass
        await writer.close()


class TestOneWorkFails:
    async def test_it_alone_is_undone(self, writer: Writer, reading: Connection) -> None:
        mistake = ValueError("mistake")
        results = await together(writer, put(1), put_and_fail(2, mistake), put(3))
        assert results == [1, mistake, 3]
        assert kept(reading) == [document_id(1), document_id(3)]

    async def test_a_broken_constraint_is_the_works_own(
        self, writer: Writer, reading: Connection
    ) -> None:
        results = await together(writer, put(1), put(1), put(2))
        assert isinstance(results[1], sqlite3.IntegrityError)
        assert kept(reading) == [document_id(1), document_id(2)]

    async def test_stop_iteration_does_not_hang_the_caller(self, writer: Writer) -> None:
        results = await together(writer, ends_an_iteration, put(1))
        assert isinstance(results[0], RuntimeError)
        assert results[1] == 1

    async def test_a_step_inside_is_undone_alone(self, writer: Writer, reading: Connection) -> None:
        def work(connection: Connection) -> None:
            put_document(connection, 1)
            with suppress(ValueError), savepoint(connection):
                put_and_fail(2, ValueError("step"))(connection)
            with savepoint(connection):
                put_document(connection, 3)

        await writer.submit(work)
        assert kept(reading) == [document_id(1), document_id(3)]


class TestTheDatabaseFails:
    """Everybody in the batch is told, nothing is kept, and the same again succeeds."""

    async def test_the_disk_is_full_at_the_middle_of_three(
        self, writer: Writer, writing: Connection, reading: Connection
    ) -> None:
        ran: list[int] = []

        def too_large(connection: Connection) -> None:
            ran.append(2)
            connection.execute("INSERT INTO payloads (salt, content) VALUES (?, ?)", LARGE)

        def third(connection: Connection) -> None:
            ran.append(3)

        await writer.submit(put(0))
        allow_pages(writing, 20)
        results = await together(writer, put(1), too_large, third)
        assert [type(result) for result in results] == [UnableToWrite] * 3
        assert ran == [2]
        assert kept(reading) == [document_id(0)]
        allow_pages(writing, 10_000)
        assert await together(writer, put(1), too_large, third) == [1, None, None]
        assert kept(reading) == [document_id(0), document_id(1)]

    async def test_a_full_disk_inside_a_step_cannot_be_taken_for_a_mistake(
        self, writer: Writer, writing: Connection, reading: Connection
    ) -> None:
        def work(connection: Connection) -> None:
            with savepoint(connection):
                connection.execute("INSERT INTO payloads (salt, content) VALUES (?, ?)", LARGE)

        allow_pages(writing, 20)
        results = await together(writer, put(1), work, put(3))
        assert [type(result) for result in results] == [UnableToWrite] * 3
        assert kept(reading) == []

    async def test_a_work_ends_the_transaction(self, writer: Writer, reading: Connection) -> None:
        results = await together(writer, put(1), lambda c: c.execute("ROLLBACK"), put(3))
        assert [type(result) for result in results] == [UnableToWrite] * 3
        assert kept(reading) == []
        assert await writer.submit(put(1)) == 1

    async def test_the_file_is_locked_too_long(
        self, writer: Writer, path: Path, reading: Connection
    ) -> None:
        with closing(open_for_writing(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            results = await together(writer, put(1), put(2))
            assert [type(result) for result in results] == [UnableToWrite] * 2
            other.execute("ROLLBACK")
        assert await together(writer, put(1), put(2)) == [1, 2]
        assert kept(reading) == [document_id(1), document_id(2)]

    async def test_the_file_is_locked_for_a_moment(self, writer: Writer, path: Path) -> None:
        with closing(open_for_writing(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.create_task(writer.submit(put(1)))
            await asyncio.sleep(0.05)
            other.execute("ROLLBACK")
            assert await waiting == 1

    async def test_the_commit_fails(self, writer: Writer, reading: Connection) -> None:
        def breaks_the_commit(connection: Connection) -> None:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            connection.execute(
                "INSERT INTO handovers (outbox_position, what, at)"
                " VALUES (99, 'fetched', '2025-03-03T00:00:00.000000Z')"
            )

        results = await together(writer, put(1), breaks_the_commit, put(3))
        assert [type(result) for result in results] == [UnableToWrite] * 3
        assert kept(reading) == []
        assert await writer.submit(put(1)) == 1

    async def test_the_seal_fails(self, writing: Connection, reading: Connection) -> None:
        outcomes = iter([RuntimeError("no seal")])

        def before_commit(connection: Connection) -> None:
            for error in outcomes:
                raise error

        writer = Writer(writing, before_commit=before_commit)
        writer.start()
        results = await together(writer, put(1), put(2))
        assert [type(result) for result in results] == [UnableToWrite] * 2
        assert kept(reading) == []
        assert await writer.submit(put(1)) == 1
        await writer.close()


LARGE = (bytes(16), bytes(400_000))


def allow_pages(connection: Connection, more: int) -> None:
    """Let the file grow by this many pages and no further, as a full disk would."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + more}")


class TestWhoWaits:
    async def test_a_cancelled_caller_disturbs_nobody(
        self, writer: Writer, reading: Connection
    ) -> None:
        tasks = [asyncio.create_task(writer.submit(put(number))) for number in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert (results[0], results[2]) == (0, 2)
        assert isinstance(results[1], asyncio.CancelledError)
        assert await writer.submit(put(3)) == 3

    async def test_the_oldest_receipt_counts_until_it_is_committed(
        self, writer: Writer, path: Path
    ) -> None:
        assert writer.oldest_waiting() is None
        with closing(open_for_writing(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.gather(
                writer.submit(put(1), received_at=later(seconds=1)),
                writer.submit(put(2), received_at=T0),
                writer.submit(put(3)),
            )
            await asyncio.sleep(0.05)
            assert writer.oldest_waiting() == T0
            assert writer.waiting_count() == 3
            other.execute("ROLLBACK")
            await waiting
        assert writer.oldest_waiting() is None

    async def test_closing_finishes_what_waits_and_takes_no_more(
        self, writing: Connection, reading: Connection
    ) -> None:
        writer = Writer(writing, before_commit=no_seal)
        writer.start()
        tasks = [asyncio.create_task(writer.submit(put(number))) for number in range(3)]
        await asyncio.sleep(0)
        await writer.close()
        assert await asyncio.gather(*tasks) == [0, 1, 2]
        with pytest.raises(UnableToWrite):
            await writer.submit(put(3))
        assert len(kept(reading)) == 3

    async def test_a_writer_that_was_not_started_says_so(self, writing: Connection) -> None:
        with pytest.raises(UnableToWrite):
            await Writer(writing, before_commit=no_seal).submit(put(1))


class TestErrorsThatEndTheTransaction:
    def test_a_mistake_does_not(self) -> None:
        assert not ends_the_transaction(ValueError())
        assert not ends_the_transaction(sqlite3.IntegrityError())

    def test_one_behind_another_does(self, path: Path) -> None:
        with pytest.raises(RuntimeError) as caught:
            raise_from_a_full_disk()
        assert ends_the_transaction(caught.value)


def raise_from_a_full_disk() -> None:
    """An error of ours that hides one of the database."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("CREATE TABLE t (x)")
        try:
            connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
        except sqlite3.Error:
            raise RuntimeError("something of ours")  # noqa: B904 - that is the point
