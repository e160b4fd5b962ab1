"""The schema of the dashboard: the operator's staff and their sessions.

A migration that has been released is never edited; a change is a new one. A password is kept as
its argon2 hash, a session as the SHA-256 of what its cookie holds, so the file gives none away.
"""

from sqlite_utils import Database, Migrations

dashboard = Migrations("dashboard")

_INSTANT = "GLOB '????-??-??T??:??:??.??????Z'"

_STAFF = f"""
CREATE TABLE staff (
    staff_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 2 AND 40 AND name NOT GLOB '*[^a-z0-9._-]*'),
    full_name TEXT NOT NULL CHECK (full_name <> ''),
    role TEXT NOT NULL CHECK (role IN ('viewer', 'clerk')),
    password_hash TEXT NOT NULL CHECK (password_hash GLOB '$argon2id$*'),
    added_at TEXT NOT NULL CHECK (added_at {_INSTANT}),
    removed_at TEXT CHECK (removed_at {_INSTANT}) -- the row stays: decisions bear the name
) STRICT
"""

_SESSIONS = f"""
CREATE TABLE staff_sessions (
    sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32),
    staff_id INTEGER NOT NULL REFERENCES staff,
    signed_in_at TEXT NOT NULL CHECK (signed_in_at {_INSTANT}),
    last_seen_at TEXT NOT NULL CHECK (last_seen_at {_INSTANT}),
    CHECK (signed_in_at <= last_seen_at)
) STRICT, WITHOUT ROWID
"""

_INDEXES = (
    # A name is one person's; the name of somebody removed is free again.
    "CREATE UNIQUE INDEX staff_by_name ON staff (name) WHERE removed_at IS NULL",
    # What ends when a person is removed or gets another password.
    "CREATE INDEX sessions_of_staff ON staff_sessions (staff_id)",
)


@dashboard(name="0001_staff")
def _staff(db: Database) -> None:
    for statement in (_STAFF, _SESSIONS, *_INDEXES):
        db.execute(statement)
