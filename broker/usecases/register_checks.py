"""What cells of a register must be to each other: references, sums, periods that do not overlap.

Pure: sheets in, faults out. Each check reports every cell it finds, and none that another check
has reported for the same reason.
"""

from collections.abc import Iterator
from operator import attrgetter
from typing import TypeVar

from broker.messages.codes import Direction, Role
from broker.messages.identifiers import Gsrn
from broker.store.register import Operator
from broker.store.register_entries import (
    MeterEntry,
    MeterRegisterEntry,
    PointEntry,
    ReadingEntry,
    SiteEntry,
    SupplyEntry,
)
from broker.usecases.register_checks_division import (
    faults_of_keys,
    faults_of_measured_elsewhere,
)
from broker.usecases.register_checks_metering import faults_of_metering
from broker.usecases.register_files import Fault, Placed, Sheet
from broker.usecases.register_sheets import (
    RegisterSheets,
    backwards,
    grouped,
    overlapping,
)

T = TypeVar("T")


def faults_between_cells(sheets: RegisterSheets) -> Iterator[Fault]:
    """Every fault that one cell alone does not show."""
    yield from _repeated(sheets)
    yield from _references(sheets)
    yield from _operator_and_area(sheets)
    yield from _points(sheets)
    yield from faults_of_measured_elsewhere(sheets)
    yield from _supplies(sheets)
    yield from faults_of_keys(sheets)
    yield from faults_of_metering(sheets)


def _repeated(sheets: RegisterSheets) -> Iterator[Fault]:
    """Rows that say again what an earlier row has said."""
    yield from _again(sheets.participants, "eic")
    yield from _again(sheets.customers, "tax_number")
    yield from _again(sheets.sites, "metering_site")
    yield from _again(sheets.meters, "serial_number", "accounting_point")
    yield from _again(sheets.meter_registers, "register", "accounting_point", "serial_number")
    yield from _again(sheets.readings, "register", "accounting_point", "serial_number", "taken_at")
    yield from _again(sheets.blocks, "day", "accounting_point", "direction")
    seen: set[str] = set()
    for site in sheets.sites.rows:
        if site.entry.gsrn is not None:
            yield from _seen(site, "gsrn", site.entry.gsrn, seen)
    for point in sheets.points.rows:
        yield from _seen(point, "accounting_point", point.entry.accounting_point, seen)


def _again(sheet: Sheet[T], column: str, *within: str) -> Iterator[Fault]:
    """Cells of a column that repeat an earlier one, within rows that agree in other columns."""
    key = attrgetter(column, *within)
    seen: set[object] = set()
    for row in sheet.rows:
        if key(row.entry) in seen:
            yield row.fault(column, "stands in an earlier row", getattr(row.entry, column))
        seen.add(key(row.entry))


def _seen(row: Placed[T], column: str, gsrn: str, seen: set[str]) -> Iterator[Fault]:
    """A GSRN that names something else already (D1)."""
    if gsrn in seen:
        yield row.fault(column, "this GSRN is given out already", gsrn)
    seen.add(gsrn)


def _references(sheets: RegisterSheets) -> Iterator[Fault]:
    """Cells that name a row of another file, where no row has that name."""
    customers = sheets.customers.texts.get("tax_number")
    sites = sheets.sites.texts.get("metering_site")
    parties = sheets.participants.texts.get("eic")
    points = sheets.points.texts.get("accounting_point")
    yield from _unknown(sheets.sites, "owner", customers)
    yield from _unknown(sheets.points, "customer", customers)
    yield from _unknown(sheets.points, "metering_site", sites)
    yield from _unknown(sheets.points, "measured_at", points)
    yield from _unknown(sheets.supplies, "supplier", parties)
    yield from _unknown(sheets.supplies, "accounting_point", points)
    yield from _unknown(sheets.meters, "accounting_point", points)
    yield from _unknown(sheets.billed, "accounting_point", points)
    yield from _unknown(sheets.blocks, "accounting_point", points)
    yield from _unknown_meters(sheets.meter_registers, sheets.meters)
    yield from _unknown_meters(sheets.readings, sheets.meters)


def _unknown(sheet: Sheet[T], column: str, known: frozenset[str] | None) -> Iterator[Fault]:
    """Cells of a column that name no row; where the other file could not be read, none is told."""
    for row in sheet.rows:
        named = getattr(row.entry, column)
        if named is not None and known is not None and named not in known:
            yield row.fault(column, f"no row describes this {column}", named)


def _unknown_meters(
    sheet: Sheet[MeterRegisterEntry] | Sheet[ReadingEntry], meters: Sheet[MeterEntry]
) -> Iterator[Fault]:
    """Rows of a meter that is not installed at their point."""
    known = {(row.entry.accounting_point, row.entry.serial_number) for row in meters.rows}
    texts = (meters.texts.get("accounting_point", ()), meters.texts.get("serial_number", ()))
    for row in sheet.rows:
        point, serial_number = row.entry.accounting_point, row.entry.serial_number
        in_faulty_row = bool(meters.faults) and (
            not meters.texts or (point in texts[0] and serial_number in texts[1])
        )
        if (point, serial_number) not in known and not in_faulty_row:
            problem = f"no meter with this serial number is listed for point {point}"
            yield row.fault("serial_number", problem, serial_number)


def _operator_and_area(sheets: RegisterSheets) -> Iterator[Fault]:
    """The operator takes part itself; numbers are of its area and its prefix (D1, D2)."""
    for row in sheets.operator.rows:
        operator = row.entry
        roles = {
            role
            for party in sheets.participants.rows
            if party.entry.eic == operator.eic
            for role in party.entry.roles
        }
        if Role.GRID_OPERATOR not in roles and not sheets.participants.faults:
            yield row.fault("eic", "no participant with role DDM has this EIC", operator.eic)
        for site in sheets.sites.rows:
            yield from _outside_area(site, operator)
        for point in sheets.points.rows:
            if not point.entry.accounting_point.startswith(operator.gsrn_prefix):
                problem = f"must begin with the operator's prefix {operator.gsrn_prefix}"
                yield point.fault("accounting_point", problem, point.entry.accounting_point)


def _outside_area(site: Placed[SiteEntry], operator: Operator) -> Iterator[Fault]:
    """A site whose area, or area number, is not the operator's (D2)."""
    entry = site.entry
    if entry.area_code != operator.area_code:
        yield site.fault(
            "area_code", f"must be the operator's area {operator.area_code}", entry.area_code
        )
    if entry.metering_site.partition("-")[0] != operator.area_code:
        problem = f"must begin with the operator's area code {operator.area_code}"
        yield site.fault("metering_site", problem, entry.metering_site)


def _points(sheets: RegisterSheets) -> Iterator[Fault]:
    """Self-supply goes both ways (H6)."""
    for row in sheets.points.rows:
        if row.entry.self_supply and len(row.entry.directions) != len(Direction):
            found = "+".join(direction.value for direction in row.entry.directions)
            yield row.fault("directions", "self-supply needs consumption+production", found)


def _supplies(sheets: RegisterSheets) -> Iterator[Fault]:
    """Supply has a length, a direction of its point, a supplier, and is not there twice."""
    points = {row.entry.accounting_point: row.entry for row in sheets.points.rows}
    suppliers = {
        row.entry.eic for row in sheets.participants.rows if Role.SUPPLIER in row.entry.roles
    }
    others = {row.entry.eic for row in sheets.participants.rows} - suppliers
    for row in sheets.supplies.rows:
        entry = row.entry
        yield from backwards(row, entry.from_day, "to_day", entry.to_day)
        point = points.get(entry.accounting_point)
        if point is not None and entry.direction not in point.directions:
            yield row.fault("direction", "the point has not this direction", entry.direction.value)
        if entry.supplier in others:
            yield row.fault("supplier", "this participant has not the role DDQ", entry.supplier)
        if entry.share != 1 and entry.direction is Direction.PRODUCTION:
            yield row.fault("share", "shares divide consumption only", entry.share)
        elif entry.share != 1 and point is not None and point.self_supply:
            yield row.fault("share", "self-supply is not shared", entry.share)
    key = attrgetter("accounting_point", "direction", "supplier")
    for rows in grouped(sheets.supplies.rows, key):
        yield from overlapping(rows, "from_day", "to_day")
    yield from _self_supply_divided(sheets, points)


def _self_supply_divided(sheets: RegisterSheets, points: dict[Gsrn, PointEntry]) -> Iterator[Fault]:
    """At a self-supply point one supplier serves both directions (interpretation 13)."""
    for rows in grouped(sheets.supplies.rows, attrgetter("accounting_point")):
        point = points.get(rows[0].entry.accounting_point)
        if point is None or not point.self_supply:
            continue
        for row in rows:
            entry = row.entry
            if any(
                _both_on_a_day(entry, other.entry)
                and other.entry.direction is not entry.direction
                and other.entry.supplier != entry.supplier
                for other in rows
            ):
                problem = "at a self-supply point one supplier serves both directions"
                yield row.fault("supplier", problem, entry.supplier)


def _both_on_a_day(one: SupplyEntry, other: SupplyEntry) -> bool:
    """Whether two supplies have a day in common."""
    return (other.to_day is None or one.from_day < other.to_day) and (
        one.to_day is None or other.from_day < one.to_day
    )
