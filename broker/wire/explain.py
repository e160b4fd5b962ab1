"""What lxml refused, explained to a person by xmlschema: all findings, what would be right.

Slow (some 35 times slower than lxml), so it runs in a worker and only on what was refused, with
its work bounded: a document that is too large, or has too many elements or attributes, is explained
in the words of lxml's own log instead (design 8).
"""

import threading
from functools import cache
from itertools import islice
from typing import cast
from xml.etree.ElementTree import Element

import xmlschema
from lxml import etree
from xmlschema.validators import (
    XMLSchemaChildrenValidationError,
    XMLSchemaValidationError,
    XsdEnumerationFacets,
    XsdPatternFacets,
)

from broker.messages.reasons import Reason, Refusal
from broker.wire.attachments import take_out
from broker.wire.findings import FINDINGS_MAX
from broker.wire.places import SCHEMA_FILE, place_of, shortened
from broker.wire.schema import parse, refusal_of_unknown_root, validate

EXPLAINED_BYTES_MAX = 128 * 1024
EXPLAINED_ELEMENTS_MAX = 500
# Ours have two at most; a thousand unknown ones on one element take xmlschema 18 seconds.
EXPLAINED_ATTRIBUTES_MAX = 20

_one_at_a_time = threading.Lock()


def explain(data: bytes) -> tuple[Refusal, ...]:
    """Every finding of the level *structure* in these bytes, at most 50; none if they are valid.

    Plain and synchronous: the caller runs it in a worker. Raises nothing of its own.
    """
    root = parse(data)
    if isinstance(root, Refusal):
        return (root,)
    unknown = refusal_of_unknown_root(root)
    if unknown is not None:
        return (unknown,)
    taken = take_out(root)
    quick = validate(root)
    bytes_to_explain = len(data) - taken.characters
    if not quick or bytes_to_explain > EXPLAINED_BYTES_MAX or _has_too_much_in_it(root):
        return (*taken.refusals, *quick)[:FINDINGS_MAX]
    return (*taken.refusals, *_together(quick, _explained(root)))[:FINDINGS_MAX]


def _has_too_much_in_it(root: etree._Element) -> bool:
    return any(
        n >= EXPLAINED_ELEMENTS_MAX or len(element.attrib) > EXPLAINED_ATTRIBUTES_MAX
        for n, element in enumerate(root.iter())
    )


def _together(quick: tuple[Refusal, ...], explained: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Both lists by place and line; where both speak of a place, the one that says what is right.

    Of two that do, lxml's is kept: its texts are ours already.
    """
    by_place = {refusal.place: refusal for refusal in explained}
    for refusal in quick:
        if refusal.expected or refusal.place not in by_place:
            by_place[refusal.place] = refusal
    return tuple(sorted(by_place.values(), key=lambda refusal: refusal.line or 0))


def get_ready() -> None:
    """Compile the schema, which takes a second, before the first message has to be explained."""
    with _one_at_a_time:
        _schema()


@cache
def _schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SCHEMA_FILE), allow="local")


def _explained(root: etree._Element) -> tuple[Refusal, ...]:
    found: dict[str, Refusal] = {}
    # xmlschema reads lxml elements; its annotations know those of the standard library alone.
    source = cast("Element", root)
    with _one_at_a_time:
        for error in islice(_schema().iter_errors(source), 4 * FINDINGS_MAX):
            refusal = _finding(error, root)
            found.setdefault(refusal.place or "/", refusal)
    return tuple(found.values())


def _finding(error: XMLSchemaValidationError, root: etree._Element) -> Refusal:
    element = _as_lxml(error.elem)
    if element is None:
        element = root
    found = error.obj if isinstance(error.obj, str) else element.text
    if isinstance(error, XMLSchemaChildrenValidationError):
        child = _as_lxml(error.invalid_child)
        found = None if child is None else etree.QName(child).localname
        element = element if child is None else child
    return Refusal(
        reason=Reason.NOT_VALID_AGAINST_SCHEMA,
        place=place_of(element) + _attribute_of(error),
        line=element.sourceline,
        found=shortened(found) or None,
        expected=shortened(_expected(error)) or None,
    )


def _as_lxml(element: object) -> etree._Element | None:
    return element if isinstance(element, etree._Element) else None


def _attribute_of(error: XMLSchemaValidationError) -> str:
    """The attribute a finding is about; xmlschema names it in the reason alone."""
    reason = error.reason or ""
    if not reason.startswith("attribute "):
        return ""
    return "/@" + shortened(
        reason.removeprefix("attribute ").partition(":")[0].partition("=")[0], 60
    )


def _expected(error: XMLSchemaValidationError) -> str:
    if isinstance(error, XMLSchemaChildrenValidationError):
        names = (getattr(particle, "local_name", None) for particle in error.expected or ())
        return " | ".join(name for name in names if name)
    validator = error.validator
    if isinstance(validator, XsdEnumerationFacets):
        return " | ".join(map(str, validator.enumeration))
    if isinstance(validator, XsdPatternFacets):
        return "pattern " + " | ".join(map(str, validator.regexps))
    value = getattr(validator, "value", None)
    name = getattr(validator, "local_name", None) or getattr(validator, "name", None)
    if value is not None and name is not None:
        return f"{str(name).rpartition('}')[2]} {value}"
    return (error.reason or "").partition(":")[0]
