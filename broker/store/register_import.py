"""The first import: puts a checked register into an empty file, all of it or nothing.

Checks nothing itself beyond what the tables refuse; who calls has found every fault before.
"""

import sqlite3
from dataclasses import astuple, dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

from broker.messages.codes import Direction, ObtainedBy
from broker.messages.identifiers import (
    AreaCode,
    AreaNumber,
    DeliveryPoint,
    Eic,
    Gsrn,
    ObisCode,
    SerialNumber,
    TaxNumber,
)
from broker.store.instants import to_text
from broker.store.participants import Participant
from broker.store.register import Operator, share_text

# Whether the file has a register already.
_HAS_REGISTER = "SELECT EXISTS (SELECT 1 FROM operator)"

# A participant.
_PARTICIPANT = "INSERT INTO participants VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

# One role of a participant.
_ROLE = "INSERT INTO participant_roles (eic, role) VALUES (?, ?)"

# The operator this file belongs to.
_OPERATOR = """
    INSERT INTO operator (only_one, eic, name, area_code, gsrn_prefix, legal_remedies)
    VALUES (1, ?, ?, ?, ?, ?)"""

# A number that is given out, so that it is never given out again (D1).
_ISSUED_GSRN = "INSERT INTO issued_gsrns (gsrn) VALUES (?)"

# A customer.
_CUSTOMER = """
    INSERT INTO customers (tax_number, name, street, postal_code, city, country, email)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""

# A metering site with its owner, found by tax number.
_SITE = """
    INSERT INTO metering_sites (area_number, area_code, gsrn, owner)
    VALUES (?, ?, ?, (SELECT customer FROM customers WHERE tax_number = ?))"""

# A delivery point, once however many accounting points it has.
_DELIVERY_POINT = "INSERT INTO delivery_points (delivery_point) VALUES (?) ON CONFLICT DO NOTHING"

# An accounting point with its customer, found by tax number.
_POINT = """
    INSERT INTO accounting_points (accounting_point, delivery_point, metering_site, consumption,
        production, connected, self_supply, remotely_read, customer)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT customer FROM customers WHERE tax_number = ?))"""

# Who supplies a direction of a point, from day to day.
_SUPPLY = """
    INSERT INTO supply (accounting_point, direction, supplier, share, from_day, to_day)
    VALUES (?, ?, ?, ?, ?, ?)"""

# A meter.
_METER = """
    INSERT INTO meters (accounting_point, serial_number, installed_from, removed_on)
    VALUES (?, ?, ?, ?)"""

# A register of a meter that is found by point and serial number.
_REGISTER = """
    INSERT INTO meter_registers (meter, register, digits, decimals, multiplier)
    SELECT meter, ?, ?, ?, ? FROM meters WHERE accounting_point = ? AND serial_number = ?"""

# A reading of a meter that is found by point and serial number.
_READING = """
    INSERT INTO readings (meter, taken_at, obtained_by)
    SELECT meter, ?, ? FROM meters WHERE accounting_point = ? AND serial_number = ?"""

# What one register showed at a reading.
_VALUE = """
    INSERT INTO reading_values (reading, meter, register, value)
    SELECT reading, meter, ?, ? FROM readings WHERE reading = ?"""

# Energy billed in one direction of a point for a period.
_BILLED = """
    INSERT INTO billed_quantities (accounting_point, direction, from_day, to_day, kwh)
    VALUES (?, ?, ?, ?, ?)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEntry:
    """A customer or owner, known by its tax number."""

    tax_number: TaxNumber
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEntry:
    """A metering site with its two numbers (D2)."""

    metering_site: AreaNumber
    area_code: AreaCode
    gsrn: Gsrn | None
    owner: TaxNumber | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointEntry:
    """An accounting point at its delivery point and metering site."""

    accounting_point: Gsrn
    delivery_point: DeliveryPoint
    metering_site: AreaNumber
    directions: tuple[Direction, ...]
    connected: bool
    self_supply: bool
    remotely_read: bool
    customer: TaxNumber | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyEntry:
    """Supply of one direction of a point, half-open [from_day, to_day)."""

    accounting_point: Gsrn
    direction: Direction
    supplier: Eic
    share: Decimal
    from_day: date
    to_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterEntry:
    """A meter installed at a point, removed on the first day without it."""

    accounting_point: Gsrn
    serial_number: SerialNumber
    installed_from: date
    removed_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterRegisterEntry:
    """One register of a meter: digits before and after the decimal point, kWh per unit."""

    accounting_point: Gsrn
    serial_number: SerialNumber
    register: ObisCode
    digits: int
    decimals: int
    multiplier: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingEntry:
    """What one register of a meter showed at an instant; the rows of an instant are one reading."""

    accounting_point: Gsrn
    serial_number: SerialNumber
    taken_at: datetime
    obtained_by: ObtainedBy
    register: ObisCode
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledEntry:
    """Energy billed in one direction of a point, half-open [from_day, to_day), whole kWh (C3)."""

    accounting_point: Gsrn
    direction: Direction
    from_day: date
    to_day: date
    kwh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterContents:
    """Everything a first import brings."""

    operator: Operator
    participants: tuple[Participant, ...]
    customers: tuple[CustomerEntry, ...]
    sites: tuple[SiteEntry, ...]
    points: tuple[PointEntry, ...]
    supplies: tuple[SupplyEntry, ...]
    meters: tuple[MeterEntry, ...]
    meter_registers: tuple[MeterRegisterEntry, ...]
    readings: tuple[ReadingEntry, ...]
    billed: tuple[BilledEntry, ...]


class RegisterNotEmpty(RuntimeError):
    """The file has a register already; a living register is changed through the service."""


def load(conn: sqlite3.Connection, contents: RegisterContents) -> None:
    """Put the whole register into the empty file, in one transaction of its own.

    Raises RegisterNotEmpty, and IntegrityError where the tables refuse a row; nothing is kept then.
    """
    conn.execute("BEGIN IMMEDIATE")
    try:
        if conn.execute(_HAS_REGISTER).fetchone()[0]:
            raise RegisterNotEmpty("this file has a register already")
        _load_parties(conn, contents)
        _load_points(conn, contents)
        _load_meters(conn, contents)
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def _load_parties(conn: sqlite3.Connection, contents: RegisterContents) -> None:
    """Participants with their roles, then the operator, which is one of them."""
    conn.executemany(
        _PARTICIPANT,
        [
            (
                party.eic,
                party.name,
                party.active,
                party.tax_number,
                party.registration_number,
                party.message_address,
                party.balance_group,
                party.credential_manager_name,
                party.credential_manager_email,
                party.affiliate,
                party.network_charge_contract,
            )
            for party in contents.participants
        ],
    )
    conn.executemany(
        _ROLE, [(party.eic, role.value) for party in contents.participants for role in party.roles]
    )
    conn.execute(_OPERATOR, astuple(contents.operator))


def _load_points(conn: sqlite3.Connection, contents: RegisterContents) -> None:
    """Customers, sites, points and their supply; every GSRN is registered as given out (D1)."""
    gsrns = [site.gsrn for site in contents.sites if site.gsrn is not None]
    gsrns += [point.accounting_point for point in contents.points]
    conn.executemany(_ISSUED_GSRN, [(gsrn,) for gsrn in sorted(gsrns)])
    conn.executemany(_CUSTOMER, map(astuple, contents.customers))
    conn.executemany(_SITE, map(astuple, contents.sites))
    conn.executemany(_DELIVERY_POINT, [(point.delivery_point,) for point in contents.points])
    conn.executemany(
        _POINT,
        [
            (
                point.accounting_point,
                point.delivery_point,
                point.metering_site,
                Direction.CONSUMPTION in point.directions,
                Direction.PRODUCTION in point.directions,
                point.connected,
                point.self_supply,
                point.remotely_read,
                point.customer,
            )
            for point in contents.points
        ],
    )
    conn.executemany(
        _SUPPLY,
        [
            (
                supply.accounting_point,
                supply.direction.value,
                supply.supplier,
                share_text(supply.share),
                supply.from_day.isoformat(),
                None if supply.to_day is None else supply.to_day.isoformat(),
            )
            for supply in contents.supplies
        ],
    )


def _load_meters(conn: sqlite3.Connection, contents: RegisterContents) -> None:
    """Meters with their registers, readings, and what was billed."""
    conn.executemany(
        _METER,
        [
            (
                meter.accounting_point,
                meter.serial_number,
                meter.installed_from.isoformat(),
                None if meter.removed_on is None else meter.removed_on.isoformat(),
            )
            for meter in contents.meters
        ],
    )
    conn.executemany(
        _REGISTER,
        [
            (
                register.register,
                register.digits,
                register.decimals,
                format(register.multiplier, "f"),
                register.accounting_point,
                register.serial_number,
            )
            for register in contents.meter_registers
        ],
    )
    ordered = sorted(contents.readings, key=_reading_key)
    for (taken_at, point, serial_number), rows in groupby(ordered, key=_reading_key):
        _load_reading(conn, (taken_at, point, serial_number), tuple(rows))
    conn.executemany(
        _BILLED,
        [
            (
                billed.accounting_point,
                billed.direction.value,
                billed.from_day.isoformat(),
                billed.to_day.isoformat(),
                billed.kwh,
            )
            for billed in contents.billed
        ],
    )


def _reading_key(entry: ReadingEntry) -> tuple[datetime, Gsrn, SerialNumber]:
    """What the rows of one reading have in common."""
    return entry.taken_at, entry.accounting_point, entry.serial_number


def _load_reading(
    conn: sqlite3.Connection,
    key: tuple[datetime, Gsrn, SerialNumber],
    rows: tuple[ReadingEntry, ...],
) -> None:
    """One reading with the value of each register."""
    taken_at, point, serial_number = key
    reading = conn.execute(
        _READING, (to_text(taken_at), rows[0].obtained_by.value, point, serial_number)
    ).lastrowid
    conn.executemany(_VALUE, [(row.register, format(row.value, "f"), reading) for row in rows])
