"""One case: where it stands, what is in question, and what can be done about it now."""

from decimal import Decimal
from functools import partial
from http import HTTPStatus
from typing import NamedTuple

from aiohttp import web
from yarl import URL

from broker.dashboard.forms import field, fields
from broker.dashboard.office import MEMBER, OFFICE, Address, Who
from broker.dashboard.render import render, texts_for
from broker.engine.code_list import CODE_LIST
from broker.engine.decision import Refused
from broker.engine.state import Case, Phase, SwitchCase
from broker.messages.identifiers import CaseId
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import Objection
from broker.usecases.case_for_staff import CaseForStaff, case_for_staff
from broker.usecases.decide_as_operator import CaseHasChanged
from broker.usecases.operator_verbs import Given, Verb, codes_for, event_of


class _Tried(NamedTuple):
    """A decision that was not taken: refused, or None where the case had changed meanwhile."""

    verb: Verb
    given: Given
    refused: Refused | None


async def show(request: web.Request) -> web.StreamResponse:
    """The case as it stands."""
    return _page(request, await _seen(request))


async def decide(request: web.Request) -> web.StreamResponse:
    """Take a decision, and go back to what waits; where it cannot be taken, say why."""
    form = await request.post()
    try:
        verb = Verb(request.match_info["verb"])
        given = Given(
            by=request[MEMBER].signature,
            why=field(form, "why"),
            codes=fields(form, "code"),
            text=field(form, "text").strip() or None,
            supplier=field(form, "supplier").strip() or None,
        )
        event, looked_at = event_of(verb, given), int(field(form, "seen"))
    except ValueError:
        raise web.HTTPBadRequest from None
    case_id = CaseId(request.match_info["number"])
    try:
        outcome = await request.app[OFFICE].decide.decide(case_id, event, seen=looked_at)
    except CaseHasChanged:
        tried = _Tried(verb, given, None)
        return _page(request, await _seen(request), tried, status=HTTPStatus.CONFLICT)
    if isinstance(outcome, Refused):
        tried = _Tried(verb, given, outcome)
        return _page(request, await _seen(request), tried, status=HTTPStatus.UNPROCESSABLE_ENTITY)
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


async def _seen(request: web.Request) -> CaseForStaff:
    """The case of the address. Raises HTTPNotFound."""
    case_id = CaseId(request.match_info["number"])
    seen = await request.app[OFFICE].reads(partial(case_for_staff, case_id=case_id))
    if seen is None:
        raise web.HTTPNotFound
    return seen


def _objections(case: Case) -> tuple[Objection, ...]:
    said = case.consultation if isinstance(case, SwitchCase) else None
    return said.objections if said else ()


def _page(
    request: web.Request,
    seen: CaseForStaff,
    tried: _Tried | None = None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:
    language = texts_for(request).language
    values = {
        "seen": seen,
        "case": seen.case,
        "objections": _objections(seen.case),
        "share": partial(_share, language=language),
        "codes_for": codes_for,
        "consequence": partial(_consequence, seen),
        "text_of": lambda reason: _text_of(reason, language),
        "other": Reason.OTHER,
        "tried": tried.verb if tried else None,
        "given": tried.given if tried else None,
        "changed": tried is not None and tried.refused is None,
        "refusals": tried.refused.refusals if tried and tried.refused else (),
        "told": lambda refusal: _told(refusal, language),
    }
    return render(request, "case.html", values, status=status)


def _consequence(seen: CaseForStaff, verb: Verb) -> str:
    """Which text says what a decision brings about: refusing is graver once the period is over."""
    at_last = verb is Verb.REFUSE_READING and seen.case.phase is Phase.PERIOD_OVER_UNDER_REVIEW
    return f"case.consequence_{verb.value}{'_at_last' if at_last else ''}"


def _share(share: Decimal, language: str) -> str:
    """A share as people write it, with the decimal sign of the language."""
    plain = format(share.normalize(), "f")
    return plain.replace(".", ",") if language == "sl" else plain


def _text_of(reason: Reason, language: str) -> str:
    """The published text of a code, in the language of the page."""
    entry = CODE_LIST[reason]
    return entry.slovene if language == "sl" else entry.english


def _told(refusal: Refusal, language: str) -> str:
    values = " · ".join(value for value in (refusal.found, refusal.expected) if value)
    text = f"{refusal.reason.agency} {refusal.reason.code}: {_text_of(refusal.reason, language)}"
    return f"{text} ({values})" if values else text


ADDRESSES = (
    Address("GET", "/cases/{number}", show, Who.STAFF),
    Address("POST", "/cases/{number}/try-again", try_again, Who.CLERK),
    Address("POST", "/cases/{number}/{verb}", decide, Who.CLERK),
)
