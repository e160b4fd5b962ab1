"""The sheets of a register together, and what their checks share: groups, periods.

Rows of line 0 are on record already: they are checked against, and blamed for nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TypeVar

from broker.store.participants import Participant
from broker.store.register import Operator
from broker.store.register_entries import (
    BilledEntry,
    CustomerEntry,
    DailyBlocksEntry,
    MeterEntry,
    MeterRegisterEntry,
    PointEntry,
    ReadingEntry,
    SiteEntry,
    SupplyEntry,
)
from broker.usecases.register_files import Fault, Placed, Sheet

T = TypeVar("T")

ON_RECORD = 0
"""The line of a row that is no row of a file but stands in the register."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSheets:
    """The files of one register as they were read."""

    operator: Sheet[Operator]
    participants: Sheet[Participant]
    customers: Sheet[CustomerEntry]
    sites: Sheet[SiteEntry]
    points: Sheet[PointEntry]
    supplies: Sheet[SupplyEntry]
    meters: Sheet[MeterEntry]
    meter_registers: Sheet[MeterRegisterEntry]
    readings: Sheet[ReadingEntry]
    billed: Sheet[BilledEntry]
    blocks: Sheet[DailyBlocksEntry]


def grouped(rows: Iterable[Placed[T]], key: Callable[[T], object]) -> list[tuple[Placed[T], ...]]:
    """Rows that agree in a key, in the order of the file."""
    groups: dict[object, list[Placed[T]]] = defaultdict(list)
    for row in rows:
        groups[key(row.entry)].append(row)
    return [tuple(group) for group in groups.values()]


def backwards(row: Placed[T], start: date, column: str, end: date | None) -> Iterator[Fault]:
    """A period [start, end) without a day in it."""
    if end is not None and end <= start:
        yield row.fault(column, f"must be after {start}", end)


def overlapping(rows: tuple[Placed[T], ...], start: str, end: str) -> Iterator[Fault]:
    """Periods that begin before the one before them has ended."""
    ordered = sorted(rows, key=lambda row: getattr(row.entry, start))
    for earlier, later in pairwise(ordered):
        ends, begins = getattr(earlier.entry, end), getattr(later.entry, start)
        if ends is not None and begins >= ends:
            continue
        if later.line != ON_RECORD:
            which = "on record" if earlier.line == ON_RECORD else f"of line {earlier.line}"
            yield later.fault(start, f"the period {which} has not ended on that day", begins)
        elif earlier.line != ON_RECORD:
            yield earlier.fault(end, f"a period on record begins on {begins}", ends)
