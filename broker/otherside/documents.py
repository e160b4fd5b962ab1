"""The documents of the exchange, read and written with lxml alone, as any party would."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from lxml import etree

_NAMESPACE = "urn:supplier-switch:si:1"
_TAG = f"{{{_NAMESPACE}}}"
_ENERGY_PARTY, _BROKER_LISTS, _GS1 = "305", "260", "9"


class UnreadableDocument(Exception):
    """These bytes are no XML."""


class Document:
    """A document from the mailbox, asked by paths such as `Header/CaseNumber`.

    Raises UnreadableDocument.
    """

    def __init__(self, content: bytes) -> None:
        self._root = _parsed(content)

    @property
    def kind(self) -> str:
        """The name of its root."""
        return str(etree.QName(self._root).localname)

    @property
    def created_at(self) -> datetime:
        """When it was issued."""
        return datetime.fromisoformat(self.text("Header/Creation"))

    def text(self, path: str) -> str:
        """The text at a path, empty where nothing stands there."""
        return self._root.findtext(_qualified(path)) or ""

    def texts(self, path: str) -> tuple[str, ...]:
        """The texts of all elements at a path, in order."""
        return tuple(element.text or "" for element in self._root.iterfind(_qualified(path)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A meter reading as it is reported: about which switch, of which meter, taken when."""

    sender: str
    sender_role: str
    recipient: str
    case_number: str
    accounting_point: str
    metering_site: str
    serial_number: str
    created_at: datetime
    taken_at: datetime
    obtained_by: str
    values: tuple[tuple[str, Decimal], ...]


def write_reading(reading: Reading, message_id: str) -> bytes:
    """The `MeterReading` with this identification; the same reading gives the same bytes."""
    root = etree.Element(_TAG + "MeterReading", nsmap={None: _NAMESPACE})
    header = _add(root, "Header")
    _add(header, "Identification", message_id)
    _add(header, "DocumentType", "E65", listAgency=_BROKER_LISTS)
    _add(header, "Creation", _instant(reading.created_at))
    for name, party, role in (
        ("Sender", reading.sender, reading.sender_role),
        ("Recipient", reading.recipient, "DDM"),
    ):
        element = _add(header, name)
        _add(element, "Identification", party, schemeAgency=_ENERGY_PARTY)
        _add(element, "Role", role, listAgency=_BROKER_LISTS)
    _add(header, "BusinessReason", "E03", listAgency=_BROKER_LISTS)
    _add(root, "CaseNumber", reading.case_number)
    point = _add(root, "Point")
    _add(point, "AccountingPoint", reading.accounting_point, schemeAgency=_GS1)
    _add(point, "MeteringSite", reading.metering_site, schemeAgency="NSI")
    _add(point, "Area", reading.metering_site.partition("-")[0], schemeAgency="NSI")
    _add(root, "SerialNumber", reading.serial_number)
    _add(root, "TakenAt", _instant(reading.taken_at))
    _add(root, "ObtainedBy", reading.obtained_by, listAgency="NSI")
    for code, value in reading.values:
        register = _add(root, "Register")
        _add(register, "Obis", code)
        _add(register, "Value", f"{value:f}")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def numbers_of(listing: bytes) -> tuple[str, ...]:
    """The document numbers of a mailbox listing, in its order."""
    return Document(listing).texts("Entry/DocumentNumber")


def codes_of(acknowledgement: bytes) -> tuple[str, ...]:
    """The codes of every finding of a refusal, as 260:E19."""
    path = _qualified("Finding/Code")
    found = _parsed(acknowledgement).iterfind(path)
    return tuple(f"{code.get('listAgency')}:{code.text}" for code in found)


def _parsed(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableDocument(str(error)) from error


def _qualified(path: str) -> str:
    return "/".join(_TAG + name for name in path.split("/"))


def _add(
    parent: etree._Element, name: str, text: str | None = None, **attributes: str
) -> etree._Element:
    element = etree.SubElement(parent, _TAG + name, attributes)
    element.text = text
    return element


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
