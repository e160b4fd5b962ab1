"""The journal: what happened, row by row, never changed; contents lie in payloads.

Rows of a case hold the records whose application gives its state. Rows without a case hold what
the operator did to the service as a whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import get_args

from broker.messages.identifiers import CaseId
from broker.messages.records import Record
from broker.store import codec, instants, payloads

# Every record class under its name, which is the kind of its rows.
RECORD_CLASSES: dict[str, type[Record]] = {cls.__name__: cls for cls in get_args(Record)}

# Add a row at the end of the journal.
_APPEND = "INSERT INTO journal (case_id, kind, at, digest, payload_id) VALUES (?, ?, ?, ?, ?)"

# What happened to a case, in order.
_OF_CASE = (
    "SELECT position, kind, at, content FROM journal JOIN payloads USING (payload_id)"
    " WHERE case_id = ? ORDER BY position"
)

# Where the last thing that happened to a case stands.
_LAST_OF_CASE = "SELECT max(position) FROM journal WHERE case_id = ?"

# What happened that was of no case, of one kind, between two positions, unless erased.
_OF_NO_CASE = (
    "SELECT position, content FROM journal JOIN payloads USING (payload_id)"
    " WHERE case_id IS NULL AND kind = ? AND position > ? AND position <= ?"
    " AND content IS NOT NULL ORDER BY position"
)

# The last that happened of no case, of one kind: looked for from the end of the journal.
_LATEST_OF_NO_CASE = (
    "SELECT content FROM journal JOIN payloads USING (payload_id)"
    " WHERE case_id IS NULL AND kind = ? ORDER BY position DESC LIMIT 1"
)

# What one row holds.
_CONTENT_AT = "SELECT content FROM journal JOIN payloads USING (payload_id) WHERE position = ?"

# When the last thing happened, to see a clock that runs behind.
_LAST_AT = "SELECT at FROM journal ORDER BY position DESC LIMIT 1"


class UnableToReadErased(Exception):
    """A record of the case has been erased, so its state cannot be worked out from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of a case's journal; `record` is None once its content has been erased."""

    position: int
    kind: str
    at: datetime
    record: Record | None


def append(connection: Connection, *, case_id: CaseId | None, at: datetime, record: object) -> int:
    """Add a record at the end; the name of its class is its kind. Gives its position.

    The case must have been saved. Raises TypeError for a record of a case that is of no known
    class, sqlite3.IntegrityError for an unknown case.
    """
    kind = type(record).__name__
    if case_id is not None and not isinstance(record, Record):
        raise TypeError(f"not a record of a case: {kind}")
    kept = payloads.keep(connection, codec.encode(record))
    row = (case_id, kind, instants.to_text(at), kept.digest, kept.payload_id)
    position = connection.execute(_APPEND, row).lastrowid
    assert position is not None
    return position


def entries_of(connection: Connection, case_id: CaseId) -> tuple[Entry, ...]:
    """What happened to the case, in order, erased contents as None."""
    return tuple(
        Entry(
            position=position,
            kind=kind,
            at=instants.from_text(at),
            record=None if content is None else record_from(kind, content),
        )
        for position, kind, at, content in connection.execute(_OF_CASE, (case_id,))
    )


def last_position_of(connection: Connection, case_id: CaseId) -> int:
    """The position of the case's last row, 0 for an unknown case."""
    position: int | None = connection.execute(_LAST_OF_CASE, (case_id,)).fetchone()[0]
    return position or 0


def records_of(connection: Connection, case_id: CaseId) -> tuple[Record, ...]:
    """The records of the case, in order, none for an unknown one. Raises UnableToReadErased."""
    records = tuple(entry.record for entry in entries_of(connection, case_id))
    present = tuple(record for record in records if record is not None)
    if len(present) < len(records):
        raise UnableToReadErased(f"{len(records) - len(present)} records of case {case_id}")
    return present


def of_no_case(
    connection: Connection, kind: str, after: int, until: int
) -> Iterator[tuple[int, bytes]]:
    """Where rows of a kind that are of no case stand, and what they hold, without erased ones."""
    yield from connection.execute(_OF_NO_CASE, (kind, after, until))


def latest_of_no_case(connection: Connection, kind: str) -> bytes | None:
    """What the last row of a kind that is of no case holds; None for none, and for an erased one.

    For what happened a short while ago: the rows since then are gone through.
    """
    row = connection.execute(_LATEST_OF_NO_CASE, (kind,)).fetchone()
    return None if row is None else row[0]


def content_at(connection: Connection, position: int) -> bytes | None:
    """What the row at this position holds; None for no such row and for an erased one."""
    row = connection.execute(_CONTENT_AT, (position,)).fetchone()
    return None if row is None else row[0]


def record_from(kind: str, content: bytes) -> Record:
    """The record a row of this kind holds. Raises ValueError where the content is no such thing."""
    cls = RECORD_CLASSES.get(kind)
    if cls is None:
        raise ValueError(f"no record is called {kind}")
    return codec.decode(content, cls)


def last_entry_at(connection: Connection) -> datetime | None:
    """The time of the last row, None for an empty journal."""
    row = connection.execute(_LAST_AT).fetchone()
    return None if row is None else instants.from_text(row[0])
