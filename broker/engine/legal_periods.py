"""The periods of the law as dated rows, chosen by date: no such number stands anywhere else."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum

from broker.engine.calendar import WorkingDays, plus_days, plus_hours, plus_months

RULES_VERSION = "2024-03-01"
"""Names the set of rows below: the day from which the instructions apply (002 a.232)."""


class Unit(Enum):
    """What a period is counted in."""

    HOURS = "hours"
    WORKING_DAYS = "working days"
    CALENDAR_DAYS = "calendar days"
    MONTHS = "months"


class PeriodName(Enum):
    """What a period is for."""

    DECISION = "decision"
    COLLECTION_OF_CLAIMS = "collection of claims"
    OBJECTION = "objection"
    DECISION_ON_OBJECTIONS = "decision on objections"
    READING_PERIOD = "reading period"
    CUSTOMER_READING = "customer's reading"
    NOTICE_OF_FAILURE = "notice of failure"
    SETTLEMENT_OF_MEASURED_POWER = "settlement of measured power"
    REMOTE_READING = "remote reading"
    WITHOUT_READING = "without reading"
    INACCESSIBILITY_REPORT = "inaccessibility report"
    REQUESTED_DATE_AHEAD = "requested date ahead"
    AUTHORISATION_AGE = "authorisation age"
    DATA_HISTORY = "data history"
    CHANGE_BACK = "change back"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalPeriod:
    """One dated row: length and unit, whether an end on a day off moves, from when to when, why.

    `valid_to` is the first day on which the row no longer applies, None while it is in force;
    `lengthened_for_customer` that it is never shorter than a customer's reading may be (C2).
    """

    name: PeriodName
    length: int
    unit: Unit
    end_moves: bool
    valid_from: date
    valid_to: date | None
    rule: str
    article: str
    lengthened_for_customer: bool = False

    def last_day(self, start: date, working_days: WorkingDays) -> date:
        """The last day of the period begun by an event on this day, which is not counted.

        Raises ValueError for a period counted in hours.
        """
        match self.unit:
            case Unit.HOURS:
                raise ValueError(f"{self.name.value} is counted in elapsed hours")
            case Unit.WORKING_DAYS:
                return working_days.plus(start, self.length)
            case Unit.MONTHS:
                end = plus_months(start, self.length)
            case Unit.CALENDAR_DAYS:
                end = plus_days(start, self.length)
        return working_days.same_or_next(end) if self.end_moves else end

    def last_instant(self, start: datetime) -> datetime:
        """The last instant of a period of elapsed hours. Raises ValueError for any other."""
        if self.unit is not Unit.HOURS:
            raise ValueError(f"{self.name.value} is counted in {self.unit.value}")
        return plus_hours(start, self.length)

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
        name=PeriodName.COLLECTION_OF_CLAIMS,
        length=10,
        unit=Unit.CALENDAR_DAYS,
        end_moves=True,
        valid_from=_IN_USE,
        valid_to=None,
        rule="B2",
        article="002 a.192(1)",
    ),
    LegalPeriod(
        name=PeriodName.OBJECTION,
        length=5,
        unit=Unit.CALENDAR_DAYS,
        end_moves=True,
        valid_from=_IN_USE,
        valid_to=None,
        rule="B6",
        article="002 a.192(3)",
    ),
    LegalPeriod(
        name=PeriodName.DECISION_ON_OBJECTIONS,
        length=5,
        unit=Unit.WORKING_DAYS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="interpretation 4",
        article="002 a.192(3)",
    ),
    LegalPeriod(
        name=PeriodName.CUSTOMER_READING,
        length=3,
        unit=Unit.WORKING_DAYS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="C2",
        article="002 a.152(2)",
    ),
    LegalPeriod(
        name=PeriodName.REMOTE_READING,
        length=24,
        unit=Unit.HOURS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="A19",
        article="002 a.199(1)",
    ),
    LegalPeriod(
        name=PeriodName.SETTLEMENT_OF_MEASURED_POWER,
        length=5,
        unit=Unit.WORKING_DAYS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="A24",
        article="002 a.200(1)",
    ),
    LegalPeriod(
        name=PeriodName.WITHOUT_READING,
        length=12,
        unit=Unit.MONTHS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="A21",
        article="002 a.199(1)",
    ),
    LegalPeriod(
        name=PeriodName.INACCESSIBILITY_REPORT,
        length=5,
        unit=Unit.CALENDAR_DAYS,
        end_moves=True,
        valid_from=_IN_USE,
        valid_to=None,
        rule="A22",
        article="002 a.199(1)",
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
    LegalPeriod(
        name=PeriodName.CHANGE_BACK,
        length=30,
        unit=Unit.CALENDAR_DAYS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="D3",
        article="002 a.136(2), a.139(3)",
    ),
)


EU_24_HOURS = (
    LegalPeriod(
        name=PeriodName.DECISION,
        length=1,
        unit=Unit.WORKING_DAYS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="interpretation 15",
        article="2019/944 a.12(1)",
    ),
    LegalPeriod(
        name=PeriodName.READING_PERIOD,
        length=1,
        unit=Unit.WORKING_DAYS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="interpretation 15",
        article="2019/944 a.12(1)",
        lengthened_for_customer=True,
    ),
    LegalPeriod(
        name=PeriodName.NOTICE_OF_FAILURE,
        length=1,
        unit=Unit.WORKING_DAYS,
        end_moves=False,
        valid_from=_IN_USE,
        valid_to=None,
        rule="interpretation 15",
        article="2019/944 a.12(1)",
    ),
)
"""The EU's regime, one working day for the whole switch, from the day the operator sets."""


def dated_periods(eu_24_hours_from: date | None) -> tuple[LegalPeriod, ...]:
    """All rows, those of the EU's regime from this day on; None while it has not begun.

    Source: interpretation 15.
    """
    if eu_24_hours_from is None:
        return PERIODS
    ended = {row.name for row in EU_24_HOURS}
    return (
        *(replace(row, valid_to=eu_24_hours_from) if row.name in ended else row for row in PERIODS),
        *(replace(row, valid_from=eu_24_hours_from) for row in EU_24_HOURS),
    )


def legal_period(name: PeriodName, day: date, periods: tuple[LegalPeriod, ...]) -> LegalPeriod:
    """The row of these for this purpose that applies to what began on this day.

    Raises LookupError where the law knows no such period on that day.
    """
    for row in periods:
        if (
            row.name is name
            and row.valid_from <= day
            and (row.valid_to is None or day < row.valid_to)
        ):
            return row
    raise LookupError(f"no legal period for {name.value} on {day}")
