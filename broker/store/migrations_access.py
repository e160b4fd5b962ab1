"""The steps of the register's schema that say who may speak for whom: certificates, delegations.

A migration that has been released is never edited; a change is a new one.
"""

from sqlite_utils import Database, Migrations

_INSTANT = "GLOB '????-??-??T??:??:??.??????Z'"

_DELEGATIONS = f"""
CREATE TABLE delegations (
    delegation_id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL REFERENCES participants (eic),
    supplier TEXT NOT NULL REFERENCES participants (eic),
    mailbox INTEGER NOT NULL CHECK (mailbox IN (0, 1)), -- whether it may read and acknowledge
    from_day TEXT NOT NULL CHECK (from_day IS date(from_day, '+0 days')),
    until_day TEXT NOT NULL CHECK (until_day IS date(until_day, '+0 days')), -- the first day after
    granted_at TEXT NOT NULL CHECK (granted_at {_INSTANT}),
    ended_at TEXT CHECK (ended_at {_INSTANT}),
    CHECK (from_day < until_day),
    CHECK (provider <> supplier),
    CHECK (ended_at >= granted_at)
) STRICT
"""

_DELEGATED_KINDS = """
CREATE TABLE delegated_kinds (
    delegation_id INTEGER NOT NULL REFERENCES delegations,
    kind TEXT NOT NULL CHECK (kind <> ''),
    PRIMARY KEY (delegation_id, kind)
) STRICT, WITHOUT ROWID
"""


def add_steps_of_access(register: Migrations) -> None:
    """Add these steps to the register's, after those it has."""
    register(name="certificates_beside_tokens")(_certificates)
    register(name="service_providers")(_service_providers)
    register(name="delegations")(_delegations)


def _certificates(db: Database) -> None:
    # A certificate is known by its SHA-256 as a token is, but only a token may be sent as one.
    db.execute("ALTER TABLE tokens RENAME TO credentials")
    db.execute("""
        ALTER TABLE credentials ADD COLUMN kind TEXT NOT NULL DEFAULT 'token'
            CHECK (kind IN ('token', 'certificate'))""")


def _service_providers(db: Database) -> None:
    # SQLite cannot widen the CHECK of a column: the table is made anew.
    db.execute("""
        CREATE TABLE roles_with_providers (
            eic TEXT NOT NULL REFERENCES participants (eic),
            role TEXT NOT NULL CHECK (role IN ('DDQ', 'DDM', 'DDE', 'DEL')),
            PRIMARY KEY (eic, role)
        ) STRICT, WITHOUT ROWID""")
    db.execute("INSERT INTO roles_with_providers SELECT eic, role FROM participant_roles")
    db.execute("DROP TABLE participant_roles")
    db.execute("ALTER TABLE roles_with_providers RENAME TO participant_roles")


def _delegations(db: Database) -> None:
    db.execute(_DELEGATIONS)
    db.execute(_DELEGATED_KINDS)
    # What a provider may do for a supplier, and who acts for a supplier.
    db.execute("CREATE INDEX delegations_of_provider ON delegations (provider, supplier)")
    db.execute("CREATE INDEX delegations_of_supplier ON delegations (supplier)")
