"""A supply contract handed to a member of staff, with who opened it and when.

Contracts bear names, tax numbers and signatures; they are kept for disputes (A9). So each is told
from the case whose request brought it, and each opening is a row of the journal.
"""

from functools import partial
from sqlite3 import Connection

from broker.clock import Clock
from broker.engine.state import Case, SwitchCase
from broker.messages.identifiers import CaseId
from broker.messages.requests import ChosenSupplier, SupplyContract
from broker.store import inbox, operations
from broker.store.operations import ContractOpened
from broker.store.writer import Writer


def contracts_of(case: Case) -> tuple[tuple[ChosenSupplier, SupplyContract], ...]:
    """The contracts that came with the requests of a case, each with the supplier chosen by it."""
    if not isinstance(case, SwitchCase):
        return ()
    return tuple(
        (chosen, chosen.contract)
        for application in case.applications
        for chosen in application.request.chosen
        if chosen.contract is not None
    )


class OpenContract:
    """Opens contracts through the one writer, so that none is opened without a trace."""

    def __init__(self, *, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    async def open(self, case_id: CaseId, sha256: str, *, by: str) -> bytes | None:
        """The document with this hash; None where none is kept. Raises UnableToWrite."""
        record = ContractOpened(at=self._clock.now(), by=by, case_id=case_id, sha256=sha256)
        return await self._writer.submit(partial(_open, record))


def _open(record: ContractOpened, connection: Connection) -> bytes | None:
    content = inbox.contract(connection, record.sha256)
    if content is not None:
        operations.note_opened(connection, record)
    return content
