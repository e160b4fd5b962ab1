"""Numbers of metering points: which are free, and giving them out (D1, design 13).

A number that was ever given out stands in `issued_gsrns` for ever, whoever gave it: the broker, an
import, the back office. The counter only says behind which number to look; it moves when a number
is given out, in the same transaction, so a crash takes back both or neither.
"""

import sqlite3
from collections.abc import Iterable

from broker.messages.identifiers import Gsrn, gsrn_with_check_digit
from broker.store.supply import ChangeDoesNotFitTheRegister

_NUMBERS_OF_A_PREFIX = 1_000_000_000
_DIGITS = 9

# The operator's prefix, and the last of its numbers that was given out here.
_COUNTER = "SELECT gsrn_prefix, coalesce((SELECT last FROM gsrn_counter), 0) FROM operator"

# How many numbers of a range were given out; each 17 digits have one check digit.
_GIVEN_OUT = "SELECT count(*) FROM issued_gsrns WHERE gsrn >= ? AND gsrn < ?"

# A number is given out, for ever.
_GIVE_OUT = "INSERT INTO issued_gsrns (gsrn) VALUES (?)"

# Numbers are looked for behind this one; never back.
_MOVE_COUNTER = """
    INSERT INTO gsrn_counter (only_one, last) VALUES (1, :last)
    ON CONFLICT (only_one) DO UPDATE SET last = max(last, excluded.last)"""


# A number that another copy of this file has given out; it may be known here.
_KEEP_GIVEN_OUT = "INSERT INTO issued_gsrns (gsrn) VALUES (?) ON CONFLICT DO NOTHING"

# Numbers are looked for so much further on, where there is an operator at all.
_PASS_OVER = """
    INSERT INTO gsrn_counter (only_one, last)
    SELECT 1, min(coalesce((SELECT last FROM gsrn_counter), 0) + :numbers, 999999999)
    FROM operator WHERE TRUE
    ON CONFLICT (only_one) DO UPDATE SET last = excluded.last"""


def free_numbers(conn: sqlite3.Connection, count: int) -> tuple[Gsrn, ...]:
    """The next so many numbers of the operator that were never given out; gives out none.

    Fewer where its prefix has no more: that is for whoever has to give them out.
    """
    prefix, last = conn.execute(_COUNTER).fetchone()
    found: list[Gsrn] = []
    while len(found) < count:
        last = _first_free(conn, prefix, last + 1)
        if last >= _NUMBERS_OF_A_PREFIX:
            break
        found.append(gsrn_with_check_digit(f"{prefix}{last:0{_DIGITS}d}"))
    return tuple(found)


def give_out(conn: sqlite3.Connection, number: Gsrn) -> None:
    """Give out a number of the operator for ever.

    Raises ChangeDoesNotFitTheRegister for a number of another prefix, and IntegrityError for one
    that was given out.
    """
    prefix, _ = conn.execute(_COUNTER).fetchone()
    if not number.startswith(prefix):
        raise ChangeDoesNotFitTheRegister(f"{number} does not begin with {prefix}")
    conn.execute(_GIVE_OUT, (number,))
    conn.execute(_MOVE_COUNTER, {"last": int(number[len(prefix) : -1])})


def keep_given_out(conn: sqlite3.Connection, numbers: Iterable[Gsrn]) -> None:
    """Let none of these numbers be given out again; those that are known stay known."""
    conn.executemany(_KEEP_GIVEN_OUT, ((number,) for number in numbers))


def pass_over(conn: sqlite3.Connection, numbers: int) -> None:
    """Leave so many numbers unused, where nobody can say which of them were given out."""
    conn.execute(_PASS_OVER, {"numbers": numbers})


def _first_free(conn: sqlite3.Connection, prefix: str, serial: int) -> int:
    """The first free number from this one on.

    Imported registers hold long runs of numbers, which are passed over in growing steps.
    """

    def is_full(first: int, size: int) -> bool:
        ends = (_text(prefix, first), _text(prefix, first + size))
        given_out: int = conn.execute(_GIVEN_OUT, ends).fetchone()[0]
        return given_out == size

    size = 1
    while is_full(serial, size):
        serial, size = serial + size, size * 2
    while size > 1:
        size //= 2
        if is_full(serial, size):
            serial += size
    return serial


def _text(prefix: str, serial: int) -> str:
    """What stands before every GSRN from this number on, and behind those of all numbers before."""
    last = _NUMBERS_OF_A_PREFIX
    return f"{prefix}{serial:0{_DIGITS}d}" if serial < last else f"{prefix}:"
