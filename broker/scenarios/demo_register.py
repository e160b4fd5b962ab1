"""The sample register with its dates moved, so that its last readings are always lately taken.

Reads fixtures/register and writes a copy; everything but the days stays as it is.
"""

import csv
import re
from datetime import date, time
from decimal import Decimal
from pathlib import Path

from broker.engine.calendar import LJUBLJANA, at_hour, days_between, plus_days
from broker.scenarios.files import REGISTER
from broker.usecases.register_checks_metering import quarter_hours_of
from broker.usecases.register_forms import BLOCKS

LAST_READING_IN_SAMPLE = date(2026, 3, 31)
DAYS_SINCE_LAST_READING = 60
KWH_A_DAY = 10

_DAY = re.compile(r"\b(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2})[+-]\d{2}:\d{2})?\b")


def write_moved_register(folder: Path, today: date) -> None:
    """Write the files of the sample register, with every day moved by the same number of days."""
    by = days_between(LAST_READING_IN_SAMPLE, plus_days(today, -DAYS_SINCE_LAST_READING))
    folder.mkdir(exist_ok=True)
    for path in sorted(REGISTER.iterdir()):
        text = _DAY.sub(lambda found: _moved(found, by), path.read_text("utf-8"))
        if path.name == BLOCKS.file:
            text = "".join(map(_with_its_quarter_hours, text.splitlines(keepends=True)))
        (folder / path.name).write_text(text, "utf-8")


def _with_its_quarter_hours(line: str) -> str:
    """A row of quarter-hours, as many as its day has now that it was moved; a header as it is."""
    before, comma, blocks = line.rstrip("\n").rpartition(",")
    if _DAY.search(before) is None:
        return line
    needed = quarter_hours_of(date.fromisoformat(before.rpartition(",")[2]))
    given = blocks.split()
    fitting = [*given, *given[:needed]][:needed]
    return f"{before}{comma}{' '.join(fitting)}\n"


def _moved(found: re.Match[str], by: int) -> str:
    day = plus_days(date.fromisoformat(found[1]), by)
    if found[2] is None:
        return day.isoformat()
    return at_hour(day, time.fromisoformat(found[2])).astimezone(LJUBLJANA).isoformat()


def metering_site(point: int) -> str:
    """The area number of the metering site of this point (docs/register-format.md)."""
    return f"7-{point:07}"


def usual_value(folder: Path, point: int, day: date, *, times: int = 1) -> Decimal:
    """What the one register of this point shows on this day, after so many times the usual use.

    `folder` holds the moved register; the point takes 10 kWh a day.
    """
    last = max(_readings(folder, point), key=lambda row: row["taken_at"])
    days = days_between(date.fromisoformat(last["taken_at"][:10]), day)
    return Decimal(last["value"]) + KWH_A_DAY * days * times


def _readings(folder: Path, point: int) -> list[dict[str, str]]:
    wanted = [
        r for r in rows(folder, "accounting_points") if r["metering_site"] == metering_site(point)
    ]
    gsrn = wanted[0]["accounting_point"]
    return [row for row in rows(folder, "readings") if row["accounting_point"] == gsrn]


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    """The rows of one table of a register's folder."""
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
