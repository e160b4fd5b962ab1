"""Points found by the beginning of a number: their own, their site's, the delivery point's.

Each look-up is a range of an index: no number is searched through from end to end.
"""

from dataclasses import dataclass
from sqlite3 import Connection

from broker.messages.identifiers import Gsrn

# A point that an import has brought is hidden until that import has switched over.
_VISIBLE = """NOT EXISTS (SELECT 1 FROM register_imports
    WHERE import_id = accounting_points.brought_by AND switched_over_at IS NULL)"""

# The numbers of points by the beginning of each kind of number; `:beyond` ends the range.
_BY_POINT = """
    SELECT accounting_point FROM accounting_points
    WHERE accounting_point >= :begin AND accounting_point < :beyond
    ORDER BY accounting_point LIMIT :limit"""
_BY_DELIVERY_POINT = """
    SELECT accounting_point FROM accounting_points
    WHERE delivery_point >= :begin AND delivery_point < :beyond
    ORDER BY delivery_point LIMIT :limit"""
_BY_SITE = """
    SELECT accounting_point FROM metering_sites
    CROSS JOIN accounting_points ON metering_site = area_number
    WHERE area_number >= :begin AND area_number < :beyond
    ORDER BY area_number LIMIT :limit"""
_BY_SITE_GSRN = """
    SELECT accounting_point FROM metering_sites
    CROSS JOIN accounting_points ON metering_site = area_number
    WHERE gsrn >= :begin AND gsrn < :beyond ORDER BY gsrn LIMIT :limit"""
SEARCHES = (_BY_POINT, _BY_DELIVERY_POINT, _BY_SITE, _BY_SITE_GSRN)
"""Every query by which points are searched."""

# A point as a line of what was found.
_POINT = f"""
    SELECT accounting_point, metering_site, delivery_point, name
    FROM accounting_points LEFT JOIN customers USING (customer)
    WHERE accounting_point = ? AND {_VISIBLE}"""

# The points of a customer.
OF_CUSTOMER = "SELECT accounting_point FROM accounting_points WHERE customer = ? LIMIT ?"

_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPoint:
    """A point that was found; `customer` None where none is on record."""

    accounting_point: Gsrn
    metering_site: str
    delivery_point: str
    customer: str | None


def find_points(connection: Connection, beginning: str, *, limit: int) -> tuple[FoundPoint, ...]:
    """The points of which a number begins so, by their own number; none for an empty text."""
    if not beginning:
        return ()
    parameters = {"begin": beginning, "beyond": beginning + _LAST_CHARACTER, "limit": limit}
    found = {row[0] for query in SEARCHES for row in connection.execute(query, parameters)}
    return _lines(connection, sorted(found)[:limit])


def points_of_customer(
    connection: Connection, customer: int, *, limit: int
) -> tuple[FoundPoint, ...]:
    """The points of a customer, by their number."""
    rows = connection.execute(OF_CUSTOMER, (customer, limit))
    return _lines(connection, sorted(number for (number,) in rows))


def _lines(connection: Connection, numbers: list[str]) -> tuple[FoundPoint, ...]:
    rows = (connection.execute(_POINT, (number,)).fetchone() for number in numbers)
    return tuple(
        FoundPoint(
            accounting_point=Gsrn(row[0]),
            metering_site=row[1],
            delivery_point=row[2],
            customer=row[3],
        )
        for row in rows
        if row is not None
    )
