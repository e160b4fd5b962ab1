"""An import into a living register: hidden rows in batches, then one transaction that shows them.

What an import brings besides changes is inserted as it will stay, marked with the import, and
hidden by that mark alone; so the switch-over is short whatever the size. What is left of an import
that was interrupted is removed in batches too.
"""

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import msgspec

from broker.engine.calendar import local_day
from broker.store import imported_changes
from broker.store.imported_changes import ToTell
from broker.store.instants import to_text
from broker.store.register_record import busy, busy_sites
from broker.store.register_rows import Column, RegisterRows, insert_rows
from broker.store.supply import KeyDoesNotAddUp, every_key_adds_up
from broker.store.writer import savepoint

_LIST = "(SELECT value FROM json_each(?))"

# A new import, hidden.
_BEGIN = "INSERT INTO register_imports (number, begun_at) VALUES (?, ?)"

# Show all that an import has brought.
_SWITCH_OVER = """
    UPDATE register_imports SET switched_over_at = ?
    WHERE import_id = ? AND switched_over_at IS NULL"""

# An import that never switched over.
_ABANDONED = """
    SELECT import_id FROM register_imports WHERE switched_over_at IS NULL
    ORDER BY import_id LIMIT 1"""

# Some points that an import has brought, with all that are measured together with one of them,
# since a key is removed whole or not at all (B10); some sites, customers and participants.
_ITS_POINTS = """
    WITH meters AS MATERIALIZED (
        SELECT DISTINCT coalesce(measured_at, accounting_point) AS point FROM
            (SELECT * FROM accounting_points WHERE brought_by = ? LIMIT ?))
    SELECT accounting_point, delivery_point FROM accounting_points
    WHERE accounting_point IN (SELECT point FROM meters)
    UNION SELECT accounting_point, delivery_point FROM accounting_points
    WHERE measured_at IN (SELECT point FROM meters)"""
_ITS_SITES = "SELECT area_number, gsrn FROM metering_sites WHERE brought_by = ? LIMIT ?"
_ITS_CUSTOMERS = "SELECT customer FROM customers WHERE brought_by = ? LIMIT ?"
_ITS_PARTICIPANTS = "SELECT eic FROM participants WHERE brought_by = ? LIMIT ?"

# Everything about some points, in an order that foreign keys allow.
_REMOVE_POINTS = (
    f"""DELETE FROM reading_values WHERE reading IN (SELECT reading FROM readings
        JOIN meters USING (meter) WHERE accounting_point IN {_LIST})""",
    f"""DELETE FROM readings WHERE meter IN
        (SELECT meter FROM meters WHERE accounting_point IN {_LIST})""",
    f"""DELETE FROM meter_registers WHERE meter IN
        (SELECT meter FROM meters WHERE accounting_point IN {_LIST})""",
    f"DELETE FROM meters WHERE accounting_point IN {_LIST}",
    f"DELETE FROM billed_quantities WHERE accounting_point IN {_LIST}",
    f"DELETE FROM daily_blocks WHERE accounting_point IN {_LIST}",
    f"DELETE FROM supply WHERE accounting_point IN {_LIST}",
    f"DELETE FROM accounting_points WHERE accounting_point IN {_LIST}",
    f"DELETE FROM issued_gsrns WHERE gsrn IN {_LIST}",
)
# Delivery points without accounting points.
_REMOVE_DELIVERY_POINTS = f"""
    DELETE FROM delivery_points WHERE delivery_point IN {_LIST} AND NOT EXISTS
    (SELECT 1 FROM accounting_points p WHERE p.delivery_point = delivery_points.delivery_point)"""

# Sites, their numbers, customers and participants, unless something has come to refer to them.
_REMOVE_SITES = f"""
    DELETE FROM metering_sites WHERE area_number IN {_LIST}
    AND NOT EXISTS (SELECT 1 FROM accounting_points WHERE metering_site = area_number)"""
_REMOVE_GSRNS = f"""
    DELETE FROM issued_gsrns WHERE gsrn IN {_LIST}
    AND NOT EXISTS (SELECT 1 FROM metering_sites s WHERE s.gsrn = issued_gsrns.gsrn)"""
_REMOVE_CUSTOMERS = f"""
    DELETE FROM customers WHERE customer IN {_LIST}
    AND NOT EXISTS (SELECT 1 FROM accounting_points p WHERE p.customer = customers.customer)
    AND NOT EXISTS (SELECT 1 FROM metering_sites WHERE owner = customers.customer)"""
_REMOVE_ROLES = f"DELETE FROM participant_roles WHERE eic IN {_LIST}"
_REMOVE_PARTICIPANTS = f"DELETE FROM participants WHERE eic IN {_LIST}"

# What was referred to meanwhile stays, as a row of the register.
_KEEP_SITES = "UPDATE metering_sites SET brought_by = NULL WHERE brought_by = ?"
_KEEP_CUSTOMERS = "UPDATE customers SET brought_by = NULL WHERE brought_by = ?"

# Nothing is left of the import.
_FORGET = "DELETE FROM register_imports WHERE import_id = ?"

# A change of master data, where what it changes is still as it was.
_UPDATES = {
    "customer": """
        UPDATE customers SET (name, street, postal_code, city, country, email)
            = (?, ?, ?, ?, ?, ?)
        WHERE tax_number = ? AND (name, street, postal_code, city, country) = (?, ?, ?, ?, ?)
        AND email IS ?""",
    "site": """
        UPDATE metering_sites SET gsrn = ?, inaccessible_since = ?,
            owner = (SELECT customer FROM customers WHERE tax_number = ?)
        WHERE area_number = ? AND gsrn IS ? AND inaccessible_since IS ?
        AND owner IS (SELECT customer FROM customers WHERE tax_number = ?)""",
    "point": """
        UPDATE accounting_points SET connected = ?, remotely_read = ?, measured_power = ?,
            customer = (SELECT customer FROM customers WHERE tax_number = ?)
        WHERE accounting_point = ? AND (connected, remotely_read, measured_power) = (?, ?, ?)
        AND customer IS (SELECT customer FROM customers WHERE tax_number = ?)""",
    "meter": """
        UPDATE meters SET removed_on = ?
        WHERE accounting_point = ? AND serial_number = ? AND removed_on IS NULL""",
    "participant": """
        UPDATE participants SET (name, active, tax_number, registration_number, message_address,
            balance_group, credential_manager_name, credential_manager_email, affiliate,
            network_charge_contract) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        WHERE eic = ?""",
}

Kind = Literal["customer", "site", "point", "meter", "participant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One row of master data that changes: the values its statement in `_UPDATES` takes."""

    kind: Kind
    values: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What changes together, or not at all: at one delivery point, or one row that stands alone.

    `waits_for_cases` where it is not made while a case is in progress there; `places` are the rows
    of the files, `told` what suppliers and cases at the points are told of it. That a customer has
    changed is told at all of its points.
    """

    at: tuple[Literal["delivery_point", "customer", "site", "participant"], str]
    waits_for_cases: bool
    places: tuple[tuple[str, int], ...]
    updates: tuple[Update, ...]
    rows: RegisterRows
    told: tuple[ToTell, ...] = ()

    def count(self) -> int:
        """How many rows it writes."""
        return len(self.updates) + self.rows.count()


class ChangedMeanwhile(Exception):
    """What was to change is no longer what it was when the import was checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplied:
    """A change that the switch-over left out, and why."""

    places: tuple[tuple[str, int], ...]
    why: str


def begin(conn: sqlite3.Connection, number: str, at: datetime) -> int:
    """A new import under this number; gives its key."""
    key = conn.execute(_BEGIN, (number, to_text(at))).lastrowid
    assert key is not None
    return key


def stage(conn: sqlite3.Connection, rows: RegisterRows, import_id: int) -> None:
    """Insert a batch, hidden.

    Raises IntegrityError where the register has such a row by now, and KeyDoesNotAddUp.
    """
    insert_rows(conn, rows, import_id)
    every_key_adds_up(conn)


def switch_over(
    conn: sqlite3.Connection, import_id: int, changes: tuple[Change, ...], at: datetime
) -> tuple[NotApplied, ...]:
    """Show what the import has brought and make its changes; those that cannot be are given back.

    Raises LookupError where the import is not there to be shown.
    """
    if conn.execute(_SWITCH_OVER, (to_text(at), import_id)).rowcount != 1:
        raise LookupError(f"import {import_id} cannot switch over")
    not_applied = []
    for change in changes:
        try:
            with savepoint(conn):
                _apply(conn, change, import_id, local_day(at))
        except (ChangedMeanwhile, KeyDoesNotAddUp, sqlite3.IntegrityError) as error:
            not_applied.append(NotApplied(places=change.places, why=str(error)))
    return tuple(not_applied)


def _apply(conn: sqlite3.Connection, change: Change, import_id: int, today: date) -> None:
    """Make one change and note what is to be told of it.

    Raises ChangedMeanwhile, KeyDoesNotAddUp, and IntegrityError where the tables refuse it.
    """
    what, key = change.at
    if change.waits_for_cases or any(
        one.effective_on > today for one in change.told if one.effective_on
    ):
        looks = {"delivery_point": busy, "site": busy_sites}
        if what in looks and looks[what](conn, (key,)):
            raise ChangedMeanwhile("a case is in progress there")
    for update in change.updates:
        if conn.execute(_UPDATES[update.kind], update.values).rowcount != 1:
            raise ChangedMeanwhile(f"the {update.kind} has changed since the files were checked")
    insert_rows(conn, change.rows, None)
    every_key_adds_up(conn)
    for one in change.told:
        imported_changes.add(conn, one, today)
    if what == "customer":
        imported_changes.add_customer(conn, key, import_id, today)


def clear_abandoned(conn: sqlite3.Connection, limit: int) -> bool:
    """Remove some of what an interrupted import has left; False where nothing was left.

    To be called while no import is under way.
    """
    row = conn.execute(_ABANDONED).fetchone()
    if row is None:
        return False
    import_id: int = row[0]
    if not (_clear_points(conn, import_id, limit) or _clear_parties(conn, import_id, limit)):
        conn.execute(_FORGET, (import_id,))
    return True


def _clear_points(conn: sqlite3.Connection, import_id: int, limit: int) -> bool:
    rows = conn.execute(_ITS_POINTS, (import_id, limit)).fetchall()
    if rows:
        points = _listed([point for point, _ in rows])
        for statement in _REMOVE_POINTS:
            conn.execute(statement, (points,))
        conn.execute(_REMOVE_DELIVERY_POINTS, (_listed([place for _, place in rows]),))
    return bool(rows)


def _clear_parties(conn: sqlite3.Connection, import_id: int, limit: int) -> bool:
    """Remove sites, then customers, then participants; what is referred to by now is kept."""
    if sites := conn.execute(_ITS_SITES, (import_id, limit)).fetchall():
        removed = conn.execute(_REMOVE_SITES, (_listed([number for number, _ in sites]),)).rowcount
        conn.execute(_REMOVE_GSRNS, (_listed([gsrn for _, gsrn in sites if gsrn]),))
        if removed == 0:
            conn.execute(_KEEP_SITES, (import_id,))
    elif customers := conn.execute(_ITS_CUSTOMERS, (import_id, limit)).fetchall():
        if conn.execute(_REMOVE_CUSTOMERS, (_listed([key for (key,) in customers]),)).rowcount == 0:
            conn.execute(_KEEP_CUSTOMERS, (import_id,))
    elif parties := conn.execute(_ITS_PARTICIPANTS, (import_id, limit)).fetchall():
        eics = _listed([eic for (eic,) in parties])
        conn.execute(_REMOVE_ROLES, (eics,))
        conn.execute(_REMOVE_PARTICIPANTS, (eics,))
    else:
        return False
    return True


def _listed(values: list[str] | list[int]) -> str:
    return msgspec.json.encode(values).decode()
