"""Messages that are packed on their way: unpacked by us, piece by piece, when the sender is known.

aiohttp would unpack whatever arrives, also what strangers send, and to any length.
"""

import zlib
from collections.abc import Callable

_AS_THE_HEAD_SAYS = 32 + zlib.MAX_WBITS  # zlib's own number for gzip or zlib, whichever it is


class UnableToUnpack(Exception):
    """The bytes are not packed as the request says."""


class Plain:
    """A message that is sent as it is."""

    def take(self, piece: bytes, _: int) -> bytes:
        """What this piece adds to the message."""
        return piece

    def end(self) -> None:
        """All pieces are there."""


class Packed:
    """A message that is packed by gzip or zlib (RFC 9110, 8.4.1: `gzip`, `deflate`)."""

    def __init__(self) -> None:
        self._unpacked = zlib.decompressobj(_AS_THE_HEAD_SAYS)

    def take(self, piece: bytes, most: int) -> bytes:
        """What this piece adds to the message, of which no more than `most` bytes are unpacked.

        Raises UnableToUnpack.
        """
        try:
            data = self._unpacked.decompress(piece, most)
        except zlib.error as error:
            raise UnableToUnpack from error
        if self._unpacked.unused_data:
            raise UnableToUnpack
        return data

    def end(self) -> None:
        """All pieces are there. Raises UnableToUnpack where the end is missing."""
        if not self._unpacked.eof:
            raise UnableToUnpack


def unpacking(encoding: str) -> Plain | Packed | None:
    """What unpacks a body with this Content-Encoding, None where nothing here does."""
    kind = _KINDS.get(encoding.strip().lower())
    return kind() if kind else None


_KINDS: dict[str, Callable[[], Plain | Packed]] = {
    "": Plain,
    "identity": Plain,
    "gzip": Packed,
    "x-gzip": Packed,
    "deflate": Packed,
}
