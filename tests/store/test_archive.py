"""The archive: attempts sought by everything there is, page by page; mailboxes as they stand."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.messages.identifiers import Eic, ReceiptNumber
from broker.store import archive, inbox, outbox
from broker.store.archive import Outcome, Sought
from broker.store.connection import open_for_writing
from broker.store.schema import migrate
from tests.store.samples import (
    NEW_SUPPLIER,
    OLD_SUPPLIER,
    T0,
    document_id,
    later,
    put_document,
    received,
)

EVER = {"since": T0 - timedelta(hours=1), "until": later(days=400)}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A new file with six attempts and two parties that are on record."""
    with closing(open_for_writing(tmp_path / "broker.sqlite")) as opened:
        migrate(opened)
        for eic in (NEW_SUPPLIER, OLD_SUPPLIER):
            opened.execute(
                "INSERT INTO participants (eic, name, active, tax_number, registration_number,"
                " message_address, credential_manager_name, credential_manager_email, affiliate,"
                " network_charge_contract) VALUES (?, ?, 1, '12345678', '1234567', 'a', 'b',"
                " 'b@example.si', 0, 0)",
                (eic, f"Name of {eic}"),
            )
        for number, changed in enumerate(
            (
                {},
                {"http_status": 422},
                {"http_status": 400, "kind": None, "message_id": None, "content": b"\xff<"},
                {"http_status": 500, "answer": None},
                {"party": OLD_SUPPLIER, "kind": "Withdrawal"},
                {"received_at": later(days=1)},
            ),
            start=1,
        ):
            inbox.record(opened, received(number, **{"received_at": T0, **changed}))
        yield opened


def numbers(attempts: tuple[archive.Attempt, ...]) -> list[int]:
    """Which of the attempts these are."""
    return [int(one.receipt[-2:]) for one in attempts]


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"until": later(hours=1)}, [5, 4, 3, 2, 1]),
        ({"since": later(hours=1)}, [6]),
        ({"party": OLD_SUPPLIER}, [5]),
        ({"party": Eic("28XNOBODY")}, []),
        ({"kind": "Withdrawal"}, [5]),
        ({"kind": "SwitchRequest", "party": NEW_SUPPLIER}, [6, 4, 2, 1]),
        ({"outcome": Outcome.ACCEPTED}, [6, 5, 1]),
        ({"outcome": Outcome.REFUSED}, [2]),
        ({"outcome": Outcome.UNREADABLE}, [3]),
        ({"outcome": Outcome.FAILED}, [4]),
        ({"outcome": Outcome.REFUSED, "kind": "Withdrawal"}, []),
        ({"number": "m-2"}, [2]),
        ({"number": "m-"}, [6, 5, 4, 2, 1]),
        ({"number": "m-", "outcome": Outcome.ACCEPTED, "party": OLD_SUPPLIER}, [5]),
        ({"number": "01956000-0000-7000-9000-000000000003"}, [3]),
        ({"number": "%"}, []),
    ],
)
def test_attempts_are_sought(
    connection: Connection, sought: dict[str, object], found: list[int]
) -> None:
    wanted = Sought(**{**EVER, **sought})
    assert numbers(archive.attempts(connection, wanted, limit=10)) == found
    page, paged = archive.attempts(connection, wanted, limit=2), []
    while page:
        paged += numbers(page)
        after = (page[-1].received_at, page[-1].position)
        page = archive.attempts(connection, wanted, limit=2, after=after)
    assert paged == found


def test_one_attempt_comes_with_its_bytes(connection: Connection) -> None:
    whole = archive.attempt(connection, received(3).receipt)
    assert whole is not None
    assert (whole.content, whole.answer) == (b"\xff<", b"<Acknowledgement/>")
    assert whole.attempt.outcome is Outcome.UNREADABLE
    fault = archive.attempt(connection, received(4).receipt)
    assert fault is not None
    assert fault.answer is None
    assert archive.attempt(connection, ReceiptNumber("none")) is None


def test_a_mailbox_tells_what_waits_since_when_and_when_it_was_read(
    connection: Connection,
) -> None:
    for number in (1, 2, 3):
        put_document(connection, number)
    outbox.note_fetched(connection, OLD_SUPPLIER, document_id(1), later(hours=1))
    outbox.note_fetched(connection, OLD_SUPPLIER, document_id(2), later(hours=2))
    outbox.acknowledge(connection, OLD_SUPPLIER, [document_id(1)], later(hours=3))
    boxes = {one.party: one for one in archive.mailboxes(connection)}
    box = boxes[OLD_SUPPLIER]
    assert (box.waiting, box.oldest_at) == (2, T0)
    assert (box.last_fetched_at, box.last_acknowledged_at) == (later(hours=2), later(hours=3))
    empty = boxes[NEW_SUPPLIER]
    assert (empty.waiting, empty.oldest_at, empty.last_fetched_at) == (0, None, None)


def test_documents_are_listed_the_newest_first(connection: Connection) -> None:
    for number in (1, 2, 3):
        put_document(connection, number)
    outbox.acknowledge(connection, OLD_SUPPLIER, [document_id(3)], T0)
    listed = archive.documents(connection, OLD_SUPPLIER, limit=2)
    assert [one.document_id for one in listed] == [document_id(3), document_id(2)]
    rest = archive.documents(connection, OLD_SUPPLIER, limit=2, before=listed[-1].position)
    assert [one.document_id for one in rest] == [document_id(1)]
    waiting = archive.documents(connection, OLD_SUPPLIER, limit=9, waiting=True)
    assert [one.document_id for one in waiting] == [document_id(2), document_id(1)]
    assert archive.documents(connection, NEW_SUPPLIER, limit=9) == ()


def test_a_document_comes_with_its_bytes(connection: Connection) -> None:
    put_document(connection, 1)
    found = archive.document(connection, document_id(1))
    assert found is not None
    assert found[1] == b"<ApprovalNotice>1</ApprovalNotice>"
    assert archive.document(connection, document_id(2)) is None


def test_what_came_after_a_position_is_counted_once(connection: Connection) -> None:
    last, counted = archive.count_after(connection, 0)
    assert last == archive.last_position(connection) == 6
    assert counted["SwitchRequest", Outcome.ACCEPTED] == 2
    assert counted[None, Outcome.UNREADABLE] == 1
    assert archive.count_after(connection, last) == (6, {})
