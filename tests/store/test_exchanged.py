"""What was exchanged in a case, for staff; and a document sent again, which verification knows."""

from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.engine.apply import replay
from broker.store import inbox, outbox, seals
from broker.store.connection import open_for_reading
from broker.store.exchanged import documents_of_case, messages_of_case
from broker.store.operations import StillWaiting, send_again
from broker.store.verify import verify
from broker.store.writer import savepoint
from tests.store.samples import (
    KEPT_SUPPLIER,
    OLD_SUPPLIER,
    T0,
    case_id,
    document_id,
    later,
    put_document,
    received,
    recorded,
    write_case,
)


@pytest.fixture
def told(writing: Connection) -> Connection:
    """A case with a message, and a document that was fetched and acknowledged."""
    write_case(writing, recorded())
    inbox.record(writing, received(case_id=case_id(1)))
    inbox.record(writing, received(2, http_status=422, case_id=case_id(1)))
    put_document(writing, 1, case=case_id(1))
    put_document(writing, 2)
    outbox.note_fetched(writing, OLD_SUPPLIER, document_id(1), later(hours=1))
    outbox.acknowledge(writing, OLD_SUPPLIER, [document_id(1)], later(hours=2))
    return writing


def send(connection: Connection, number: int = 1, hours: int = 3) -> None:
    """Send a document of the case again."""
    with savepoint(connection):
        send_again(
            connection,
            case_id(1),
            document_id(number),
            at=later(hours=hours),
            by="Nada Zgled",
            why="lost",
        )


def test_messages_and_documents_of_a_case_are_listed(told: Connection) -> None:
    assert [one.http_status for one in messages_of_case(told, case_id(1))] == [200, 422]
    (document,) = documents_of_case(told, case_id(1))
    assert (document.fetched_at, document.acknowledged_at) == (later(hours=1), later(hours=2))
    assert [one.what for one in document.handovers] == ["fetched", "acknowledged"]


def test_a_document_sent_again_waits_and_keeps_what_was(told: Connection) -> None:
    first = outbox.read(told, OLD_SUPPLIER, document_id(1))
    send(told)
    assert outbox.oldest(told, OLD_SUPPLIER) == first
    (document,) = documents_of_case(told, case_id(1))
    assert (document.fetched_at, document.acknowledged_at) == (None, None)
    assert [(one.what, one.by, one.why) for one in document.handovers] == [
        ("fetched", None, None),
        ("acknowledged", None, None),
        ("sent_again", "Nada Zgled", "lost"),
    ]


def test_it_can_be_sent_again_after_each_acknowledgement(told: Connection, path: Path) -> None:
    for hours in (3, 5):
        send(told, hours=hours)
        outbox.acknowledge(told, OLD_SUPPLIER, [document_id(1)], later(hours=hours + 1))
    (document,) = documents_of_case(told, case_id(1))
    assert document.acknowledged_at == later(hours=6)
    assert [one.what for one in document.handovers].count("acknowledged") == 3
    seals.seal(told, T0)
    with closing(open_for_reading(path)) as reading:
        assert verify(reading, replay) == []


def test_a_document_to_who_is_no_party_is_listed_and_can_be_sent_again(told: Connection) -> None:
    put_document(told, 3, party=KEPT_SUPPLIER, comes_of=case_id(1))
    outbox.acknowledge(told, KEPT_SUPPLIER, [document_id(3)], later(hours=2))
    assert [one.party for one in documents_of_case(told, case_id(1))] == [
        OLD_SUPPLIER,
        KEPT_SUPPLIER,
    ]
    send(told, 3)
    _, document = documents_of_case(told, case_id(1))
    assert [one.what for one in document.handovers] == ["acknowledged", "sent_again"]
    assert outbox.oldest(told, KEPT_SUPPLIER) is not None


@pytest.mark.parametrize("number", [2, 9])
def test_what_is_no_acknowledged_document_of_the_case_is_not_sent(
    told: Connection, number: int
) -> None:
    with pytest.raises(StillWaiting):
        send(told, number)
    send(told)
    with pytest.raises(StillWaiting):
        send(told)
    assert told.execute("SELECT count(*) FROM journal WHERE case_id IS NULL").fetchone() == (1,)


def test_a_time_that_is_not_of_the_last_round_is_found(told: Connection, path: Path) -> None:
    send(told)
    at = "2025-03-03T09:00:00.000000Z"
    told.execute("UPDATE outbox SET acknowledged_at = ? WHERE position = 1", (at,))
    seals.seal(told, T0)
    with closing(open_for_reading(path)) as reading:
        assert "document 1" in [found.where for found in verify(reading, replay)]
