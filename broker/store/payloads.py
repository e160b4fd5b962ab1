"""Contents kept apart from the rows that vouch for them, so that retention can erase them.

A row keeps `sha256(salt ‖ content)`; salt and content lie here. With both gone, what was there
can be neither read nor guessed, and the seals over the rows still hold.
"""

import hashlib
import os
from datetime import datetime
from sqlite3 import Connection
from typing import NamedTuple

from broker.store import instants

# Keep a content with its salt.
_INSERT = "INSERT INTO payloads (salt, content) VALUES (?, ?)"

# Put a new content, with a new salt, in the place of an old one (the snapshot of a case).
_REPLACE = "UPDATE payloads SET salt = ?, content = ?, erased_at = NULL WHERE payload_id = ?"

# Remove salt and content for good, once.
_ERASE = (
    "UPDATE payloads SET salt = NULL, content = NULL, erased_at = ?"
    " WHERE payload_id = ? AND erased_at IS NULL"
)


class Kept(NamedTuple):
    """Where a content is kept, and the digest its row carries."""

    payload_id: int
    digest: bytes


def digest_of(salt: bytes, content: bytes) -> bytes:
    """What a row carries for this content: SHA-256 over salt and content."""
    return hashlib.sha256(salt + content).digest()


def keep(connection: Connection, content: bytes) -> Kept:
    """Keep a content under a fresh salt."""
    salt = os.urandom(16)
    payload_id = connection.execute(_INSERT, (salt, content)).lastrowid
    assert payload_id is not None
    return Kept(payload_id, digest_of(salt, content))


def fresh_salt_and_digest(content: bytes) -> tuple[bytes, bytes]:
    """A new salt for the content, and the digest they give together."""
    salt = os.urandom(16)
    return salt, digest_of(salt, content)


def replace(connection: Connection, payload_id: int, salt: bytes, content: bytes) -> None:
    """Put content and salt in the place of what was kept there."""
    connection.execute(_REPLACE, (salt, content, payload_id))


def erase(connection: Connection, payload_id: int, at: datetime) -> None:
    """Remove a content and its salt for good; again is harmless."""
    connection.execute(_ERASE, (instants.to_text(at), payload_id))
