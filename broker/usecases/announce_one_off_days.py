"""A newly announced work-free day re-dates open working-day deadlines, and the journal says so."""

import asyncio
import logging
from functools import partial
from sqlite3 import Connection

from broker.clock import Clock
from broker.engine.decision import Refused
from broker.messages.events import OneOffDaysChanged
from broker.messages.identifiers import CaseId
from broker.store import deadlines, operations
from broker.store.writer import UnableToWrite, Writer
from broker.usecases.handle_event import Desk, handle_event

_log = logging.getLogger(__name__)

_BATCH = 500


async def announce_one_off_days(writer: Writer, clock: Clock, desk: Desk) -> int:
    """Bring open deadlines in line with the announced days; gives of how many cases they moved.

    The days are noted last: cut short, it is done again at the next start. A case that cannot be
    moved is left with an alarm and holds up no other. Raises UnableToWrite.
    """
    days = desk.rules.working_days.one_off_days
    if days == await writer.submit(operations.one_off_days):
        return 0
    event = OneOffDaysChanged(days=days)

    def work(case_id: CaseId, connection: Connection) -> bool:
        outcome = handle_event(connection, case_id, event, now=clock.now(), desk=desk)
        return not isinstance(outcome, Refused) and bool(outcome.records)

    async def redate(case_id: CaseId) -> bool:
        try:
            return await writer.submit(partial(work, case_id))
        except UnableToWrite:
            raise
        except Exception:  # noqa: BLE001 - one damaged case must not keep the service shut
            _log.exception("ALARM: the deadlines of case %s could not be moved", case_id)
            return False

    moved = 0
    after: CaseId | None = None
    while batch := await writer.submit(
        partial(deadlines.cases_with_any, after=after, limit=_BATCH)
    ):
        moved += sum(await asyncio.gather(*map(redate, batch)))
        after = batch[-1]
    await writer.submit(
        lambda connection: operations.set_one_off_days(
            connection, days, at=clock.now(), by="configuration"
        )
    )
    return moved
