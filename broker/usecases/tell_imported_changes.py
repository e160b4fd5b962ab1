"""What an import has changed at points is told: to their suppliers, and to cases in progress there.

The switch-over only notes it, so that it stays short; telling goes on in small transactions, after
a crash too. What is noted at a delivery point goes before every event there.
"""

import logging
from datetime import datetime
from sqlite3 import Connection

from broker.engine.calendar import local_day
from broker.engine.handle_register_change import notices_of_change
from broker.messages.events import PointChanged
from broker.messages.identifiers import DeliveryPoint
from broker.store import imported_changes, register, supply
from broker.store.imported_changes import ImportedChange
from broker.store.writer import UnableToWrite, savepoint
from broker.usecases.change_register import tell_case_at, tell_of_change
from broker.usecases.handle_event import Desk

_log = logging.getLogger(__name__)

_TOLD_AT_ONCE = 20


def tell_at(
    connection: Connection, delivery_point: DeliveryPoint, *, now: datetime, desk: Desk
) -> None:
    """Tell of everything at this delivery point, before anything else happens there."""
    for change in imported_changes.at_delivery_point(connection, delivery_point):
        _tell_or_park(connection, change, now=now, desk=desk)


def tell_some(connection: Connection, *, now: datetime, desk: Desk) -> int:
    """Tell of some changes, the oldest first; how many, none where nothing is left."""
    changes = imported_changes.oldest(connection, _TOLD_AT_ONCE)
    for change in changes:
        _tell_or_park(connection, change, now=now, desk=desk)
    return len(changes)


def _tell_or_park(
    connection: Connection, change: ImportedChange, *, now: datetime, desk: Desk
) -> None:
    try:
        with savepoint(connection):
            _tell(connection, change, now=now, desk=desk)
            imported_changes.remove(connection, change)
    except UnableToWrite:
        raise
    except Exception as error:  # noqa: BLE001 - parked with an alarm, it holds up nobody
        _log.exception("ALARM: an imported change at %s is parked", change.accounting_point)
        imported_changes.park(connection, change, f"{type(error).__name__}: {error}"[:500])


def _tell(connection: Connection, change: ImportedChange, *, now: datetime, desk: Desk) -> None:
    """A notice to each supplier concerned where it is owed one; the case there learns of it too.

    Source: A32, D4 (002 a.141, a.149(2)).
    """
    point = register.point_facts(connection, change.accounting_point, local_day(now))
    if point is None:
        raise LookupError("the point is not in the register")
    event = PointChanged(change=change.kind, effective_on=change.effective_on)
    if change.supplier_is_told:
        number, kind, on = change.accounting_point, change.kind, change.effective_on
        concerned = supply.supplies_concerned(connection, number, kind, local_day(now))
        notices = notices_of_change(point.metering_site, kind, on, concerned)
        tell_of_change(connection, number, event, notices, now=now, desk=desk)
    tell_case_at(connection, point, event, now=now, desk=desk)
