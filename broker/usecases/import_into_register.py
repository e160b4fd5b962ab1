"""Imports into the living register, one at a time, while the door answers.

A process of its own checks the upload; its batches go through the writer, each a transaction of
its own and hidden; one short transaction at the end shows them and makes the changes. An import
that ends before that leaves nothing visible, and what it left is removed in batches. What it has
changed at points is told afterwards, in small transactions too, and by the next start if need be.
"""

import asyncio
import logging
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from tempfile import mkdtemp

from broker.clock import Clock
from broker.store import imported_changes, journal, register_staging
from broker.store.register_scratch import BatchesToLoad
from broker.store.writer import UnableToWrite, Writer
from broker.usecases import prepare_import
from broker.usecases.handle_event import Desk
from broker.usecases.prepare_import import Prepared
from broker.usecases.register_files import Fault
from broker.usecases.tell_imported_changes import tell_some

_log = logging.getLogger(__name__)

_CLEARED_AT_ONCE = 50
_TRY_AGAIN_SECONDS = 5
_FOLDER = ".import-"
_MODULE_ROOT = Path(__file__).resolve().parents[2]


class ImportUnderWay(Exception):
    """Another import is being checked or staged; one at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterImported:
    """Staff imported into the register: who, under which number, and how many rows of each."""

    at: datetime
    by: str
    number: str
    added: dict[str, int]
    changed: dict[str, int]
    skipped_rows: int


@dataclass(slots=True, kw_only=True)
class ImportStatus:
    """How far an import is: checking, staging, telling, done; or refused (faults), failed (ours).

    From telling on all of it is on record.
    """

    number: str
    state: str = "checking"
    step: str = "waiting"
    done: int = 0
    total: int = 1
    faults: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    added: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)


class ImportIntoRegister:
    """Takes uploads and carries them out in the background."""

    def __init__(self, *, writer: Writer, clock: Clock, desk: Desk, database: Path) -> None:
        self._writer = writer
        self._clock = clock
        self._desk = desk
        self._database = database.absolute()
        self._status: ImportStatus | None = None
        self._uploading = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to end what was interrupted before this start: remove it, or tell what is left."""
        for left in self._database.parent.glob(f"{self._database.name}{_FOLDER}*"):
            shutil.rmtree(left, ignore_errors=True)
        self._task = asyncio.get_running_loop().create_task(self._make_up())

    async def close(self) -> None:
        """Interrupt an import that is under way; it can be repeated."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @asynccontextmanager
    async def place_for_upload(self) -> AsyncIterator[Path]:
        """A folder for one upload, gone after the block unless `begin` has taken it.

        Raises ImportUnderWay.
        """
        if self._uploading or (self._status is not None and self._is_under_way()):
            raise ImportUnderWay
        self._uploading = True
        folder = Path(mkdtemp(prefix=f"{self._database.name}{_FOLDER}", dir=self._database.parent))
        taken = self._task
        try:
            yield folder
        finally:
            self._uploading = False
            if self._task is taken:
                shutil.rmtree(folder, ignore_errors=True)

    def begin(self, folder: Path, *, by: str, skip_faulty: bool) -> str:
        """Carry out the upload in the folder, in the background; gives the import's number."""
        before = self._task
        status = ImportStatus(number=self._desk.ids.import_number())
        self._status = status
        self._task = asyncio.get_running_loop().create_task(
            self._carry_out(status, folder, by, skip_faulty, before)
        )
        return status.number

    def status(self, number: str) -> ImportStatus | None:
        """How far the import with this number is; None for one that is not the latest."""
        status = self._status
        return status if status is not None and status.number == number else None

    def _is_under_way(self) -> bool:
        return self._task is not None and not self._task.done()

    async def _carry_out(
        self,
        status: ImportStatus,
        folder: Path,
        by: str,
        skip_faulty: bool,
        before: asyncio.Task[None] | None,
    ) -> None:
        try:
            if before is not None:
                await asyncio.gather(before, return_exceptions=True)
            await self._clear_abandoned()
            prepared = await self._prepare(status, folder, skip_faulty)
            status.faults = list(map(str, prepared.faults))
            status.skipped = list(map(str, prepared.skipped))
            if prepared.faults:
                status.state = "refused"
                return
            await self._stage_and_switch_over(status, folder, prepared, by)
            status.state, status.step = "telling", "telling"
            await self._tell()
            status.state = "done"
        except Exception as error:  # noqa: BLE001 - told to who asks how far it is
            _log.exception("import %s failed", status.number)
            status.faults = [f"the import failed and can be repeated: {error}"]
            status.state = "failed"
            with suppress(UnableToWrite):
                await self._clear_abandoned()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _prepare(self, status: ImportStatus, folder: Path, skip_faulty: bool) -> Prepared:
        """Check the upload in a process of its own. Raises RuntimeError where that breaks."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            prepare_import.__name__,
            str(folder),
            str(self._database),
            "skip" if skip_faulty else "refuse",
            stdout=asyncio.subprocess.PIPE,
            cwd=_MODULE_ROOT,
        )
        try:
            assert process.stdout is not None
            async for line in process.stdout:
                status.step, done, total = line.decode().rstrip("\n").split("\t")
                status.done, status.total = int(done), int(total)
            if await process.wait() != 0:
                raise RuntimeError(f"the check ended with {process.returncode}")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return await asyncio.to_thread(prepare_import.read_prepared, folder)

    async def _stage_and_switch_over(
        self, status: ImportStatus, folder: Path, prepared: Prepared, by: str
    ) -> None:
        status.state, status.step = "staging", "staging"
        begun = partial(register_staging.begin, number=status.number, at=self._clock.now())
        import_id = await self._writer.submit(begun)
        batches = BatchesToLoad(folder / prepare_import.SORTING)
        try:
            status.done, status.total = 0, batches.count()
            for number in range(1, status.total + 1):
                rows = await asyncio.to_thread(batches.batch, number)
                await self._writer.submit(
                    partial(register_staging.stage, rows=rows, import_id=import_id)
                )
                status.done = number
        finally:
            batches.close()
        await self._writer.submit(partial(self._switch_over, status, import_id, prepared, by))

    def _switch_over(
        self,
        status: ImportStatus,
        import_id: int,
        prepared: Prepared,
        by: str,
        connection: Connection,
    ) -> None:
        """Show the import and say so in the journal, in one transaction."""
        now = self._clock.now()
        left = register_staging.switch_over(connection, import_id, prepared.changes, now)
        for one in left:
            status.skipped += [
                str(Fault(file=file, line=line, column="", found="", problem=one.why))
                for file, line in one.places
            ]
        status.added, status.changed = prepared.added, prepared.changed
        record = RegisterImported(
            at=now,
            by=by,
            number=status.number,
            added=prepared.added,
            changed=prepared.changed,
            skipped_rows=len(status.skipped),
        )
        journal.append(connection, case_id=None, at=now, record=record)

    async def _make_up(self) -> None:
        """End what interrupted imports have left undone, however long it takes to write it."""
        await _until_written(self._end_what_was_left)

    async def _end_what_was_left(self) -> None:
        await self._clear_abandoned()
        await self._writer.submit(imported_changes.try_parked_again)
        await self._tell_all()

    async def _tell(self) -> None:
        """Tell what imports have changed, however long it takes to write it."""
        await _until_written(self._tell_all)

    async def _tell_all(self) -> None:
        """Tell what imports have changed, a little at a time."""

        def some(connection: Connection) -> int:
            return tell_some(connection, now=self._clock.now(), desk=self._desk)

        while await self._writer.submit(some):
            pass

    async def _clear_abandoned(self) -> None:
        """Remove what interrupted imports have left, a little at a time."""
        clear = partial(register_staging.clear_abandoned, limit=_CLEARED_AT_ONCE)
        while await self._writer.submit(clear):
            pass


async def _until_written(work: Callable[[], Awaitable[None]]) -> None:
    """Do this work from its beginning again and again, until all of it has been written."""
    while True:
        try:
            await work()
        except UnableToWrite:
            _log.warning("what an import has left to do could not be written; tried again")
            await asyncio.sleep(_TRY_AGAIN_SECONDS)
        else:
            return
