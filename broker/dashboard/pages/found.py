"""What the search in the bar finds: cases by the beginning of a number."""

from functools import partial
from http import HTTPStatus

from aiohttp import web

from broker.dashboard.forms import text
from broker.dashboard.office import OFFICE, Address, Who
from broker.dashboard.render import render
from broker.store.case_search import find_cases

_CASES_MAX = 50


async def show(request: web.Request) -> web.StreamResponse:
    """The cases that what was typed begins a number of; a single one is opened at once."""
    typed = text(request.query, "q") or ""
    cases = await request.app[OFFICE].reads(
        partial(find_cases, beginning=typed, limit=_CASES_MAX + 1)
    )
    if len(cases) == 1:
        location = f"/cases/{cases[0].case_id}"
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})
    values = {"typed": typed, "cases": cases[:_CASES_MAX], "more": len(cases) > _CASES_MAX}
    return render(request, "found.html", values)


ADDRESSES = (Address("GET", "/found", show, Who.STAFF),)
