"""Connections to the one SQLite file, and the hold that keeps others from writing beside it.

The service holds the file while it runs and owns the only connection for writing. First set-up,
first import and restore take the same hold and are refused while the service has it.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from broker.store import row_sums

# Read everything as of one moment, beside a writer.
_BEGIN = "BEGIN"
_END = "ROLLBACK"

# Whether every page of the file and every row of its tables is well formed.
_QUICK_CHECK = "PRAGMA quick_check(1)"

_FULL = 2
_BUSY_TIMEOUT_MS_WRITING = 10
_BUSY_TIMEOUT_MS_READING = 5_000
BUSY_TIMEOUT_MS_IN_THE_EVENT_LOOP = 10
_BUSY_TIMEOUT_MS_EMPTYING = 500


class UnableToOpen(Exception):
    """The database cannot be opened in the way it must be; nothing was changed."""


class UnableToOpenHeldDatabase(UnableToOpen):
    """Another process holds the database: the service runs, or a set-up, import or restore."""


class UnableToOpenDurably(UnableToOpen):
    """SQLite does not promise to keep what it commits (no WAL, or `synchronous` is not FULL)."""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The connection that writes; creates the file, readable by its owner alone, where missing.

    Transactions are opened by hand. It may move between threads, but serves one at a time.
    Raises UnableToOpenDurably, or UnableToOpen for a file that is no database.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=256
        )
    except (OSError, sqlite3.Error) as error:
        raise UnableToOpen(f"{path}: {error}") from error
    try:
        _prepare_for_writing(connection)
        row_sums.add_functions(connection)
    except sqlite3.Error as error:
        connection.close()
        raise UnableToOpen(f"{path}: {error}") from error
    except UnableToOpen:
        connection.close()
        raise
    return connection


def _prepare_for_writing(connection: sqlite3.Connection) -> None:
    # The wait is short because it stops the event loop; the writer waits longer, in small steps.
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS_WRITING}")
    journal_mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # What is erased, or replaced by something newer, is overwritten and not only left behind.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 1000")
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    foreign_keys = connection.execute("PRAGMA foreign_keys").fetchone()[0]
    if (journal_mode, synchronous, foreign_keys) != ("wal", _FULL, 1):
        raise UnableToOpenDurably(
            f"journal_mode is {journal_mode}, synchronous {synchronous},"
            f" foreign_keys {foreign_keys}; needed: wal, {_FULL}, 1"
        )


def check_quickly(connection: sqlite3.Connection) -> None:
    """Read the whole file once. Raises UnableToOpen where SQLite finds it damaged."""
    try:
        told = connection.execute(_QUICK_CHECK).fetchone()[0]
    except (sqlite3.Error, UnicodeError) as error:
        told = str(error)
    if told != "ok":
        raise UnableToOpen(f"the file is damaged: {told}")


def open_for_reading(
    path: Path, busy_timeout_ms: int = _BUSY_TIMEOUT_MS_READING
) -> sqlite3.Connection:
    """A connection that cannot write, for mailboxes, dashboard and verification.

    Where the file cannot be read just now, it waits so long and blocks its thread meanwhile. Raises
    UnableToOpen where there is no database.
    """
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
        connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        raise UnableToOpen(f"{path}: {error}") from error
    return connection


def is_busy(error: Exception) -> bool:
    """Whether another process has the file for itself just now, so that trying again helps."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.OperationalError) and code == sqlite3.SQLITE_BUSY


def empty_log(path: Path) -> bool:
    """Bring everything committed into the file and empty the log beside it (the WAL).

    What was erased may stand in older frames of the log until then. False where somebody reads
    or writes at this moment: to be tried again.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS_EMPTYING}")
        busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


@contextmanager
def one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """Show what is read inside the block as of one moment, whatever is committed meanwhile."""
    connection.execute(_BEGIN)
    try:
        yield
    finally:
        connection.execute(_END)


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Keep the database at this path to this process until the block ends, or the process.

    Raises UnableToOpenHeldDatabase at once where another process holds it, and UnableToOpen where
    no file can be made beside it.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnableToOpen(f"{path}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnableToOpenHeldDatabase(f"{path} is held by another process") from error
        yield
    finally:
        os.close(descriptor)
