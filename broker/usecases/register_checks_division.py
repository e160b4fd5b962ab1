"""What the accounting points of a divided delivery point must be to each other (B9-B11).

Pure: sheets in, faults out.
"""

from collections.abc import Iterator
from datetime import date

from broker.messages.codes import Direction
from broker.messages.identifiers import Gsrn
from broker.store.register_entries import (
    BilledEntry,
    DailyBlocksEntry,
    MeterEntry,
    PointEntry,
    SupplyEntry,
)
from broker.usecases.register_files import Fault, Placed
from broker.usecases.register_sheets import RegisterSheets, grouped


def faults_of_measured_elsewhere(sheets: RegisterSheets) -> Iterator[Fault]:
    """A point measured by another one's meter is beside it, takes only, and has nothing measured
    of its own (B9).
    """
    points = {row.entry.accounting_point: row.entry for row in sheets.points.rows}
    elsewhere = [row for row in sheets.points.rows if row.entry.measured_at is not None]
    if not elsewhere:
        return
    for point in elsewhere:
        yield from _of_point(point, points)
    measured_at = {row.entry.accounting_point: row.entry.measured_at for row in elsewhere}
    measured: tuple[Placed[MeterEntry] | Placed[BilledEntry] | Placed[DailyBlocksEntry], ...]
    measured = (*sheets.meters.rows, *sheets.billed.rows, *sheets.blocks.rows)
    for row in measured:
        number = row.entry.accounting_point
        if number in measured_at:
            problem = f"this point is measured at {measured_at[number]}"
            yield row.fault("accounting_point", problem, number)


def _of_point(row: Placed[PointEntry], points: dict[Gsrn, PointEntry]) -> Iterator[Fault]:
    """Faults of one point that is measured elsewhere."""
    entry, measured_at = row.entry, row.entry.measured_at
    if entry.directions != (Direction.CONSUMPTION,):
        found = "+".join(direction.value for direction in entry.directions)
        problem = "a point measured at another point has consumption alone"
        yield row.fault("directions", problem, found)
    meter = None if measured_at is None else points.get(measured_at)
    if meter is None:
        return  # told as a number that no row describes
    if measured_at == entry.accounting_point:
        yield row.fault("measured_at", "must be empty where a point measures itself", measured_at)
    elif meter.measured_at is not None:
        yield row.fault("measured_at", "that point is measured at another one itself", measured_at)
    for column in ("delivery_point", "metering_site"):
        here, there = getattr(entry, column), getattr(meter, column)
        if here != there:
            yield row.fault(column, f"must be {there}, where the point is measured", here)


def faults_of_keys(sheets: RegisterSheets) -> Iterator[Fault]:
    """Shares add up to exactly one on each day on which there is any supply (B9, B10).

    They are added up over all points that one meter measures, since a division makes one point for
    each supplier and divides what that meter measures.
    """
    if sheets.supplies.faults:
        return
    meters = {
        row.entry.accounting_point: row.entry.measured_at or row.entry.accounting_point
        for row in sheets.points.rows
    }
    by_meter = grouped(
        (row for row in sheets.supplies.rows if row.entry.accounting_point in meters),
        lambda entry: (meters[entry.accounting_point], entry.direction),
    )
    for rows in by_meter:
        yield from _first_day_that_does_not_add_up(rows)


def _first_day_that_does_not_add_up(rows: tuple[Placed[SupplyEntry], ...]) -> Iterator[Fault]:
    """The shares of the first day on which they do not; sums change only where a supply does."""
    ends = {row.entry.to_day for row in rows if row.entry.to_day is not None}
    for day in sorted({row.entry.from_day for row in rows} | ends):
        present = [row for row in rows if _covers(row.entry, day)]
        total = sum(row.entry.share for row in present)
        if total not in (0, 1):
            problem = f"the shares on {day} add up to {total}, not exactly one"
            for row in present:
                yield row.fault("share", problem, row.entry.share)
            return


def _covers(supply: SupplyEntry, day: date) -> bool:
    """Whether the supply runs on the day."""
    return supply.from_day <= day and (supply.to_day is None or day < supply.to_day)
