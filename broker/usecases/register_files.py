"""Reads the files of a register: cells to typed values, with the place of every faulty cell.

Pure: bytes in, entries and faults out. What one cell cannot tell is for register_checks.
"""

import csv
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from broker.usecases.register_cells import Cell

T = TypeVar("T")

NAMING_COLUMNS = frozenset(
    {"eic", "tax_number", "metering_site", "accounting_point", "serial_number"}
)
"""Columns whose cells other files name."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """A faulty cell: file, line, column by name, what stands there, what would be right."""

    file: str
    line: int
    column: str
    found: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.column}: {self.problem} (found {self.found!r})"


@dataclass(slots=True, kw_only=True)
class Placed(Generic[T]):
    """An entry and where it stands: file, its line, and for TOML the line of each key.

    Nobody changes one; it is not frozen for the reason of register_entries.
    """

    file: str
    line: int
    entry: T
    lines: tuple[tuple[str, int], ...] = ()

    def fault(self, column: str, problem: str, found: object) -> Fault:
        """The fault of one cell of this entry."""
        line = dict(self.lines).get(column, self.line)
        text = "" if found is None else str(found)
        return Fault(file=self.file, line=line, column=column, found=text, problem=problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet(Generic[T]):
    """What one file holds. `texts` are the raw cells of the columns, also those of faulty rows,

    so that a fault in one cell of a row does not make every reference to that row a fault.
    """

    rows: tuple[Placed[T], ...]
    faults: tuple[Fault, ...]
    texts: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Generic[T]):
    """How one file is written: its columns or keys, those it may lack, and what a row makes.

    `table` is the array of tables of a TOML file; a CSV file and the top level have none.
    """

    name: str
    file: str
    kind: type[T]
    cells: Mapping[str, Cell]
    may_lack: frozenset[str] = frozenset()
    table: str | None = None

    def empty(self, *faults: Fault) -> Sheet[T]:
        """A sheet of this form without rows; with faults it could not be read at all."""
        columns = () if faults else self.cells
        return Sheet(rows=(), faults=faults, texts={column: frozenset() for column in columns})


class UnreadableFile(Exception):
    """Nothing of a file can be trusted; `faults` say why."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


Line = tuple[int, list[str]]
"""A row of a CSV file: the number of its first line, and its cells."""


def read_lines(path: Path, form: Form[T]) -> Iterator[list[str] | Line]:
    """The header of a CSV file, then each row with its line, read as it is asked for.

    Comma or semicolon, UTF-8. Raises UnreadableFile, also halfway through.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield from _split(lines, form)
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror}"
        raise UnreadableFile(file_fault(form.file, 1, problem)) from error
    except UnicodeDecodeError as error:
        problem = f"the file must be UTF-8: {error.reason}"
        raise UnreadableFile(file_fault(form.file, 1, problem)) from error


def _split(lines: Iterable[str], form: Form[T]) -> Iterator[list[str] | Line]:
    """The header and the rows of a text. Raises UnreadableFile."""
    source = iter(lines)
    first = next(source, "")
    reader = csv.reader(
        _with_first(first, source), delimiter=";" if ";" in first else ",", strict=True
    )
    try:
        header = next(reader, [])
        faults = _header_faults(form, header)
        if faults:
            raise UnreadableFile(*faults)
        yield header
        line = reader.line_num + 1
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFile(file_fault(form.file, reader.line_num, str(error))) from error


def _with_first(first: str, rest: Iterator[str]) -> Iterator[str]:
    """Lines of which the first has been taken already."""
    yield first
    yield from rest


def sheet_of(form: Form[T], header: list[str], lines: Iterable[Line]) -> Sheet[T]:
    """The entries and faults of these rows of a CSV file."""
    gathered = _Gathered(form)
    places = {column: place for place, column in enumerate(header)}
    columns = tuple((name, places.get(name), cell) for name, cell in form.cells.items())
    named = tuple((gathered.texts[name], places[name]) for name in gathered.texts)
    names, width = tuple(form.cells), len(header)
    for line, row in lines:
        if len(row) != width:
            gathered.add_short(line, row, places)
            continue
        for known, place in named:
            known.add(row[place].strip())
        try:
            values = [cell("" if at is None else row[at].strip()) for _, at, cell in columns]
        except ValueError:
            texts = {name: "" if at is None else row[at] for name, at, _ in columns}
            gathered.add(line, texts, {})
            continue
        entry = form.kind(**dict(zip(names, values, strict=True)))
        gathered.rows.append(Placed(file=form.file, line=line, entry=entry))
    return gathered.sheet()


def read_toml(path: Path, form: Form[T]) -> Sheet[T]:
    """The tables of a TOML file, or its top level. Raises UnreadableFile."""
    try:
        text = path.read_bytes().decode("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror}"
        raise UnreadableFile(file_fault(form.file, 1, problem)) from error
    except ValueError as error:
        problem = f"the file must be TOML in UTF-8: {error}"
        raise UnreadableFile(file_fault(form.file, 1, problem)) from error
    gathered, table = _Gathered(form), form.table
    if table is None:
        gathered.add_table(1, document, _key_lines(text.splitlines(), 0))
        return gathered.sheet()
    if set(document) != {table} or not isinstance(document[table], list):
        problem = f"the file must hold [[{table}]] tables and nothing else"
        raise UnreadableFile(file_fault(form.file, 1, problem))
    for line, values, keys in _tables(text, table, document[table]):
        gathered.add_table(line, values, keys)
    return gathered.sheet()


class _Gathered(Generic[T]):
    """Rows and faults of one file while it is read."""

    def __init__(self, form: Form[T]) -> None:
        self.form = form
        self.rows: list[Placed[T]] = []
        self.faults: list[Fault] = []
        named = NAMING_COLUMNS & form.cells.keys()
        self.texts: dict[str, set[str]] = {column: set() for column in named}

    def add_short(self, line: int, row: list[str], places: Mapping[str, int]) -> None:
        """A row of a CSV file with too many cells or too few."""
        problem = f"the row must have {len(places)} cells and has {len(row)}"
        self.faults.append(file_fault(self.form.file, line, problem))
        for column, known in self.texts.items():
            if places[column] < len(row):
                known.add(row[places[column]].strip())

    def add_table(self, line: int, values: Mapping[str, object], lines: dict[str, int]) -> None:
        """One table of a TOML file; an array counts as its items joined by plus signs."""
        texts = {key: _toml_text(value) for key, value in values.items()}
        for key in sorted(set(texts) - set(self.form.cells)):
            self._fault(lines.get(key, line), key, texts[key], "no such key is known")
        self.add(line, {column: texts.get(column, "") for column in self.form.cells}, lines)

    def add(self, line: int, texts: dict[str, str], lines: dict[str, int]) -> None:
        """One row, cell by cell, so that each faulty one is told."""
        cells, values = self.form.cells, {}
        for column, text in texts.items():
            try:
                values[column] = cells[column](text.strip())
            except ValueError as error:
                self._fault(lines.get(column, line), column, text, str(error))
        for column, known in self.texts.items():
            known.add(texts[column].strip())
        if len(values) == len(cells):
            entry = self.form.kind(**values)
            places = tuple(sorted(lines.items()))
            self.rows.append(Placed(file=self.form.file, line=line, entry=entry, lines=places))

    def _fault(self, line: int, column: str, found: str, problem: str) -> None:
        self.faults.append(
            Fault(file=self.form.file, line=line, column=column, found=found, problem=problem)
        )

    def sheet(self) -> Sheet[T]:
        """What was gathered."""
        texts = {column: frozenset(cells) for column, cells in self.texts.items()}
        return Sheet(rows=tuple(self.rows), faults=tuple(self.faults), texts=texts)


def file_fault(file: str, line: int, problem: str) -> Fault:
    """A fault of a whole line or file."""
    return Fault(file=file, line=line, column="", found="", problem=problem)


def _header_faults(form: Form[T], header: list[str]) -> tuple[Fault, ...]:
    """Columns that are missing, unknown or there twice."""
    needed = [column for column in form.cells if column not in form.may_lack]
    problems = [(column, "the column is missing") for column in needed if column not in header]
    problems += [
        (column, "no such column is known") for column in header if column not in form.cells
    ]
    problems += [
        (column, "the column stands there twice")
        for column in dict.fromkeys(header)
        if header.count(column) > 1
    ]
    return tuple(
        Fault(file=form.file, line=1, column=column, found=column, problem=problem)
        for column, problem in problems
    )


def _tables(
    text: str, table: str, values: list[dict[str, object]]
) -> list[tuple[int, dict[str, object], dict[str, int]]]:
    """Each table with its line and the lines of its keys, which the TOML parser does not tell."""
    lines = text.splitlines()
    starts = [n for n, line in enumerate(lines) if line.split("#")[0].strip() == f"[[{table}]]"]
    return [
        (start + 1, table_values, _key_lines(lines, start + 1))
        for start, table_values in zip(starts, values, strict=False)
    ]


def _key_lines(lines: list[str], start: int) -> dict[str, int]:
    """The line of each key from a line to the next table."""
    found: dict[str, int] = {}
    for number, line in enumerate(lines[start:], start=start + 1):
        if line.lstrip().startswith("["):
            break
        key, equals, _ = line.partition("=")
        if equals:
            found.setdefault(key.strip(), number)
    return found


def _toml_text(value: object) -> str:
    """A TOML value as a CSV cell would hold it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "+".join(map(str, value))
    return str(value)
