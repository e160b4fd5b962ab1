"""What a channel is given to hand over, and what can become of that.

A channel tells in `UnableToHandOver` whose fault it was; what follows from that is not its affair.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from broker.messages.identifiers import CaseId, DocumentId


class Fault(Enum):
    """Why a document was not accepted."""

    UNREACHABLE = "unreachable"
    """No connection, or no answer in time."""
    INSECURE = "insecure"
    """The connection cannot be secured: certificate, host name, TLS."""
    BUSY = "busy"
    """The other side asks to wait."""
    FAILING = "failing"
    """The other side has a fault of its own."""
    UNWELCOME = "unwelcome"
    """The other side does not let us in."""
    NOT_THERE = "not_there"
    """The address is no such endpoint or mailbox, or leads elsewhere."""
    GONE = "gone"
    """The other side has given the address up for good."""
    DOCUMENT_REFUSED = "document_refused"
    """The other side refuses this document, and may well take another."""


class UnableToHandOver(Exception):
    """The document was not accepted, or nobody knows whether it was; it is tried again.

    `wait` is how long the other side asks to be left alone.
    """

    def __init__(self, fault: Fault, why: str, *, wait: timedelta | None = None) -> None:
        super().__init__(why)
        self.fault = fault
        self.wait = wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A document as it is handed over; a test of the channel has no content."""

    document_id: DocumentId
    kind: str
    case_id: CaseId | None
    created_at: datetime
    content: bytes


TEST_KIND = "Test"
"""The kind of what is sent to try a channel out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where to: a webhook's address with the secrets that sign, or a mailbox with a language."""

    address: str
    language: str
    secrets: tuple[str, ...] = field(repr=False)


class Courier(Protocol):
    """Hands documents over by one kind of channel."""

    async def hand_over(self, parcel: Parcel, to: Destination, *, at: datetime) -> None:
        """Return once the other side has accepted. Raises UnableToHandOver."""
        ...
