"""The one writer: many works in one transaction, each in a savepoint, answers after the commit.

It runs what it is handed and knows neither messages nor rules. A work that fails is undone alone.
An error that ends the transaction ends the batch: nothing more runs, and everybody in it hears
UnableToWrite.

Works run in the event loop; only the COMMIT, which waits for the disk, runs in a thread. While it
does, the next batch gathers, and nobody else touches the connection.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, takewhile
from sqlite3 import Connection
from typing import Any, TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)

_SECONDS_BETWEEN_TRIES = 0.02
_BATCHES_REMEMBERED = 100

# After these SQLite may have ended the transaction, or will not finish it.
_ENDS_THE_TRANSACTION = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)

# Each statement of a transaction's life, one constant text each so that it is prepared once.
_BEGIN = "BEGIN IMMEDIATE"
_COMMIT = "COMMIT"
_ROLLBACK = "ROLLBACK"
# One work of a batch.
_SAVEPOINT_WORK = "SAVEPOINT work"
_UNDO_WORK = "ROLLBACK TO work"
_RELEASE_WORK = "RELEASE work"
# One step inside a work that may fail alone.
_SAVEPOINT_STEP = "SAVEPOINT step"
_UNDO_STEP = "ROLLBACK TO step"
_RELEASE_STEP = "RELEASE step"


class UnableToWrite(Exception):
    """The database took nothing of the batch (locked, full, failing); it may be sent again."""


def ends_the_transaction(error: BaseException) -> bool:
    """Whether this error, or one it came from, is the database's and takes the batch with it.

    A work that catches errors of its own steps must let such a one through.
    """
    seen: set[int] = set()
    next_error: BaseException | None = error
    while next_error is not None and id(next_error) not in seen:
        seen.add(id(next_error))
        if isinstance(next_error, UnableToWrite | MemoryError):
            return True
        if _primary_code(next_error) in _ENDS_THE_TRANSACTION:
            return True
        next_error = next_error.__cause__ or next_error.__context__
    return False


def _primary_code(error: BaseException) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(error, sqlite3.Error) and isinstance(code, int) else None


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """A step inside a work that is undone alone when it raises; the error goes on to the caller.

    Where the error ends the transaction, nothing is undone here and UnableToWrite is raised from
    it: let that one through.
    """
    connection.execute(_SAVEPOINT_STEP)
    try:
        yield
    except BaseException as error:
        if ends_the_transaction(error) or not connection.in_transaction:
            raise UnableToWrite("the transaction has ended") from error
        connection.execute(_UNDO_STEP)
        connection.execute(_RELEASE_STEP)
        raise
    connection.execute(_RELEASE_STEP)


@dataclass(slots=True, eq=False)
class _Waiting:
    """A work that waits for its turn, and who waits for its result; None while it is not known."""

    work: Callable[[Connection], Any] | None
    result: asyncio.Future[Any]
    received_at: datetime | None


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place in the writer's queue, kept for a message that is still being read."""

    _waiting: _Waiting


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a work gave: a value, or the error it raised and was undone for."""

    value: Any = None
    error: Exception | None = None


class Writer:
    """Takes works in order of submission and commits whatever is waiting together.

    `before_commit` runs at the end of each transaction (the seal). `batch_limit` bounds a
    transaction, `queue_limit` those who wait; `begin_within` is how many seconds a locked
    database is tried before the batch is refused.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        before_commit: Callable[[Connection], object],
        batch_limit: int = 500,
        queue_limit: int = 10_000,
        begin_within: float = 2.0,
    ) -> None:
        self._connection = connection
        self._before_commit = before_commit
        self._batch_limit = batch_limit
        self._queue_limit = queue_limit
        self._begin_within = begin_within
        self._queue: deque[_Waiting] = deque()
        self._batch: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")
        self._batch_sizes: deque[int] = deque(maxlen=_BATCHES_REMEMBERED)

    def start(self) -> None:
        """Begin to take works; to be called once, with the event loop running."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="writer")

    async def submit(
        self,
        work: Callable[[Connection], T],
        *,
        received_at: datetime | None = None,
        place: Place | None = None,
    ) -> T:
        """Run the work on the writer and give its result once that is committed.

        `received_at` is the receipt of the message it handles, None for anything else; `place` was
        kept for it at receipt. Raises what the work raised (then nothing of it was kept), or
        UnableToWrite. A caller that is cancelled learns nothing: its work may have been kept.
        """
        waiting = self._queued(work, received_at) if place is None else place._waiting
        waiting.work = work
        self._wake.set()
        result: T = await waiting.result
        return result

    @contextmanager
    def place(self, received_at: datetime) -> Iterator[Place]:
        """Keep the next place in the queue for what was received now and has to be read first.

        Nothing behind it is written before it is filled by `submit`, or given up at the end of the
        block. Raises UnableToWrite.
        """
        waiting = self._queued(None, received_at)
        try:
            yield Place(waiting)
        finally:
            if waiting.work is None:
                if not waiting.result.cancel():  # the writer has stopped, and told nobody yet
                    waiting.result.exception()
                self._queue = deque(one for one in self._queue if one is not waiting)
                self._wake.set()

    async def close(self) -> None:
        """Take no more works, finish those that wait, and stop."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        self._thread.shutdown()

    def oldest_waiting(self) -> datetime | None:
        """The receipt of the oldest message not yet written, None where none waits."""
        waiting = (*self._batch, *self._queue)
        return min((w.received_at for w in waiting if w.received_at is not None), default=None)

    def is_running(self) -> bool:
        """Whether works are taken."""
        return not self._closing and self._task is not None and not self._task.done()

    def waiting_count(self) -> int:
        """How many works wait or are being written."""
        return len(self._batch) + len(self._queue)

    def batch_sizes(self) -> tuple[int, ...]:
        """How many works each of the last batches held, the latest last."""
        return tuple(self._batch_sizes)

    def _queued(
        self, work: Callable[[Connection], Any] | None, received_at: datetime | None
    ) -> _Waiting:
        if not self.is_running():
            raise UnableToWrite("the writer does not run")
        if len(self._queue) >= self._queue_limit:
            raise UnableToWrite(f"{self._queue_limit} are waiting already")
        waiting = _Waiting(work, asyncio.get_running_loop().create_future(), received_at)
        self._queue.append(waiting)
        return waiting

    async def _run(self) -> None:
        try:
            while not (self._closing and not self._queue):
                await self._wake.wait()
                self._wake.clear()
                while batch := self._next_batch():
                    await self._write(batch)
        finally:
            left, self._queue = [*self._batch, *self._queue], deque()
            _refuse(left, None)

    def _next_batch(self) -> list[_Waiting]:
        """What is next, up to the first place whose message is still being read."""
        known = takewhile(lambda waiting: waiting.work is not None, self._queue)
        batch = list(islice(known, self._batch_limit))
        for _ in batch:
            self._queue.popleft()
        return batch

    async def _write(self, batch: list[_Waiting]) -> None:
        self._batch, size = batch, len(batch)
        try:
            await self._begin()
            outcomes = [(waiting, self._run_work(waiting)) for waiting in self._batch]
            self._before_commit(self._connection)
            await self._commit()
        except Exception as error:  # noqa: BLE001 - everybody who waits for the batch gets it
            _log.exception("a batch of %d was not written", size)
            self._roll_back()
            _refuse(self._batch, error)
        except BaseException:
            self._roll_back()
            raise
        else:
            for waiting, outcome in outcomes:
                _deliver(waiting.result, outcome)
        self._batch = []
        self._batch_sizes.append(size)

    async def _begin(self) -> None:
        """Open the transaction, trying again while another process has the file locked."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._begin_within
        while True:
            try:
                self._connection.execute(_BEGIN)
            except sqlite3.OperationalError as error:
                if _primary_code(error) != sqlite3.SQLITE_BUSY or loop.time() >= give_up_at:
                    raise
            else:
                return
            await asyncio.sleep(_SECONDS_BETWEEN_TRIES)

    async def _commit(self) -> None:
        """Wait for the disk in a thread of the writer's own, which nobody else can keep busy."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._connection.execute, _COMMIT)

    def _run_work(self, waiting: _Waiting) -> _Outcome:
        """The outcome of one work. Raises only what ends the batch."""
        if waiting.work is None or waiting.result.cancelled():
            return _Outcome()
        self._connection.execute(_SAVEPOINT_WORK)
        try:
            value = waiting.work(self._connection)
        except Exception as error:
            if ends_the_transaction(error) or not self._connection.in_transaction:
                raise
            self._connection.execute(_UNDO_WORK)
            self._connection.execute(_RELEASE_WORK)
            return _Outcome(error=error)
        if not self._connection.in_transaction:
            raise UnableToWrite("the transaction ended inside a work")
        self._connection.execute(_RELEASE_WORK)
        return _Outcome(value=value)

    def _roll_back(self) -> None:
        """Leave no transaction open, whatever state the error left the connection in."""
        try:
            if self._connection.in_transaction:
                self._connection.execute(_ROLLBACK)
        except sqlite3.Error:
            _log.exception("the rollback failed; the next batch tries again")


def _deliver(result: asyncio.Future[Any], outcome: _Outcome) -> None:
    if result.done():
        return
    if outcome.error is None:
        result.set_result(outcome.value)
    elif isinstance(outcome.error, StopIteration):  # a future does not take one
        result.set_exception(RuntimeError(repr(outcome.error)))
    else:
        result.set_exception(outcome.error)


def _refuse(refused: list[_Waiting], cause: Exception | None) -> None:
    for waiting in refused:
        if not waiting.result.done():
            error = UnableToWrite(f"nothing was written: {cause or 'the writer stopped'}")
            error.__cause__ = cause
            waiting.result.set_exception(error)
