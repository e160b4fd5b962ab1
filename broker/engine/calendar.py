"""Days and instants of the law: Europe/Ljubljana, through every daylight-saving change.

Instants are UTC; legal days are local dates. A day may last 23 or 25 hours; a period in days ends
at 24:00 of its last day. The only place where lengths of time are added up.
"""

import calendar as civil
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

LJUBLJANA = ZoneInfo("Europe/Ljubljana")
_work_free = holidays.country_holidays("SI")


def local_day(instant: datetime) -> date:
    """The legal day on which this instant falls."""
    return instant.astimezone(LJUBLJANA).date()


def start_of(day: date) -> datetime:
    """00:00 of the legal day, in UTC."""
    return at_hour(day, time(0))


def end_of(day: date) -> datetime:
    """24:00 of the legal day, in UTC: the last instant of a period that ends with it."""
    return start_of(plus_days(day, 1))


def just_before(instant: datetime) -> datetime:
    """The last moment before this one: what a period brings about that ends then, it brings on
    the day that ends.
    """
    return instant - timedelta(microseconds=1)


def at_hour(day: date, hour: time) -> datetime:
    """This local time of the legal day, in UTC (the first of two where the clock goes back)."""
    return datetime.combine(day, hour, LJUBLJANA).astimezone(UTC)


def plus_days(day: date, count: int) -> date:
    """The calendar day this many days later; the day of the event itself is not counted."""
    return day + timedelta(days=count)


def plus_months(day: date, count: int) -> date:
    """The same day of the month this many months later, or the last day that month has."""
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, civil.monthrange(year, month + 1)[1]))


def end_of_month(day: date) -> date:
    """The last day of the month in which this day lies."""
    return day.replace(day=civil.monthrange(day.year, day.month)[1])


def plus_hours(instant: datetime, count: int) -> datetime:
    """The instant this many elapsed hours later (earlier, where negative)."""
    return instant + timedelta(hours=count)


def quarter_hours_in(day: date) -> int:
    """How many quarter-hours the legal day has: 92, 96 or 100."""
    return (end_of(day) - start_of(day)) // timedelta(minutes=15)


def days_between(first: date, last: date) -> int:
    """How many days lie from the first to the last."""
    return (last - first).days


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Monday to Friday without the work-free holidays of Slovenia and announced one-off days."""

    one_off_days: tuple[date, ...] = ()

    def is_working_day(self, day: date) -> bool:
        """Whether work is done on this day."""
        return day.weekday() < 5 and day not in _work_free and day not in self.one_off_days

    def plus(self, day: date, count: int) -> date:
        """The working day that is this many working days after the day, which is not counted."""
        while count > 0:
            day = plus_days(day, 1)
            count -= self.is_working_day(day)
        return day

    def same_or_next(self, day: date) -> date:
        """The day itself if it is a working day, else the next one."""
        while not self.is_working_day(day):
            day = plus_days(day, 1)
        return day
