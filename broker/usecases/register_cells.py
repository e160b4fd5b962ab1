"""Reads one cell of a register's files: its text to a typed value, or what would be right.

Pure. What one cell cannot tell is for register_checks.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from stdnum.eu import eic
from stdnum.si import maticna

from broker.messages.codes import Direction, ObtainedBy, Role
from broker.messages.identifiers import is_area_number, is_gsrn, is_party_eic, is_tax_number

Cell = Callable[[str], object]
"""Reads the text of one cell. Raises ValueError that says what would be right."""

_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?")
_REMEMBERED = 20_000
"""Texts of which a check remembers what it said: the same numbers stand in row after row."""


def text_cell(text: str) -> str:
    """Any text. Raises ValueError where there is none."""
    if not text:
        raise ValueError("the cell must not be empty")
    return text


def optional(cell: Cell) -> Cell:
    """A cell that may be empty, which is read as None."""
    return lambda text: cell(text) if text else None


def checked(is_right: Callable[[str], bool], problem: str) -> Cell:
    """A cell whose text stays as it is when it passes the check."""

    @lru_cache(_REMEMBERED)
    def cell(text: str) -> str:
        if not is_right(text):
            raise ValueError(problem)
        return text

    return cell


party_cell = checked(is_party_eic, "must be the EIC of a party, 16 characters, type X, right check")
eic_cell = checked(
    lambda text: len(text) == 16 and eic.is_valid(text), "must be an EIC with a right check"
)
gsrn_cell = checked(is_gsrn, "must be a GSRN of 18 digits, the last its check digit")
area_number_cell = checked(is_area_number, "must be area code, hyphen, at most 7 digits")
tax_number_cell = checked(is_tax_number, "must be a tax number of 8 digits with its check digit")
registration_number_cell = checked(
    lambda text: text.isalnum() and len(text) in (7, 10) and maticna.is_valid(text),
    "must be a registration number of 7 or 10 digits with its check digit",
)
area_code_cell = checked(
    lambda text: text.isascii() and text.isdigit() and len(text) <= 2 and text[0] != "0",
    "must be one or two digits without leading zeros",
)
prefix_cell = checked(
    lambda text: text.isascii() and text.isdigit() and len(text) == 8, "must be 8 digits"
)
country_cell = checked(
    lambda text: text.isascii() and text.isalpha() and text.isupper() and len(text) == 2,
    "must be two capital letters such as SI",
)
email_cell = checked(
    lambda text: 0 < text.find("@") < len(text) - 1 and " " not in text, "must be an e-mail address"
)


def _is_obis(text: str) -> bool:
    """Whether the text names a register, such as 1-0:1.8.0."""
    parts = text.replace("-", " ", 1).replace(":", " ", 1).replace(".", " ").split(" ")
    return len(parts) == 5 and all(part.isascii() and part.isdigit() for part in parts)


obis_cell = checked(_is_obis, "must be an OBIS code such as 1-0:1.8.0")


def flag_cell(text: str) -> bool:
    """Yes or no. Raises ValueError for anything else."""
    if text not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return text == "yes"


def flag_or_no_cell(text: str) -> bool:
    """Yes or no, where an empty cell means no. Raises ValueError for anything else."""
    return bool(text) and flag_cell(text)


@lru_cache(_REMEMBERED)
def day_cell(text: str) -> date:
    """A day as 2026-03-31. Raises ValueError for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ValueError("must be a day such as 2026-03-31")
    return day


@lru_cache(_REMEMBERED)
def instant_cell(text: str) -> datetime:
    """An instant with its offset from UTC. Raises ValueError for anything else."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError("must be an instant with offset such as 2026-03-31T08:00:00+02:00")
    return instant


@lru_cache(_REMEMBERED)
def count_cell(text: str) -> int:
    """A whole number. Raises ValueError for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise ValueError("must be a whole number")
    return int(text)


def decimal_cell(text: str) -> Decimal:
    """A plain decimal, not negative, with a point. Raises ValueError for anything else."""
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError("must be a decimal number such as 12345.678")
    return Decimal(text)


@lru_cache(_REMEMBERED)
def share_cell(text: str) -> Decimal:
    """A share above 0 and at most 1, of at most six places. Raises ValueError for others."""
    share = decimal_cell(text)
    if not 0 < share <= 1 or share != round(share, 6):
        raise ValueError("must be above 0 and at most 1, with at most six places")
    return share


@lru_cache(_REMEMBERED)
def direction_cell(text: str) -> Direction:
    """One direction. Raises ValueError for anything else."""
    if text not in (Direction.CONSUMPTION.value, Direction.PRODUCTION.value):
        raise ValueError("must be consumption or production")
    return Direction(text)


@lru_cache(_REMEMBERED)
def directions_cell(text: str) -> tuple[Direction, ...]:
    """One direction, or both joined by a plus sign. Raises ValueError for anything else."""
    named = {direction_cell(part) for part in text.split("+")}
    return tuple(direction for direction in Direction if direction in named)


@lru_cache(_REMEMBERED)
def obtained_by_cell(text: str) -> ObtainedBy:
    """How a reading was obtained, a code of Priloga A. Raises ValueError for anything else."""
    try:
        return ObtainedBy(text)
    except ValueError:
        raise ValueError("must be 1 operator, 2 customer, 3 remote or 4 estimate") from None


def roles_cell(text: str) -> tuple[Role, ...]:
    """Role codes joined by plus signs. Raises ValueError for anything else."""
    named = set(text.split("+"))
    if not named or not named <= {role.value for role in Role}:
        raise ValueError("must be DDQ, DDM, DDE or DEL, at least one")
    return tuple(role for role in Role if role.value in named)


def watt_hours_cell(text: str) -> tuple[int, ...]:
    """The quarter-hours of a day, whole watt-hours with spaces between. Raises ValueError."""
    blocks = text.split()
    if not blocks or not all(block.isascii() and block.isdigit() for block in blocks):
        raise ValueError("must be whole watt-hours with a space between, one each quarter-hour")
    return tuple(map(int, blocks))
