"""How requests flow, as the dashboard and its JSON show it: by week, by supplier, side by side.

Equal treatment is shown by the same figures twice: for the suppliers that belong to the operator's
own group, and for all others.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from sqlite3 import Connection

from broker.engine.calendar import plus_days
from broker.messages.deadlines import DeadlineKind
from broker.messages.identifiers import Eic
from broker.messages.reasons import Reason
from broker.store import flow, participants
from broker.store.flow import Figures, Ground, Kept, WeekOfSupplier, week_of

DAYS_IN_WEEK = 7
WEEKS_MAX = 106
WEEKS_AHEAD = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The weeks looked at: the Mondays from the first up to, but without, the last."""

    since: date
    until: date

    @property
    def weeks(self) -> tuple[date, ...]:
        """Every Monday of the span."""
        count = (self.until - self.since).days // DAYS_IN_WEEK
        return tuple(plus_days(self.since, DAYS_IN_WEEK * n) for n in range(count))


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierFigures:
    """The figures of one supplier over the whole span."""

    supplier: Eic
    name: str
    affiliate: bool
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundFigures:
    """How often a ground was given in all, to the operator's own suppliers and to all others.

    `failed`: it ended a switch that had been approved, else it rejected a request.
    """

    reason: Reason
    failed: bool
    number: int
    affiliate: int
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Everything there is to show of the span; `by_week` has every week, also the empty ones."""

    span: Span
    by_week: Mapping[date, Figures]
    suppliers: tuple[SupplierFigures, ...]
    total: Figures
    affiliate: Figures
    others: Figures
    grounds: tuple[GroundFigures, ...]
    kept: Mapping[DeadlineKind, Kept]


def span_ending(at: datetime, weeks: int) -> Span:
    """So many weeks, the last of them the one of this instant."""
    monday = week_of(at)
    count = min(max(weeks, 1), WEEKS_MAX)
    return Span(
        since=plus_days(monday, -DAYS_IN_WEEK * (count - 1)),
        until=plus_days(monday, DAYS_IN_WEEK),
    )


def view_flow(connection: Connection, span: Span, *, supplier: Eic | None = None) -> Flow:
    """The figures of the span, of one supplier alone where one is named."""
    parties = {party.eic: party for party in participants.participants(connection)}
    own = frozenset(eic for eic, party in parties.items() if party.affiliate)
    lines = flow.by_week_and_supplier(connection, span.since, span.until)
    wanted = [one for one in lines if supplier in (None, one.supplier)]
    given = flow.grounds(connection, span.since, span.until)
    by_supplier: dict[Eic, Figures] = defaultdict(Figures)
    for line in wanted:
        by_supplier[line.supplier] += line.figures
    names = {eic: parties[eic].name if eic in parties else eic for eic in by_supplier}
    return Flow(
        span=span,
        by_week=_by_week(wanted, span),
        suppliers=tuple(
            SupplierFigures(
                supplier=eic, name=names[eic], affiliate=eic in own, figures=by_supplier[eic]
            )
            for eic in sorted(by_supplier, key=lambda eic: (names[eic], eic))
        ),
        total=_sum(by_supplier.values()),
        affiliate=_sum(by_supplier[eic] for eic in by_supplier if eic in own),
        others=_sum(by_supplier[eic] for eic in by_supplier if eic not in own),
        grounds=_grounds([one for one in given if supplier in (None, one.supplier)], own),
        kept=flow.deadlines_kept(connection, span.since, span.until),
    )


def _by_week(lines: Iterable[WeekOfSupplier], span: Span) -> dict[date, Figures]:
    weeks = dict.fromkeys(span.weeks, Figures())
    for line in lines:
        weeks[line.week] += line.figures
    return weeks


def _sum(figures: Iterable[Figures]) -> Figures:
    return sum(figures, Figures())


def _grounds(given: Iterable[Ground], own: frozenset[Eic]) -> tuple[GroundFigures, ...]:
    """By ground, the most frequent first."""
    numbers: dict[tuple[Reason, bool], list[int]] = defaultdict(lambda: [0, 0])
    for one in given:
        numbers[one.reason, one.failed][one.supplier not in own] += one.number
    found = [
        GroundFigures(
            reason=reason, failed=failed, number=mine + other, affiliate=mine, others=other
        )
        for (reason, failed), (mine, other) in numbers.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.number, one.reason.value, one.failed)))


def coming_days(today: date) -> tuple[date, ...]:
    """The days of the calendar of coming deadlines: whole weeks, from the Monday of this one."""
    monday = plus_days(today, -today.weekday())
    return tuple(plus_days(monday, n) for n in range(DAYS_IN_WEEK * WEEKS_AHEAD))
