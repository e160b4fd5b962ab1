"""The register for staff: points by number, customers by words, a point with its whole history.

Words of customers come by POST alone, so that they stand in no address, history or log.
"""

from dataclasses import dataclass
from datetime import date
from functools import partial
from http import HTTPStatus
from sqlite3 import Connection

from aiohttp import web
from yarl import URL

from broker.dashboard.comma_separated import LINES_MAX, csv_answer
from broker.dashboard.forms import field, text
from broker.dashboard.inaccessibility import still_inaccessible
from broker.dashboard.office import OFFICE, Address, Who
from broker.dashboard.render import render, texts_for
from broker.engine.calendar import local_day, plus_days
from broker.engine.facts import PointFacts
from broker.messages.identifiers import Gsrn
from broker.store.customer_search import find_customers
from broker.store.point_history import ROWS_MAX, PointHistory, history_of
from broker.store.point_search import find_points
from broker.store.register import point_facts

_FOUND_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A point as the register has it today, and all that was."""

    facts: PointFacts
    history: PointHistory


async def search(request: web.Request) -> web.StreamResponse:
    """The points of which a number begins as typed; a single one is opened at once."""
    typed = text(request.query, "q") or ""
    points = await request.app[OFFICE].reads(
        partial(find_points, beginning=typed, limit=_FOUND_MAX + 1)
    )
    if len(points) == 1:
        location = f"/points/{points[0].accounting_point}"
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})
    values = {
        "typed": typed,
        "words": "",
        "points": points[:_FOUND_MAX],
        "customers": (),
        "more": len(points) > _FOUND_MAX,
        "as_file": str(URL("/points.csv").with_query(q=typed)),
    }
    return render(request, "points.html", values)


async def export(request: web.Request) -> web.StreamResponse:
    """The points found, as a CSV file."""
    texts, typed = texts_for(request), text(request.query, "q") or ""
    points = await request.app[OFFICE].reads(partial(find_points, beginning=typed, limit=LINES_MAX))
    head = [texts(f"points.{name}") for name in ("point", "site", "delivery_point", "customer")]
    rows = (
        (one.accounting_point, one.metering_site, one.delivery_point, one.customer or "")
        for one in points
    )
    return await csv_answer("tocke.csv", head, rows)


async def search_customers(request: web.Request) -> web.StreamResponse:
    """The customers whose names and addresses have the words typed, with their points."""
    words = field(await request.post(), "words").strip()
    customers = await request.app[OFFICE].reads(
        partial(find_customers, typed=words, limit=_FOUND_MAX + 1)
    )
    values = {
        "typed": "",
        "words": words,
        "points": (),
        "customers": customers[:_FOUND_MAX],
        "more": len(customers) > _FOUND_MAX,
    }
    return render(request, "points.html", values)


async def show(request: web.Request) -> web.StreamResponse:
    """One point: what the register says today, and its history."""
    office, number = request.app[OFFICE], Gsrn(request.match_info["number"])
    today = local_day(office.clock.now())
    shown = await office.reads(partial(_look, number=number, today=today))
    if shown is None:
        raise web.HTTPNotFound
    values = {
        "facts": shown.facts,
        "history": shown.history,
        "rows_max": ROWS_MAX,
        "inaccessible_since": still_inaccessible(
            shown.facts.inaccessible_since,
            (
                (one.taken_at, one.obtained_by)
                for one in shown.history.readings
                if one.cancelled_on is None
            ),
        ),
        "day_before": partial(plus_days, count=-1),
    }
    return render(request, "point.html", values)


def _look(connection: Connection, number: Gsrn, today: date) -> _Shown | None:
    facts = point_facts(connection, number, today)
    return None if facts is None else _Shown(facts=facts, history=history_of(connection, number))


ADDRESSES = (
    Address("GET", "/points", search, Who.STAFF),
    Address("GET", "/points.csv", export, Who.STAFF),
    Address("POST", "/points", search_customers, Who.STAFF),
    Address("GET", "/points/{number}", show, Who.STAFF),
)
