"""The first import of a register: reads its files, checks every cell, loads all of it or nothing.

The formats are described in docs/register-format.md. Only into an empty file: a living register
is changed through the running service.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

from broker.store.participants import Participant
from broker.store.register import Operator
from broker.store.register_import import (
    BilledEntry,
    CustomerEntry,
    MeterEntry,
    MeterRegisterEntry,
    PointEntry,
    ReadingEntry,
    RegisterContents,
    SiteEntry,
    SupplyEntry,
    load,
)
from broker.usecases import register_files as cells
from broker.usecases.register_checks import RegisterSheets, faults_between_cells
from broker.usecases.register_files import Cell, Fault, Sheet, read_csv, read_toml

T = TypeVar("T")

OPERATOR_CELLS: Mapping[str, Cell] = {
    "eic": cells.party_cell,
    "name": cells.text_cell,
    "area_code": cells.area_code_cell,
    "gsrn_prefix": cells.prefix_cell,
    "legal_remedies": cells.optional(cells.text_cell),
}
PARTICIPANT_CELLS: Mapping[str, Cell] = {
    "eic": cells.party_cell,
    "name": cells.text_cell,
    "roles": cells.roles_cell,
    "active": cells.flag_cell,
    "tax_number": cells.tax_number_cell,
    "registration_number": cells.registration_number_cell,
    "message_address": cells.text_cell,
    "balance_group": cells.optional(cells.eic_cell),
    "credential_manager_name": cells.text_cell,
    "credential_manager_email": cells.email_cell,
    "affiliate": cells.flag_cell,
    "network_charge_contract": cells.flag_cell,
}
CUSTOMER_CELLS: Mapping[str, Cell] = {
    "tax_number": cells.tax_number_cell,
    "name": cells.text_cell,
    "street": cells.text_cell,
    "postal_code": cells.text_cell,
    "city": cells.text_cell,
    "country": cells.country_cell,
    "email": cells.optional(cells.email_cell),
}
SITE_CELLS: Mapping[str, Cell] = {
    "metering_site": cells.area_number_cell,
    "area_code": cells.area_code_cell,
    "gsrn": cells.optional(cells.gsrn_cell),
    "owner": cells.optional(cells.tax_number_cell),
}
POINT_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "delivery_point": cells.text_cell,
    "metering_site": cells.area_number_cell,
    "directions": cells.directions_cell,
    "connected": cells.flag_cell,
    "self_supply": cells.flag_cell,
    "remotely_read": cells.flag_cell,
    "customer": cells.optional(cells.tax_number_cell),
}
SUPPLY_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "direction": cells.direction_cell,
    "supplier": cells.party_cell,
    "share": cells.share_cell,
    "from_day": cells.day_cell,
    "to_day": cells.optional(cells.day_cell),
}
METER_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "serial_number": cells.text_cell,
    "installed_from": cells.day_cell,
    "removed_on": cells.optional(cells.day_cell),
}
METER_REGISTER_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "serial_number": cells.text_cell,
    "register": cells.obis_cell,
    "digits": cells.count_cell,
    "decimals": cells.count_cell,
    "multiplier": cells.decimal_cell,
}
READING_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "serial_number": cells.text_cell,
    "taken_at": cells.instant_cell,
    "obtained_by": cells.obtained_by_cell,
    "register": cells.obis_cell,
    "value": cells.decimal_cell,
}
BILLED_CELLS: Mapping[str, Cell] = {
    "accounting_point": cells.gsrn_cell,
    "direction": cells.direction_cell,
    "from_day": cells.day_cell,
    "to_day": cells.day_cell,
    "kwh": cells.count_cell,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCounts:
    """How many of each the import has put on record."""

    participants: int
    customers: int
    metering_sites: int
    accounting_points: int
    supplies: int
    meters: int
    readings: int
    billed_quantities: int


class UnableToImportFaultyRegister(Exception):
    """The files have faults; nothing was loaded. `faults` lists every one, in order of place."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def import_register(conn: sqlite3.Connection, folder: Path) -> ImportCounts:
    """Load the register in this folder into an empty file and say how much it was.

    The caller holds the file and has applied its migrations. Raises UnableToImportFaultyRegister
    where a cell is faulty, and RegisterNotEmpty; nothing is loaded then.
    """
    contents = checked_contents(read_register(folder))
    load(conn, contents)
    readings = {
        (row.accounting_point, row.serial_number, row.taken_at) for row in contents.readings
    }
    return ImportCounts(
        participants=len(contents.participants),
        customers=len(contents.customers),
        metering_sites=len(contents.sites),
        accounting_points=len(contents.points),
        supplies=len(contents.supplies),
        meters=len(contents.meters),
        readings=len(readings),
        billed_quantities=len(contents.billed),
    )


def checked_contents(sheets: RegisterSheets) -> RegisterContents:
    """The contents of faultless sheets. Raises UnableToImportFaultyRegister."""
    read = [getattr(sheets, field.name) for field in fields(sheets)]
    faults = {fault for sheet in read for fault in sheet.faults}
    faults.update(faults_between_cells(sheets))
    if faults:
        raise UnableToImportFaultyRegister(tuple(sorted(faults)))
    return RegisterContents(
        operator=sheets.operator.rows[0].entry,
        participants=_entries(sheets.participants),
        customers=_entries(sheets.customers),
        sites=_entries(sheets.sites),
        points=_entries(sheets.points),
        supplies=_entries(sheets.supplies),
        meters=_entries(sheets.meters),
        meter_registers=_entries(sheets.meter_registers),
        readings=_entries(sheets.readings),
        billed=_entries(sheets.billed),
    )


def read_register(folder: Path) -> RegisterSheets:
    """The files of the register in this folder; a missing one is a fault of its sheet."""
    return RegisterSheets(
        operator=_toml(folder / "operator.toml", None, Operator, OPERATOR_CELLS),
        participants=_toml(
            folder / "participants.toml", "participant", Participant, PARTICIPANT_CELLS
        ),
        customers=_csv(folder / "customers.csv", CustomerEntry, CUSTOMER_CELLS),
        sites=_csv(folder / "metering_sites.csv", SiteEntry, SITE_CELLS),
        points=_csv(folder / "accounting_points.csv", PointEntry, POINT_CELLS),
        supplies=_csv(folder / "supply.csv", SupplyEntry, SUPPLY_CELLS),
        meters=_csv(folder / "meters.csv", MeterEntry, METER_CELLS),
        meter_registers=_csv(
            folder / "meter_registers.csv", MeterRegisterEntry, METER_REGISTER_CELLS
        ),
        readings=_csv(folder / "readings.csv", ReadingEntry, READING_CELLS),
        billed=_csv(folder / "billed_quantities.csv", BilledEntry, BILLED_CELLS),
    )


def _entries(sheet: Sheet[T]) -> tuple[T, ...]:
    """The entries without their places."""
    return tuple(row.entry for row in sheet.rows)


def _toml(path: Path, table: str | None, kind: type[T], columns: Mapping[str, Cell]) -> Sheet[T]:
    """One TOML file."""
    content = _content(path)
    if isinstance(content, Fault):
        return Sheet(rows=(), faults=(content,), texts={})
    return read_toml(content, path.name, table, kind, columns)


def _csv(path: Path, kind: type[T], columns: Mapping[str, Cell]) -> Sheet[T]:
    """One CSV file."""
    content = _content(path)
    if isinstance(content, Fault):
        return Sheet(rows=(), faults=(content,), texts={})
    return read_csv(content, path.name, kind, columns)


def _content(path: Path) -> bytes | Fault:
    """The bytes of a file, or the fault that it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror}"
        return Fault(file=path.name, line=1, column="", found="", problem=problem)
