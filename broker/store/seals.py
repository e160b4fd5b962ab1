"""Seals: after each batch one hash over its rows and the seal before, so that no row can change.

Sealed are the rows of journal, inbox, outbox and handovers with their digests, not the contents,
which may be erased; and of all other tables the sums over their rows (see `row_sums`). Whoever
notes the last seal elsewhere can also prove that none was cut off.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

import msgspec

from broker.store import instants, row_sums

# The rows after one position up to another, in order, every column that never changes; one query
# for each table that is sealed, in the order of `Positions`.
_ROWS = (
    (
        "SELECT position, case_id, kind, at, digest, payload_id"
        " FROM journal WHERE position > ? AND position <= ? ORDER BY position"
    ),
    (
        "SELECT position, receipt, party, submitter, message_id, received_at, http_status, kind,"
        " case_id, sha256, bytes_payload, bytes_digest, answer_payload, answer_digest"
        " FROM inbox WHERE position > ? AND position <= ? ORDER BY position"
    ),
    (
        "SELECT position, document_id, party, kind, case_id, created_at, payload_id, digest"
        " FROM outbox WHERE position > ? AND position <= ? ORDER BY position"
    ),
    (
        "SELECT position, outbox_position, round, what, at, recorded"
        " FROM handovers WHERE position > ? AND position <= ? ORDER BY position"
    ),
)

# Where each sealed table ends now.
_ENDS = (
    "SELECT (SELECT coalesce(max(position), 0) FROM journal),"
    " (SELECT coalesce(max(position), 0) FROM inbox),"
    " (SELECT coalesce(max(position), 0) FROM outbox),"
    " (SELECT coalesce(max(position), 0) FROM handovers)"
)

# The seal the next one follows.
_LAST = (
    "SELECT seal_id, at, journal_to, inbox_to, outbox_to, handovers_to, previous, seal, row_sums"
    " FROM seals ORDER BY seal_id DESC LIMIT 1"
)

# Every seal, in order, to check the chain.
_ALL = (
    "SELECT seal_id, at, journal_to, inbox_to, outbox_to, handovers_to, previous, seal, row_sums"
    " FROM seals ORDER BY seal_id"
)

# Add a seal.
_INSERT = (
    "INSERT INTO seals (seal_id, at, journal_to, inbox_to, outbox_to, handovers_to, previous, seal,"
    " row_sums) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

Positions = tuple[int, int, int, int]
"""A position in journal, inbox, outbox and handovers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One seal: what it covers up to, the seal before and its own value, 32 bytes each.

    `row_sums` is the hash over the sums of all other tables, None in seals from before there were
    any.
    """

    seal_id: int
    at: datetime
    to: Positions
    previous: bytes
    value: bytes
    row_sums: bytes | None

    def __str__(self) -> str:
        """As it is noted elsewhere: its number and its value."""
        return f"{self.seal_id}:{self.value.hex()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedSeal:
    """A seal as it was noted elsewhere: its value, and its number unless only that was noted."""

    number: int | None
    value: bytes


def noted_from(text: str) -> NotedSeal:
    """The seal that was noted as `NUMBER:VALUE`, or by its value alone. Raises ValueError."""
    number, colon, value = text.strip().rpartition(":")
    noted = NotedSeal(number=int(number) if colon else None, value=bytes.fromhex(value))
    if len(noted.value) != len(BEGINNING):
        raise ValueError(text)
    return noted


BEGINNING = bytes(32)
"""What the first seal follows."""


def seal(connection: Connection, at: datetime) -> Seal | None:
    """Seal what was written since the last seal; does nothing and gives None where nothing was."""
    last = last_seal(connection)
    since: Positions = (0, 0, 0, 0) if last is None else last.to
    to: Positions = tuple(connection.execute(_ENDS).fetchone())
    sums = row_sums.digest(connection)
    if last is not None and (to, sums) == (since, last.row_sums):
        return None
    seal_id = 1 if last is None else last.seal_id + 1
    previous = BEGINNING if last is None else last.value
    value = value_of(connection, at=at, since=since, to=to, previous=previous, sums=sums)
    row = (seal_id, instants.to_text(at), *to, previous, value, sums)
    connection.execute(_INSERT, row)
    return Seal(seal_id=seal_id, at=at, to=to, previous=previous, value=value, row_sums=sums)


def value_of(
    connection: Connection,
    *,
    at: datetime,
    since: Positions,
    to: Positions,
    previous: bytes,
    sums: bytes | None,
) -> bytes:
    """The value of a seal: SHA-256 of the seal before, its own row, the rows it covers, the sums.

    Seals from before there were sums were made without.
    """
    rows = [
        connection.execute(query, bounds).fetchall()
        for query, bounds in zip(_ROWS, zip(since, to, strict=True), strict=True)
    ]
    sealed = (previous, instants.to_text(at), since, to, rows)
    return hashlib.sha256(msgspec.json.encode(sealed if sums is None else (*sealed, sums))).digest()


def last_seal(connection: Connection) -> Seal | None:
    """The latest seal, None before the first."""
    row = connection.execute(_LAST).fetchone()
    return None if row is None else _seal_from(row)


def all_seals(connection: Connection) -> Iterator[Seal]:
    """Every seal, in order."""
    return map(_seal_from, connection.execute(_ALL))


def ends(connection: Connection) -> Positions:
    """Where journal, inbox, outbox and handovers end now."""
    positions: Positions = tuple(connection.execute(_ENDS).fetchone())
    return positions


def _seal_from(row: tuple[int, str, int, int, int, int, bytes, bytes, bytes | None]) -> Seal:
    seal_id, at, journal_to, inbox_to, outbox_to, handovers_to, previous, value, sums = row
    return Seal(
        seal_id=seal_id,
        at=instants.from_text(at),
        to=(journal_to, inbox_to, outbox_to, handovers_to),
        previous=previous,
        value=value,
        row_sums=sums,
    )
