"""Frozen dataclasses to bytes and back, for the journal and the snapshot of a case.

The same value always gives the same bytes: fields in their order, no spaces.
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

T = TypeVar("T")


def encode(value: object) -> bytes:
    """The value as JSON bytes. Raises TypeError for what is not a plain frozen dataclass."""
    return msgspec.json.encode(value)


def decode(data: bytes, kind: type[T]) -> T:
    """The value of this type that the bytes hold. Raises ValueError where they do not."""
    return msgspec.json.decode(data, type=kind)


def texts_of(data: bytes) -> Iterator[str]:
    """Every text that the bytes hold; all of them as one text where they hold no value."""
    try:
        values = [msgspec.json.decode(data)]
    except ValueError:
        yield data.decode("utf-8", "replace")
        return
    while values:
        value = values.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | dict):
            values += value.values() if isinstance(value, dict) else value
