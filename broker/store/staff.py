"""The operator's staff, who may sign in to the dashboard, and their sessions.

Every change of staff is also a row of the journal without a case. Passwords come as argon2 hashes
made elsewhere; a session is kept as the hash of its cookie's value.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from sqlite3 import Connection

from broker.store import instants, journal

_MEMBER = "SELECT staff_id, name, full_name, role, password_hash, added_at FROM staff"

# The person of this name.
_BY_NAME = f"{_MEMBER} WHERE name = ? AND removed_at IS NULL"

# Everybody who may sign in, by name.
_ALL = f"{_MEMBER} WHERE removed_at IS NULL ORDER BY name"

# A new person.
_ADD = "INSERT INTO staff (name, full_name, role, password_hash, added_at) VALUES (?, ?, ?, ?, ?)"

# The person may no longer sign in.
_REMOVE = "UPDATE staff SET removed_at = ? WHERE staff_id = ?"

# Another password.
_SET_PASSWORD = "UPDATE staff SET password_hash = ? WHERE staff_id = ?"

# End every session of one person.
_END_SESSIONS_OF = "DELETE FROM staff_sessions WHERE staff_id = ?"

# Begin a session.
_BEGIN_SESSION = (
    "INSERT INTO staff_sessions (sha256, staff_id, signed_in_at, last_seen_at) VALUES (?, ?, ?, ?)"
)

# The session of this cookie and whose it is.
_SESSION = (
    "SELECT signed_in_at, last_seen_at, staff_id, name, full_name, role, password_hash, added_at"
    " FROM staff_sessions JOIN staff USING (staff_id) WHERE sha256 = ? AND removed_at IS NULL"
)

# The session was used again.
_SEEN = "UPDATE staff_sessions SET last_seen_at = max(last_seen_at, ?) WHERE sha256 = ?"

# End one session.
_END_SESSION = "DELETE FROM staff_sessions WHERE sha256 = ?"

# Forget sessions that have ended by time.
_FORGET = "DELETE FROM staff_sessions WHERE last_seen_at <= ? OR signed_in_at <= ?"


class StaffRole(Enum):
    """What a person may do in the dashboard: look, or look and decide."""

    VIEWER = "viewer"
    CLERK = "clerk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of the operator's staff; `name` is typed at sign-in, `full_name` shown."""

    staff_id: int
    name: str
    full_name: str
    role: StaffRole
    password_hash: str
    added_at: datetime

    @property
    def signature(self) -> str:
        """How the person is named in the journal."""
        return f"{self.full_name} ({self.name})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person who has signed in, since when, and when the session was last seen in use."""

    member: Member
    signed_in_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAdded:
    """A person was given access to the dashboard."""

    at: datetime
    by: str
    name: str
    full_name: str
    role: StaffRole


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRemoved:
    """A person lost access to the dashboard, and with it every session."""

    at: datetime
    by: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPasswordSet:
    """A person got another password; every session of the old one ended."""

    at: datetime
    by: str
    name: str


class NoSuchMember(LookupError):
    """Nobody of this name may sign in."""


def member_named(connection: Connection, name: str) -> Member | None:
    """The person who signs in by this name, None where there is none."""
    row = connection.execute(_BY_NAME, (name,)).fetchone()
    return None if row is None else _member(*row)


def members(connection: Connection) -> tuple[Member, ...]:
    """Everybody who may sign in, by name."""
    return tuple(_member(*row) for row in connection.execute(_ALL))


def add(connection: Connection, added: StaffAdded, *, password_hash: str) -> None:
    """Let a person sign in. Raises sqlite3.IntegrityError for a name that is taken."""
    at = instants.to_text(added.at)
    row = (added.name, added.full_name, added.role.value, password_hash, at)
    connection.execute(_ADD, row)
    journal.append(connection, case_id=None, at=added.at, record=added)


def remove(connection: Connection, removed: StaffRemoved) -> None:
    """End a person's access and sessions. Raises NoSuchMember."""
    member = _known(connection, removed.name)
    connection.execute(_REMOVE, (instants.to_text(removed.at), member.staff_id))
    connection.execute(_END_SESSIONS_OF, (member.staff_id,))
    journal.append(connection, case_id=None, at=removed.at, record=removed)


def set_password(connection: Connection, given: StaffPasswordSet, *, password_hash: str) -> None:
    """Give a person another password and end its sessions. Raises NoSuchMember."""
    member = _known(connection, given.name)
    connection.execute(_SET_PASSWORD, (password_hash, member.staff_id))
    connection.execute(_END_SESSIONS_OF, (member.staff_id,))
    journal.append(connection, case_id=None, at=given.at, record=given)


def begin_session(connection: Connection, member: Member, token: str, at: datetime) -> bool:
    """Begin a session of this person; False where the person or its password is gone meanwhile."""
    if member_named(connection, member.name) != member:
        return False
    now = instants.to_text(at)
    connection.execute(_BEGIN_SESSION, (_hash(token), member.staff_id, now, now))
    return True


def session(connection: Connection, token: str) -> Session | None:
    """The session of this cookie, whether it has run out or not; None for an unknown one."""
    row = connection.execute(_SESSION, (_hash(token),)).fetchone()
    if row is None:
        return None
    signed_in_at, last_seen_at, *member = row
    return Session(
        member=_member(*member),
        signed_in_at=instants.from_text(signed_in_at),
        last_seen_at=instants.from_text(last_seen_at),
    )


def note_seen(connection: Connection, token: str, at: datetime) -> None:
    """The session was used at this instant."""
    connection.execute(_SEEN, (instants.to_text(at), _hash(token)))


def end_session(connection: Connection, token: str) -> None:
    """End a session; again is harmless."""
    connection.execute(_END_SESSION, (_hash(token),))


def forget_sessions(
    connection: Connection, *, not_seen_since: datetime, begun_before: datetime
) -> None:
    """Take out the sessions that ran out by these instants."""
    parameters = (instants.to_text(not_seen_since), instants.to_text(begun_before))
    connection.execute(_FORGET, parameters)


def _known(connection: Connection, name: str) -> Member:
    member = member_named(connection, name)
    if member is None:
        raise NoSuchMember(f"nobody of the staff is called {name!r}")
    return member


def _member(staff_id: int, name: str, full_name: str, role: str, *rest: str) -> Member:
    password_hash, added_at = rest
    return Member(
        staff_id=staff_id,
        name=name,
        full_name=full_name,
        role=StaffRole(role),
        password_hash=password_hash,
        added_at=instants.from_text(added_at),
    )


def _hash(token: str) -> bytes:
    """What is kept of a session's cookie, which is 256 random bits."""
    return sha256(token.encode(errors="surrogateescape")).digest()
