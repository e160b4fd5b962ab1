"""Posts messages over several connections that stay open, and says how that went, as JSON.

Run as `python scripts/bench_sender.py PORT SECONDS CONNECTIONS TOKEN MESSAGES`; the last one is a
file with a list of messages as msgpack, each posted at most once.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import msgspec


class Connection(asyncio.Protocol):
    """One connection: posts the next message once the one before is answered."""

    def __init__(self, sender: "Sender") -> None:
        self._sender = sender
        self._received = b""
        self._posted_at = 0.0
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._post()

    def data_received(self, data: bytes) -> None:
        """Note the answer once all of it is there, and post on."""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if len(body) < int(length):
            return
        self._received = b""
        self._sender.note(int(head[9:12]), perf_counter() - self._posted_at)
        self._post()

    def connection_lost(self, error: Exception | None) -> None:
        """Say that it is over."""
        if not self.ended.done():
            self.ended.set_result(error)

    def _post(self) -> None:
        request = self._sender.next_request()
        if request is None:
            self._transport.close()
            return
        self._posted_at = perf_counter()
        self._transport.write(request)


class Sender:
    """What all connections share: the messages left, the time left, and the answers."""

    def __init__(self, messages: list[bytes], seconds: float, token: str) -> None:
        self._messages: Iterator[bytes] = iter(messages)
        self._head = (
            f"POST /messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/xml\r\nContent-Length: "
        ).encode()
        self._ends_at = perf_counter() + seconds
        self._took: list[float] = []
        self._statuses = Counter[int]()

    def next_request(self) -> bytes | None:
        """The next message as a request; None where time or messages are over."""
        message = next(self._messages, None) if perf_counter() < self._ends_at else None
        if message is None:
            return None
        return b"%s%d\r\n\r\n%s" % (self._head, len(message), message)

    def note(self, status: int, seconds: float) -> None:
        """An answer has come."""
        self._statuses[status] += 1
        self._took.append(seconds)

    async def run(self, port: int, connections: int) -> dict[str, object]:
        """Post until the end; what was answered, and how fast."""
        loop = asyncio.get_running_loop()
        started = perf_counter()
        made = [
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", port)
            for _ in range(connections)
        ]
        await asyncio.gather(*(protocol.ended for _, protocol in made))
        seconds = perf_counter() - started
        return {"seconds": seconds, "statuses": self._statuses, "took": self._took}


if __name__ == "__main__":
    port, seconds, connections, token, path = sys.argv[1:]
    messages = msgspec.msgpack.decode(Path(path).read_bytes(), type=list[bytes])
    sender = Sender(messages, float(seconds), token)
    print(json.dumps(asyncio.run(sender.run(int(port), int(connections)))))
