"""The register of metering points: what it says of a point on a day, and changes to it (D1-D4).

Reads and writes on the connection it is given; begins and ends no transaction. Decides nothing:
a change that does not fit the register is a bug of the caller and is raised.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from broker.engine.facts import (
    AverageFacts,
    CustomerFacts,
    PointFacts,
)
from broker.messages.codes import Direction, Payer
from broker.messages.identifiers import (
    AreaCode,
    AreaNumber,
    DeliveryPoint,
    Eic,
    Gsrn,
    TaxNumber,
)
from broker.messages.register_changes import (
    ConnectionRecorded,
    MeteringPointCreated,
    PayerChanged,
    ReadingRecorded,
    RegisterChange,
    SiteReached,
    SupplyBeginningTakenBack,
    SupplyBegun,
    SupplyChanged,
    SupplyEnded,
    SupplyEndTakenBack,
)
from broker.messages.requests import Address
from broker.store.gsrns import give_out
from broker.store.instants import to_text
from broker.store.metering import metering_on
from broker.store.supply import (
    ChangeDoesNotFitTheRegister,
    SupplyChange,
    measuring_point,
    record_supply,
    supply_at,
)

# The clock of the law (rules, "Counting time").
_LOCAL = ZoneInfo("Europe/Ljubljana")

# The operator this register belongs to.
_OPERATOR = "SELECT eic, name, area_code, gsrn_prefix, legal_remedies FROM operator"

# A point with its site and the customer on record, erased customers left out; how it is read is
# said of the point whose meter measures it. A point that an import has brought is hidden until
# that import has switched over, and with it all that is its.
_POINT = """
    SELECT meter.accounting_point, point.delivery_point, area_number, metering_sites.gsrn,
        area_code, point.connected, point.consumption, point.production, point.self_supply,
        meter.remotely_read, inaccessible_since, meter.measured_power,
        name, tax_number, street, postal_code, city, country, email
    FROM accounting_points AS point
    JOIN accounting_points AS meter
        ON meter.accounting_point = coalesce(point.measured_at, point.accounting_point)
    JOIN metering_sites ON area_number = point.metering_site
    LEFT JOIN customers ON customers.customer = point.customer AND erased_at IS NULL
    WHERE point.accounting_point = ? AND NOT EXISTS (SELECT 1 FROM register_imports
        WHERE import_id = point.brought_by AND switched_over_at IS NULL)"""

# Where a point that can be seen is delivered.
_DELIVERY_POINT = """
    SELECT delivery_point FROM accounting_points
    WHERE accounting_point = ? AND NOT EXISTS (SELECT 1 FROM register_imports
        WHERE import_id = brought_by AND switched_over_at IS NULL)"""

# Who pays the network charge of a meter on a day; without a row it is the customer (A34). Like
# readings it stands at the point measured there, since none pays for a part (B11).
_PAYER = """
    SELECT payer FROM network_charge_payers WHERE accounting_point = ? AND from_day <= ?
    ORDER BY from_day DESC LIMIT 1"""

# From this day on the network charge is paid by this side; again on the same day replaces it.
_SET_PAYER = """
    INSERT INTO network_charge_payers (accounting_point, payer, from_day, case_id)
    VALUES (?, ?, ?, ?) ON CONFLICT (accounting_point, from_day)
    DO UPDATE SET payer = excluded.payer, case_id = excluded.case_id"""

# Directions of a point that had a supplier on a day or before it.
_EVER_SUPPLIED = """
    SELECT DISTINCT direction FROM supply WHERE accounting_point = ? AND from_day <= ?
    ORDER BY direction"""

# The last billing period of one direction that had ended by a day.
_LAST_BILLED = """
    SELECT from_day, to_day, kwh FROM billed_quantities
    WHERE accounting_point = ? AND direction = ? AND to_day <= ?
    ORDER BY from_day DESC LIMIT 1"""

# A point for a part of the consumption there, not connected yet (B9).
_CREATE_POINT = """
    INSERT INTO accounting_points (accounting_point, delivery_point, metering_site, customer,
        connected, consumption, production, self_supply, remotely_read, measured_at)
    SELECT :point, delivery_point, metering_site, customer, 0, 1, 0, 0, remotely_read,
        coalesce(measured_at, accounting_point)
    FROM accounting_points WHERE accounting_point = :divided_from"""

# Whether the point is connected.
_SET_CONNECTED = "UPDATE accounting_points SET connected = ? WHERE accounting_point = ?"

# The meter with a serial number that was installed at a point on a day.
_METER_OF_READING = """
    SELECT meter FROM meters WHERE accounting_point = :point AND serial_number = :serial_number
    AND installed_from <= :day AND (removed_on IS NULL OR :day <= removed_on)"""

# A site that was reached is no longer inaccessible, unless it became so later (A21).
_REACH_SITE = """
    UPDATE metering_sites SET inaccessible_since = NULL WHERE inaccessible_since <= :on
    AND area_number = (
        SELECT metering_site FROM accounting_points WHERE accounting_point = :point)"""

# A reading of a meter.
_INSERT_READING = "INSERT INTO readings (meter, taken_at, obtained_by, case_id) VALUES (?, ?, ?, ?)"

# What one register showed at a reading.
_INSERT_VALUE = "INSERT INTO reading_values (reading, meter, register, value) VALUES (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The grid operator the broker acts for: its area (D2), its numbers (D1), its texts (A37).

    `legal_remedies` is the wording owed with A29; without it that notice is not sent.
    """

    eic: Eic
    name: str
    area_code: AreaCode
    gsrn_prefix: str
    legal_remedies: str | None


class RegisterIsEmpty(LookupError):
    """The file has no register yet: the first import has not been made."""


def operator(conn: sqlite3.Connection) -> Operator:
    """The operator this register belongs to. Raises RegisterIsEmpty before the first import."""
    row = conn.execute(_OPERATOR).fetchone()
    if row is None:
        raise RegisterIsEmpty("no operator on record: import the register first")
    eic, name, area_code, gsrn_prefix, legal_remedies = row
    return Operator(
        eic=Eic(eic),
        name=name,
        area_code=AreaCode(area_code),
        gsrn_prefix=gsrn_prefix,
        legal_remedies=legal_remedies,
    )


def delivery_point_of(conn: sqlite3.Connection, accounting_point: Gsrn) -> DeliveryPoint | None:
    """Where the point is delivered; None when no point has this number."""
    row = conn.execute(_DELIVERY_POINT, (accounting_point,)).fetchone()
    return None if row is None else DeliveryPoint(row[0])


def point_facts(conn: sqlite3.Connection, accounting_point: Gsrn, day: date) -> PointFacts | None:
    """What the register says of the point on this day; None when no point has this number."""
    row = conn.execute(_POINT, (accounting_point,)).fetchone()
    if row is None:
        return None
    measured_at, place, site, site_gsrn, area, connected, takes, feeds_in, *rest = row
    self_supply, remotely_read, inaccessible_since, measured_power, *customer = rest
    flags = ((Direction.CONSUMPTION, takes), (Direction.PRODUCTION, feeds_in))
    directions = tuple(direction for direction, has in flags if has)
    metering = metering_on(conn, Gsrn(measured_at), day)
    supplies = supply_at(conn, place, day)
    return PointFacts(
        accounting_point=accounting_point,
        measured_at=Gsrn(measured_at),
        delivery_point=DeliveryPoint(place),
        metering_site=AreaNumber(site),
        metering_site_gsrn=None if site_gsrn is None else Gsrn(site_gsrn),
        area=AreaCode(area),
        connected=bool(connected),
        customer=None if customer[0] is None else _customer((*customer,)),
        directions=directions,
        self_supply=bool(self_supply),
        remotely_read=bool(remotely_read),
        inaccessible_since=None
        if inaccessible_since is None
        else date.fromisoformat(inaccessible_since),
        measured_power=bool(measured_power),
        payer=payer_of(conn, Gsrn(measured_at), day),
        supplies=tuple(one for one in supplies if one.accounting_point == accounting_point),
        supplies_at_delivery_point=supplies,
        ever_supplied=tuple(
            Direction(direction)
            for (direction,) in conn.execute(_EVER_SUPPLIED, (accounting_point, day.isoformat()))
        ),
        meter=metering.meter,
        last_reading=metering.last_reading,
        averages=tuple(
            average
            for direction in directions
            if (average := _average(conn, measured_at, direction, day)) is not None
        ),
        removed_meters=metering.removed_meters,
        closing=metering.closing,
    )


def payer_of(conn: sqlite3.Connection, measured_at: Gsrn, day: date) -> Payer:
    """Who pays the network charge of what is measured at this point, on this day (A34, A35)."""
    row = conn.execute(_PAYER, (measured_at, day.isoformat())).fetchone()
    return Payer.CUSTOMER if row is None else Payer(row[0])


def record_changes(conn: sqlite3.Connection, changes: Iterable[RegisterChange]) -> None:
    """Record what a case decided, all of it together.

    Points are created first; of supply, what ends goes before what begins. Raises
    ChangeDoesNotFitTheRegister, KeyDoesNotAddUp (B10), and IntegrityError where the tables refuse
    a change; the caller undoes all of them then.
    """
    supply: list[SupplyChange] = []
    for change in sorted(changes, key=lambda one: not isinstance(one, MeteringPointCreated)):
        match change:
            case (
                SupplyChanged()
                | SupplyEnded()
                | SupplyBegun()
                | SupplyBeginningTakenBack()
                | SupplyEndTakenBack()
            ):
                supply.append(change)
            case MeteringPointCreated():
                _create_point(conn, change)
            case ReadingRecorded():
                _record_reading(conn, change)
            case PayerChanged():
                at = measuring_point(conn, change.accounting_point)
                row = (at, change.payer.value, change.on.isoformat(), change.case_id)
                conn.execute(_SET_PAYER, row)
            case SiteReached():
                values = {"point": change.accounting_point, "on": change.on.isoformat()}
                conn.execute(_REACH_SITE, values)
            case ConnectionRecorded():
                flag = (int(change.connected), change.accounting_point)
                _one(conn.execute(_SET_CONNECTED, flag), change.accounting_point)
    record_supply(conn, supply)


def local_day(instant: datetime) -> date:
    """The day of the instant by the clock of the law."""
    return instant.astimezone(_LOCAL).date()


def _create_point(conn: sqlite3.Connection, change: MeteringPointCreated) -> None:
    """Give out the number and enter the point beside the one it was divided from (B9, D1)."""
    give_out(conn, change.accounting_point)
    values = {"point": change.accounting_point, "divided_from": change.divided_from}
    _one(conn.execute(_CREATE_POINT, values), change.divided_from)


def _record_reading(conn: sqlite3.Connection, change: ReadingRecorded) -> None:
    """Put the reading on record as one of the meter with its serial number, wherever that is."""
    day = local_day(change.taken_at)
    row = conn.execute(
        _METER_OF_READING,
        {
            "point": measuring_point(conn, change.accounting_point),
            "serial_number": change.serial_number,
            "day": day.isoformat(),
        },
    ).fetchone()
    if row is None:
        raise ChangeDoesNotFitTheRegister(
            f"meter {change.serial_number} is not installed at {change.accounting_point} on {day}"
        )
    meter: int = row[0]
    reading = conn.execute(
        _INSERT_READING,
        (meter, to_text(change.taken_at), change.obtained_by.value, change.case_id),
    ).lastrowid
    conn.executemany(
        _INSERT_VALUE,
        [(reading, meter, value.register, format(value.value, "f")) for value in change.registers],
    )


def _customer(row: tuple[str, str, str, str, str, str, str | None]) -> CustomerFacts:
    """The customer as the register names it."""
    name, tax_number, street, postal_code, city, country, email = row
    return CustomerFacts(
        name=name,
        tax_number=TaxNumber(tax_number),
        address=Address(street=street, postal_code=postal_code, city=city, country=country),
        email=email,
    )


def _average(
    conn: sqlite3.Connection, accounting_point: Gsrn, direction: Direction, day: date
) -> AverageFacts | None:
    """Energy a day of the previous billing period; None where nothing has been billed (C1)."""
    row = conn.execute(
        _LAST_BILLED, (accounting_point, direction.value, day.isoformat())
    ).fetchone()
    if row is None:
        return None
    from_day, to_day, kwh = row
    days = (date.fromisoformat(to_day) - date.fromisoformat(from_day)).days
    return AverageFacts(direction=direction, kwh_per_day=Decimal(kwh) / days)


def _one(cursor: sqlite3.Cursor, point: Gsrn) -> None:
    if cursor.rowcount != 1:
        raise ChangeDoesNotFitTheRegister(f"{point} is not on record")
