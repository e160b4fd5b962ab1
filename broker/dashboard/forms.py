"""What a person filled in, read from a form or an address without surprises."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import TypeVar

from aiohttp import web
from multidict import MultiMapping

from broker.engine.calendar import LJUBLJANA

E = TypeVar("E", bound=Enum)

_YEARS = range(2000, 3000)  # of these every day has a day before, a day after and an hour elsewhere


def field(form: Mapping[str, object], name: str) -> str:
    """The text of a field; empty where it is missing or a file."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def fields(form: MultiMapping[object], name: str) -> tuple[str, ...]:
    """The texts of every field of this name, as checkboxes give them."""
    return tuple(value for value in form.getall(name, []) if isinstance(value, str))


def choice(query: Mapping[str, str], name: str, kind: type[E]) -> E | None:
    """The value chosen from a list; None for none, or for one that is not in it."""
    try:
        return kind(query.get(name))
    except ValueError:
        return None


def text(query: Mapping[str, str], name: str) -> str | None:
    """What was typed, without spaces around it; None for nothing."""
    return query.get(name, "").strip() or None


def number_from(query: Mapping[str, str], name: str) -> int | None:
    """The whole number that was chosen; None for none, or for what is no number of few digits."""
    typed = query.get(name, "").strip()
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 9 else None


def day_from(query: Mapping[str, str], name: str = "day") -> date | None:
    """The day that an address names, None for none. Raises HTTPBadRequest out of all time."""
    try:
        named = date.fromisoformat(query.get(name, ""))
    except ValueError:
        return None
    if named.year not in _YEARS:
        raise web.HTTPBadRequest
    return named


def instant_of(told: str) -> datetime | None:
    """The instant that a text tells; None for any other text, and where its offset is missing."""
    try:
        instant = datetime.fromisoformat(told)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None and instant.year in _YEARS else None


def local_instant_of(typed: str) -> datetime | None:
    """The instant of a local day and hour, as a browser's field gives them; None for other text."""
    try:
        local = datetime.fromisoformat(typed)
    except ValueError:
        return None
    if local.tzinfo is not None or local.year not in _YEARS:
        return None
    return local.replace(tzinfo=LJUBLJANA).astimezone(UTC)


def position_from(query: Mapping[str, str], name: str = "after") -> tuple[datetime, int] | None:
    """The position that an address tells, `instant~number`; None, the beginning, for all else."""
    at, _, number = query.get(name, "").partition("~")
    instant = instant_of(at)
    if instant is None or not (number.isascii() and number.isdecimal()):
        return None
    return instant, min(int(number[:18]), 2**62)
