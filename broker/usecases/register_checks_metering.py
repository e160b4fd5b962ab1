"""What meters, readings and quantities of a register must be to each other (C3, C5).

Pure: sheets in, faults out.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from operator import attrgetter

from broker.engine.calendar import LJUBLJANA, plus_days
from broker.messages.identifiers import Gsrn, SerialNumber
from broker.store.register import local_day
from broker.store.register_entries import MeterEntry, MeterRegisterEntry, ReadingEntry
from broker.usecases.register_files import Fault, Placed
from broker.usecases.register_sheets import RegisterSheets, backwards, grouped, overlapping

_QUARTER_HOUR = timedelta(minutes=15)


def faults_of_metering(sheets: RegisterSheets) -> Iterator[Fault]:
    """Every fault between meters, registers, readings, billed and measured quantities."""
    yield from _meters(sheets)
    yield from _readings(sheets)
    yield from _billed(sheets)
    yield from _blocks(sheets)


@lru_cache(4_000)
def quarter_hours_of(day: date) -> int:
    """How many quarter-hours the local day has: 92 when summer time begins, 100 when it ends."""
    begins = datetime.combine(day, time(), LJUBLJANA)
    ends = datetime.combine(plus_days(day, 1), time(), LJUBLJANA)
    return (ends.astimezone(UTC) - begins.astimezone(UTC)) // _QUARTER_HOUR


def _meters(sheets: RegisterSheets) -> Iterator[Fault]:
    """One meter at a time, each with registers that can be read."""
    have_registers = {
        (row.entry.accounting_point, row.entry.serial_number) for row in sheets.meter_registers.rows
    }
    for row in sheets.meters.rows:
        entry = row.entry
        yield from backwards(row, entry.installed_from, "removed_on", entry.removed_on)
        key = (entry.accounting_point, entry.serial_number)
        if key not in have_registers and not sheets.meter_registers.faults:
            yield row.fault("serial_number", "the meter has no registers", entry.serial_number)
    for rows in grouped(sheets.meters.rows, attrgetter("accounting_point")):
        yield from overlapping(rows, "installed_from", "removed_on")
    for register in sheets.meter_registers.rows:
        digits, decimals = register.entry.digits, register.entry.decimals
        if not 1 <= digits <= 12:
            yield register.fault("digits", "must be 1 to 12", digits)
        if decimals > 6:
            yield register.fault("decimals", "must be 0 to 6", decimals)
        if register.entry.multiplier == 0:
            yield register.fault("multiplier", "must be above zero", register.entry.multiplier)


def _readings(sheets: RegisterSheets) -> Iterator[Fault]:
    """A reading is of an installed meter and of all its registers, within their digits (C5)."""
    meters = {
        (row.entry.accounting_point, row.entry.serial_number): row.entry
        for row in sheets.meters.rows
    }
    registers: dict[tuple[Gsrn, SerialNumber], dict[str, MeterRegisterEntry]] = defaultdict(dict)
    for row in sheets.meter_registers.rows:
        key = (row.entry.accounting_point, row.entry.serial_number)
        registers[key][row.entry.register] = row.entry
    by_reading = attrgetter("accounting_point", "serial_number", "taken_at")
    for rows in grouped(sheets.readings.rows, by_reading):
        entry = rows[0].entry
        key = (entry.accounting_point, entry.serial_number)
        if key in meters:
            yield from _reading_when_not_installed(rows, meters[key])
        if key in registers and not sheets.meter_registers.faults:
            yield from _reading_of_registers(rows, registers[key], bool(sheets.readings.faults))


def _reading_when_not_installed(
    rows: tuple[Placed[ReadingEntry], ...], meter: MeterEntry
) -> Iterator[Fault]:
    """A reading taken before the meter came or after it went."""
    day = local_day(rows[0].entry.taken_at)
    if day < meter.installed_from or (meter.removed_on is not None and day > meter.removed_on):
        for row in rows:
            problem = "the meter was not installed on that day"
            yield row.fault("taken_at", problem, _instant(row.entry.taken_at))


def _reading_of_registers(
    rows: tuple[Placed[ReadingEntry], ...],
    registers: dict[str, MeterRegisterEntry],
    incomplete: bool,
) -> Iterator[Fault]:
    """Values for exactly the meter's registers, obtained in one way."""
    missing = registers.keys() - {row.entry.register for row in rows}
    if missing and not incomplete:
        problem = f"the reading lacks {', '.join(sorted(missing))}"
        yield rows[0].fault("register", problem, rows[0].entry.register)
    for row in rows:
        entry = row.entry
        if entry.obtained_by is not rows[0].entry.obtained_by:
            problem = "must be the same for all registers of a reading"
            yield row.fault("obtained_by", problem, entry.obtained_by.value)
        register = registers.get(entry.register)
        if register is None:
            yield row.fault("register", "the meter has no such register", entry.register)
        elif entry.value >= 10**register.digits or entry.value != round(
            entry.value, register.decimals
        ):
            problem = f"must have {register.digits} digits and {register.decimals} decimals at most"
            yield row.fault("value", problem, entry.value)


def _blocks(sheets: RegisterSheets) -> Iterator[Fault]:
    """A day has its number of quarter-hours, in a direction of the point."""
    points = {row.entry.accounting_point: row.entry for row in sheets.points.rows}
    for row in sheets.blocks.rows:
        entry = row.entry
        point = points.get(entry.accounting_point)
        if point is not None and entry.direction not in point.directions:
            yield row.fault("direction", "the point has not this direction", entry.direction.value)
        needed = quarter_hours_of(entry.day)
        if len(entry.watt_hours) != needed:
            problem = f"{entry.day} has {needed} quarter-hours"
            yield row.fault("watt_hours", problem, f"{len(entry.watt_hours)} values")


def _billed(sheets: RegisterSheets) -> Iterator[Fault]:
    """Billing periods have a length and a direction of their point, and follow one another."""
    points = {row.entry.accounting_point: row.entry for row in sheets.points.rows}
    for row in sheets.billed.rows:
        entry = row.entry
        yield from backwards(row, entry.from_day, "to_day", entry.to_day)
        point = points.get(entry.accounting_point)
        if point is not None and entry.direction not in point.directions:
            yield row.fault("direction", "the point has not this direction", entry.direction.value)
    for rows in grouped(sheets.billed.rows, attrgetter("accounting_point", "direction")):
        yield from overlapping(rows, "from_day", "to_day")


def _instant(instant: datetime) -> str:
    """The instant as the file writes it."""
    return instant.isoformat()
