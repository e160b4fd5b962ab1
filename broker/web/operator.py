"""The operator's staff: what waits for them, and their decisions, as JSON for the command line."""

from enum import Enum
from typing import Any

import msgspec
from aiohttp import web

from broker.engine.decision import Refused
from broker.engine.refusals import texts
from broker.messages.events import (
    GivenReason,
    ObjectionsDismissedByOperator,
    ObjectionUpheldByOperator,
    OperatorDecision,
    ReadingAcceptedByOperator,
    ReadingRefusedByOperator,
    RequestApprovedByOperator,
    RequestRejectedByOperator,
    SiteFoundInaccessible,
)
from broker.messages.identifiers import CaseId, Eic
from broker.messages.reasons import Reason, Refusal
from broker.usecases.list_tasks import list_collections, list_tasks
from broker.web.door import DOOR

_TASKS_MAX = 1000


class Verb(Enum):
    """What the operator may do with a case."""

    APPROVE = "approve"
    REJECT = "reject"
    DISMISS_OBJECTIONS = "dismiss-objections"
    UPHOLD_OBJECTION = "uphold-objection"
    ACCEPT_READING = "accept-reading"
    REFUSE_READING = "refuse-reading"
    SITE_INACCESSIBLE = "site-inaccessible"


class Decided(msgspec.Struct, forbid_unknown_fields=True):
    """A decision as it is posted: what, who, why, and the codes (as `260:E14`) with their text.

    `supplier` is whose objection is upheld, as EIC.
    """

    decision: Verb
    by: str
    why: str
    codes: tuple[str, ...] = ()
    text: str | None = None
    supplier: str | None = None


class Person(msgspec.Struct, forbid_unknown_fields=True):
    """Who lets something go on that has stopped with an alarm, and why."""

    by: str
    why: str


async def get_tasks(request: web.Request) -> web.StreamResponse:
    """What waits for the operator, what runs out first before the rest; and open collections."""
    reader = request.app[DOOR].reader
    return json_answer(
        {
            "tasks": list_tasks(reader, limit=_TASKS_MAX),
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
        person = _person(await request.read())
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    went_on = await request.app[DOOR].deadlines.go_on(by=person.by, why=person.why)
    return json_answer({"went_on": went_on})


async def post_try_again(request: web.Request) -> web.StreamResponse:
    """Let the parked deadlines of a case be handled again."""
    try:
        person = _person(await request.read())
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    case_id = CaseId(request.match_info["number"])
    deadlines = request.app[DOOR].deadlines
    tried = await deadlines.try_parked_again(case_id, by=person.by, why=person.why)
    return json_answer({"tried_again": tried})


def _person(body: bytes) -> Person:
    """Who lets something go on. Raises DecodeError, ValueError for no name or no reason."""
    person = msgspec.json.decode(body, type=Person)
    if not person.by.strip() or not person.why.strip():
        raise ValueError("it must be said who lets it go on, and why")
    return person


def _event_of(decided: Decided) -> OperatorDecision:
    """The decision as an event. Raises ValueError for unknown codes, no name, no reason, or where
    it is not said whose objection is upheld.
    """
    by, why = decided.by.strip(), decided.why.strip()
    if not by or not why:
        raise ValueError("a decision says who decided and why")
    reasons = tuple(
        GivenReason(reason=reason, text=decided.text if reason is Reason.OTHER else None)
        for reason in map(Reason, dict.fromkeys(decided.codes))
    )
    match decided.decision:
        case Verb.APPROVE:
            return RequestApprovedByOperator(by=by, why=why)
        case Verb.REJECT:
            return RequestRejectedByOperator(by=by, why=why, reasons=reasons)
        case Verb.DISMISS_OBJECTIONS:
            return ObjectionsDismissedByOperator(by=by, why=why)
        case Verb.UPHOLD_OBJECTION:
            if not decided.supplier:
                raise ValueError("it must be said whose objection is upheld")
            return ObjectionUpheldByOperator(by=by, why=why, supplier=Eic(decided.supplier))
        case Verb.ACCEPT_READING:
            return ReadingAcceptedByOperator(by=by, why=why)
        case Verb.REFUSE_READING:
            return ReadingRefusedByOperator(by=by, why=why, reasons=reasons)
        case Verb.SITE_INACCESSIBLE:
            return SiteFoundInaccessible(by=by, why=why)


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
