"""One case: where it stands, what is in question, and what can be done about it now."""

from datetime import date
from functools import partial
from http import HTTPStatus

from aiohttp import web
from yarl import URL

from broker.dashboard.case_view import Tried, case_page, look_at_case
from broker.dashboard.forms import field, fields
from broker.dashboard.office import MEMBER, OFFICE, Address, Who
from broker.dashboard.render import render
from broker.engine.decision import Refused
from broker.messages.identifiers import CaseId
from broker.store import retained
from broker.usecases.decide_as_operator import CaseHasChanged
from broker.usecases.operator_verbs import Given, Verb, event_of
from broker.usecases.view_case import ARTICLES


async def show(request: web.Request) -> web.StreamResponse:
    """The case as it stands, or what remains of it where its contents were erased."""
    case_id = CaseId(request.match_info["number"])
    gone = await request.app[OFFICE].reads(partial(retained.gone, case_id=case_id))
    if gone is not None:
        return render(request, "case_erased.html", {"gone": gone, "articles": ARTICLES})
    return case_page(request, await look_at_case(request))


async def decide(request: web.Request) -> web.StreamResponse:
    """Take a decision, and go back to what waits; where it cannot be taken, say why."""
    form = await request.post()
    day = field(form, "day").strip()
    try:
        verb = Verb(request.match_info["verb"])
        given = Given(
            by=request[MEMBER].signature,
            why=field(form, "why"),
            codes=fields(form, "code"),
            text=field(form, "text").strip() or None,
            supplier=field(form, "supplier").strip() or None,
            day=date.fromisoformat(day) if day else None,
        )
        event, looked_at = event_of(verb, given), int(field(form, "seen"))
    except ValueError:
        raise web.HTTPBadRequest from None
    case_id = CaseId(request.match_info["number"])
    typed = {name: field(form, name) for name in ("why", "text", "day", "supplier")}
    try:
        outcome = await request.app[OFFICE].decide.decide(case_id, event, seen=looked_at)
    except CaseHasChanged:
        tried = Tried(action=verb.value, given=typed, codes=given.codes)
        seen = await look_at_case(request)
        return case_page(request, seen, tried, status=HTTPStatus.CONFLICT)
    if isinstance(outcome, Refused):
        tried = Tried(action=verb.value, given=typed, codes=given.codes, refusals=outcome.refusals)
        seen = await look_at_case(request)
        return case_page(request, seen, tried, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    location = str(URL("/").with_query({"decided": case_id}))
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})


async def try_again(request: web.Request) -> web.StreamResponse:
    """Let the case's parked deadlines be handled with the next sweep."""
    case_id = CaseId(request.match_info["number"])
    why = field(await request.post(), "why").strip()
    if not why:
        raise web.HTTPBadRequest
    office, by = request.app[OFFICE], request[MEMBER].signature
    await office.deadlines.try_parked_again(case_id, by=by, why=why)
    location = str(URL("/cases") / case_id)
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})


ADDRESSES = (
    Address("GET", "/cases/{number}", show, Who.STAFF),
    Address("POST", "/cases/{number}/try-again", try_again, Who.CLERK),
    Address("POST", "/cases/{number}/{verb}", decide, Who.CLERK),
)
