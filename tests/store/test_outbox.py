"""Mailboxes: in order of commit, scoped to the party, the same bytes every time."""

import sqlite3
from sqlite3 import Connection

import pytest

from broker.store import outbox, payloads
from tests.store.samples import (
    NEW_SUPPLIER,
    OLD_SUPPLIER,
    T0,
    case_id,
    document_id,
    later,
    put_document,
    recorded,
    write_case,
)


def test_the_oldest_comes_first(writing: Connection) -> None:
    for number in (2, 1):
        put_document(writing, number)
    oldest = outbox.oldest(writing, OLD_SUPPLIER)
    assert oldest is not None
    assert oldest.document_id == document_id(2)
    assert oldest.content == b"<ApprovalNotice>2</ApprovalNotice>"
    assert oldest.created_at == T0


def test_an_empty_mailbox_has_none(writing: Connection) -> None:
    put_document(writing, 1)
    assert outbox.oldest(writing, NEW_SUPPLIER) is None
    assert outbox.waiting(writing, NEW_SUPPLIER, 10) == ()
    assert outbox.waiting_count(writing, NEW_SUPPLIER) == 0


def test_waiting_documents_are_listed_up_to_the_limit(writing: Connection) -> None:
    for number in range(3):
        put_document(writing, number)
    listed = outbox.waiting(writing, OLD_SUPPLIER, 2)
    assert [entry.document_id for entry in listed] == [document_id(0), document_id(1)]
    assert listed[0].size_bytes == len(b"<ApprovalNotice>0</ApprovalNotice>")
    assert outbox.waiting_count(writing, OLD_SUPPLIER) == 3


def test_reading_again_gives_the_same_also_after_acknowledgement(writing: Connection) -> None:
    put_document(writing, 1)
    first = outbox.read(writing, OLD_SUPPLIER, document_id(1))
    outbox.acknowledge(writing, OLD_SUPPLIER, [document_id(1)], T0)
    assert first is not None
    assert outbox.read(writing, OLD_SUPPLIER, document_id(1)) == first
    assert outbox.oldest(writing, OLD_SUPPLIER) is None


def test_another_party_neither_reads_nor_acknowledges(writing: Connection) -> None:
    put_document(writing, 1)
    assert outbox.read(writing, NEW_SUPPLIER, document_id(1)) is None
    assert outbox.acknowledge(writing, NEW_SUPPLIER, [document_id(1)], T0) == frozenset()
    assert outbox.waiting_count(writing, OLD_SUPPLIER) == 1


def test_one_in_the_middle_can_be_acknowledged(writing: Connection) -> None:
    for number in range(3):
        put_document(writing, number)
    ids = [document_id(1), document_id(9)]
    assert outbox.acknowledge(writing, OLD_SUPPLIER, ids, T0) == {document_id(1)}
    left = [entry.document_id for entry in outbox.waiting(writing, OLD_SUPPLIER, 10)]
    assert left == [document_id(0), document_id(2)]


def test_acknowledging_again_is_harmless_and_keeps_the_first_time(writing: Connection) -> None:
    put_document(writing, 1)
    for hours in (1, 2):
        ids = [document_id(1), document_id(1)]
        at = later(hours=hours)
        assert outbox.acknowledge(writing, OLD_SUPPLIER, ids, at) == {document_id(1)}
    times = "SELECT (SELECT acknowledged_at FROM outbox), at FROM handovers"
    assert writing.execute(times).fetchall() == [("2025-03-03T10:00:00.000000Z",) * 2]


def test_the_first_fetching_is_noted_once(writing: Connection) -> None:
    put_document(writing, 1)
    for hours in (1, 2):
        outbox.note_fetched(writing, OLD_SUPPLIER, document_id(1), later(hours=hours))
    times = "SELECT (SELECT first_fetched_at FROM outbox), at FROM handovers"
    assert writing.execute(times).fetchall() == [("2025-03-03T10:00:00.000000Z",) * 2]
    assert outbox.waiting_count(writing, OLD_SUPPLIER) == 1


def test_a_document_id_is_used_once(writing: Connection) -> None:
    put_document(writing, 1)
    with pytest.raises(sqlite3.IntegrityError):
        put_document(writing, 1, party=NEW_SUPPLIER)


def test_a_party_is_shown_its_own_documents_of_a_case(writing: Connection) -> None:
    write_case(writing, recorded())
    put_document(writing, 1, case=case_id(1))
    put_document(writing, 2, case=case_id(1), party=NEW_SUPPLIER)
    put_document(writing, 3)
    documents = outbox.documents_of_case(writing, case_id(1), OLD_SUPPLIER)
    assert [document.document_id for document in documents] == [document_id(1)]


def test_an_erased_document_is_gone(writing: Connection) -> None:
    put_document(writing, 1)
    payloads.erase(writing, 1, T0)
    assert outbox.read(writing, OLD_SUPPLIER, document_id(1)) is None
