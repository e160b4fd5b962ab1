"""Writing a document: elements in order, values in the forms of the schema, valid or not at all.

Free text from elsewhere is made fit for a document (no control characters, cut to what the schema
allows); everything else that does not fit is our own mistake and raises.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

from lxml import etree

from broker.messages.events import GivenReason
from broker.messages.identifiers import AreaNumber, Eic, Gsrn
from broker.messages.notices import PointNumber, SupplierName
from broker.messages.reasons import Reason
from broker.messages.requests import RegisterValue
from broker.wire.places import shortened
from broker.wire.schema import NAMESPACE, TAG_PREFIX, validate

SHORT_TEXT_MAX = 100
NAME_TEXT_MAX = 200
LONG_TEXT_MAX = 1000

_NAMESPACES: dict[str | None, str] = {None: NAMESPACE}


class UnableToWriteValidDocument(Exception):
    """What was to be sent is not valid against the schema: a mistake of ours."""


def new_document(name: str) -> etree._Element:
    """The root of a new document."""
    return etree.Element(TAG_PREFIX + name, nsmap=_NAMESPACES)


def add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """A new last child, with text where it is given. Raises UnableToWriteValidDocument."""
    element = etree.SubElement(parent, TAG_PREFIX + name)
    if text is not None:
        try:
            element.text = text
        except ValueError as error:
            raise UnableToWriteValidDocument(f"{name}: {error}") from error
    return element


def add_free_text(parent: etree._Element, name: str, text: str | None, characters_max: int) -> None:
    """A child with text from elsewhere, cleaned and cut; none where no text is left."""
    cleaned = shortened(text, characters_max)
    if cleaned:
        add(parent, name, cleaned)


def add_code(parent: etree._Element, name: str, list_agency: str, code: str) -> None:
    """A code with the agency of its list."""
    add(parent, name, code).set("listAgency", list_agency)


def add_reason(parent: etree._Element, reason: Reason) -> None:
    """A reason as list agency and code (A11)."""
    add_code(parent, "Code", reason.agency, reason.code)


def add_eic(parent: etree._Element, name: str, eic: Eic) -> None:
    """The EIC of a party."""
    add(parent, name, eic).set("schemeAgency", "305")


def add_accounting_point(parent: etree._Element, gsrn: Gsrn) -> None:
    """The GSRN of an accounting point."""
    add_gsrn(parent, "AccountingPoint", gsrn)


def add_gsrn(parent: etree._Element, name: str, gsrn: Gsrn) -> None:
    """A GS1 number."""
    add(parent, name, gsrn).set("schemeAgency", "9")


def add_metering_site(parent: etree._Element, number: AreaNumber) -> None:
    """The area number of a metering site."""
    add(parent, "MeteringSite", number).set("schemeAgency", "NSI")


def add_point(parent: etree._Element, point: PointNumber) -> None:
    """The number of a point (H2)."""
    element = add(parent, "Point")
    add_accounting_point(element, point.accounting_point)
    add_metering_site(element, point.metering_site)


def add_supplier(parent: etree._Element, name: str, supplier: SupplierName) -> None:
    """Name and EIC of a supplier, with its directions (interpretation 13)."""
    element = add(parent, name)
    add_eic(element, "Identification", supplier.eic)
    add_free_text(element, "Name", supplier.name, NAME_TEXT_MAX)
    for direction in supplier.directions:
        add(element, "Direction", direction.value)


def add_grounds(parent: etree._Element, reasons: tuple[GivenReason, ...]) -> None:
    """Grounds as codes, words only with E14 (A11). Raises UnableToWriteValidDocument."""
    for given in reasons:
        ground = add(parent, "Ground")
        add_reason(ground, given.reason)
        if given.reason is Reason.OTHER:
            if not (given.text or "").strip():
                raise UnableToWriteValidDocument("260 E14 needs its text")
            add_free_text(ground, "Text", given.text, LONG_TEXT_MAX)


def add_day(parent: etree._Element, name: str, day: date) -> None:
    """A local day."""
    add(parent, name, day.isoformat())


def add_instant(parent: etree._Element, name: str, at: datetime) -> None:
    """An instant, in UTC. Raises UnableToWriteValidDocument for one without zone."""
    if at.tzinfo is None:
        raise UnableToWriteValidDocument(f"{name}: an instant needs its zone")
    add(parent, name, at.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z")


def add_registers(parent: etree._Element, registers: tuple[RegisterValue, ...]) -> None:
    """What each register shows, never rounded (C3)."""
    for one in registers:
        register = add(parent, "Register")
        add(register, "Obis", one.register)
        add(register, "Value", plain(one.value))


def plain(value: Decimal) -> str:
    """The decimal without exponent and with no more than three places where the rest is zeros."""
    text = f"{value:f}"
    whole, _, places = text.partition(".")
    if len(places) <= 3:
        return text
    return f"{whole}.{places[:3]}{places[3:].rstrip('0')}"


def finished(root: etree._Element) -> bytes:
    """The bytes of the document, UTF-8 with declaration. Raises UnableToWriteValidDocument."""
    findings = validate(root)
    if findings:
        first = findings[0]
        raise UnableToWriteValidDocument(
            f"{first.place}: found {first.found!r}, expected {first.expected!r}"
        )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
