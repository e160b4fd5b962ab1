"""What is missing and what is to be erased, as JSON for the operator's command line."""

from datetime import date

import msgspec
from aiohttp import web

from broker.messages.identifiers import CaseId, TaxNumber
from broker.usecases.owed_notices import Missing
from broker.usecases.retain import Erased, Wanted
from broker.usecases.watch_owed import MadeAgain
from broker.web.door import DOOR
from broker.web.operator import json_answer

_YEARS = range(2000, 3000)


class MakeAgain(msgspec.Struct, forbid_unknown_fields=True):
    """Who has missing notices made, and why: of one case, or all that are missing."""

    by: str
    why: str
    case: str | None = None


class Erase(msgspec.Struct, forbid_unknown_fields=True):
    """Who wants what erased, and why; a dry run only says what would go."""

    by: str
    why: str
    case: str | None = None
    customer: str | None = None
    before: date | None = None
    dry_run: bool = False


async def get_missing(request: web.Request) -> web.StreamResponse:
    """Look for notices that are owed and lie in no mailbox, and tell them."""
    watch = request.app[DOOR].owed
    await watch.look(at_all=True)
    return json_answer({"missing": [_missing(one) for one in watch.missing]})


async def post_make_again(request: web.Request) -> web.StreamResponse:
    """Have missing notices made: 200 with what became of each, 400 for a faulty body."""
    try:
        wanted = msgspec.json.decode(await request.read(), type=MakeAgain)
        _said(wanted.by, wanted.why)
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    case_id = None if wanted.case is None else CaseId(wanted.case)
    made = await request.app[DOOR].owed.make_again(by=wanted.by, why=wanted.why, case_id=case_id)
    return json_answer({"made": [_made(one) for one in made]})


async def post_erase(request: web.Request) -> web.StreamResponse:
    """Erase, or say what would be: 400 for a faulty body, 404 for an unknown case."""
    try:
        asked = msgspec.json.decode(await request.read(), type=Erase)
        _said(asked.by, asked.why)
        wanted = _wanted(asked)
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    retain = request.app[DOOR].retain
    try:
        erased = (
            await retain.would_erase(wanted)
            if asked.dry_run
            else await retain.erase(wanted, by=asked.by, why=asked.why)
        )
    except LookupError as error:
        return json_answer({"error": str(error)}, 404)
    return json_answer({"dry_run": asked.dry_run, **_erased(erased)})


def _said(by: str, why: str) -> None:
    """Raises ValueError where nobody says who does it, or why."""
    if not by.strip() or not why.strip():
        raise ValueError("it must be said who does it, and why")


def _wanted(asked: Erase) -> Wanted:
    """What is to be erased. Raises ValueError unless exactly one thing is named."""
    if sum(one is not None for one in (asked.case, asked.customer, asked.before)) != 1:
        raise ValueError("name one of: a case, a customer, a day")
    if asked.before is not None and asked.before.year not in _YEARS:
        raise ValueError(f"{asked.before}: no day that anything here could be of")
    return Wanted(
        case_id=None if asked.case is None else CaseId(asked.case),
        customer=None if asked.customer is None else TaxNumber(asked.customer),
        before=asked.before,
    )


def _missing(one: Missing) -> dict[str, object]:
    return {
        "kind": one.kind,
        "party": one.party,
        "case": one.case_id,
        "since": one.at,
        "gone": one.document_id,
        "owed_by": one.rule,
    }


def _made(one: MadeAgain) -> dict[str, object]:
    return {**_missing(one.missing), "document": one.document_id, "why_not": one.why_not}


def _erased(erased: Erased) -> dict[str, object]:
    return {
        "cases": erased.cases,
        "held": {case: [one.value for one in why] for case, why in erased.held.items()},
        "contents_of_no_case": erased.contents,
        "customers": erased.customers,
        "customer_has_a_point": erased.customer_has_a_point,
    }
