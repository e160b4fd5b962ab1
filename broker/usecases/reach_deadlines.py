"""Time passes: every deadline whose hour to act has come goes to its case, in order, once.

A timer only calls this; whether something is still due is decided here, inside the transaction.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from functools import partial
from sqlite3 import Connection

from broker.clock import Clock
from broker.messages.identifiers import CaseId, DeliveryPoint
from broker.store import deadlines, journal, operations
from broker.store.writer import Writer
from broker.usecases.clock_watch import ClockWatch
from broker.usecases.handle_event import Desk, handle_deadline
from broker.usecases.tell_imported_changes import tell_at

_log = logging.getLogger(__name__)

_BATCH = 200
_BEFORE_ONE_EVENT_MAX = 100
_BEHIND_THE_CLOCK = timedelta(seconds=5)


class UnableToGoBefore(Exception):
    """A deadline goes before the event, and none is handled while the sweep stands: try again."""


class ReachDeadlines:
    """Sweeps what is due; stops with an alarm when the clock cannot be trusted."""

    def __init__(self, *, writer: Writer, clock: Clock, watch: ClockWatch, desk: Desk) -> None:
        self._writer = writer
        self._clock = clock
        self._watch = watch
        self._desk = desk

    async def sweep(self) -> int:
        """What the timer calls: up to five seconds ago, or to the oldest message not yet written.

        Gives how many deadlines were handled. Raises UnableToWrite.
        """
        if self._watch.trouble(None) is not None:
            await self._writer.submit(self.may_sweep)
        until = self._clock.now() - _BEHIND_THE_CLOCK
        oldest = self._writer.oldest_waiting()
        return await self.reach_deadlines(until if oldest is None else min(until, oldest))

    async def reach_deadlines(self, until: datetime) -> int:
        """Handle exactly the open deadlines with `act_at` up to `until`, earliest first.

        Gives how many; none while the sweep is stopped. Raises UnableToWrite.
        """
        handled = 0
        while due := await self._writer.submit(partial(self._take, until)):
            await asyncio.gather(*(self._writer.submit(partial(self._reach, one)) for one in due))
            handled += len(due)
        return handled

    def reach_at(
        self, connection: Connection, delivery_point: DeliveryPoint, *, until: datetime
    ) -> None:
        """Handle what goes before an event at this delivery point, inside its transaction.

        First what an import has changed there, then what fell due. Raises UnableToGoBefore where
        something fell due and the sweep has stopped: the event has to wait for the person that
        says go on, as what goes before it does.
        """
        tell_at(connection, delivery_point, now=self._clock.now(), desk=self._desk)
        for _ in range(_BEFORE_ONE_EVENT_MAX):
            due = deadlines.due_at_delivery_point(connection, delivery_point, until)
            if not due:
                return
            if operations.sweep_stopped(connection) is not None or self._trouble(connection):
                raise UnableToGoBefore(delivery_point)
            handle_deadline(connection, due[0], now=self._clock.now(), desk=self._desk)
        raise RuntimeError(f"the deadlines at {delivery_point} do not come to an end")

    async def go_on(self, *, by: str, why: str) -> bool:
        """A person trusts the clock again; False where the sweep was not stopped."""

        def work(connection: Connection) -> bool:
            at = self._clock.now()
            return operations.let_sweep_go_on(connection, at=at, by=by, why=why)

        self._watch.trust_again()
        return await self._writer.submit(work)

    async def try_parked_again(self, case_id: CaseId, *, by: str, why: str) -> int:
        """A person lets the next sweep handle the case's parked deadlines; gives how many."""

        def work(connection: Connection) -> int:
            at = self._clock.now()
            return operations.try_parked_again(connection, case_id, at=at, by=by, why=why)

        return await self._writer.submit(work)

    def _take(self, until: datetime, connection: Connection) -> tuple[deadlines.OpenDeadline, ...]:
        due = deadlines.due(connection, until, _BATCH)
        return due if due and self.may_sweep(connection) else ()

    def may_sweep(self, connection: Connection) -> bool:
        """Whether deadlines may be handled; stops the sweep when the clock is in trouble."""
        if operations.sweep_stopped(connection) is not None:
            return False
        trouble = self._trouble(connection)
        if trouble is None:
            return True
        _log.critical("ALARM: the sweep has stopped: %s", trouble)
        operations.stop_sweep(connection, at=self._clock.now(), trouble=trouble)
        return False

    def _trouble(self, connection: Connection) -> operations.ClockTrouble | None:
        return self._watch.trouble(journal.last_entry_at(connection))

    def _reach(self, due: deadlines.OpenDeadline, connection: Connection) -> None:
        if due.delivery_point is not None:
            tell_at(connection, due.delivery_point, now=self._clock.now(), desk=self._desk)
        handle_deadline(connection, due, now=self._clock.now(), desk=self._desk)
