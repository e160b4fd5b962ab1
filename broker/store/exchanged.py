"""What was exchanged in a case: every message about it and every document of it, in order of time.

For the operator's own eyes: no look-up here is scoped to one party.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from broker.messages.identifiers import CaseId, DocumentId, Eic, MessageId, ReceiptNumber
from broker.store import codec, instants
from broker.store.operations import DocumentSentAgain

# The messages about a case, in order, with what was answered.
_MESSAGES = """
    SELECT receipt, kind, party, submitter, message_id, received_at, http_status,
        bytes.content, answers.content
    FROM inbox JOIN payloads AS bytes ON bytes.payload_id = bytes_payload
    LEFT JOIN payloads AS answers ON answers.payload_id = answer_payload
    WHERE case_id = ? ORDER BY position"""

# The documents of a case, also those that name no case to their party, in order, with where each
# stands.
_DOCUMENTS = """
    SELECT position, document_id, kind, party, created_at, first_fetched_at, acknowledged_at,
        content
    FROM outbox JOIN payloads USING (payload_id) WHERE case_id = ?1 OR comes_of = ?1
    ORDER BY position"""

# What became of the documents of a case, in order; with who sent one again, and why.
_HANDOVERS = """
    SELECT outbox_position, what, handovers.at, content
    FROM outbox JOIN handovers ON outbox_position = outbox.position
    LEFT JOIN journal ON journal.position = recorded LEFT JOIN payloads
        ON payloads.payload_id = journal.payload_id
    WHERE outbox.case_id = ?1 OR comes_of = ?1 ORDER BY handovers.position"""

QUERIES = (_MESSAGES, _DOCUMENTS, _HANDOVERS)
"""Every query here, for the test that looks at their plans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageIn:
    """A message about the case; `content` and `answer` None once erased, `answer` also for a 5xx.

    `submitter` is who handed it in: the sender itself, or a member of staff.
    """

    receipt: ReceiptNumber
    kind: str | None
    sender: Eic
    submitter: str
    message_id: MessageId | None
    at: datetime
    http_status: int
    content: bytes | None
    answer: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """One thing that became of a document: fetched, acknowledged, or sent again by a person."""

    what: str
    at: datetime
    by: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOut:
    """A document of the case, with what became of it; `content` None once erased.

    `fetched_at` and `acknowledged_at` are of the last time it was sent.
    """

    document_id: DocumentId
    kind: str
    party: Eic
    at: datetime
    fetched_at: datetime | None
    acknowledged_at: datetime | None
    handovers: tuple[Handover, ...]
    content: bytes | None


def messages_of_case(connection: Connection, case_id: CaseId) -> tuple[MessageIn, ...]:
    """Every message about the case, also those it could not take, in order."""
    return tuple(
        MessageIn(
            receipt=ReceiptNumber(receipt),
            kind=kind,
            sender=Eic(party),
            submitter=submitter,
            message_id=None if message_id is None else MessageId(message_id),
            at=instants.from_text(received_at),
            http_status=http_status,
            content=content,
            answer=answer,
        )
        for (
            receipt,
            kind,
            party,
            submitter,
            message_id,
            received_at,
            http_status,
            content,
            answer,
        ) in connection.execute(_MESSAGES, (case_id,))
    )


def documents_of_case(connection: Connection, case_id: CaseId) -> tuple[DocumentOut, ...]:
    """Every document of the case, whoever it is for, in order of commit."""
    handovers = _handovers(connection, case_id)
    return tuple(
        DocumentOut(
            document_id=DocumentId(document_id),
            kind=kind,
            party=Eic(party),
            at=instants.from_text(created_at),
            fetched_at=instants.from_text_or_none(fetched_at),
            acknowledged_at=instants.from_text_or_none(acknowledged_at),
            handovers=tuple(handovers[position]),
            content=content,
        )
        for (
            position,
            document_id,
            kind,
            party,
            created_at,
            fetched_at,
            acknowledged_at,
            content,
        ) in connection.execute(_DOCUMENTS, (case_id,))
    )


def _handovers(connection: Connection, case_id: CaseId) -> dict[int, list[Handover]]:
    found: dict[int, list[Handover]] = defaultdict(list)
    for position, what, at, content in connection.execute(_HANDOVERS, (case_id,)):
        record = None if content is None else codec.decode(content, DocumentSentAgain)
        found[position].append(
            Handover(
                what=what,
                at=instants.from_text(at),
                by=record.by if record else None,
                why=record.why if record else None,
            )
        )
    return found
