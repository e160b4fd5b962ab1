"""Which service provider may act for which supplier: kinds of message, mailbox, period.

A delegation is never changed: it runs out or is ended, and another is granted.
"""

from dataclasses import dataclass
from datetime import date, datetime
from sqlite3 import Connection, Cursor

from broker.engine.calendar import local_day, start_of
from broker.messages.codes import DocumentKind
from broker.messages.identifiers import Eic
from broker.store import instants

_DELEGATION = """
    SELECT number, provider, supplier, mailbox, from_day, until_day, granted_at, ended_at,
        (SELECT group_concat(kind) FROM delegated_kinds
            WHERE delegated_kinds.delegation_id = delegations.delegation_id)
    FROM delegations"""

# What a provider may or might do for a supplier.
_BETWEEN = f"{_DELEGATION} WHERE provider = ? AND supplier = ? ORDER BY delegation_id"

# Every delegation that a party gave or was given, newest first.
_OF_PARTY = f"""
    SELECT * FROM ({_DELEGATION} WHERE provider = :party UNION ALL
        {_DELEGATION} WHERE supplier = :party) ORDER BY granted_at DESC, number DESC"""

# Every delegation, newest first.
_ALL = f"{_DELEGATION} ORDER BY delegation_id DESC"

# A new delegation, and what kinds of message it is for.
_GRANT = """
    INSERT INTO delegations
        (number, provider, supplier, mailbox, from_day, until_day, granted_at)
    VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING delegation_id"""
_ADD_KIND = "INSERT INTO delegated_kinds (delegation_id, kind) VALUES (?, ?)"

# End one that has neither run out nor been ended.
_END = """
    UPDATE delegations SET ended_at = :at
    WHERE number = :number AND ended_at IS NULL AND :today < until_day"""

QUERIES = (_BETWEEN, _OF_PARTY)
"""The look-ups whose plans are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """What a supplier lets a provider do in its name, from a day up to another, which is not of it.

    `mailbox` is whether the provider may read and acknowledge the supplier's documents.
    """

    number: str
    provider: Eic
    supplier: Eic
    kinds: tuple[DocumentKind, ...]
    mailbox: bool
    from_day: date
    until_day: date
    granted_at: datetime
    ended_at: datetime | None

    @property
    def until_at(self) -> datetime:
        """The first instant after its period."""
        return start_of(self.until_day)

    def in_force(self, at: datetime) -> bool:
        """Whether it can be acted on at this instant."""
        in_period = self.from_day <= local_day(at) < self.until_day
        return in_period and (self.ended_at is None or at < self.ended_at)


class NoSuchDelegation(LookupError):
    """No delegation with this number could be ended."""


def between(connection: Connection, provider: Eic, supplier: Eic) -> tuple[Delegation, ...]:
    """What the supplier has ever delegated to the provider, in order."""
    return _read(connection.execute(_BETWEEN, (provider, supplier)))


def of_party(connection: Connection, party: Eic) -> tuple[Delegation, ...]:
    """What the party has ever delegated or was delegated, newest first."""
    return _read(connection.execute(_OF_PARTY, {"party": party}))


def all_of_them(connection: Connection) -> tuple[Delegation, ...]:
    """Every delegation, newest first."""
    return _read(connection.execute(_ALL))


def grant(connection: Connection, delegation: Delegation) -> None:
    """Put a delegation on record. Raises IntegrityError for parties that are none."""
    row = (
        delegation.number,
        delegation.provider,
        delegation.supplier,
        delegation.mailbox,
        delegation.from_day.isoformat(),
        delegation.until_day.isoformat(),
        instants.to_text(delegation.granted_at),
    )
    (delegation_id,) = connection.execute(_GRANT, row).fetchone()
    for kind in delegation.kinds:
        connection.execute(_ADD_KIND, (delegation_id, kind.value))


def end(connection: Connection, number: str, at: datetime) -> None:
    """End a delegation at this instant. Raises NoSuchDelegation where it has ended already."""
    today = local_day(at).isoformat()
    wanted = {"at": instants.to_text(at), "number": number, "today": today}
    ended = connection.execute(_END, wanted)
    if ended.rowcount != 1:
        raise NoSuchDelegation(f"there is no delegation {number} that has not ended")


def _read(rows: Cursor) -> tuple[Delegation, ...]:
    return tuple(
        Delegation(
            number=number,
            provider=Eic(provider),
            supplier=Eic(supplier),
            kinds=tuple(kind for kind in DocumentKind if kind.value in (kinds or "").split(",")),
            mailbox=bool(mailbox),
            from_day=date.fromisoformat(from_day),
            until_day=date.fromisoformat(until_day),
            granted_at=instants.from_text(granted_at),
            ended_at=instants.from_text_or_none(ended_at),
        )
        for (
            number,
            provider,
            supplier,
            mailbox,
            from_day,
            until_day,
            granted_at,
            ended_at,
            kinds,
        ) in rows
    )
