"""Changing a file behind the store's back, as someone with a tool would."""

import sqlite3
from pathlib import Path
from sqlite3 import Connection

from broker.engine.apply import replay
from broker.store.connection import open_for_reading
from broker.store.verify import Finding, FindingKind, verify


def unchecked(path: Path) -> Connection:
    """A connection on which no constraint holds, and no sum follows what is written."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for name in ("row_comes", "row_goes"):
        connection.create_function(name, -1, lambda sums, *_: sums)
    return connection


def changed(value: object) -> object:
    """The value with one character, byte or bit changed."""
    match value:
        case None:
            return "2025-03-03T09:00:00.000001Z"
        case int():
            return value + 1000
        case str():
            middle = len(value) // 2
            return value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :]
        case bytes():
            middle = len(value) // 2
            return value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]
        case _:
            raise TypeError(value)


def findings(path: Path) -> list[Finding]:
    """What verification finds in this file."""
    connection = open_for_reading(path)
    try:
        return verify(connection, replay)
    finally:
        connection.close()


def damage(path: Path) -> list[str]:
    """Where verification finds damage in this file."""
    return [found.where for found in findings(path) if found.kind is FindingKind.DAMAGED]


def with_a_broken_page(path: Path, copy: Path, table: str) -> Path:
    """A copy of the file in which the first page of this table is no page any more."""
    connection = unchecked(path)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root, size = connection.execute(
            "SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = ?",
            (table,),
        ).fetchone()
    finally:
        connection.close()
    content = bytearray(path.read_bytes())
    content[(root - 1) * size] ^= 0xFF
    copy.write_bytes(content)
    return copy
