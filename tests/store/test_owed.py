"""What was written is noted, what is gone is named; older files are made up when opened."""

from sqlite3 import Connection, IntegrityError

import pytest

from broker.store import outbox, owed, payloads, retained, row_sums
from broker.store.schema import migrate
from tests.store.samples import OLD_SUPPLIER, T0, document_id, put_document, recorded, write_case

NEWER = ("owed_notices", "contracts_of_cases")


def test_a_lost_row_is_named(writing: Connection) -> None:
    put_document(writing, 1)
    put_document(writing, 2)
    assert owed.lost(writing) == ()
    writing.execute("DELETE FROM outbox WHERE document_id = ?", (document_id(1),))
    [lost] = owed.lost(writing)
    assert (lost.document_id, lost.party) == (document_id(1), OLD_SUPPLIER)
    assert owed.is_lost(writing, document_id(1))
    assert not owed.is_lost(writing, document_id(2))


def test_only_what_has_a_later_number_is_looked_at(writing: Connection) -> None:
    assert owed.ends(writing) == owed.BEGINNING
    ends = []
    for number in (1, 2):
        put_document(writing, number)
        ends.append(owed.ends(writing))
    writing.execute("DELETE FROM outbox")
    found = [[one.document_id for one in owed.lost(writing, since)] for since in ends]
    assert found == [[document_id(2)], []]


def test_lost_bytes_are_named_and_erased_ones_are_not(writing: Connection) -> None:
    put_document(writing, 1)
    put_document(writing, 2)
    payloads.erase(writing, 1, T0)
    assert owed.lost(writing) == ()
    writing.execute("UPDATE payloads SET content = x'' WHERE payload_id = 2")
    assert [one.document_id for one in owed.lost(writing)] == [document_id(2)]


def test_a_document_is_made_again_once(writing: Connection) -> None:
    put_document(writing, 1)
    writing.execute("DELETE FROM outbox")
    again = {"party": OLD_SUPPLIER, "kind": "ApprovalNotice", "case_id": None, "content": b"<a/>"}
    instead = outbox.Owed(since=T0, in_place_of=document_id(1))
    outbox.put(writing, document_id=document_id(2), created_at=T0, owed=instead, **again)
    assert owed.lost(writing) == ()
    with pytest.raises(IntegrityError):
        outbox.put(writing, document_id=document_id(3), created_at=T0, owed=instead, **again)


def test_an_older_file_is_made_up(writing: Connection) -> None:
    case = write_case(writing, recorded())
    put_document(writing, 1)
    contract = case.request.chosen[0].contract
    assert contract is not None
    digest = bytes.fromhex(contract.document.sha256)
    writing.execute(
        "INSERT INTO contract_documents VALUES (?, x'00', '2026-04-24T08:00:00.000000Z')", (digest,)
    )
    retained.note_contracts(writing, case.case_id, (contract.document.sha256,))
    row_sums.uncover(writing)
    before = [writing.execute(f"SELECT * FROM {table}").fetchall() for table in NEWER]
    assert all(before)
    for table in NEWER:
        writing.execute(f"DROP TABLE {table}")
    writing.execute("ALTER TABLE customers DROP COLUMN left_at")
    writing.execute("DELETE FROM _sqlite_migrations WHERE migration_set = 'keeping'")
    migrate(writing)
    assert [writing.execute(f"SELECT * FROM {table}").fetchall() for table in NEWER] == before
