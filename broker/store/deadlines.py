"""Open deadlines as rows: written with the case that sets them, found by the hour to act.

The engine gives the complete set of a case; what to add, change and remove is worked out here. A
parked deadline (handling it failed) is left aside by every look-up for what is due.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from broker.messages.deadlines import Deadline, DeadlineKind
from broker.messages.identifiers import CaseId, DeliveryPoint
from broker.store import instants

_COLUMNS = (
    "deadline_id, case_id, delivery_point, parked, kind, act_at, limit_at, warn_at, rule, article"
)

# Every open deadline of one case, parked ones too.
_OF_CASE = f"SELECT {_COLUMNS} FROM deadlines WHERE case_id = ? ORDER BY act_at, deadline_id"

# What the sweep takes next: due and not parked, the earliest first.
_DUE = (
    f"SELECT {_COLUMNS} FROM deadlines WHERE parked IS NULL AND act_at <= ?"
    " ORDER BY act_at, deadline_id LIMIT ?"
)

# What goes before an event at this delivery point.
_DUE_AT_DELIVERY_POINT = (
    f"SELECT {_COLUMNS} FROM deadlines"
    " WHERE delivery_point = ? AND parked IS NULL AND act_at <= ? ORDER BY act_at, deadline_id"
)

# What has been put aside and waits for a person.
_PARKED = f"SELECT {_COLUMNS} FROM deadlines WHERE parked IS NOT NULL ORDER BY act_at, deadline_id"

# The next hour at which something is due, for the operator's view.
_NEXT = "SELECT min(act_at) FROM deadlines WHERE parked IS NULL"

# The numbers of the cases for which any is open, in order, one batch after another.
_CASES = "SELECT DISTINCT case_id FROM deadlines WHERE case_id > ? ORDER BY case_id LIMIT ?"

# Open a deadline.
_INSERT = (
    "INSERT INTO deadlines (case_id, delivery_point, kind, act_at, limit_at, warn_at, rule,"
    " article) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)

# Move a deadline; what has been moved is no longer parked.
_UPDATE = (
    "UPDATE deadlines SET delivery_point = ?, act_at = ?, limit_at = ?, warn_at = ?, rule = ?,"
    " article = ?, parked = NULL WHERE deadline_id = ?"
)

# Close a deadline.
_DELETE = "DELETE FROM deadlines WHERE deadline_id = ?"

# Put a deadline aside, with the reason.
_PARK = "UPDATE deadlines SET parked = ? WHERE deadline_id = ?"

# How many deadlines are put aside.
_COUNT_PARKED = "SELECT count(*) FROM deadlines WHERE parked IS NOT NULL"

# Let the sweep take a deadline again.
_UNPARK = "UPDATE deadlines SET parked = NULL WHERE deadline_id = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDeadline:
    """An open deadline of a case; `parked` says why handling it failed, None where it did not."""

    deadline_id: int
    case_id: CaseId
    delivery_point: DeliveryPoint | None
    deadline: Deadline
    parked: str | None


def replace(
    connection: Connection,
    case_id: CaseId,
    delivery_point: DeliveryPoint | None,
    deadlines: Iterable[Deadline],
) -> tuple[Deadline, ...]:
    """Make these the open deadlines of the case; those that stay as they were are not touched.

    Gives those that it has closed. Raises ValueError for two of one kind.
    """
    wanted = _by_kind(deadlines)
    closed = []
    for present in of_case(connection, case_id):
        deadline = wanted.pop(present.deadline.kind, None)
        if deadline is None:
            connection.execute(_DELETE, (present.deadline_id,))
            closed.append(present.deadline)
        elif (deadline, delivery_point) != (present.deadline, present.delivery_point):
            moved = (delivery_point, *_terms_of(deadline), present.deadline_id)
            connection.execute(_UPDATE, moved)
    for deadline in wanted.values():
        row = (case_id, delivery_point, deadline.kind.value, *_terms_of(deadline))
        connection.execute(_INSERT, row)
    return tuple(closed)


def _by_kind(deadlines: Iterable[Deadline]) -> dict[DeadlineKind, Deadline]:
    by_kind: dict[DeadlineKind, Deadline] = {}
    for deadline in deadlines:
        if deadline.kind in by_kind:
            raise ValueError(f"two deadlines of kind {deadline.kind.value}")
        by_kind[deadline.kind] = deadline
    return by_kind


def cases_with_any(
    connection: Connection, *, after: CaseId | None, limit: int
) -> tuple[CaseId, ...]:
    """The cases with an open deadline that come after this one, in order, at most `limit`.

    They are more than the cases in progress: measured power is settled after the switch (A24).
    """
    rows = connection.execute(_CASES, (after or "", limit))
    return tuple(CaseId(case_id) for (case_id,) in rows)


def parked_count(connection: Connection) -> int:
    """How many deadlines are put aside because handling them failed."""
    count: int = connection.execute(_COUNT_PARKED).fetchone()[0]
    return count


def due(connection: Connection, until: datetime, limit: int) -> tuple[OpenDeadline, ...]:
    """The deadlines with `act_at` up to and including `until`, earliest first, at most `limit`."""
    return _query(connection, _DUE, (instants.to_text(until), limit))


def due_at_delivery_point(
    connection: Connection, delivery_point: DeliveryPoint, until: datetime
) -> tuple[OpenDeadline, ...]:
    """The deadlines of every case at this delivery point with `act_at` up to `until`, in order."""
    return _query(connection, _DUE_AT_DELIVERY_POINT, (delivery_point, instants.to_text(until)))


def of_case(connection: Connection, case_id: CaseId) -> tuple[OpenDeadline, ...]:
    """Every open deadline of the case, earliest first, parked ones too."""
    return _query(connection, _OF_CASE, (case_id,))


def parked(connection: Connection) -> tuple[OpenDeadline, ...]:
    """The deadlines whose handling failed and that wait for a person, earliest first."""
    return _query(connection, _PARKED, ())


def next_act_at(connection: Connection) -> datetime | None:
    """The next hour at which something is due, None where nothing is open."""
    return instants.from_text_or_none(connection.execute(_NEXT).fetchone()[0])


def park(connection: Connection, deadline_id: int, text: str) -> None:
    """Put the deadline aside because handling it failed, as `text` says."""
    connection.execute(_PARK, (text, deadline_id))


def unpark(connection: Connection, deadline_id: int) -> None:
    """Let the sweep take the deadline again."""
    connection.execute(_UNPARK, (deadline_id,))


def _terms_of(deadline: Deadline) -> tuple[str, str, str | None, str, str]:
    return (
        instants.to_text(deadline.act_at),
        instants.to_text(deadline.limit),
        instants.to_text_or_none(deadline.warn_at),
        deadline.rule,
        deadline.article,
    )


def _query(
    connection: Connection, query: str, parameters: tuple[str | int, ...]
) -> tuple[OpenDeadline, ...]:
    return tuple(
        OpenDeadline(
            deadline_id=deadline_id,
            case_id=CaseId(case_id),
            delivery_point=None if delivery_point is None else DeliveryPoint(delivery_point),
            deadline=Deadline(
                kind=DeadlineKind(kind),
                act_at=instants.from_text(act_at),
                limit=instants.from_text(limit_at),
                warn_at=instants.from_text_or_none(warn_at),
                rule=rule,
                article=article,
            ),
            parked=why,
        )
        for (
            deadline_id,
            case_id,
            delivery_point,
            why,
            kind,
            act_at,
            limit_at,
            warn_at,
            rule,
            article,
        ) in connection.execute(query, parameters)
    )
