"""Pushes what waits in a mailbox to its party: in order, at least once, nobody held up by others.

The mailbox stays the record. A webhook's 2xx acknowledges the document like the party itself; a
mail that the server has taken counts as handed out, and the document waits until the party
acknowledges it. A party is served by one task at a time, which ends at the first failure; when to
begin again stands in the database, so nothing depends on this process having lived on.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from sqlite3 import Connection

from broker.clock import Clock
from broker.delivery.hand_over import Courier, Destination, Fault, Parcel, UnableToHandOver
from broker.delivery.patience import Patience
from broker.messages.identifiers import Eic
from broker.store import channels, outbox, pushes
from broker.store.channels import Channel, ChannelKind, Failure
from broker.store.pushes import NextDocument
from broker.store.writer import UnableToWrite, Writer

_log = logging.getLogger(__name__)

_WAIT_ASKED_FOR_MAX = timedelta(hours=1)
_REST_AFTER_A_FAULT_OF_OURS = timedelta(minutes=1)
_PUT_ASIDE_IN_A_ROW_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTerms:
    """How patiently documents are pushed.

    A document is put aside after so many refusals. At most `at_once` attempts run together, those
    to channels that fail in a share of their own, so that they never keep others from a place.
    """

    patience: Patience
    refusals_to_put_aside: int
    at_once: int
    close_within: timedelta


class DeliverByChannel:
    """Hands over what waits, by the channel of each party that has one.

    `jitter` gives a number between 0 and 1, another each time.
    """

    def __init__(
        self,
        *,
        reader: Connection,
        writer: Writer,
        clock: Clock,
        terms: DeliveryTerms,
        couriers: Mapping[ChannelKind, Courier],
        jitter: Callable[[], float],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._terms = terms
        self._couriers = couriers
        self._jitter = jitter
        self._under_way: dict[Eic, asyncio.Task[None]] = {}
        self._resting: dict[Eic, datetime] = {}
        failing = max(1, terms.at_once // 4)
        self._places = {
            False: asyncio.Semaphore(max(1, terms.at_once - failing)),
            True: asyncio.Semaphore(failing),
        }
        self._closing = False

    async def deliver_due(self) -> int:
        """What the timer calls: begin wherever something is to be pushed now; waits for nobody.

        Gives how many parties were begun with.
        """
        now = self._clock.now()
        begun = 0
        for channel in channels.due(self._reader, now, beyond=now + _WAIT_ASKED_FOR_MAX):
            party = channel.party
            if party in self._under_way or self._closing:
                continue
            if self._resting.get(party, now) > now or self._next_of(channel) is None:
                continue
            task = asyncio.create_task(self._serve(party), name=f"delivering to {party}")
            self._under_way[party] = task
            task.add_done_callback(partial(self._ended, party))
            begun += 1
        return begun

    async def settle(self) -> None:
        """Wait until nothing is under way any more."""
        while self._under_way:
            await asyncio.wait(self._under_way.values())

    async def close(self) -> None:
        """Begin nothing more, let what is under way end, and break it off where it takes long."""
        self._closing = True
        if not self._under_way:
            return
        _, late = await asyncio.wait(
            self._under_way.values(), timeout=self._terms.close_within.total_seconds()
        )
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _ended(self, party: Eic, _: asyncio.Task[None]) -> None:
        del self._under_way[party]

    def _next_of(self, channel: Channel) -> int | None:
        return pushes.next_position(self._reader, channel.party, after=channel.handed_to)

    async def _serve(self, party: Eic) -> None:
        """Hand over one document after another until none is left or one was not accepted."""
        try:
            while not self._closing and await self._hand_over_next(party):
                pass
        except UnableToWrite:
            # Else the same document would go out again with every tick while the disk is full.
            _log.warning("what became of a push to %s could not be noted; it is repeated", party)
            self._resting[party] = self._clock.now() + _REST_AFTER_A_FAULT_OF_OURS
        except Exception:  # noqa: BLE001 - one party's trouble must not end the others' service
            _log.exception("ALARM: delivering to %s failed", party)
            self._resting[party] = self._clock.now() + _REST_AFTER_A_FAULT_OF_OURS

    async def _hand_over_next(self, party: Eic) -> bool:
        """Hand over the oldest document; False where there is none, or it was not accepted."""
        channel = channels.of_party(self._reader, party)
        if channel is None:
            return False
        async with self._places[channel.failures > 0]:
            channel = channels.of_party(self._reader, party)
            position = None if channel is None else self._next_of(channel)
            document = None if position is None else pushes.document(self._reader, position)
            if channel is None or document is None:
                return False
            return await self._hand_over(channel, document)

    async def _hand_over(self, channel: Channel, document: NextDocument) -> bool:
        """Make one attempt and note what became of it; whether the next document may go at once."""
        begun_at = self._clock.now()
        try:
            courier = self._couriers.get(channel.kind)
            if courier is None:
                raise UnableToHandOver(Fault.UNREACHABLE, "the settings name no mail server")
            await courier.hand_over(_parcel(document), destination(channel, begun_at), at=begun_at)
        except UnableToHandOver as error:
            return await self._note_failed(channel, document, error)
        work = partial(_note_accepted, channel, document, self._clock.now())
        await self._writer.submit(work)
        if channel.opened_at is not None:
            _log.warning("%s accepts documents again", channel.party)
        return True

    async def _note_failed(
        self, channel: Channel, document: NextDocument, error: UnableToHandOver
    ) -> bool:
        """Note an attempt that failed; True where the document was put aside for the next one."""
        refused = error.fault is Fault.DOCUMENT_REFUSED
        # Who refuses one document after another has no quarrel with the documents.
        if not refused or channel.put_aside_in_a_row >= _PUT_ASIDE_IN_A_ROW_MAX:
            await self._note_fault(channel, document, error)
            return False
        now, terms = self._clock.now(), self._terms
        refusals = document.refusals + 1
        aside = refusals >= terms.refusals_to_put_aside
        wait = terms.patience.wait(refusals, self._jitter())
        try_at = now if aside else _after(now, wait, error)
        failure = Failure(at=now, fault=error.fault.value, why=str(error), try_at=try_at)
        if aside:
            _log.warning(
                "ALARM: %s refuses document %s, which is put aside: %s",
                channel.party,
                document.document_id,
                error,
            )
        work = partial(_note_refused, channel, document, failure, aside=aside)
        await self._writer.submit(work)
        return aside

    async def _note_fault(
        self, channel: Channel, document: NextDocument, error: UnableToHandOver
    ) -> None:
        """Note that handing over failed, and not because of the document."""
        now, patience = self._clock.now(), self._terms.patience
        failures = channel.failures + 1
        gone = error.fault is Fault.GONE
        opens = gone or channel.opened_at is not None or patience.opens(failures)
        counted = max(failures, patience.failures_to_open) if opens else failures
        wait = patience.longest if gone else patience.wait(counted, self._jitter())
        failure = Failure(
            at=now, fault=error.fault.value, why=str(error), try_at=_after(now, wait, error)
        )
        about = (channel.party, error, document.document_id, failures)
        if opens and channel.opened_at is None:
            _log.warning("ALARM: %s does not accept documents: %s (%s, failure %d)", *about)
        else:
            _log.info("%s does not accept documents: %s (%s, failure %d)", *about)
        await self._writer.submit(
            lambda connection: channels.note_failed(connection, channel, failure, opens=opens)
        )


def destination(channel: Channel, now: datetime) -> Destination:
    """Where the channel leads to, with the secrets that are valid now, the newest first."""
    secrets = [] if channel.secret is None else [channel.secret]
    if channel.former_secret and channel.former_until and now < channel.former_until:
        secrets.append(channel.former_secret)
    return Destination(address=channel.address, language=channel.language, secrets=tuple(secrets))


def _after(now: datetime, wait: timedelta, error: UnableToHandOver) -> datetime:
    """When to try again: not before the other side wants, within an hour."""
    asked = min(error.wait or timedelta(), _WAIT_ASKED_FOR_MAX)
    return now + max(wait, asked)


def _parcel(document: NextDocument) -> Parcel:
    return Parcel(
        document_id=document.document_id,
        kind=document.kind,
        case_id=document.case_id,
        created_at=document.created_at,
        content=document.content,
    )


def _note_accepted(
    channel: Channel, document: NextDocument, at: datetime, connection: Connection
) -> None:
    party, number, position = channel.party, document.document_id, document.position
    pushes.note_accepted(connection, party, position, by=channel.kind.value, at=at)
    channels.note_accepted(connection, channel, position, at)
    outbox.note_fetched(connection, party, number, at)
    if channel.kind is ChannelKind.WEBHOOK:
        outbox.acknowledge(connection, party, (number,), at)


def _note_refused(
    channel: Channel,
    document: NextDocument,
    failure: Failure,
    connection: Connection,
    *,
    aside: bool,
) -> None:
    position = document.position
    put_aside_at = failure.at if aside else None
    pushes.note_refused(
        connection, channel.party, position, why=failure.why, put_aside_at=put_aside_at
    )
    channels.note_refused(connection, channel, failure, aside=position if aside else None)
