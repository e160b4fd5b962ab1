"""Checks the files of a register as a whole, in chunks, and says what may be loaded.

Rows are sorted by delivery point in a scratch file first, so that a chunk holds everything that
must agree and memory stays bounded. Faultless chunks come out as they are checked; who loads them
undoes that where `faults` is not empty at the end.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from broker.messages.identifiers import is_gsrn
from broker.store.participants import Participant
from broker.store.register import Operator
from broker.store.register_scratch import OF_POINTS, Scratch, SheetName, join
from broker.usecases.register_checks import faults_between_cells
from broker.usecases.register_files import (
    Fault,
    Form,
    Line,
    Placed,
    Sheet,
    UnreadableFile,
    file_fault,
    read_lines,
    read_toml,
    sheet_of,
)
from broker.usecases.register_forms import CSV_FORMS, MAY_BE_MISSING, OPERATOR, PARTICIPANTS
from broker.usecases.register_sheets import RegisterSheets
from broker.usecases.skip_faulty import Skipping

T = TypeVar("T")

_ROWS_AT_ONCE = 1_000
_DELIVERY_POINTS_AT_ONCE = 100
_SAY_EVERY = 5_000
FAULTS_MAX = 10_000
"""After so many the check ends: the files are not what they are taken for."""


class Progress(Protocol):
    """Hears how far the work is: what is done, how much of it, of how much."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Take note."""


def no_progress(step: str, done: int, total: int) -> None:
    """Takes no note."""


class Record(Protocol):
    """What is on record already, where the register is a living one."""

    def places(self, accounting_points: set[str]) -> dict[str, str]:
        """The delivery points of those of these points that are on record."""
        ...

    def merged(self, sheets: RegisterSheets) -> RegisterSheets:
        """The sheets of a chunk with what is on record beside them, and without what may not
        or need not be taken over.
        """
        ...

    def faults(self) -> set[Fault]:
        """What the last `merged` found to contradict the record."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """The small sheets that every chunk refers to."""

    operator: Sheet[Operator]
    participants: Sheet[Participant]


class RegisterCheck:
    """One check of one folder. `read`, then exhaust `chunks`, then look at `faults`."""

    def __init__(
        self,
        folder: Path,
        scratch: Scratch,
        *,
        skipping: Skipping | None = None,
        record: Record | None = None,
        progress: Progress = no_progress,
    ) -> None:
        self.faults: set[Fault] = set()
        self._folder = folder
        self._scratch = scratch
        self._skipping = skipping
        self._record = record
        self._progress = progress
        self._headers: dict[str, list[str]] = {}
        self._unreadable: dict[str, Sheet[Any]] = {}
        self._given_twice: dict[tuple[str, int], Fault] = {}

    def read(self) -> None:
        """Sort the rows of all files into the scratch file."""
        sizes = {name: self._size(form) for name, form in CSV_FORMS.items()}
        done, total = 0, sum(sizes.values())
        for name, form in CSV_FORMS.items():
            self._progress("reading", done, total)
            if self._is_there(form):
                self._read_csv(name, form, done, total)
            else:
                self._headers[name] = list(form.cells)
            done += sizes[name]
        self._scratch.sort()
        unplaced = self._scratch.unplaced()
        if self._record is not None:
            found = self._record.places(unplaced)
            self._scratch.place(found.items())
            unplaced -= found.keys()
        self._scratch.place((point, point) for point in unplaced)
        self._note_numbers_given_twice()
        self._progress("reading", total, total)

    def _is_there(self, form: Form[T]) -> bool:
        """Whether to read the file: what may be missing, and is, has no rows."""
        may_be_missing = self._record is not None or form.file in MAY_BE_MISSING
        return not may_be_missing or (self._folder / form.file).exists()

    def _size(self, form: Form[T]) -> int:
        path = self._folder / form.file
        return path.stat().st_size if path.is_file() else 0

    def _read_csv(self, name: SheetName, form: Form[T], done: int, total: int) -> None:
        try:
            lines = read_lines(self._folder / form.file, form)
            header = next(lines)
            assert isinstance(header, list)
            self._headers[name] = header
            self._scratch.add(name, self._raw(name, header, lines, (done, total)))
        except UnreadableFile as error:
            self._scratch.clear(name)
            self._unreadable[name] = form.empty(*error.faults)
            self._headers[name] = list(form.cells)
            self._note(set(error.faults))

    def _raw(
        self,
        name: SheetName,
        header: list[str],
        lines: Iterator[list[str] | Line],
        bar: tuple[int, int],
    ) -> Iterator[tuple[int, str, str, str]]:
        """Rows as the scratch file takes them."""
        key, other = _KEYS.get(name, ("accounting_point", None))
        at, beside = header.index(key), header.index(other) if other else None
        done, total = bar
        read = 0
        for count, row in enumerate(lines):
            line, cells = row
            assert isinstance(line, int)
            joined = join(cells)
            read += len(joined) + 1
            if count % _SAY_EVERY == 0:
                self._progress("reading", done + read, total)
            yield (
                line,
                cells[at].strip() if at < len(cells) else "",
                cells[beside].strip() if beside is not None and beside < len(cells) else "",
                joined,
            )

    def chunks(self) -> Iterator[RegisterSheets]:
        """What may be loaded, in an order in which what is referred to comes first."""
        given = self._small_sheets()
        if self._skipping is not None and self.faults:
            return  # what ails a whole file, or the operator, cannot be skipped
        empty = self._empty(given)
        yield from self._checked(empty)
        for name in ("customers", "sites"):
            sheet: SheetName = "customers" if name == "customers" else "sites"
            total, done = self._scratch.count(sheet), 0
            for first, last in self._scratch.runs(sheet, _ROWS_AT_ONCE):
                rows = self._scratch.between(sheet, first, last)
                self._progress(f"checking {CSV_FORMS[sheet].file}", done, total)
                done += len(rows)
                chunk = self._with(empty, sheet, rows)
                if sheet == "sites":
                    chunk = self._with_customers(chunk)
                for checked in self._checked(chunk):
                    yield self._of(checked, empty, sheet)
                if len(self.faults) > FAULTS_MAX:
                    return
        yield from self._chunks_of_points(empty)

    def _chunks_of_points(self, empty: RegisterSheets) -> Iterator[RegisterSheets]:
        total, done = self._scratch.count("points"), 0
        for run in self._scratch.runs_of_places(_DELIVERY_POINTS_AT_ONCE):
            self._progress("checking points", done, total)
            chunk = empty
            for name in OF_POINTS:
                chunk = self._with(chunk, name, self._scratch.at_places(name, *run))
            done += len(chunk.points.rows)
            chunk = self._with_customers(self._with_sites(chunk))
            for checked in self._checked(chunk):
                yield replace(
                    checked,
                    participants=PARTICIPANTS.empty(),
                    customers=empty.customers,
                    sites=empty.sites,
                )
            if len(self.faults) > FAULTS_MAX:
                return
        self._progress("checking points", total, total)

    def _of(
        self, checked: RegisterSheets, empty: RegisterSheets, name: SheetName
    ) -> RegisterSheets:
        """Of a checked chunk only the sheet it was about."""
        sheets = {name: getattr(checked, name), "participants": PARTICIPANTS.empty()}
        return replace(empty, **sheets)

    def _small_sheets(self) -> _Given:
        """The TOML files; a living register may do without them."""
        sheets: dict[str, Sheet[Any]] = {}
        for form in (OPERATOR, PARTICIPANTS):
            missing = self._record is not None and not (self._folder / form.file).exists()
            try:
                sheets[form.name] = (
                    form.empty() if missing else read_toml(self._folder / form.file, form)
                )
            except UnreadableFile as error:
                sheets[form.name] = form.empty(*error.faults)
                self._note(set(error.faults))
        self._note(set(sheets["operator"].faults))
        return _Given(operator=sheets["operator"], participants=sheets["participants"])

    def _empty(self, given: _Given) -> RegisterSheets:
        """A chunk without rows of CSV files; what could not be read is known not to be known."""
        sheets = {
            name: self._unreadable.get(name, form.empty()) for name, form in CSV_FORMS.items()
        }
        return RegisterSheets(operator=given.operator, participants=given.participants, **sheets)

    def _with(
        self, chunk: RegisterSheets, name: SheetName, rows: list[tuple[int, str, list[str]]]
    ) -> RegisterSheets:
        if name in self._unreadable:
            return chunk
        lines = ((line, cells) for line, _, cells in rows)
        sheet = sheet_of(CSV_FORMS[name], self._headers[name], lines)
        if self._skipping is not None:
            self._skipping.remember(name, rows)
        return replace(chunk, **{name: sheet})

    def _with_sites(self, chunk: RegisterSheets) -> RegisterSheets:
        """The chunk with the numbers of the sites that its points name."""
        named = {row.entry.metering_site for row in chunk.points.rows}
        return self._naming(chunk, "sites", named)

    def _with_customers(self, chunk: RegisterSheets) -> RegisterSheets:
        """The chunk with the numbers of the customers that its points and sites name."""
        named = {row.entry.customer for row in chunk.points.rows if row.entry.customer}
        named |= {row.entry.owner for row in chunk.sites.rows if row.entry.owner}
        return self._naming(chunk, "customers", named)

    def _naming(
        self, chunk: RegisterSheets, name: SheetName, keys: Iterable[str]
    ) -> RegisterSheets:
        """The chunk with those of these keys that rows checked before have."""
        if name in self._unreadable:
            return chunk
        known = self._scratch.known(name, keys)
        sheet: Sheet[Any] = Sheet(rows=(), faults=(), texts={_KEYS[name][0]: known})
        return replace(chunk, **{name: sheet})

    def _checked(self, chunk: RegisterSheets) -> Iterator[RegisterSheets]:
        """The chunk, where nothing is faulty or what is can be left out; else nothing."""
        faults = {fault for sheet in _sheets_of(chunk) for fault in sheet.faults}
        if self._record is not None:
            chunk = self._record.merged(chunk)
            faults |= self._record.faults()
        faults.update(faults_between_cells(chunk))
        faults.update(self._given_twice_in(chunk))
        faults = {fault for fault in faults if fault.line > 0}
        if self._skipping is not None:
            clean, cannot_be_skipped = self._skipping.without(chunk, faults)
            self._note(cannot_be_skipped)
            for name, lines in self._skipping.take_lines():
                self._scratch.remove(name, lines)
            yield clean
        elif faults:
            self._note(faults)
        elif not self.faults:
            yield chunk

    def _note(self, faults: set[Fault]) -> None:
        self.faults |= faults
        if len(self.faults) > FAULTS_MAX:
            problem = f"more than {FAULTS_MAX} faults: those after them are not listed"
            self.faults.add(file_fault("~", 0, problem))

    def _note_numbers_given_twice(self) -> None:
        """GSRNs that an earlier row has given out, wherever it stands (D1)."""
        last = None
        for gsrn, of_point, line in self._scratch.given_twice():
            if gsrn == last and is_gsrn(gsrn):
                file = CSV_FORMS["points" if of_point else "sites"].file
                self._given_twice[(file, line)] = Fault(
                    file=file,
                    line=line,
                    column="accounting_point" if of_point else "gsrn",
                    found=gsrn,
                    problem="this GSRN is given out already",
                )
            last = gsrn

    def _given_twice_in(self, chunk: RegisterSheets) -> Iterator[Fault]:
        rows: tuple[Placed[Any], ...] = (*chunk.sites.rows, *chunk.points.rows)
        places = ((row.file, row.line) for row in rows) if self._given_twice else ()
        yield from (self._given_twice[place] for place in places if place in self._given_twice)


_KEYS: dict[str, tuple[str, str | None]] = {
    "customers": ("tax_number", None),
    "sites": ("metering_site", "gsrn"),
    "points": ("accounting_point", "delivery_point"),
}


def _sheets_of(chunk: RegisterSheets) -> list[Sheet[Any]]:
    return [getattr(chunk, name) for name in chunk.__slots__]
