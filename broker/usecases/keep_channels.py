"""Channels of parties, set up, tried out and ended while the service runs, with who and why.

The operator alone says where documents are pushed to. A webhook's secret is shown once, when it is
made; it stays readable in the database, since every push is signed by it.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from sqlite3 import Connection

from broker.clock import Clock
from broker.delivery.hand_over import TEST_KIND, Courier, Parcel
from broker.delivery.webhook import UnfitAddress, fit_address
from broker.engine.calendar import end_of, local_day, plus_days
from broker.ids import Ids, new_token
from broker.messages.identifiers import Eic
from broker.store import channels, journal, participants, pushes
from broker.store.channels import (
    Channel,
    ChannelEnded,
    ChannelKind,
    ChannelSecretRenewed,
    ChannelSet,
    DeliveryTriedAgain,
)
from broker.store.pushes import PutAside
from broker.store.writer import Writer
from broker.usecases.deliver_by_channel import destination

_ADDRESS_MAX = 500
_PUT_ASIDE_MAX = 1000


class UnableToSetUp(Exception):
    """There is no such party, or nothing can be pushed to this address; the text says which."""


class NoSuchChannel(Exception):
    """The party has no channel, or none of the kind that is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStanding:
    """How a party's channel does, without its secrets."""

    party: Eic
    kind: ChannelKind
    address: str
    language: str
    set_at: datetime
    last_accepted_at: datetime | None
    failing_since: datetime | None
    failures: int
    circuit_open_since: datetime | None
    try_at: datetime
    last_failed_at: datetime | None
    last_fault: str | None
    last_why: str | None
    put_aside: int


def standings(connection: Connection) -> Mapping[Eic, ChannelStanding]:
    """How every channel does, by its party."""
    aside = pushes.put_aside_counts(connection)
    return {
        party: _standing(channel, aside.get(party, 0))
        for party, channel in channels.all_channels(connection).items()
    }


def put_aside_for(connection: Connection, party: Eic) -> tuple[PutAside, ...]:
    """The documents put aside for the party, oldest first."""
    return pushes.put_aside(connection, party, limit=_PUT_ASIDE_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTerms:
    """What the settings say of channels.

    `inside_hosts` may be reached without TLS and need not be public; a secret signs on to the end
    of the last of `secret_overlap_days`; a circuit open for `alarm_after` wants a person.
    """

    inside_hosts: tuple[str, ...]
    secret_overlap_days: int
    alarm_after: timedelta


class KeepChannels:
    """Sets channels up, lists and ends them, through the one writer."""

    def __init__(
        self,
        *,
        reader: Connection,
        writer: Writer,
        clock: Clock,
        ids: Ids,
        couriers: Mapping[ChannelKind, Courier],
        terms: ChannelTerms,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._ids = ids
        self._couriers = couriers
        self._terms = terms

    def troubled(self, connection: Connection) -> tuple[ChannelStanding, ...]:
        """The channels that want a person: long without success, or with documents put aside."""
        long_ago = self._clock.now() - self._terms.alarm_after
        return tuple(
            one
            for one in standings(connection).values()
            if one.put_aside or (one.circuit_open_since and one.circuit_open_since <= long_ago)
        )

    async def set_up(
        self, eic: Eic, kind: ChannelKind, address: str, language: str, *, by: str, why: str
    ) -> str | None:
        """Push the party's documents there from now on; gives a webhook's secret, this once.

        What waits in its mailbox goes too. Raises UnableToSetUp and UnableToWrite.
        """
        if kind not in self._couriers:
            raise UnableToSetUp("the settings name no mail server")
        record = ChannelSet(
            at=self._clock.now(),
            by=by,
            why=why,
            eic=eic,
            kind=kind,
            address=self._fit(kind, address.strip()),
            language=language,
        )
        secret = new_token() if kind is ChannelKind.WEBHOOK else None
        await self._writer.submit(partial(_set_up, record, secret))
        return secret

    async def end(self, eic: Eic, *, by: str, why: str) -> None:
        """Push nothing more to the party. Raises NoSuchChannel and UnableToWrite."""
        record = ChannelEnded(at=self._clock.now(), by=by, why=why, eic=eic)
        await self._writer.submit(partial(_end, record))

    async def renew_secret(self, eic: Eic, *, by: str, why: str) -> str:
        """Another secret, shown this once; for some days the one before signs too.

        Raises NoSuchChannel and UnableToWrite.
        """
        secret, now = new_token(), self._clock.now()
        record = ChannelSecretRenewed(
            at=now,
            by=by,
            why=why,
            eic=eic,
            former_until=end_of(plus_days(local_day(now), self._terms.secret_overlap_days)),
        )
        await self._writer.submit(partial(_renew, record, secret))
        return secret

    async def try_again(self, eic: Eic, *, by: str, why: str) -> int:
        """Let the channel try at once, also what was put aside; gives how many documents that is.

        Raises NoSuchChannel and UnableToWrite.
        """
        now = self._clock.now()
        return await self._writer.submit(partial(_try_again, eic, now, by, why))

    async def send_test(self, eic: Eic) -> None:
        """Send a test, which has no content and is noted nowhere.

        Raises NoSuchChannel, and UnableToHandOver with what went wrong.
        """
        channel = channels.of_party(self._reader, eic)
        if channel is None or channel.kind not in self._couriers:
            raise NoSuchChannel(eic)
        now = self._clock.now()
        parcel = Parcel(
            document_id=self._ids.document_id(),
            kind=TEST_KIND,
            case_id=None,
            created_at=now,
            content=b"",
        )
        await self._couriers[channel.kind].hand_over(parcel, destination(channel, now), at=now)

    def _fit(self, kind: ChannelKind, address: str) -> str:
        """The address as it is used. Raises UnableToSetUp."""
        if len(address) > _ADDRESS_MAX or not address.isprintable():
            raise UnableToSetUp(f"an address has at most {_ADDRESS_MAX} characters, on one line")
        if kind is ChannelKind.WEBHOOK:
            try:
                return fit_address(address, self._terms.inside_hosts)
            except UnfitAddress as error:
                raise UnableToSetUp(str(error)) from error
        name, _, domain = address.rpartition("@")
        if not name or not domain or not address.isascii() or set(address) & set(' <>,;"\\'):
            raise UnableToSetUp("a mailbox has an address like notices@supplier.example")
        return address


def _set_up(record: ChannelSet, secret: str | None, connection: Connection) -> None:
    if participants.participant(connection, record.eic) is None:
        raise UnableToSetUp(f"no participant {record.eic}")
    try:
        channels.set_up(connection, record, secret)
    except sqlite3.IntegrityError as error:
        raise UnableToSetUp(str(error)) from error
    journal.append(connection, case_id=None, at=record.at, record=record)


def _end(record: ChannelEnded, connection: Connection) -> None:
    if not channels.end(connection, record.eic):
        raise NoSuchChannel(record.eic)
    journal.append(connection, case_id=None, at=record.at, record=record)


def _renew(record: ChannelSecretRenewed, secret: str, connection: Connection) -> None:
    if not channels.renew_secret(connection, record.eic, secret, until=record.former_until):
        raise NoSuchChannel(record.eic)
    journal.append(connection, case_id=None, at=record.at, record=record)


def _try_again(eic: Eic, at: datetime, by: str, why: str, connection: Connection) -> int:
    if not channels.try_now(connection, eic, at):
        raise NoSuchChannel(eic)
    aside = put_aside_for(connection, eic)
    for one in aside:
        pushes.let_go_again(connection, one.position)
    record = DeliveryTriedAgain(
        at=at, by=by, why=why, eic=eic, documents=tuple(one.document_id for one in aside)
    )
    journal.append(connection, case_id=None, at=at, record=record)
    return len(aside)


def _standing(channel: Channel, put_aside: int) -> ChannelStanding:
    return ChannelStanding(
        party=channel.party,
        kind=channel.kind,
        address=channel.address,
        language=channel.language,
        set_at=channel.set_at,
        last_accepted_at=channel.last_accepted_at,
        failing_since=channel.failing_since,
        failures=channel.failures,
        circuit_open_since=channel.opened_at,
        try_at=channel.try_at,
        last_failed_at=channel.last_failed_at,
        last_fault=channel.last_fault,
        last_why=channel.last_why,
        put_aside=put_aside,
    )
