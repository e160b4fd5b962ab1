"""The sample register with more points like its first: for load, where twenty are too few."""

import csv
import shutil
from pathlib import Path

from stdnum import ean

from tests.web.letters import REGISTER, Point, sample_point

_COPIED = (
    "accounting_points",
    "metering_sites",
    "supply",
    "meters",
    "meter_registers",
    "readings",
    "billed_quantities",
)


def grow_register(folder: Path, *, count: int) -> tuple[Point, ...]:
    """Write the sample register with so many more plain points to this folder; gives them."""
    shutil.copytree(REGISTER, folder)
    first = sample_point(1)
    points = tuple(_like(first, n) for n in range(count))
    for table in _COPIED:
        path = folder / f"{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or ())
            rows = [row for row in reader if first.number in row.values() or _is_site(row, first)]
        with path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            for n, point in enumerate(points):
                writer.writerows(_row_of(row, first, point, n) for row in rows)
    return points


def _like(first: Point, n: int) -> Point:
    digits = f"{first.number[:8]}{500_000_000 + n:09d}"
    return Point(
        number=digits + ean.calc_check_digit(digits),
        site=f"{first.area}-{5_000_000 + n}",
        area=first.area,
        tax_number=first.tax_number,
        customer=first.customer,
        serial_number=f"ZGL-{500_000 + n}",
    )


def _is_site(row: dict[str, str], first: Point) -> bool:
    return "accounting_point" not in row and row.get("metering_site") == first.site


def _row_of(row: dict[str, str], first: Point, point: Point, n: int) -> dict[str, str]:
    new = {
        first.number: point.number,
        first.site: point.site,
        first.serial_number: point.serial_number,
        "DP-0001": f"DP-5{n:06d}",
    }
    return {column: new.get(text, text) for column, text in row.items()}
