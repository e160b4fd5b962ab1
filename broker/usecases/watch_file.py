"""What an administrator should know of the file: the last seal, and whether the disk has room.

The seal is told to the log, which most keep on another machine, so that `verify --last-seal` can
prove up to it that nothing was lost.
"""

import logging
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection

from broker.clock import Clock
from broker.store import seals

_log = logging.getLogger(__name__)

_MIB = 1024 * 1024
_BETWEEN_SEALS_TOLD = timedelta(hours=1)


class WatchFile:
    """Looks at the file of the service every so often."""

    def __init__(
        self, *, reader: Connection, clock: Clock, database: Path, disk_free_mib_min: int
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._folder = database.absolute().parent
        self._disk_free_mib_min = disk_free_mib_min
        self._short = False
        self._told: seals.Seal | None = None
        self._told_at: datetime | None = None

    async def look(self) -> int:
        """What the timer calls: tell the seal once an hour, a disk that runs full at once."""
        now = self._clock.now()
        if self._told_at is None or now - self._told_at >= _BETWEEN_SEALS_TOLD:
            self._told_at = now
            self.tell_seal()
        short = self.disk_is_short()
        if short and not self._short:
            _log.error(
                "ALARM: the disk has %d MiB left, and should have %d",
                self.disk_free_mib(),
                self._disk_free_mib_min,
            )
        self._short = short
        return 0

    def tell_seal(self) -> None:
        """Put the last seal into the log, unless it stands there already."""
        seal = seals.last_seal(self._reader)
        if seal is not None and seal != self._told:
            _log.info("the last seal is %s of %s", seal, seal.at.isoformat())
            self._told = seal

    def disk_free_mib(self) -> int:
        """What is left on the disk on which the file lies."""
        return shutil.disk_usage(self._folder).free // _MIB

    def disk_is_short(self) -> bool:
        """Whether less is left than there should be."""
        return self.disk_free_mib() < self._disk_free_mib_min
