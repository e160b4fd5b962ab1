"""Who supplies whom: what is in force on a day, and what changes it (A27, B9, B10).

Reads and writes on the connection it is given; begins and ends no transaction. The key of a
delivery point divides what one meter measures: it is made of the shares of all accounting points
that the meter measures, its own and those that a division made (B9).
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from broker.engine.facts import SupplyFacts
from broker.messages.codes import Direction, RegisterChangeKind
from broker.messages.identifiers import CaseId, DeliveryPoint, Eic, Gsrn
from broker.messages.master_data import ShareInForce
from broker.messages.register_changes import (
    SupplyBeginningTakenBack,
    SupplyBegun,
    SupplyChanged,
    SupplyEnded,
    SupplyEndTakenBack,
)

# What is recorded of a delivery point on a day, each row with the point whose meter measures it.
# A point that an import has brought is hidden until that import has switched over.
_RECORDED = """
    SELECT coalesce(measured_at, accounting_point), accounting_point, direction, supplier, share
    FROM accounting_points AS point JOIN supply USING (accounting_point)
    WHERE delivery_point = :place AND from_day <= :day AND (to_day IS NULL OR :day < to_day)
    AND NOT EXISTS (SELECT 1 FROM register_imports
        WHERE import_id = point.brought_by AND switched_over_at IS NULL)
    ORDER BY accounting_point, direction, supplier"""

# Where a point is delivered.
_PLACE = "SELECT delivery_point FROM accounting_points WHERE accounting_point = ?"

# The points that one meter measures, its own among them.
_AT_METER = """
    SELECT accounting_point FROM accounting_points
    WHERE accounting_point = :meter OR measured_at = :meter"""

# The point whose meter measures a point, mostly itself.
_MEASURED_AT = """
    SELECT coalesce(measured_at, accounting_point) FROM accounting_points
    WHERE accounting_point = ?"""

# The shares of consumption at one meter that were in force on a day of [first_day, end).
_SHARES_BETWEEN = """
    SELECT accounting_point, supplier, share, from_day, to_day
    FROM accounting_points JOIN supply USING (accounting_point)
    WHERE (accounting_point = :meter OR measured_at = :meter) AND direction = 'consumption'
    AND from_day < :end AND (to_day IS NULL OR :first_day < to_day)
    ORDER BY accounting_point, supplier, from_day"""

# The day on which the supply that is to end had begun.
_SUPPLY_TO_END = """
    SELECT from_day FROM supply
    WHERE accounting_point = :point AND direction = :direction AND supplier = :supplier
    AND from_day <= :on AND (to_day IS NULL OR :on < to_day)"""

# A supply that would end on the day it began never was: the point had the new supplier that day.
_FORGET_SUPPLY = """
    DELETE FROM supply WHERE accounting_point = :point AND direction = :direction
    AND supplier = :supplier AND from_day = :from_day"""

# The old supplier's last day is the day before the switch.
_END_SUPPLY = """
    UPDATE supply SET to_day = :on WHERE accounting_point = :point AND direction = :direction
    AND supplier = :supplier AND from_day = :from_day"""

# The new supply is recorded without an end, whatever the contract's term (A27).
_BEGIN_SUPPLY = """
    INSERT INTO supply (accounting_point, direction, supplier, share, from_day, case_id)
    VALUES (:point, :direction, :supplier, :share, :on, :case_id)"""

# The supply that a switch brought is as if it had never been.
_FORGET_BEGINNING = """
    DELETE FROM supply WHERE accounting_point = :point AND direction = :direction
    AND supplier = :supplier AND from_day = :on AND to_day IS NULL"""

# The supply that ended with a switch goes on.
_FORGET_END = """
    UPDATE supply SET to_day = NULL WHERE accounting_point = :point AND direction = :direction
    AND supplier = :supplier AND to_day = :on"""

# A meter whose shares do not add up as the open transaction has left them.
_DOES_NOT_ADD_UP = "SELECT measured_at FROM keys_that_do_not_add_up LIMIT 1"

# Every meter whose shares do not add up from some day on, worked out from the supply alone.
_ALL_THAT_DO_NOT = """
    WITH changes AS (
        SELECT coalesce(measured_at, accounting_point) AS meter, from_day AS day,
            CAST(round(share * 1000000) AS INTEGER) AS millionths
        FROM supply JOIN accounting_points USING (accounting_point)
        WHERE direction = 'consumption'
        UNION ALL
        SELECT coalesce(measured_at, accounting_point), to_day,
            -CAST(round(share * 1000000) AS INTEGER)
        FROM supply JOIN accounting_points USING (accounting_point)
        WHERE direction = 'consumption' AND to_day IS NOT NULL),
    sums AS (
        SELECT meter, day, sum(sum(millionths)) OVER (PARTITION BY meter ORDER BY day) AS total
        FROM changes GROUP BY meter, day)
    SELECT meter, min(day) FROM sums WHERE total NOT IN (0, 1000000)
    GROUP BY meter ORDER BY meter"""

SupplyChange = (
    SupplyChanged | SupplyEnded | SupplyBegun | SupplyBeginningTakenBack | SupplyEndTakenBack
)


class ChangeDoesNotFitTheRegister(LookupError):
    """The change speaks of a supply, a meter or a number that the register does not have."""


class KeyDoesNotAddUp(ValueError):
    """After the changes the shares at a meter would not be exactly one, nor nothing (B10)."""


def supply_at(
    conn: sqlite3.Connection, delivery_point: DeliveryPoint, day: date
) -> tuple[SupplyFacts, ...]:
    """Who supplies the accounting points of this delivery point on this day, with which shares.

    The only place that answers this. Shares of consumption at one meter that do not add up to
    exactly one are nobody's supply: such a key means that there is no supplier. The tables let
    none be committed, but the answer does not depend on it.
    Source: B10 (002 a.168(6)).
    """
    keys: dict[tuple[str, str], list[SupplyFacts]] = defaultdict(list)
    for meter, point, direction, supplier, share in conn.execute(
        _RECORDED, {"place": delivery_point, "day": day.isoformat()}
    ):
        keys[meter, direction].append(
            SupplyFacts(
                accounting_point=Gsrn(point),
                direction=Direction(direction),
                supplier=Eic(supplier),
                share=Decimal(share),
            )
        )
    return tuple(
        supply
        for key in keys.values()
        if sum(supply.share for supply in key) == 1
        for supply in key
    )


def supplies_concerned(
    conn: sqlite3.Connection, accounting_point: Gsrn, change: RegisterChangeKind, day: date
) -> tuple[SupplyFacts, ...]:
    """The supplies of that day which a change at the point concerns, in whatever direction.

    Those of the point, and where the change is one of the meter, those of all points that the meter
    measures. Those of the point named go first. The only place that answers this.
    Source: A32, D4, B9, H8 (002 a.141, a.149(2), a.192(4), a.211(1)).
    """
    row = conn.execute(_PLACE, (accounting_point,)).fetchone()
    points = {accounting_point}
    if change.is_of_the_meter:
        meter = measuring_point(conn, accounting_point)
        points |= {Gsrn(number) for (number,) in conn.execute(_AT_METER, {"meter": meter})}
    found = [
        supply
        for supply in (() if row is None else supply_at(conn, DeliveryPoint(row[0]), day))
        if supply.accounting_point in points
    ]
    return tuple(sorted(found, key=lambda one: one.accounting_point != accounting_point))


def measuring_point(conn: sqlite3.Connection, accounting_point: Gsrn) -> Gsrn:
    """The point whose meter measures this one; the number itself where it is not on record."""
    row = conn.execute(_MEASURED_AT, (accounting_point,)).fetchone()
    return accounting_point if row is None else Gsrn(row[0])


def shares_between(
    conn: sqlite3.Connection, accounting_point: Gsrn, first_day: date, end: date
) -> tuple[ShareInForce, ...]:
    """The shares at the meter of this point with a day in [first_day, end), each whole.

    In order of accounting point and supplier, the order in which energy is divided (B11).
    """
    values = {
        "meter": measuring_point(conn, accounting_point),
        "first_day": first_day.isoformat(),
        "end": end.isoformat(),
    }
    return tuple(
        ShareInForce(
            accounting_point=Gsrn(point),
            supplier=Eic(supplier),
            share=Decimal(share),
            from_day=date.fromisoformat(from_day),
            to_day=None if to_day is None else date.fromisoformat(to_day),
        )
        for point, supplier, share, from_day, to_day in conn.execute(_SHARES_BETWEEN, values)
    )


def record_supply(conn: sqlite3.Connection, changes: Iterable[SupplyChange]) -> None:
    """Record changes of supply that belong together: what ends first, then what begins (A27, B9).

    What is taken back goes before both (D3). Raises ChangeDoesNotFitTheRegister for a supply that
    is not there, KeyDoesNotAddUp where they leave a key that is neither whole nor nothing, and
    IntegrityError where the tables refuse one. The caller undoes them then.
    """
    changes = tuple(changes)
    for change in changes:
        if isinstance(change, SupplyBeginningTakenBack):
            _take_back_beginning(conn, change)
    for change in changes:
        if isinstance(change, SupplyEndTakenBack):
            _take_back_end(conn, change)
    for change in changes:
        if isinstance(change, SupplyEnded):
            _end(conn, change, change.supplier)
        elif isinstance(change, SupplyChanged) and change.old is not None:
            _end(conn, change, change.old)
    for change in changes:
        if isinstance(change, SupplyBegun):
            _begin(conn, change, change.supplier)
        elif isinstance(change, SupplyChanged):
            _begin(conn, change, change.new)
    every_key_adds_up(conn)


def every_key_adds_up(conn: sqlite3.Connection) -> None:
    """Raises KeyDoesNotAddUp where the open transaction has left a key that does not (B10).

    Such a transaction could not commit; this tells it while only one decision need be undone.
    """
    row = conn.execute(_DOES_NOT_ADD_UP).fetchone()
    if row is not None:
        raise KeyDoesNotAddUp(f"the shares at the meter of {row[0]} are not exactly one")


def keys_that_do_not_add_up(conn: sqlite3.Connection) -> tuple[tuple[Gsrn, date], ...]:
    """Each meter whose shares do not add up, with the first such day; looks at all supply."""
    return tuple(
        (Gsrn(meter), date.fromisoformat(day)) for meter, day in conn.execute(_ALL_THAT_DO_NOT)
    )


def share_text(share: Decimal) -> str:
    """The share as the register's tables keep it: plain, without zeros at the end."""
    return format(share.normalize(), "f")


def _end(conn: sqlite3.Connection, change: SupplyEnded | SupplyChanged, supplier: Eic) -> None:
    """Close the supply [.., on); one that had begun on that day is forgotten."""
    values = {**_values(change), "supplier": supplier}
    row = conn.execute(_SUPPLY_TO_END, values).fetchone()
    if row is None:
        raise ChangeDoesNotFitTheRegister(
            f"{supplier} does not supply {change.direction.value} of "
            f"{change.accounting_point} on {change.on}"
        )
    values["from_day"] = row[0]
    conn.execute(_FORGET_SUPPLY if row[0] == values["on"] else _END_SUPPLY, values)


def _begin(conn: sqlite3.Connection, change: SupplyBegun | SupplyChanged, supplier: Eic) -> None:
    """Open a supply from `on` without end."""
    conn.execute(
        _BEGIN_SUPPLY,
        {**_values(change), "supplier": supplier, "share": share_text(change.share)},
    )


def _take_back_beginning(conn: sqlite3.Connection, change: SupplyBeginningTakenBack) -> None:
    """Forget the supply [on, ..)."""
    values = {
        "point": change.accounting_point,
        "direction": change.direction.value,
        "supplier": change.supplier,
        "on": change.on.isoformat(),
    }
    if conn.execute(_FORGET_BEGINNING, values).rowcount != 1:
        raise ChangeDoesNotFitTheRegister(
            f"the supply of {change.supplier} from {change.on} is not there to be taken back"
        )


def _take_back_end(conn: sqlite3.Connection, change: SupplyEndTakenBack) -> None:
    """Let the supply [.., on) go on without end; one forgotten on the day it began is entered."""
    values = {**_values(change), "supplier": change.supplier}
    if not conn.execute(_FORGET_END, values).rowcount:
        conn.execute(_BEGIN_SUPPLY, {**values, "share": share_text(change.share)})


def _values(
    change: SupplyBegun | SupplyChanged | SupplyEnded | SupplyEndTakenBack,
) -> dict[str, str | CaseId | None]:
    return {
        "point": change.accounting_point,
        "direction": change.direction.value,
        "on": change.on.isoformat(),
        "case_id": change.case_id,
    }
