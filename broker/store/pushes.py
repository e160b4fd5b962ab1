"""Which document of a party is pushed next, which its channel has handed over or put aside.

The queue is the mailbox itself: what its party has not acknowledged, in order of commit, and no
channel has handed over. A row here says that a document has been, that it has been refused or put
aside, or that it is to go again.
"""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from broker.messages.identifiers import CaseId, DocumentId, Eic
from broker.store import instants

_STILL_THERE = """acknowledged_at IS NULL AND EXISTS (SELECT 1 FROM payloads
    WHERE payloads.payload_id = outbox.payload_id AND content IS NOT NULL)"""

# The oldest document to push: one that goes again, or the first the channel has not come to.
_NEXT = f"""
    SELECT min(position) FROM (
        SELECT * FROM (SELECT position FROM pushes INDEXED BY open_pushes
            CROSS JOIN outbox ON position = outbox_position
            WHERE pushes.party = :party AND accepted_at IS NULL AND put_aside_at IS NULL
            AND {_STILL_THERE} ORDER BY outbox_position LIMIT 1)
        UNION ALL
        SELECT * FROM (SELECT position FROM outbox INDEXED BY mailbox
            WHERE party = :party AND position > :after AND {_STILL_THERE}
            AND NOT EXISTS (SELECT 1 FROM pushes WHERE outbox_position = position)
            ORDER BY position LIMIT 1))"""

# A document as it is pushed.
_DOCUMENT = """
    SELECT position, document_id, kind, case_id, created_at, content, coalesce(refusals, 0)
    FROM outbox JOIN payloads USING (payload_id)
    LEFT JOIN pushes ON outbox_position = position
    WHERE position = ? AND content IS NOT NULL"""

# A channel has handed it over.
_ACCEPTED = """
    INSERT INTO pushes (outbox_position, party, accepted_by, accepted_at)
    VALUES (:position, :party, :by, :at) ON CONFLICT (outbox_position)
    DO UPDATE SET accepted_by = :by, accepted_at = :at, put_aside_at = NULL"""

# The party refuses it, once more; it is put aside from an instant on, or goes again.
_REFUSED = """
    INSERT INTO pushes (outbox_position, party, refusals, why, put_aside_at)
    VALUES (:position, :party, 1, :why, :aside) ON CONFLICT (outbox_position)
    DO UPDATE SET refusals = refusals + 1, why = :why, put_aside_at = :aside,
        accepted_by = NULL, accepted_at = NULL"""

# It is to go again, as if it had never been pushed.
_AGAIN = """
    INSERT INTO pushes (outbox_position, party)
    SELECT position, party FROM outbox WHERE position = ? ON CONFLICT (outbox_position)
    DO UPDATE SET refusals = 0, accepted_by = NULL, accepted_at = NULL, put_aside_at = NULL"""

# What has been put aside for a party and still waits in its mailbox, oldest first.
_PUT_ASIDE = """
    SELECT position, document_id, kind, created_at, put_aside_at, refusals, coalesce(why, '')
    FROM pushes INDEXED BY pushes_put_aside CROSS JOIN outbox ON position = outbox_position
    WHERE pushes.party = ? AND put_aside_at IS NOT NULL AND acknowledged_at IS NULL
    ORDER BY outbox_position LIMIT ?"""

# How many have been put aside, of each party.
_COUNT_PUT_ASIDE = """
    SELECT pushes.party, count(*)
    FROM pushes INDEXED BY pushes_put_aside CROSS JOIN outbox ON position = outbox_position
    WHERE put_aside_at IS NOT NULL AND acknowledged_at IS NULL GROUP BY pushes.party"""

QUERIES = (_NEXT, _DOCUMENT, _PUT_ASIDE, _COUNT_PUT_ASIDE)
"""Every query by which pushes are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextDocument:
    """The document to be pushed, and how often its party has refused it."""

    position: int
    document_id: DocumentId
    kind: str
    case_id: CaseId | None
    created_at: datetime
    content: bytes
    refusals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside:
    """A document that its party refuses: it waits in the mailbox and the following go on."""

    position: int
    document_id: DocumentId
    kind: str
    created_at: datetime
    put_aside_at: datetime
    refusals: int
    why: str


def next_position(connection: Connection, party: Eic, *, after: int) -> int | None:
    """Where the document stands that is pushed next, None where none is to be pushed.

    `after` is up to where the channel has gone through the mailbox.
    """
    position: int | None = connection.execute(_NEXT, {"party": party, "after": after}).fetchone()[0]
    return position


def document(connection: Connection, position: int) -> NextDocument | None:
    """The document at this position, None where it has been erased."""
    row = connection.execute(_DOCUMENT, (position,)).fetchone()
    if row is None:
        return None
    position, document_id, kind, case_id, created_at, content, refusals = row
    return NextDocument(
        position=position,
        document_id=DocumentId(document_id),
        kind=kind,
        case_id=None if case_id is None else CaseId(case_id),
        created_at=instants.from_text(created_at),
        content=content,
        refusals=refusals,
    )


def note_accepted(
    connection: Connection, party: Eic, position: int, *, by: str, at: datetime
) -> None:
    """A channel of this kind has handed the document over."""
    parameters = {"party": party, "position": position, "by": by, "at": instants.to_text(at)}
    connection.execute(_ACCEPTED, parameters)


def note_refused(
    connection: Connection, party: Eic, position: int, *, why: str, put_aside_at: datetime | None
) -> None:
    """The party refuses the document; with an instant it has been put aside."""
    aside = instants.to_text_or_none(put_aside_at)
    parameters = {"party": party, "position": position, "why": why, "aside": aside}
    connection.execute(_REFUSED, parameters)


def let_go_again(connection: Connection, position: int) -> None:
    """Let the document at this position be pushed again, as if it had never been."""
    connection.execute(_AGAIN, (position,))


def put_aside(connection: Connection, party: Eic, *, limit: int) -> tuple[PutAside, ...]:
    """What has been put aside for the party and still waits, oldest first, at most `limit`."""
    return tuple(
        PutAside(
            position=position,
            document_id=DocumentId(document_id),
            kind=kind,
            created_at=instants.from_text(created_at),
            put_aside_at=instants.from_text(put_aside_at),
            refusals=refusals,
            why=why,
        )
        for position, document_id, kind, created_at, put_aside_at, refusals, why in (
            connection.execute(_PUT_ASIDE, (party, limit))
        )
    )


def put_aside_counts(connection: Connection) -> dict[Eic, int]:
    """How many documents have been put aside, of each party that has some."""
    return {Eic(party): number for party, number in connection.execute(_COUNT_PUT_ASIDE)}
