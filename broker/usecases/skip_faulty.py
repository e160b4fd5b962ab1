"""Leaves faulty rows out, and with them what refers to them, so that the rest still agrees.

A point is taken with all of its supply, meters and meter registers or not at all: without one of
them it would be settled or switched wrongly. A reading is taken with all its registers or not.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from broker.store.register_scratch import SheetName
from broker.usecases.register_checks import faults_between_cells
from broker.usecases.register_files import NAMING_COLUMNS, Fault, Placed, Sheet
from broker.usecases.register_forms import CSV_FORMS, OPERATOR, PARTICIPANTS, POINTS
from broker.usecases.register_sheets import ON_RECORD, RegisterSheets

_OF_WHOLE_POINTS: tuple[SheetName, ...] = ("supplies", "meters", "meter_registers")
_SHEET_OF_FILE: dict[str, SheetName] = {form.file: name for name, form in CSV_FORMS.items()}
_NAMED_BY = {
    "owner": CSV_FORMS["customers"].file,
    "customer": CSV_FORMS["customers"].file,
    "metering_site": CSV_FORMS["sites"].file,
    "supplier": PARTICIPANTS.file,
    "accounting_point": POINTS.file,
    "measured_at": POINTS.file,
    "serial_number": CSV_FORMS["meters"].file,
}
_IS_SKIPPED = "names a row that is skipped"


class Skipping:
    """What one import has left out: `faults` holds a reason for each row, or several."""

    def __init__(self) -> None:
        self.faults: set[Fault] = set()
        self._skipped_keys: dict[str, set[str]] = defaultdict(set)
        self._keys: dict[str, dict[int, str]] = defaultdict(dict)
        self._lines: dict[SheetName, set[int]] = defaultdict(set)

    def rows_count(self) -> int:
        """How many rows are left out."""
        return len({(fault.file, fault.line) for fault in self.faults})

    def remember(self, name: SheetName, rows: list[tuple[int, str, list[str]]]) -> None:
        """Take note what each row of a chunk is about, also where its cells are faulty."""
        self._keys[CSV_FORMS[name].file] = {line: key for line, key, _ in rows}

    def take_lines(self) -> Iterator[tuple[SheetName, set[int]]]:
        """The lines left out since the last call, file by file."""
        lines, self._lines = self._lines, defaultdict(set)
        yield from lines.items()

    def without(
        self, chunk: RegisterSheets, faults: set[Fault]
    ) -> tuple[RegisterSheets, set[Fault]]:
        """The chunk without the faulty rows and without what is no longer right without them.

        Beside it, the faults that no row can be left out for: those of the operator itself.
        """
        on_record: set[str] = {
            row.entry.accounting_point for row in chunk.points.rows if row.line == ON_RECORD
        }
        left_out: set[tuple[str, int]] = set()
        of_operator: set[Fault] = set()
        while faults:
            of_operator |= {fault for fault in faults if fault.file == OPERATOR.file}
            faults = {self._told(fault) for fault in faults - of_operator}
            faults |= set(self._whole_points(chunk, faults, on_record))
            left_out |= self._leave_out(chunk, faults)
            chunk = _without(chunk, left_out)
            found = {fault for fault in faults_between_cells(chunk) if fault.line != ON_RECORD}
            faults = found - of_operator
        return chunk, of_operator

    def _told(self, fault: Fault) -> Fault:
        """The fault, as what it is when it names a row that was left out."""
        file = _NAMED_BY.get(fault.column)
        if file is not None and fault.found in self._skipped_keys[file]:
            return replace(fault, problem=_IS_SKIPPED)
        return fault

    def _whole_points(
        self, chunk: RegisterSheets, faults: set[Fault], on_record: set[str]
    ) -> Iterator[Fault]:
        """Points that lose a supply, a meter or a register, unless they are on record."""
        lost: dict[str, Fault] = {}
        for fault in sorted(faults):
            if _SHEET_OF_FILE.get(fault.file) in _OF_WHOLE_POINTS:
                lost.setdefault(self._keys[fault.file].get(fault.line, ""), fault)
        for row in chunk.points.rows:
            point = row.entry.accounting_point
            if point in lost and point not in on_record and row.line != ON_RECORD:
                why = lost[point]
                yield row.fault(
                    "accounting_point", f"{why.file}:{why.line} of this point is skipped", point
                )

    def _leave_out(self, chunk: RegisterSheets, faults: set[Fault]) -> set[tuple[str, int]]:
        """Note these faults; the places of their rows."""
        self.faults |= faults
        places = {(fault.file, fault.line) for fault in faults}
        for file, line in places:
            name = _SHEET_OF_FILE.get(file)
            if name is not None:
                self._lines[name].add(line)
                self._skipped_keys[file].add(self._keys[file].get(line, ""))
        for party in chunk.participants.rows:
            if _is_at(party, places):
                self._skipped_keys[PARTICIPANTS.file].add(party.entry.eic)
        for meter in chunk.meters.rows:
            if _is_at(meter, places):
                self._skipped_keys[meter.file].add(meter.entry.serial_number)
        return places


def _is_at(row: Placed[Any], places: set[tuple[str, int]]) -> bool:
    """Whether a place is of this row, or of one of its keys."""
    return (row.file, row.line) in places or any(
        (row.file, line) in places for _, line in row.lines
    )


def _without(chunk: RegisterSheets, left_out: set[tuple[str, int]]) -> RegisterSheets:
    """The chunk without these rows; only what is left can be named."""
    sheets: dict[str, Sheet[Any]] = {}
    for field in fields(chunk):
        sheet: Sheet[Any] = getattr(chunk, field.name)
        rows = tuple(row for row in sheet.rows if not _is_at(row, left_out))
        columns = NAMING_COLUMNS & sheet.texts.keys()
        texts = {c: frozenset(getattr(row.entry, c) for row in rows) for c in columns}
        if not sheet.faults and all(row.line == ON_RECORD for row in sheet.rows):
            texts = dict(sheet.texts)  # numbers only, of rows that were checked before
        sheets[field.name] = Sheet(rows=rows, faults=(), texts=texts)
    return replace(chunk, **sheets)
