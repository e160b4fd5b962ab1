"""The schema: made from nothing, harmless to make again, strict."""

import sqlite3
from pathlib import Path
from sqlite3 import Connection

import pytest
from sqlite_utils import Database

from broker.engine.state import Phase
from broker.store import cases
from broker.store.cases import Capacity
from broker.store.migrations_exchange import exchange
from broker.store.schema import migrate
from tests.store.samples import KEPT_SUPPLIER, OLD_SUPPLIER, T0, put_document, recorded, write_case
from tests.store.tampering import damage

# Every table and index as it was made.
SCHEMA = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"

# Tables that are not STRICT.
LAX = "SELECT name FROM pragma_table_list WHERE strict = 0 AND schema = 'main' AND type = 'table'"


def test_again_changes_nothing(writing: Connection) -> None:
    write_case(writing, recorded())
    before = writing.execute(SCHEMA).fetchall()
    exchange.apply(Database(writing))
    assert writing.execute(SCHEMA).fetchall() == before
    assert writing.execute("SELECT count(*) FROM cases").fetchone() == (1,)


def test_every_table_is_strict(writing: Connection) -> None:
    lax = {name for (name,) in writing.execute(LAX)}
    assert lax == {"_sqlite_migrations", "sqlite_schema", "sqlite_sequence"}


def test_every_phase_is_allowed(writing: Connection) -> None:
    (sql,) = writing.execute("SELECT sql FROM sqlite_schema WHERE name = 'cases'").fetchone()
    assert [phase for phase in Phase if f"'{phase.value}'" not in sql] == []


def test_who_was_told_of_its_point_alone_no_longer_sees_the_case(
    writing: Connection, path: Path
) -> None:
    case = write_case(writing, recorded()).case_id
    for party in (OLD_SUPPLIER, KEPT_SUPPLIER):
        cases.add_party(writing, case, party, Capacity.OLD_SUPPLIER, since=T0)
    put_document(writing, 1, party=OLD_SUPPLIER, case=case, comes_of=case)
    put_document(writing, 2, party=KEPT_SUPPLIER, comes_of=case)
    writing.execute("DELETE FROM _sqlite_migrations WHERE name = '0003_no_parties'")
    migrate(writing)
    assert [one.party for one in cases.parties(writing, case)] == [OLD_SUPPLIER]
    assert damage(path) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases SET phase = 'lost'",
        "UPDATE cases SET phase = 'completed'",
        "UPDATE cases SET ended_at = opened_at",
        "UPDATE cases SET opened_at = '2025-03-03'",
        "UPDATE deadlines SET act_at = '2026-01-01T00:00:00.000000Z'",
        "UPDATE deadlines SET case_id = 'another'",
        "UPDATE journal SET payload_id = 1000",
        "UPDATE payloads SET salt = NULL",
        "UPDATE payloads SET erased_at = '2026-01-01T00:00:00.000000Z'",
        "UPDATE one_off_days SET day = '2025-02-30'",
        "UPDATE one_off_days SET day = 'soon'",
    ],
)
def test_what_cannot_be_is_refused(writing: Connection, statement: str) -> None:
    write_case(writing, recorded())
    writing.execute("INSERT INTO one_off_days (day) VALUES (?)", (T0.date().isoformat(),))
    with pytest.raises(sqlite3.IntegrityError):
        writing.execute(statement)
