"""What imports have changed at points on record, until suppliers and cases have been told.

Reads and writes on the connection it is given; begins and ends no transaction.
"""

import sqlite3
from dataclasses import dataclass
from datetime import date

from broker.messages.codes import RegisterChangeKind
from broker.messages.identifiers import DeliveryPoint, Gsrn

_COLUMNS = "imported_change, accounting_point, kind, effective_on, supplier_is_told"

# A change at a point; an older one of its kind that nobody was told of is told with it.
_ADD = """
    INSERT INTO imported_changes (accounting_point, kind, effective_on, supplier_is_told)
    VALUES (?, ?, ?, ?) ON CONFLICT (accounting_point, kind) DO UPDATE SET
        effective_on = excluded.effective_on, parked = NULL,
        supplier_is_told = max(supplier_is_told, excluded.supplier_is_told)"""

# A customer has changed: so it is at each of its points but those that the same import brought.
_ADD_CUSTOMER = """
    INSERT INTO imported_changes (accounting_point, kind, effective_on, supplier_is_told)
    SELECT accounting_point, 'customer', ?, 1 FROM accounting_points JOIN customers USING (customer)
    WHERE tax_number = ? AND accounting_points.brought_by IS NOT ?
    ON CONFLICT (accounting_point, kind) DO UPDATE SET
        effective_on = excluded.effective_on, parked = NULL"""

# The oldest changes, and those at a delivery point.
_OLDEST = f"""
    SELECT {_COLUMNS} FROM imported_changes WHERE parked IS NULL
    ORDER BY imported_change LIMIT ?"""
_AT_DELIVERY_POINT = f"""
    SELECT {_COLUMNS} FROM accounting_points JOIN imported_changes USING (accounting_point)
    WHERE delivery_point = ? AND parked IS NULL ORDER BY imported_change"""

# Everybody has been told.
_REMOVE = "DELETE FROM imported_changes WHERE imported_change = ?"

# Telling failed; put aside, with the reason, and taken up again.
_PARK = "UPDATE imported_changes SET parked = ? WHERE imported_change = ?"
_UNPARK = "UPDATE imported_changes SET parked = NULL WHERE parked IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToTell:
    """A change at a point, and whether its supplier is told; without a day from the switch-over."""

    accounting_point: Gsrn
    kind: RegisterChangeKind
    effective_on: date | None = None
    supplier_is_told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedChange:
    """A change at a point of which nobody has been told yet."""

    key: int
    accounting_point: Gsrn
    kind: RegisterChangeKind
    effective_on: date
    supplier_is_told: bool


def add(conn: sqlite3.Connection, change: ToTell, today: date) -> None:
    """Note a change that is to be told of."""
    on = (change.effective_on or today).isoformat()
    values = (change.accounting_point, change.kind.value, on, change.supplier_is_told)
    conn.execute(_ADD, values)


def add_customer(conn: sqlite3.Connection, tax_number: str, import_id: int, today: date) -> None:
    """Note that this customer has changed, which this import has done."""
    conn.execute(_ADD_CUSTOMER, (today.isoformat(), tax_number, import_id))


def oldest(conn: sqlite3.Connection, limit: int) -> tuple[ImportedChange, ...]:
    """The changes that have waited longest, at most so many."""
    return _changes(conn.execute(_OLDEST, (limit,)))


def at_delivery_point(
    conn: sqlite3.Connection, delivery_point: DeliveryPoint
) -> tuple[ImportedChange, ...]:
    """The changes at a delivery point, oldest first."""
    return _changes(conn.execute(_AT_DELIVERY_POINT, (delivery_point,)))


def remove(conn: sqlite3.Connection, change: ImportedChange) -> None:
    """Everybody has been told of the change."""
    conn.execute(_REMOVE, (change.key,))


def park(conn: sqlite3.Connection, change: ImportedChange, why: str) -> None:
    """Put a change aside that could not be told of."""
    conn.execute(_PARK, (why, change.key))


def try_parked_again(conn: sqlite3.Connection) -> None:
    """Take up again what was put aside."""
    conn.execute(_UNPARK)


def _changes(rows: sqlite3.Cursor) -> tuple[ImportedChange, ...]:
    return tuple(
        ImportedChange(
            key=key,
            accounting_point=Gsrn(point),
            kind=RegisterChangeKind(kind),
            effective_on=date.fromisoformat(on),
            supplier_is_told=bool(told),
        )
        for key, point, kind, on, told in rows
    )
