"""Passwords of staff: what may be one, and their argon2id hashes. Slow on purpose: off the loop."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LENGTH_MIN, LENGTH_MAX = 12, 1000

_hasher = PasswordHasher()


class UnfitPassword(ValueError):
    """The password is too short or too long."""


def hash_of(password: str) -> str:
    """The argon2id hash of a new password. Raises UnfitPassword."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise UnfitPassword(f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters")
    return _hasher.hash(password)


async def fits(password: str, password_hash: str | None) -> bool:
    """Whether the password has this hash; with None it takes as long and is never so."""
    if len(password) > LENGTH_MAX:
        return False
    known = await asyncio.to_thread(_verified, password, password_hash or _of_nobody())
    return known and password_hash is not None


def _verified(password: str, password_hash: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _of_nobody() -> str:
    """A hash to compare with where a name is unknown, so that the answer takes as long."""
    return _hasher.hash("nobody signs in by this")
