"""What the search in the bar finds: cases by the beginning of a number."""

from functools import partial
from http import HTTPStatus

from aiohttp import web
from yarl import URL

from broker.dashboard import dates
from broker.dashboard.comma_separated import LINES_MAX, csv_answer
from broker.dashboard.forms import text
from broker.dashboard.office import OFFICE, Address, Who
from broker.dashboard.render import render, texts_for
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
    values = {
        "typed": typed,
        "cases": cases[:_CASES_MAX],
        "more": len(cases) > _CASES_MAX,
        "as_file": str(URL("/found.csv").with_query(q=typed)),
    }
    return render(request, "found.html", values)


async def export(request: web.Request) -> web.StreamResponse:
    """The whole list as a CSV file."""
    texts, typed = texts_for(request), text(request.query, "q") or ""
    cases = await request.app[OFFICE].reads(partial(find_cases, beginning=typed, limit=LINES_MAX))
    head = [texts(f"found.{name}") for name in ("case", "phase", "point")]
    head += [texts(f"today.column_{name}") for name in ("correction", "applicant")]
    rows = (
        (
            one.case_id,
            texts(f"words.phase_{one.phase.value}"),
            one.accounting_point,
            texts("words.correction") if one.correction else "",
            one.applicant_name,
            dates.moment(one.opened_at, texts),
        )
        for one in cases
    )
    return await csv_answer("zadeve.csv", [*head, texts("found.opened")], rows)


ADDRESSES = (
    Address("GET", "/found", show, Who.STAFF),
    Address("GET", "/found.csv", export, Who.STAFF),
)
