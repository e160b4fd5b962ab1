"""Every attempt at sending a message: its bytes, their hash, and what was answered.

Only a message answered 200 takes its id, and only under its sender; the same bytes again get the
first answer. Contracts are kept once, by hash.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from broker.messages.answers import Attempt
from broker.messages.identifiers import CaseId, Eic, MessageId, ReceiptNumber
from broker.store import instants, payloads

# Keep one attempt.
_RECORD = (
    "INSERT INTO inbox (receipt, party, submitter, message_id, received_at, http_status, kind,"
    " case_id, sha256, bytes_payload, bytes_digest, answer_payload, answer_digest)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

# The message that took this id of the sender, with its answer.
_ACCEPTED = (
    "SELECT sha256, content, http_status FROM inbox"
    " LEFT JOIN payloads ON payload_id = answer_payload"
    " WHERE party = ? AND message_id = ? AND http_status = 200"
)

_ATTEMPT = (
    "SELECT position, receipt, message_id, received_at, http_status, case_id, sha256, content"
    " FROM inbox LEFT JOIN payloads ON payload_id = answer_payload"
)

# Handed in by this one, or by anybody.
_BY_SUBMITTER = "(?3 IS NULL OR submitter = ?3)"

# All attempts of the sender under a message id, latest first; one half for each partial index.
_ATTEMPTS = (
    f"SELECT * FROM ({_ATTEMPT} WHERE party = ?1 AND message_id = ?2 AND http_status = 200"
    f" AND {_BY_SUBMITTER}"
    f" UNION ALL {_ATTEMPT} WHERE party = ?1 AND message_id = ?2 AND http_status <> 200"
    f" AND {_BY_SUBMITTER}) ORDER BY position DESC"
)

# The attempt of the sender that has this receipt number.
_BY_RECEIPT = f"{_ATTEMPT} WHERE party = ?1 AND receipt = ?2 AND {_BY_SUBMITTER}"

# Keep a contract, once.
_KEEP_CONTRACT = (
    "INSERT INTO contract_documents (sha256, content, stored_at) VALUES (?, ?, ?)"
    " ON CONFLICT (sha256) DO NOTHING"
)

# A contract by its hash.
_CONTRACT = "SELECT content FROM contract_documents WHERE sha256 = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One attempt as it is to be kept.

    `party` is the authenticated sender, `submitter` who handed the message in. `answer` is the
    XML as sent, None for a 5xx, which is no answer to repeat.
    """

    receipt: ReceiptNumber
    party: Eic
    submitter: str
    message_id: MessageId | None
    received_at: datetime
    http_status: int
    kind: str | None
    case_id: CaseId | None
    content: bytes
    answer: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedAnswer:
    """The answer a message got that took its id; `answer` is None once it has been erased.

    `sha256` is that of the message's bytes, in hexadecimal.
    """

    sha256: str
    answer: bytes | None
    http_status: int


def record(connection: Connection, received: Received) -> None:
    """Keep an attempt with its bytes and its answer; a case it names must have been saved.

    Raises sqlite3.IntegrityError for a receipt number used before, a second 200 under one id, an
    unknown case, a 5xx with an answer or anything else without one.
    """
    content = payloads.keep(connection, received.content)
    answer = None if received.answer is None else payloads.keep(connection, received.answer)
    row = (
        received.receipt,
        received.party,
        received.submitter,
        received.message_id,
        instants.to_text(received.received_at),
        received.http_status,
        received.kind,
        received.case_id,
        hashlib.sha256(received.content).digest(),
        content.payload_id,
        content.digest,
        None if answer is None else answer.payload_id,
        None if answer is None else answer.digest,
    )
    connection.execute(_RECORD, row)


def accepted_answer(
    connection: Connection, party: Eic, message_id: MessageId
) -> AcceptedAnswer | None:
    """What the sender's message that took this id was answered; None where the id is free."""
    row = connection.execute(_ACCEPTED, (party, message_id)).fetchone()
    if row is None:
        return None
    return AcceptedAnswer(sha256=row[0].hex(), answer=row[1], http_status=row[2])


def attempts(
    connection: Connection, party: Eic, message_id: MessageId, *, submitter: str | None = None
) -> tuple[Attempt, ...]:
    """Every attempt of the sender under this id, latest first; of one submitter where named."""
    rows = connection.execute(_ATTEMPTS, (party, message_id, submitter))
    return tuple(_attempt_from(row) for row in rows)


def by_receipt(
    connection: Connection, party: Eic, receipt: ReceiptNumber, *, submitter: str | None = None
) -> Attempt | None:
    """The sender's attempt with this receipt number, None where it has none."""
    row = connection.execute(_BY_RECEIPT, (party, receipt, submitter)).fetchone()
    return None if row is None else _attempt_from(row)


def keep_contract(connection: Connection, sha256: str, content: bytes, at: datetime) -> None:
    """Keep a contract under its hash (hexadecimal), once. Raises ValueError for another hash."""
    digest = bytes.fromhex(sha256)
    if hashlib.sha256(content).digest() != digest:
        raise ValueError(f"the contract's hash is not {sha256}")
    connection.execute(_KEEP_CONTRACT, (digest, content, instants.to_text(at)))


def contract(connection: Connection, sha256: str) -> bytes | None:
    """The contract with this hash (hexadecimal), None where none is kept."""
    row = connection.execute(_CONTRACT, (bytes.fromhex(sha256),)).fetchone()
    return None if row is None else row[0]


def _attempt_from(
    row: tuple[int, str, str | None, str, int, str | None, bytes, bytes | None],
) -> Attempt:
    _, receipt, message_id, received_at, http_status, case_id, sha256, answer = row
    return Attempt(
        receipt=ReceiptNumber(receipt),
        message_id=None if message_id is None else MessageId(message_id),
        received_at=instants.from_text(received_at),
        http_status=http_status,
        case_id=None if case_id is None else CaseId(case_id),
        sha256=sha256.hex(),
        answer=answer,
    )
