"""Customers found by words of their name and address, or by their whole tax number.

The words lie in an FTS5 table that triggers keep beside the customers (migrations_dashboard); what
is erased there leaves it too. What was searched for is kept nowhere.
"""

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from sqlite3 import Connection

from broker.store.point_search import FoundPoint, points_of_customer

# Some customers that have all these beginnings of words; one that an import has brought is hidden
# until that import has switched over.
FOUND = """
    SELECT customers.customer, customers.name, customers.street,
        customers.postal_code, customers.city
    FROM customer_words CROSS JOIN customers ON customers.customer = customer_words.rowid
    WHERE customer_words MATCH ? AND NOT EXISTS (SELECT 1 FROM register_imports
        WHERE import_id = customers.brought_by AND switched_over_at IS NULL)
    ORDER BY customer_words.rowid LIMIT ?"""

# The customer with this tax number, hidden the same.
BY_TAX_NUMBER = """
    SELECT customer, name, street, postal_code, city FROM customers
    WHERE tax_number = ? AND NOT EXISTS (SELECT 1 FROM register_imports
        WHERE import_id = customers.brought_by AND switched_over_at IS NULL)
    LIMIT ?"""

# As people write it, with the country's letters and spaces or without.
_TAX_NUMBER = re.compile(r"(?:SI)?(\d{8})")
# How the index and the tables that it is kept in were made.
_INDEX = "SELECT sql FROM sqlite_schema WHERE name = 'customer_words'"
_PARTS = ("config", "data", "docsize", "idx")

# What is indexed.
_INDEXED = "SELECT customer, name, street, postal_code, city FROM customers WHERE erased_at IS NULL"
_CUSTOMERS = (
    "CREATE TABLE customers (customer INTEGER PRIMARY KEY, name, street, postal_code, city)"
)

# SQLite's own comparison of the index with what it indexes; it writes nothing, but as a statement
# it is a writing one.
_COMPARE = "INSERT INTO customer_words (customer_words, rank) VALUES ('integrity-check', 1)"

_WORD = re.compile(r"\w+")
_LETTERS_MIN = 2
_POINTS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCustomer:
    """A customer that was found, with its points."""

    name: str
    street: str
    city: str
    points: tuple[FoundPoint, ...]


def find_customers(connection: Connection, typed: str, *, limit: int) -> tuple[FoundCustomer, ...]:
    """The customers of whom every word typed begins one of name, street, postal code or city.

    By name; accents and case make no difference. A word of a single letter is passed over. A whole
    tax number finds whose it is, and so do words that look like one.
    """
    tax_number = _TAX_NUMBER.fullmatch("".join(typed.upper().split()))
    if tax_number:
        owner = connection.execute(BY_TAX_NUMBER, (tax_number[1], limit))
        if found := _with_points(connection, owner):
            return found
    words = [word for word in _WORD.findall(typed) if len(word) >= _LETTERS_MIN]
    if not words:
        return ()
    wanted = " ".join(f'"{word}"*' for word in words)
    return _with_points(connection, connection.execute(FOUND, (wanted, limit)))


def _with_points(
    connection: Connection, rows: Iterable[tuple[int, str, str, str, str]]
) -> tuple[FoundCustomer, ...]:
    found = [
        FoundCustomer(
            name=name,
            street=street,
            city=f"{postal_code} {city}",
            points=points_of_customer(connection, customer, limit=_POINTS_MAX),
        )
        for customer, name, street, postal_code, city in rows
    ]
    return tuple(sorted(found, key=lambda one: (one.name, one.street)))


def trouble_of_index(connection: Connection) -> str | None:
    """What is wrong with the index of customers' words; None where it is whole.

    Compared in a copy in memory, so that the connection may be one for reading.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        copy.execute(_CUSTOMERS)
        customers = connection.execute(_INDEXED)
        copy.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?)", customers)
        copy.execute(connection.execute(_INDEX).fetchone()[0])
        for part in _PARTS:
            copy.execute(f"DELETE FROM customer_words_{part}")
            rows = connection.execute(f"SELECT * FROM customer_words_{part}").fetchall()
            if rows:
                places = ", ".join("?" * len(rows[0]))
                copy.executemany(f"INSERT INTO customer_words_{part} VALUES ({places})", rows)
        try:
            copy.execute(_COMPARE)
        except sqlite3.Error as error:
            return str(error)
    return None
