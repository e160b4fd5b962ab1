"""What a person filled in, read from a form or an address without surprises."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from multidict import MultiMapping

E = TypeVar("E", bound=Enum)


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
