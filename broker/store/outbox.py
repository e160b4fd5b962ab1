"""Mailboxes: documents per party in order of commit, the same bytes every time they are read.

Every look-up is scoped to one party. Acknowledging takes a document out of the waiting ones and
nothing else; each first fetching and acknowledging is also a row of `handovers`, which is sealed.
So is sending again, which lets the same document wait as if it had never been handed out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from broker.engine.facts import ToldDocument
from broker.messages.answers import MailboxEntry
from broker.messages.codes import DocumentKind
from broker.messages.identifiers import CaseId, DocumentId, Eic
from broker.store import instants, payloads, pushes
from broker.store.owed import OwedNotice, note

# Put a document at the end of a mailbox.
_PUT = (
    "INSERT INTO outbox (document_id, party, kind, case_id, comes_of, created_at, payload_id,"
    " digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)

_DOCUMENT = (
    "SELECT document_id, kind, case_id, created_at, content"
    " FROM outbox JOIN payloads USING (payload_id)"
)

# The oldest document that the party has not acknowledged, unless it has been erased.
_OLDEST = (
    f"{_DOCUMENT} WHERE party = ? AND acknowledged_at IS NULL AND content IS NOT NULL"
    " ORDER BY position LIMIT 1"
)

# One document of the party, acknowledged or not, unless it has been erased.
_READ = f"{_DOCUMENT} WHERE document_id = ? AND party = ? AND content IS NOT NULL"

# What the party has been told about a case, in order, unless it has been erased.
_OF_CASE = f"{_DOCUMENT} WHERE case_id = ? AND party = ? AND content IS NOT NULL ORDER BY position"

# Which documents came of a case, to whomever, in order, without those that were made again.
_SENT_IN_CASE = (
    "SELECT party, kind, document_id FROM outbox WHERE comes_of = ?"
    " AND document_id NOT IN (SELECT in_place_of FROM owed_notices WHERE in_place_of IS NOT NULL)"
    " ORDER BY position"
)

# What waits for the party, oldest first, without the contents.
_WAITING = (
    "SELECT document_id, kind, case_id, created_at, length(content)"
    " FROM outbox JOIN payloads"
    " ON payloads.payload_id = outbox.payload_id AND content IS NOT NULL"
    " WHERE party = ? AND acknowledged_at IS NULL ORDER BY position LIMIT ?"
)

# How many documents wait for the party.
_COUNT_WAITING = "SELECT count(*) FROM outbox WHERE party = ? AND acknowledged_at IS NULL"

# Where a document of the party stands, and whether it has been acknowledged and fetched.
_STANDING = (
    "SELECT position, acknowledged_at, first_fetched_at FROM outbox"
    " WHERE document_id = ? AND party = ?"
)

# Take a document out of the waiting ones.
_ACKNOWLEDGE = "UPDATE outbox SET acknowledged_at = ? WHERE position = ?"

# Note the first time a document was handed out.
_FETCHED = "UPDATE outbox SET first_fetched_at = ? WHERE position = ?"

# Keep the fact and its time for good, in the round of handovers that runs.
_HANDOVER = (
    "INSERT INTO handovers (outbox_position, round, what, at) VALUES (?1,"
    " (SELECT coalesce(max(round), 0) FROM handovers WHERE outbox_position = ?1), ?2, ?3)"
)

# Begin the next round of handovers of a document.
_NEXT_ROUND = (
    "INSERT INTO handovers (outbox_position, round, what, at, recorded) VALUES (?1,"
    " (SELECT coalesce(max(round), 0) + 1 FROM handovers WHERE outbox_position = ?1),"
    " 'sent_again', ?2, ?3)"
)

# Let a document wait again, unless it has been erased.
_WAIT_AGAIN = (
    "UPDATE outbox SET first_fetched_at = NULL, acknowledged_at = NULL"
    " WHERE document_id = ?1 AND (case_id = ?2 OR comes_of = ?2) AND acknowledged_at IS NOT NULL"
    " AND (SELECT content FROM payloads WHERE payload_id = outbox.payload_id) IS NOT NULL"
    " RETURNING position"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Why a document is owed: since when, if not now; for which one that is gone it was made again.

    `recorded` is where the journal says who had it made again, or, for what is of no case, what it
    tells of.
    """

    since: datetime | None = None
    in_place_of: DocumentId | None = None
    recorded: int | None = None


NOW = Owed()
"""By what happens in this transaction, in the case it is sent in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a mailbox, with its bytes."""

    document_id: DocumentId
    kind: str
    case_id: CaseId | None
    created_at: datetime
    content: bytes


def put(
    connection: Connection,
    *,
    document_id: DocumentId,
    party: Eic,
    kind: str,
    case_id: CaseId | None,
    created_at: datetime,
    content: bytes,
    comes_of: CaseId | None = None,
    owed: Owed = NOW,
) -> None:
    """Put a document into the party's mailbox; the cases must have been saved.

    `comes_of` is the case it was sent in, also where the party may not see that case. `owed` says
    more of why it is owed, so that it can be found missing if it should be lost.

    Raises sqlite3.IntegrityError for a document id used before or an unknown case.
    """
    kept = payloads.keep(connection, content)
    at = instants.to_text(created_at)
    row = (document_id, party, kind, case_id, comes_of, at, kept.payload_id, kept.digest)
    connection.execute(_PUT, row)
    noted = OwedNotice(
        document_id=document_id,
        at=owed.since or created_at,
        case_id=comes_of or case_id,
        kind=DocumentKind(kind),
        party=party,
        recorded=owed.recorded,
    )
    note(connection, noted, in_place_of=owed.in_place_of)


def oldest(connection: Connection, party: Eic) -> Document | None:
    """The oldest document the party has not acknowledged, None for an empty mailbox."""
    return next(iter(_documents(connection, _OLDEST, (party,))), None)


def waiting(connection: Connection, party: Eic, limit: int) -> tuple[MailboxEntry, ...]:
    """What the party has not acknowledged, oldest first, at most `limit`."""
    return tuple(
        MailboxEntry(
            document_id=DocumentId(document_id),
            kind=kind,
            case_id=None if case_id is None else CaseId(case_id),
            created_at=instants.from_text(created_at),
            size_bytes=size,
        )
        for document_id, kind, case_id, created_at, size in connection.execute(
            _WAITING, (party, limit)
        )
    )


def waiting_count(connection: Connection, party: Eic) -> int:
    """How many documents the party has not acknowledged."""
    count: int = connection.execute(_COUNT_WAITING, (party,)).fetchone()[0]
    return count


def read(connection: Connection, party: Eic, document_id: DocumentId) -> Document | None:
    """A document of the party, also after acknowledgement; None where it has none, or no more."""
    return next(iter(_documents(connection, _READ, (document_id, party))), None)


def documents_of_case(connection: Connection, case_id: CaseId, party: Eic) -> tuple[Document, ...]:
    """What the party has been told about the case, in order."""
    return _documents(connection, _OF_CASE, (case_id, party))


def sent_in_case(connection: Connection, case_id: CaseId) -> tuple[ToldDocument, ...]:
    """Which documents came of the case, to whomever, in order."""
    return tuple(
        ToldDocument(party=Eic(party), kind=DocumentKind(kind), document_id=DocumentId(document_id))
        for party, kind, document_id in connection.execute(_SENT_IN_CASE, (case_id,))
    )


def acknowledge(
    connection: Connection, party: Eic, ids: Iterable[DocumentId], at: datetime
) -> frozenset[DocumentId]:
    """Take documents out of the waiting ones; again is harmless and keeps the first time.

    Gives those of the ids that are the party's, acknowledged now or before.
    """
    known = set()
    for document_id in ids:
        standing = connection.execute(_STANDING, (document_id, party)).fetchone()
        if standing is None:
            continue
        known.add(document_id)
        position, acknowledged_at, _ = standing
        if acknowledged_at is None:
            connection.execute(_ACKNOWLEDGE, (instants.to_text(at), position))
            connection.execute(_HANDOVER, (position, "acknowledged", instants.to_text(at)))
    return frozenset(known)


def fetched_before(connection: Connection, party: Eic, document_id: DocumentId) -> bool:
    """Whether the document of the party was handed out before."""
    standing = connection.execute(_STANDING, (document_id, party)).fetchone()
    return standing is not None and standing[2] is not None


def note_fetched(connection: Connection, party: Eic, document_id: DocumentId, at: datetime) -> None:
    """Note that the document was handed out, the first time only."""
    standing = connection.execute(_STANDING, (document_id, party)).fetchone()
    if standing is not None and standing[2] is None:
        connection.execute(_FETCHED, (instants.to_text(at), standing[0]))
        connection.execute(_HANDOVER, (standing[0], "fetched", instants.to_text(at)))


def let_wait_again(
    connection: Connection, case_id: CaseId, document_id: DocumentId, *, at: datetime, recorded: int
) -> bool:
    """Let a document of the case wait in its mailbox again, the same bytes under the same number.

    One that came of the case and names none to its party is of the case too. `recorded` is where
    the journal says who sent it again and why. False and nothing where the case has no such
    document, where it has been erased, or where it waits still.
    """
    waits = connection.execute(_WAIT_AGAIN, (document_id, case_id)).fetchall()
    for (position,) in waits:
        connection.execute(_NEXT_ROUND, (position, instants.to_text(at), recorded))
        pushes.let_go_again(connection, position)
    return bool(waits)


def _documents(
    connection: Connection, query: str, parameters: tuple[str, ...]
) -> tuple[Document, ...]:
    return tuple(
        Document(
            document_id=DocumentId(document_id),
            kind=kind,
            case_id=None if case_id is None else CaseId(case_id),
            created_at=instants.from_text(created_at),
            content=content,
        )
        for document_id, kind, case_id, created_at, content in connection.execute(query, parameters)
    )
