"""Tokens and certificates of participants, with who issued or ended each and why (A33).

A party may have several valid at once, each with its label, so that it can change from one to the
next without a gap.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import partial
from sqlite3 import Connection

from broker.clock import Clock
from broker.engine.calendar import end_of, local_day, plus_days
from broker.ids import new_token
from broker.messages.identifiers import Eic
from broker.store import journal, participants
from broker.store.operations import (
    CertificateRegistered,
    CertificateRevoked,
    TokenIssued,
    TokenRevoked,
)
from broker.store.participants import Credential, CredentialKind
from broker.store.writer import Writer
from broker.wire.certificate import Certificate

LABEL_MAX = 60


class UnableToIssue(Exception):
    """There is no such participant, or label or certificate cannot be taken; the text says why."""


def is_fit_label(label: str) -> bool:
    """Whether a credential may be called so: in a line, and as a step of an address (to end it)."""
    return 0 < len(label.strip()) <= len(label) <= LABEL_MAX and (
        label.isprintable() and label not in (".", "..")
    )


class KeepCredentials:
    """Issues, lists and ends tokens and certificates through the one writer."""

    def __init__(self, *, reader: Connection, writer: Writer, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    def credentials(self, eic: Eic) -> tuple[Credential, ...] | None:
        """What a party ever had, newest first, without a token's value; None for a stranger."""
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
        _look_at(label)
        token, now = new_token(), self._clock.now()
        record = TokenIssued(
            at=now,
            by=by,
            why=why,
            eic=eic,
            label=label,
            expires_at=_end_of_days(now, valid_days),
        )
        keep = partial(
            participants.issue_token,
            eic=eic,
            label=label,
            token=token,
            at=now,
            expires_at=record.expires_at,
        )
        await self._writer.submit(partial(_issue, record, keep))
        return token

    async def register(
        self,
        eic: Eic,
        label: str,
        certificate: Certificate,
        *,
        valid_days: int | None,
        by: str,
        why: str,
    ) -> CertificateRegistered:
        """Whoever holds this certificate speaks for the party from now on, as long as it is valid.

        With `valid_days` to the end of the last of them at the latest.
        Raises UnableToIssue and UnableToWrite.
        """
        _look_at(label)
        now = self._clock.now()
        if certificate.valid_until <= now:
            raise UnableToIssue(f"the certificate was valid until {certificate.valid_until}")
        limit = _end_of_days(now, valid_days) or certificate.valid_until
        record = CertificateRegistered(
            at=now,
            by=by,
            why=why,
            eic=eic,
            label=label,
            fingerprint=certificate.fingerprint.hex(),
            expires_at=min(certificate.valid_until, limit),
        )
        keep = partial(
            participants.register_certificate,
            eic=eic,
            label=label,
            fingerprint=certificate.fingerprint,
            at=now,
            expires_at=record.expires_at,
        )
        await self._writer.submit(partial(_issue, record, keep))
        return record

    async def revoke(self, eic: Eic, label: str, *, by: str, why: str) -> None:
        """The token or certificate speaks no longer for the party.

        Raises NoSuchCredential and UnableToWrite.
        """
        revoke = partial(_revoke, eic, label, at=self._clock.now(), by=by, why=why)
        await self._writer.submit(revoke)


def _end_of_days(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else end_of(plus_days(local_day(now), days))


def _issue(
    record: TokenIssued | CertificateRegistered,
    keep: Callable[[Connection], None],
    connection: Connection,
) -> None:
    eic, label = record.eic, record.label
    if participants.participant(connection, eic) is None:
        raise UnableToIssue(f"no participant {eic}")
    try:
        keep(connection)
    except sqlite3.IntegrityError as error:
        raise UnableToIssue(
            f"{eic} has a token or certificate labelled {label!r}: revoke it or take another"
            if _label_is_taken(connection, eic, label)
            else "this certificate was registered before; a revoked one is never taken again"
        ) from error
    journal.append(connection, case_id=None, at=record.at, record=record)


def _label_is_taken(connection: Connection, eic: Eic, label: str) -> bool:
    standing = participants.credentials(connection, eic)
    return any(one.label == label and one.revoked_at is None for one in standing)


def _revoke(
    eic: Eic, label: str, connection: Connection, *, at: datetime, by: str, why: str
) -> None:
    kind = participants.revoke(connection, eic, label, at)
    ended = TokenRevoked if kind is CredentialKind.TOKEN else CertificateRevoked
    record = ended(at=at, by=by, why=why, eic=eic, label=label)
    journal.append(connection, case_id=None, at=at, record=record)


def _look_at(label: str) -> None:
    if not is_fit_label(label):
        raise UnableToIssue(f"a label has 1 to {LABEL_MAX} printable characters, not . or .. alone")
