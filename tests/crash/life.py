"""One life of the service, in a process of its own, ended by SIGKILL or by SIGTERM.

The clock is virtual and moved by the parent, so that two lives at one instant do the same. A life
can be told to kill itself just before a statement of the writer, in the middle of a commit or
right after one, or to fill its disk before a statement. It learns of statements by SQLite's own
trace and of commits by a wrapper put on from here, so that nothing in the product knows of it.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

from broker.__main__ import run_service
from broker.clock import VirtualClock
from broker.config import Config, RuleSettings, ServiceSettings
from broker.service import Service
from broker.store.writer import UnableToWrite
from tests.crash.disk import fill, free
from tests.crash.troubles import FROM_INSIDE, Kind, Trouble

HANGS_AFTER_SECONDS = 60.0
_GRACE_SECONDS = 5.0
# What a busy machine needs to close a file and end a process, after the grace.
_ENDS_WITHIN_SECONDS = 10.0
_LOCKED_SECONDS = 0.25

# Processes are forked from one that has read the code already: a life begins in some milliseconds.
_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["tests.crash.warm", "tests.crash.life"])

_log = logging.getLogger(__name__)

Told = dict[str, object]


class Died(Exception):
    """The service is gone: killed, by itself as it was told or from outside."""


class Hangs(Exception):
    """The service lives and does not answer."""


class Life:
    """The service in a process, on a file, from an instant on. Its methods raise Died."""

    def __init__(self, database: Path, log: Path, rules: RuleSettings, at: datetime) -> None:
        self._ours, theirs = _FORKED.Pipe()
        self._process = _FORKED.Process(target=_live, args=(database, log, rules, at, theirs))
        self._process.start()
        theirs.close()
        self.address = str(self._hear()["address"])

    def reach(self, instant: datetime, until: datetime) -> int | None:
        """Move the clock there and handle what is due until then; None: could not be written."""
        handled = self._ask({"now": instant, "until": until})["handled"]
        return None if handled is None else int(str(handled))

    def set_clock(self, instant: datetime) -> int:
        """Set the wall clock alone and let the timer tick; how many deadlines it handled."""
        return int(str(self._ask({"wall": instant})["handled"]))

    def meet(self, trouble: Trouble) -> None:
        """Let this happen from here on, where it comes from inside."""
        self._ask({"trouble": trouble})

    def free_the_disk(self) -> None:
        """There is space again."""
        self._ask({"free": True})

    def traced(self) -> tuple[list[str], int]:
        """The statements of its writer so far, in order, and how many commits."""
        told = self._ask({"traced": True})
        statements, commits = told["statements"], told["commits"]
        assert isinstance(statements, list)
        assert isinstance(commits, int)
        return statements, commits

    def kill(self) -> None:
        """End it between two instructions, if it has not ended yet."""
        self._signal(signal.SIGKILL)
        self._process.join()
        self._ours.close()

    def terminate(self) -> None:
        """Ask it to end, and wait for nothing."""
        self._signal(signal.SIGTERM)

    def wait(self) -> int | None:
        """Its exit code once it has ended as it was asked to; None: not within its grace."""
        self._process.join(_GRACE_SECONDS + _ENDS_WITHIN_SECONDS)
        return self._process.exitcode

    def _signal(self, number: int) -> None:
        if self._process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def _ask(self, what: Told) -> Told:
        try:
            self._ours.send(what)
        except OSError as error:
            raise Died from error
        return self._hear()

    def _hear(self) -> Told:
        try:
            if not self._ours.poll(HANGS_AFTER_SECONDS):
                raise Hangs
            told: Told = self._ours.recv()
        except (EOFError, OSError) as error:
            raise Died from error
        return told


def _live(database: Path, log: Path, rules: RuleSettings, at: datetime, parent: Connection) -> None:
    """What the process does."""
    sys.stdout = sys.stderr = log.open("a", encoding="utf-8", buffering=1)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    clock = VirtualClock(at)
    settings = ServiceSettings(
        database=database,
        port=0,
        stop_within_seconds=_GRACE_SECONDS,
        disk_free_mib_min=0,  # the small disk is to run full without a word before
    )
    service = Service(Config(service=settings, rules=rules), clock, with_timer=False)
    beside = _Beside(service, clock, database, parent)
    asyncio.run(run_service(service, lambda _: "", beside.lived))


class _Beside:
    """Runs beside the service: does what the parent says, and what befalls it."""

    def __init__(
        self, service: Service, clock: VirtualClock, database: Path, parent: Connection
    ) -> None:
        self._service = service
        self._clock = clock
        self._database = database
        self._parent = parent
        self._statements: list[str] = []
        self._passed: Counter[str] = Counter()
        self._trouble: tuple[int, Trouble] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def lived(self, address: str) -> AsyncIterator[None]:
        """Watch the writer and hear the parent as long as the service runs."""
        writer, loop = self._service.writer, asyncio.get_running_loop()
        await writer.submit(lambda connection: connection.set_trace_callback(self._trace))
        commit = writer._commit

        async def watched_commit() -> None:
            await commit()
            self._pass("committed")

        writer._commit = watched_commit
        writer._begin_within = _LOCKED_SECONDS
        loop.add_reader(self._parent.fileno(), self._hear)
        self._parent.send({"address": address})
        yield

    def _hear(self) -> None:
        try:
            asked = self._parent.recv()
        except EOFError:
            os._exit(0)
        task = asyncio.get_running_loop().create_task(self._answer(asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, asked: Told) -> None:
        try:
            self._parent.send(await self._done(asked))
        except Exception:  # noqa: BLE001 - else the parent waits for an answer for ever
            _log.exception("ALARM: %s was not done", asked)
            os._exit(1)

    async def _done(self, asked: Told) -> Told:
        match asked:
            case {"now": datetime() as now, "until": datetime() as until}:
                self._clock.move_to(max(now, self._clock.now()))
                return {"handled": await self._reached(until)}
            case {"wall": datetime() as wall}:
                self._clock.jump_to(wall)
                return {"handled": await self._service.deadlines.sweep()}
            case {"trouble": Trouble() as trouble}:
                self._trouble = (self._passed[FROM_INSIDE[trouble.kind]] + trouble.after, trouble)
            case {"free": True}:
                free(self._database)
            case {"traced": True}:
                self._trouble = None  # its life is over: what has not happened does not
                return {"statements": self._statements, "commits": self._passed["committed"]}
        return {}

    async def _reached(self, until: datetime) -> int | None:
        try:
            return await self._service.deadlines.reach_deadlines(until)
        except UnableToWrite:
            return None

    def _trace(self, statement: str) -> None:
        self._statements.append(statement)
        self._pass("statement")
        if statement == "COMMIT":
            self._pass("commit")

    def _pass(self, place: str) -> None:
        """One more of these has come; where it is the one that was waited for, it happens."""
        self._passed[place] += 1
        if self._trouble is None or place != FROM_INSIDE[self._trouble[1].kind]:
            return
        at, trouble = self._trouble
        if self._passed[place] < at:
            return
        self._trouble = None
        if trouble.kind is Kind.DISK_FULL:
            fill(self._database)
        elif trouble.kind is Kind.KILLED_IN_COMMIT:
            threading.Thread(target=_die, args=(trouble.seconds,)).start()
        else:
            _die(0)


def _die(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)
