"""Corrections on a real register: on no day is a point without supplier or with two.

Method: the sample register in a file, switches and corrections of one point at random, beside a
model of their own that knows only the last word for each day.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from broker.engine.apply import replay
from broker.engine.decision import Decision, Refused
from broker.engine.rulebook import Rulebook
from broker.ids import Ids
from broker.messages.codes import Direction, DocumentKind, Role
from broker.messages.events import CorrectionReceived, ReadingReceived, SwitchRequestReceived
from broker.messages.identifiers import CaseId, Eic
from broker.messages.requests import RightReading
from broker.store import cases
from broker.store.codec import encode
from broker.store.connection import open_for_writing
from broker.store.verify import FindingKind, verify
from broker.usecases.handle_event import Desk, handle_event
from tests.engine.builders import (
    NEW,
    OLD,
    OLD_OF_PRODUCTION,
    OPERATOR,
    POINT,
    TAKEN,
    at,
    but,
    correction,
    header,
    reading,
    request,
    shows,
)
from tests.store.samples import supplied
from tests.web.running import new_database

SUPPLIERS = (NEW, OLD, OLD_OF_PRODUCTION)
FIRST = date(2026, 4, 24)
DAYS = [FIRST + timedelta(days=n) for n in range(-30, 120)]
TABLES = ("cases", "supply", "readings", "network_charge_payers", "journal", "outbox", "deadlines")


@dataclass
class Model:
    """Who supplies on each day by the last word, and the switches that stand, in order."""

    by_day: dict[date, Eic] = field(default_factory=lambda: dict.fromkeys(DAYS, OLD))
    switches: list[tuple[CaseId, date, dict[date, Eic]]] = field(default_factory=list)

    def switched(self, case: CaseId, on: date, new: Eic) -> None:
        self.switches.append((case, on, dict(self.by_day)))
        self.by_day |= {day: new for day in DAYS if day >= on}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample register in a file, made once."""
    path = tmp_path_factory.mktemp("template") / "broker.sqlite"
    new_database(path, parties=[OPERATOR])
    return path


@contextmanager
def a_copy_of(template: Path) -> Iterator[Connection]:
    """A connection that writes to a file with the sample register."""
    with TemporaryDirectory() as folder:
        path = Path(shutil.copy(template, folder))
        with closing(open_for_writing(path)) as connection:
            yield connection


def value_on(day: date) -> int:
    """What the meter shows where ten kWh a day are taken."""
    return 14890 + (day - FIRST).days * 10


def contents(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Everything that a decision could have changed."""
    return {
        table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall()
        for table in TABLES
    }


def switch(connection: Connection, desk: Desk, new: Eic, day: date) -> CaseId:
    """A switch asked for and carried out on this day."""
    case_id, now = desk.ids.case_id(), at(day, 8)
    asked = but(request(), "header.sender", new)
    asked = but(asked, "chosen.0.supplier", new)
    asked = but(asked, "chosen.0.contract.supplier", new)
    event = SwitchRequestReceived(case_id=case_id, request=asked, received_at=now)
    assert isinstance(handle_event(connection, None, event, now=now, desk=desk), Decision)
    read = replace(
        reading(day, str(value_on(day))),
        case_id=case_id,
        header=header(DocumentKind.METER_READING, new),
    )
    later = at(day, 12)
    taken = ReadingReceived(reading=read, sender_role=Role.SUPPLIER, received_at=later)
    outcome = handle_event(connection, case_id, taken, now=later, desk=desk)
    assert isinstance(outcome, Decision), outcome
    return case_id


def correct(
    connection: Connection, desk: Desk, case_id: CaseId, right: RightReading | None, now: datetime
) -> Decision | Refused:
    """What becomes of a correction of this case."""
    named = replace(correction(), case_id=case_id, right_reading=right)
    event = CorrectionReceived(case_id=desk.ids.case_id(), correction=named, received_at=now)
    return handle_event(connection, None, event, now=now, desk=desk)


def assert_supplied(connection: Connection, model: Model) -> None:
    """Each day has the one supplier that the last word gave it."""
    for day in DAYS:
        found = supplied(connection, POINT, Direction.CONSUMPTION, day)
        assert [one.supplier for one in found] == [model.by_day[day]], day


def assert_right_or_unchanged(
    connection: Connection, desk: Desk, model: Model, which: int, shift: int | None, today: date
) -> None:
    """One correction: the last switch is put right, any other is refused and changes nothing."""
    case_id, on, before = model.switches[which % len(model.switches)]
    last = case_id == model.switches[-1][0]
    new = model.by_day[on]
    right = None
    if shift is not None:
        registers = (shows(TAKEN, str(value_on(on) + 3)),)
        taken = reading(on + timedelta(days=shift))
        right = RightReading(
            serial_number=taken.serial_number,
            taken_at=taken.taken_at,
            obtained_by=taken.obtained_by,
            registers=registers,
        )
    kept, state = contents(connection), encode(cases.load(connection, case_id))
    outcome = correct(connection, desk, case_id, right, at(today, 15))
    assert encode(cases.load(connection, case_id)) == state
    if isinstance(outcome, Refused):
        assert contents(connection) == kept
        assert right is not None or not last or cases.corrected_by(connection, case_id)
        return
    assert last
    model.by_day = dict(before)
    if right is None:
        model.switches.pop()
    else:
        moved = on + timedelta(days=shift or 0)
        model.by_day |= {day: new for day in DAYS if day >= moved}
        model.switches[-1] = (case_id, moved, before)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(SUPPLIERS),
            st.booleans(),
            st.integers(min_value=0, max_value=3),
            st.sampled_from([None, None, -2, 0, 1]),
        ),
        min_size=1,
        max_size=6,
    )
)
@example(steps=[(NEW, False, 0, None), (NEW, True, 0, None), (OLD_OF_PRODUCTION, False, 0, None)])
@example(steps=[(NEW, False, 0, None), (NEW, True, 0, 1), (NEW, True, 0, None)])
@example(steps=[(NEW, False, 0, None), (OLD, False, 0, None), (NEW, True, 0, 1), (NEW, True, 1, 0)])
@settings(deadline=None, derandomize=True, max_examples=15)
def test_no_day_without_supplier_and_none_with_two(
    template: Path,
    steps: list[tuple[Eic, bool, int, int | None]],
) -> None:
    with a_copy_of(template) as connection:
        model, today = Model(), FIRST
        desk = Desk(rules=Rulebook(), ids=Ids(lambda: at(FIRST)), operator=OPERATOR)
        for new, corrects, which, shift in steps:
            today += timedelta(days=3)
            if corrects and model.switches:
                assert_right_or_unchanged(connection, desk, model, which, shift, today)
            elif model.by_day[DAYS[-1]] != new:
                case_id = switch(connection, desk, new, today)
                model.switched(case_id, today, new)
            assert_supplied(connection, model)
        connection.commit()
        found = verify(connection, replay)
        assert [one for one in found if one.kind is FindingKind.DAMAGED] == []
