"""Checked rows of a register, batch after batch, made here or in a process beside.

For large files beside: the next batch is checked while the one before it is written.
"""

import gc
from collections import Counter
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from broker.store.register_entries import RegisterContents
from broker.store.register_rows import RegisterRows, rows_of
from broker.store.register_scratch import Scratch
from broker.usecases.check_register import Progress, RegisterCheck
from broker.usecases.register_files import Fault, Sheet
from broker.usecases.register_forms import CSV_FORMS
from broker.usecases.register_sheets import ON_RECORD, RegisterSheets
from broker.usecases.skip_faulty import Skipping

LARGE_BYTES = 16 * 1024 * 1024
"""From this size on a process beside is worth its start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check came to: why nothing may be loaded, what was left out, what was counted."""

    faults: tuple[Fault, ...]
    skipped: tuple[Fault, ...]
    skipped_rows: int
    counts: dict[str, int]


class UnableToCheck(Exception):
    """The process that checks has ended before its time; nothing was loaded."""


Batches = Generator[RegisterRows, None, Checked]
"""Batches to be loaded; what the check came to is what the generator returns."""
_Told = tuple[str, int, int] | RegisterRows | Checked


def checked_batches(folder: Path, *, skip_faulty: bool, progress: Progress) -> Batches:
    """Check the register in this folder and give what may be loaded, as it is found."""
    skipping, counter = Skipping() if skip_faulty else None, Counter[str]()
    with (
        TemporaryDirectory(prefix="register-") as place,
        closing(Scratch(Path(place) / "sorting")) as sorting,
    ):
        check = RegisterCheck(folder, sorting, skipping=skipping, progress=progress)
        check.read()
        for chunk in check.chunks():
            contents = contents_of(chunk)
            _count(counter, contents)
            yield rows_of(contents)
    return Checked(
        faults=tuple(sorted(check.faults)),
        skipped=() if skipping is None else tuple(sorted(skipping.faults)),
        skipped_rows=0 if skipping is None else skipping.rows_count(),
        counts=dict(counter),
    )


def checked_batches_beside(folder: Path, *, skip_faulty: bool, progress: Progress) -> Batches:
    """The same from a process beside this one. Raises UnableToCheck where that one breaks."""
    context = get_context("spawn")
    hearing, telling = context.Pipe(duplex=False)
    process = context.Process(target=_tell, args=(telling, folder, skip_faulty), daemon=True)
    process.start()
    telling.close()
    try:
        while not isinstance(told := _hear(hearing), Checked):
            if isinstance(told, RegisterRows):
                yield told
            else:
                progress(*told)
        return told
    except EOFError as error:
        raise UnableToCheck("the process that checks has ended") from error
    finally:
        process.kill()
        process.join()
        hearing.close()


def is_large(folder: Path) -> bool:
    """Whether the files of the folder are worth a process."""
    paths = [folder / form.file for form in CSV_FORMS.values()]
    return sum(path.stat().st_size for path in paths if path.is_file()) >= LARGE_BYTES


def contents_of(chunk: RegisterSheets) -> RegisterContents:
    """What a checked chunk brings, without what is on record already."""
    names = (name for name in chunk.__slots__ if name != "operator")
    return RegisterContents(**{name: _entries(getattr(chunk, name)) for name in names})


def _entries(sheet: Sheet[Any]) -> tuple[Any, ...]:
    """The entries without their places, those of files only."""
    return tuple(row.entry for row in sheet.rows if row.line != ON_RECORD)


def _count(counter: Counter[str], contents: RegisterContents) -> None:
    """Count what may be loaded; the rows of one reading are one."""
    for name in contents.__slots__:
        counter[name] += len(getattr(contents, name))
    counter["whole_readings"] += len(
        {(row.accounting_point, row.serial_number, row.taken_at) for row in contents.readings}
    )


_KINDS = {b"p": tuple[str, int, int], b"r": RegisterRows, b"e": Checked}


def _tell(telling: Connection, folder: Path, skip_faulty: bool) -> None:
    """Check, and tell each batch, how far it is, and what it came to."""
    gc.disable()  # entries hold no cycles, and looking for some takes a tenth of the time

    def send(kind: bytes, value: object) -> None:
        telling.send_bytes(kind + msgspec.msgpack.encode(value))

    def tell_progress(step: str, done: int, total: int) -> None:
        send(b"p", (step, done, total))

    batches = checked_batches(folder, skip_faulty=skip_faulty, progress=tell_progress)
    while True:
        try:
            send(b"r", next(batches))
        except StopIteration as end:
            send(b"e", end.value)
            return


def _hear(hearing: Connection) -> _Told:
    """What the process beside says next. Raises EOFError where it has ended."""
    said = hearing.recv_bytes()
    told: _Told = msgspec.msgpack.decode(said[1:], type=_KINDS[said[:1]])
    return told
