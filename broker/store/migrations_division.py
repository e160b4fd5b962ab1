"""Schema of divided delivery points: where a point is measured, keys that add up (B9-B11, D1).

What SQL guarantees: a point that is measured elsewhere is measured by a point that measures
itself, at its own delivery point and site, has consumption alone, no meter and no quantities of
its own, and stays so. And whatever statements a transaction runs, in whatever order, it cannot
commit while, on any day past or to come, the shares of consumption at one meter add up to
anything but exactly one or nothing (B10).

A division changes several rows, and a trigger sees one at a time; between two of them no key can
add up. So each change of supply has the key of its meter weighed anew, one that does not add up
stands in `keys_that_do_not_add_up`, and each row there refers to one that cannot exist, by a
foreign key that is looked at only when the transaction commits.

What SQL leaves to `supply.record_supply`: to say so before that, so that one decision is undone and
not the whole batch it is committed with. A connection with foreign keys off, or one that empties
that table or drops its triggers, gets past all this; `verify` weighs every key by itself.
"""

from collections.abc import Iterator

# The points that one meter measures: its own and those measured there.
_AT_METER = """(
    SELECT accounting_point FROM accounting_points WHERE accounting_point = meter.point
    UNION ALL SELECT accounting_point FROM accounting_points WHERE measured_at = meter.point)"""

_SHARED = f"direction = 'consumption' AND accounting_point IN {_AT_METER}"


def division_statements() -> Iterator[str]:
    """Everything, in order, for tables as the migrations before have left them."""
    yield """
        ALTER TABLE accounting_points ADD COLUMN measured_at TEXT
            REFERENCES accounting_points (accounting_point)
            CHECK (measured_at IS NULL OR (measured_at <> accounting_point
                AND consumption AND NOT production AND NOT self_supply))"""
    yield """
        CREATE INDEX points_measured_at ON accounting_points (measured_at)
            WHERE measured_at IS NOT NULL"""
    yield from _places()
    for table in ("meters", "billed_quantities", "daily_blocks"):
        yield _own_meter_only(table)
    yield from _keys()
    # The last of the operator's numbers that the broker gave out (D1).
    yield """
        CREATE TABLE gsrn_counter (
            only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
            last INTEGER NOT NULL CHECK (last BETWEEN 0 AND 999999999)
        ) STRICT"""


def _places() -> Iterator[str]:
    """Where a point is measured is settled when it is entered, once and for all."""
    # The first of these also keeps INSERT OR REPLACE from moving a point.
    yield """
        CREATE TRIGGER point_entered BEFORE INSERT ON accounting_points BEGIN
            SELECT RAISE(ABORT, 'the point is on record already') WHERE EXISTS
                (SELECT 1 FROM accounting_points WHERE accounting_point = NEW.accounting_point);
            SELECT RAISE(ABORT, 'a point measured elsewhere is measured beside it')
            WHERE NEW.measured_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM accounting_points
                WHERE accounting_point = NEW.measured_at AND measured_at IS NULL
                AND delivery_point = NEW.delivery_point AND metering_site = NEW.metering_site);
        END"""
    columns = ("accounting_point", "delivery_point", "metering_site", "measured_at")
    moved = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in columns)
    yield f"""
        CREATE TRIGGER point_moved BEFORE UPDATE OF {", ".join(columns)} ON accounting_points
        WHEN {moved} BEGIN
            SELECT RAISE(ABORT, 'a point stays where it is, and is measured where it was');
        END"""


def _own_meter_only(table: str) -> str:
    """Meters and what they measured stand at the point that measures, once."""
    return f"""
        CREATE TRIGGER {table}_where_measured BEFORE INSERT ON {table} BEGIN
            SELECT RAISE(ABORT, 'the point is measured at another point') WHERE EXISTS
                (SELECT 1 FROM accounting_points
                WHERE accounting_point = NEW.accounting_point AND measured_at IS NOT NULL);
        END"""


def _keys() -> Iterator[str]:
    """What makes a key that does not add up impossible to commit."""
    yield """
        CREATE TABLE impossible (
            measured_at TEXT PRIMARY KEY CHECK (FALSE)
        ) STRICT, WITHOUT ROWID"""
    yield """
        CREATE TABLE keys_that_do_not_add_up (
            measured_at TEXT PRIMARY KEY
                REFERENCES impossible (measured_at) DEFERRABLE INITIALLY DEFERRED
        ) STRICT, WITHOUT ROWID"""
    for name, when, rows in (
        ("begun", "INSERT", ("NEW",)),
        ("moved", "UPDATE", ("OLD", "NEW")),
        ("gone", "DELETE", ("OLD",)),
    ):
        weighed = "".join(map(_weigh, rows))
        yield f"CREATE TRIGGER key_{name} AFTER {when} ON supply BEGIN {weighed} END"


def _weigh(row: str) -> str:
    """Note the key of the meter that measures the row's point if it does not add up, else not.

    A sum changes only on a day on which a supply begins or ends, so those days are looked at.
    """
    meter = f"""(SELECT coalesce(measured_at, accounting_point) AS point FROM accounting_points
        WHERE accounting_point = {row}.accounting_point)"""
    return f"""
        DELETE FROM keys_that_do_not_add_up WHERE measured_at = {meter};
        INSERT INTO keys_that_do_not_add_up (measured_at)
        SELECT meter.point FROM {meter} AS meter WHERE EXISTS (
            SELECT 1 FROM (
                SELECT from_day AS day FROM supply WHERE {_SHARED}
                UNION SELECT to_day FROM supply WHERE {_SHARED} AND to_day IS NOT NULL) AS days
            WHERE (SELECT total(round(share * 1000000)) FROM supply WHERE {_SHARED}
                AND from_day <= days.day AND (to_day IS NULL OR days.day < to_day))
            NOT IN (0, 1000000));"""
