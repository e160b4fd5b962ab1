"""The first import of a register: reads its files, checks every cell, loads all of it or nothing.

The formats are described in docs/register-format.md. Only into an empty file: a living register
is changed through the running service. With `skip_faulty` faulty rows are left out and told.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from broker.store.register_entries import RegisterContents
from broker.store.register_import import first_import, insert_operator
from broker.store.register_rows import insert_rows, rows_of
from broker.store.register_scratch import Scratch
from broker.usecases.check_register import Progress, RegisterCheck, no_progress
from broker.usecases.register_files import Fault, Sheet, file_fault, read_toml
from broker.usecases.register_forms import OPERATOR
from broker.usecases.register_sheets import ON_RECORD, RegisterSheets
from broker.usecases.skip_faulty import Skipping

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCounts:
    """How many of each the import has put on record, and why which rows were left out."""

    participants: int
    customers: int
    metering_sites: int
    accounting_points: int
    supplies: int
    meters: int
    readings: int
    billed_quantities: int
    daily_blocks: int
    skipped_rows: int = 0
    skipped: tuple[Fault, ...] = ()


class UnableToImportFaultyRegister(Exception):
    """The files have faults; nothing was loaded. `faults` lists every one, in order of place."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def import_register(
    conn: sqlite3.Connection,
    folder: Path,
    *,
    skip_faulty: bool = False,
    progress: Progress = no_progress,
) -> ImportCounts:
    """Load the register in this folder into an empty file and say how much it was.

    The caller holds the file and has applied its migrations. Raises UnableToImportFaultyRegister
    where a cell is faulty (with `skip_faulty`: where a whole file is, or the operator), and
    RegisterNotEmpty; nothing is loaded then.
    """
    if not folder.is_dir():
        raise UnableToImportFaultyRegister(
            (file_fault(str(folder), 1, "the folder cannot be read"),)
        )
    skipping = Skipping() if skip_faulty else None
    counter: Counter[str] = Counter()
    with first_import(conn), scratch() as sorting:
        check = RegisterCheck(folder, sorting, skipping=skipping, progress=progress)
        check.read()
        for chunk in check.chunks():
            contents = contents_of(chunk)
            insert_rows(conn, rows_of(contents), None)
            count(counter, contents)
        if check.faults:
            raise UnableToImportFaultyRegister(tuple(sorted(check.faults)))
        insert_operator(conn, read_toml(folder / OPERATOR.file, OPERATOR).rows[0].entry)
    return counts_of(counter, skipping)


@contextmanager
def scratch(folder: Path | None = None) -> Iterator[Scratch]:
    """A scratch file in this folder, or in one for temporary files, that goes with the block."""
    with (
        TemporaryDirectory(prefix="register-", dir=folder) as place,
        closing(Scratch(Path(place) / "sorting")) as sorting,
    ):
        yield sorting


def contents_of(chunk: RegisterSheets) -> RegisterContents:
    """What a checked chunk brings, without what is on record already."""
    return RegisterContents(
        participants=_entries(chunk.participants),
        customers=_entries(chunk.customers),
        sites=_entries(chunk.sites),
        points=_entries(chunk.points),
        supplies=_entries(chunk.supplies),
        meters=_entries(chunk.meters),
        meter_registers=_entries(chunk.meter_registers),
        readings=_entries(chunk.readings),
        billed=_entries(chunk.billed),
        blocks=_entries(chunk.blocks),
    )


def count(counter: Counter[str], contents: RegisterContents) -> None:
    """Count what was put on record; the rows of one reading are one."""
    for name in contents.__slots__:
        counter[name] += len(getattr(contents, name))
    counter["whole_readings"] += len(
        {(row.accounting_point, row.serial_number, row.taken_at) for row in contents.readings}
    )


def counts_of(counter: Counter[str], skipping: Skipping | None) -> ImportCounts:
    """What was counted, with what was left out."""
    return ImportCounts(
        participants=counter["participants"],
        customers=counter["customers"],
        metering_sites=counter["sites"],
        accounting_points=counter["points"],
        supplies=counter["supplies"],
        meters=counter["meters"],
        readings=counter["whole_readings"],
        billed_quantities=counter["billed"],
        daily_blocks=counter["blocks"],
        skipped_rows=0 if skipping is None else skipping.rows_count(),
        skipped=() if skipping is None else tuple(sorted(skipping.faults)),
    )


def _entries(sheet: Sheet[Any]) -> tuple[Any, ...]:
    """The entries without their places, those of files only."""
    return tuple(row.entry for row in sheet.rows if row.line != ON_RECORD)
