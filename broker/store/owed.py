"""Which notices were owed for what happened, and which of them are gone from the mailboxes.

Each document is noted here in the transaction that puts it into its mailbox, so that one which is
lost can still be named: when, in which case, of which kind, to whom.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from broker.messages.codes import DocumentKind
from broker.messages.identifiers import CaseId, DocumentId, Eic, ReceiptNumber
from broker.store import instants

# Note a document, with what it was made again for or what it tells of.
_NOTE = (
    "INSERT INTO owed_notices (document_id, at, case_id, kind, party, in_place_of, recorded)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)

_OWED = (
    "SELECT owed.document_id, owed.at, owed.case_id, owed.kind, owed.party, owed.recorded"
    " FROM owed_notices AS owed"
)

# Notices whose row or bytes are gone though nobody erased them, and that were not made again. What
# came of a case that has been erased is not owed any more.
_LOST = (
    f"{_OWED} LEFT JOIN outbox USING (document_id) LEFT JOIN payloads USING (payload_id)"
    " WHERE (outbox.document_id IS NULL OR payloads.payload_id IS NULL"
    " OR coalesce(length(content), 0) = 0 AND erased_at IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM owed_notices AS again"
    " WHERE again.in_place_of = owed.document_id)"
    " AND NOT EXISTS (SELECT 1 FROM cases JOIN payloads AS kept ON payload_id = snapshot_payload"
    " WHERE cases.case_id = owed.case_id AND kept.erased_at IS NOT NULL)"
)

# Those after a number, one, or those of one case, in order of time.
_LOST_AFTER = f"{_LOST} AND owed.document_id > ? ORDER BY owed.document_id"
_IS_LOST = f"{_LOST} AND owed.document_id = ?"
_LOST_OF_CASE = f"{_LOST} AND owed.case_id = ? ORDER BY owed.document_id"

# What a case owed, in order, without what was lost and made again.
_OF_CASE = (
    f"{_OWED} WHERE owed.case_id = ? AND NOT EXISTS (SELECT 1 FROM owed_notices AS again"
    " WHERE again.in_place_of = owed.document_id) ORDER BY owed.document_id"
)

# Cases that something happened to between two positions of the journal, unless they are erased.
_CASES_TOUCHED = (
    "SELECT DISTINCT case_id FROM journal JOIN cases USING (case_id)"
    " JOIN payloads ON payloads.payload_id = snapshot_payload"
    " WHERE position > ? AND position <= ? AND content IS NOT NULL ORDER BY case_id"
)

# The last number given to a document, in order of time, and the last attempt at sending a message.
_ENDS = (
    "SELECT (SELECT coalesce(max(document_id), '') FROM owed_notices),"
    " (SELECT coalesce(max(position), 0) FROM inbox)"
)

# Where the journal ends.
_END = "SELECT coalesce(max(position), 0) FROM journal"

# Requests for data that were granted and have no answer noted (A4): those after a position, which
# no index is needed for, or one.
_REQUESTS = "SELECT received_at, party, receipt FROM inbox"
_UNANSWERED = (
    " JOIN payloads ON payload_id = bytes_payload"
    " WHERE inbox.kind = 'MasterDataRequest' AND http_status = 200 AND content IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM owed_notices AS owed INDEXED BY owed_of_no_case"
    " WHERE owed.case_id IS NULL AND owed.at = inbox.received_at AND owed.party = inbox.party"
    " AND owed.kind = 'MasterDataResponse')"
)
_UNANSWERED_AFTER = (
    f"{_REQUESTS} NOT INDEXED {_UNANSWERED} AND inbox.position > ? ORDER BY received_at"
)
_IS_UNANSWERED = f"{_REQUESTS} {_UNANSWERED} AND receipt = ?"

# To whom a notice of a change of no case was made again that had never been written; the journal
# says what for.
_MADE_AGAIN_FOR = (
    "SELECT party FROM owed_notices AS owed INDEXED BY owed_of_no_case"
    " JOIN journal ON journal.position = ? WHERE owed.case_id IS NULL AND owed.at = journal.at"
)

# The documents of an event of a case that are there, with their bytes.
_PRESENT = (
    "SELECT document_id, outbox.created_at, content FROM owed_notices AS owed"
    " JOIN outbox USING (document_id) JOIN payloads USING (payload_id)"
    " WHERE owed.case_id = ? AND owed.at = ? AND owed.kind = ?"
    " AND owed.party = coalesce(?, owed.party) AND length(content) > 0 ORDER BY document_id"
)

# The request for data that a party had granted at an instant.
_REQUEST = (
    "SELECT content FROM inbox INDEXED BY inbox_of_kind JOIN payloads ON payload_id = bytes_payload"
    " WHERE inbox.kind = 'MasterDataRequest' AND received_at = ? AND party = ?"
    " AND http_status = 200"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How far it is that documents were numbered and messages taken."""

    document_id: DocumentId
    inbox_position: int


BEGINNING = Ends(document_id=DocumentId(""), inbox_position=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedNotice:
    """A notice that was written: its number, since when it is owed, in which case, to whom.

    `recorded` is where the journal says what it tells of, where that was of no case.
    """

    document_id: DocumentId
    at: datetime
    case_id: CaseId | None
    kind: DocumentKind
    party: Eic
    recorded: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A document that is there, with its bytes."""

    document_id: DocumentId
    created_at: datetime
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A request for data that was granted and not answered: when, whose, its receipt number."""

    at: datetime
    party: Eic
    receipt: ReceiptNumber


def note(
    connection: Connection, owed: OwedNotice, *, in_place_of: DocumentId | None = None
) -> None:
    """Note a document. Raises sqlite3.IntegrityError where it was made again before."""
    row = (
        owed.document_id,
        instants.to_text(owed.at),
        owed.case_id,
        owed.kind.value,
        owed.party,
        in_place_of,
        owed.recorded,
    )
    connection.execute(_NOTE, row)


def lost(connection: Connection, since: Ends = BEGINNING) -> tuple[OwedNotice, ...]:
    """The notices that are gone and were not made again, of those written since."""
    return tuple(_notices(connection, _LOST_AFTER, since.document_id))


def lost_of_case(connection: Connection, case_id: CaseId) -> tuple[OwedNotice, ...]:
    """The notices of one case that are gone and were not made again."""
    return tuple(_notices(connection, _LOST_OF_CASE, case_id))


def is_lost(connection: Connection, document_id: DocumentId) -> bool:
    """Whether this document is gone and was not made again."""
    return any(_notices(connection, _IS_LOST, document_id))


def unanswered(connection: Connection, since: Ends = BEGINNING) -> tuple[Unanswered, ...]:
    """Requests for data taken since that were granted and whose answer was never written (A4)."""
    return tuple(
        Unanswered(at=instants.from_text(at), party=Eic(party), receipt=ReceiptNumber(receipt))
        for at, party, receipt in connection.execute(_UNANSWERED_AFTER, (since.inbox_position,))
    )


def is_unanswered(connection: Connection, receipt: ReceiptNumber) -> bool:
    """Whether this request for data was granted and its answer never written (A4)."""
    return connection.execute(_IS_UNANSWERED, (receipt,)).fetchone() is not None


def of_case(connection: Connection, case_id: CaseId) -> tuple[OwedNotice, ...]:
    """What was written in the case, in order; of what was lost and made again only the latter."""
    return tuple(_notices(connection, _OF_CASE, case_id))


def made_again_for(connection: Connection, recorded: int) -> frozenset[Eic]:
    """Who was told, sooner or later, of the change that stands at this position of the journal."""
    return frozenset(Eic(party) for (party,) in connection.execute(_MADE_AGAIN_FOR, (recorded,)))


def present(
    connection: Connection, case_id: CaseId, at: datetime, kind: DocumentKind, party: Eic | None
) -> tuple[Present, ...]:
    """The documents of this kind that an event of the case wrote and that are there."""
    rows = connection.execute(_PRESENT, (case_id, instants.to_text(at), kind.value, party))
    return tuple(
        Present(
            document_id=DocumentId(document_id),
            created_at=instants.from_text(created_at),
            content=content,
        )
        for document_id, created_at, content in rows
    )


def request_answered_at(connection: Connection, party: Eic | None, at: datetime) -> bytes | None:
    """The request for data of this party that was granted at this instant; None once erased."""
    row = connection.execute(_REQUEST, (instants.to_text(at), party)).fetchone()
    return None if row is None else row[0]


def cases_touched(connection: Connection, after: int, until: int) -> tuple[CaseId, ...]:
    """The cases that something happened to after one position of the journal up to another."""
    rows = connection.execute(_CASES_TOUCHED, (after, until))
    return tuple(CaseId(case_id) for (case_id,) in rows)


def end_of_journal(connection: Connection) -> int:
    """The last position of the journal, 0 for an empty one."""
    end: int = connection.execute(_END).fetchone()[0]
    return end


def ends(connection: Connection) -> Ends:
    """How far documents and messages go at this moment."""
    document_id, inbox_position = connection.execute(_ENDS).fetchone()
    return Ends(document_id=DocumentId(document_id), inbox_position=inbox_position)


def _notices(connection: Connection, query: str, *parameters: str) -> Iterator[OwedNotice]:
    for document_id, at, case_id, kind, party, recorded in connection.execute(query, parameters):
        yield OwedNotice(
            document_id=DocumentId(document_id),
            at=instants.from_text(at),
            case_id=None if case_id is None else CaseId(case_id),
            kind=DocumentKind(kind),
            party=Eic(party),
            recorded=recorded,
        )
