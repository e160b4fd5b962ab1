"""Tokens of participants, issued and ended while the service runs, with who did it and why (A33).

A party may have several valid tokens, each with its label, so that it can change from one to the
next without a gap.
"""

import sqlite3
from datetime import datetime
from functools import partial
from sqlite3 import Connection

from broker.clock import Clock
from broker.engine.calendar import end_of, local_day, plus_days
from broker.ids import new_token
from broker.messages.identifiers import Eic
from broker.store import journal, participants
from broker.store.operations import TokenIssued, TokenRevoked
from broker.store.participants import Credential
from broker.store.writer import Writer


class UnableToIssue(Exception):
    """There is no such participant, or the label names another valid token of it."""


class KeepCredentials:
    """Issues, lists and ends tokens through the one writer."""

    def __init__(self, *, reader: Connection, writer: Writer, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    def credentials(self, eic: Eic) -> tuple[Credential, ...] | None:
        """The tokens a party ever had, newest first, without their values; None for a stranger."""
        if participants.participant(self._reader, eic) is None:
            return None
        return participants.credentials(self._reader, eic)

    async def issue(
        self, eic: Eic, label: str, *, valid_days: int | None, by: str, why: str
    ) -> str:
        """A new token that speaks for the party from now on; it is shown this once.

        It is valid to the end of the last of these days, without them until revoked.
        Raises UnableToIssue and UnableToWrite.
        """
        token, now = new_token(), self._clock.now()
        record = TokenIssued(
            at=now,
            by=by,
            why=why,
            eic=eic,
            label=label,
            expires_at=None
            if valid_days is None
            else end_of(plus_days(local_day(now), valid_days)),
        )
        await self._writer.submit(partial(_issue, record, token))
        return token

    async def revoke(self, eic: Eic, label: str, *, by: str, why: str) -> None:
        """The token speaks no longer for the party. Raises NoSuchToken and UnableToWrite."""
        record = TokenRevoked(at=self._clock.now(), by=by, why=why, eic=eic, label=label)
        await self._writer.submit(partial(_revoke, record))


def _issue(record: TokenIssued, token: str, connection: Connection) -> None:
    if participants.participant(connection, record.eic) is None:
        raise UnableToIssue(f"no participant {record.eic}")
    at: datetime = record.at
    try:
        participants.issue_token(
            connection, record.eic, record.label, token, at, expires_at=record.expires_at
        )
    except sqlite3.IntegrityError as error:
        raise UnableToIssue(
            f"{record.eic} has a token labelled {record.label!r}: revoke it or take another"
        ) from error
    journal.append(connection, case_id=None, at=at, record=record)


def _revoke(record: TokenRevoked, connection: Connection) -> None:
    participants.revoke(connection, record.eic, record.label, record.at)
    journal.append(connection, case_id=None, at=record.at, record=record)
