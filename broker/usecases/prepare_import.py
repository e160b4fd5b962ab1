"""Checks an upload against the living register, in a process of its own, beside the service.

Run as a module with the folder of the upload, the database and `skip` or `refuse`. It reads the
database and never writes to it; lines on standard output say how far it is, and the files
`sorting` and `prepared` in the folder hold what is to be loaded.
"""

import gc
import os
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import msgspec

from broker.store.connection import open_for_reading
from broker.store.register_entries import RegisterContents
from broker.store.register_rows import RegisterRows, participant_row, rows_of
from broker.store.register_scratch import Scratch
from broker.store.register_staging import Change, Update
from broker.usecases.check_register import RegisterCheck
from broker.usecases.checked_batches import contents_of
from broker.usecases.compare_with_record import OnRecord, identity
from broker.usecases.register_files import Fault, Sheet, file_fault
from broker.usecases.register_forms import FILES
from broker.usecases.register_sheets import ON_RECORD, RegisterSheets
from broker.usecases.skip_faulty import Skipping
from broker.usecases.what_to_tell import what_to_tell

UPLOAD, SORTING, PREPARED = "upload.zip", "sorting", "prepared"
BYTES_UNPACKED_MAX = 4 * 1024**3
CHANGED_ROWS_MAX = 20_000
"""Rows that one switch-over may write: they are written while nobody else is."""
_PART = 1024 * 1024
_NICENESS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the check of an upload came to; batches to be staged lie in the scratch file."""

    faults: tuple[Fault, ...]
    skipped: tuple[Fault, ...]
    changes: tuple[Change, ...]
    added: dict[str, int]
    changed: dict[str, int]


def main(arguments: list[str]) -> None:
    """Prepare the upload in a folder and leave there what was found."""
    folder, database, mode = Path(arguments[0]), Path(arguments[1]), arguments[2]
    gc.disable()  # as in checked_batches
    os.nice(_NICENESS)  # whoever waits at the door goes first
    prepared = prepare(folder, database, skip_faulty=mode == "skip")
    (folder / PREPARED).write_bytes(msgspec.msgpack.encode(prepared))


def read_prepared(folder: Path) -> Prepared:
    """What `main` has left in the folder."""
    return msgspec.msgpack.decode((folder / PREPARED).read_bytes(), type=Prepared)


def prepare(folder: Path, database: Path, *, skip_faulty: bool) -> Prepared:
    """Unpack, check and sort an upload; what is faulty refuses all of it unless it is skipped."""
    files = folder / "files"
    faults = unpack(folder / UPLOAD, files)
    if faults:
        return Prepared(faults=faults, skipped=(), changes=(), added={}, changed={})
    with (
        closing(open_for_reading(database)) as reader,
        closing(Scratch(folder / SORTING)) as sorting,
    ):
        record = OnRecord(reader)
        skipping = Skipping() if skip_faulty else None
        check = RegisterCheck(
            files, sorting, skipping=skipping, record=record, progress=_say_progress
        )
        check.read()
        sorted_out = _SortedOut(record, sorting)
        for chunk in check.chunks():
            sorted_out.take(chunk)
    faults = tuple(sorted(check.faults | sorted_out.faults()))
    left_out = record.left_alone | (skipping.faults if skipping else set())
    return Prepared(
        faults=faults,
        skipped=tuple(sorted(left_out)),
        changes=() if faults else tuple(sorted_out.changes),
        added=dict(sorted_out.added),
        changed=dict(sorted_out.changed),
    )


def unpack(upload: Path, target: Path) -> tuple[Fault, ...]:
    """Unpack the register's files; faults where the upload is no zip of them or too large."""
    target.mkdir()
    left = BYTES_UNPACKED_MAX
    try:
        with zipfile.ZipFile(upload) as archive:
            names = archive.namelist()
            wrong = [name for name in names if name not in FILES or names.count(name) > 1]
            if wrong or not names:
                problem = f"must hold files of a register, each once: {', '.join(sorted(FILES))}"
                return tuple(_of_upload(problem, name) for name in wrong or [""])
            for name in names:
                with archive.open(name) as source, (target / name).open("wb") as copy:
                    while part := source.read(_PART):
                        left -= len(part)
                        if left < 0:
                            return (_of_upload("unpacked it is too large", name),)
                        copy.write(part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        return (_of_upload(f"cannot be unpacked: {error}", ""),)
    return ()


def _of_upload(problem: str, name: str) -> Fault:
    return replace(file_fault(UPLOAD, 1, problem), found=name)


def _say_progress(step: str, done: int, total: int) -> None:
    print(step, done, total, sep="\t", flush=True)


class _SortedOut:
    """Checked chunks, sorted into batches that are staged hidden and changes for the end."""

    def __init__(self, record: OnRecord, sorting: Scratch) -> None:
        self.changes: list[Change] = []
        self.added: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()
        self._record = record
        self._sorting = sorting
        self._written = 0

    def faults(self) -> set[Fault]:
        """Too many changes for one switch-over."""
        if self._written <= CHANGED_ROWS_MAX:
            return set()
        problem = (
            f"would write {self._written} rows at points on record, more than the"
            f" {CHANGED_ROWS_MAX} of one import: divide it"
        )
        return {_of_upload(problem, "")}

    def take(self, chunk: RegisterSheets) -> None:
        """Sort a chunk out."""
        self._count(chunk)
        for name in ("customers", "sites", "participants"):
            chunk = replace(chunk, **{name: self._without_changes(name, getattr(chunk, name))})
        for place in sorted(set(self._record.delivery_points.values())):
            chunk = self._without_place(chunk, place)
        rows = rows_of(contents_of(chunk))
        if rows.count():
            self._sorting.keep_batch(rows)

    def _count(self, chunk: RegisterSheets) -> None:
        for name, sheet in _sheets(chunk):
            lines = [row.line for row in sheet.rows if row.line != ON_RECORD]
            changed = sum((name, line) in self._record.changed for line in lines)
            self.changed[name] += changed
            self.added[name] += len(lines) - changed

    def _without_changes(self, name: str, sheet: Sheet[Any]) -> Sheet[Any]:
        """The new rows of a sheet; the others become changes of their own."""
        rows = []
        for row in sheet.rows:
            old = self._record.changed.get((name, row.line))
            if row.line != ON_RECORD and old is not None:
                self._keep(_change_alone(name, row.file, row.line, old, row.entry))
            elif row.line != ON_RECORD:
                rows.append(row)
        return Sheet(rows=tuple(rows), faults=(), texts={})

    def _without_place(self, chunk: RegisterSheets, place: str) -> RegisterSheets:
        """The chunk without what is at a delivery point on record, which becomes one change."""
        here = {
            p
            for p, delivery_point in self._record.delivery_points.items()
            if delivery_point == place
        }
        here |= {
            row.entry.accounting_point
            for row in chunk.points.rows
            if row.entry.delivery_point == place
        }
        mine: dict[str, Sheet[Any]] = {}
        updates: list[Update] = []
        places: list[tuple[str, int]] = []
        waits = False
        known = here & self._record.delivery_points.keys()
        told = what_to_tell(chunk, self._record.changed, known)
        for name, sheet in _sheets(chunk):
            if name in ("customers", "sites", "participants"):
                continue
            new = []
            for row in sheet.rows:
                if row.line == ON_RECORD or row.entry.accounting_point not in here:
                    continue
                places.append((row.file, row.line))
                old = self._record.changed.get((name, row.line))
                if old is None:
                    new.append(row)
                else:
                    updates.append(_update(name, old, row.entry))
                waits = waits or (name, row.line) in self._record.waiting
            mine[name] = Sheet(rows=tuple(new), faults=(), texts={})
            left = tuple(row for row in sheet.rows if row.entry.accounting_point not in here)
            chunk = replace(chunk, **{name: Sheet(rows=left, faults=(), texts={})})
        rows = rows_of(RegisterContents(**{n: _entries(s) for n, s in mine.items()}))
        if places:
            self._keep(
                Change(
                    at=("delivery_point", place),
                    waits_for_cases=waits,
                    places=tuple(places),
                    updates=tuple(updates),
                    rows=rows,
                    told=told,
                )
            )
        return chunk

    def _keep(self, change: Change) -> None:
        self._written += change.count()
        if self._written <= CHANGED_ROWS_MAX:
            self.changes.append(change)


def _sheets(chunk: RegisterSheets) -> Iterator[tuple[str, Sheet[Any]]]:
    """The sheets of a chunk that bring rows, with their names."""
    for field in fields(chunk):
        if field.name != "operator":
            yield field.name, getattr(chunk, field.name)


def _entries(sheet: Sheet[Any]) -> tuple[Any, ...]:
    return tuple(row.entry for row in sheet.rows if row.line != ON_RECORD)


def _change_alone(name: str, file: str, line: int, old: Any, new: Any) -> Change:
    """The change of a customer, a site or a participant."""
    key = str(identity(name)(new))
    rows = RegisterRows()
    if name == "participants":
        roles = tuple((new.eic, role.value) for role in new.roles if role not in old.roles)
        rows = RegisterRows(roles=roles)
    what: dict[str, Any] = {"customers": "customer", "sites": "site", "participants": "participant"}
    return Change(
        at=(what[name], key),
        waits_for_cases=name == "sites",
        places=((file, line),),
        updates=(_update(name, old, new),),
        rows=rows,
    )


def _update(name: str, old: Any, new: Any) -> Update:
    """The change of one row, with what it must still be."""

    def values(entry: Any, *columns: str) -> tuple[Any, ...]:
        found = (getattr(entry, column) for column in columns)
        return tuple(v.isoformat() if hasattr(v, "isoformat") else v for v in found)

    if name == "customers":
        columns: tuple[str, ...] = ("name", "street", "postal_code", "city", "country", "email")
        kept = (new.tax_number, *values(old, *columns))
        return Update(kind="customer", values=(*values(new, *columns), *kept))
    if name == "sites":
        columns = ("gsrn", "inaccessible_since", "owner")
        kept = (new.metering_site, *values(old, *columns))
        return Update(kind="site", values=(*values(new, *columns), *kept))
    if name == "points":
        columns = ("connected", "remotely_read", "measured_power", "customer")
        kept = (new.accounting_point, *values(old, *columns))
        return Update(kind="point", values=(*values(new, *columns), *kept))
    if name == "meters":
        key = (new.accounting_point, new.serial_number)
        return Update(kind="meter", values=(*values(new, "removed_on"), *key))
    return Update(kind="participant", values=(*participant_row(new)[1:], new.eic))


if __name__ == "__main__":
    main(sys.argv[1:])
