"""Whole copies of the file: made beside a running service, and put in its place again.

A copy appears under its name only when it is whole and on the disk. What a restored file cannot
know is told from the file that it replaces, where that can still be read.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection

from broker.messages.identifiers import Gsrn
from broker.store import gsrns, instants, journal, seals
from broker.store.connection import UnableToOpen, hold, open_for_reading, open_for_writing
from broker.store.schema import UnableToOpenOlder, check_current, migrate
from broker.store.seals import Seal

NUMBERS_PASSED_OVER = 10_000
"""How many GSRNs are left unused by a restore: those given out after the backup are among them."""

_BESIDE = ("-wal", "-shm")

# A copy of everything as of one moment; writers go on meanwhile.
_COPY = "VACUUM INTO ?"

# Bring all of the write-ahead log into the file.
_CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"

# Every number ever given out.
_ISSUED = "SELECT gsrn FROM issued_gsrns"

# Messages that took their id after a position, by party, and since when.
_MESSAGES_SINCE = (
    "SELECT party, count(*), min(received_at) FROM inbox"
    " WHERE position > ? AND http_status = 200 GROUP BY party ORDER BY party"
)

# Documents put into mailboxes after a position.
_DOCUMENTS_SINCE = "SELECT count(*) FROM outbox WHERE position > ?"

# What the operator did to the service as a whole after a position.
_DONE_SINCE = (
    "SELECT at, kind, content FROM journal JOIN payloads USING (payload_id)"
    " WHERE position > ? AND case_id IS NULL ORDER BY position"
)


class UnableToBackUp(UnableToOpen):
    """The copy was not made or not taken; nothing that was there has been changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseRestored:
    """A person put a backup in the place of the file; `seal` was its last one, None without any."""

    at: datetime
    by: str
    why: str
    seal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A finished copy."""

    size_bytes: int
    seal: Seal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LostMessages:
    """How many messages of a party were accepted after the backup, the first of them when."""

    party: str
    number: int
    first: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LostDeed:
    """What the operator did to the service as a whole after the backup."""

    at: datetime
    kind: str
    content: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What the replaced file has that the restored one has not."""

    messages: tuple[LostMessages, ...]
    documents: int
    deeds: tuple[LostDeed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What became of a restore.

    `replaced` is where the file before lies now, None where there was none. `lost` is None where
    that cannot be read, or did not go on from the backup.
    """

    seal: Seal | None
    replaced: Path | None
    lost: Lost | None


_NAMED_BY_TIME = "-%Y%m%dT%H%M%SZ"
_ANY_TIME = "-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z"

Check = Callable[[Connection], None]
"""Looks at a copy before it is taken; raises where it must not be."""


def back_up(database: Path, target: Path, *, check: Check, overwrite: bool = False) -> Copied:
    """Copy everything committed so far; the service may run and write meanwhile.

    Raises UnableToBackUp where something lies at `target` that may not be overwritten or is in
    use, and UnableToOpen where the database cannot be read.
    """
    if target.exists() and not overwrite:
        raise UnableToBackUp(f"{target} is there already: name another, or say --overwrite")
    if any(target.with_name(target.name + beside).exists() for beside in _BESIDE):
        raise UnableToBackUp(f"{target} is in use as a database")
    with _becoming(target) as part:
        with closing(open_for_reading(database)) as connection:
            check_current(connection)
            try:
                connection.execute("PRAGMA query_only = OFF")  # the file itself is open read-only
                connection.execute(_COPY, (str(part),))
            except sqlite3.Error as error:
                raise UnableToBackUp(f"{target} could not be written: {error}") from error
        with closing(open_for_reading(part)) as copy:
            check(copy)
            seal = seals.last_seal(copy)
    return Copied(size_bytes=target.stat().st_size, seal=seal)


def named_by_time(database: Path, folder: Path, at: datetime) -> Path:
    """Where a backup made now lies in a folder of backups."""
    return folder / f"{database.stem}{at.strftime(_NAMED_BY_TIME)}{database.suffix}"


def remove_older(database: Path, folder: Path, keep: int) -> tuple[Path, ...]:
    """Remove all backups of the database from the folder but the newest `keep`; gives which."""
    made = sorted(folder.glob(f"{database.stem}{_ANY_TIME}{database.suffix}"), reverse=True)
    older = tuple(made[keep:])
    for one in older:
        one.unlink()
    return older


def restore(
    backup: Path, database: Path, *, check: Check, by: str, why: str, at: datetime
) -> Restored:
    """Put a copy of the backup in the place of the database, brought up to date.

    Raises UnableToOpenHeldDatabase while a service holds the database, UnableToOpen for a backup
    that is no file of ours or of a newer version, and what `check` raises; then the database is as
    it was.
    """
    if not backup.is_file():
        raise UnableToBackUp(f"{backup} is not there")
    with hold(database), _becoming(database) as part:
        _copy_with_log(backup, part)
        with closing(open_for_writing(part)) as connection:
            migrate(connection)
            seal = seals.last_seal(connection)
            if seal is not None and seal.row_sums is None:
                seals.seal(connection, at)  # made by a version that did not seal the sums
            check(connection)
            lost = _take_over(connection, database, seal)
            record = DatabaseRestored(
                at=at, by=by, why=why, seal=None if seal is None else str(seal)
            )
            journal.append(connection, case_id=None, at=at, record=record)
            seals.seal(connection, at)
            connection.execute(_CHECKPOINT)
        try:
            replaced = _set_aside(database, at)
        except OSError as error:
            raise UnableToBackUp(f"{database} cannot be set aside: {error}") from error
    return Restored(seal=seal, replaced=replaced, lost=lost)


@contextmanager
def _becoming(target: Path) -> Iterator[Path]:
    """A file, readable by its owner alone, that takes the target's name after the block.

    Gone where the block raises.
    """
    part = target.with_name(f".{target.name}.part-{os.getpid()}")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise UnableToBackUp(f"{target}: {error.strerror}") from error
    try:
        yield part
        _force_to_disk(part)
        part.replace(target)
        _force_to_disk(target.parent)
    finally:
        for left in ("", *_BESIDE):
            part.with_name(part.name + left).unlink(missing_ok=True)


def _force_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_with_log(backup: Path, part: Path) -> None:
    """Copy a file, with the log that may lie beside it where it was copied from a stopped service.

    Raises UnableToBackUp.
    """
    try:
        shutil.copyfile(backup, part)
        log = backup.with_name(f"{backup.name}-wal")
        if log.exists():
            shutil.copyfile(log, part.with_name(f"{part.name}-wal"))
    except OSError as error:
        raise UnableToBackUp(f"{backup}: {error.strerror}") from error


def _take_over(connection: Connection, database: Path, seal: Seal | None) -> Lost | None:
    """Give out no number twice, whatever was given out since; tells what the old file knows more.

    The old file may itself lack its end, so numbers are passed over in any case.

    Source: D1 (002 a.142).
    """
    gsrns.pass_over(connection, NUMBERS_PASSED_OVER)
    with suppress(UnableToOpen, sqlite3.Error, UnicodeError):
        if database.exists():
            with closing(open_for_reading(database)) as old:
                with suppress(UnableToOpenOlder):
                    check_current(old)
                if seal is None or any(one.value == seal.value for one in seals.all_seals(old)):
                    lost = _lost(old, (0, 0, 0, 0) if seal is None else seal.to)
                    numbers = [Gsrn(number) for (number,) in old.execute(_ISSUED)]
                    gsrns.keep_given_out(connection, numbers)
                    return lost
    return None


def _lost(old: Connection, since: seals.Positions) -> Lost:
    in_journal, in_inbox, in_outbox, _ = since
    return Lost(
        messages=tuple(
            LostMessages(party=party, number=number, first=instants.from_text(first))
            for party, number, first in old.execute(_MESSAGES_SINCE, (in_inbox,))
        ),
        documents=old.execute(_DOCUMENTS_SINCE, (in_outbox,)).fetchone()[0],
        deeds=tuple(
            LostDeed(at=instants.from_text(at), kind=kind, content=content)
            for at, kind, content in old.execute(_DONE_SINCE, (in_journal,))
        ),
    )


def _set_aside(database: Path, at: datetime) -> Path | None:
    """Keep the file that is there, with its log, under another name; None where there is none.

    Until the new file takes its name the old one stays at its place too, so that a crash leaves
    one or the other. Its log must not: SQLite would apply it to the new file.
    """
    if not database.exists():
        return None
    with suppress(UnableToOpen, sqlite3.Error), closing(open_for_writing(database)) as old:
        old.execute(_CHECKPOINT)
    replaced = database.with_name(f"{database.name}.replaced-{at:%Y%m%dT%H%M%SZ}")
    for beside in ("", *_BESIDE):
        present = database.with_name(database.name + beside)
        if present.exists():
            os.link(present, replaced.with_name(replaced.name + beside))
    for beside in _BESIDE:
        database.with_name(database.name + beside).unlink(missing_ok=True)
    return replaced
