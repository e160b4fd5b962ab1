"""Reads the files of a register: cells to typed values, with the place of every faulty cell.

Pure: bytes in, entries and faults out. What one cell cannot tell is for register_checks.
"""

import csv
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from typing import Generic, TypeVar

from stdnum.eu import eic
from stdnum.si import maticna

from broker.messages.codes import Direction, ObtainedBy, Role
from broker.messages.identifiers import is_area_number, is_gsrn, is_party_eic, is_tax_number

T = TypeVar("T")
Cell = Callable[[str], object]
"""Reads the text of one cell. Raises ValueError that says what would be right."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed(Generic[T]):
    """An entry and where it stands: file, its line, and for TOML the line of each key."""

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


def read_csv(content: bytes, file: str, kind: type[T], cells: Mapping[str, Cell]) -> Sheet[T]:
    """The rows of a CSV file with a header, comma or semicolon, UTF-8."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _unreadable(file, 1, f"the file must be UTF-8: {error.reason}")
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    gathered = _Gathered(file, kind, cells)
    try:
        header = next(reader, [])
        faults = _header_faults(file, header, cells)
        if faults:
            return Sheet(rows=(), faults=faults, texts={})
        line = reader.line_num + 1
        for row in reader:
            if row:
                gathered.add(line, header, row)
            line = reader.line_num + 1
    except csv.Error as error:
        gathered.faults.append(_file_fault(file, reader.line_num, str(error)))
    return gathered.sheet()


def read_toml(
    content: bytes, file: str, table: str | None, kind: type[T], cells: Mapping[str, Cell]
) -> Sheet[T]:
    """The array of tables of that name in a TOML file, or its top level where `table` is None."""
    try:
        text = content.decode("utf-8")
        document = tomllib.loads(text)
    except ValueError as error:
        return _unreadable(file, 1, f"the file must be TOML in UTF-8: {error}")
    gathered = _Gathered(file, kind, cells)
    if table is None:
        gathered.add_table(1, document, _key_lines(text.splitlines(), 0))
        return gathered.sheet()
    if set(document) != {table} or not isinstance(document[table], list):
        return _unreadable(file, 1, f"the file must hold [[{table}]] tables and nothing else")
    for line, values, keys in _tables(text, table, document[table]):
        gathered.add_table(line, values, keys)
    return gathered.sheet()


class _Gathered(Generic[T]):
    """Rows and faults of one file while it is read."""

    def __init__(self, file: str, kind: type[T], cells: Mapping[str, Cell]) -> None:
        self.file, self.kind, self.cells = file, kind, cells
        self.rows: list[Placed[T]] = []
        self.faults: list[Fault] = []
        self.texts: dict[str, set[str]] = {column: set() for column in cells}

    def add(self, line: int, header: list[str], row: list[str]) -> None:
        """One row of a CSV file."""
        if len(row) != len(header):
            problem = f"the row must have {len(header)} cells and has {len(row)}"
            self.faults.append(_file_fault(self.file, line, problem))
            for column, text in zip(header, row, strict=False):
                self.texts[column].add(text.strip())
            return
        self._add(line, dict(zip(header, row, strict=True)), {})

    def add_table(self, line: int, values: Mapping[str, object], lines: dict[str, int]) -> None:
        """One table of a TOML file; an array counts as its items joined by plus signs."""
        texts = {key: _toml_text(value) for key, value in values.items()}
        for key in sorted(set(texts) - set(self.cells)):
            self._fault(lines.get(key, line), key, texts[key], "no such key is known")
        self._add(line, {column: texts.get(column, "") for column in self.cells}, lines)

    def _add(self, line: int, texts: dict[str, str], lines: dict[str, int]) -> None:
        values: dict[str, object] = {}
        for column, text in texts.items():
            self.texts[column].add(text.strip())
            try:
                values[column] = self.cells[column](text.strip())
            except ValueError as error:
                self._fault(lines.get(column, line), column, text, str(error))
        if len(values) == len(self.cells):
            entry = self.kind(**values)
            places = tuple(sorted(lines.items()))
            self.rows.append(Placed(file=self.file, line=line, entry=entry, lines=places))

    def _fault(self, line: int, column: str, found: str, problem: str) -> None:
        self.faults.append(
            Fault(file=self.file, line=line, column=column, found=found, problem=problem)
        )

    def sheet(self) -> Sheet[T]:
        """What was gathered."""
        texts = {column: frozenset(cells) for column, cells in self.texts.items()}
        return Sheet(rows=tuple(self.rows), faults=tuple(self.faults), texts=texts)


def _file_fault(file: str, line: int, problem: str) -> Fault:
    """A fault of a whole line or file."""
    return Fault(file=file, line=line, column="", found="", problem=problem)


def _unreadable(file: str, line: int, problem: str) -> Sheet[T]:
    """A file of which nothing could be read."""
    return Sheet(rows=(), faults=(_file_fault(file, line, problem),), texts={})


def _header_faults(file: str, header: list[str], cells: Mapping[str, Cell]) -> tuple[Fault, ...]:
    """Columns that are missing, unknown or there twice."""
    problems = [(column, "the column is missing") for column in cells if column not in header]
    problems += [(column, "no such column is known") for column in header if column not in cells]
    problems += [
        (column, "the column stands there twice")
        for column in dict.fromkeys(header)
        if header.count(column) > 1
    ]
    return tuple(
        Fault(file=file, line=1, column=column, found=column, problem=problem)
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


def text_cell(text: str) -> str:
    """Any text. Raises ValueError where there is none."""
    if not text:
        raise ValueError("the cell must not be empty")
    return text


def optional(cell: Cell) -> Cell:
    """A cell that may be empty, which is read as None."""
    return lambda text: cell(text) if text else None


def checked(is_right: Callable[[str], bool], problem: str) -> Cell:
    """A cell whose text stays as it is when it passes the check."""

    def cell(text: str) -> str:
        if not is_right(text):
            raise ValueError(problem)
        return text

    return cell


party_cell = checked(is_party_eic, "must be the EIC of a party, 16 characters, type X, right check")
eic_cell = checked(
    lambda text: len(text) == 16 and eic.is_valid(text), "must be an EIC with a right check"
)
gsrn_cell = checked(is_gsrn, "must be a GSRN of 18 digits, the last its check digit")
area_number_cell = checked(is_area_number, "must be area code, hyphen, at most 7 digits")
tax_number_cell = checked(is_tax_number, "must be a tax number of 8 digits with its check digit")
registration_number_cell = checked(
    lambda text: text.isalnum() and len(text) in (7, 10) and maticna.is_valid(text),
    "must be a registration number of 7 or 10 digits with its check digit",
)
area_code_cell = checked(
    lambda text: text.isascii() and text.isdigit() and len(text) <= 2 and text[0] != "0",
    "must be one or two digits without leading zeros",
)
prefix_cell = checked(
    lambda text: text.isascii() and text.isdigit() and len(text) == 8, "must be 8 digits"
)
country_cell = checked(
    lambda text: text.isascii() and text.isalpha() and text.isupper() and len(text) == 2,
    "must be two capital letters such as SI",
)
email_cell = checked(
    lambda text: 0 < text.find("@") < len(text) - 1 and " " not in text, "must be an e-mail address"
)


def _is_obis(text: str) -> bool:
    """Whether the text names a register, such as 1-0:1.8.0."""
    parts = text.replace("-", " ", 1).replace(":", " ", 1).replace(".", " ").split(" ")
    return len(parts) == 5 and all(part.isascii() and part.isdigit() for part in parts)


obis_cell = checked(_is_obis, "must be an OBIS code such as 1-0:1.8.0")


def flag_cell(text: str) -> bool:
    """Yes or no. Raises ValueError for anything else."""
    if text not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return text == "yes"


def day_cell(text: str) -> date:
    """A day as 2026-03-31. Raises ValueError for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ValueError("must be a day such as 2026-03-31")
    return day


def instant_cell(text: str) -> datetime:
    """An instant with its offset from UTC. Raises ValueError for anything else."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError("must be an instant with offset such as 2026-03-31T08:00:00+02:00")
    return instant


def count_cell(text: str) -> int:
    """A whole number. Raises ValueError for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise ValueError("must be a whole number")
    return int(text)


def decimal_cell(text: str) -> Decimal:
    """A plain decimal, not negative, with a point. Raises ValueError for anything else."""
    whole, point, places = text.partition(".")
    parts = (whole, places) if point else (whole,)
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError("must be a decimal number such as 12345.678")
    return Decimal(text)


def share_cell(text: str) -> Decimal:
    """A share above 0 and at most 1, of at most six places. Raises ValueError for others."""
    share = decimal_cell(text)
    if not 0 < share <= 1 or share != round(share, 6):
        raise ValueError("must be above 0 and at most 1, with at most six places")
    return share


def direction_cell(text: str) -> Direction:
    """One direction. Raises ValueError for anything else."""
    if text not in (Direction.CONSUMPTION.value, Direction.PRODUCTION.value):
        raise ValueError("must be consumption or production")
    return Direction(text)


def directions_cell(text: str) -> tuple[Direction, ...]:
    """One direction, or both joined by a plus sign. Raises ValueError for anything else."""
    named = {direction_cell(part) for part in text.split("+")}
    return tuple(direction for direction in Direction if direction in named)


def obtained_by_cell(text: str) -> ObtainedBy:
    """How a reading was obtained, a code of Priloga A. Raises ValueError for anything else."""
    if text not in {code.value for code in ObtainedBy}:
        raise ValueError("must be 1 operator, 2 customer, 3 remote or 4 estimate")
    return ObtainedBy(text)


def roles_cell(text: str) -> tuple[Role, ...]:
    """Role codes joined by plus signs. Raises ValueError for anything else."""
    named = set(text.split("+"))
    if not named or not named <= {role.value for role in Role}:
        raise ValueError("must be DDQ, DDM or DDE, at least one")
    return tuple(role for role in Role if role.value in named)
