"""Every document of a file is lost, found missing, and made again: it says what the first one said.

What differs is its number, when it was made, and that it names the one in whose place it stands.
"""

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from broker.config import Config, RuleSettings
from broker.ids import Ids
from broker.store import register
from broker.store.connection import open_for_writing
from broker.usecases.handle_event import Desk
from broker.usecases.owed_notices import find_missing, make_again

_NEW = ("Identification", "Creation", "Corrects")
_LATER = datetime(2099, 1, 1, tzinfo=UTC)


def differences_when_made_again(
    database: Path, rules: RuleSettings, *, same_register: bool
) -> list[str]:
    """What is not found missing, or not the same when made again, of all documents of a file.

    Only found and made where it is not the `same_register` as when the first ones were made.
    """
    copy = Path(shutil.copy(database, database.with_name("lost.sqlite")))
    with closing(open_for_writing(copy)) as connection:
        desk = Desk(
            rules=Config(rules=rules).rulebook(),
            ids=Ids(lambda: _LATER),
            operator=register.operator(connection).eic,
        )
        before = _documents(connection)
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM outbox")
        connection.execute("BEGIN IMMEDIATE")
        wrong = []
        found = find_missing(connection)
        if {one.document_id for one in found} != set(before):
            wrong.append(f"{len(before)} are lost, {len(found)} are missing")
        for one in found:
            try:
                number = make_again(
                    connection, one, now=_LATER, by="Nada Zgled", why="lost", desk=desk
                )
            except Exception as error:  # noqa: BLE001 - told with the kind it happened to
                wrong.append(f"{one.kind.value} to {one.party}: {error!r}")
                continue
            again, first = _documents(connection)[number], before[one.document_id]
            if same_register and _content(again) != _content(first):
                wrong.append(f"{one.kind.value} to {one.party}: {_differ(again, first)}")
        wrong += [f"still missing: {one}" for one in find_missing(connection)]
        connection.execute("ROLLBACK")
    return wrong


def _documents(connection) -> dict[str, bytes]:
    return dict(
        connection.execute(
            "SELECT document_id, content FROM outbox JOIN payloads USING (payload_id)"
        )
    )


def _content(document: bytes) -> bytes:
    """What it says, without what must differ."""
    root = etree.fromstring(document)
    for element in root[0]:
        if etree.QName(element).localname in _NEW:
            root[0].remove(element)
    return etree.tostring(root)


def _differ(again: bytes, first: bytes) -> str:
    """Where they begin to differ."""
    one, other = _content(again).decode(), _content(first).decode()
    begin = next(at for at, pair in enumerate(zip(one, other, strict=False)) if len(set(pair)) > 1)
    return f"now {one[begin - 60 : begin + 60]!r}, first {other[begin - 60 : begin + 60]!r}"
