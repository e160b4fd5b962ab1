"""The inbox: every attempt is kept, and only an accepted one takes its message id."""

import hashlib
import sqlite3
from sqlite3 import Connection

import pytest

from broker.messages.identifiers import MessageId
from broker.store import inbox, payloads
from tests.store.samples import NEW_SUPPLIER, OLD_SUPPLIER, T0, later, received

M1 = MessageId("m-1")


class TestAcceptedAnswer:
    def test_it_is_the_first_answer_with_the_hash_of_the_bytes(self, writing: Connection) -> None:
        inbox.record(writing, received())
        accepted = inbox.accepted_answer(writing, NEW_SUPPLIER, M1)
        assert accepted == inbox.AcceptedAnswer(
            sha256=hashlib.sha256(b"<SwitchRequest/>").hexdigest(),
            answer=b"<Acknowledgement/>",
            http_status=200,
        )

    def test_a_refused_message_leaves_its_id_free(self, writing: Connection) -> None:
        inbox.record(writing, received(http_status=422))
        assert inbox.accepted_answer(writing, NEW_SUPPLIER, M1) is None
        inbox.record(writing, received(receipt="R-2"))
        assert inbox.accepted_answer(writing, NEW_SUPPLIER, M1) is not None

    def test_ids_are_each_senders_own(self, writing: Connection) -> None:
        inbox.record(writing, received())
        assert inbox.accepted_answer(writing, OLD_SUPPLIER, M1) is None
        inbox.record(writing, received(receipt="R-2", party=OLD_SUPPLIER))

    def test_an_id_is_taken_once(self, writing: Connection) -> None:
        inbox.record(writing, received())
        with pytest.raises(sqlite3.IntegrityError, match=r"inbox\.message_id"):
            inbox.record(writing, received(receipt="R-2"))

    def test_an_erased_answer_still_takes_the_id(self, writing: Connection) -> None:
        inbox.record(writing, received())
        payloads.erase(writing, 2, T0)
        accepted = inbox.accepted_answer(writing, NEW_SUPPLIER, M1)
        assert accepted is not None
        assert accepted.answer is None


class TestAttempts:
    def test_all_under_the_id_latest_first(self, writing: Connection) -> None:
        for receipt, status in (("R-1", 422), ("R-2", 200), ("R-3", 409)):
            inbox.record(writing, received(receipt=receipt, http_status=status))
        inbox.record(writing, received(2))
        attempts = inbox.attempts(writing, NEW_SUPPLIER, M1)
        assert [(a.receipt, a.http_status) for a in attempts] == [
            ("R-3", 409),
            ("R-2", 200),
            ("R-1", 422),
        ]
        assert attempts[0].answer == b"<Acknowledgement/>"
        assert inbox.attempts(writing, OLD_SUPPLIER, M1) == ()

    def test_one_by_its_receipt_number_for_its_sender_alone(self, writing: Connection) -> None:
        attempt = received(received_at=later(hours=1))
        inbox.record(writing, attempt)
        found = inbox.by_receipt(writing, NEW_SUPPLIER, attempt.receipt)
        assert found is not None
        assert found.received_at == later(hours=1)
        assert inbox.by_receipt(writing, OLD_SUPPLIER, attempt.receipt) is None

    def test_what_could_not_be_read_is_kept_without_id(self, writing: Connection) -> None:
        unread = received(message_id=None, kind=None, http_status=400, content=b"\xff")
        inbox.record(writing, unread)
        query = "SELECT content FROM payloads JOIN inbox ON bytes_payload = payload_id"
        assert writing.execute(query).fetchall() == [(b"\xff",)]

    def test_our_own_failure_keeps_the_bytes_and_no_answer(self, writing: Connection) -> None:
        inbox.record(writing, received(http_status=500, answer=None))
        with pytest.raises(sqlite3.IntegrityError):
            inbox.record(writing, received(receipt="R-2", http_status=503))

    def test_the_indexes_serve_both_look_ups(self, writing: Connection) -> None:
        plan = writing.execute(f"EXPLAIN QUERY PLAN {inbox._ATTEMPTS}", ("p", "m", None)).fetchall()
        steps = " ".join(step[3] for step in plan)
        assert "accepted_messages" in steps
        assert "refused_messages" in steps
        assert "SCAN inbox" not in steps


class TestContracts:
    def test_a_contract_is_kept_once_under_its_hash(self, writing: Connection) -> None:
        sha256 = hashlib.sha256(b"%PDF").hexdigest()
        for _ in range(2):
            inbox.keep_contract(writing, sha256, b"%PDF", T0)
        assert inbox.contract(writing, sha256) == b"%PDF"
        assert inbox.contract(writing, "0" * 64) is None

    def test_another_hash_is_refused(self, writing: Connection) -> None:
        with pytest.raises(ValueError, match="hash"):
            inbox.keep_contract(writing, "0" * 64, b"%PDF", T0)
