"""Who may sign in to the dashboard: added, removed, given a password, by the running service."""

import asyncio
import re
import sqlite3
from sqlite3 import Connection

from broker.clock import Clock
from broker.store import staff
from broker.store.staff import Member, StaffAdded, StaffPasswordSet, StaffRemoved, StaffRole
from broker.store.writer import Writer
from broker.usecases import passwords

_NAME = re.compile(r"[a-z0-9._-]{2,40}")
_FULL_NAME_MAX = 100


class UnfitName(ValueError):
    """The name cannot be typed at sign-in, or is another's."""


class ManageStaff:
    """Takes changes of staff through the writer, each with who made it."""

    def __init__(self, *, reader: Connection, writer: Writer, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    async def add(
        self, name: str, full_name: str, role: StaffRole, password: str, *, by: str
    ) -> None:
        """Let a person sign in. Raises UnfitName, UnfitPassword and UnableToWrite."""
        if not _NAME.fullmatch(name):
            raise UnfitName("a name has 2 to 40 of the characters a-z 0-9 . _ -")
        if not full_name.strip():
            raise UnfitName("the full name is missing")
        if len(full_name) > _FULL_NAME_MAX or not full_name.isprintable():
            raise UnfitName(f"a full name has at most {_FULL_NAME_MAX} characters, all printable")
        password_hash = await asyncio.to_thread(passwords.hash_of, password)
        added = StaffAdded(
            at=self._clock.now(), by=by, name=name, full_name=full_name.strip(), role=role
        )
        try:
            await self._writer.submit(
                lambda connection: staff.add(connection, added, password_hash=password_hash)
            )
        except sqlite3.IntegrityError as error:
            raise UnfitName(f"somebody is called {name!r} already") from error

    async def remove(self, name: str, *, by: str) -> None:
        """End a person's access at once. Raises NoSuchMember and UnableToWrite."""
        removed = StaffRemoved(at=self._clock.now(), by=by, name=name)
        await self._writer.submit(lambda connection: staff.remove(connection, removed))

    async def set_password(self, name: str, password: str, *, by: str) -> None:
        """Give a person another password, and end its sessions.

        Raises NoSuchMember, UnfitPassword and UnableToWrite.
        """
        password_hash = await asyncio.to_thread(passwords.hash_of, password)
        given = StaffPasswordSet(at=self._clock.now(), by=by, name=name)
        await self._writer.submit(
            lambda connection: staff.set_password(connection, given, password_hash=password_hash)
        )

    def members(self) -> tuple[Member, ...]:
        """Everybody who may sign in, by name."""
        return staff.members(self._reader)
