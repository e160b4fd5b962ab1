"""A change at a shared meter that one of its suppliers was not told of is missing there (A32).

Method: the sample register, in which points 48 and 49 have one meter and a supplier each; a change
is told as if the other had been forgotten.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from sqlite3 import Connection

import pytest
from lxml import etree

from broker.engine.handle_register_change import notices_of_change
from broker.ids import Ids
from broker.messages.codes import RegisterChangeKind
from broker.messages.events import PointChanged
from broker.messages.identifiers import AreaNumber, Eic, Gsrn
from broker.store.connection import open_for_writing
from broker.usecases.change_register import tell_of_change
from broker.usecases.handle_event import Desk
from broker.usecases.owed_notices import find_missing, make_again
from broker.wire.schema import TAG_PREFIX
from tests.engine.builders import OPERATOR, RULES, supply
from tests.web.running import new_database

SEVERNA, SONCNA = Eic("28XSEVER-ENERGI8"), Eic("28XSONCNA-ODDAJ9")
FIRST, SECOND = Gsrn("383199900000000482"), Gsrn("383199900000000499")
DAY = date(2026, 4, 28)
NOW = datetime(2026, 4, 28, 7, tzinfo=UTC)
LATER = datetime(2026, 4, 29, 7, tzinfo=UTC)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """The connection that writes to a file with the sample register."""
    path = tmp_path / "broker.sqlite"
    new_database(path, parties=[OPERATOR])
    with closing(open_for_writing(path)) as connection:
        yield connection


def tell_severna(connection: Connection, change: RegisterChangeKind, desk: Desk) -> None:
    """A change at the first point is told to its own supplier alone."""
    own = supply(SEVERNA, share="0.5", accounting_point=FIRST)
    notices = notices_of_change(AreaNumber("7-0000048"), change, DAY, (own,))
    event = PointChanged(change=change, effective_on=DAY)
    tell_of_change(connection, FIRST, event, notices, now=NOW, desk=desk)


@pytest.fixture
def desk() -> Desk:
    return Desk(rules=RULES, ids=Ids(lambda: LATER), operator=OPERATOR)


@pytest.mark.parametrize(
    "change",
    [RegisterChangeKind.READING_METHOD, RegisterChangeKind.PAYER],
    ids=lambda one: one.value,
)
def test_a_change_of_the_meter_is_owed_to_the_other_supplier(
    connection: Connection, desk: Desk, change: RegisterChangeKind
) -> None:
    tell_severna(connection, change, desk)
    [missing] = find_missing(connection)
    assert (missing.party, missing.rule) == (SONCNA, "A32")
    number = make_again(connection, missing, now=LATER, by="Nada Zgled", why="forgotten", desk=desk)
    [(content,)] = connection.execute(
        "SELECT content FROM outbox JOIN payloads USING (payload_id) WHERE document_id = ?",
        (number,),
    )
    root = etree.fromstring(content)
    assert root.findtext(f"{TAG_PREFIX}Point/{TAG_PREFIX}AccountingPoint") == SECOND
    assert find_missing(connection) == ()


@pytest.mark.parametrize(
    "change",
    [RegisterChangeKind.CUSTOMER, RegisterChangeKind.CONNECTION],
    ids=lambda one: one.value,
)
def test_a_change_of_the_point_is_not(
    connection: Connection, desk: Desk, change: RegisterChangeKind
) -> None:
    tell_severna(connection, change, desk)
    assert find_missing(connection) == ()
