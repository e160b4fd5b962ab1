"""The timeline of a case as a drawing: what happened above the axis, what is due below it.

Places only; templates draw. Two drawings of the same: one to scale from left to right, and one from
top to bottom for narrow pages, where only the order is kept. Lengths are in units of the drawing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import groupby
from textwrap import wrap

from broker.dashboard import dates
from broker.dashboard.texts import Texts
from broker.engine.calendar import LJUBLJANA, days_between, end_of, local_day, plus_days, start_of

_WIDTH, _MARGIN, _BLOCK, _LINE = 1320, 12, 216, 17
_CHARACTERS = 27
_AXIS, _TICKS_MAX = 36, 14
_STEPS = (1, 2, 7, 14, 28, 56, 112)
_NARROW, _NARROW_CHARACTERS, _NARROW_LINE = 330, 40, 18


class Sort(Enum):
    """What a moment is: it happened, it is due, it is overdue, or it is planned."""

    HAPPENED = "happened"
    DUE = "due"
    OVERDUE = "overdue"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing on the timeline: when, what it is, and the article as people cite it.

    `ends` says that midnight is the end of the day before; a day without an hour is `whole_day`.
    """

    at: datetime
    sort: Sort
    text: str
    article: str
    ends: bool = False
    whole_day: bool = False

    @property
    def day(self) -> date:
        """The local day it belongs to."""
        return local_day(self.at - timedelta(microseconds=1) if self.ends else self.at)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of text of a block, and how it is set: `day`, `what` or `source`."""

    y: float
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Block:
    """What stands at one day: where its mark lies, where its text, and the line between them."""

    x: float
    mark_y: float
    text_x: float
    top: float
    bottom: float
    sort: Sort
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A day marked on the axis."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing: its size, the blocks, where the axis, now and the reading period lie."""

    width: float
    height: float
    axis: float
    blocks: tuple[Block, ...]
    ticks: tuple[Tick, ...] = ()
    now: float | None = None
    period: tuple[float, float] | None = None


Period = tuple[date, date]
"""The first and the last day of the reading period."""


def from_left_to_right(
    moments: Iterable[Moment], period: Period | None, *, now: datetime | None, texts: Texts
) -> Drawing:
    """The drawing to scale, for wide pages; without now, which is None, for what has ended."""
    groups = _by_day(moments)
    first, last = _span(groups, period, now)
    length = (start_of(plus_days(last, 1)) - start_of(first)).total_seconds()

    def x_of(at: datetime) -> float:
        share = (at - start_of(first)).total_seconds() / length
        return round(_MARGIN + share * (_WIDTH - _MARGIN - _BLOCK), 1)

    above = _staircase([g for g in groups if g[0].sort is Sort.HAPPENED], x_of, texts)
    below = _staircase([g for g in groups if g[0].sort is not Sort.HAPPENED], x_of, texts)
    axis = max((top for _, _, top in above), default=0) + 14.0
    depth = max((top for _, _, top in below), default=0)
    blocks = [_block(group, x, axis, axis - top, texts) for group, x, top in above]
    for group, x, top in below:
        height = _height(group, texts)
        blocks.append(_block(group, x, axis, axis + _AXIS + top - height, texts))
    return Drawing(
        width=_WIDTH,
        height=axis + _AXIS + depth + 12,
        axis=axis,
        blocks=tuple(blocks),
        ticks=tuple(_ticks(first, last, x_of, texts)),
        now=None if now is None else x_of(now),
        period=(x_of(start_of(period[0])), x_of(start_of(plus_days(period[1], 1))))
        if period
        else None,
    )


def from_top_to_bottom(
    moments: Iterable[Moment], period: Period | None, *, now: datetime | None, texts: Texts
) -> Drawing:
    """The drawing in order, for narrow pages; the reading period is the thick part of its axis."""
    y, blocks, now_y = 10.0, [], None
    begins: float | None = None
    ends: float | None = None
    for group in _parted(_by_day(moments), now):
        if now_y is None and _is_to_come(group[0], now):
            now_y, y = y + 8, y + 30
        rows, y_row = [], y + 12
        for kind, text in _lines(group, _NARROW_CHARACTERS, texts):
            rows.append(Row(y_row, text, kind))
            y_row += _NARROW_LINE
        blocks.append(Block(10, y + 7, 28, y, y_row, _gravest(group).sort, tuple(rows)))
        if period and begins is None and group[0].day >= period[0]:
            begins = y + 7
        if period and group[0].day <= period[1]:
            ends = y + 7
        y = y_row + 6
    if now_y is None and now is not None:
        now_y, y = y + 8, y + 30
    return Drawing(
        width=_NARROW,
        height=y,
        axis=10,
        blocks=tuple(blocks),
        now=now_y,
        period=(begins, ends) if begins is not None and ends is not None else None,
    )


Scale = Callable[[datetime], float]
Group = list[Moment]
Placed = tuple[Group, float, float]
"""A group, where it lies on the axis, and how far its text reaches from it."""


def _by_day(moments: Iterable[Moment]) -> list[Group]:
    """The moments of one day and one side together, in order."""

    def of(moment: Moment) -> tuple[date, bool]:
        return moment.day, moment.sort is not Sort.HAPPENED

    ordered = sorted(moments, key=lambda one: (*of(one), one.at))
    return [list(group) for _, group in groupby(ordered, key=of)]


def _parted(groups: list[Group], now: datetime | None) -> list[Group]:
    """The groups, that of today in two: what has passed, and what is to come."""
    parts = (
        [one for one in group if _is_to_come(one, now) is to_come]
        for group in groups
        for to_come in (False, True)
    )
    return [part for part in parts if part]


def _is_to_come(moment: Moment, now: datetime | None) -> bool:
    until = end_of(moment.day) if moment.whole_day else moment.at
    return now is not None and moment.sort is not Sort.HAPPENED and until > now


def _span(groups: list[Group], period: Period | None, now: datetime | None) -> Period:
    days = [group[0].day for group in groups] + list(period or ())
    days += [] if now is None else [local_day(now)]
    return min(days), max(days)


def _staircase(groups: list[Group], x_of: Scale, texts: Texts) -> list[Placed]:
    """How far out each text lies: outside all texts to its right that it would cover.

    So no line from a text to the axis runs through another text.
    """
    placed: list[Placed] = []
    for group in reversed(groups):
        x = x_of(_gravest(group).at)
        covered = [top for _, right, top in placed if right < x + _BLOCK]
        placed.append((group, x, max(covered, default=14.0) + _height(group, texts) + 8))
    return placed


def _gravest(group: Group) -> Moment:
    """As what, and where, a day is marked on which several things are."""
    first = {one.sort: one for one in reversed(group)}
    return first.get(Sort.OVERDUE) or first.get(Sort.DUE) or group[0]


def _height(group: Group, texts: Texts) -> float:
    return float(len(_lines(group, _CHARACTERS, texts)) * _LINE)


def _block(group: Group, x: float, axis: float, top: float, texts: Texts) -> Block:
    lines = _lines(group, _CHARACTERS, texts)
    rows = tuple(
        Row(top + 13 + index * _LINE, text, kind) for index, (kind, text) in enumerate(lines)
    )
    return Block(x, axis, x + 9, top, top + len(lines) * _LINE, _gravest(group).sort, rows)


def _lines(group: Group, characters: int, texts: Texts) -> list[tuple[str, str]]:
    """The texts of a group: the day, then what, each with its article."""
    lines = [("day", dates.day(group[0].day, texts))]
    for one in group:
        what = one.text if one.whole_day else f"{_hour(one, texts)} {one.text}"
        lines += [("what", line) for line in wrap(what, characters)]
        lines += [("source", line) for line in wrap(one.article, characters)]
    return lines


def _hour(one: Moment, texts: Texts) -> str:
    local = one.at.astimezone(LJUBLJANA)
    hour = 24 if one.ends and (local.hour, local.minute) == (0, 0) else local.hour
    return f"{hour}.{local.minute:02}" if texts.language == "sl" else f"{hour:02}:{local.minute:02}"


def _ticks(first: date, last: date, x_of: Scale, texts: Texts) -> Iterable[Tick]:
    """Days on the axis, as many as can be told apart."""
    length = days_between(first, last) + 1
    step = next((one for one in _STEPS if length / one <= _TICKS_MAX), _STEPS[-1])
    for offset in range(0, length, step):
        day = plus_days(first, offset)
        yield Tick(x_of(start_of(day)), dates.day_of_year(day, texts))
