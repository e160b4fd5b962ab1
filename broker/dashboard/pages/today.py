"""Today, the page a day begins with: the decisions that wait, what runs out first at the top."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from sqlite3 import Connection

from aiohttp import web
from yarl import URL

from broker.dashboard import dates
from broker.dashboard.comma_separated import LINES_MAX, csv_answer
from broker.dashboard.forms import choice, field, instant_of, text
from broker.dashboard.office import MEMBER, OFFICE, Address, Who
from broker.dashboard.render import render, texts_for
from broker.dashboard.texts import Texts
from broker.engine.state import Phase, WaitsFor
from broker.messages.identifiers import CaseId, Eic
from broker.store import cases, deadlines, mails, operations, worklist
from broker.store.deadlines import OpenDeadline
from broker.store.mails import TroubledMail
from broker.store.operations import SweepStopped
from broker.store.worklist import Choices, Line, Position, Wanted
from broker.usecases.list_tasks import Task, Urgency, count_by_urgency, list_tasks, urgency_of
from broker.usecases.owed_notices import Missing

_LINES_ON_A_PAGE = 50
_FILTERS = ("kind", "supplier", "area", "point")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """Everything the page shows, as of one moment."""

    tasks: tuple[Task, ...]
    choices: Choices
    urgencies: Mapping[Urgency, int]
    parked: tuple[OpenDeadline, ...]
    stopped: SweepStopped | None
    mails: tuple[TroubledMail, ...]
    decided: Phase | None
    missing: tuple[Missing, ...]


async def show(request: web.Request) -> web.StreamResponse:
    """The list, filtered, from the first line or after the last of the page before."""
    office, query = request.app[OFFICE], request.query
    now = office.clock.now()
    missing = office.owed.missing
    shown, channels = await office.reads(
        lambda connection: (
            _look(connection, query, now, missing),
            office.channels.troubled(connection),
        )
    )
    tasks = shown.tasks[:_LINES_ON_A_PAGE]
    chosen = {name: query[name] for name in _FILTERS if query.get(name, "").strip()}
    more = len(shown.tasks) > _LINES_ON_A_PAGE
    values = {
        "shown": shown,
        "channels": channels,
        "tasks": [(task, task.urgency(now), _left(task, now)) for task in tasks],
        "chosen": chosen,
        "decided_case": query.get("decided", ""),
        "begins_later": "after" in query,
        "first_page": str(URL("/").with_query(chosen)),
        "next_page": _next_page(chosen, tasks) if more else None,
        "as_file": str(URL("/today.csv").with_query(chosen)),
    }
    return render(request, "today.html", values)


def _next_page(chosen: Mapping[str, str], tasks: tuple[Task, ...]) -> str:
    """The address of what comes after the last of these lines."""
    return str(URL("/").with_query({**chosen, "after": told_position(tasks[-1].line.position)}))


async def export(request: web.Request) -> web.StreamResponse:
    """The whole list, filtered the same, as a CSV file."""
    office, texts = request.app[OFFICE], texts_for(request)
    now = office.clock.now()
    work = partial(worklist.waiting, wanted=wanted_from(request.query), limit=LINES_MAX)
    lines = await office.reads(work)
    head = [texts(f"today.column_{name}") for name in _COLUMNS]
    return await csv_answer("danes.csv", head, (_row(line, now, texts) for line in lines))


async def go_on(request: web.Request) -> web.StreamResponse:
    """Let the sweep go on after an alarm about the clock."""
    why = field(await request.post(), "why").strip()
    if not why:
        raise web.HTTPBadRequest
    await request.app[OFFICE].deadlines.go_on(by=request[MEMBER].signature, why=why)
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})


_COLUMNS = (
    *("urgency", "kind", "case", "point", "site", "applicant", "new_suppliers", "phase"),
    *("correction", "act_at", "limit", "article", "parked"),
)


def _row(line: Line, now: datetime, texts: Texts) -> tuple[str, ...]:
    deadline = line.deadline
    return (
        texts(f"words.urgency_{urgency_of(line, now).value}"),
        texts(f"words.waits_for_{line.waits_for.value if line.waits_for else 'parked'}"),
        line.case_id,
        line.accounting_point,
        line.metering_site or "",
        line.applicant_name,
        ", ".join(one.name for one in line.new_suppliers),
        texts(f"words.phase_{line.phase.value}"),
        texts("words.correction") if line.correction else "",
        dates.until(deadline.act_at, texts) if deadline else "",
        dates.until(deadline.limit, texts) if deadline else "",
        dates.article(deadline.article, texts) if deadline else "",
        line.parked or "",
    )


def _look(
    connection: Connection, query: Mapping[str, str], now: datetime, missing: tuple[Missing, ...]
) -> _Shown:
    wanted = wanted_from(query)
    tasks = list_tasks(
        connection, wanted, limit=_LINES_ON_A_PAGE + 1, after=position_of(query.get("after", ""))
    )
    return _Shown(
        tasks=tasks,
        choices=worklist.choices(connection),
        urgencies=count_by_urgency(connection, now),
        parked=deadlines.parked(connection),
        stopped=operations.how_sweep_stopped(connection),
        mails=mails.troubled(connection, now),
        missing=missing,
        decided=cases.phase_of(connection, CaseId(query.get("decided", ""))),
    )


def wanted_from(query: Mapping[str, str]) -> Wanted:
    """Which lines an address asks for."""
    supplier = text(query, "supplier")
    return Wanted(
        waits_for=choice(query, "kind", WaitsFor),
        supplier=Eic(supplier) if supplier else None,
        area=text(query, "area"),
        point=text(query, "point"),
    )


def _left(task: Task, now: datetime) -> tuple[timedelta, timedelta] | None:
    """How long there is until the operator's own limit, and until the law's."""
    deadline = task.line.deadline
    return (deadline.act_at - now, deadline.limit - now) if deadline else None


def told_position(position: Position) -> str:
    """A position as an address tells it."""
    at = position.act_at.isoformat() if position.act_at else ""
    return f"{at}~{position.case_id}"


def position_of(told: str) -> Position | None:
    """The position that an address tells; None, the beginning, for any other text."""
    at, separator, case_id = told.partition("~")
    if not separator:
        return None
    act_at = instant_of(at)
    return None if at and act_at is None else Position(act_at, CaseId(case_id))


ADDRESSES = (
    Address("GET", "/", show, Who.STAFF),
    Address("GET", "/today.csv", export, Who.STAFF),
    Address("POST", "/sweep/go-on", go_on, Who.CLERK),
)
