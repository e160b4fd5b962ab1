"""What a message or a document says, read by the auditor itself from the bytes."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

SI = "{urn:supplier-switch:si:1}"


def parse(data: bytes) -> etree._Element:
    """The root of a document."""
    return etree.fromstring(data)


def kind(root: etree._Element) -> str:
    """The name of the root."""
    return root.tag[len(SI) :]


def text(root: etree._Element, path: str) -> str:
    """The text at a path, empty where there is nothing."""
    found = root.find(SI + path.replace("/", "/" + SI))
    return "" if found is None else found.text or ""


def every(root: etree._Element, path: str) -> list[etree._Element]:
    """All elements at a path."""
    return root.findall(SI + path.replace("/", "/" + SI))


def day(value: str) -> date | None:
    """A day, None for nothing."""
    return date.fromisoformat(value) if value else None


def decimal(root: etree._Element, path: str) -> Decimal | None:
    """The number at a path, None for nothing."""
    found = text(root, path)
    return Decimal(found) if found else None


def codes(root: etree._Element, path: str) -> list[str]:
    """The codes at a path, as 260:E10."""
    return sorted(f"{one.get('listAgency')}:{one.text}" for one in every(root, path))


def values(root: etree._Element, path: str = "Register") -> dict[str, Decimal]:
    """Values of registers at a path."""
    return {text(one, "Obis"): Decimal(text(one, "Value")) for one in every(root, path)}


def normal(name: str) -> str:
    """A name without case, spaces and dots (A9)."""
    return "".join(name.split()).replace(".", "").casefold()


@dataclass(frozen=True)
class Contract:
    """The contract of a chosen supplier."""

    reference: str
    customer_name: str
    customer_tax: str
    supplier: str
    since: date
    until: date | None
    point: str
    site: str
    signed: tuple[date, ...]
    self_supply: bool


@dataclass(frozen=True)
class Chosen:
    """A supplier chosen for a direction."""

    direction: str
    supplier: str
    share: Decimal | None
    contract: Contract | None


@dataclass(frozen=True)
class Request:
    """A switch request as it stands in the message."""

    sender: str
    by_customer: bool
    served_on: date | None
    point: str
    site: str
    site_gsrn: str
    area: str
    name: str
    tax: str
    payer: str
    consent: date | None
    authorised_on: date | None
    chosen: tuple[Chosen, ...]
    wanted: date | None


def request_of(root: etree._Element) -> Request:
    """The request in a SwitchRequest."""
    return Request(
        sender=text(root, "Header/Sender/Identification"),
        by_customer=bool(every(root, "CustomerApplication")),
        served_on=day(text(root, "CustomerApplication/ServedOn")),
        point=text(root, "Point/AccountingPoint"),
        site=text(root, "Point/MeteringSite"),
        site_gsrn=text(root, "Point/MeteringSiteGsrn"),
        area=text(root, "Point/Area"),
        name=text(root, "ContractingParty/Name"),
        tax=text(root, "ContractingParty/TaxNumber"),
        payer=text(root, "NetworkChargePayer"),
        consent=day(text(root, "OneBillConsentOn")),
        authorised_on=day(text(root, "Authorisation/GivenOn")),
        chosen=tuple(_chosen(one) for one in every(root, "ChosenSupplier")),
        wanted=day(text(root, "RequestedDate/Date")),
    )


def _chosen(node: etree._Element) -> Chosen:
    share = text(node, "Share")
    contract = next(iter(every(node, "Contract")), None)
    return Chosen(
        direction=text(node, "Direction"),
        supplier=text(node, "Supplier"),
        share=Decimal(share) if share else None,
        contract=None if contract is None else _contract(contract),
    )


def _contract(node: etree._Element) -> Contract:
    since = day(text(node, "Validity/From"))
    assert since is not None
    signed = [day(text(node, "CustomerSignedOn")), day(text(node, "SupplierSignedOn"))]
    return Contract(
        reference=text(node, "Reference"),
        customer_name=text(node, "Parties/CustomerName"),
        customer_tax=text(node, "Parties/CustomerTaxNumber"),
        supplier=text(node, "Parties/Supplier"),
        since=since,
        until=day(text(node, "Validity/To")),
        point=text(node, "AccountingPoint"),
        site=text(node, "MeteringSite"),
        signed=tuple(one for one in signed if one),
        self_supply=text(node, "SelfSupply") == "true",
    )


@dataclass(frozen=True)
class Reported:
    """A reading as it stands in the message."""

    message: str
    sender: str
    role: str
    case: str
    point: str
    site: str
    serial: str
    taken: datetime
    by: str
    values: dict[str, Decimal]
    reason: str


def reading_of(root: etree._Element) -> Reported:
    """The reading in a MeterReading."""
    return Reported(
        message=text(root, "Header/Identification"),
        sender=text(root, "Header/Sender/Identification"),
        role=text(root, "Header/Sender/Role"),
        case=text(root, "CaseNumber"),
        point=text(root, "Point/AccountingPoint"),
        site=text(root, "Point/MeteringSite"),
        serial=text(root, "SerialNumber"),
        taken=datetime.fromisoformat(text(root, "TakenAt")),
        by=text(root, "ObtainedBy"),
        values=values(root),
        reason=text(root, "DepartureReason"),
    )


def with_role(reported: Reported, role: str) -> Reported:
    """The same reading as sent by a party of this role."""
    return replace(reported, role=role)
