"""What suppliers delegate to service providers, granted and ended while the service runs.

The operator's staff put on record what the supplier has told it in writing, with who did and why.
"""

from dataclasses import dataclass
from datetime import date
from functools import partial
from sqlite3 import Connection

from broker.clock import Clock
from broker.engine.calendar import local_day
from broker.ids import Ids
from broker.messages.codes import DocumentKind, Role
from broker.messages.identifiers import Eic
from broker.store import delegations, journal, participants, register
from broker.store.delegations import Delegation
from broker.store.operations import DelegationEnded, DelegationGranted
from broker.store.writer import Writer
from broker.usecases.admission import MAY_BE_DELEGATED


class UnableToDelegate(Exception):
    """This supplier cannot let this party do this; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """What a supplier lets a provider do, from a day up to another, which is not of it."""

    provider: Eic
    supplier: Eic
    kinds: tuple[DocumentKind, ...]
    mailbox: bool
    from_day: date
    until_day: date


class KeepDelegations:
    """Grants, lists and ends delegations through the one writer."""

    def __init__(self, *, reader: Connection, writer: Writer, clock: Clock, ids: Ids) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._ids = ids

    def delegations(self) -> tuple[Delegation, ...]:
        """Every delegation there ever was, newest first."""
        return delegations.all_of_them(self._reader)

    async def grant(self, mandate: Mandate, *, by: str, why: str) -> str:
        """Put the mandate on record; its number. Raises UnableToDelegate and UnableToWrite."""
        record = DelegationGranted(
            at=self._clock.now(),
            by=by,
            why=why,
            number=self._ids.delegation_number(),
            provider=mandate.provider,
            supplier=mandate.supplier,
            kinds=tuple(dict.fromkeys(mandate.kinds)),
            mailbox=mandate.mailbox,
            from_day=mandate.from_day,
            until_day=mandate.until_day,
        )
        await self._writer.submit(partial(_grant, record))
        return record.number

    async def end(self, number: str, *, by: str, why: str) -> None:
        """The delegation is no longer in force. Raises NoSuchDelegation and UnableToWrite."""
        record = DelegationEnded(at=self._clock.now(), by=by, why=why, number=number)
        await self._writer.submit(partial(_end, record))


def _grant(record: DelegationGranted, connection: Connection) -> None:
    speaks_against = _why_not(record, connection)
    if speaks_against is not None:
        raise UnableToDelegate(speaks_against)
    delegation = Delegation(
        number=record.number,
        provider=record.provider,
        supplier=record.supplier,
        kinds=record.kinds,
        mailbox=record.mailbox,
        from_day=record.from_day,
        until_day=record.until_day,
        granted_at=record.at,
        ended_at=None,
    )
    delegations.grant(connection, delegation)
    journal.append(connection, case_id=None, at=record.at, record=record)


def _why_not(wanted: DelegationGranted, connection: Connection) -> str | None:
    """What speaks against the mandate, None for nothing."""
    for eic, role in (
        (wanted.provider, Role.SERVICE_PROVIDER),
        (wanted.supplier, Role.SUPPLIER),
    ):
        party = participants.participant(connection, eic)
        if party is None or not party.active or role not in party.roles:
            return f"{eic} is no active participant with the role {role.value}"
    if wanted.supplier == register.operator(connection).eic:
        return "the operator's mailbox holds what is its staff's, so it delegates nothing"
    foreign = [kind.value for kind in wanted.kinds if kind not in MAY_BE_DELEGATED]
    if foreign:
        return f"a supplier sends no {foreign[0]}"
    if not wanted.kinds and not wanted.mailbox:
        return "it is for no kind of message and not for the mailbox"
    if not max(wanted.from_day, local_day(wanted.at)) < wanted.until_day:
        return "the day on which it ends must come after its first day and after today"
    return None


def _end(record: DelegationEnded, connection: Connection) -> None:
    delegations.end(connection, record.number, record.at)
    journal.append(connection, case_id=None, at=record.at, record=record)
