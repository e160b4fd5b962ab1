"""Does the database still hold what was committed? Every byte that should not change is checked.

Seals vouch for rows that stay and for the sums over those that change, digests for contents, the
journal for the state of each case; the shares of supply must add up, whoever wrote them. What
retention has erased is reported as erased, not as damage. Reads only.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from sqlite3 import Connection
from typing import NamedTuple

from broker.engine.state import Case
from broker.messages.identifiers import CaseId
from broker.messages.records import Record
from broker.store import (
    cases,
    codec,
    customer_search,
    deadlines,
    journal,
    payloads,
    row_sums,
    schema,
    seals,
    supply,
)
from broker.store.connection import one_moment

Replay = Callable[[tuple[Record, ...]], Case]
"""Works out the state of a case from its records, of which there is at least one."""

# What SQLite itself finds wrong: pages, indexes, types, constraints.
_INTEGRITY = "PRAGMA integrity_check"
_FOREIGN_KEYS = "PRAGMA foreign_key_check"

# Whose pages hang together from this one on.
_TREE = "SELECT type || ' ' || name FROM sqlite_schema WHERE rootpage = ?"
_NAMED_TREE = re.compile(r"^Tree (\d+)\b")

# Each digest beside the content it stands for, by the table and key of its row.
_DIGESTS = (
    (
        "journal",
        (
            "SELECT position || coalesce(' of case ' || case_id, ''), digest, payloads.payload_id,"
            " salt, content FROM journal LEFT JOIN payloads USING (payload_id) ORDER BY position"
        ),
    ),
    (
        "message",
        (
            "SELECT position || ' with receipt ' || receipt, bytes_digest, payload_id, salt,"
            " content FROM inbox LEFT JOIN payloads ON payload_id = bytes_payload ORDER BY position"
        ),
    ),
    (
        "answer",
        (
            "SELECT position || ' to receipt ' || receipt, answer_digest, payload_id, salt, content"
            " FROM inbox LEFT JOIN payloads ON payload_id = answer_payload"
            " WHERE answer_payload IS NOT NULL ORDER BY position"
        ),
    ),
    (
        "document",
        (
            "SELECT position || ' with number ' || document_id, digest, payloads.payload_id, salt,"
            " content FROM outbox LEFT JOIN payloads USING (payload_id) ORDER BY position"
        ),
    ),
    (
        "case",
        (
            "SELECT case_id, snapshot_digest, payload_id, salt, content"
            " FROM cases LEFT JOIN payloads ON payload_id = snapshot_payload ORDER BY case_id"
        ),
    ),
)

# The hash of each message's bytes beside the bytes.
_MESSAGE_HASHES = (
    "SELECT position, sha256, content FROM inbox JOIN payloads ON payload_id = bytes_payload"
    " WHERE content IS NOT NULL ORDER BY position"
)

# Each contract beside its hash.
_CONTRACTS = "SELECT lower(hex(sha256)), sha256, content FROM contract_documents ORDER BY stored_at"

# Documents whose own times differ from the sealed handovers of their last round.
_HANDOVERS_DIFFER = (
    "WITH latest (position, round) AS (SELECT outbox.position, coalesce(max(round), 0)"
    " FROM outbox LEFT JOIN handovers ON outbox_position = outbox.position"
    " GROUP BY outbox.position)"
    " SELECT outbox.position FROM outbox JOIN latest USING (position)"
    " LEFT JOIN handovers AS fetched ON fetched.outbox_position = outbox.position"
    " AND fetched.what = 'fetched' AND fetched.round = latest.round"
    " LEFT JOIN handovers AS acknowledged ON acknowledged.outbox_position = outbox.position"
    " AND acknowledged.what = 'acknowledged' AND acknowledged.round = latest.round"
    " WHERE outbox.first_fetched_at IS NOT fetched.at"
    " OR outbox.acknowledged_at IS NOT acknowledged.at ORDER BY outbox.position"
)

# Documents that are not noted, as they are sealed, among what is owed.
_OWED_DIFFER = (
    "SELECT outbox.position FROM outbox LEFT JOIN owed_notices AS owed USING (document_id)"
    " WHERE owed.kind IS NOT outbox.kind OR owed.party IS NOT outbox.party"
    " OR owed.case_id IS NOT coalesce(comes_of, outbox.case_id)"
    " OR recorded IS NULL AND (owed.at <> created_at OR in_place_of IS NOT NULL)"
    " OR recorded IS NOT NULL AND NOT EXISTS (SELECT 1 FROM journal"
    "  WHERE position = recorded AND journal.kind IN ('NoticeMadeAgain', 'ChangeTold'))"
    " ORDER BY outbox.position"
)

# Contents that no row vouches for.
_UNCLAIMED = (
    "SELECT payload_id FROM payloads EXCEPT SELECT payload_id FROM journal"
    " EXCEPT SELECT bytes_payload FROM inbox EXCEPT SELECT answer_payload FROM inbox"
    " EXCEPT SELECT payload_id FROM outbox EXCEPT SELECT snapshot_payload FROM cases"
)

# Contents half erased, or erased without a time. The schema forbids it, but SQLite's own check
# leaves CHECK constraints out on a connection that only reads.
_HALF_ERASED = (
    "SELECT payload_id FROM payloads WHERE (salt IS NULL) <> (erased_at IS NOT NULL)"
    " OR (content IS NULL) <> (erased_at IS NOT NULL)"
)

# Each case as its row has it, with its snapshot.
_CASES = (
    "SELECT case_id, content, phase, accounting_point, delivery_point, applicant, opened_at,"
    " ended_at, waits_for, process, corrects"
    " FROM cases LEFT JOIN payloads ON payload_id = snapshot_payload ORDER BY case_id"
)

# Cases that the journal speaks of without a row of theirs: their foreign key was off.
_LOST_CASES = (
    "SELECT DISTINCT case_id FROM journal WHERE case_id IS NOT NULL"
    " EXCEPT SELECT case_id FROM cases"
)


class FindingKind(Enum):
    """How grave a finding is."""

    ERASED = "erased"
    """Removed on purpose; the seal over its row holds."""
    NOT_SEALED = "not_sealed"
    """Rows after the last seal; only a writer without seals leaves such."""
    DAMAGED = "damaged"
    """Not what was committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing the verification found: `where` names the row, `what` says what is wrong."""

    kind: FindingKind
    where: str
    what: str


class _CaseRow(NamedTuple):
    case_id: CaseId
    snapshot: bytes | None
    columns: cases.CaseColumns


def verify(
    connection: Connection, replay: Replay, *, last_seal: seals.NotedSeal | None = None
) -> list[Finding]:
    """Everything that is not as it was committed; empty when all is well.

    `replay` gives the state of a case from its records. `last_seal` is one that was noted
    elsewhere: that it is among the seals proves that nothing up to it was cut off. Contents that
    cannot be read, and an error in replay, are findings too. Best called on a connection for
    reading.
    """
    with one_moment(connection), _every_text_legible(connection):
        return [
            *_guarded("database", _structure(connection)),
            *_guarded("seals", _seals(connection)),
            *_guarded("seals", _noted_elsewhere(connection, last_seal)),
            *_guarded("contents", _digests(connection)),
            *_guarded("hashes", _hashes(connection)),
            *_guarded("tables", _row_sums(connection)),
            *_guarded("words of customers", _words(connection)),
            *_guarded("handovers", _handovers(connection)),
            *_guarded("contents", _payloads(connection)),
            *_guarded("cases", _all_cases(connection, replay)),
            *_guarded("supply", _keys(connection)),
        ]


def _damage(where: str, what: str) -> Finding:
    return Finding(kind=FindingKind.DAMAGED, where=where, what=what)


def _guarded(where: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings, and one more where what is damaged cannot even be read."""
    try:
        yield from findings
    except Exception as error:  # noqa: BLE001 - whatever damage does to a check is a finding
        yield _damage(where, f"cannot be read to the end: {error!r}")


@contextmanager
def _every_text_legible(connection: Connection) -> Iterator[None]:
    """Within the block a text with a damaged byte is read as another text, not as an error."""
    before = connection.text_factory
    connection.text_factory = lambda text: text.decode("utf-8", "backslashreplace")
    try:
        yield
    finally:
        connection.text_factory = before


def _structure(connection: Connection) -> Iterator[Finding]:
    if schema.marks_differ(connection):
        yield _damage("database", "its application id or its version is not what it should be")
    for (text,) in connection.execute(_INTEGRITY):
        if text != "ok":
            yield _damage(_tree(connection, text), text)
    for table, row, parent, _ in connection.execute(_FOREIGN_KEYS):
        where = table if row is None else f"{table} {row}"
        yield _damage(where, f"refers to a row of {parent} that is not there")


def _tree(connection: Connection, text: str) -> str:
    """Which table or index SQLite speaks of, where it names the first of its pages."""
    named = _NAMED_TREE.match(text)
    row = connection.execute(_TREE, (named[1],)).fetchone() if named else None
    return "database" if row is None else str(row[0])


def _seals(connection: Connection) -> Iterator[Finding]:
    since: seals.Positions = (0, 0, 0, 0)
    previous, number = seals.BEGINNING, 0
    for seal in seals.all_seals(connection):
        where, number = f"seal {seal.seal_id}", number + 1
        if seal.seal_id != number or seal.previous != previous:
            yield _damage(where, "does not follow the seal before")
            number = seal.seal_id
        value = seals.value_of(
            connection,
            at=seal.at,
            since=since,
            to=seal.to,
            previous=seal.previous,
            sums=seal.row_sums,
        )
        if value != seal.value:
            yield _damage(where, f"it was changed, or a row of {_span(since, seal.to)}")
        since, previous = seal.to, seal.value
    ends = seals.ends(connection)
    if ends > since and all(end >= sealed for end, sealed in zip(ends, since, strict=True)):
        yield Finding(
            kind=FindingKind.NOT_SEALED, where="seals", what=f"rows after {since}, up to {ends}"
        )
    elif ends != since:
        yield _damage("seals", f"rows are missing: sealed up to {since}, present up to {ends}")


def _span(since: seals.Positions, to: seals.Positions) -> str:
    """The rows after one position up to another, in words."""
    tables = ("journal", "message", "document", "handover")
    return ", ".join(
        f"{table} {first + 1} to {last}"
        for table, first, last in zip(tables, since, to, strict=True)
        if last > first
    )


def _noted_elsewhere(connection: Connection, noted: seals.NotedSeal | None) -> Iterator[Finding]:
    if noted is None or any(one.value == noted.value for one in seals.all_seals(connection)):
        return
    last = seals.last_seal(connection)
    if last is None:
        yield _damage("seals", "there is none, not even the one that was noted elsewhere")
        return
    here = f"the last one here is {last.seal_id} of {last.at.isoformat()}"
    if noted.number is None:
        what = "the one noted elsewhere is not among them: rows were cut off or replaced"
        yield _damage("seals", f"{what}; {here}")
    elif noted.number > last.seal_id:
        lost = noted.number - last.seal_id
        yield _damage(
            f"seal {noted.number}",
            f"it is not there; {here}: {lost} batches committed after that are lost",
        )
    else:
        what = "it is not what was noted elsewhere: up to it rows were replaced"
        yield _damage(f"seal {noted.number}", what)


def _row_sums(connection: Connection) -> Iterator[Finding]:
    """Tables that change, against the sums over their rows, and these against the last seal."""
    found = False
    for one in row_sums.differences(connection):
        found = True
        yield _damage(one.where, one.what)
    last = seals.last_seal(connection)
    if last is not None and not found and row_sums.digest(connection) != last.row_sums:
        what = "rows that may change were written after the last seal"
        yield Finding(kind=FindingKind.NOT_SEALED, where="tables", what=what)


def _words(connection: Connection) -> Iterator[Finding]:
    """The index of customers' words, which follows from the table of customers."""
    trouble = customer_search.trouble_of_index(connection)
    if trouble is not None:
        yield _damage("words of customers", f"the index can be made anew: {trouble}")


def _digests(connection: Connection) -> Iterator[Finding]:
    for table, query in _DIGESTS:
        for key, digest, payload_id, salt, content in connection.execute(query):
            where = f"{table} {key}"
            if payload_id is None:
                yield _damage(where, "its content is not there")
            elif content is None:
                yield Finding(kind=FindingKind.ERASED, where=where, what="sealed, erased")
            elif payloads.digest_of(salt, content) != digest:
                yield _damage(where, "its content was changed")


def _hashes(connection: Connection) -> Iterator[Finding]:
    for position, sha256, content in connection.execute(_MESSAGE_HASHES):
        if hashlib.sha256(content).digest() != sha256:
            yield _damage(f"message {position}", "its bytes do not have their hash")
    for name, sha256, content in connection.execute(_CONTRACTS):
        if hashlib.sha256(content).digest() != sha256:
            yield _damage(f"contract {name}", "its bytes do not have their hash")


def _handovers(connection: Connection) -> Iterator[Finding]:
    for (position,) in connection.execute(_HANDOVERS_DIFFER):
        yield _damage(f"document {position}", "its times differ from the handovers")
    for (position,) in connection.execute(_OWED_DIFFER):
        yield _damage(f"document {position}", "is not noted as it is among what is owed")


def _payloads(connection: Connection) -> Iterator[Finding]:
    for (payload_id,) in connection.execute(_UNCLAIMED):
        yield _damage(f"payload {payload_id}", "no row vouches for it")
    for (payload_id,) in connection.execute(_HALF_ERASED):
        yield _damage(f"payload {payload_id}", "is neither whole nor erased")


def _all_cases(connection: Connection, replay: Replay) -> Iterator[Finding]:
    for case_id, snapshot, *columns in connection.execute(_CASES):
        row = _CaseRow(case_id, snapshot, (*columns,))
        try:
            yield from _case(connection, row, replay)
        except Exception as error:  # noqa: BLE001 - whatever a damaged case does is a finding
            yield _damage(f"case {case_id}", f"cannot be replayed: {error!r}")
    for (case_id,) in connection.execute(_LOST_CASES):
        yield _damage(f"case {case_id}", "has records but no row")


def _case(connection: Connection, row: _CaseRow, replay: Replay) -> Iterator[Finding]:
    where = f"case {row.case_id}"
    try:
        records = journal.records_of(connection, row.case_id)
    except journal.UnableToReadErased:
        return  # reported with the digests
    if not records:
        yield _damage(where, "has no records")
        return
    state = replay(records)
    if row.snapshot is not None and codec.encode(state) != row.snapshot:
        yield _damage(where, "its snapshot is not what its records give")
    if state.case_id != row.case_id or cases.columns_of(state) != row.columns:
        yield _damage(where, "its row is not what its records give")
    if _deadline_rows(connection, row.case_id) != _deadlines_of(state):
        yield _damage(where, "its deadlines are not what its records give")


def _keys(connection: Connection) -> Iterator[Finding]:
    """Division keys that do not add up; the tables let none be committed (B10)."""
    for point, day in supply.keys_that_do_not_add_up(connection):
        yield _damage(f"supply at {point}", f"its shares on {day} are not exactly one, nor nothing")


def _deadline_rows(connection: Connection, case_id: CaseId) -> set[tuple[object, object]]:
    rows = deadlines.of_case(connection, case_id)
    return {(row.deadline, row.delivery_point) for row in rows}


def _deadlines_of(state: Case) -> set[tuple[object, object]]:
    return {(deadline, state.delivery_point) for deadline in state.deadlines}
