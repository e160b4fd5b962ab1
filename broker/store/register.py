"""The register of metering points: what it says of a point on a day, and changes to it (D1-D4).

Reads and writes on the connection it is given; begins and ends no transaction. Decides nothing:
a change that does not fit the register is a bug of the caller and is raised.
"""

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from broker.engine.facts import (
    AverageFacts,
    CustomerFacts,
    MeterFacts,
    PointFacts,
    ReadingOnRecord,
    RegisterFacts,
    SupplyFacts,
)
from broker.messages.codes import Direction, Payer
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
from broker.messages.register_changes import (
    PayerChanged,
    ReadingRecorded,
    RegisterChange,
    SupplyChanged,
)
from broker.messages.requests import Address, RegisterValue
from broker.store.instants import from_text, to_text

# The clock of the law (rules, "Counting time").
_LOCAL = ZoneInfo("Europe/Ljubljana")

# The operator this register belongs to.
_OPERATOR = "SELECT eic, name, area_code, gsrn_prefix, legal_remedies FROM operator"

# A point with its site and the customer on record, erased customers left out. A point that an
# import has brought is hidden until that import has switched over, and with it all that is its.
_POINT = """
    SELECT delivery_point, area_number, metering_sites.gsrn, area_code, connected,
        consumption, production, self_supply, remotely_read, inaccessible_since, measured_power,
        name, tax_number, street, postal_code, city, country, email
    FROM accounting_points
    JOIN metering_sites ON area_number = metering_site
    LEFT JOIN customers ON customers.customer = accounting_points.customer
        AND erased_at IS NULL
    WHERE accounting_point = ? AND NOT EXISTS (SELECT 1 FROM register_imports
        WHERE import_id = accounting_points.brought_by AND switched_over_at IS NULL)"""

# Where a point that can be seen is delivered.
_DELIVERY_POINT = """
    SELECT delivery_point FROM accounting_points
    WHERE accounting_point = ? AND NOT EXISTS (SELECT 1 FROM register_imports
        WHERE import_id = brought_by AND switched_over_at IS NULL)"""

# Who pays the network charge of a point on a day; without a row it is the customer (A34).
_PAYER = """
    SELECT payer FROM network_charge_payers WHERE accounting_point = ? AND from_day <= ?
    ORDER BY from_day DESC LIMIT 1"""

# From this day on the network charge is paid by this side; again on the same day replaces it.
_SET_PAYER = """
    INSERT INTO network_charge_payers (accounting_point, payer, from_day, case_id)
    VALUES (?, ?, ?, ?) ON CONFLICT (accounting_point, from_day)
    DO UPDATE SET payer = excluded.payer, case_id = excluded.case_id"""

# Who supplies one direction of a point on a day, and with what share.
_SUPPLY = """
    SELECT supplier, share FROM supply
    WHERE accounting_point = :point AND direction = :direction
    AND from_day <= :day AND (to_day IS NULL OR :day < to_day)
    ORDER BY supplier"""

# Directions of a point that had a supplier on a day or before it.
_EVER_SUPPLIED = """
    SELECT DISTINCT direction FROM supply WHERE accounting_point = ? AND from_day <= ?
    ORDER BY direction"""

# The meter installed at a point on a day, a row for each of its registers.
_METER = """
    SELECT meter, serial_number, register, digits, multiplier
    FROM meters LEFT JOIN meter_registers USING (meter)
    WHERE accounting_point = :point
    AND installed_from <= :day AND (removed_on IS NULL OR :day < removed_on)
    ORDER BY register"""

# The latest reading of a meter that counts, a row for each register.
_LAST_READING = """
    SELECT taken_at, register, value FROM reading_values JOIN (
        SELECT reading, taken_at FROM readings
        WHERE meter = ? AND withdrawn_by IS NULL
        ORDER BY taken_at DESC, reading DESC LIMIT 1) USING (reading)
    ORDER BY register"""

# The last billing period of one direction that had ended by a day.
_LAST_BILLED = """
    SELECT from_day, to_day, kwh FROM billed_quantities
    WHERE accounting_point = ? AND direction = ? AND to_day <= ?
    ORDER BY from_day DESC LIMIT 1"""

# The day on which the old supply that is to end had begun.
_SUPPLY_TO_END = """
    SELECT from_day FROM supply
    WHERE accounting_point = :point AND direction = :direction AND supplier = :old
    AND from_day <= :on AND (to_day IS NULL OR :on < to_day)"""

# A supply that would end on the day it began never was: the point had the new supplier that day.
_FORGET_SUPPLY = """
    DELETE FROM supply WHERE accounting_point = :point AND direction = :direction
    AND supplier = :old AND from_day = :from_day"""

# The old supplier's last day is the day before the switch.
_END_SUPPLY = """
    UPDATE supply SET to_day = :on WHERE accounting_point = :point AND direction = :direction
    AND supplier = :old AND from_day = :from_day"""

# The new supply is recorded without an end, whatever the contract's term (A27).
_BEGIN_SUPPLY = """
    INSERT INTO supply (accounting_point, direction, supplier, share, from_day, case_id)
    VALUES (:point, :direction, :new, :share, :on, :case_id)"""

# The meter with a serial number that was installed at a point on a day.
_METER_OF_READING = """
    SELECT meter FROM meters WHERE accounting_point = :point AND serial_number = :serial_number
    AND installed_from <= :day AND (removed_on IS NULL OR :day <= removed_on)"""

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


class ChangeDoesNotFitTheRegister(LookupError):
    """The change speaks of a supply or a meter that the register does not have."""


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


def who_supplies(
    conn: sqlite3.Connection, accounting_point: Gsrn, direction: Direction, day: date
) -> tuple[SupplyFacts, ...]:
    """Who supplies this direction of the point on this day: nobody, one, or several by shares.

    The only place that answers this. It tells what is recorded: whether a division that does not
    add up leaves the point without supplier (B10) is for the rules.
    """
    rows = conn.execute(
        _SUPPLY, {"point": accounting_point, "direction": direction.value, "day": day.isoformat()}
    )
    return tuple(
        SupplyFacts(direction=direction, supplier=Eic(supplier), share=Decimal(share))
        for supplier, share in rows
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
    delivery_point, site, site_gsrn, area, connected, takes, feeds_in, *rest = row
    self_supply, remotely_read, inaccessible_since, measured_power, *customer = rest
    flags = ((Direction.CONSUMPTION, takes), (Direction.PRODUCTION, feeds_in))
    directions = tuple(direction for direction, has in flags if has)
    meter_key, meter = _meter(conn, accounting_point, day)
    return PointFacts(
        accounting_point=accounting_point,
        delivery_point=DeliveryPoint(delivery_point),
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
        payer=payer_of(conn, accounting_point, day),
        supplies=tuple(
            supply
            for direction in directions
            for supply in who_supplies(conn, accounting_point, direction, day)
        ),
        ever_supplied=tuple(
            Direction(direction)
            for (direction,) in conn.execute(_EVER_SUPPLIED, (accounting_point, day.isoformat()))
        ),
        meter=meter,
        last_reading=None if meter_key is None else _last_reading(conn, meter_key),
        averages=tuple(
            average
            for direction in directions
            if (average := _average(conn, accounting_point, direction, day)) is not None
        ),
    )


def payer_of(conn: sqlite3.Connection, accounting_point: Gsrn, day: date) -> Payer:
    """Who pays the network charge of the point on this day (A34, A35)."""
    row = conn.execute(_PAYER, (accounting_point, day.isoformat())).fetchone()
    return Payer.CUSTOMER if row is None else Payer(row[0])


def record_change(conn: sqlite3.Connection, change: RegisterChange) -> None:
    """Record what a case decided. Raises ChangeDoesNotFitTheRegister, and IntegrityError where
    the new supply would overlap another or go beyond the whole.
    """
    match change:
        case SupplyChanged():
            _change_supply(conn, change)
        case ReadingRecorded():
            _record_reading(conn, change)
        case PayerChanged():
            row = (change.accounting_point, change.payer.value, change.on.isoformat())
            conn.execute(_SET_PAYER, (*row, change.case_id))


def local_day(instant: datetime) -> date:
    """The day of the instant by the clock of the law."""
    return instant.astimezone(_LOCAL).date()


def share_text(share: Decimal) -> str:
    """The share as the register's tables keep it: plain, without zeros at the end."""
    return format(share.normalize(), "f")


def _change_supply(conn: sqlite3.Connection, change: SupplyChanged) -> None:
    """Close the old supply [.., on) and open the new one from `on` without end (A27)."""
    values = {
        "point": change.accounting_point,
        "direction": change.direction.value,
        "old": change.old,
        "new": change.new,
        "share": share_text(change.share),
        "on": change.on.isoformat(),
        "case_id": change.case_id,
    }
    if change.old is not None:
        row = conn.execute(_SUPPLY_TO_END, values).fetchone()
        if row is None:
            raise ChangeDoesNotFitTheRegister(
                f"{change.old} does not supply {change.direction.value} of "
                f"{change.accounting_point} on {change.on}"
            )
        values["from_day"] = row[0]
        conn.execute(_FORGET_SUPPLY if row[0] == values["on"] else _END_SUPPLY, values)
    conn.execute(_BEGIN_SUPPLY, values)


def _record_reading(conn: sqlite3.Connection, change: ReadingRecorded) -> None:
    """Put the reading on record as one of the meter with its serial number."""
    day = local_day(change.taken_at)
    row = conn.execute(
        _METER_OF_READING,
        {
            "point": change.accounting_point,
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


def _meter(
    conn: sqlite3.Connection, accounting_point: Gsrn, day: date
) -> tuple[int | None, MeterFacts | None]:
    """The meter installed on the day, with its key; two Nones where there is none."""
    values = {"point": accounting_point, "day": day.isoformat()}
    rows = conn.execute(_METER, values).fetchall()
    if not rows:
        return None, None
    registers = tuple(
        RegisterFacts(register=ObisCode(register), digits=digits, multiplier=Decimal(multiplier))
        for _, _, register, digits, multiplier in rows
        if register is not None
    )
    meter = MeterFacts(serial_number=SerialNumber(rows[0][1]), registers=registers)
    return rows[0][0], meter


def _last_reading(conn: sqlite3.Connection, meter: int) -> ReadingOnRecord | None:
    """The latest reading of the meter, dated by the local day on which it was taken."""
    rows = conn.execute(_LAST_READING, (meter,)).fetchall()
    if not rows:
        return None
    return ReadingOnRecord(
        taken_on=local_day(from_text(rows[0][0])),
        registers=tuple(
            RegisterValue(register=ObisCode(register), value=Decimal(value))
            for _, register, value in rows
        ),
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
