"""Reading parts of a valid tree: children by name, values of the simple types.

For valid trees only: what the schema demands is taken to be there.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

from lxml import etree

from broker.messages.identifiers import AreaCode, AreaNumber, Gsrn, ObisCode
from broker.messages.requests import Address, PointReference, RegisterValue
from broker.wire.schema import TAG_PREFIX

_PREFIX_LENGTH = len(TAG_PREFIX)
_WHITESPACE = " \t\r\n"


def parts_of(element: etree._Element) -> dict[str, etree._Element]:
    """The children by local name; of several with one name the last."""
    return {str(child.tag)[_PREFIX_LENGTH:]: child for child in element}


def all_named(element: etree._Element, name: str) -> list[etree._Element]:
    """The children of this local name, in order."""
    return list(element.iterchildren(TAG_PREFIX + name))


def text_of(element: etree._Element) -> str:
    """The text of an element as it was sent."""
    return element.text or ""


def day_of(element: etree._Element) -> date:
    """The day an element of the type Day holds."""
    return date.fromisoformat(text_of(element).strip(_WHITESPACE))


def instant_of(element: etree._Element) -> datetime:
    """The instant an element of the type Instant holds, in UTC."""
    return datetime.fromisoformat(text_of(element).strip(_WHITESPACE)).astimezone(UTC)


def decimal_of(element: etree._Element) -> Decimal:
    """The decimal an element holds, with the places it was sent with."""
    return Decimal(text_of(element).strip(_WHITESPACE))


def truth_of(element: etree._Element) -> bool:
    """Whether an element of the type TrueOrFalse says true."""
    return text_of(element).strip(_WHITESPACE) == "true"


def point_of(element: etree._Element) -> PointReference:
    """The accounting point as the party names it (A9, D2, H2)."""
    parts = parts_of(element)
    site_gsrn = parts.get("MeteringSiteGsrn")
    return PointReference(
        accounting_point=Gsrn(text_of(parts["AccountingPoint"])),
        metering_site=AreaNumber(text_of(parts["MeteringSite"])),
        metering_site_gsrn=None if site_gsrn is None else Gsrn(text_of(site_gsrn)),
        area=AreaCode(text_of(parts["Area"])),
    )


def address_of(element: etree._Element) -> Address:
    """A postal address."""
    parts = parts_of(element)
    return Address(
        street=text_of(parts["Street"]),
        postal_code=text_of(parts["PostalCode"]),
        city=text_of(parts["City"]),
        country=text_of(parts["Country"]),
    )


def register_values_of(element: etree._Element) -> tuple[RegisterValue, ...]:
    """What the registers named in an element show (C5)."""
    values = []
    for register in all_named(element, "Register"):
        parts = parts_of(register)
        values.append(
            RegisterValue(
                register=ObisCode(text_of(parts["Obis"])), value=decimal_of(parts["Value"])
            )
        )
    return tuple(values)
