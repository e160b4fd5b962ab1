"""A play of steps on the world, audited after each; the steps are plain values, kept as they come.

A step has `at` and what it does. A case is named by the step that opened it, and so is the metering
point of a share, so that a play with steps left out is still a play: what speaks of a case that
does not exist is passed over.
"""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.audit import said
from tests.simulation.audit.auditor import Auditor
from tests.simulation.audit.owed import Finding
from tests.simulation.world import Crash, World

Step = dict[str, Any]
_OPENS = (b"<SwitchRequest", b"<ShareClaim", b"<SharedSupplyRequest", b"<Correction")
_TIMER = timedelta(seconds=90)
_SHARE = re.compile(r"{share (\S+) (\S+)}")


def share_of(opened_by: str, supplier: str) -> str:
    """How a step names the metering point of a supplier's share in the case of a message."""
    return f"{{share {opened_by} {supplier}}}"


@dataclass
class Sent:
    """A message that was posted."""

    party: str
    data: bytes


@dataclass
class Play:
    """One world under audit, and the names of what happened in it."""

    world: World
    auditor: Auditor
    steps: list[Step] = field(default_factory=list)
    cases: dict[str, str] = field(default_factory=dict)
    sent: dict[str, Sent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.auditor.review_of = self.world.phase

    async def step(self, step: Step) -> None:
        """Time passes, the step is done, everything is audited. Raises Finding.

        A late one comes before the timer has looked at what fell due in the last minutes.
        """
        self.steps.append(step)
        at = datetime.fromisoformat(step["at"])
        late = step.get("late") and self._may_be_late(at)
        await self._pass_to(at - _TIMER if late else at, _crash_of(step, "sweep"))
        self.world.clock.move_to(max(self.now, at))
        await getattr(self, f"_do_{step['do']}")(step)

    def _may_be_late(self, at: datetime) -> bool:
        """Not where a division may be approved: its documents tell its numbers to the auditor."""
        dues = [one.due() for one in self.auditor.running if one.division]
        return all(due is None or due[0] > at for due in dues)

    @property
    def now(self) -> datetime:
        """What the clock shows."""
        return self.world.clock.now()

    async def _pass_to(self, instant: datetime, crash: Crash | None = None) -> None:
        """Time passes up to this instant; service and auditor each stop where it means to act."""
        world = self.world
        while world.is_up:
            dues = [one for one in (world.next_due(), self.auditor.next_due()) if one is not None]
            due = min(dues, default=None)
            if due is None or due > instant:
                break
            world.clock.move_to(max(self.now, due))
            armed, crash = crash, None
            await world.crashing(armed, lambda due=due: world.sweep(due))
            if not world.is_up:
                await world.up()
            self.auditor.reach(due, self.now)
            await self._audit()
            again = min(
                [one for one in (world.next_due(), self.auditor.next_due()) if one is not None],
                default=None,
            )
            if again is not None and again <= due:
                raise Finding("deadline not handled", f"{again} is still open at {due}")
        world.clock.move_to(max(self.now, instant))

    async def _audit(self) -> None:
        new = await self.world.documents()
        self.auditor.documents(new, self.now)
        self._look_at_register()
        if parked := self.world.parked():
            raise Finding("deadline parked", "; ".join(parked))

    # What a step does

    async def _do_pass(self, step: Step) -> None:
        if self.world.is_up:
            await self._audit()

    async def _do_post(self, step: Step) -> None:
        """One message, perhaps several times at once, perhaps into a crash."""
        messages = self._messages([step])
        if messages and self.world.is_up:
            await self._post(messages * step.get("copies", 1), step)

    async def _do_together(self, step: Step) -> None:
        """Several messages at one instant."""
        messages = self._messages(step["messages"])
        if messages and self.world.is_up:
            await self._post(messages, step)

    def _messages(self, steps: Iterable[Step]) -> list[tuple[str, Sent]]:
        found = []
        for one in steps:
            xml: str = one["xml"]
            if "{case}" in xml:
                if one["case"] not in self.cases:
                    continue
                xml = xml.replace("{case}", self.cases[one["case"]])
            if "{share " in xml:
                given = self._numbered(xml)
                if given is None:
                    continue
                xml = given
            sent = Sent(one["party"], xml.encode())
            self.sent[one["name"]] = sent
            found.append((one["name"], sent))
        return found

    def _numbered(self, xml: str) -> str | None:
        """With the metering points that were made for shares; None where one was not."""
        for opened_by, supplier in set(_SHARE.findall(xml)):
            case = self.auditor.cases.get(self.cases.get(opened_by, ""))
            number = case.numbers.get(supplier) if case else None
            if number is None:
                return None
            xml = xml.replace(share_of(opened_by, supplier), number)
        return xml

    async def _do_again(self, step: Step) -> None:
        """The same bytes once more."""
        sent = self.sent.get(step["name"])
        if sent is not None and self.world.is_up:
            await self._post([(step["name"], sent)], step)

    async def _do_otherwise(self, step: Step) -> None:
        """Other bytes under the identification of a message sent before."""
        sent = self.sent.get(step["name"])
        if sent is not None and self.world.is_up:
            other = Sent(sent.party, sent.data + b"<!-- other -->")
            await self._post([("", other)], step)

    async def _post(self, messages: list[tuple[str, Sent]], step: Step) -> None:
        world, began = self.world, self.now

        async def send() -> list[tuple[int, bytes]]:
            posts = (world.post(sent.party, sent.data) for _, sent in messages)
            return await asyncio.gather(*posts)

        answers = await world.crashing(_crash_of(step, "crash"), send)
        if not world.is_up:
            world.clock.move_to(self.now + _stay(step))
            await world.up()
            answers = await send()
        assert isinstance(answers, list)
        for (name, sent), (status, body) in zip(messages, answers, strict=True):
            self._answered(name, sent, status, body, began)
        due = world.next_due()
        if due is not None and due <= self.now:  # as a live timer would, a moment later
            await world.sweep(self.now)
        self.auditor.reach(self.now, self.now)
        new = await world.documents()
        self.auditor.documents(new, self.now, also=began)
        self._look_at_register()

    def _look_at_register(self) -> None:
        """Whose supply changed in this step, and that no point has two cases."""
        self.auditor.two_at_once()
        if touched := self.auditor.books.touched:
            self.auditor.supplies(self.world.supplies(touched), touched=True)

    def _answered(self, name: str, sent: Sent, status: int, body: bytes, began: datetime) -> None:
        received = self.now
        answer = said.parse(body)
        if began != self.now:
            at = datetime.fromisoformat(said.text(answer, "ReceivedAt"))
            if at not in (began, self.now):
                raise Finding("time of receipt", f"{at} is neither {began} nor {self.now}")
            received = at
            if received == self.now:
                self.auditor.reach(self.now, self.now)
        self.auditor.message(sent.data, sent.party, received=received, status=status, body=body)
        number = said.text(answer, "Header/CaseNumber")
        if status == 200 and number and any(sent.data.find(one) >= 0 for one in _OPENS):
            self.cases.setdefault(name, number)

    async def _do_decide(self, step: Step) -> None:
        """A decision of the operator's staff."""
        number = self.cases.get(step["case"])
        if number is None or not self.world.is_up:
            return
        codes = await self.world.decide(number, step)
        self.auditor.decided(number, step, codes, self.now)
        await self._audit()

    async def _do_kill(self, step: Step) -> None:
        if self.world.is_up:
            await self.world.kill()
            await self._rise()

    async def _do_restart(self, step: Step) -> None:
        if self.world.is_up:
            await self.world.down()
            await self._rise()

    async def _do_down(self, step: Step) -> None:
        await self.world.down()

    async def _do_up(self, step: Step) -> None:
        if not self.world.is_up:
            await self._rise()

    async def _rise(self) -> None:
        await self.world.up()
        self.auditor.reach(self.now, self.now)
        await self._audit()

    async def end(self) -> None:
        """The register is as the rules have it, and the file is whole. Raises Finding."""
        if not self.world.is_up:
            await self._rise()
        self.auditor.supplies(self.world.supplies())
        await self.world.down()
        if damaged := self.world.verified():
            raise Finding("verify", "; ".join(damaged[:3]))


def _crash_of(step: Step, key: str) -> Crash | None:
    crash = step.get(key)
    return Crash(crash["statement"], crash.get("torn", 0.0)) if crash else None


def _stay(step: Step) -> timedelta:
    return timedelta(minutes=step["crash"].get("stay", 0))
