"""Where things stand: the schema's file, and places in a document as paths in our words."""

import re
from pathlib import Path

from lxml import etree

SCHEMA_FILE = Path(__file__).resolve().parents[2] / "xsd" / "switch-1.xsd"
TEXT_MAX = 120
PLACE_MAX = 400

_NOT_FOR_PRINT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def shortened(text: str | None, characters_max: int = TEXT_MAX) -> str:
    """The text on one line without control characters, cut to so many characters."""
    if not text:
        return ""
    cut = text[: characters_max + 1]
    cut = _NOT_FOR_PRINT.sub(" ", cut).strip()
    return cut if len(cut) <= characters_max else cut[: characters_max - 1] + "…"


def place_of(element: etree._Element) -> str:
    """The path to an element in our words: names, with a number where a name repeats."""
    steps = []
    node: etree._Element | None = element
    while node is not None:
        steps.append(shortened(etree.QName(node).localname, 60) + _number_among_siblings(node))
        node = node.getparent()
    return shortened("/" + "/".join(reversed(steps)), PLACE_MAX)


def _number_among_siblings(node: etree._Element) -> str:
    tag = str(node.tag)
    before = len(list(node.itersiblings(tag, preceding=True)))
    if before == 0 and next(node.itersiblings(tag), None) is None:
        return ""
    return f"[{before + 1}]"
