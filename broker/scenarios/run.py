"""A scenario is run: step after step on the stage, and what happened is told as it went.

Running stops at the first step that did not go as expected. At the end the service is stopped and
the whole file verified, with every case replayed from the journal.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from lxml import etree

from broker.config import RuleSettings
from broker.scenarios.expect import (
    different,
    said_too_much,
    wrong_deadlines,
    wrong_fields,
    wrong_in_file,
    wrong_notices,
)
from broker.scenarios.files import FaultyScenario, Scenario, Step, settings_of
from broker.scenarios.posts import (
    Party,
    kind_of,
    message_of,
    party_named,
    sender_of,
    value_at,
)
from broker.scenarios.stage import (
    Delivered,
    NotReached,
    Reply,
    Stage,
    make_template,
    open_stage,
    operator_party,
)
from broker.store.connection import open_for_reading
from broker.usecases.operator_verbs import Verb

Named = TypeVar("Named")
OpenStage = Callable[[Path, Path, RuleSettings, datetime], Stage]

_VERBS = {
    Verb.APPROVE: "approves",
    Verb.REJECT: "rejects",
    Verb.DISMISS_OBJECTIONS: "rejects the objections to",
    Verb.UPHOLD_OBJECTION: "upholds an objection to",
    Verb.ACCEPT_READING: "accepts the reading",
    Verb.REFUSE_READING: "refuses the reading",
    Verb.PLAN_VISIT: "sets the day of its visit at the site of",
    Verb.SITE_INACCESSIBLE: "could not read at the site of",
}
_OPENS_A_CASE = ("SwitchRequest", "ShareClaim", "SharedSupplyRequest")
_SERVICE = {
    "down": "stops",
    "up": "starts",
    "restart": "is started anew",
    "killed": "is killed",
}


@dataclass(slots=True, kw_only=True)
class Happening:
    """One line of the timeline: when, who did what, what was answered, who was told what."""

    at: datetime
    who: str
    what: str
    note: str = ""
    answer: str = ""
    deadlines: list[tuple[str, str, str]] = field(default_factory=list)
    taken_in: list[bytes] = field(default_factory=list)
    notices: list[Delivered] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a scenario: everything that happened, and what was not as expected."""

    scenario: Scenario
    happenings: tuple[Happening, ...]
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """A case a scenario speaks of: its number, and who may look at it."""

    number: str
    applicant: Party


async def run_scenario(
    scenario: Scenario, *, template: Path, folder: Path, on: OpenStage = open_stage
) -> Report:
    """What came of the scenario, run on a copy of the template in this empty folder.

    `on` gives the stage, another than the usual one where the service is to suffer.
    Raises FaultyScenario for a step that cannot be carried out as it stands.
    """
    if scenario.operator:
        template = make_template(folder / "template.sqlite", operator=scenario.operator)
    stage = on(template, folder, scenario.settings, scenario.start)
    run = _Run(scenario, stage)
    async with stage.opened():
        await run.all_steps()
    with closing(open_for_reading(stage.database)) as connection:
        run.failures += wrong_in_file(connection)
    return Report(scenario=scenario, happenings=tuple(run.happenings), failures=tuple(run.failures))


class _Run:
    """One run: the stage, the names given to cases and posts so far, and what happened."""

    def __init__(self, scenario: Scenario, stage: Stage) -> None:
        self.happenings: list[Happening] = []
        self.failures: list[str] = []
        self._scenario = scenario
        self._stage = stage
        self._cases: dict[str, _Case] = {}
        self._posted: dict[str, tuple[Party, bytes, bytes]] = {}
        self._number = 0

    async def all_steps(self) -> None:
        for number, step in enumerate(self._scenario.steps, start=1):
            where = self._scenario.step_name(number)
            try:
                wrong = await self._one(step)
            except FaultyScenario as error:
                raise FaultyScenario(f"{where}: {error}") from error
            except (NotReached, etree.DocumentInvalid, ValueError) as error:
                wrong = [str(error)]
            self.failures += [f"{where}: {line}" for line in wrong]
            if wrong:
                return

    async def _one(self, step: Step) -> list[str]:
        """Time passes, the step is done, and everything is compared with what it expects."""
        came = await self._time_passes(step)
        happening = Happening(at=step.instant, who="", what="", note=step.note)
        wrong = await self._act(step, happening)
        new = await self._stage.new_documents()
        happening.notices += new
        if step.action or step.note or new:
            self.happenings.append(happening)
        wrong += wrong_notices(step, came + new) + said_too_much(came + new)
        wrong += [f"a deadline is parked: {why}" for why in self._stage.parked()]
        return wrong + (await self._look_at_case(step) if self._stage.is_up else [])

    async def _time_passes(self, step: Step) -> list[Delivered]:
        if step.instant < self._stage.clock.now():
            raise FaultyScenario("steps stand in order of time")
        if step.unswept:
            self._stage.clock.move_to(step.instant)
            return []
        came: list[Delivered] = []
        async for due in self._stage.move_to(step.instant):
            new = await self._stage.new_documents()
            came += new
            reached = f"{due.deadline.kind.value} ({due.deadline.rule}; {due.deadline.article})"
            self.happenings.append(
                Happening(
                    at=self._stage.clock.now(),
                    who="the broker",
                    what=f"acts: {reached}",
                    notices=new,
                )
            )
        return came

    async def _act(self, step: Step, told: Happening) -> list[str]:
        match step.action:
            case "post" | "raw" | "bytes" | "again":
                return await self._post(step, told)
            case "decide":
                return await self._decide(step, told)
            case "look":
                return await self._look(step, told)
            case "acknowledge" | "read_again":
                return await self._mailbox(step, told)
            case "service":
                return await self._service(step, told)
            case _:
                told.who = "time"
                told.what = "passes"
                return []

    async def _post(self, step: Step, told: Happening) -> list[str]:
        sender, messages = self._messages(step)
        told.who, told.what = sender.name, _described(step, messages)
        replies = await asyncio.gather(
            *(self._stage.post(sender, data, step.media_type) for data in messages)
        )
        wrong: list[str] = []
        told.taken_in = [m for m, one in zip(messages, replies, strict=True) if one.status == 200]
        for reply in replies:
            answer = etree.fromstring(reply.body)
            wrong += different("status", step.status, reply.status)
            came = sorted(filter(None, value_at(answer, "Finding/Code").split(", ")))
            wrong += different("codes", sorted(step.codes), came)
            told.deadlines = _deadlines(answer)
            told.answer = " ".join([str(reply.status), *came])
        if step.deadlines is not None:
            came_deadlines = {kind: act_at for kind, act_at, _ in told.deadlines}
            wrong += wrong_deadlines(step.deadlines, came_deadlines)
        wrong += self._same_answers(step, replies)
        self._remember(step, sender, messages[0], replies[0])
        return wrong

    def _messages(self, step: Step) -> tuple[Party, list[bytes]]:
        """The sender and the bytes of each message that the step posts."""
        party = party_named(step.sender) if step.sender else None
        if step.again is not None:
            earlier, data, _ = _known(self._posted, step.again)
            return party or earlier, [data] * step.copies
        if step.post is None:
            if party is None:
                raise FaultyScenario("who sends raw bytes must be said")
            return party, [_raw(step)] * step.copies
        messages = [self._message(step, party) for _ in range(step.times)] * step.copies
        return party or sender_of(step.post or ""), messages

    def _message(self, step: Step, sender: Party | None) -> bytes:
        self._number += 1
        case = self._cases.get(step.case or "")
        return message_of(
            step,
            sender=sender,
            case_id=case.number if case else None,
            message_id=step.id or f"M-{self._number:04d}",
            now=self._stage.clock.now(),
        )

    def _same_answers(self, step: Step, replies: Sequence[Reply]) -> list[str]:
        bodies = {reply.body for reply in replies}
        if step.same_answer and step.again is not None:
            bodies.add(_known(self._posted, step.again)[2])
        if step.times == 1 and (step.copies > 1 or step.same_answer):
            return different("answers that differ", 1, len(bodies))
        return []

    def _remember(self, step: Step, sender: Party, data: bytes, reply: Reply) -> None:
        """Keep what later steps may name: these bytes, and the case they opened or joined (B1)."""
        if step.name is not None:
            self._posted[step.name] = (sender, data, reply.body)
        opened = step.opens
        if opened is None and step.post is not None and kind_of(data) in _OPENS_A_CASE:
            opened = step.case
        if opened is None:
            return
        number = value_at(etree.fromstring(reply.body), "Header/CaseNumber")
        case = self._cases.setdefault(opened, _Case(number, sender))
        if number and case.number != number:
            raise FaultyScenario(f"two cases are named {opened!r}")

    async def _decide(self, step: Step, told: Happening) -> list[str]:
        verb = step.decide
        assert verb is not None
        given_by = {"by": step.person, "why": step.why, "text": step.text, "day": step.day}
        if step.objector is not None:
            given_by["supplier"] = party_named(step.objector).eic
        number = self._case(step).number
        operator = operator_party()
        reply = await self._stage.ask(
            operator,
            "POST",
            f"/operator/cases/{number}/decision",
            json={**given_by, "decision": verb.value, "codes": step.reasons},
        )
        given = " ".join(filter(None, [*step.reasons, step.text, step.day]))
        told.who = f"{operator.name} ({step.person})"
        told.what = f"{_VERBS[verb]} {step.case} {given}".strip()
        came = sorted(one["code"] for one in json.loads(reply.body).get("refusals", ()))
        told.answer = " ".join([str(reply.status), *came])
        return different("status", step.status, reply.status) + different(
            "codes", sorted(step.codes), came
        )

    async def _look(self, step: Step, told: Happening) -> list[str]:
        party = party_named(step.look or "")
        reply = await self._stage.ask(party, "GET", f"/cases/{self._case(step).number}")
        told.who, told.what, told.answer = party.name, f"looks at {step.case}", str(reply.status)
        view = etree.fromstring(reply.body)
        return different("status", step.status, reply.status) + wrong_fields(
            step.view, ((path, value_at(view, path)) for path in step.view)
        )

    async def _mailbox(self, step: Step, told: Happening) -> list[str]:
        """Read every document again by its number, or acknowledge all that wait, twice."""
        party = party_named(step.acknowledge or step.read_again or "")
        own = [document for document in self._stage.delivered if document.to == party]
        told.who, wrong = party.name, []
        if step.read_again:
            told.what = f"reads again what it was sent ({len(own)})"
            for document in own:
                again = await self._stage.ask(party, "GET", f"/mailbox/{document.number}")
                wrong += different("bytes read again", document.content, again.body)
            return wrong
        told.what = f"acknowledges what it was sent ({len(own)})"
        ids = "&".join(f"id={document.number}" for document in own)
        for _ in ("once", "again"):
            reply = await self._stage.ask(party, "DELETE", f"/mailbox?{ids}")
            wrong += different("acknowledging", 204, reply.status)
        return wrong + different(
            "what waits", 204, (await self._stage.ask(party, "GET", "/mailbox")).status
        )

    async def _service(self, step: Step, told: Happening) -> list[str]:
        told.who, told.what = "the service", _SERVICE[step.service or ""]
        settings = settings_of(step.settings, "settings") if step.settings else None
        if step.service == "killed":
            await self._stage.kill()
        if step.service in ("down", "restart"):
            await self._stage.down()
        if step.service in ("up", "restart"):
            await self._stage.up(settings)
        return []

    async def _look_at_case(self, step: Step) -> list[str]:
        """State, fields and doubts of the case as expected after the step."""
        wrong: list[str] = []
        if step.state is not None or (step.view and step.look is None):
            case = self._case(step)
            reply = await self._stage.ask(case.applicant, "GET", f"/cases/{case.number}")
            view = etree.fromstring(reply.body)
            if step.state is not None:
                wrong += different("state", step.state, value_at(view, "State"))
            if step.look is None:
                wrong += wrong_fields(
                    step.view, ((path, value_at(view, path)) for path in step.view)
                )
        if step.doubts is not None:
            tasks = await self._tasks(step)
            kinds = sorted(doubt["kind"] for task in tasks for doubt in task["doubts"])
            wrong += different("doubts", sorted(step.doubts), kinds)
        if step.task is not None:
            tasks = await self._tasks(step)
            wrong += different("operator's tasks", int(bool(step.task)), len(tasks))
            for task in tasks:
                wrong += wrong_fields(step.task, ((key, str(task[key])) for key in step.task))
        return wrong

    async def _tasks(self, step: Step) -> list[dict[str, Any]]:
        """What the operator's staff are to do about the case."""
        number = self._case(step).number
        reply = await self._stage.ask(operator_party(), "GET", "/operator/tasks")
        return [one for one in json.loads(reply.body)["tasks"] if one["case_id"] == number]

    def _case(self, step: Step) -> _Case:
        return _known(self._cases, step.case or "")


def _known(names: dict[str, Named], name: str) -> Named:
    if name not in names:
        raise FaultyScenario(f"nothing is named {name!r} yet")
    return names[name]


def _raw(step: Step) -> bytes:
    """What is posted without a base."""
    return bytes.fromhex(step.bytes) if step.bytes is not None else (step.raw or "").encode()


def _described(step: Step, messages: list[bytes]) -> str:
    """What is posted, in words: the base and every change to it."""
    if step.again is not None:
        return f"posts {step.again!r} again"
    if step.post is None:
        return f"posts {_raw(step)[:60]!r}"
    changes = [f"{path} = {value}" for path, value in step.set.items()]
    changes += [f"{name} with {share}" for name, share in step.shares.items()]
    changes += [f"no {path}" for path in step.remove]
    about = f" about point {step.point}" if step.point else ""
    of_case = f" of {step.case}" if step.case else ""
    often = f", {len(messages)} times at once" if len(messages) > 1 else ""
    how = f" ({'; '.join(changes)})" if changes else ""
    return f"posts {step.post}{about}{of_case}{often}{how}"


def _deadlines(answer: etree._Element) -> list[tuple[str, str, str]]:
    """Kind, hour to act and source of each deadline in an answer."""
    return [
        (
            value_at(one, "Kind"),
            value_at(one, "ActAt"),
            f"{value_at(one, 'Rule')}; {value_at(one, 'Article')}",
        )
        for one in answer.iterfind("{*}Deadline")
    ]
