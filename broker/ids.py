"""The only maker of identifiers: UUIDv7, so that keys grow with time and tell nothing of volume."""

import os
import secrets
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from broker.messages.identifiers import CaseId, DocumentId, MessageId, ReceiptNumber


class Ids:
    """Makes the numbers that parties see, in order of time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last = 0

    def case_id(self) -> CaseId:
        """A number for a new case."""
        return CaseId(self._uuid7())

    def message_id(self) -> MessageId:
        """An identification for a message that the operator's staff enter."""
        return MessageId(self._uuid7())

    def receipt_number(self) -> ReceiptNumber:
        """A number for one attempt at sending a message."""
        return ReceiptNumber(self._uuid7())

    def document_id(self) -> DocumentId:
        """An identification for a document in a mailbox."""
        return DocumentId(self._uuid7())

    def delegation_number(self) -> str:
        """A number for what a supplier delegates to a service provider."""
        return self._uuid7()

    def import_number(self) -> str:
        """A number for an import into the register."""
        return self._uuid7()

    def _uuid7(self) -> str:
        """A UUID of version 7 (RFC 9562): milliseconds, then a counter begun at random."""
        milliseconds = int(self._now().timestamp() * 1000)
        fresh = milliseconds << 74 | int.from_bytes(os.urandom(9)) & (1 << 74) - 1
        step = int.from_bytes(os.urandom(4)) + 1
        self._last = max(fresh, self._last + step)
        high, low = self._last >> 62, self._last & (1 << 62) - 1
        version = (high >> 12) << 16 | 7 << 12 | high & 0xFFF
        return str(UUID(int=version << 64 | 2 << 62 | low))


def new_token() -> str:
    """A bearer token of 256 random bits; only its hash is ever kept."""
    return secrets.token_urlsafe(32)
