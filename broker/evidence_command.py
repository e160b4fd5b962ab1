"""The commands about the file as evidence: verify, the last seal, backup and restore.

`verify`, `last-seal` and `backup` only read and may run beside the service.
"""

import argparse
import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from broker.clock import SystemClock
from broker.config import Config
from broker.engine.apply import replay
from broker.store import backup, seals
from broker.store.connection import open_for_reading
from broker.store.register import RegisterIsEmpty
from broker.store.schema import check_current
from broker.store.verify import Finding, FindingKind, verify
from broker.usecases.owed_notices import find_missing
from broker.usecases.watch_owed import told

DONE, REFUSED = 0, 1

ConfigOf = Callable[[argparse.Namespace], Config]


def add_to(commands: Any, config_of: ConfigOf) -> None:
    """Add the commands to the others; `config_of` gives the settings for the options."""
    command = commands.add_parser("verify", help="check seals, bytes and replay of every case")
    command.add_argument(
        "--last-seal",
        type=seals.noted_from,
        metavar="NUMBER:HASH",
        help="a seal noted elsewhere, such as in the morning's mail: it must still be there",
    )
    command.set_defaults(run=lambda options: _verify(options, _path(config_of(options))))

    command = commands.add_parser("last-seal", help="the last seal, to be kept elsewhere")
    command.set_defaults(run=lambda options: _last_seal(_path(config_of(options))))

    command = commands.add_parser("backup", help="copy the file, also beside the running service")
    command.add_argument("target", type=Path, help="the copy, or a folder for one named by time")
    command.add_argument(
        "--keep", type=_at_least_one, help="of the copies in the folder keep the newest so many"
    )
    command.add_argument("--overwrite", action="store_true", help="also where a file lies there")
    command.add_argument("--no-verify", action="store_true", help="do not verify the copy")
    command.set_defaults(run=lambda options: _backup(options, _path(config_of(options))))

    command = commands.add_parser("restore", help="put a backup in the file's place")
    command.add_argument("backup", type=Path)
    command.add_argument("--by", required=True, help="who restores it")
    command.add_argument("--why", required=True, help="the reason, kept in the journal")
    command.set_defaults(run=lambda options: _restore(options, _path(config_of(options))))


def _path(config: Config) -> Path:
    return config.service.database


def _verify(options: argparse.Namespace, database: Path) -> int:
    with closing(open_for_reading(database)) as connection:
        check_current(connection)
        findings = verify(connection, replay, last_seal=options.last_seal)
        missing = _missing_in(connection)
    for line in missing:
        print(f"missing\t{line}")
    _print(findings)
    damaged = sum(finding.kind is not FindingKind.ERASED for finding in findings)
    print(f"verified: {damaged} damaged, {len(findings) - damaged} erased")
    return REFUSED if damaged or missing else DONE


def _missing_in(connection: Connection) -> list[str]:
    """The notices that are owed and missing; one line where that cannot be looked for."""
    try:
        return [told(one) for one in find_missing(connection)]
    except (sqlite3.Error, ValueError, RegisterIsEmpty) as error:
        return [] if isinstance(error, RegisterIsEmpty) else [f"cannot be looked for: {error}"]


def _print(findings: Iterable[Finding]) -> None:
    for finding in findings:
        print(f"{finding.kind.value}\t{finding.where}\t{finding.what}")


def _last_seal(database: Path) -> int:
    with closing(open_for_reading(database)) as connection:
        check_current(connection)
        print(_told(seals.last_seal(connection)))
    return DONE


def _told(seal: seals.Seal | None) -> str:
    return "nothing is sealed yet" if seal is None else f"{seal} of {seal.at.isoformat()}"


def _check(connection: Any) -> None:
    """Refuse a copy that is not whole. Raises UnableToBackUp."""
    damaged = [
        finding for finding in verify(connection, replay) if finding.kind is not FindingKind.ERASED
    ]
    if damaged:
        _print(damaged)
        raise backup.UnableToBackUp("the copy does not verify and was not taken")


def _check_nothing(connection: Any) -> None:
    """Take the copy as it is."""


def _backup(options: argparse.Namespace, database: Path) -> int:
    check = _check_nothing if options.no_verify else _check
    folder = options.target if options.target.is_dir() else None
    target = options.target
    if folder is not None:
        target = backup.named_by_time(database, folder, SystemClock().now())
    copied = backup.back_up(database, target, check=check, overwrite=options.overwrite)
    how = "not verified" if options.no_verify else "verified"
    print(f"{target}: {copied.size_bytes} bytes, {how}")
    print(f"last seal: {_told(copied.seal)}")
    if folder is not None and options.keep is not None:
        for older in backup.remove_older(database, folder, options.keep):
            print(f"removed {older}")
    return DONE


def _at_least_one(text: str) -> int:
    """A number of copies to keep. Raises ValueError."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _restore(options: argparse.Namespace, database: Path) -> int:
    restored = backup.restore(
        options.backup,
        database,
        check=_check,
        by=options.by,
        why=options.why,
        at=SystemClock().now(),
    )
    print(f"{database}: restored up to seal {_told(restored.seal)}")
    if restored.replaced is None:
        print("there was no file before")
    else:
        print(f"the file before lies at {restored.replaced}")
    if restored.lost is None:
        print("what was written after the backup is not known")
    else:
        _tell_lost(restored.lost)
    return DONE


def _tell_lost(lost: backup.Lost) -> None:
    """What is on record in the replaced file alone, so that people can make up for it."""
    for one in lost.messages:
        since = one.first.isoformat()
        print(
            f"lost: {one.number} messages of {one.party} accepted since {since}: to be sent again"
        )
    print(f"lost: {lost.documents} documents in mailboxes")
    for deed in lost.deeds:
        print(f"lost: {deed.at.isoformat()} {deed.kind} {_without_time(deed.content)}")


def _without_time(content: bytes | None) -> str:
    if content is None:
        return "(erased)"
    values = json.loads(content)
    values.pop("at", None)
    return json.dumps(values, ensure_ascii=False)
