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
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from aiohttp import web

from broker.config import LimitSettings
from broker.networks import network_of

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
        self._open: dict[Line | Handshake, str] = {}
        self._from: Counter[str] = Counter()

    def enter(self, line: "Line | Handshake", address: str) -> bool:
        """Whether one more from this address may stay; where all are taken, one that is idle ends.

        Lines of a proxy are not counted by address: they are everybody's.
        """
        network, settings = network_of(address), self.settings
        crowded = self._from[network] >= settings.connections_per_address_max
        if crowded and address not in settings.proxies:
            return self._refuse(503)
        if len(self._open) >= settings.connections_max:
            idle = [one for one in self._open if isinstance(one, Line) and one.is_idle()]
            if not idle:
                return self._refuse(503)
            min(idle, key=lambda one: one.last_heard_at).force_close()
        self._open[line] = network
        self._from[network] += 1
        return True

    def go_on(self, handshake: "Handshake", line: "Line") -> None:
        """TLS is agreed on: what was let in is this line from now on."""
        self._open[line] = self._open.pop(handshake)

    def has(self, line: "Line") -> bool:
        """Whether the line has been let in."""
        return line in self._open

    def leave(self, line: "Line | Handshake") -> None:
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
        self._is_in = self._lines.has(self) or self._lines.enter(self, address)
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


class Handshake(asyncio.Protocol):
    """A connection on which TLS is not agreed on yet: it counts, and has as long as for a head.

    asyncio tells of a connection over TLS only when all is agreed; whoever says nothing would
    not be counted.
    """

    def __init__(self, lines: Lines, make_line: Callable[[], Line], tls: ssl.SSLContext) -> None:
        self._lines = lines
        self._make_line = make_line
        self._tls = tls
        self._said_early: list[bytes] = []
        self._agreeing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to agree, or hang up where there is no room."""
        plain = cast(asyncio.Transport, transport)
        address = (plain.get_extra_info("peername") or ("",))[0]
        if self._lines.enter(self, address):
            plain.pause_reading()  # the first bytes are for TLS
            self._agreeing = asyncio.create_task(self._agree(plain))
        else:
            plain.abort()

    def data_received(self, data: bytes) -> None:
        """What comes with the last of the handshake belongs to the line."""
        self._said_early.append(data)

    async def _agree(self, plain: asyncio.Transport) -> None:
        line: Line | None = None
        try:
            within = self._lines.settings.head_within_seconds
            secured = await asyncio.get_running_loop().start_tls(
                plain, self, self._tls, server_side=True, ssl_handshake_timeout=within
            )
            if secured is not None and not secured.is_closing():
                line = self._make_line()
                self._lines.go_on(self, line)
        except OSError:  # what was said is no TLS, too slow, or nobody is there any more
            pass
        finally:
            if line is None:
                self._lines.leave(self)
                plain.abort()
        if line is not None and secured is not None:
            secured.set_protocol(line)
            line.connection_made(secured)
            for data in self._said_early:
                line.data_received(data)


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
        make_line, tls = partial(Line, server, self._lines, loop), self._ssl_context
        self._server = await loop.create_server(
            make_line if tls is None else lambda: Handshake(self._lines, make_line, tls),
            self._host,
            self._port,
            backlog=self._backlog,
        )
