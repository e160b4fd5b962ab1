"""Numbers of metering points are given out once, whatever happens (D1).

Method: a real file with the sample register, which has the first 64 numbers; random numbers given
out, imported, rolled back and lost in a crash are compared with a plain set.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection, IntegrityError

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from broker.messages.identifiers import CaseId, Gsrn, gsrn_with_check_digit, is_gsrn
from broker.messages.register_changes import MeteringPointCreated
from broker.store.connection import open_for_writing
from broker.store.gsrns import free_numbers, give_out
from broker.store.migrations_register import register
from broker.store.register import record_changes
from broker.store.supply import ChangeDoesNotFitTheRegister
from broker.usecases.import_register import import_register

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"
CASE = CaseId("01960000-0000-7000-8000-000000000001")
POINT = Gsrn("383199900000000017")
ISSUE = "INSERT INTO issued_gsrns (gsrn) VALUES (?)"


def gsrn(serial: int, prefix: str = "38319990") -> Gsrn:
    """The operator's number with this serial number."""
    return gsrn_with_check_digit(f"{prefix}{serial:09d}")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the sample register."""
    path = tmp_path_factory.mktemp("gsrns") / "register.db"
    with closing(open_for_writing(path)) as connection:
        register.apply(Database(connection))
        import_register(connection, SAMPLE)
    return path


@pytest.fixture
def conn(path: Path) -> Iterator[Connection]:
    """A connection in a transaction that is lost at the end of the test, as in a crash."""
    with closing(open_for_writing(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def test_the_next_numbers_follow_those_that_were_imported(conn: Connection) -> None:
    assert free_numbers(conn, 3) == (gsrn(65), gsrn(66), gsrn(67))
    assert free_numbers(conn, 0) == ()


def test_asking_gives_nothing_out(conn: Connection) -> None:
    assert free_numbers(conn, 2) == free_numbers(conn, 2)
    assert conn.execute("SELECT count(*) FROM gsrn_counter").fetchone() == (0,)


def test_two_events_of_one_batch_get_different_numbers(conn: Connection) -> None:
    for expected in (gsrn(65), gsrn(66)):
        (number,) = free_numbers(conn, 1)
        assert number == expected
        record_changes(
            conn, [MeteringPointCreated(accounting_point=number, divided_from=POINT, case_id=CASE)]
        )


def test_a_number_that_was_taken_away_again_is_not_given_out_anew(conn: Connection) -> None:
    give_out(conn, gsrn(70))
    conn.execute("DELETE FROM issued_gsrns WHERE gsrn = ?", (gsrn(70),))
    assert free_numbers(conn, 1) == (gsrn(71),)


def test_an_earlier_number_does_not_turn_the_counter_back(conn: Connection) -> None:
    give_out(conn, gsrn(90))
    give_out(conn, gsrn(80))
    assert free_numbers(conn, 1) == (gsrn(91),)


def test_a_number_is_not_given_out_twice(conn: Connection) -> None:
    give_out(conn, gsrn(65))
    with pytest.raises(IntegrityError):
        give_out(conn, gsrn(65))
    with pytest.raises(IntegrityError):
        give_out(conn, POINT)


def test_a_number_of_another_operator_is_not_given_out(conn: Connection) -> None:
    with pytest.raises(ChangeDoesNotFitTheRegister):
        give_out(conn, gsrn(65, prefix="38319991"))


def test_of_a_prefix_that_is_used_up_there_are_fewer(conn: Connection) -> None:
    last = 999_999_999
    give_out(conn, gsrn(last - 2))
    conn.execute(ISSUE, (gsrn(last - 1),))
    assert free_numbers(conn, 1) == (gsrn(last),)
    assert free_numbers(conn, 2) == (gsrn(last),)
    give_out(conn, gsrn(last))
    assert free_numbers(conn, 1) == ()


def test_numbers_of_other_prefixes_do_not_matter(conn: Connection) -> None:
    for prefix in ("38319989", "38319991"):
        conn.executemany(ISSUE, [(gsrn(serial, prefix),) for serial in range(60, 70)])
    assert free_numbers(conn, 1) == (gsrn(65),)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    imported=st.sets(st.integers(60, 130) | st.integers(0, 999_999_999), max_size=80),
    steps=st.lists(
        st.tuples(st.sampled_from(["create", "crash", "import"]), st.integers(1, 5)), max_size=10
    ),
)
def test_no_number_is_ever_given_out_twice(
    path: Path, imported: set[int], steps: list[tuple[str, int]]
) -> None:
    with closing(open_for_writing(path)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        taken = {number for (number,) in conn.execute("SELECT gsrn FROM issued_gsrns")}
        new = {gsrn(serial) for serial in imported} - taken
        conn.executemany(ISSUE, [(number,) for number in new])
        taken |= new
        for step, count in steps:
            conn.execute("SAVEPOINT event")
            numbers = free_numbers(conn, count)
            assert len(set(numbers)) == count
            assert not taken & set(numbers)
            assert all(is_gsrn(number) and number.startswith("38319990") for number in numbers)
            assert list(numbers) == sorted(numbers)
            for number in numbers:
                if step == "import":
                    conn.execute(ISSUE, (number,))
                else:
                    give_out(conn, number)
            if step == "crash":
                conn.execute("ROLLBACK TO event")
            else:
                taken |= set(numbers)
            conn.execute("RELEASE event")
        assert not taken & set(free_numbers(conn, 3))
        conn.execute("ROLLBACK")
