"""Staff sign in to the dashboard: names, passwords, sessions that run out, failures slowed down.

An unknown name, a wrong password and a name that is slowed down differ neither in what is told nor
in how long it takes to find out whether a name is known.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from sqlite3 import Connection

from broker.clock import Clock
from broker.ids import new_token
from broker.store import staff
from broker.store.staff import Session
from broker.store.writer import Writer
from broker.usecases import passwords

_log = logging.getLogger(__name__)

_KEYS_REMEMBERED = 10_000
_HASHES_AT_ONCE = 2
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTerms:
    """How long a session lasts unused and in all, and how many failures are borne, and how long."""

    idle: timedelta
    longest: timedelta
    failures_max: int
    failures_per_address_max: int
    failures_within: timedelta


class WrongNameOrPassword(Exception):
    """The name is not known or the password not its own; which of the two is not told."""


class TooManyFailures(Exception):
    """Too many failures of late under this name or from this address: not even looked at."""


class SignIn:
    """Begins, knows and ends the sessions of staff."""

    def __init__(
        self, *, reader: Connection, writer: Writer, clock: Clock, terms: SessionTerms
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._terms = terms
        self._at_once = asyncio.Semaphore(_HASHES_AT_ONCE)
        within = terms.failures_within.total_seconds()
        self._by_name = _Attempts(terms.failures_max, within)
        self._by_address = _Attempts(terms.failures_per_address_max, within)

    async def sign_in(self, name: str, password: str, *, address: str) -> str:
        """The value of the new session's cookie.

        Raises WrongNameOrPassword, TooManyFailures and UnableToWrite.
        """
        name = name.strip().casefold()
        seconds = self._clock.monotonic()
        # Counted before the password is looked at, so that many at once do not slip through.
        if not (self._by_address.count(address, seconds) and self._by_name.count(name, seconds)):
            _log.warning("too many failures to sign in from %s", address)
            raise TooManyFailures
        async with self._at_once:
            member = staff.member_named(self._reader, name)
            fits = await passwords.fits(password, member.password_hash if member else None)
        if member is None or not fits:
            raise WrongNameOrPassword
        token = new_token()
        if not await self._writer.submit(partial(self._begin, member, token, self._clock.now())):
            raise WrongNameOrPassword
        self._by_name.forgive(name)
        self._by_address.take_back(address)
        return token

    def known(self, connection: Connection, token: str) -> Session | None:
        """The session of this cookie, None for an unknown one or one that has run out."""
        session, now = staff.session(connection, token), self._clock.now()
        if session is None or now >= session.signed_in_at + self._terms.longest:
            return None
        return None if now >= session.last_seen_at + self._terms.idle else session

    async def note_seen(self, session: Session, token: str) -> None:
        """The session is in use; written once a minute at most. Raises UnableToWrite."""
        now = self._clock.now()
        if now >= session.last_seen_at + _SEEN_EVERY:
            await self._writer.submit(lambda connection: staff.note_seen(connection, token, now))

    async def sign_out(self, token: str) -> None:
        """End the session. Raises UnableToWrite."""
        await self._writer.submit(lambda connection: staff.end_session(connection, token))

    def _begin(
        self, member: staff.Member, token: str, now: datetime, connection: Connection
    ) -> bool:
        staff.forget_sessions(
            connection,
            not_seen_since=now - self._terms.idle,
            begun_before=now - self._terms.longest,
        )
        return staff.begin_session(connection, member, token, now)


class _Attempts:
    """Attempts of late by key, at most so many each; the keys least lately used are forgotten."""

    def __init__(self, most: int, within_seconds: float) -> None:
        self._most = most
        self._within = within_seconds
        self._by_key: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, key: str, seconds: float) -> bool:
        """Count one more attempt; False, and not counted, where there are too many already."""
        attempts = self._by_key.setdefault(key, deque())
        self._by_key.move_to_end(key)
        if len(self._by_key) > _KEYS_REMEMBERED:
            self._by_key.popitem(last=False)
        while attempts and attempts[0] <= seconds - self._within:
            attempts.popleft()
        if len(attempts) >= self._most:
            return False
        attempts.append(seconds)
        return True

    def forgive(self, key: str) -> None:
        """Forget the attempts of this key."""
        self._by_key.pop(key, None)

    def take_back(self, key: str) -> None:
        """Take back the latest attempt of this key, which was none to count."""
        if attempts := self._by_key.get(key):
            attempts.pop()
