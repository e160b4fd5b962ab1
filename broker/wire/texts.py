"""Everything that may be read in the bytes of a message, sound or not. For finding a text only.

The bytes are taken as text, in the encoding they seem to be of, with references resolved: so it is
found in comments too, and where nothing can be parsed. Only a value that something stands inside
of, such as a comment, needs the parser, which costs three times as much.
"""

import re
from collections.abc import Iterator
from html import unescape

from lxml import etree

from broker.wire.schema import parse

# A longer number is none that Python reads, and no sign of any text.
_REFERENCE = re.compile(r"&#?\w{1,1000};")

_OF_TWO_BYTES = ("utf-8", "utf-16-le", "utf-16-be")
_OF_ONE_BYTE = ("cp1250", "iso8859-2")


def readings_of(content: bytes) -> Iterator[tuple[str, ...]]:
    """The texts in these bytes, once for each way in which they may be meant. Raises nothing."""
    interrupted = False
    for encoding in _encodings(content):
        text = content.decode(encoding, "replace")
        interrupted |= "<!" in text or text.count("<?") > 1
        yield (_REFERENCE.sub(_sign, text),)
    root = parse(content) if interrupted else None
    if isinstance(root, etree._Element):
        yield tuple(_values(root))


def _sign(reference: re.Match[str]) -> str:
    return unescape(reference[0])


def _values(root: etree._Element) -> Iterator[str]:
    for element in root.iter():
        yield from (element.text or "", element.tail or "")
        yield from map(str, element.attrib.values())


def _encodings(content: bytes) -> tuple[str, ...]:
    if b"\0" in content:
        return _OF_TWO_BYTES
    try:
        content.decode()
    except UnicodeDecodeError:
        return _OF_ONE_BYTE
    return ("utf-8",)
