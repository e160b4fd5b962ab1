"""Values as people write them: numbers, codes with their texts, and what documents and refusals
say in the manner of the wire.
"""

import re
from datetime import date, datetime
from decimal import Decimal

from broker.dashboard import dates
from broker.dashboard.texts import Texts
from broker.engine.code_list import CODE_LIST
from broker.messages.reasons import Reason, Refusal

_DAY = r"\d{4}-\d\d-\d\d"
_INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
_DECIMAL = r"-?\d+(?:\.\d+)?"
_VALUE = rf"{_INSTANT}|{_DAY}|{_DECIMAL}"
_SAID = re.compile(
    rf"(?P<bound>[<>]=?)? ?(?P<first>{_VALUE})(?:(?:/|\.\.)(?P<last>{_VALUE}))?(?P<unit> kWh)?"
)
_BOUNDS = {"<": "< ", ">": "> ", "<=": "≤ ", ">=": "≥ ", None: ""}


def number(value: Decimal | str, texts: Texts, places: int | None = None) -> str:
    """A number without needless zeros, and with at most so many places where they are given."""
    exact = Decimal(value)
    shown = exact if places is None else round(exact, places)
    return _signed(format(shown.normalize(), "f"), texts)


def said(text: str, texts: Texts, *, ends: bool = False) -> str:
    """What a field, a refusal or a doubt says: days, instants and numbers as people write them.

    A number keeps its zeros, as it was read off. `ends`: an instant is the end of a period. What
    is none of these, and no span or bound of them, stands as it is.
    """
    found = _SAID.fullmatch(text)
    if found is None:
        return text
    try:
        parts = [_told(one, texts, ends=ends) for one in found.group("first", "last") if one]
    except (ValueError, OverflowError):
        return text
    return _BOUNDS[found["bound"]] + " – ".join(parts) + (found["unit"] or "")


def _told(value: str, texts: Texts, *, ends: bool) -> str:
    if re.fullmatch(_DAY, value):
        return dates.day(date.fromisoformat(value), texts)
    if re.fullmatch(_INSTANT, value):
        told = dates.until if ends else dates.moment
        return told(datetime.fromisoformat(value), texts)
    return _signed(value, texts)


def _signed(plain: str, texts: Texts) -> str:
    """The number with the decimal sign of the language."""
    return plain.replace(".", ",") if texts.language == "sl" else plain


def text_of(reason: Reason, texts: Texts) -> str:
    """The published text of a reason, in the language of the page."""
    entry = CODE_LIST[reason]
    return entry.slovene if texts.language == "sl" else entry.english


def reason_told(reason: Reason, texts: Texts) -> str:
    """A reason with its code and published text, in the language of the page."""
    return f"{reason.agency} {reason.code}: {text_of(reason, texts)}"


def refusal_told(refusal: Refusal, texts: Texts) -> str:
    """A refusal with its reason, and with what was found and expected where it says so."""
    values = [said(one, texts) for one in (refusal.found, refusal.expected) if one]
    text = reason_told(refusal.reason, texts)
    return f"{text} ({' · '.join(values)})" if values else text
