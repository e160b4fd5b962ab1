"""A document for a person: its fields in order, each with what the schema says of it and its code.

For looking only, and for any document: what cannot be read as XML gives no fields, what the schema
does not know stands as it was written.
"""

from dataclasses import dataclass
from functools import cache

from lxml import etree

from broker.messages.reasons import Reason, Refusal
from broker.wire.places import SCHEMA_FILE
from broker.wire.schema import parse

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_CODE_LISTS = {"260", "SB"}

Said = dict[str, str]
"""The same in each language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One element: how deep it lies, its name, its text (None: it holds other fields).

    `about` is what the schema says of the element, `base` of which type of XML Schema it is in the
    end, such as xs:date, `meaning` what it says of the value where that is one of a list, `reason`
    the reason a value of the published code list stands for. An attachment is told by its size
    alone.
    """

    depth: int
    name: str
    text: str | None
    about: Said
    base: str
    meaning: Said
    reason: Reason | None = None
    attachment_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class _Type:
    """A type of the schema: its elements by name with their types, its listed values, its base."""

    elements: dict[str, tuple[str, Said]]
    values: dict[str, Said]
    base: str = ""


def fields_of(content: bytes) -> tuple[Field, ...]:
    """The fields of the document, in order, without its root; none where it cannot be read."""
    root = parse(content)
    if isinstance(root, Refusal):
        return ()
    known = _types()[""].elements.get(etree.QName(root).localname)
    return tuple(_below(root, known[0] if known else "", 0))


def _below(parent: etree._Element, of_type: str, depth: int) -> list[Field]:
    types, found = _types(), []
    for element in parent.iterchildren(etree.Element):
        name = etree.QName(element).localname
        declared = types[of_type].elements if of_type in types else {}
        type_name, about = declared.get(name, ("", {}))
        nested = len(element) > 0
        text = None if nested else (element.text or "").strip()
        found.append(
            Field(
                depth=depth,
                name=name,
                text=text,
                about=about,
                base=types[type_name].base if type_name in types else type_name,
                meaning=_values(type_name).get(text or "", {}),
                reason=_reason(element, text),
                attachment_bytes=len(text or "") * 3 // 4 if element.get("mediaType") else None,
            )
        )
        found += _below(element, type_name, depth + 1)
    return found


def _reason(element: etree._Element, text: str | None) -> Reason | None:
    agency = element.get("listAgency")
    if etree.QName(element).localname != "Code" or agency not in _CODE_LISTS:
        return None
    try:
        return Reason(f"{agency}:{text}")
    except ValueError:
        return None


def _values(type_name: str) -> dict[str, Said]:
    """The listed values of a type; of one with attributes those of the text it holds."""
    types = _types()
    return types[type_name].values if type_name in types else {}


@cache
def _types() -> dict[str, _Type]:
    """The types of the schema by name; under the empty name what a document may be."""
    schema = etree.parse(SCHEMA_FILE).getroot()
    named = {one.get("name", ""): one for one in schema if one.get("name") and one.tag != _ELEMENT}
    found = {
        name: _Type(_elements(one, named), _listed(one, named), _base(name, named))
        for name, one in named.items()
    }
    roots = {
        one.get("name", ""): (one.get("type", ""), _said(one)) for one in schema.iter(_ELEMENT)
    }
    return {**found, "": _Type(roots, {})}


_ELEMENT = f"{_XSD}element"


def _elements(one: etree._Element, named: dict[str, etree._Element]) -> dict[str, tuple[str, Said]]:
    """The elements a type holds, with those of the type it extends and the groups it names."""
    found: dict[str, tuple[str, Said]] = {}
    for part in one.iter(f"{_XSD}extension", f"{_XSD}group", _ELEMENT):
        other = named.get(part.get("base") or part.get("ref") or "")
        if part.tag == _ELEMENT:
            found[part.get("name", "")] = (part.get("type", ""), _said(part))
        elif other is not None and other is not one:
            found = {**_elements(other, named), **found}
    return found


def _listed(one: etree._Element, named: dict[str, etree._Element]) -> dict[str, Said]:
    """The values a type lists, or the one it is made from does."""
    found = {value.get("value", ""): _said(value) for value in one.iter(f"{_XSD}enumeration")}
    for part in one.iter(f"{_XSD}extension", f"{_XSD}restriction"):
        other = named.get(part.get("base", ""))
        if not found and other is not None and other is not one:
            found = _listed(other, named)
    return found


def _base(name: str, named: dict[str, etree._Element]) -> str:
    """The type of XML Schema that a type is made from in the end; none for one with elements."""
    one = named.get(name)
    if one is None:
        return name
    made_from = next(one.iter(f"{_XSD}extension", f"{_XSD}restriction"), None)
    return "" if made_from is None else _base(made_from.get("base", ""), named)


def _said(one: etree._Element) -> Said:
    """What the schema says of it, in each language, without the full stop."""
    told = one.findall(f"{_XSD}annotation/{_XSD}documentation")
    return {part.get(_LANGUAGE, ""): (part.text or "").strip().rstrip(".") for part in told}
