"""The tick that wakes the sweep: no rule, no date and no deadline lives here (design 4)."""

import logging
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from broker.store.writer import UnableToWrite

_log = logging.getLogger(__name__)


class Timers:
    """One job in memory, run every few seconds; what was missed is made up by the next tick."""

    def __init__(self, sweep: Callable[[], Awaitable[int]], every_seconds: float) -> None:
        self._sweep = sweep
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._scheduler.add_job(
            self._tick,
            "interval",
            seconds=every_seconds,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def start(self) -> None:
        """Begin to tick, with the event loop running."""
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more."""
        self._scheduler.shutdown(wait=False)

    async def _tick(self) -> None:
        try:
            await self._sweep()
        except UnableToWrite:
            _log.warning("the sweep could not write; the next tick tries again")
        except Exception:  # noqa: BLE001 - a tick that fails must not end the ticking
            _log.exception("ALARM: the sweep failed")
