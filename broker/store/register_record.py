"""What is on record about a part of the register, as the entries that an import would bring.

Reads only. Rows that an import has brought and that are still hidden are no part of the record.
"""

import sqlite3
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import msgspec

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
from broker.store.instants import from_text
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

_LIST = "(SELECT value FROM json_each(?))"

# Where points are delivered.
_PLACES = f"""
    SELECT accounting_point, delivery_point FROM accounting_points
    WHERE accounting_point IN {_LIST}"""

# Points by their numbers or by their delivery points.
_POINTS = f"""
    SELECT accounting_point, delivery_point, metering_site, consumption, production, connected,
        self_supply, remotely_read, measured_power, tax_number
    FROM accounting_points LEFT JOIN customers USING (customer)
    WHERE accounting_point IN {_LIST} OR delivery_point IN {_LIST}"""

# Customers by their tax numbers.
_CUSTOMERS = f"""
    SELECT tax_number, name, street, postal_code, city, country, email FROM customers
    WHERE tax_number IN {_LIST}"""

# Sites by their area numbers, and those of them that have a point with a case in progress.
_SITES = f"""
    SELECT area_number, area_code, gsrn, tax_number, inaccessible_since FROM metering_sites
    LEFT JOIN customers ON customer = owner WHERE area_number IN {_LIST}"""
_BUSY_SITES = f"""
    SELECT DISTINCT metering_site FROM accounting_points
    JOIN cases ON cases.delivery_point = accounting_points.delivery_point AND ended_at IS NULL
    WHERE metering_site IN {_LIST}"""

# Those of some delivery points at which a case is in progress.
_BUSY = f"SELECT delivery_point FROM cases WHERE ended_at IS NULL AND delivery_point IN {_LIST}"

# Those of some numbers that are given out (D1).
_ISSUED = f"SELECT gsrn FROM issued_gsrns WHERE gsrn IN {_LIST}"

# What belongs to points.
_SUPPLIES = f"""
    SELECT accounting_point, direction, supplier, share, from_day, to_day FROM supply
    WHERE accounting_point IN {_LIST}"""
_METERS = f"""
    SELECT accounting_point, serial_number, installed_from, removed_on FROM meters
    WHERE accounting_point IN {_LIST}"""
_REGISTERS = f"""
    SELECT accounting_point, serial_number, register, digits, decimals, multiplier
    FROM meter_registers JOIN meters USING (meter) WHERE accounting_point IN {_LIST}"""
_READINGS = f"""
    SELECT accounting_point, serial_number, taken_at, obtained_by, register, value
    FROM meters JOIN readings USING (meter) JOIN reading_values USING (reading)
    WHERE accounting_point IN {_LIST} AND taken_at IN {_LIST} AND withdrawn_by IS NULL"""
_BILLED = f"""
    SELECT accounting_point, direction, from_day, to_day, kwh FROM billed_quantities
    WHERE accounting_point IN {_LIST}"""
_BLOCKS = f"""
    SELECT accounting_point, direction, day, watt_hours FROM daily_blocks
    WHERE accounting_point IN {_LIST} AND day IN {_LIST}"""


def _listed(values: Iterable[str]) -> str:
    return msgspec.json.encode(sorted(values)).decode()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def places(conn: sqlite3.Connection, points: Iterable[str]) -> dict[str, str]:
    """The delivery points of those of these points that are on record."""
    return dict(conn.execute(_PLACES, (_listed(points),)).fetchall())


def points(
    conn: sqlite3.Connection, numbers: Iterable[str], delivery_points: Iterable[str]
) -> list[PointEntry]:
    """Points with these numbers or at these delivery points."""
    rows = conn.execute(_POINTS, (_listed(numbers), _listed(delivery_points)))
    return [
        PointEntry(
            accounting_point=Gsrn(row[0]),
            delivery_point=DeliveryPoint(row[1]),
            metering_site=AreaNumber(row[2]),
            directions=tuple(
                direction
                for direction, has in (
                    (Direction.CONSUMPTION, row[3]),
                    (Direction.PRODUCTION, row[4]),
                )
                if has
            ),
            connected=bool(row[5]),
            self_supply=bool(row[6]),
            remotely_read=bool(row[7]),
            measured_power=bool(row[8]),
            customer=None if row[9] is None else TaxNumber(row[9]),
        )
        for row in rows
    ]


def customers(conn: sqlite3.Connection, tax_numbers: Iterable[str]) -> list[CustomerEntry]:
    """Customers with these tax numbers."""
    return [
        CustomerEntry(
            tax_number=TaxNumber(row[0]),
            name=row[1],
            street=row[2],
            postal_code=row[3],
            city=row[4],
            country=row[5],
            email=row[6],
        )
        for row in conn.execute(_CUSTOMERS, (_listed(tax_numbers),))
    ]


def sites(conn: sqlite3.Connection, area_numbers: Iterable[str]) -> list[SiteEntry]:
    """Metering sites with these area numbers."""
    return [
        SiteEntry(
            metering_site=AreaNumber(row[0]),
            area_code=AreaCode(row[1]),
            gsrn=None if row[2] is None else Gsrn(row[2]),
            owner=None if row[3] is None else TaxNumber(row[3]),
            inaccessible_since=_day(row[4]),
        )
        for row in conn.execute(_SITES, (_listed(area_numbers),))
    ]


def _first_columns(conn: sqlite3.Connection, query: str, keys: Iterable[str]) -> frozenset[str]:
    return frozenset(key for (key,) in conn.execute(query, (_listed(keys),)))


def busy_sites(conn: sqlite3.Connection, area_numbers: Iterable[str]) -> frozenset[str]:
    """Those of these sites that have a point where a case is in progress."""
    return _first_columns(conn, _BUSY_SITES, area_numbers)


def busy(conn: sqlite3.Connection, delivery_points: Iterable[str]) -> frozenset[str]:
    """Those of these delivery points where a case is in progress."""
    return _first_columns(conn, _BUSY, delivery_points)


def issued(conn: sqlite3.Connection, gsrns: Iterable[str]) -> frozenset[str]:
    """Those of these numbers that are given out."""
    return _first_columns(conn, _ISSUED, gsrns)


def supplies(conn: sqlite3.Connection, of_points: Iterable[str]) -> list[SupplyEntry]:
    """The supply of these points, past and present."""
    return [
        SupplyEntry(
            accounting_point=Gsrn(row[0]),
            direction=Direction(row[1]),
            supplier=Eic(row[2]),
            share=Decimal(row[3]),
            from_day=date.fromisoformat(row[4]),
            to_day=_day(row[5]),
        )
        for row in conn.execute(_SUPPLIES, (_listed(of_points),))
    ]


def meters(conn: sqlite3.Connection, of_points: Iterable[str]) -> list[MeterEntry]:
    """The meters of these points, past and present."""
    return [
        MeterEntry(
            accounting_point=Gsrn(row[0]),
            serial_number=SerialNumber(row[1]),
            installed_from=date.fromisoformat(row[2]),
            removed_on=_day(row[3]),
        )
        for row in conn.execute(_METERS, (_listed(of_points),))
    ]


def meter_registers(conn: sqlite3.Connection, of_points: Iterable[str]) -> list[MeterRegisterEntry]:
    """The registers of the meters of these points."""
    return [
        MeterRegisterEntry(
            accounting_point=Gsrn(row[0]),
            serial_number=SerialNumber(row[1]),
            register=ObisCode(row[2]),
            digits=row[3],
            decimals=row[4],
            multiplier=Decimal(row[5]),
        )
        for row in conn.execute(_REGISTERS, (_listed(of_points),))
    ]


def readings(
    conn: sqlite3.Connection, of_points: Iterable[str], taken_at: Iterable[str]
) -> list[ReadingEntry]:
    """The readings of these points at these instants."""
    rows = conn.execute(_READINGS, (_listed(of_points), _listed(taken_at)))
    return [
        ReadingEntry(
            accounting_point=Gsrn(row[0]),
            serial_number=SerialNumber(row[1]),
            taken_at=from_text(row[2]),
            obtained_by=ObtainedBy(row[3]),
            register=ObisCode(row[4]),
            value=Decimal(row[5]),
        )
        for row in rows
    ]


def billed(conn: sqlite3.Connection, of_points: Iterable[str]) -> list[BilledEntry]:
    """What was billed at these points."""
    return [
        BilledEntry(
            accounting_point=Gsrn(row[0]),
            direction=Direction(row[1]),
            from_day=date.fromisoformat(row[2]),
            to_day=date.fromisoformat(row[3]),
            kwh=row[4],
        )
        for row in conn.execute(_BILLED, (_listed(of_points),))
    ]


def blocks(
    conn: sqlite3.Connection, of_points: Iterable[str], days: Iterable[str]
) -> list[DailyBlocksEntry]:
    """The quarter-hours of these points on these days."""
    return [
        DailyBlocksEntry(
            accounting_point=Gsrn(row[0]),
            direction=Direction(row[1]),
            day=date.fromisoformat(row[2]),
            watt_hours=tuple(msgspec.json.decode(row[3], type=tuple[int, ...])),
        )
        for row in conn.execute(_BLOCKS, (_listed(of_points), _listed(days)))
    ]
