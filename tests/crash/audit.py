"""What a file must hold in the end, whatever the service met: what an undisturbed run leaves.

Two runs of one scenario differ in the numbers they give out and in what is repeated: numbers are
masked, and what depends on how often something was tried is left out, no more.
"""

import hashlib
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

# Numbers of ours, UUIDs of version 7, in texts and in contents; and those of the scenario's
# messages, since of two at once either may come first.
_NUMBER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|\bM-\d{4}\b")

# Each is written anew for every file, says only where something stands, or is told with another.
_TABLES_LEFT_OUT = re.compile(
    r"_sqlite_migrations|payloads|seals|row_sums|customer_words.*|staff.*|credentials"
)
_COLUMNS_LEFT_OUT = frozenset(
    {
        "position",
        "deadline_id",
        "outbox_position",
        "recorded",
        "reading",
        "first_fetched_at",
        "sha256",  # of bytes that name a case; the bytes themselves are compared
    }
)
_PAYLOADS = ("payload_id", "bytes_payload", "answer_payload", "snapshot_payload")

_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"

# A content that lies in a table of its own.
_CONTENT = "SELECT content FROM payloads WHERE payload_id = ?"

# The answer kept with these bytes of the party.
_ANSWERS = (
    "SELECT content FROM inbox JOIN payloads ON payload_id = answer_payload"
    " WHERE party = ? AND sha256 = ? AND http_status = 200"
)

Account = Counter[str]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A message that was answered 200, with the answer."""

    party: str
    data: bytes
    answer: bytes


def account_of(database: Path) -> Account:
    """Every row the file holds, in a form that two runs of one scenario share."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        names = [name for (name,) in connection.execute(_TABLES)]
        return Counter(
            line
            for name in names
            if not _TABLES_LEFT_OUT.fullmatch(name)
            for line in _lines(connection, name)
        )


def differences(expected: Account, came: Account) -> list[str]:
    """What an undisturbed run has and this one has not, and the other way about."""
    return [f"missing: {line}" for line in (expected - came).elements()] + [
        f"too many: {line}" for line in (came - expected).elements()
    ]


def lost(database: Path, acknowledged: list[Acknowledged]) -> list[str]:
    """Messages that were acknowledged and are not there, once, with that answer."""
    wrong = []
    with closing(sqlite3.connect(database)) as connection:
        for one in acknowledged:
            kept = connection.execute(_ANSWERS, (one.party, _sha256(one.data))).fetchall()
            if kept != [(one.answer,)]:
                wrong.append(f"acknowledged, and kept {len(kept)} times: {one.data[:200]!r}")
    return wrong


def is_accepted(database: Path, party: str, data: bytes) -> bool:
    """Whether these bytes of the party were taken."""
    with closing(sqlite3.connect(database)) as connection:
        return bool(connection.execute(_ANSWERS, (party, _sha256(data))).fetchall())


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _lines(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    rows = connection.execute(f"SELECT * FROM {table}")
    columns = [
        (place, name)
        for place, (name, *_) in enumerate(rows.description)
        if name not in _COLUMNS_LEFT_OUT and not name.endswith("digest")
    ]
    refused = set()
    for row in rows.fetchall():
        told = [f"{name} {_told(connection, name, row[place])}" for place, name in columns]
        line = _NUMBER.sub("#", f"{table}: {', '.join(told)}")
        if table == "inbox" and row["http_status"] != 200:
            # It took no number: sent again it is judged anew, and kept again.
            refused.add(line)
        elif not _depends_on_tries(table, row):
            yield line
    yield from refused


def _depends_on_tries(table: str, row: sqlite3.Row) -> bool:
    """That something was handed out is noted where it can be; a sweep that stood says so."""
    if table == "handovers":
        return bool(row["what"] == "fetched")
    return table == "journal" and row["kind"] in ("SweepStopped", "SweepWentOn")


def _told(connection: sqlite3.Connection, column: str, value: object) -> str:
    if column in _PAYLOADS and value is not None:
        value = connection.execute(_CONTENT, (value,)).fetchone()[0]
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
