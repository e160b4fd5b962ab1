"""What was used at a point, as a drawing: billing periods as bars to scale, and right of them what
the reading in question means, within the band in which it would be plausible. It stands apart, as
a few weeks beside years would be a line. Places only; templates draw.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from broker.engine.calendar import days_between
from broker.engine.rulebook import Comparison
from broker.messages.codes import Direction
from broker.usecases.case_for_staff import CaseForStaff, Questioned

WIDTH, HEIGHT = 360, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 10, 12, 30
_ASKED, _GAP = 74, 16
_NICE = (1, 2, 5, 10)
_LINES = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """Energy a day over some days."""

    x: float
    y: float
    width: float
    height: float
    first: date
    end: date
    kwh: Decimal
    kwh_per_day: Decimal


@dataclass(frozen=True, slots=True)
class Band:
    """Where the reading would be plausible: its height and where the expected use lies."""

    x: float
    width: float
    top: float
    height: float
    expected_y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the scale: where, and what it says."""

    y: float
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """The drawing of one direction; `questioned` is the bar of the reading under review.

    `expected`, `lowest` and `highest` are the energies its band is made of, None without one.
    """

    direction: Direction
    bars: tuple[Bar, ...]
    questioned: Bar | None
    band: Band | None
    lines: tuple[Line, ...]
    first: date
    end: date
    floor: float
    expected: Decimal | None
    lowest: Decimal | None
    highest: Decimal | None


@dataclass(frozen=True, slots=True)
class _Used:
    """Energy between two days."""

    first: date
    end: date
    kwh: Decimal

    @property
    def per_day(self) -> Decimal:
        return self.kwh / max(days_between(self.first, self.end), 1)


def plots_of(seen: CaseForStaff) -> tuple[Plot, ...]:
    """A drawing for each direction of which something is on record or in question."""
    found = (_plot(seen, direction) for direction in Direction)
    return tuple(plot for plot in found if plot is not None)


def _plot(seen: CaseForStaff, direction: Direction) -> Plot | None:
    used = [
        _Used(one.from_day, one.to_day, Decimal(one.kwh))
        for one in seen.billed
        if one.direction is direction
    ]
    asked = _questioned(seen.questioned, direction)
    spans = [*used, *([asked] if asked else [])]
    if not spans:
        return None
    comparison = _comparison(seen.questioned, direction)
    days = max(days_between(asked.first, asked.end), 1) if asked else 1
    highest = comparison.highest / days if comparison and comparison.highest else Decimal(0)
    past = used or spans
    first, end = min(one.first for one in past), max(one.end for one in past)
    right = WIDTH - _RIGHT - (_ASKED + _GAP if asked else 0)
    top = _ceiling(max([highest, *(one.per_day for one in spans)]))

    def x_of(day: date) -> float:
        share = days_between(first, day) / max(days_between(first, end), 1)
        return round(_LEFT + share * (right - _LEFT), 1)

    def y_of(per_day: Decimal) -> float:
        return round(HEIGHT - _BOTTOM - float(per_day / top) * (HEIGHT - _TOP - _BOTTOM), 1)

    def bar(one: _Used, x: float, width: float) -> Bar:
        y = y_of(one.per_day)
        return Bar(
            x, y, width, round(y_of(Decimal(0)) - y, 1), one.first, one.end, one.kwh, one.per_day
        )

    band = None
    if asked and comparison and comparison.lowest is not None and comparison.highest is not None:
        expected = (comparison.expected or Decimal(0)) / days
        upper = y_of(comparison.highest / days)
        lower = y_of(comparison.lowest / days)
        band = Band(WIDTH - _RIGHT - _ASKED, _ASKED, upper, round(lower - upper, 1), y_of(expected))
    return Plot(
        direction=direction,
        bars=tuple(
            bar(one, x_of(one.first), max(x_of(one.end) - x_of(one.first) - 1.5, 2)) for one in used
        ),
        questioned=bar(asked, WIDTH - _RIGHT - _ASKED, _ASKED) if asked else None,
        band=band,
        lines=tuple(Line(y_of(top * n / _LINES), top * n / _LINES) for n in range(_LINES + 1)),
        first=first,
        end=end,
        floor=y_of(Decimal(0)),
        expected=comparison.expected if comparison else None,
        lowest=comparison.lowest if comparison else None,
        highest=comparison.highest if comparison else None,
    )


def _questioned(questioned: Questioned | None, direction: Direction) -> _Used | None:
    comparison = _comparison(questioned, direction)
    if questioned is None or comparison is None or comparison.energy is None:
        return None
    return _Used(questioned.since, questioned.taken_on, comparison.energy)


def _comparison(questioned: Questioned | None, direction: Direction) -> Comparison | None:
    found = questioned.comparisons if questioned else ()
    return next((one for one in found if one.direction is direction), None)


def _ceiling(value: Decimal) -> Decimal:
    """The next round number that is no less: 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return Decimal(1)
    power = Decimal(10) ** value.adjusted()
    return next(n * power for n in _NICE if n * power >= value)
