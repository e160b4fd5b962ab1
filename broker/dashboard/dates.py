"""Instants, days and spans as people write them, on the clock of the law (Europe/Ljubljana)."""

import re
from datetime import date, datetime, timedelta

from broker.dashboard.texts import Texts
from broker.engine.calendar import LJUBLJANA, plus_days

_ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def moment(instant: datetime, texts: Texts) -> str:
    """An instant: `5. 5. 2026 ob 22.00`, or `5 May 2026, 22:00`."""
    local = instant.astimezone(LJUBLJANA)
    if texts.language == "sl":
        return f"{day(local.date(), texts)} ob {local.hour}.{local.minute:02}"
    return f"{day(local.date(), texts)}, {local:%H:%M}"


def second(instant: datetime, texts: Texts) -> str:
    """An instant to the second: `5. 5. 2026 ob 22.00.07`, or `5 May 2026, 22:00:07`."""
    sign = "." if texts.language == "sl" else ":"
    return f"{moment(instant, texts)}{sign}{instant.second:02}"


def until(instant: datetime, texts: Texts) -> str:
    """The end of a period: midnight is 24.00 of the day that ends, as the law counts."""
    local = instant.astimezone(LJUBLJANA)
    if (local.hour, local.minute) != (0, 0):
        return moment(instant, texts)
    last = day(plus_days(local.date(), -1), texts)
    return f"{last} ob 24.00" if texts.language == "sl" else f"{last}, 24:00"


def day(one: date, texts: Texts) -> str:
    """A day: `5. 5. 2026`, or `5 May 2026`."""
    if texts.language == "sl":
        return f"{one.day}. {one.month}. {one.year}"
    return f"{one.day} {_ENGLISH_MONTHS[one.month - 1]} {one.year}"


def day_of_year(one: date, texts: Texts) -> str:
    """A day where the year is clear: `5. 5.`, or `5 May`."""
    if texts.language == "sl":
        return f"{one.day}. {one.month}."
    return f"{one.day} {_ENGLISH_MONTHS[one.month - 1][:3]}"


def span(length: timedelta, texts: Texts) -> str:
    """A length of time in its two largest units, cut off, never below a minute."""
    seconds = max(int(abs(length).total_seconds()), _MINUTE)
    days, rest = divmod(seconds, _DAY)
    hours, minutes = rest // _HOUR, rest % _HOUR // _MINUTE
    parts = (("days", days), ("hours", hours), ("minutes", minutes))
    first = next(index for index, (_, n) in enumerate(parts) if n)
    return " ".join(texts.count(f"dates.{unit}", n) for unit, n in parts[first : first + 2] if n)


def article(source: str, texts: Texts) -> str:
    """The article of a deadline as people cite it: `195. člen (4), (6)`, or `Art. 195(4), (6)`."""
    if texts.language == "sl":
        told = re.sub(r"(?:00\d )?a\.(\d+)", r"\1. člen", source).replace("n(", "n (")
    else:
        told = re.sub(r"(?:00\d )?a\.", "Art. ", source)
    cited, before = [], ""
    for one in told.split(", "):
        number, paragraph, rest = one.partition("(")
        cited.append(paragraph + rest if paragraph and number == before else one)
        before = number
    return ", ".join(cited)
