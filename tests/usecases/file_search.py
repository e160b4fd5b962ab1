"""Looks for a text in every byte of a database: pages in use or free, and the log beside them.

Also as it stands inside received XML in base64, at any of the three places a byte can have there.
"""

import base64
from collections.abc import Iterable
from pathlib import Path


def where_it_stands(database: Path, texts: Iterable[str | bytes]) -> list[str]:
    """Which of the texts stand in which file of the database, and how they are written."""
    found = []
    for path in sorted(database.parent.glob(f"{database.name}*")):
        content = path.read_bytes().lower()
        for text in texts:
            plain = text.encode() if isinstance(text, str) else text
            found += [
                f"{plain!r} in {path.name} as {how}"
                for how, written in written_as(plain).items()
                if written.lower() in content
            ]
    return found


def written_as(plain: bytes) -> dict[str, bytes]:
    """The text as it is, and without what its neighbours share at each place in base64."""
    ways = {"itself": plain}
    for place in range(3):
        encoded = base64.b64encode(bytes(place) + plain)
        # The first characters hold bits of what stands before, the last of what stands after.
        ways[f"base64 {place}"] = encoded[4 if place else 0 : len(encoded) // 4 * 4 - 4]
    return {how: written for how, written in ways.items() if len(written) > 3}
