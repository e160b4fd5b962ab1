"""A document for a person: as text with a line for each element. For looking only."""

from lxml import etree

from broker.messages.reasons import Refusal
from broker.wire.schema import parse


def indented(content: bytes) -> str:
    """The document as text with a line for each element; as it is where it cannot be read."""
    root = parse(content)
    if isinstance(root, Refusal):
        return content.decode("utf-8", "backslashreplace")
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")
