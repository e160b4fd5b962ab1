"""HTTP by hand, for what no client library would send."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from tests.web.running import Answered, token_of


@dataclass(slots=True)
class Line:
    """A connection to the door on which bytes are written as they are."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, port: int) -> "Line":
        """A new connection."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, data: bytes) -> None:
        """Write bytes; that nobody takes them any more is for the answer to tell."""
        self.writer.write(data)
        with suppress(ConnectionError):
            await asyncio.wait_for(self.writer.drain(), 15)

    async def answer(self, *, to: str = "GET") -> Answered:
        """The next answer; an empty one after the last."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 15)
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = 0 if to == "HEAD" else int(headers.get("Content-Length", "0"))
        body = await asyncio.wait_for(self.reader.readexactly(length), 15)
        return Answered(int(first.split(" ")[1]), headers, body)

    async def ended(self) -> bool:
        """Whether the other side closes, without a byte more."""
        try:
            return await asyncio.wait_for(self.reader.read(1), 15) == b""
        except ConnectionError:
            return True

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


def head(
    method: str, path: str, party: str | None = None, *more: str, version: str = "1.1"
) -> bytes:
    """The head of a request, as this party or as a stranger."""
    lines = [f"{method} {path} HTTP/{version}", "Host: broker.example.com", *more]
    if party is not None:
        lines.append(f"Authorization: Bearer {token_of(party)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def post_head(party: str | None, *more: str) -> bytes:
    """The head of a message."""
    return head("POST", "/messages", party, "Content-Type: application/xml", *more)
