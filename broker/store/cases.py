"""Cases: where each stands, as columns to look it up by and as a snapshot to go on from.

The snapshot is the state that the records of the case give; it is kept as a payload, so that it
can be erased with them. A case is saved before any other row that names it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from sqlite3 import Connection

from broker.engine.state import Case, CorrectionCase, Phase, SwitchCase
from broker.messages.identifiers import CaseId, DeliveryPoint, Eic, Gsrn
from broker.store import codec, instants, payloads

# Bring the row of a known case to its new state, and learn where its snapshot lies.
_UPDATE = (
    "UPDATE cases SET phase = ?, accounting_point = ?, delivery_point = ?, applicant = ?,"
    " opened_at = ?, ended_at = ?, waits_for = ?, process = ?, corrects = ?,"
    " snapshot_digest = ? WHERE case_id = ?"
    " RETURNING snapshot_payload"
)

# Add the row of a new case.
_INSERT = (
    "INSERT INTO cases (phase, accounting_point, delivery_point, applicant, opened_at, ended_at,"
    " waits_for, process, corrects, snapshot_digest, case_id, snapshot_payload)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

# The snapshot of one case, and of which process it is.
_SNAPSHOT = (
    "SELECT content, process FROM cases JOIN payloads ON payload_id = snapshot_payload"
    " WHERE case_id = ?"
)

# Where one case stands.
_PHASE = "SELECT phase FROM cases WHERE case_id = ?"

# Of one supplier that asked or is to supply, or anybody's.
_OWN = (
    "(:own IS NULL OR EXISTS (SELECT 1 FROM case_parties WHERE case_parties.case_id = cases.case_id"
    " AND party = :own AND capacity IN ('applicant', 'new_supplier')))"
)

# The case in progress at a delivery point, of which the schema allows one (A7).
_OPEN_AT_DELIVERY_POINT = (
    "SELECT case_id FROM cases WHERE delivery_point = :place AND ended_at IS NULL"
    f" AND case_id IS NOT :except_case AND {_OWN}"
)

# The newest case of an accounting point, one in progress before any that has ended.
_LATEST_AT_ACCOUNTING_POINT = (
    f"SELECT case_id FROM cases WHERE accounting_point = :point AND {_OWN}"
    " ORDER BY ended_at IS NOT NULL, opened_at DESC, case_id DESC LIMIT 1"
)

# The cases that stand in one phase, oldest first.
_IN_PHASE = (
    "SELECT case_id, phase, accounting_point, delivery_point, applicant, opened_at FROM cases"
    " WHERE ended_at IS NULL AND phase = ? ORDER BY opened_at, case_id LIMIT ?"
)

# The case that put a switch right, of which the schema allows one.
_CORRECTED_BY = "SELECT case_id FROM cases WHERE corrects = ?"

# Whether a switch where a point is delivered was put right after an instant.
_PUT_RIGHT_SINCE = (
    "SELECT EXISTS (SELECT 1 FROM accounting_points AS point"
    " JOIN accounting_points AS beside USING (delivery_point)"
    " JOIN cases ON cases.accounting_point = beside.accounting_point"
    " WHERE point.accounting_point = ? AND opened_at >= ? AND corrects IS NOT NULL)"
)

# Let a party see a case, from the first time it is told of it in this capacity.
_ADD_PARTY = (
    "INSERT INTO case_parties (case_id, party, capacity, since) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)

# Who may see a case.
_PARTIES = (
    "SELECT party, capacity, since FROM case_parties WHERE case_id = ?"
    " ORDER BY since, party, capacity"
)

# In which capacities one party may see a case.
_CAPACITIES = "SELECT capacity FROM case_parties WHERE case_id = ? AND party = ?"


class UnableToLoadErased(Exception):
    """The snapshot of the case has been erased."""


class Capacity(Enum):
    """As what a party takes part in a case."""

    APPLICANT = "applicant"
    NEW_SUPPLIER = "new_supplier"
    OLD_SUPPLIER = "old_supplier"
    METERING_CENTRE = "metering_centre"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseParty:
    """A party that may see a case, in one capacity, and since when."""

    party: Eic
    capacity: Capacity
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """A case in progress, as a line of the operator's list."""

    case_id: CaseId
    phase: Phase
    accounting_point: Gsrn
    delivery_point: DeliveryPoint | None
    applicant: Eic
    opened_at: datetime


_CLASSES: dict[str, type[Case]] = {one.process: one for one in (SwitchCase, CorrectionCase)}

CaseColumns = tuple[str, str, str | None, str, str, str | None, str | None, str, str | None]
"""Phase, accounting point, delivery point, applicant, opened at, ended at, what of the operator's
it waits for, process, the case put right, as stored.
"""


def columns_of(state: Case) -> CaseColumns:
    """What the row of a case in this state holds besides its id and its snapshot."""
    return (
        state.phase.value,
        state.accounting_point,
        state.delivery_point,
        state.applicant,
        instants.to_text(state.received_at),
        instants.to_text_or_none(state.ended_at),
        state.waits_for.value if state.waits_for else None,
        state.process,
        state.corrects,
    )


def save(connection: Connection, state: Case) -> None:
    """Keep the state of a case, new or known.

    Raises sqlite3.IntegrityError where another case is in progress at its delivery point, or
    where a case has ended without `ended_at`.
    """
    content = codec.encode(state)
    salt, digest = payloads.fresh_salt_and_digest(content)
    row = (*columns_of(state), digest, state.case_id)
    known = connection.execute(_UPDATE, row).fetchall()
    if known:
        payloads.replace(connection, known[0][0], salt, content)
    else:
        kept = payloads.keep(connection, content)
        row = (*columns_of(state), kept.digest, state.case_id)
        connection.execute(_INSERT, (*row, kept.payload_id))


def load(connection: Connection, case_id: CaseId) -> Case | None:
    """The state of a case, None for an unknown one.

    Raises UnableToLoadErased, and ValueError where the snapshot is damaged.
    """
    row = connection.execute(_SNAPSHOT, (case_id,)).fetchone()
    if row is None:
        return None
    if row[0] is None:
        raise UnableToLoadErased(case_id)
    return codec.decode(row[0], _CLASSES[row[1]])


def corrected_by(connection: Connection, case_id: CaseId) -> CaseId | None:
    """The case that put this switch right, None where none did."""
    row = connection.execute(_CORRECTED_BY, (case_id,)).fetchone()
    return None if row is None else CaseId(row[0])


def put_right_since(connection: Connection, accounting_point: Gsrn, at: datetime) -> bool:
    """Whether a switch at the delivery point of this one was put right since this instant (D3)."""
    row = connection.execute(_PUT_RIGHT_SINCE, (accounting_point, instants.to_text(at))).fetchone()
    return bool(row[0])


def phase_of(connection: Connection, case_id: CaseId) -> Phase | None:
    """Where the case stands, None for an unknown one."""
    row = connection.execute(_PHASE, (case_id,)).fetchone()
    return None if row is None else Phase(row[0])


def open_case_at(
    connection: Connection,
    delivery_point: DeliveryPoint,
    *,
    except_case: CaseId | None = None,
    own: Eic | None = None,
) -> CaseId | None:
    """The case in progress at this delivery point other than `except_case`, if there is one.

    With `own` only where this supplier asked for it or is to supply.
    """
    wanted = {"place": delivery_point, "except_case": except_case, "own": own}
    row = connection.execute(_OPEN_AT_DELIVERY_POINT, wanted).fetchone()
    return None if row is None else CaseId(row[0])


def latest_case_at(
    connection: Connection, accounting_point: Gsrn, *, own: Eic | None = None
) -> CaseId | None:
    """The case a message about this accounting point means when it names none.

    The one in progress, else the one opened last; None where there never was one. With `own` of
    those alone that this supplier asked for or is to supply in.
    """
    wanted = {"point": accounting_point, "own": own}
    row = connection.execute(_LATEST_AT_ACCOUNTING_POINT, wanted).fetchone()
    return None if row is None else CaseId(row[0])


def cases_in_phase(connection: Connection, phase: Phase, *, limit: int) -> tuple[CaseSummary, ...]:
    """The cases in progress in this phase, oldest first, at most `limit`."""
    return _summaries(connection, _IN_PHASE, phase.value, limit)


def _summaries(
    connection: Connection, query: str, *parameters: str | int
) -> tuple[CaseSummary, ...]:
    return tuple(
        CaseSummary(
            case_id=CaseId(case_id),
            phase=Phase(phase),
            accounting_point=Gsrn(accounting_point),
            delivery_point=None if delivery_point is None else DeliveryPoint(delivery_point),
            applicant=Eic(applicant),
            opened_at=instants.from_text(opened_at),
        )
        for case_id, phase, accounting_point, delivery_point, applicant, opened_at in (
            connection.execute(query, parameters)
        )
    )


def add_party(
    connection: Connection, case_id: CaseId, party: Eic, capacity: Capacity, *, since: datetime
) -> None:
    """Let the party see the case in this capacity; again changes nothing, not even the time."""
    connection.execute(_ADD_PARTY, (case_id, party, capacity.value, instants.to_text(since)))


def parties(connection: Connection, case_id: CaseId) -> tuple[CaseParty, ...]:
    """Who may see the case, first those who could first."""
    return tuple(
        CaseParty(party=Eic(party), capacity=Capacity(capacity), since=instants.from_text(since))
        for party, capacity, since in connection.execute(_PARTIES, (case_id,))
    )


def capacities(connection: Connection, case_id: CaseId, party: Eic) -> frozenset[Capacity]:
    """In which capacities the party may see the case; empty where it may not."""
    rows = connection.execute(_CAPACITIES, (case_id, party))
    return frozenset(Capacity(capacity) for (capacity,) in rows)
