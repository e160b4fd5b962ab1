"""The lists and figures of the dashboard as JSON, and their description at /api/openapi.json."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import TypeVar

import msgspec
from aiohttp import web
from yarl import URL

from broker.dashboard import answers
from broker.dashboard.answers import Answer
from broker.dashboard.forms import day_from, number_from, position_from, text
from broker.dashboard.guard import cookie_name
from broker.dashboard.office import OFFICE, Address, Who
from broker.dashboard.openapi import Operation, Parameter, describe
from broker.dashboard.pages.flow import chosen_span, chosen_supplier
from broker.dashboard.pages.messages import after_line, sought_from
from broker.dashboard.pages.suppliers import all_parties
from broker.dashboard.pages.today import position_of, told_position, wanted_from
from broker.engine.calendar import local_day
from broker.engine.state import WaitsFor
from broker.messages.identifiers import Eic
from broker.store import archive, flow
from broker.store.archive import Outcome
from broker.store.case_search import find_cases
from broker.store.flow import Figures
from broker.store.point_search import find_points
from broker.usecases.keep_channels import standings
from broker.usecases.list_tasks import Task, list_tasks
from broker.usecases.view_flow import WEEKS_MAX, coming_days, view_flow
from broker.wire.schema import INBOUND_KINDS

_LINES = 100
A = TypeVar("A", bound=Answer)


async def tasks(request: web.Request) -> web.StreamResponse:
    """What waits for a person."""
    office, query = request.app[OFFICE], request.query
    found = await office.reads(
        partial(
            list_tasks,
            wanted=wanted_from(query),
            limit=_LINES + 1,
            after=position_of(query.get("after", "")),
        )
    )
    now = office.clock.now()
    shown = found[:_LINES]
    following = told_position(shown[-1].line.position) if len(found) > _LINES else None
    lines = tuple(_task(one, now) for one in shown)
    return _json(answers.Tasks(tasks=lines, next=_next(request, "after", following)))


def _task(task: Task, now: datetime) -> answers.TaskLine:
    line, deadline = task.line, task.line.deadline
    return _filled(
        answers.TaskLine,
        line,
        urgency=task.urgency(now),
        new_suppliers=tuple(one.eic for one in line.new_suppliers),
        act_at=deadline.act_at if deadline else None,
        limit=deadline.limit if deadline else None,
        article=deadline.article if deadline else None,
    )


async def cases(request: web.Request) -> web.StreamResponse:
    """Cases by the beginning of a number."""
    typed = text(request.query, "q") or ""
    found = await request.app[OFFICE].reads(partial(find_cases, beginning=typed, limit=_LINES + 1))
    lines = _lines(answers.CaseLine, found[:_LINES])
    return _json(answers.Cases(cases=lines, more=len(found) > _LINES))


async def points(request: web.Request) -> web.StreamResponse:
    """Points by the beginning of a number."""
    typed = text(request.query, "q") or ""
    found = await request.app[OFFICE].reads(partial(find_points, beginning=typed, limit=_LINES + 1))
    lines = _lines(answers.PointLine, found[:_LINES])
    return _json(answers.Points(points=lines, more=len(found) > _LINES))


async def parties(request: web.Request) -> web.StreamResponse:
    """Every party with its status."""
    office = request.app[OFFICE]
    found = await office.reads(partial(all_parties, now=office.clock.now()))
    lines = tuple(_filled(answers.PartyLine, one.party, credentials=one.valid) for one in found)
    return _json(answers.Parties(suppliers=lines))


async def flow_figures(request: web.Request) -> web.StreamResponse:
    """The figures of the flow."""
    span, supplier = chosen_span(request), chosen_supplier(request)
    shown = await request.app[OFFICE].reads(partial(view_flow, span=span, supplier=supplier))
    return _json(
        answers.FlowFigures(
            since=span.since,
            until=span.until,
            total=_figures(shown.total),
            affiliate=_figures(shown.affiliate),
            others=_figures(shown.others),
            weeks=tuple(
                answers.Week(week=week, figures=_figures(one))
                for week, one in shown.by_week.items()
            ),
            suppliers=tuple(
                _filled(answers.SupplierLine, one, figures=_figures(one.figures))
                for one in shown.suppliers
            ),
            grounds=tuple(
                _filled(answers.GroundLine, one, code=one.reason.value) for one in shown.grounds
            ),
            deadlines=tuple(
                _filled(answers.KeptLine, one, kind=kind, met_share=one.share)
                for kind, one in shown.kept.items()
            ),
        )
    )


def _figures(one: Figures) -> answers.FigureSet:
    longest = one.longest_decision_seconds if one.decided else None
    completion = one.longest_completion_seconds if one.completed else None
    return _filled(
        answers.FigureSet,
        one,
        longest_decision_seconds=longest,
        longest_completion_seconds=completion,
    )


async def calendar(request: web.Request) -> web.StreamResponse:
    """How many deadlines fall due on each of the coming days."""
    office = request.app[OFFICE]
    days = coming_days(local_day(office.clock.now()))
    due = await office.reads(partial(flow.count_due, days=days))
    lines = tuple(answers.CalendarDay(day=day, deadlines=number) for day, number in due.items())
    return _json(answers.Calendar(days=lines))


async def deadlines(request: web.Request) -> web.StreamResponse:
    """The deadlines of a day."""
    day = day_from(request.query)
    if day is None:
        raise web.HTTPBadRequest
    found = await request.app[OFFICE].reads(
        partial(flow.due_on, day=day, limit=_LINES + 1, after=position_from(request.query))
    )
    shown = found[:_LINES]
    last = shown[-1] if len(found) > _LINES else None
    following = f"{last.act_at.isoformat()}~{last.deadline_id}" if last else None
    lines = _lines(answers.DeadlineLine, shown)
    return _json(answers.Deadlines(deadlines=lines, next=_next(request, "after", following)))


async def messages(request: web.Request) -> web.StreamResponse:
    """Attempts at sending."""
    office = request.app[OFFICE]
    sought = sought_from(request.query, local_day(office.clock.now()))
    after = position_from(request.query)
    found = await office.reads(
        partial(archive.attempts, sought=sought, limit=_LINES + 1, after=after)
    )
    shown = found[:_LINES]
    following = after_line(shown[-1]) if len(found) > _LINES else None
    lines = _lines(answers.MessageLine, shown)
    return _json(answers.Messages(messages=lines, next=_next(request, "after", following)))


async def mailboxes(request: web.Request) -> web.StreamResponse:
    """How every mailbox stands."""
    boxes = await request.app[OFFICE].reads(archive.mailboxes)
    return _json(answers.Mailboxes(mailboxes=_lines(answers.MailboxLine, boxes)))


async def channels(request: web.Request) -> web.StreamResponse:
    """How every channel does."""
    found = await request.app[OFFICE].reads(standings)
    return _json(answers.Channels(channels=_lines(answers.ChannelLine, found.values())))


async def documents(request: web.Request) -> web.StreamResponse:
    """The documents of a mailbox."""
    party, query = Eic(request.match_info["number"]), request.query
    boxes, found = await request.app[OFFICE].reads(
        lambda connection: (
            archive.mailboxes(connection),
            archive.documents(
                connection,
                party,
                limit=_LINES + 1,
                waiting=query.get("waiting") == "1",
                before=number_from(query, "before"),
            ),
        )
    )
    if party not in {one.party for one in boxes}:
        raise web.HTTPNotFound
    shown = found[:_LINES]
    following = str(shown[-1].position) if len(found) > _LINES else None
    lines = _lines(answers.DocumentLine, shown)
    return _json(answers.Documents(documents=lines, next=_next(request, "before", following)))


async def description(request: web.Request) -> web.StreamResponse:
    """What is described by itself."""
    return web.json_response(describe(OPERATIONS, cookie=cookie_name(request.app[OFFICE])))


def _next(request: web.Request, name: str, value: str | None) -> str | None:
    """The address of what follows, None where nothing does."""
    if value is None:
        return None
    return str(URL(request.path).with_query({**request.query, name: value}))


def _filled(kind: type[A], source: object, /, **more: object) -> A:
    """An answer filled from what is of the same name in the source, and from what is given."""
    names = [name for name in kind.__struct_fields__ if name not in more]
    return kind(**{name: getattr(source, name) for name in names}, **more)


def _lines(kind: type[A], sources: Iterable[object]) -> tuple[A, ...]:
    return tuple(_filled(kind, one) for one in sources)


def _json(answer: Answer) -> web.Response:
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json")


_TEXT = {"type": "string"}
_DATE = {"type": "string", "format": "date"}
_NUMBER = {"type": "integer", "minimum": 1}
_AFTER = Parameter("after", "Where a page begins, as `next` of the page before tells it.", _TEXT)
_WEEKS = (
    Parameter("weeks", f"How many weeks, at most {WEEKS_MAX}; 13 where it is left out.", _NUMBER),
    Parameter("to", "A day of the last week; this week where it is left out.", _DATE),
    Parameter("supplier", "The EIC of one supplier alone.", _TEXT),
)
_TASKS = (
    Parameter("kind", "What is waited for.", {"enum": [one.value for one in WaitsFor]}),
    Parameter("supplier", "The EIC of the applicant or of a new supplier.", _TEXT),
    Parameter("area", "The code of an area.", _TEXT),
    Parameter("point", "The beginning of a point's or site's number.", _TEXT),
    _AFTER,
)
_SOUGHT = (
    Parameter("from", "The first day; thirty days back where no number is sought.", _DATE),
    Parameter("to", "The last day; today where it is left out.", _DATE),
    Parameter("party", "The EIC of the sender.", _TEXT),
    Parameter("kind", "The kind of message.", {"enum": [one.value for one in INBOUND_KINDS]}),
    Parameter("number", "The beginning of an identification or a receipt number.", _TEXT),
    Parameter("outcome", "What became of it.", {"enum": [one.value for one in Outcome]}),
    _AFTER,
)
_MAILBOX = (
    Parameter("number", "The EIC of the party.", _TEXT),
    Parameter("waiting", "1: only what has not been acknowledged.", {"enum": ["1"]}),
    Parameter("before", "Where a page begins, as `next` of the page before tells it.", _NUMBER),
)

OPERATIONS = (
    Operation("/api/tasks", tasks, "What waits for a person.", answers.Tasks, _TASKS),
    Operation(
        "/api/cases",
        cases,
        "Cases by the beginning of a number.",
        answers.Cases,
        (Parameter("q", "The beginning of a number of case, point, site or message.", _TEXT),),
    ),
    Operation(
        "/api/points",
        points,
        "Points by the beginning of a number.",
        answers.Points,
        (Parameter("q", "The beginning of a number of point, site or delivery point.", _TEXT),),
    ),
    Operation("/api/suppliers", parties, "Suppliers and other parties.", answers.Parties),
    Operation("/api/flow", flow_figures, "How requests flow.", answers.FlowFigures, _WEEKS),
    Operation("/api/deadlines/calendar", calendar, "Deadlines by day.", answers.Calendar),
    Operation(
        "/api/deadlines",
        deadlines,
        "The open deadlines of a day.",
        answers.Deadlines,
        (Parameter("day", "The day.", _DATE, required=True), _AFTER),
    ),
    Operation("/api/messages", messages, "Attempts at sending.", answers.Messages, _SOUGHT),
    Operation("/api/channels", channels, "How channels do.", answers.Channels),
    Operation("/api/mailboxes", mailboxes, "How mailboxes stand.", answers.Mailboxes),
    Operation(
        "/api/mailboxes/{number}", documents, "A mailbox's documents.", answers.Documents, _MAILBOX
    ),
)
"""Every address for programs that answers with a list or a figure."""

ADDRESSES = (
    *(Address("GET", one.path, one.handler, Who.PROGRAM) for one in OPERATIONS),
    Address("GET", "/api/openapi.json", description, Who.PROGRAM),
)
