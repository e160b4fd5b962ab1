"""What the pages are given, and how a page says where it is found and who may open it."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from sqlite3 import Connection
from typing import TypeVar

from aiohttp import web

from broker.clock import Clock
from broker.engine.rulebook import Rulebook
from broker.store.connection import one_moment
from broker.store.staff import Member
from broker.usecases.decide_as_operator import DecideAsOperator
from broker.usecases.deliver_notices import DeliverNotices
from broker.usecases.enter_reading import EnterReading
from broker.usecases.keep_channels import KeepChannels
from broker.usecases.keep_credentials import KeepCredentials
from broker.usecases.measure import Measure
from broker.usecases.open_contract import OpenContract
from broker.usecases.reach_deadlines import ReachDeadlines
from broker.usecases.sign_in import SignIn
from broker.usecases.watch_owed import WatchOwed

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Reads:
    """Reads on a read-only connection, in a thread of their own, so that no page holds up the door.

    Each work sees the database as of one moment.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="dashboard")

    async def __call__(self, work: Callable[[Connection], T]) -> T:
        """What the work gives on the connection."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._at_once, work)

    def close(self) -> None:
        """Finish what is being read, and end the thread."""
        self._thread.shutdown()

    def _at_once(self, work: Callable[[Connection], T]) -> T:
        with one_moment(self._connection):
            return work(self._connection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The use cases behind the pages, and the operator's rulebook to show what rules compare with.

    `behind_tls` says whether cookies are for TLS alone.
    """

    operator_name: str
    reads: Reads
    clock: Clock
    sign_in: SignIn
    decide: DecideAsOperator
    deadlines: ReachDeadlines
    credentials: KeepCredentials
    measure: Measure
    mailbox: DeliverNotices
    channels: KeepChannels
    readings: EnterReading
    contracts: OpenContract
    owed: WatchOwed
    rules: Rulebook
    behind_tls: bool


class Who(Enum):
    """Who may use an address: anybody, whoever has signed in, or those who may decide.

    What is for programs is for staff, and for the operator's own programs by its bearer token.
    """

    ANYBODY = "anybody"
    STAFF = "staff"
    CLERK = "clerk"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Address:
    """One address of the dashboard. Every POST carries the form token, whoever may send it."""

    method: str
    path: str
    handler: Handler
    who: Who


OFFICE: web.AppKey[Office] = web.AppKey("office", Office)
MEMBER: web.RequestKey[Member] = web.RequestKey("member", Member)
"""Who has signed in; a visitor's request has none."""
FORM_TOKEN: web.RequestKey[str] = web.RequestKey("form_token", str)
"""What a form of this visitor must carry."""
LANGUAGE: web.RequestKey[str] = web.RequestKey("language", str)
"""The language of the page, one of `texts.LANGUAGES`."""
