"""The running service looks for notices that are owed and missing, and has them made again.

What was found is known to the dashboard, to readiness and to the figures until it is mended.
"""

import asyncio
import logging
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from broker.clock import Clock
from broker.engine.calendar import local_day
from broker.engine.notices_again import UnableToMakeAgain
from broker.messages.identifiers import CaseId, DocumentId
from broker.store import owed
from broker.store.connection import one_moment, open_for_reading
from broker.store.writer import Writer
from broker.usecases.handle_event import Desk
from broker.usecases.owed_notices import (
    Missing,
    find_in_lists,
    find_missing,
    make_again,
    missing_in_case,
)
from broker.wire.document import UnableToWriteValidDocument

_log = logging.getLogger(__name__)

_ROWS_BACK_AT_START = 10_000
"""How far back in the journal a start looks for what was never written; `verify` looks at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeAgain:
    """What became of a missing notice: its number, or why it cannot be made."""

    missing: Missing
    document_id: DocumentId | None
    why_not: str | None = None


class WatchOwed:
    """Looks on a connection and in a thread of its own; makes again through the one writer."""

    def __init__(self, *, database: Path, writer: Writer, clock: Clock, desk: Desk) -> None:
        self._database = database
        self._writer = writer
        self._clock = clock
        self._desk = desk
        self._one_at_a_time = asyncio.Lock()
        self._looked_to: int | None = None
        self._ends = owed.BEGINNING
        self._all_looked_at_on: date | None = None
        self.missing: tuple[Missing, ...] = ()

    async def look(self, *, at_all: bool = False) -> int:
        """What the timer calls: look for what is missing; gives how much.

        All that was written and all requests for data are looked at once a day, or `at_all`; else
        those that have come since, and those that were found missing before.
        """
        async with self._one_at_a_time:
            found = await asyncio.to_thread(self._look, at_all)
            for one in set(found) - set(self.missing):
                _log.error("ALARM: a notice is missing: %s", told(one))
            self.missing = found
        return len(found)

    async def make_again(
        self, *, by: str, why: str, case_id: CaseId | None = None
    ) -> tuple[MadeAgain, ...]:
        """Have everything made that is missing, or what is missing in one case.

        Each is a row of the journal with who and why. Raises UnableToWrite.
        """
        await self.look(at_all=True)
        wanted = self.missing if case_id is None else await asyncio.to_thread(self._in, case_id)
        made = [await self._make(one, self._clock.now(), by, why) for one in wanted]
        await self.look()
        return tuple(made)

    async def _make(self, missing: Missing, now: datetime, by: str, why: str) -> MadeAgain:
        work = partial(make_again, missing=missing, now=now, by=by, why=why, desk=self._desk)
        try:
            document_id = await self._writer.submit(work)
        except (UnableToMakeAgain, UnableToWriteValidDocument, LookupError) as error:
            return MadeAgain(missing=missing, document_id=None, why_not=str(error))
        return MadeAgain(missing=missing, document_id=document_id)

    def _look(self, at_all: bool) -> tuple[Missing, ...]:
        today = local_day(self._clock.now())
        with closing(open_for_reading(self._database)) as connection, one_moment(connection):
            end, ends = owed.end_of_journal(connection), owed.ends(connection)
            since = self._looked_to
            if since is None:
                since = max(0, end - _ROWS_BACK_AT_START)
            if at_all or today != self._all_looked_at_on:
                in_lists = find_in_lists(connection)
            else:
                in_lists = find_in_lists(connection, self._ends, self.missing)
            found = find_missing(connection, after=since, until=end, in_lists=in_lists)
        # What was never written stays in sight until it is made.
        never_written = any(one.document_id is None for one in found)
        self._looked_to = since if never_written else end
        self._ends, self._all_looked_at_on = ends, today
        return found

    def _in(self, case_id: CaseId) -> tuple[Missing, ...]:
        with closing(open_for_reading(self._database)) as connection, one_moment(connection):
            return missing_in_case(connection, case_id)


def told(missing: Missing) -> str:
    """A missing notice as a line, without personal data."""
    what = f"{missing.kind.value} to {missing.party or 'the metering centre'}"
    where = f"of case {missing.case_id}" if missing.case_id else "of no case"
    how = f"{missing.document_id} is gone" if missing.document_id else f"owed by {missing.rule}"
    return f"{what} {where}, since {missing.at.isoformat()}: {how}"
