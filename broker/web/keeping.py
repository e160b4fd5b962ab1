"""What is missing, as JSON for the operator's command line."""

import msgspec
from aiohttp import web

from broker.messages.identifiers import CaseId
from broker.usecases.owed_notices import Missing
from broker.usecases.watch_owed import MadeAgain
from broker.web.door import DOOR
from broker.web.operator import json_answer


class MakeAgain(msgspec.Struct, forbid_unknown_fields=True):
    """Who has missing notices made, and why: of one case, or all that are missing."""

    by: str
    why: str
    case: str | None = None


async def get_missing(request: web.Request) -> web.StreamResponse:
    """Look for notices that are owed and lie in no mailbox, and tell them."""
    watch = request.app[DOOR].owed
    await watch.look()
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


def _said(by: str, why: str) -> None:
    """Raises ValueError where nobody says who does it, or why."""
    if not by.strip() or not why.strip():
        raise ValueError("it must be said who does it, and why")


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
