"""The operator's staff: what waits for them, and their decisions, as JSON for the command line."""

from datetime import date
from typing import Any

import msgspec
from aiohttp import web

from broker.engine.decision import Refused
from broker.engine.refusals import texts
from broker.messages.events import OperatorDecision
from broker.messages.identifiers import CaseId
from broker.messages.reasons import Reason, Refusal
from broker.store.worklist import Wanted
from broker.usecases.list_collections import list_collections
from broker.usecases.list_tasks import Task, list_tasks
from broker.usecases.operator_verbs import Given, Verb, event_of
from broker.web.door import DOOR

_TASKS_MAX = 1000


class Decided(msgspec.Struct, forbid_unknown_fields=True):
    """A decision as it is posted: what, who, why, codes (as `260:E14`) with their text, a day.

    `supplier` is whose objection is upheld, as EIC.
    """

    decision: Verb
    by: str
    why: str
    codes: tuple[str, ...] = ()
    text: str | None = None
    supplier: str | None = None
    day: date | None = None


class Person(msgspec.Struct, forbid_unknown_fields=True):
    """Who does something to the service as a whole, and why."""

    by: str
    why: str


async def get_tasks(request: web.Request) -> web.StreamResponse:
    """What waits for the operator, what runs out first before the rest; and open collections."""
    reader = request.app[DOOR].reader
    tasks = list_tasks(reader, Wanted(), limit=_TASKS_MAX)
    return json_answer(
        {
            "tasks": [_task(task) for task in tasks],
            "collections": list_collections(reader, limit=_TASKS_MAX),
        }
    )


async def post_decision(request: web.Request) -> web.StreamResponse:
    """Decide a case: 200 with its new state, 400 for a faulty body, 422 where it cannot be."""
    try:
        decided = msgspec.json.decode(await request.read(), type=Decided)
        event = _event_of(decided)
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    door = request.app[DOOR]
    outcome = await door.decide.decide(CaseId(request.match_info["number"]), event)
    if isinstance(outcome, Refused):
        status = 404 if outcome.refusals[0].reason is Reason.NO_ONGOING_SWITCH else 422
        return json_answer({"refusals": [_told(one) for one in outcome.refusals]}, status)
    return json_answer({"case": outcome.state.case_id, "state": outcome.state.phase})


async def post_go_on(request: web.Request) -> web.StreamResponse:
    """Let the sweep go on after an alarm about the clock."""
    try:
        person = person_of(await request.read())
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    went_on = await request.app[DOOR].deadlines.go_on(by=person.by, why=person.why)
    return json_answer({"went_on": went_on})


async def post_try_again(request: web.Request) -> web.StreamResponse:
    """Let the parked deadlines of a case be handled again."""
    try:
        person = person_of(await request.read())
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    case_id = CaseId(request.match_info["number"])
    deadlines = request.app[DOOR].deadlines
    tried = await deadlines.try_parked_again(case_id, by=person.by, why=person.why)
    return json_answer({"tried_again": tried})


def person_of(body: bytes) -> Person:
    """Who does something, and why. Raises DecodeError, ValueError for no name or no reason."""
    person = msgspec.json.decode(body, type=Person)
    if not person.by.strip() or not person.why.strip():
        raise ValueError("it must be said who does it, and why")
    return person


def _event_of(decided: Decided) -> OperatorDecision:
    """The decision as an event. Raises ValueError for unknown codes, no name or no reason."""
    given = Given(
        by=decided.by,
        why=decided.why,
        codes=decided.codes,
        text=decided.text,
        supplier=decided.supplier,
        day=decided.day,
    )
    return event_of(decided.decision, given)


def _task(task: Task) -> dict[str, object]:
    line, deadline = task.line, task.line.deadline
    return {
        "case_id": line.case_id,
        "phase": line.phase,
        "accounting_point": line.accounting_point,
        "doubts": task.doubts,
        "objections": task.objections,
        "waits_for": line.waits_for,
        "reading_orders": task.reading_orders,
        "act_at": deadline.act_at if deadline else None,
        "warn_at": deadline.warn_at if deadline else None,
        "limit": deadline.limit if deadline else None,
        "article": deadline.article if deadline else None,
        "parked": line.parked,
        "unreadable": task.unreadable,
    }


def _told(refusal: Refusal) -> dict[str, Any]:
    english, slovene = texts(refusal.reason)
    return {
        "code": refusal.reason.value,
        "found": refusal.found,
        "expected": refusal.expected,
        "text_en": english,
        "text_sl": slovene,
    }


def json_answer(value: object, status: int = 200) -> web.Response:
    """An answer to the command line."""
    return web.Response(
        body=msgspec.json.encode(value), status=status, content_type="application/json"
    )
