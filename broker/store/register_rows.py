"""Rows of the register as its tables take them, and how they are inserted, many at a time.

Begins and ends no transaction, and checks nothing beyond what the tables refuse.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

from broker.messages.codes import Direction
from broker.store.instants import to_text
from broker.store.participants import Participant
from broker.store.register_entries import RegisterContents, SiteEntry
from broker.store.supply import share_text

Column = str | int | bool | None
Row = tuple[Column, ...]
# A participant.
_PARTICIPANT = """
    INSERT INTO participants (eic, name, active, tax_number, registration_number, message_address,
        balance_group, credential_manager_name, credential_manager_email, affiliate,
        network_charge_contract, brought_by)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""

# One role of a participant.
_ROLE = "INSERT INTO participant_roles (eic, role) VALUES (?, ?)"

# A number that is given out, so that it is never given out again (D1).
_ISSUED_GSRN = "INSERT INTO issued_gsrns (gsrn) VALUES (?)"

# A customer.
_CUSTOMER = """
    INSERT INTO customers (tax_number, name, street, postal_code, city, country, email, brought_by)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""

# A metering site with its owner, found by tax number.
_SITE = """
    INSERT INTO metering_sites (area_number, area_code, gsrn, inaccessible_since, owner, brought_by)
    VALUES (?, ?, ?, ?, (SELECT customer FROM customers WHERE tax_number = ?), ?)"""

# A delivery point, once however many accounting points it has.
_DELIVERY_POINT = "INSERT INTO delivery_points (delivery_point) VALUES (?) ON CONFLICT DO NOTHING"

# An accounting point with its customer, found by tax number.
_POINT = """
    INSERT INTO accounting_points (accounting_point, delivery_point, metering_site, consumption,
        production, connected, self_supply, remotely_read, measured_power, measured_at, customer,
        brought_by)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT customer FROM customers WHERE tax_number = ?),
        ?)"""

# Who supplies a direction of a point, from day to day.
_SUPPLY = """
    INSERT INTO supply (accounting_point, direction, supplier, share, from_day, to_day)
    VALUES (?, ?, ?, ?, ?, ?)"""

# A meter under the next number.
_METER = """
    INSERT INTO meters (accounting_point, serial_number, installed_from, removed_on, meter)
    VALUES (?, ?, ?, ?, ?)"""

# A register of a meter.
_REGISTER = """
    INSERT INTO meter_registers (register, digits, decimals, multiplier, meter)
    VALUES (?, ?, ?, ?, ?)"""

# A reading of a meter under the next number.
_READING = "INSERT INTO readings (taken_at, obtained_by, meter, reading) VALUES (?, ?, ?, ?)"

# What one register showed at a reading.
_VALUE = "INSERT INTO reading_values (register, value, meter, reading) VALUES (?, ?, ?, ?)"

# Energy billed in one direction of a point for a period.
_BILLED = """
    INSERT INTO billed_quantities (accounting_point, direction, from_day, to_day, kwh)
    VALUES (?, ?, ?, ?, ?)"""

# The quarter-hours of a day in one direction of a point.
_BLOCKS = """
    INSERT INTO daily_blocks (accounting_point, direction, day, watt_hours) VALUES (?, ?, ?, ?)"""

# The last numbers of meters and readings.
_LAST_NUMBERS = """
    SELECT (SELECT coalesce(max(meter), 0) FROM meters),
        (SELECT coalesce(max(reading), 0) FROM readings)"""

# The meter with a serial number at a point.
_METER_NUMBER = "SELECT meter FROM meters WHERE accounting_point = ? AND serial_number = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRows:
    """Rows of several tables; those of a meter begin with its point and serial number."""

    participants: tuple[Row, ...] = ()
    roles: tuple[Row, ...] = ()
    gsrns: tuple[Row, ...] = ()
    customers: tuple[Row, ...] = ()
    sites: tuple[Row, ...] = ()
    points: tuple[Row, ...] = ()
    supplies: tuple[Row, ...] = ()
    meters: tuple[Row, ...] = ()
    meter_registers: tuple[Row, ...] = ()
    readings: tuple[Row, ...] = ()
    values: tuple[Row, ...] = ()
    billed: tuple[Row, ...] = ()
    blocks: tuple[Row, ...] = ()

    def count(self) -> int:
        """How many rows these are."""
        return sum(len(getattr(self, name)) for name in self.__slots__)


def rows_of(contents: RegisterContents) -> RegisterRows:
    """The same as rows of the tables."""
    gsrns = [site.gsrn for site in contents.sites if site.gsrn is not None]
    gsrns += [point.accounting_point for point in contents.points]
    readings: set[tuple[str, str, str, str]] = {
        (row.accounting_point, row.serial_number, to_text(row.taken_at), row.obtained_by.value)
        for row in contents.readings
    }
    return RegisterRows(
        participants=tuple(map(participant_row, contents.participants)),
        roles=tuple(
            (party.eic, role.value) for party in contents.participants for role in party.roles
        ),
        gsrns=tuple((gsrn,) for gsrn in sorted(gsrns)),
        customers=tuple(
            (c.tax_number, c.name, c.street, c.postal_code, c.city, c.country, c.email)
            for c in contents.customers
        ),
        sites=tuple(map(_site_row, contents.sites)),
        points=tuple(
            (
                point.accounting_point,
                point.delivery_point,
                point.metering_site,
                Direction.CONSUMPTION in point.directions,
                Direction.PRODUCTION in point.directions,
                point.connected,
                point.self_supply,
                point.remotely_read,
                point.measured_power,
                point.measured_at,
                point.customer,
            )
            # Points that measure others go before those.
            for point in sorted(contents.points, key=lambda one: one.measured_at is not None)
        ),
        supplies=tuple(
            (
                supply.accounting_point,
                supply.direction.value,
                supply.supplier,
                share_text(supply.share),
                supply.from_day.isoformat(),
                None if supply.to_day is None else supply.to_day.isoformat(),
            )
            for supply in contents.supplies
        ),
        **_metered_rows(contents),
        readings=tuple(sorted(readings, key=itemgetter(2))),
        values=tuple(
            (
                row.accounting_point,
                row.serial_number,
                to_text(row.taken_at),
                row.register,
                format(row.value, "f"),
            )
            for row in contents.readings
        ),
    )


def participant_row(party: Participant) -> Row:
    """A participant as its table has it, its roles apart."""
    return (
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


def _site_row(site: SiteEntry) -> Row:
    since = site.inaccessible_since
    return (
        site.metering_site,
        site.area_code,
        site.gsrn,
        None if since is None else since.isoformat(),
        site.owner,
    )


def _metered_rows(contents: RegisterContents) -> dict[str, tuple[Row, ...]]:
    """Rows of meters, their registers, and of quantities."""
    return {
        "meters": tuple(
            (
                meter.accounting_point,
                meter.serial_number,
                meter.installed_from.isoformat(),
                None if meter.removed_on is None else meter.removed_on.isoformat(),
            )
            for meter in contents.meters
        ),
        "meter_registers": tuple(
            (
                row.accounting_point,
                row.serial_number,
                row.register,
                row.digits,
                row.decimals,
                format(row.multiplier, "f"),
            )
            for row in contents.meter_registers
        ),
        "billed": tuple(
            (
                row.accounting_point,
                row.direction.value,
                row.from_day.isoformat(),
                row.to_day.isoformat(),
                row.kwh,
            )
            for row in contents.billed
        ),
        "blocks": tuple(
            (
                row.accounting_point,
                row.direction.value,
                row.day.isoformat(),
                f"[{','.join(map(str, row.watt_hours))}]",
            )
            for row in contents.blocks
        ),
    }


def insert_rows(conn: sqlite3.Connection, rows: RegisterRows, brought_by: int | None) -> None:
    """Insert these rows, hidden until the import `brought_by` has switched over.

    Raises IntegrityError where the tables refuse one.
    """
    conn.executemany(_PARTICIPANT, _with(rows.participants, brought_by))
    conn.executemany(_ROLE, rows.roles)
    conn.executemany(_ISSUED_GSRN, rows.gsrns)
    conn.executemany(_CUSTOMER, _with(rows.customers, brought_by))
    conn.executemany(_SITE, _with(rows.sites, brought_by))
    conn.executemany(_DELIVERY_POINT, [(point[1],) for point in rows.points])
    conn.executemany(_POINT, _with(rows.points, brought_by))
    conn.executemany(_SUPPLY, rows.supplies)
    _insert_metered(conn, rows)
    conn.executemany(_BILLED, rows.billed)
    conn.executemany(_BLOCKS, rows.blocks)


def _insert_metered(conn: sqlite3.Connection, rows: RegisterRows) -> None:
    """Meters with registers and readings, numbered on from the last ones."""
    last_meter, last_reading = conn.execute(_LAST_NUMBERS).fetchone()
    meters = {row[:2]: last_meter + n for n, row in enumerate(rows.meters, start=1)}
    conn.executemany(_METER, [(*row, meters[row[:2]]) for row in rows.meters])
    for row in (*rows.meter_registers, *rows.readings):
        if row[:2] not in meters:
            meters[row[:2]] = conn.execute(_METER_NUMBER, row[:2]).fetchone()[0]
    conn.executemany(_REGISTER, [(*row[2:], meters[row[:2]]) for row in rows.meter_registers])
    readings = {row[:3]: last_reading + n for n, row in enumerate(rows.readings, start=1)}
    conn.executemany(
        _READING, [(*row[2:], meters[row[:2]], readings[row[:3]]) for row in rows.readings]
    )
    conn.executemany(
        _VALUE, [(*row[3:], meters[row[:2]], readings[row[:3]]) for row in rows.values]
    )


def _with(rows: Iterable[Row], last: Column) -> list[Row]:
    """Each row with one more column."""
    return [(*row, last) for row in rows]
