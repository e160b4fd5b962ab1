"""What the door answers: acknowledgements and the views a party may ask for (design: two answers).

Positive and negative acknowledgements, mailbox listings, what became of a message, a party's view
of its case, the published code list: all are written as XML against the same schema.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from broker.messages.deadlines import Deadline
from broker.messages.identifiers import CaseId, DocumentId, Eic, MessageId, ReceiptNumber
from broker.messages.reasons import Refusal


class Outcome(Enum):
    """Whether a message was taken in."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The answer to one attempt at sending a message (A10).

    Accepted: receipt number, time, case and the deadlines it starts. Refused: every finding of
    the level that failed. `reference` and `recipient` are None when nothing could be read;
    `receipt` is None for what is not kept (strangers, too large, a database that cannot write).
    """

    outcome: Outcome
    receipt: ReceiptNumber | None
    received_at: datetime
    recipient: Eic | None
    reference: MessageId | None
    case_id: CaseId | None
    deadlines: tuple[Deadline, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxEntry:
    """One document waiting in a mailbox."""

    document_id: DocumentId
    kind: str
    case_id: CaseId | None
    created_at: datetime
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at sending a message and what was answered; `answer` is the XML as sent."""

    receipt: ReceiptNumber
    message_id: MessageId | None
    received_at: datetime
    http_status: int
    case_id: CaseId | None
    sha256: str
    answer: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One thing that happened to a case, as far as the asking party may know."""

    at: datetime
    what: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A party's own view of a case: state, history, deadlines with their articles.

    `corrects` is the switch that a correction puts right, `corrected_by` the case that put this
    switch right.
    """

    case_id: CaseId
    state: str
    accounting_point: str
    expected_date: date | None
    history: tuple[HistoryEntry, ...]
    deadlines: tuple[Deadline, ...]
    corrects: CaseId | None = None
    corrected_by: CaseId | None = None
