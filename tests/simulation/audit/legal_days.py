"""The auditor's own arithmetic of legal days, from `docs/rules.md` (Counting time) alone."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

LAW = ZoneInfo("Europe/Ljubljana")
DAY = timedelta(days=1)
DAYS_BACK = 30
"""How far a change or a correction works back (D3)."""


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("SI", years=year))


def midnight(day: date) -> datetime:
    """00:00 of the local day, as UTC."""
    return datetime.combine(day, time(0), LAW).astimezone(UTC)


def end(day: date) -> datetime:
    """24:00 of the local day."""
    return midnight(day + DAY)


def at_hour(day: date, hour: time) -> datetime:
    """This hour of the local day."""
    return datetime.combine(day, hour, LAW).astimezone(UTC)


def local(instant: datetime) -> date:
    """The local day on which the instant lies."""
    return instant.astimezone(LAW).date()


class Calendar:
    """Working days: Monday to Friday without the work-free days of Slovenia and one-off days."""

    def __init__(self, one_off: tuple[date, ...] = ()) -> None:
        self.one_off = frozenset(one_off)

    def works(self, day: date) -> bool:
        """Whether it is a working day."""
        return day.weekday() < 5 and day not in _holidays(day.year) and day not in self.one_off

    def working_day_after(self, day: date, count: int) -> date:
        """The count-th working day after this day, which itself is not counted."""
        while count:
            day += DAY
            count -= self.works(day)
        return day

    def not_before_working(self, day: date) -> date:
        """This day, or the next working day where it is a day off."""
        while not self.works(day):
            day += DAY
        return day


def months_later(day: date, months: int) -> date:
    """The same day of a later month, its last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise ValueError(day)


def end_of_month(day: date) -> date:
    """The last day of the month."""
    return months_later(day.replace(day=1), 1) - DAY
