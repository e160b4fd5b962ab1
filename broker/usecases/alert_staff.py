"""Staff are told by mail of what runs out: each morning, and at once when a limit comes near.

What is to be sent follows from the clock and from what waits now; a row remembers what was sent. A
mail names cases and points by number and nobody by name.
"""

import logging
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from sqlite3 import Connection
from typing import Protocol

from broker.clock import Clock
from broker.delivery.mail import Letter, UnableToSend, UnableToTellWhetherSent
from broker.engine.calendar import at_hour, end_of, local_day, plus_days, plus_hours
from broker.store import deadlines, mails, operations, seals, worklist
from broker.store.seals import Seal
from broker.store.worklist import Line, Wanted
from broker.store.writer import Writer

_log = logging.getLogger(__name__)

_LINES_MAX = 200
_MINUTES_BETWEEN_TRIES_MAX = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What staff should know in the morning; `seal` is kept off the machine by being sent."""

    day: date
    lines: tuple[Line, ...]
    parked: int
    stopped: bool
    seal: Seal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTerms:
    """Who is told, at which local hour, and how long before the operator's or the law's limit."""

    recipients: tuple[str, ...]
    digest_at: time
    hours_before_limit: int


class Letters(Protocol):
    """Writes what staff are sent, in their language."""

    def digest(self, digest: Digest) -> Letter:
        """The morning's letter."""
        ...

    def warning(self, line: Line, now: datetime) -> Letter:
        """The letter about one case whose limit is near."""
        ...


class Sends(Protocol):
    """Hands a letter to a server. Raises UnableToSend and UnableToTellWhetherSent."""

    async def send(self, letter: Letter, recipient: str, *, about: str, at: datetime) -> None:
        """Send the letter to one recipient."""
        ...


class AlertStaff:
    """Sends what is due, again where it failed, nothing twice."""

    def __init__(
        self,
        *,
        reader: Connection,
        writer: Writer,
        clock: Clock,
        terms: AlertTerms,
        letters: Letters,
        server: Sends,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._terms = terms
        self._letters = letters
        self._server = server

    async def send_due(self) -> int:
        """What the timer calls: send what is due now; gives how many were sent.

        Raises UnableToWrite.
        """
        sent = 0
        for about, letter in self._due(self._clock.now()):
            for recipient in self._terms.recipients:
                if not mails.is_to_be_tried(self._reader, about, recipient, self._clock.now()):
                    continue
                try:
                    sent += await self._send(letter, recipient, about)
                except UnableToSend as error:
                    if not error.reachable:
                        return sent  # the others would wait in vain too; the next tick tries them
        return sent

    def _due(self, now: datetime) -> list[tuple[str, Letter]]:
        """What staff should have been sent by now: the warnings first, then today's digest."""
        lines = worklist.waiting(self._reader, Wanted(), limit=_LINES_MAX)
        due = [
            (_about(line), self._letters.warning(line, now))
            for line in lines
            if _limit_is_near(line, now, self._terms.hours_before_limit)
        ]
        today = local_day(now)
        if now >= at_hour(today, self._terms.digest_at):
            digest = _digest(self._reader, lines, today)
            due.append((f"digest {today}", self._letters.digest(digest)))
        return due

    async def _send(self, letter: Letter, recipient: str, about: str) -> bool:
        """Send one mail and note what became of it. Raises UnableToSend once that is noted."""
        now = self._clock.now()
        begun = partial(mails.begin, about=about, recipient=recipient, now=now)
        tries = await self._writer.submit(begun)
        if tries is None:
            return False
        try:
            await self._server.send(letter, recipient, about=about, at=now)
        except UnableToSend as error:
            _log.warning("ALARM: the mail %r was not sent and is tried again: %s", about, error)
            why = str(error)
            try_at = now + timedelta(minutes=min(2 ** (tries - 1), _MINUTES_BETWEEN_TRIES_MAX))
            await self._writer.submit(
                lambda conn: mails.note_failed(conn, about, recipient, why=why, try_at=try_at)
            )
            raise
        except UnableToTellWhetherSent as error:
            _log.warning("ALARM: nobody knows whether the mail %r was sent: %s", about, error)
            why = str(error)
            await self._writer.submit(
                lambda conn: mails.note_unknown(conn, about, recipient, why=why)
            )
            return False
        sent_at = self._clock.now()
        await self._writer.submit(lambda conn: mails.note_sent(conn, about, recipient, sent_at))
        return True


def _about(line: Line) -> str:
    """What a warning is about: another limit of the same case is another warning."""
    assert line.deadline is not None
    return f"limit {line.case_id} {line.deadline.kind.value} {line.deadline.limit.isoformat()}"


def _limit_is_near(line: Line, now: datetime, hours: int) -> bool:
    """Whether the hour at which the broker decides by itself, or the law's limit, is so near."""
    if line.deadline is None:
        return False
    return now >= plus_hours(min(line.deadline.act_at, line.deadline.limit), -hours)


def _digest(connection: Connection, lines: tuple[Line, ...], today: date) -> Digest:
    until = end_of(plus_days(today, 1))
    return Digest(
        day=today,
        lines=tuple(
            line for line in lines if line.deadline is None or line.deadline.act_at <= until
        ),
        parked=deadlines.parked_count(connection),
        stopped=operations.sweep_stopped(connection) is not None,
        seal=seals.last_seal(connection),
    )
