"""What a document asks of its recipient, and how a simulated party goes about its duties.

A document is acknowledged when nothing is left to do about it: so a party that is stopped at any
instant finds it again, builds the same message under the same identification, and is answered as
the first time.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from broker.clock import Clock
from broker.otherside.documents import Document, Reading, write_reading
from broker.otherside.exchange import Exchange, UnableToReachBroker
from broker.otherside.meters import UnableToReadMeter


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A reading that is owed from an instant on."""

    due: datetime
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a party behaves: how often it looks, whether it answers, whether it errs once."""

    every_seconds: float
    silent: bool = False
    faulty_once: bool = False


class Party:
    """One simulated party: looks into its mailbox, answers what is due, acknowledges.

    `duty_of` says what a document asks; None is nothing, UnableToReadMeter: leave it lying.
    """

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        duty_of: Callable[[Document], Duty | None],
        conduct: Conduct,
        name: str,
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._duty_of = duty_of
        self._conduct = conduct
        self._errs = conduct.faulty_once
        self._log = logging.getLogger(name)
        self._duties: dict[str, Duty] = {}
        self._left: set[str] = set()

    async def work(self, stop: asyncio.Event) -> None:
        """Look again and again until told to stop. Raises UnableToTakePart.

        While the broker does not answer it is asked again at the same pace.
        """
        reached = True
        while not stop.is_set():
            try:
                await self.look()
                reached = True
            except UnableToReachBroker as error:
                if reached:
                    self._log.warning("%s; trying again", error)
                reached = False
            try:
                await asyncio.wait_for(stop.wait(), self._conduct.every_seconds)
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Go through the mailbox once. Raises UnableToReachBroker, UnableToTakePart."""
        waiting = await self._exchange.waiting()
        self._duties = {n: duty for n, duty in self._duties.items() if n in waiting}
        if self._conduct.silent:
            return
        for number in waiting:
            if number not in self._duties and number not in self._left:
                await self._read(number)
        while (due := next(self._due(), None)) is not None:
            await self._answer(due)

    async def _read(self, number: str) -> None:
        """Take up what the document asks; where it asks nothing it is done with."""
        document = Document(await self._exchange.document(number))
        try:
            duty = self._duty_of(document)
        except UnableToReadMeter as error:
            self._log.warning("%s %s stays unanswered: %s", document.kind, number, error)
            self._left.add(number)
            return
        if duty is not None:
            self._log.info("%s %s: to be answered from %s", document.kind, number, duty.due)
            self._duties[number] = duty
            return
        await self._exchange.acknowledge([number])
        self._log.info("%s %s: acknowledged", document.kind, number)

    def _due(self) -> Iterator[str]:
        now = self._clock.now()
        return (number for number, duty in self._duties.items() if duty.due <= now)

    async def _answer(self, number: str) -> None:
        """Send the reading; a faulty one, refused, is followed by the right one, mended."""
        reading, faulty = self._duties[number].reading, self._errs
        message_id = f"R-{number.replace('-', '')}"[:36]
        sent = _halved(reading) if faulty else reading
        answer = await self._exchange.post(write_reading(sent, message_id))
        self._log.log(
            logging.INFO if answer.status == 200 else logging.WARNING,
            "reading of %s for %s: %s",
            reading.serial_number,
            reading.taken_at,
            " ".join([str(answer.status), *answer.codes]),
        )
        self._errs = False
        if faulty and answer.status != 200:
            return
        about = [n for n, duty in self._duties.items() if _same(duty.reading, reading)]
        await self._exchange.acknowledge(about)
        for one in about:
            del self._duties[one]


def _halved(reading: Reading) -> Reading:
    """The same reading with values that go backwards, which no meter does (C5)."""
    return replace(reading, values=tuple((code, value // 2) for code, value in reading.values))


def _same(one: Reading, other: Reading) -> bool:
    """Whether both report the same: a repeated order is answered by the reading of the first."""
    return replace(one, created_at=other.created_at) == other
