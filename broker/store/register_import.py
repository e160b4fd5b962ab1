"""The first import: puts a checked register into an empty file, all of it or nothing.

Checks nothing itself beyond what the tables refuse; who calls has found every fault before.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple

from broker.store.register import Operator

# Whether the file has a register already.
_HAS_REGISTER = "SELECT EXISTS (SELECT 1 FROM operator)"

# Pages of a large import stay in memory, at most 64 MiB of them, until they are full.
_CACHE_PAGES = "PRAGMA cache_size = -65536"

# The operator this file belongs to.
_OPERATOR = """
    INSERT INTO operator (only_one, eic, name, area_code, gsrn_prefix, legal_remedies)
    VALUES (1, ?, ?, ?, ?, ?)"""


class RegisterNotEmpty(RuntimeError):
    """The file has a register already; a living register is changed through the service."""


@contextmanager
def first_import(conn: sqlite3.Connection) -> Iterator[None]:
    """One transaction around the whole of a first import; rolled back where the block raises.

    Raises RegisterNotEmpty before the block runs.
    """
    conn.execute(_CACHE_PAGES)
    conn.execute("BEGIN IMMEDIATE")
    try:
        if conn.execute(_HAS_REGISTER).fetchone()[0]:
            raise RegisterNotEmpty("this file has a register already")
        yield
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def insert_operator(conn: sqlite3.Connection, operator: Operator) -> None:
    """Put the operator on record, once it is one of the participants."""
    conn.execute(_OPERATOR, astuple(operator))
