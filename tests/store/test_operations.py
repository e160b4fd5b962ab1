"""What the operator sets for the whole service, each change with a row in the journal."""

from dataclasses import replace
from datetime import date
from sqlite3 import Connection

from broker.store import operations
from broker.store.operations import ClockFault, ClockTrouble
from tests.store.samples import T0, later

# The rows of the journal that belong to no case.
KINDS = "SELECT kind FROM journal WHERE case_id IS NULL ORDER BY position"


def kinds(connection: Connection) -> list[str]:
    """What was done, in order."""
    return [kind for (kind,) in connection.execute(KINDS)]


def test_the_sweep_stops_once_and_goes_on_once(writing: Connection) -> None:
    assert operations.sweep_stopped(writing) is None
    trouble, again = (
        ClockTrouble(fault=fault, shown=T0, known=later(hours=-1)) for fault in ClockFault
    )
    stopped = operations.SweepStopped(at=T0, why=str(trouble))
    assert operations.stop_sweep(writing, at=T0, trouble=trouble)
    assert not operations.stop_sweep(writing, at=later(hours=1), trouble=again)
    assert operations.sweep_stopped(writing) == stopped
    assert operations.how_sweep_stopped(writing) == replace(stopped, trouble=trouble)
    for went_on in (True, False):
        assert went_on is operations.let_sweep_go_on(
            writing, at=later(hours=2), by="Ana", why="clock set"
        )
    assert operations.sweep_stopped(writing) is None
    assert operations.how_sweep_stopped(writing) is None
    assert kinds(writing) == ["SweepStopped", "SweepWentOn"]


def test_one_off_days_stand_as_set(writing: Connection) -> None:
    days = (date(2023, 8, 14), date(2025, 1, 3))
    assert operations.one_off_days(writing) == ()
    assert operations.set_one_off_days(writing, reversed(days), at=T0, by="Ana")
    assert operations.one_off_days(writing) == days
    assert not operations.set_one_off_days(writing, days, at=T0, by="Ana")
    assert operations.set_one_off_days(writing, days[:1], at=T0, by="Ana")
    assert operations.one_off_days(writing) == days[:1]
    assert kinds(writing) == ["OneOffDaysSet"] * 2
