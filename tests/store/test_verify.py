"""Verification: every changed value is found, and erasing is not taken for damage.

Each test writes a small history, changes one thing behind the store's back and asks what is found.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.engine.apply import replay
from broker.engine.state import SwitchCase
from broker.store import cases, deadlines, journal, payloads, seals
from broker.store.connection import open_for_reading, open_for_writing
from broker.store.verify import FindingKind, verify
from tests.store.one_of_everything import write_history
from tests.store.samples import (
    DELIVERY_POINT,
    T0,
    approved,
    case_id,
    later,
    put_document,
    recorded,
)
from tests.store.tampering import damage, findings, unchecked


@pytest.fixture
def history(writing: Connection, path: Path) -> Path:
    """A database with two sealed batches of everything, and nothing left in the WAL."""
    return write_history(writing, path)


@pytest.fixture
def tampering(history: Path) -> Iterator[Connection]:
    """A connection that checks nothing, as someone with a tool would use."""
    with closing(unchecked(history)) as connection:
        yield connection


def test_an_untouched_database_is_sound(history: Path) -> None:
    assert findings(history) == []


def test_an_empty_database_is_sound(reading: Connection) -> None:
    assert verify(reading, replay) == []


@pytest.mark.parametrize("table", ["journal", "inbox", "outbox", "handovers", "seals", "payloads"])
@pytest.mark.parametrize("which", ["min", "max"])
def test_a_missing_row_is_found(
    tampering: Connection, history: Path, table: str, which: str
) -> None:
    tampering.execute(f"DELETE FROM {table} WHERE rowid = (SELECT {which}(rowid) FROM {table})")
    found = findings(history)
    if (table, which) == ("seals", "max"):
        assert {finding.kind for finding in found} == {FindingKind.NOT_SEALED}
    else:
        assert any(finding.kind is FindingKind.DAMAGED for finding in found)


def test_a_case_without_its_row_is_found(tampering: Connection, history: Path) -> None:
    tampering.execute("DELETE FROM cases WHERE case_id = ?", (case_id(1),))
    assert f"case {case_id(1)}" in damage(history)


def test_rows_after_the_last_seal_are_told_apart(writing: Connection, history: Path) -> None:
    put_document(writing, 3)
    assert {found.kind for found in findings(history)} == {FindingKind.NOT_SEALED}


def test_a_row_with_its_seal_made_anew_breaks_the_chain(
    tampering: Connection, history: Path
) -> None:
    tampering.execute("UPDATE journal SET at = '2025-03-03T09:00:00.000001Z' WHERE position = 1")
    first = next(seals.all_seals(tampering))
    value = seals.value_of(
        tampering,
        at=first.at,
        since=(0, 0, 0, 0),
        to=first.to,
        previous=first.previous,
        sums=first.row_sums,
    )
    tampering.execute("UPDATE seals SET seal = ? WHERE seal_id = 1", (value,))
    assert damage(history) == ["seal 2"]


def test_a_snapshot_that_its_records_do_not_give_is_found(
    writing: Connection, history: Path
) -> None:
    cases.save(writing, replay((recorded(), approved(later(hours=2)))))
    assert damage(history) == [f"case {case_id(1)}"]


def test_deadlines_that_the_records_do_not_give_are_found(
    writing: Connection, history: Path
) -> None:
    deadlines.replace(writing, case_id(1), DELIVERY_POINT, ())
    assert damage(history) == [f"case {case_id(1)}"]


def test_a_parked_deadline_is_no_damage(writing: Connection, history: Path) -> None:
    (row,) = deadlines.of_case(writing, case_id(1))
    deadlines.park(writing, row.deadline_id, "failed")
    seals.seal(writing, later(hours=9))
    assert findings(history) == []


def test_what_was_erased_is_reported_as_erased(writing: Connection, history: Path) -> None:
    (count,) = writing.execute("SELECT count(*) FROM payloads").fetchone()
    for payload_id in range(1, count + 1):
        payloads.erase(writing, payload_id, later(days=365))
    seals.seal(writing, later(days=365))
    found = findings(history)
    assert {finding.kind for finding in found} == {FindingKind.ERASED}
    assert len(found) == count


def test_the_salt_goes_with_the_content(writing: Connection, history: Path) -> None:
    payloads.erase(writing, 1, T0)
    row = writing.execute("SELECT salt, content FROM payloads WHERE payload_id = 1").fetchone()
    assert row == (None, None)


def test_a_seal_is_added_only_for_what_is_new(writing: Connection, history: Path) -> None:
    assert seals.seal(writing, later(hours=9)) is None
    put_document(writing, 3)
    third = seals.seal(writing, later(hours=9))
    assert third is not None
    assert third == seals.last_seal(writing)
    assert third.seal_id == 3
    assert findings(history) == []


def test_an_error_in_replay_is_a_finding(history: Path) -> None:
    with closing(open_for_reading(history)) as connection:
        found = verify(connection, replay_that_fails)
    assert [finding.where for finding in found] == [f"case {case_id(n)}" for n in (1, 2)]


def replay_that_fails(records: object) -> SwitchCase:
    """A replay with a mistake."""
    raise KeyError(journal.__name__)


def test_verifying_does_not_wait_for_the_writer(history: Path) -> None:
    with closing(open_for_writing(history)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        put_document(writing, 3)
        assert findings(history) == []
        writing.execute("ROLLBACK")


def test_a_key_that_does_not_add_up_is_found(history: Path, tampering: Connection) -> None:
    tampering.execute("INSERT INTO issued_gsrns VALUES ('383199900000000017')")
    tampering.execute(
        "INSERT INTO accounting_points (accounting_point, delivery_point, metering_site, connected,"
        " consumption, production, self_supply, remotely_read)"
        " VALUES ('383199900000000017', 'DP-1', '7-1', 1, 1, 0, 0, 0)"
    )
    tampering.execute(
        "INSERT INTO supply (accounting_point, direction, supplier, share, from_day)"
        " VALUES ('383199900000000017', 'consumption', '28XSEVER-ENERGI8', '0.4', '2026-01-01')"
    )
    tampering.execute("DELETE FROM keys_that_do_not_add_up")
    assert "supply at 383199900000000017" in damage(history)
