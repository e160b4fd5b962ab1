"""Keeping the register: what the back office reports is looked up and entered here (D1-D4).

Reads and writes on the connection it is given; begins and ends no transaction. Decides nothing:
an entry that does not fit the register is a bug of the caller and is raised. What is said of the
meter of a point that another one's meter measures is entered there.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date

from broker.engine.register_check import SiteFacts
from broker.messages.codes import Direction
from broker.messages.identifiers import AreaNumber, Gsrn, SerialNumber
from broker.messages.register_changes import (
    CustomerRecorded,
    EntryOfCase,
    LinkRecorded,
    MeterInstalled,
    MeterRemoved,
    PayerTakenBack,
    PointRecorded,
    QuantityBilledAnew,
    ReadingCancelled,
    ReadingWithdrawn,
    RegisterEntry,
    TakenBack,
)
from broker.store.corrections import bill_anew, cancel_reading
from broker.store.register import record_changes
from broker.store.supply import ChangeDoesNotFitTheRegister, measuring_point
from broker.store.switch_corrections import take_back

# Since when and until when the meter of a day is at the point.
_METER_DAYS = """
    SELECT installed_from, removed_on FROM meters WHERE accounting_point = :point
    AND installed_from <= :day AND (removed_on IS NULL OR :day < removed_on)"""

# The directions of all points that one meter measures.
_MEASURED = """
    SELECT max(consumption), max(production) FROM accounting_points
    WHERE accounting_point = :meter OR measured_at = :meter"""

# Whether a number was ever given out (D1).
_GIVEN_OUT = "SELECT EXISTS (SELECT 1 FROM issued_gsrns WHERE gsrn = ?)"

# A metering site.
_SITE = "SELECT gsrn FROM metering_sites WHERE area_number = ?"

# Whether a meter with this serial number is installed somewhere, or ever was at this point.
_SERIAL_TAKEN = """
    SELECT EXISTS (SELECT 1 FROM meters WHERE serial_number = :serial_number
        AND (removed_on IS NULL OR accounting_point = :point))"""

# The meter leaves the point.
_REMOVE_METER = """
    UPDATE meters SET removed_on = ?
    WHERE accounting_point = ? AND serial_number = ? AND removed_on IS NULL"""

# A meter comes to the point.
_INSTALL_METER = (
    "INSERT INTO meters (accounting_point, serial_number, installed_from) VALUES (?, ?, ?)"
)

# One register of a meter.
_ADD_REGISTER = """
    INSERT INTO meter_registers (meter, register, digits, decimals, multiplier)
    VALUES (?, ?, ?, ?, ?)"""

# A customer with the data it has now; a known one by its tax number gets them.
_SET_CUSTOMER = """
    INSERT INTO customers (tax_number, name, street, postal_code, city, country, email)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tax_number) DO UPDATE SET name = excluded.name,
        street = excluded.street, postal_code = excluded.postal_code, city = excluded.city,
        country = excluded.country, email = excluded.email"""

# Whose point it is.
_SET_CUSTOMER_OF_POINT = """
    UPDATE accounting_points
    SET customer = (SELECT customer FROM customers WHERE tax_number = ?)
    WHERE accounting_point = ?"""

# Whether the meter of the point is read remotely.
_SET_REMOTELY_READ = "UPDATE accounting_points SET remotely_read = ? WHERE accounting_point = ?"

# A number is given out, for ever.
_GIVE_OUT = "INSERT INTO issued_gsrns (gsrn) VALUES (?)"

# A site that is new.
_ADD_SITE = "INSERT INTO metering_sites (area_number, area_code, gsrn) VALUES (?, ?, ?)"

# A delivery point, once however many accounting points it has.
_ADD_DELIVERY_POINT = (
    "INSERT INTO delivery_points (delivery_point) VALUES (?) ON CONFLICT DO NOTHING"
)

# A connected point.
_ADD_POINT = """
    INSERT INTO accounting_points (accounting_point, delivery_point, metering_site, connected,
        consumption, production, self_supply, remotely_read)
    VALUES (?, ?, ?, 1, ?, ?, ?, ?)"""


def meter_days(
    conn: sqlite3.Connection, accounting_point: Gsrn, day: date
) -> tuple[date | None, date | None]:
    """When the meter of that day was installed and when removed; Nones where there is none."""
    values = {"point": measuring_point(conn, accounting_point), "day": day.isoformat()}
    row = conn.execute(_METER_DAYS, values).fetchone()
    if row is None:
        return None, None
    return date.fromisoformat(row[0]), None if row[1] is None else date.fromisoformat(row[1])


def measured_directions(conn: sqlite3.Connection, accounting_point: Gsrn) -> tuple[Direction, ...]:
    """The directions which the meter of this point measures, of other points too (B9)."""
    values = {"meter": measuring_point(conn, accounting_point)}
    flags = conn.execute(_MEASURED, values).fetchone()
    return tuple(direction for direction, has in zip(Direction, flags, strict=True) if has)


def given_out(conn: sqlite3.Connection, numbers: Sequence[Gsrn]) -> tuple[Gsrn, ...]:
    """Those of the numbers that were given out at some time (D1)."""
    return tuple(one for one in numbers if conn.execute(_GIVEN_OUT, (one,)).fetchone()[0])


def site(conn: sqlite3.Connection, metering_site: AreaNumber) -> SiteFacts | None:
    """The metering site with this number, None where there is none (D2)."""
    row = conn.execute(_SITE, (metering_site,)).fetchone()
    if row is None:
        return None
    return SiteFacts(metering_site=metering_site, gsrn=None if row[0] is None else Gsrn(row[0]))


def serial_taken(
    conn: sqlite3.Connection, accounting_point: Gsrn, serial_number: SerialNumber
) -> bool:
    """Whether such a meter is installed somewhere, or ever was at this point (D4)."""
    at = measuring_point(conn, accounting_point)
    values = {"point": at, "serial_number": serial_number}
    return bool(conn.execute(_SERIAL_TAKEN, values).fetchone()[0])


def enter(conn: sqlite3.Connection, entry: RegisterEntry) -> None:
    """Enter what was decided. Raises ChangeDoesNotFitTheRegister, and IntegrityError where the
    tables do not allow it.
    """
    match entry:
        case MeterRemoved():
            at = measuring_point(conn, entry.accounting_point)
            row = (entry.on.isoformat(), at, entry.serial_number)
            _one(conn.execute(_REMOVE_METER, row), f"meter {entry.serial_number}")
        case MeterInstalled():
            _install(conn, entry)
        case CustomerRecorded():
            _record_customer(conn, entry)
        case LinkRecorded():
            at = measuring_point(conn, entry.accounting_point)
            _one(conn.execute(_SET_REMOTELY_READ, (int(entry.remotely_read), at)), at)
        case PointRecorded():
            _record_point(conn, entry)
        case ReadingCancelled():
            cancel_reading(conn, entry)
        case QuantityBilledAnew():
            bill_anew(conn, entry)
        case PayerTakenBack() | ReadingWithdrawn():
            take_back(conn, entry)
        case _:
            record_changes(conn, (entry,))


def enter_together(conn: sqlite3.Connection, entries: Iterable[EntryOfCase]) -> None:
    """Enter what a case decided, all of it together, what is taken back first (B10, D3).

    Raises as `enter` does, and KeyDoesNotAddUp.
    """
    entries = tuple(entries)
    for entry in entries:
        if isinstance(entry, TakenBack):
            take_back(conn, entry)
    record_changes(conn, (entry for entry in entries if not isinstance(entry, TakenBack)))


def _install(conn: sqlite3.Connection, entry: MeterInstalled) -> None:
    meter = entry.meter
    at = measuring_point(conn, entry.accounting_point)
    row = (at, meter.serial_number, entry.on.isoformat())
    key = conn.execute(_INSTALL_METER, row).lastrowid
    conn.executemany(
        _ADD_REGISTER,
        [
            (key, one.register, one.digits, one.decimals, format(one.multiplier, "f"))
            for one in meter.registers
        ],
    )


def _record_customer(conn: sqlite3.Connection, entry: CustomerRecorded) -> None:
    one = entry.customer
    at = one.address
    row = (one.tax_number, one.name, at.street, at.postal_code, at.city, at.country, one.email)
    conn.execute(_SET_CUSTOMER, row)
    of_point = (one.tax_number, entry.accounting_point)
    _one(conn.execute(_SET_CUSTOMER_OF_POINT, of_point), entry.accounting_point)


def _record_point(conn: sqlite3.Connection, entry: PointRecorded) -> None:
    """The site too where it is new; each number is given out with it (D1, D2)."""
    named, new = entry.point, entry.new
    conn.execute(_GIVE_OUT, (named.accounting_point,))
    if site(conn, named.metering_site) is None:
        if named.metering_site_gsrn is not None:
            conn.execute(_GIVE_OUT, (named.metering_site_gsrn,))
        row = (named.metering_site, named.area, named.metering_site_gsrn)
        conn.execute(_ADD_SITE, row)
    conn.execute(_ADD_DELIVERY_POINT, (new.delivery_point,))
    directions = {first.direction for first in new.suppliers}
    flags = [int(direction in directions) for direction in Direction]
    conn.execute(
        _ADD_POINT,
        (
            named.accounting_point,
            new.delivery_point,
            named.metering_site,
            *flags,
            int(new.self_supply),
            int(new.meter.remotely_read),
        ),
    )


def _one(cursor: sqlite3.Cursor, what: str) -> None:
    if cursor.rowcount != 1:
        raise ChangeDoesNotFitTheRegister(f"{what} is not there to be changed")
