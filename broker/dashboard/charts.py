"""Bar charts as numbers for a template to draw: the server's SVG, in its own units.

Where nothing was measured there is no bar, which the template says in words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, log10

WIDTH, HEIGHT = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 14, 30
_GAP = 0.28
_STEPS = (1, 2, 4, 6, 8, 10)  # so that half of it is whole too
_LABELS_MAX = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One place of the axis: its label, what is stacked there by name (None: not measured), and
    what is told of it in words.
    """

    label: str
    values: Mapping[str, float] | None
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a bar: what it is of, and where it is drawn."""

    name: str
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar with its label, which is empty where there are too many; no parts: not measured."""

    label: str
    told: str
    x: float
    middle: float
    width: float
    measured: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line across the chart with its value in words."""

    y: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart: its size, the ends of its lines, its bars and its ticks."""

    width: int
    height: int
    left: int
    right: int
    baseline: int
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


def bar_chart(
    columns: Sequence[Column], *, tick: Callable[[float], str], highest: float | None = None
) -> Chart:
    """The chart of these columns, up to `highest` or to a round number above the greatest."""
    totals = [sum(one.values.values()) for one in columns if one.values is not None]
    top = highest or _round_above(max(totals, default=0))
    room = HEIGHT - _TOP - _BOTTOM
    step = (WIDTH - _LEFT - _RIGHT) / max(len(columns), 1)
    every = ceil(len(columns) / _LABELS_MAX)
    baseline = HEIGHT - _BOTTOM

    def bar(place: int, column: Column) -> Bar:
        values = column.values or {}
        heights = [room * value / top for value in values.values()]
        parts = zip(values, heights, accumulate(heights), strict=True)
        return Bar(
            label=column.label if (len(columns) - 1 - place) % every == 0 else "",
            told=column.told,
            x=round(_LEFT + step * (place + _GAP / 2), 1),
            middle=round(_LEFT + step * (place + 0.5), 1),
            width=round(step * (1 - _GAP), 1),
            measured=column.values is not None,
            parts=tuple(
                Part(name=name, y=round(baseline - upper, 1), height=round(height, 1))
                for name, height, upper in parts
                if height
            ),
        )

    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        baseline=baseline,
        bars=tuple(bar(place, column) for place, column in enumerate(columns)),
        ticks=tuple(
            Tick(y=round(baseline - room * part, 1), label=tick(top * part)) for part in (0, 0.5, 1)
        ),
    )


def _round_above(value: float) -> float:
    """The smallest step times a power of ten that is no less; at least 2."""
    if value <= 2:
        return 2
    power: float = 10 ** int(log10(value))
    return next(step * power for step in _STEPS if step * power >= value)
