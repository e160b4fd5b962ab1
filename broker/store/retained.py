"""What is kept and what is erased: of cases, of messages and documents of no case, of customers.

Rows stay where a seal or another row speaks of them; their contents go, with the salts, for good.
Erasing is called inside a transaction of the writer; what may be erased is decided elsewhere.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from broker.engine.state import Phase
from broker.messages.identifiers import CaseId, Eic, Gsrn, TaxNumber
from broker.store import instants, payloads

# The snapshots of all cases, to find the contracts they name.
_SNAPSHOTS = (
    "SELECT case_id, content FROM cases JOIN payloads ON payload_id = snapshot_payload"
    " WHERE content IS NOT NULL ORDER BY case_id"
)
_HASH = re.compile(rb'"sha256":"([0-9a-f]{64})"')

# A contract is evidence for a case, as long as the contract is kept.
_NOTE_CONTRACT = (
    "INSERT INTO contracts_of_cases (sha256, case_id)"
    " SELECT sha256, ?2 FROM contract_documents WHERE sha256 = ?1 ON CONFLICT DO NOTHING"
)

# Ended cases that are not erased, in order of number.
_ENDED = (
    "SELECT case_id FROM cases JOIN payloads ON payload_id = snapshot_payload"
    " WHERE content IS NOT NULL AND ended_at < ? ORDER BY case_id"
)

# Cases that name a customer, whether they have ended or not.
_NAMING = (
    "SELECT case_id FROM cases JOIN payloads ON payload_id = snapshot_payload"
    " WHERE instr(content, ?) ORDER BY case_id"
)

# Where a case stands: for which of the reasons it may not go yet.
_STANDING = (
    "SELECT ended_at, phase, content IS NULL,"
    " EXISTS (SELECT 1 FROM deadlines WHERE deadlines.case_id = cases.case_id),"
    " (SELECT count(*) FROM outbox JOIN participants ON eic = party"
    "  WHERE coalesce(comes_of, outbox.case_id) = cases.case_id"
    "  AND acknowledged_at IS NULL AND active),"
    " EXISTS (SELECT 1 FROM cases AS other JOIN deadlines USING (case_id)"
    "  WHERE other.corrects = cases.case_id OR other.case_id = cases.corrects),"
    " EXISTS (SELECT 1 FROM cases AS other WHERE other.corrects = cases.case_id)"
    " FROM cases JOIN payloads ON payload_id = snapshot_payload WHERE case_id = ?"
)

# What remains of an erased case: its row, what happened, what was sent.
_GONE = (
    "SELECT case_id, phase, accounting_point, opened_at, ended_at, erased_at FROM cases"
    " JOIN payloads ON payload_id = snapshot_payload WHERE case_id = ? AND erased_at IS NOT NULL"
)
_HAPPENED = "SELECT at, kind, NULL FROM journal WHERE case_id = ? ORDER BY position"
_SENT = (
    "SELECT created_at, kind, party FROM outbox WHERE case_id = ?1 OR comes_of = ?1"
    " ORDER BY position"
)

# The contents of a case: what happened, its state, what was received, answered, sent, and what the
# operator's staff did with its documents.
_OF_CASE = """
    SELECT payload_id FROM journal WHERE case_id = :case_id
    UNION SELECT snapshot_payload FROM cases WHERE case_id = :case_id
    UNION SELECT bytes_payload FROM inbox WHERE case_id = :case_id
    UNION SELECT answer_payload FROM inbox WHERE case_id = :case_id AND answer_payload IS NOT NULL
    UNION SELECT payload_id FROM outbox WHERE case_id = :case_id
    UNION SELECT payload_id FROM outbox WHERE comes_of = :case_id
    UNION SELECT journal.payload_id FROM owed_notices JOIN journal ON position = recorded
        WHERE owed_notices.case_id = :case_id
    UNION SELECT journal.payload_id FROM outbox
        JOIN handovers ON outbox_position = outbox.position
        JOIN journal ON journal.position = recorded
        WHERE outbox.case_id = :case_id OR outbox.comes_of = :case_id"""

# The contracts that are evidence for no other case, and that this one is done with its contracts.
_LAST_CONTRACTS = (
    "DELETE FROM contract_documents WHERE sha256 IN ("
    "SELECT sha256 FROM contracts_of_cases WHERE case_id = ?1) AND NOT EXISTS ("
    "SELECT 1 FROM contracts_of_cases AS others"
    " WHERE others.sha256 = contract_documents.sha256 AND others.case_id <> ?1)"
)
_NO_CONTRACTS = "DELETE FROM contracts_of_cases WHERE case_id = ?"

# What is of no case and older than an instant, not erased: messages with their answers, documents
# that nobody waits for, and rows of the journal.
_OLD_MESSAGES = (
    "SELECT position, bytes_payload, answer_payload FROM inbox"
    " JOIN payloads ON payload_id = bytes_payload"
    " WHERE case_id IS NULL AND content IS NOT NULL AND received_at < ? ORDER BY position"
)
_OLD_DOCUMENTS = (
    "SELECT position, payload_id FROM outbox JOIN payloads USING (payload_id)"
    " LEFT JOIN participants ON eic = party"
    " WHERE case_id IS NULL AND comes_of IS NULL AND content IS NOT NULL"
    " AND outbox.created_at < ? AND (acknowledged_at IS NOT NULL OR NOT coalesce(active, 0))"
    " ORDER BY position"
)
_OLD_RECORDS = (
    "SELECT position, payload_id FROM journal JOIN payloads USING (payload_id)"
    " WHERE case_id IS NULL AND content IS NOT NULL AND at < ? ORDER BY position"
)

# A customer by its tax number.
_CUSTOMER = (
    "SELECT customer, name, street FROM customers WHERE tax_number = ? AND erased_at IS NULL"
)

_REFERRED_TO = (
    "EXISTS (SELECT 1 FROM accounting_points AS point WHERE point.customer = customers.customer)"
    " OR EXISTS (SELECT 1 FROM metering_sites WHERE owner = customers.customer)"
)

# Whether a point or a site refers to a customer.
_IS_REFERRED_TO = f"SELECT {_REFERRED_TO} FROM customers WHERE customer = ?"

# Customers of whom it is to be noted that nothing refers to them any more, or that something does
# again.
_LEFT_OR_BACK = (
    "SELECT customer FROM customers WHERE erased_at IS NULL"
    f" AND (left_at IS NOT NULL) = ({_REFERRED_TO}) ORDER BY customer"
)

# Since when nothing refers to a customer: noted once, and forgotten where something does again.
_NOTE_LEFT_OR_BACK = (
    f"UPDATE customers SET left_at = CASE WHEN {_REFERRED_TO} THEN NULL"
    " ELSE coalesce(left_at, ?) END WHERE customer = ? AND erased_at IS NULL"
)

# Customers that nothing has referred to since before an instant.
_LEFT = (
    "SELECT customer FROM customers WHERE erased_at IS NULL AND left_at < ?"
    f" AND NOT ({_REFERRED_TO}) ORDER BY customer"
)

# Empty the row of a customer that nothing refers to; the index of words forgets it by a trigger.
_ERASE_CUSTOMER = (
    "UPDATE customers SET tax_number = NULL, name = NULL, street = NULL, postal_code = NULL,"
    " city = NULL, country = NULL, email = NULL, erased_at = ? WHERE customer = ?"
    f" AND erased_at IS NULL AND NOT ({_REFERRED_TO})"
)

# Sessions that nobody has used, and mails that were settled, since before an instant.
_OLD_SESSIONS = "DELETE FROM staff_sessions WHERE last_seen_at < ?"
_OLD_MAILS = "DELETE FROM staff_mails WHERE coalesce(sent_at, noted_at) < ?"

# What is of no case with what it holds: messages with their answers, documents that nobody waits
# for, rows of the journal.
_MESSAGES = (
    "SELECT content, position, bytes_payload, answer_payload FROM inbox"
    " JOIN payloads ON payload_id = bytes_payload WHERE case_id IS NULL AND content IS NOT NULL"
)
_DOCUMENTS = (
    "SELECT content, position, payload_id FROM outbox JOIN payloads USING (payload_id)"
    " LEFT JOIN participants ON eic = party"
    " WHERE case_id IS NULL AND comes_of IS NULL AND content IS NOT NULL"
    " AND (acknowledged_at IS NOT NULL OR NOT coalesce(active, 0))"
)
_RECORDS = (
    "SELECT content, position, payload_id FROM journal JOIN payloads USING (payload_id)"
    " WHERE case_id IS NULL AND content IS NOT NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a case stands that may be erased. `waiting` counts the documents that a party which
    still takes part has not acknowledged.
    """

    ended_at: datetime | None
    phase: Phase
    erased: bool
    deadlines_run: bool
    waiting: int
    correction_runs: bool
    corrected: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what remains of a case: when, what, and to whom where something was sent."""

    at: datetime
    what: str
    party: Eic | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneCase:
    """What remains of a case whose contents were erased."""

    case_id: CaseId
    phase: Phase
    accounting_point: Gsrn
    opened_at: datetime
    ended_at: datetime
    erased_at: datetime
    history: tuple[Line, ...]
    documents: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Old:
    """Something of no case: where its row stands, and its contents."""

    position: int
    payloads: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerOnRecord:
    """A customer of the register by its key, and whether a point or a site still refers to it."""

    customer: int
    name: str
    street: str
    referred_to: bool


def make_up_contracts(connection: Connection) -> None:
    """Note which contracts the cases name that were there before this was noted."""
    for case_id, content in connection.execute(_SNAPSHOTS).fetchall():
        note_contracts(connection, case_id, (name.decode() for name in _HASH.findall(content)))


def note_contracts(connection: Connection, case_id: CaseId, hashes: Iterable[str]) -> None:
    """These contracts (by their hash, hexadecimal) are evidence for the case, if they are kept."""
    for name in hashes:
        connection.execute(_NOTE_CONTRACT, (bytes.fromhex(name), case_id))


def ended_before(connection: Connection, before: datetime) -> Iterator[CaseId]:
    """Cases that ended before an instant and are not erased, in order of number."""
    rows = connection.execute(_ENDED, (instants.to_text(before),))
    return (CaseId(case_id) for (case_id,) in rows)


def cases_naming(connection: Connection, tax_number: TaxNumber) -> Iterator[CaseId]:
    """Cases that name a party with this tax number, in order of number."""
    rows = connection.execute(_NAMING, (f'"{tax_number}"'.encode(),))
    return (CaseId(case_id) for (case_id,) in rows)


def standing(connection: Connection, case_id: CaseId) -> Standing | None:
    """Where the case stands, None for an unknown one."""
    row = connection.execute(_STANDING, (case_id,)).fetchone()
    if row is None:
        return None
    ended_at, phase, erased, deadlines_run, waiting, correction_runs, corrected = row
    return Standing(
        ended_at=instants.from_text_or_none(ended_at),
        phase=Phase(phase),
        erased=bool(erased),
        deadlines_run=bool(deadlines_run),
        waiting=waiting,
        correction_runs=bool(correction_runs),
        corrected=bool(corrected),
    )


def gone(connection: Connection, case_id: CaseId) -> GoneCase | None:
    """What remains of an erased case, None for any other."""
    row = connection.execute(_GONE, (case_id,)).fetchone()
    if row is None:
        return None
    number, phase, point, *times = row
    opened_at, ended_at, erased_at = map(instants.from_text, times)
    return GoneCase(
        case_id=CaseId(number),
        phase=Phase(phase),
        accounting_point=Gsrn(point),
        opened_at=opened_at,
        ended_at=ended_at,
        erased_at=erased_at,
        history=_lines(connection, _HAPPENED, case_id),
        documents=_lines(connection, _SENT, case_id),
    )


def erase_case(connection: Connection, case_id: CaseId, at: datetime) -> None:
    """Erase every content of the case, and the contracts that are evidence for no other."""
    found = connection.execute(_OF_CASE, {"case_id": case_id}).fetchall()
    _erase(connection, (payload_id for (payload_id,) in found), at)
    connection.execute(_LAST_CONTRACTS, (case_id,))
    connection.execute(_NO_CONTRACTS, (case_id,))


def old_messages(connection: Connection, before: datetime) -> Iterator[Old]:
    """Messages of no case received before an instant, with their answers, not erased."""
    return _old(connection, _OLD_MESSAGES, before)


def old_documents(connection: Connection, before: datetime) -> Iterator[Old]:
    """Documents of no case from before an instant that nobody waits for, not erased."""
    return _old(connection, _OLD_DOCUMENTS, before)


def old_records(connection: Connection, before: datetime) -> Iterator[Old]:
    """Rows of the journal of no case from before an instant, not erased."""
    return _old(connection, _OLD_RECORDS, before)


def messages(connection: Connection) -> Iterator[tuple[Old, bytes]]:
    """Messages of no case with their answers, not erased, and what each of them says."""
    return _with_contents(connection, _MESSAGES)


def documents(connection: Connection) -> Iterator[tuple[Old, bytes]]:
    """Documents of no case that nobody waits for, not erased, and what each of them says."""
    return _with_contents(connection, _DOCUMENTS)


def records(connection: Connection) -> Iterator[tuple[Old, bytes]]:
    """Rows of the journal of no case, not erased, and what each of them holds."""
    return _with_contents(connection, _RECORDS)


def erase_old(connection: Connection, old: Iterable[Old], at: datetime) -> None:
    """Erase these contents."""
    _erase(connection, (payload_id for one in old for payload_id in one.payloads), at)


def customer(connection: Connection, tax_number: TaxNumber) -> CustomerOnRecord | None:
    """The customer with this tax number, None where there is none or it has been erased."""
    row = connection.execute(_CUSTOMER, (tax_number,)).fetchone()
    if row is None:
        return None
    key, name, street = row
    referred_to = bool(connection.execute(_IS_REFERRED_TO, (key,)).fetchone()[0])
    return CustomerOnRecord(customer=key, name=name, street=street, referred_to=referred_to)


def left_or_back(connection: Connection) -> Iterator[int]:
    """Customers that nothing refers to any more, or that something does again, not noted yet."""
    return (key for (key,) in connection.execute(_LEFT_OR_BACK))


def note_left_or_back(connection: Connection, keys: Iterable[int], at: datetime) -> None:
    """Note of each of these customers since when nothing refers to it, or that something does."""
    connection.executemany(_NOTE_LEFT_OR_BACK, ((instants.to_text(at), key) for key in keys))


def left_before(connection: Connection, before: datetime) -> Iterator[int]:
    """Customers that nothing has referred to since before an instant."""
    return (key for (key,) in connection.execute(_LEFT, (instants.to_text(before),)))


def erase_customer(connection: Connection, key: int, at: datetime) -> bool:
    """Empty the row of a customer, and its words in the index; False where something refers to it
    again, or it has gone already.
    """
    return connection.execute(_ERASE_CUSTOMER, (instants.to_text(at), key)).rowcount > 0


def forget_sessions_and_mails(
    connection: Connection, *, sessions_before: datetime, mails_before: datetime
) -> int:
    """Remove sessions nobody has used, and mails noted, since before these instants; how many."""
    ended = connection.execute(_OLD_SESSIONS, (instants.to_text(sessions_before),)).rowcount
    return ended + connection.execute(_OLD_MAILS, (instants.to_text(mails_before),)).rowcount


def _lines(connection: Connection, query: str, case_id: CaseId) -> tuple[Line, ...]:
    rows = connection.execute(query, (case_id,))
    return tuple(
        Line(instants.from_text(at), what, party and Eic(party)) for at, what, party in rows
    )


def _old(connection: Connection, query: str, before: datetime) -> Iterator[Old]:
    for position, *kept in connection.execute(query, (instants.to_text(before),)):
        yield Old(position, tuple(filter(None, kept)))


def _with_contents(connection: Connection, query: str) -> Iterator[tuple[Old, bytes]]:
    for content, position, *kept in connection.execute(query):
        yield Old(position, tuple(filter(None, kept))), content


def _erase(connection: Connection, payload_ids: Iterable[int], at: datetime) -> None:
    for payload_id in payload_ids:
        payloads.erase(connection, payload_id, at)
