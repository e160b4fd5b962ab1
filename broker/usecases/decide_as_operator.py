"""The operator decides what rules cannot: an event like any other, with who, when and why."""

from datetime import datetime
from functools import partial
from sqlite3 import Connection

from broker.clock import Clock
from broker.engine.decision import Decision, Refused
from broker.messages.events import OperatorDecision
from broker.messages.identifiers import CaseId
from broker.messages.reasons import Reason, Refusal
from broker.store import cases, journal
from broker.store.writer import Writer
from broker.usecases.handle_event import Desk, handle_event
from broker.usecases.reach_deadlines import ReachDeadlines


class CaseHasChanged(Exception):
    """Something has happened to the case since the person looked at it; nothing was decided."""


class DecideAsOperator:
    """Takes the decisions of the operator's staff through the running service."""

    def __init__(
        self, *, writer: Writer, clock: Clock, deadlines: ReachDeadlines, desk: Desk
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._deadlines = deadlines
        self._desk = desk

    async def decide(
        self, case_id: CaseId, decision: OperatorDecision, *, seen: int | None = None
    ) -> Decision | Refused:
        """What became of the decision; refused with E47 where there is no such case.

        What fell due before goes first. `seen` is the last position of the case's journal that
        the person has seen, so that nobody accepts a reading it has not looked at. Raises
        CaseHasChanged and UnableToWrite.
        """
        now = self._clock.now()
        return await self._writer.submit(
            partial(self._decide, case_id, decision, now, seen), received_at=now
        )

    def _decide(
        self,
        case_id: CaseId,
        decision: OperatorDecision,
        now: datetime,
        seen: int | None,
        connection: Connection,
    ) -> Decision | Refused:
        case = cases.load(connection, case_id)
        if case is None:
            return Refused((Refusal(reason=Reason.NO_ONGOING_SWITCH),))
        if case.delivery_point is not None:
            self._deadlines.reach_at(connection, case.delivery_point, until=now)
        if seen is not None and journal.last_position_of(connection, case_id) != seen:
            raise CaseHasChanged
        return handle_event(connection, case_id, decision, now=now, desk=self._desk)
