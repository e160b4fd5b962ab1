"""Frozen dataclasses to bytes and back, for the journal and the snapshot of a case.

The same value always gives the same bytes: fields in their order, no spaces.
"""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def encode(value: object) -> bytes:
    """The value as JSON bytes. Raises TypeError for what is not a plain frozen dataclass."""
    return msgspec.json.encode(value)


def decode(data: bytes, kind: type[T]) -> T:
    """The value of this type that the bytes hold. Raises ValueError where they do not."""
    return msgspec.json.decode(data, type=kind)
