"""The journal: records come back in order as they were, rows without a case stand beside them."""

import sqlite3
from sqlite3 import Connection
from typing import get_args

import pytest

from broker.messages.records import Record
from broker.store import journal, operations, payloads
from tests.store.samples import T0, approved, case_id, later, recorded, rejected, write_case


def test_records_come_back_in_order_as_they_were(writing: Connection) -> None:
    records = (recorded(), approved(later(hours=1)))
    write_case(writing, *records)
    write_case(writing, recorded(2, delivery_point=None), rejected(T0))
    assert journal.records_of(writing, case_id(1)) == records
    assert [entry.kind for entry in journal.entries_of(writing, case_id(1))] == [
        "RequestRecorded",
        "RequestApproved",
    ]


def test_an_unknown_case_has_none(writing: Connection) -> None:
    assert journal.records_of(writing, case_id(9)) == ()


def test_a_record_needs_its_case(writing: Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        journal.append(writing, case_id=case_id(9), at=T0, record=recorded(9))


def test_only_records_belong_to_a_case(writing: Connection) -> None:
    write_case(writing, recorded())
    stopped = operations.SweepStopped(at=T0, why="clock")
    with pytest.raises(TypeError, match="SweepStopped"):
        journal.append(writing, case_id=case_id(1), at=T0, record=stopped)


def test_every_record_has_a_name_of_its_own() -> None:
    assert len(journal.RECORD_CLASSES) == len(get_args(Record))


def test_the_last_entry_tells_its_time(writing: Connection) -> None:
    assert journal.last_entry_at(writing) is None
    write_case(writing, recorded(), approved(later(hours=1)))
    assert journal.last_entry_at(writing) == later(hours=1)


def test_an_erased_record_is_told_apart_from_none(writing: Connection) -> None:
    write_case(writing, recorded(), approved(later(hours=1)))
    payloads.erase(writing, 2, T0)
    first, second = journal.entries_of(writing, case_id(1))
    assert first.record is None
    assert second.record == approved(later(hours=1))
    with pytest.raises(journal.UnableToReadErased):
        journal.records_of(writing, case_id(1))
