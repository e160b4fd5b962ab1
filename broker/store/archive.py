"""What came and what went, for the operator: every attempt at sending, every mailbox.

Lists go backwards in time by an index, page by page after the last line of the page before. Which
index is named in each query, so that none of them can come to read a whole table.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from sqlite3 import Connection

from broker.messages.identifiers import CaseId, DocumentId, Eic, MessageId, ReceiptNumber
from broker.store import instants

_FOUND_MAX = 1000
_LAST_CHARACTER = "\U0010ffff"

_OUTCOME = """CASE WHEN http_status = 200 THEN 'accepted' WHEN http_status >= 500 THEN 'failed'
    WHEN kind IS NULL THEN 'unreadable' ELSE 'refused' END"""

_ATTEMPT = f"""
    SELECT position, receipt, party, coalesce(name, party), submitter, message_id, received_at,
        http_status, kind, case_id, {_OUTCOME} AS outcome"""

# What narrows a list further, and where a page begins; what runs out first is the newest.
_NARROWED = """
    AND received_at >= :since AND received_at < :until AND received_at <= :at
    AND (received_at, position) < (:at, :position)
    AND (:party IS NULL OR party = :party) AND (:kind IS NULL OR kind = :kind)
    AND (:outcome IS NULL OR outcome = :outcome)
    ORDER BY received_at DESC, position DESC LIMIT :limit"""

_LIST = (
    "{attempt} FROM inbox INDEXED BY {index} LEFT JOIN participants ON eic = party WHERE {first}"
)

# The attempts wanted, by the index that narrows them most.
_BY_TIME = _LIST.format(attempt=_ATTEMPT, index="inbox_by_time", first="true") + _NARROWED
_BY_PARTY = _LIST.format(attempt=_ATTEMPT, index="inbox_of_party", first="party = :party")
_BY_PARTY += _NARROWED
_BY_KIND = _LIST.format(attempt=_ATTEMPT, index="inbox_of_kind", first="kind = :kind") + _NARROWED
_NOT_ACCEPTED = _LIST.format(
    attempt=_ATTEMPT, index="inbox_not_accepted", first="http_status <> 200"
)
_NOT_ACCEPTED += _NARROWED

# The attempts of which a number begins so, at most so many of each kind of number. Identifications
# are indexed by party, so the parties are gone through.
_BY_NUMBER = f"""
    WITH found (position) AS (
        SELECT * FROM (SELECT position FROM inbox
            WHERE receipt >= :begin AND receipt < :beyond LIMIT {_FOUND_MAX})
        UNION SELECT * FROM (SELECT position FROM participants CROSS JOIN inbox ON party = eic
            WHERE http_status = 200 AND message_id >= :begin AND message_id < :beyond
            LIMIT {_FOUND_MAX})
        UNION SELECT * FROM (SELECT position FROM participants CROSS JOIN inbox ON party = eic
            WHERE http_status <> 200 AND message_id IS NOT NULL
            AND message_id >= :begin AND message_id < :beyond LIMIT {_FOUND_MAX}))
    {_ATTEMPT} FROM found CROSS JOIN inbox USING (position) LEFT JOIN participants ON eic = party
    WHERE true {_NARROWED}"""

# One attempt with its bytes and its answer.
_ATTEMPT_WHOLE = f"""
    {_ATTEMPT}, received.content, answered.content
    FROM inbox LEFT JOIN participants ON eic = party
    JOIN payloads AS received ON received.payload_id = bytes_payload
    LEFT JOIN payloads AS answered ON answered.payload_id = answer_payload WHERE receipt = ?"""

# Every party with its mailbox: what waits, since when, when it was last read and emptied. Each
# part is a look-up in an index; counting goes through what waits, not through what has been read.
_MAILBOXES = """
    SELECT eic, name, active,
        (SELECT count(*) FROM outbox INDEXED BY mailbox
            WHERE party = eic AND acknowledged_at IS NULL),
        (SELECT created_at FROM outbox INDEXED BY mailbox
            WHERE party = eic AND acknowledged_at IS NULL ORDER BY position LIMIT 1),
        (SELECT first_fetched_at FROM outbox INDEXED BY outbox_fetched
            WHERE party = eic AND first_fetched_at IS NOT NULL
            ORDER BY first_fetched_at DESC LIMIT 1),
        (SELECT acknowledged_at FROM outbox INDEXED BY outbox_acknowledged
            WHERE party = eic AND acknowledged_at IS NOT NULL
            ORDER BY acknowledged_at DESC LIMIT 1)
    FROM participants WHERE NOT EXISTS (SELECT 1 FROM register_imports
        WHERE import_id = participants.brought_by AND switched_over_at IS NULL)
    ORDER BY name, eic"""

_DOCUMENT = """
    SELECT position, document_id, party, kind, case_id, created_at, first_fetched_at,
        acknowledged_at FROM outbox"""

# The documents of a party, the newest first, and those of them that wait.
_DOCUMENTS = f"""{_DOCUMENT} INDEXED BY outbox_of_party
    WHERE party = ? AND position < ? ORDER BY position DESC LIMIT ?"""
_WAITING = f"""{_DOCUMENT} INDEXED BY mailbox
    WHERE party = ? AND position < ? AND acknowledged_at IS NULL ORDER BY position DESC LIMIT ?"""

# One document, whoever it is for, with its bytes.
_DOCUMENT_WHOLE = """
    SELECT position, document_id, party, kind, case_id, created_at, first_fetched_at,
        acknowledged_at, content FROM outbox JOIN payloads USING (payload_id)
    WHERE document_id = ?"""

# What came after a position, counted; where the inbox ends.
_COUNT_AFTER = f"""
    SELECT kind, {_OUTCOME} AS outcome, count(*), max(position) FROM inbox
    WHERE position > ? GROUP BY kind, outcome"""
_LAST = "SELECT coalesce(max(position), 0) FROM inbox"

QUERIES = (
    *(_BY_TIME, _BY_PARTY, _BY_KIND, _NOT_ACCEPTED, _BY_NUMBER),
    *(_ATTEMPT_WHOLE, _MAILBOXES, _DOCUMENTS, _WAITING, _DOCUMENT_WHOLE),
    *(_COUNT_AFTER, _LAST),
)
"""Every query by which the archive is read."""

_END = 2**62


class Outcome(Enum):
    """What became of an attempt: taken in, refused by a rule, not even read, or our fault."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which attempts are sought, received from one instant up to another; None for any.

    `number` is the beginning of a receipt number or of a message's identification.
    """

    since: datetime
    until: datetime
    party: Eic | None = None
    kind: str | None = None
    number: str | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at sending a message, as a line; `kind` None where it could not be read.

    `submitter` is who handed it in: the party itself, a provider for it, or a member of staff.
    """

    position: int
    receipt: ReceiptNumber
    party: Eic
    party_name: str
    submitter: str
    message_id: MessageId | None
    received_at: datetime
    http_status: int
    kind: str | None
    case_id: CaseId | None
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeAttempt:
    """An attempt with the bytes received and answered; None once erased, or for no answer."""

    attempt: Attempt
    content: bytes | None
    answer: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """How a party's mailbox stands; instants are None where there is nothing they could be of."""

    party: Eic
    name: str
    active: bool
    waiting: int
    oldest_at: datetime | None
    last_fetched_at: datetime | None
    last_acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a mailbox, as a line."""

    position: int
    document_id: DocumentId
    party: Eic
    kind: str
    case_id: CaseId | None
    created_at: datetime
    first_fetched_at: datetime | None
    acknowledged_at: datetime | None


def attempts(
    connection: Connection,
    sought: Sought,
    *,
    limit: int,
    after: tuple[datetime, int] | None = None,
) -> tuple[Attempt, ...]:
    """The attempts sought, the newest first, after the one received then at this position."""
    at, position = after or (sought.until, _END)
    number = sought.number or ""
    parameters = {
        "since": instants.to_text(sought.since),
        "until": instants.to_text(sought.until),
        "party": sought.party,
        "kind": sought.kind,
        "outcome": sought.outcome.value if sought.outcome else None,
        "begin": number,
        "beyond": number + _LAST_CHARACTER,
        "at": instants.to_text(at),
        "position": position,
        "limit": limit,
    }
    rows = connection.execute(_query_for(sought), parameters)
    return tuple(_attempt(row) for row in rows)


def _query_for(sought: Sought) -> str:
    """The query by the index that narrows what is sought most."""
    if sought.number is not None:
        return _BY_NUMBER
    if sought.outcome not in (None, Outcome.ACCEPTED):
        return _NOT_ACCEPTED
    if sought.party is not None:
        return _BY_PARTY
    return _BY_TIME if sought.kind is None else _BY_KIND


def attempt(connection: Connection, receipt: ReceiptNumber) -> WholeAttempt | None:
    """The attempt with this receipt number, None where there is none."""
    row = connection.execute(_ATTEMPT_WHOLE, (receipt,)).fetchone()
    if row is None:
        return None
    *line, content, answer = row
    return WholeAttempt(attempt=_attempt(tuple(line)), content=content, answer=answer)


def mailboxes(connection: Connection) -> tuple[Mailbox, ...]:
    """How the mailbox of every party stands, by name."""
    return tuple(
        Mailbox(
            party=Eic(eic),
            name=name,
            active=bool(active),
            waiting=waiting,
            oldest_at=instants.from_text_or_none(oldest),
            last_fetched_at=instants.from_text_or_none(fetched),
            last_acknowledged_at=instants.from_text_or_none(acknowledged),
        )
        for eic, name, active, waiting, oldest, fetched, acknowledged in connection.execute(
            _MAILBOXES
        )
    )


def documents(
    connection: Connection,
    party: Eic,
    *,
    limit: int,
    waiting: bool = False,
    before: int | None = None,
) -> tuple[Document, ...]:
    """The documents of a party, the newest first, those before a position; perhaps what waits."""
    query = _WAITING if waiting else _DOCUMENTS
    rows = connection.execute(query, (party, _END if before is None else before, limit))
    return tuple(_document(row) for row in rows)


def document(
    connection: Connection, document_id: DocumentId
) -> tuple[Document, bytes | None] | None:
    """The document with this number and its bytes, None once erased; None for no such document."""
    row = connection.execute(_DOCUMENT_WHOLE, (document_id,)).fetchone()
    return None if row is None else (_document(row[:-1]), row[-1])


def count_after(
    connection: Connection, position: int
) -> tuple[int, dict[tuple[str | None, Outcome], int]]:
    """How many attempts of each kind and outcome came after this position, and the last one's."""
    last, counted = position, {}
    for kind, outcome, number, newest in connection.execute(_COUNT_AFTER, (position,)):
        counted[kind, Outcome(outcome)] = number
        last = max(last, newest)
    return last, counted


def last_position(connection: Connection) -> int:
    """The position of the latest attempt, 0 before the first."""
    position: int = connection.execute(_LAST).fetchone()[0]
    return position


def _attempt(
    row: tuple[int, str, str, str, str, str | None, str, int, str | None, str | None, str],
) -> Attempt:
    position, receipt, party, name, submitter, message_id, received_at = row[:7]
    status, kind, case_id, outcome = row[7:]
    return Attempt(
        position=position,
        receipt=ReceiptNumber(receipt),
        party=Eic(party),
        party_name=name,
        submitter=submitter,
        message_id=None if message_id is None else MessageId(message_id),
        received_at=instants.from_text(received_at),
        http_status=status,
        kind=kind,
        case_id=None if case_id is None else CaseId(case_id),
        outcome=Outcome(outcome),
    )


def _document(
    row: tuple[int, str, str, str, str | None, str, str | None, str | None],
) -> Document:
    position, document_id, party, kind, case_id, created_at, fetched_at, acknowledged_at = row
    return Document(
        position=position,
        document_id=DocumentId(document_id),
        party=Eic(party),
        kind=kind,
        case_id=None if case_id is None else CaseId(case_id),
        created_at=instants.from_text(created_at),
        first_fetched_at=instants.from_text_or_none(fetched_at),
        acknowledged_at=instants.from_text_or_none(acknowledged_at),
    )
