"""The periods of the law as dated rows, chosen by date: no such number stands anywhere else."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from broker.engine.calendar import WorkingDays, plus_days, plus_months

RULES_VERSION = "2024-03-01"
"""Names the set of rows below: the day from which the instructions apply (002 a.232)."""


class Unit(Enum):
    """What a period is counted in."""

    WORKING_DAYS = "working days"
    CALENDAR_DAYS = "calendar days"
    MONTHS = "months"


class PeriodName(Enum):
    """What a period is for."""

    DECISION = "decision"
    READING_PERIOD = "reading period"
    NOTICE_OF_FAILURE = "notice of failure"
    REQUESTED_DATE_AHEAD = "requested date ahead"
    AUTHORISATION_AGE = "authorisation age"
    DATA_HISTORY = "data history"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalPeriod:
    """One dated row: length and unit, whether an end on a day off moves, from when to when, why.

    `valid_to` is the first day on which the row no longer applies, None while it is in force.
    """

    name: PeriodName
    length: int
    unit: Unit
    end_moves: bool
    valid_from: date
    valid_to: date | None
    rule: str
    article: str

    def last_day(self, start: date, working_days: WorkingDays) -> date:
        """The last day of the period begun by an event on this day, which is not counted."""
        match self.unit:
            case Unit.WORKING_DAYS:
                return working_days.plus(start, self.length)
            case Unit.MONTHS:
                end = plus_months(start, self.length)
            case Unit.CALENDAR_DAYS:
                end = plus_days(start, self.length)
        return working_days.same_or_next(end) if self.end_moves else end

    def first_day(self, end: date) -> date:
        """The first day of a period that reaches back in months from this day, not counted.

        Raises ValueError for a period in another unit: none reaches back.
        """
        if self.unit is not Unit.MONTHS:
            raise ValueError(f"{self.name.value} does not reach back")
        return plus_months(end, -self.length)


_IN_USE = date(2024, 3, 1)

PERIODS = (
    LegalPeriod(
        name=PeriodName.DECISION,
        length=5,
        unit=Unit.WORKING_DAYS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="A12, A14",
        article="002 a.195(4), a.195(6)",
    ),
    LegalPeriod(
        name=PeriodName.READING_PERIOD,
        length=21,
        unit=Unit.CALENDAR_DAYS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="A23",
        article="002 a.199(2)",
    ),
    LegalPeriod(
        name=PeriodName.NOTICE_OF_FAILURE,
        length=5,
        unit=Unit.WORKING_DAYS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="A29",
        article="002 a.202(1)",
    ),
    LegalPeriod(
        name=PeriodName.REQUESTED_DATE_AHEAD,
        length=6,
        unit=Unit.MONTHS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="interpretation 6",
        article="002 a.191(4)",
    ),
    LegalPeriod(
        name=PeriodName.AUTHORISATION_AGE,
        length=6,
        unit=Unit.MONTHS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="A4",
        article="002 a.190(5)",
    ),
    LegalPeriod(
        name=PeriodName.DATA_HISTORY,
        length=12,
        unit=Unit.MONTHS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="A4",
        article="002 a.190(5)",
    ),
)


def legal_period(name: PeriodName, day: date) -> LegalPeriod:
    """The row for this purpose that applies to what began on this day.

    Raises LookupError where the law knows no such period on that day.
    """
    for row in PERIODS:
        if (
            row.name is name
            and row.valid_from <= day
            and (row.valid_to is None or day < row.valid_to)
        ):
            return row
    raise LookupError(f"no legal period for {name.value} on {day}")
