"""The first import of a register: reads its files, checks every cell, loads all of it or nothing.

The formats are described in docs/register-format.md. Only into an empty file: a living register
is changed through the running service. With `skip_faulty` faulty rows are left out and told.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from broker.store.register_import import first_import, insert_operator
from broker.store.register_rows import insert_rows
from broker.usecases.check_register import Progress, no_progress
from broker.usecases.checked_batches import (
    Batches,
    Checked,
    checked_batches,
    checked_batches_beside,
    is_large,
)
from broker.usecases.register_files import Fault, file_fault, read_toml
from broker.usecases.register_forms import OPERATOR


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
    where a cell is faulty (with `skip_faulty`: where a whole file is, or the operator),
    UnableToCheck, and RegisterNotEmpty; nothing is loaded then.
    """
    if not folder.is_dir():
        raise UnableToImportFaultyRegister(
            (file_fault(str(folder), 1, "the folder cannot be read"),)
        )
    check = checked_batches_beside if is_large(folder) else checked_batches
    with first_import(conn):
        checked = _insert(conn, check(folder, skip_faulty=skip_faulty, progress=progress))
        if checked.faults:
            raise UnableToImportFaultyRegister(checked.faults)
        insert_operator(conn, read_toml(folder / OPERATOR.file, OPERATOR).rows[0].entry)
    counts = checked.counts
    return ImportCounts(
        participants=counts["participants"],
        customers=counts["customers"],
        metering_sites=counts["sites"],
        accounting_points=counts["points"],
        supplies=counts["supplies"],
        meters=counts["meters"],
        readings=counts["whole_readings"],
        billed_quantities=counts["billed"],
        daily_blocks=counts["blocks"],
        skipped_rows=checked.skipped_rows,
        skipped=checked.skipped,
    )


def _insert(conn: sqlite3.Connection, batches: Batches) -> Checked:
    """Insert all the batches; what their check came to."""
    while True:
        try:
            rows = next(batches)
        except StopIteration as end:
            checked: Checked = end.value
            return checked
        insert_rows(conn, rows, None)
