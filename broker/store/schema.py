"""The shape of the file: whether it is one of ours, and bringing it to the newest shape.

A file bears the broker's application id, and how many migrations have shaped it as its user
version. What another program made, and what a newer broker has shaped, is left as it is.
"""

import sqlite3
from sqlite3 import Connection

from sqlite_utils import Database

from broker.store import row_sums
from broker.store.connection import UnableToOpen
from broker.store.migrations_dashboard import dashboard
from broker.store.migrations_delivery import delivery
from broker.store.migrations_evidence import evidence
from broker.store.migrations_exchange import exchange
from broker.store.migrations_flow import flow_figures
from broker.store.migrations_keeping import keeping
from broker.store.migrations_payers import payers
from broker.store.migrations_register import register

APPLICATION_ID = 0x53425231  # "SBR1"

_SETS = (exchange, register, dashboard, flow_figures, delivery, keeping, payers, evidence)
_KNOWN = frozenset(
    (one.name, migration.name) for one in _SETS for migration in one.pending(Database(memory=True))
)

# Whose file it is, how often it was shaped, and whether there is anything in it.
_APPLICATION_ID = "PRAGMA application_id"
_USER_VERSION = "PRAGMA user_version"
_IS_EMPTY = "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)"

# Whether migrations of ours have shaped it, and which.
_IS_SHAPED = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlite_migrations')"
_SHAPED_BY = "SELECT migration_set, name FROM _sqlite_migrations"


class UnableToOpenForeign(UnableToOpen):
    """The file is a database of another program."""


class UnableToOpenNewer(UnableToOpen):
    """The file was shaped by a newer version of the broker, which alone knows its shape."""


class UnableToOpenOlder(UnableToOpen):
    """The file was shaped by an older version; it must be brought up to date to be read."""


def migrate(connection: Connection) -> None:
    """Bring the tables of the file to the newest shape; again is harmless.

    Raises UnableToOpenForeign and UnableToOpenNewer for a file that is left as it is, and
    UnableToOpen where somebody has changed what vouches for its rows.
    """
    check_origin(connection)
    database = Database(connection)
    if any(one.pending(database) for one in _SETS):
        row_sums.uncover(connection)
        for one in _SETS:
            one.apply(database)
    wanted = (APPLICATION_ID, len(_KNOWN))
    if _marks(connection) != wanted:
        connection.execute(f"{_APPLICATION_ID} = {wanted[0]}")
        connection.execute(f"{_USER_VERSION} = {wanted[1]}")
    try:
        row_sums.cover(connection)
    except row_sums.SumsDoNotFit as error:
        raise UnableToOpen(str(error)) from error


def check_origin(connection: Connection) -> None:
    """That the file is new, or ours and of no newer version. Raises as `migrate` does."""
    try:
        _check_origin(connection)
    except (sqlite3.Error, UnicodeError) as error:
        raise UnableToOpen(f"the file cannot be read: {error}") from error


def _check_origin(connection: Connection) -> None:
    application_id, version = _marks(connection)
    if application_id not in (0, APPLICATION_ID):
        raise UnableToOpenForeign(f"the file belongs to another program ({application_id:#x})")
    if connection.execute(_IS_EMPTY).fetchone()[0]:
        return
    shaped_by = _shaped_by(connection)
    if not {of for of, _ in shaped_by} & {one.name for one in _SETS}:
        raise UnableToOpenForeign("the file is a database of another program")
    unknown = sorted(f"{of}/{name}" for of, name in shaped_by - _KNOWN)
    if unknown:
        raise UnableToOpenNewer(f"a newer version has shaped the file: {', '.join(unknown)}")
    if version > len(_KNOWN):
        raise UnableToOpenNewer(f"a newer version has shaped the file: {version} migrations")


def check_current(connection: Connection) -> None:
    """That the file has the shape of this version, to be read as it is.

    Raises UnableToOpenOlder, and as `migrate` does.
    """
    check_origin(connection)
    applied = len(_shaped_by(connection))
    if applied < len(_KNOWN):
        raise UnableToOpenOlder(
            f"an older version has shaped the file ({applied} of {len(_KNOWN)} migrations):"
            " the next start of the service brings it up to date"
        )


def marks_differ(connection: Connection) -> bool:
    """Whether the file's own marks are not those of its shape."""
    return _marks(connection) != (APPLICATION_ID, len(_KNOWN))


def _marks(connection: Connection) -> tuple[int, int]:
    (application_id,) = connection.execute(_APPLICATION_ID).fetchone()
    (version,) = connection.execute(_USER_VERSION).fetchone()
    return application_id, version


def _shaped_by(connection: Connection) -> set[tuple[str, str]]:
    if not connection.execute(_IS_SHAPED).fetchone()[0]:
        return set()
    return set(connection.execute(_SHAPED_BY).fetchall())
