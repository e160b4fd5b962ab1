"""The lines to an address of ours: how many, from where, and for how long without a request.

aiohttp bounds the size and number of headers and how long a line may be idle, which includes the
time for a head. How many lines there are, and the time from the first byte of a head to its last,
it leaves to us.
"""

import asyncio
import logging
import resource
import ssl
from collections import Counter
from typing import Any, cast

from aiohttp import web

from broker.config import LimitSettings
from broker.web.fair_share import network_of

_log = logging.getLogger(__name__)

_HEADERS_MAX = 64
_HEADER_BYTES_MAX = 8190
# A body that nobody reads yet is buffered up to twice this.
_BUFFERED_BYTES = 64 * 1024
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Lines:
    """The lines open at one address of ours, and what is counted of those that were refused."""

    def __init__(self, settings: LimitSettings, turned_away: Counter[int]) -> None:
        self.settings = settings
        self._turned_away = turned_away
        self._open: dict[Line, str] = {}
        self._from: Counter[str] = Counter()

    def enter(self, line: "Line", address: str) -> bool:
        """Whether one more from this address may stay; where all are taken, one that is idle ends.

        Lines of a proxy are not counted by address: they are everybody's.
        """
        network, settings = network_of(address), self.settings
        crowded = self._from[network] >= settings.connections_per_address_max
        if crowded and address not in settings.proxies:
            return self._refuse(503)
        if len(self._open) >= settings.connections_max:
            idle = [one for one in self._open if one.is_idle()]
            if not idle:
                return self._refuse(503)
            min(idle, key=lambda one: one.last_heard_at).force_close()
        self._open[line] = network
        self._from[network] += 1
        return True

    def leave(self, line: "Line") -> None:
        """The line is closed."""
        network = self._open.pop(line)
        self._from[network] -= 1
        if not self._from[network]:
            del self._from[network]

    def note_slow_head(self) -> None:
        """A line was ended since the head of a request did not arrive in time."""
        self._refuse(408)

    def _refuse(self, status: int) -> bool:
        self._turned_away[status] += 1
        return False


class Line(web.RequestHandler):
    """One line, which counts among the others and must send a head it has begun in time."""

    __slots__ = ("_is_in", "_lines", "_slow", "last_heard_at")

    def __init__(self, server: web.Server, lines: Lines, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=cast(Any, None),
            keepalive_timeout=lines.settings.idle_seconds,
            max_line_size=_HEADER_BYTES_MAX,
            max_field_size=_HEADER_BYTES_MAX,
            max_headers=_HEADERS_MAX,
            read_bufsize=_BUFFERED_BYTES,
            auto_decompress=False,
        )
        self._lines = lines
        self._is_in = False
        self._slow: asyncio.TimerHandle | None = None
        self.last_heard_at = loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to take requests, or say that there is no room and hang up."""
        address = (transport.get_extra_info("peername") or ("",))[0]
        self._is_in = self._lines.enter(self, address)
        if self._is_in:
            super().connection_made(transport)
        else:
            cast(asyncio.Transport, transport).write(_TOO_MANY)
            cast(asyncio.Transport, transport).close()

    def data_received(self, data: bytes) -> None:
        """Take bytes in; a head that has begun has so long to be whole."""
        if not self._is_in:
            return
        self.last_heard_at = self._loop.time()
        super().data_received(data)
        if not self.is_idle():
            self._stop_waiting()
        elif self._slow is None and data:
            within = self._lines.settings.head_within_seconds
            self._slow = self._loop.call_later(within, self._end_slow_head)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The line is closed, by whomever."""
        self._stop_waiting()
        if self._is_in:
            self._is_in = False
            self._lines.leave(self)
            super().connection_lost(exc)

    def is_idle(self) -> bool:
        """Whether no request is there in whole and none is being answered."""
        return self._waiter is not None and not self._waiter.done()

    def _stop_waiting(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _end_slow_head(self) -> None:
        self._slow = None
        if self.is_idle() and self.transport is not None:
            self._lines.note_slow_head()
            self.transport.write(_TOO_SLOW)
            self.force_close()


def allow_open_files(files: int) -> None:
    """Let this process open so many files, each line being one, as far as the system has it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < files:
        _log.warning("%d files may be open; for all lines it should be %d", hard, files)
        files = hard
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))


class LimitedSite(web.TCPSite):
    """A place to listen at whose lines are limited."""

    __slots__ = ("_lines",)

    def __init__(
        self,
        runner: web.AppRunner,
        host: str,
        port: int,
        lines: Lines,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(runner, host, port, ssl_context=tls)
        self._lines = lines

    async def start(self) -> None:
        """Take requests from now on. Raises OSError where the address cannot be listened at."""
        await web.BaseSite.start(self)
        loop, server = asyncio.get_running_loop(), self._runner.server
        assert server is not None
        within = self._lines.settings.head_within_seconds
        self._server = await loop.create_server(
            lambda: Line(server, self._lines, loop),
            self._host,
            self._port,
            ssl=self._ssl_context,
            ssl_handshake_timeout=within if self._ssl_context else None,
            backlog=self._backlog,
        )
