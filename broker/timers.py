"""The ticks that wake the sweep and the mails: no rule, date or deadline lives here (design 4)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from broker.store.writer import UnableToWrite

_log = logging.getLogger(__name__)


class Timers:
    """Jobs in memory, each run every so often; what was missed is made up by its next tick."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._first: list[Callable[[], Coroutine[None, None, None]]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def every(
        self,
        seconds: float,
        what: str,
        work: Callable[[], Awaitable[int]],
        *,
        at_once: bool = False,
    ) -> None:
        """Run this work every so many seconds; `what` is what the log calls it.

        `at_once`: a first time as soon as the ticking begins.
        """
        if at_once:
            self._first.append(partial(_tick, what, work))
        self._scheduler.add_job(
            partial(_tick, what, work),
            "interval",
            seconds=seconds,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def start(self) -> None:
        """Begin to tick, with the event loop running."""
        self._tasks = [asyncio.create_task(first()) for first in self._first]
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more."""
        for task in self._tasks:
            task.cancel()
        self._scheduler.shutdown(wait=False)


async def _tick(what: str, work: Callable[[], Awaitable[int]]) -> None:
    try:
        await work()
    except UnableToWrite:
        _log.warning("%s could not write; the next tick tries again", what)
    except Exception:  # noqa: BLE001 - a tick that fails must not end the ticking
        _log.exception("ALARM: %s failed", what)
