"""Flow: how requests go, week by week and supplier by supplier, and what falls due in the weeks
to come. What was not measured is said to be so, never shown as a hundred per cent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from math import floor

from aiohttp import web
from yarl import URL

from broker.dashboard import dates
from broker.dashboard.charts import Chart, Column, bar_chart
from broker.dashboard.comma_separated import LINES_MAX, csv_answer
from broker.dashboard.forms import day_from, number_from, position_from, text
from broker.dashboard.office import OFFICE, Address, Who
from broker.dashboard.render import render, texts_for
from broker.dashboard.texts import Texts
from broker.dashboard.values import number
from broker.engine.calendar import at_hour, local_day
from broker.messages.identifiers import Eic
from broker.store import flow
from broker.store.flow import ComingDeadline, Figures
from broker.usecases.view_flow import Flow, Span, coming_days, span_ending, view_flow

WEEKS = (4, 13, 26, 52)
_WEEKS_AT_FIRST = 13
_LINES_ON_A_PAGE = 100
_SHADES = 4
_DAY = 86400
_COUNTS = ("requests", "approved", "rejected", "withdrawn", "undecided", "completed", "failed")
_SHARES = ("approved_share", "straight_through_share")
_TIMES = ("mean_decision_seconds", "mean_completion_seconds")
_LONGEST = ("longest_decision_seconds", "longest_completion_seconds")
FIGURES = (*_COUNTS, *_SHARES, *_TIMES, *_LONGEST)
"""The figures in the order of the tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A chart with the text that names it and what its parts are called."""

    name: str
    chart: Chart
    parts: tuple[str, ...]


async def show(request: web.Request) -> web.StreamResponse:
    """The figures of the weeks chosen, and the calendar."""
    office, texts = request.app[OFFICE], texts_for(request)
    today = local_day(office.clock.now())
    span, supplier = chosen_span(request), chosen_supplier(request)
    shown, everybody = await office.reads(
        lambda connection: (
            view_flow(connection, span, supplier=supplier),
            view_flow(connection, span).suppliers if supplier else None,
        )
    )
    due = await office.reads(partial(flow.count_due, days=coming_days(today)))
    values = {
        "shown": shown,
        "suppliers": shown.suppliers if everybody is None else everybody,
        "chosen": {"supplier": supplier, "weeks": len(span.weeks), "to": request.query.get("to")},
        "choices": WEEKS,
        "charts": _charts(shown, texts),
        "figures": FIGURES,
        "told": partial(_told, texts=texts),
        "share": partial(_share, texts=texts),
        "calendar": _calendar(due),
        "day_of_year": partial(dates.day_of_year, texts=texts),
        "as_file": str(URL("/flow.csv").with_query(_asked(request))),
    }
    return render(request, "flow.html", values)


async def export(request: web.Request) -> web.StreamResponse:
    """The figures by week and supplier as a CSV file; what was not measured is empty."""
    texts, span = texts_for(request), chosen_span(request)
    supplier = chosen_supplier(request)
    lines = await request.app[OFFICE].reads(
        partial(flow.by_week_and_supplier, since=span.since, until=span.until)
    )
    head = [texts("flow.week"), texts("flow.supplier"), *(texts(f"flow.{one}") for one in FIGURES)]
    rows = (
        (one.week.isoformat(), one.supplier, *(_cell(one.figures, name) for name in FIGURES))
        for one in lines
        if supplier in (None, one.supplier)
    )
    return await csv_answer("potek.csv", head, rows)


async def show_day(request: web.Request) -> web.StreamResponse:
    """What falls due on one day of the calendar, with its cases."""
    day = day_from(request.query)
    if day is None:
        raise web.HTTPBadRequest
    lines = await request.app[OFFICE].reads(
        partial(
            flow.due_on, day=day, limit=_LINES_ON_A_PAGE + 1, after=position_from(request.query)
        )
    )
    shown = lines[:_LINES_ON_A_PAGE]
    values = {
        "due_day": day,
        "lines": shown,
        "begins_later": "after" in request.query,
        "as_file": str(URL("/flow/day.csv").with_query({"day": day.isoformat()})),
        "first_page": str(URL("/flow/day").with_query({"day": day.isoformat()})),
        "next_page": _next_page(day, shown) if len(lines) > len(shown) else None,
    }
    return render(request, "flow_day.html", values)


async def export_day(request: web.Request) -> web.StreamResponse:
    """All that falls due on one day, as a CSV file."""
    texts, day = texts_for(request), day_from(request.query)
    if day is None:
        raise web.HTTPBadRequest
    lines = await request.app[OFFICE].reads(partial(flow.due_on, day=day, limit=LINES_MAX))
    columns = ("act_at", "limit", "article", "case", "point", "applicant")
    rows = (
        (
            texts(f"words.deadline_{one.kind.value}"),
            dates.until(one.act_at, texts),
            dates.until(one.limit, texts),
            dates.article(one.article, texts),
            one.case_id,
            one.accounting_point,
            one.applicant_name,
        )
        for one in lines
    )
    head = [texts("flow.deadline"), *(texts(f"today.column_{name}") for name in columns)]
    return await csv_answer("roki.csv", head, rows)


def _next_page(day: date, lines: tuple[ComingDeadline, ...]) -> str:
    last = lines[-1]
    after = f"{last.act_at.isoformat()}~{last.deadline_id}"
    return str(URL("/flow/day").with_query({"day": day.isoformat(), "after": after}))


def chosen_span(request: web.Request) -> Span:
    """The weeks asked for: up to the week of the day named, else up to this one."""
    weeks = number_from(request.query, "weeks") or _WEEKS_AT_FIRST
    last = day_from(request.query, "to")
    at = request.app[OFFICE].clock.now() if last is None else _noon(last)
    try:
        return span_ending(at, weeks)
    except OverflowError:
        raise web.HTTPBadRequest from None


def _noon(day: date) -> datetime:
    return at_hour(day, datetime.min.time().replace(hour=12))


def chosen_supplier(request: web.Request) -> Eic | None:
    """The supplier asked for, None for all."""
    named = text(request.query, "supplier")
    return Eic(named) if named else None


def _asked(request: web.Request) -> dict[str, str]:
    return {
        name: value for name in ("weeks", "to", "supplier") if (value := request.query.get(name))
    }


def _charts(shown: Flow, texts: Texts) -> Iterator[_Drawn]:
    """The charts of the page: what became of requests, then the figures that are measured."""
    parts = ("approved", "rejected", "withdrawn", "undecided")
    columns = [
        _column(week, {part: getattr(one, part) for part in parts}, _counted(one, texts), texts)
        for week, one in shown.by_week.items()
    ]
    chart = bar_chart(columns, tick=lambda value: number(Decimal(value), texts))
    yield _Drawn(name="chart_requests", chart=chart, parts=parts)
    for name in (*_SHARES[1:], *_TIMES):
        columns = [
            _column(
                week,
                None if (value := getattr(one, name)) is None else {name: _axis(name, value)},
                _told(one, name, texts=texts),
                texts,
            )
            for week, one in shown.by_week.items()
        ]
        highest = 100 if name in _SHARES else None
        unit = "%" if name in _SHARES else texts("flow.days")
        tick = partial(_tick, unit=unit, texts=texts)
        chart = bar_chart(columns, tick=tick, highest=highest)
        yield _Drawn(name=name, chart=chart, parts=())


def _axis(name: str, value: float) -> float:
    """A figure as it is drawn: shares in hundredths, times in days."""
    return value * 100 if name in _SHARES else value / _DAY


def _tick(value: float, unit: str, texts: Texts) -> str:
    return f"{number(Decimal(value), texts, 3)} {unit}"


def _column(week: date, values: Mapping[str, float] | None, told: str, texts: Texts) -> Column:
    label = dates.day_of_year(week, texts)
    return Column(label=label, values=values, told=f"{dates.day(week, texts)}: {told}")


def _counted(figures: Figures, texts: Texts) -> str:
    return ", ".join(f"{texts(f'flow.{name}')} {getattr(figures, name)}" for name in _COUNTS[:5])


def _told(figures: Figures, name: str, *, texts: Texts) -> str:
    """A figure in words; what was not measured is said to be so."""
    value = getattr(figures, name)
    counted = figures.completed if "completion" in name else figures.decided
    if value is None or (name in _LONGEST and not counted):
        return texts("flow.none_measured")
    if name in _SHARES:
        return _share(value, texts=texts)
    if name in _COUNTS:
        return str(value)
    return (
        texts("flow.under_a_minute") if value < 60 else dates.span(timedelta(seconds=value), texts)
    )


def _share(share: float | None, *, texts: Texts) -> str:
    """A share in per cent, cut off: what is not whole is never told as a hundred."""
    if share is None:
        return texts("flow.none_measured")
    told = number(Decimal(floor(share * 1000 + 1e-9)) / 10, texts)
    return f"{told} %" if texts.language == "sl" else f"{told}%"


def _cell(figures: Figures, name: str) -> str:
    value = getattr(figures, name)
    return "" if value is None else f"{value:.4f}" if name in _SHARES else f"{value:.0f}"


def _calendar(due: Mapping[date, int]) -> list[list[tuple[date, int, int]]]:
    """The weeks of the calendar: each day with its number and how dark it is, 0 for nothing."""
    most = max(due.values(), default=0)
    days = [
        (day, number, -(-number * _SHADES // most) if number else 0) for day, number in due.items()
    ]
    return [days[first : first + 7] for first in range(0, len(days), 7)]


ADDRESSES = (
    Address("GET", "/flow", show, Who.STAFF),
    Address("GET", "/flow.csv", export, Who.STAFF),
    Address("GET", "/flow/day", show_day, Who.STAFF),
    Address("GET", "/flow/day.csv", export_day, Who.STAFF),
)
