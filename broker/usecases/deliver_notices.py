"""A party's mailbox: peek, list, read, acknowledge by id (design 11).

Every look-up is scoped to the party. Reading goes over a read-only connection; acknowledging and
noting that a document was handed out go through the writer.
"""

import logging
from sqlite3 import Connection

from broker.clock import Clock
from broker.messages.answers import MailboxEntry
from broker.messages.identifiers import CaseId, DocumentId, Eic
from broker.store import operations, outbox
from broker.store.outbox import Document
from broker.store.writer import UnableToWrite, Writer

_log = logging.getLogger(__name__)


class DeliverNotices:
    """Hands out what lies in a party's mailbox."""

    def __init__(self, *, reader: Connection, writer: Writer, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    async def peek(self, party: Eic) -> Document | None:
        """The oldest document not acknowledged, None for an empty mailbox."""
        return await self._handed_out(party, outbox.oldest(self._reader, party))

    async def read(self, party: Eic, document_id: DocumentId) -> Document | None:
        """One document, the same bytes every time, also after acknowledgement."""
        return await self._handed_out(party, outbox.read(self._reader, party, document_id))

    def waiting(self, party: Eic, limit: int) -> tuple[MailboxEntry, ...]:
        """What is not acknowledged, oldest first, at most `limit`."""
        return outbox.waiting(self._reader, party, limit)

    async def acknowledge(
        self, party: Eic, document_ids: tuple[DocumentId, ...]
    ) -> frozenset[DocumentId]:
        """Take documents out of the waiting ones; again is harmless. Raises UnableToWrite.

        Gives those of the ids that are the party's.
        """
        return await self._writer.submit(
            lambda connection: outbox.acknowledge(
                connection, party, document_ids, self._clock.now()
            )
        )

    async def send_again(
        self, case_id: CaseId, document_id: DocumentId, *, by: str, why: str
    ) -> None:
        """A person lets a document of the case wait in its mailbox again, the same bytes.

        Raises StillWaiting, where the case has none of this number that was acknowledged.
        """
        at = self._clock.now()
        await self._writer.submit(
            lambda connection: operations.send_again(
                connection, case_id, document_id, at=at, by=by, why=why
            )
        )

    async def _handed_out(self, party: Eic, document: Document | None) -> Document | None:
        """Note the first time a document is handed out; reading does not depend on it."""
        if document is None:
            return None
        document_id = document.document_id
        if not outbox.fetched_before(self._reader, party, document_id):
            try:
                await self._writer.submit(
                    lambda connection: outbox.note_fetched(
                        connection, party, document_id, self._clock.now()
                    )
                )
            except UnableToWrite:
                _log.warning("that %s was handed out could not be noted", document_id)
        return document
