"""Findings of the schema in our own words: place, line, what was found, what would be right.

Texts are neutral of language (values, names, facets); the sentences stand in the code list.
Nothing of the input is repeated beyond a short, cleaned piece of it.
"""

import re
from collections.abc import Iterable
from typing import Protocol

from lxml import etree

from broker.messages.reasons import Reason, Refusal
from broker.wire.forms import form_of_pattern, form_of_type
from broker.wire.places import place_of, shortened

FINDINGS_MAX = 50

_NAMESPACE = re.compile(r"\{[^{}' ]*:[^{}' ]*\}")
_ATTRIBUTE = re.compile(r"^Element '[^']*', attribute '(?P<name>[^']*)'")
_EXPECTED_CHILDREN = re.compile(r"Expected is (?:one of )?\( (?P<names>.*) \)")
_FACET = re.compile(r"\[facet '(?P<facet>[A-Za-z]+)'\]")
_LAST_QUOTED = re.compile(r"'(?P<value>[^']*)'\)?\.?\s*$")
_ENUMERATION = re.compile(r"element of the set \{(?P<values>.*)\}")
_ATOMIC_TYPE = re.compile(
    r"not a valid value of the (?:atomic|local atomic) type '(?P<type>[^']*)'"
)
_NAMED_ATTRIBUTE = re.compile(r"The attribute '(?P<name>[^']*)' is (?P<what>required|not allowed)")
_DUPLICATE = re.compile(r"Duplicate key-sequence \[(?P<key>.*)\] in unique identity-constraint")


class _LogEntry(Protocol):
    """What we read of an entry of lxml's error log."""

    @property
    def message(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def path(self) -> str | None: ...


def findings_of(root: etree._Element, log: Iterable[_LogEntry]) -> tuple[Refusal, ...]:
    """The findings in lxml's error log, the first of each place, at most 50."""
    found: dict[str, Refusal] = {}
    for entry in log:
        refusal = _finding(root, entry)
        found.setdefault(refusal.place or "/", refusal)
        if len(found) == FINDINGS_MAX:
            break
    return tuple(found.values())


def _finding(root: etree._Element, entry: _LogEntry) -> Refusal:
    message = _NAMESPACE.sub("", entry.message)
    element = _element_at(root, entry.path)
    place = place_of(element)
    value: str | None = element.text
    attribute = _ATTRIBUTE.match(message)
    if attribute:
        name = attribute["name"]
        place += "/@" + shortened(name, 60)
        value = element.get(name)
    found, expected = _found_and_expected(message, etree.QName(element).localname, value)
    return Refusal(
        reason=Reason.NOT_VALID_AGAINST_SCHEMA,
        place=place,
        line=entry.line or element.sourceline,
        found=shortened(found) or None,
        expected=shortened(expected) or None,
    )


def _element_at(root: etree._Element, path: str | None) -> etree._Element:
    """The element that libxml2's path names; it is made of `*[n]` where a default namespace is."""
    node = root
    for step in (path or "").split("/")[2:]:
        tag, _, number = step.partition("[")
        if tag.startswith("@"):
            break
        siblings = (
            child
            for child in node
            if tag == "*" or etree.QName(child).localname == tag.rpartition(":")[2]
        )
        wanted = int(number.rstrip("]") or "1")
        child = next((c for n, c in enumerate(siblings, 1) if n == wanted), None)
        if child is None:
            break
        node = child
    return node


def _found_and_expected(message: str, name: str, value: str | None) -> tuple[str | None, str]:
    children = _EXPECTED_CHILDREN.search(message)
    if "Missing child element" in message:
        return None, children["names"].replace(", ", " | ") if children else ""
    if "This element is not expected" in message:
        return name, children["names"].replace(", ", " | ") if children else ""
    attribute = _NAMED_ATTRIBUTE.search(message)
    if attribute:
        at_name = "@" + attribute["name"]
        return (None, at_name) if attribute["what"] == "required" else (at_name, "")
    duplicate = _DUPLICATE.search(message)
    if duplicate:
        return duplicate["key"].strip("'"), "1 x " + duplicate["key"].strip("'")
    enumeration = _ENUMERATION.search(message)
    if enumeration:
        return value, enumeration["values"].replace("', '", " | ").strip("'")
    facet = _FACET.search(message)
    limit = _LAST_QUOTED.search(message)
    if facet:
        at_limit = limit["value"] if limit else ""
        if facet["facet"] == "pattern":
            return value, form_of_pattern(_pattern_in(message))
        return value, f"{facet['facet']} {at_limit}".strip()
    atomic = _ATOMIC_TYPE.search(message)
    if atomic:
        return value, form_of_type(atomic["type"])
    if "the type definition is simple" in message:
        return name + "/*", name
    return value if value is None or value.strip() else name, ""


def _pattern_in(message: str) -> str:
    return message.rpartition("by the pattern '")[2].strip().removesuffix(".").removesuffix("'")
