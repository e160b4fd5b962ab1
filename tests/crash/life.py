"""One life of the service, in a process of its own, ended by SIGKILL or in good order.

The clock is virtual and moved by the parent, so that two lives at one instant do the same. A life
can be told to kill itself just before a statement of the writer: a crash at this very write. It
learns of statements by SQLite's own trace, so that nothing in the product knows of it.
"""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

from broker.clock import VirtualClock
from broker.config import Config, RuleSettings, ServiceSettings
from broker.service import Service

# Processes are forked from one that has read the code already: a life begins in some milliseconds.
_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["tests.crash.life", "broker.service"])

Told = dict[str, object]


class Died(Exception):
    """The service is gone: killed, by itself as it was told or from outside."""


class Life:
    """The service in a process, on a file, from an instant on."""

    def __init__(self, database: Path, rules: RuleSettings, at: datetime) -> None:
        self._ours, theirs = _FORKED.Pipe()
        self._process = _FORKED.Process(target=_live, args=(database, rules, at, theirs))
        self._process.start()
        theirs.close()
        self.address = str(self._hear()["address"])

    def reach(self, instant: datetime, until: datetime) -> int:
        """Move the clock there and handle what is due until then; how much. Raises Died."""
        return int(str(self._ask({"now": instant, "until": until})["handled"]))

    def die_before(self, statements: int) -> None:
        """Let it kill itself before this many statements more. Raises Died."""
        self._ask({"die": statements})

    def statements(self) -> list[str]:
        """The statements of its writer so far, in order. Raises Died."""
        told = self._ask({"statements": True})["statements"]
        assert isinstance(told, list)
        return told

    def kill(self) -> None:
        """End it between two instructions, if it has not ended yet."""
        if self._process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()
        self._ours.close()

    def stop(self) -> None:
        """End it in good order. Raises Died."""
        self._ask({"stop": True})
        self._process.join()
        self._ours.close()

    def _ask(self, what: Told) -> Told:
        try:
            self._ours.send(what)
        except OSError as error:
            raise Died from error
        return self._hear()

    def _hear(self) -> Told:
        try:
            told: Told = self._ours.recv()
        except (EOFError, OSError) as error:
            raise Died from error
        return told


def _live(database: Path, rules: RuleSettings, at: datetime, parent: Connection) -> None:
    """What the process does."""
    asyncio.run(_serve(database, rules, at, parent))


async def _serve(database: Path, rules: RuleSettings, at: datetime, parent: Connection) -> None:
    clock = VirtualClock(at)
    seen: list[str] = []
    last: list[int] = []

    def trace(statement: str) -> None:
        seen.append(statement)
        if last and len(seen) >= last[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    service = Service(
        Config(service=ServiceSettings(database=database, port=0), rules=rules),
        clock,
        with_timer=False,
    )
    await service.start()
    await service.writer.submit(lambda connection: connection.set_trace_callback(trace))
    parent.send({"address": service.address})
    hear: Callable[[], Told] = parent.recv
    while True:
        try:
            asked = await asyncio.to_thread(hear)
        except EOFError:
            os._exit(0)
        told: Told = {}
        match asked:
            case {"now": datetime() as now, "until": datetime() as until}:
                clock.move_to(max(now, clock.now()))
                told["handled"] = await service.deadlines.reach_deadlines(until)
            case {"die": int(statements)}:
                last[:] = [len(seen) + statements]
            case {"statements": True}:
                told["statements"] = list(seen)
            case _:
                await service.stop()
                parent.send(told)
                return
        parent.send(told)
