"""The messages that parties send, as XML text; `{case}` stands for a case number not yet known."""

from dataclasses import dataclass, field
from datetime import date, datetime
from xml.sax.saxutils import escape

_CONTRACT_FILE = "JVBERi0xLjQK"


@dataclass
class Header:
    """The header of a message."""

    kind: str
    number: str
    created: datetime
    sender: str
    role: str
    operator: str

    def xml(self) -> str:
        """The header as XML."""
        document, agency, reason = {
            "SwitchRequest": ("392", "6", "E03"),
            "ShareClaim": ("392", "6", "E03"),
            "SharedSupplyRequest": ("392", "6", "E03"),
            "SupplyConfirmation": ("414", "6", "E03"),
            "Objection": ("414", "6", "E03"),
            "Correction": ("E67", "260", "E05"),
            "Withdrawal": ("E67", "260", "E05"),
            "MeterReading": ("E65", "260", "E03"),
            "InaccessibilityReport": ("E65", "260", "E03"),
            "RegisterChange": ("E07", "260", "E32"),
        }[self.kind]
        return (
            f"<Header><Identification>{self.number}</Identification>"
            f'<DocumentType listAgency="{agency}">{document}</DocumentType>'
            f"<Creation>{self.created.isoformat()}</Creation>"
            f'<Sender><Identification schemeAgency="305">{self.sender}</Identification>'
            f'<Role listAgency="260">{self.role}</Role></Sender>'
            f'<Recipient><Identification schemeAgency="305">{self.operator}</Identification>'
            '<Role listAgency="260">DDM</Role></Recipient>'
            f'<BusinessReason listAgency="260">{reason}</BusinessReason></Header>'
        )


@dataclass
class PointName:
    """A point as a message names it."""

    number: str
    site: str
    area: str
    site_gsrn: str = ""

    def xml(self) -> str:
        """The point as XML."""
        gsrn = (
            f'<MeteringSiteGsrn schemeAgency="9">{self.site_gsrn}</MeteringSiteGsrn>'
            if self.site_gsrn
            else ""
        )
        return (
            f'<Point><AccountingPoint schemeAgency="9">{self.number}</AccountingPoint>'
            f'<MeteringSite schemeAgency="NSI">{self.site}</MeteringSite>{gsrn}'
            f'<Area schemeAgency="NSI">{self.area}</Area></Point>'
        )


@dataclass
class ContractText:
    """A supply contract as a request carries it."""

    reference: str
    customer: str
    tax: str
    supplier: str
    since: date
    until: date | None
    point: str
    site: str
    signed: date
    self_supply: bool


@dataclass
class ChosenText:
    """A chosen supplier as a request names it."""

    direction: str
    supplier: str
    name: str
    share: str = ""
    contract: ContractText | None = None


@dataclass
class RequestText:
    """A switch request, a claim of a share, or a request for several suppliers."""

    header: Header
    point: PointName
    name: str
    tax: str
    payer: str = "customer"
    consent: date | None = None
    authorised: date | None = None
    served: date | None = None
    chosen: list[ChosenText] = field(default_factory=list)
    wanted: date | None = None

    def xml(self) -> str:
        """The request as XML."""
        parts = [
            self.header.xml(),
            self.point.xml(),
            (
                f"<ContractingParty><Name>{escape(self.name)}</Name>"
                f'<TaxNumber schemeAgency="NSI">{self.tax}</TaxNumber><Address>'
                "<Street>Zgledna ulica 1</Street><PostalCode>3999</PostalCode>"
                "<City>Zgledovo</City><Country>SI</Country></Address></ContractingParty>"
            ),
            f"<NetworkChargePayer>{self.payer}</NetworkChargePayer>",
        ]
        if self.consent:
            parts.append(f"<OneBillConsentOn>{self.consent}</OneBillConsentOn>")
        if self.authorised:
            parts.append(f"<Authorisation><GivenOn>{self.authorised}</GivenOn></Authorisation>")
        else:
            served = f"<ServedOn>{self.served}</ServedOn>" if self.served else ""
            parts.append(f"<CustomerApplication>{served}</CustomerApplication>")
        parts += [_chosen(one) for one in self.chosen]
        wanted = f"<Date>{self.wanted}</Date>" if self.wanted else "<AsSoonAsPossible/>"
        parts.append(f"<RequestedDate>{wanted}</RequestedDate>")
        return document(self.header.kind, "".join(parts))


def _chosen(one: ChosenText) -> str:
    share = f"<Share>{one.share}</Share>" if one.share else ""
    contract = _contract(one.contract) if one.contract else ""
    return (
        f"<ChosenSupplier><Direction>{one.direction}</Direction>"
        f'<Supplier schemeAgency="305">{one.supplier}</Supplier><Name>{escape(one.name)}</Name>'
        f"{share}{contract}</ChosenSupplier>"
    )


def _contract(one: ContractText) -> str:
    until = f"<To>{one.until}</To>" if one.until else ""
    return (
        f"<Contract><Reference>{one.reference}</Reference><Parties>"
        f"<CustomerName>{escape(one.customer)}</CustomerName>"
        f'<CustomerTaxNumber schemeAgency="NSI">{one.tax}</CustomerTaxNumber>'
        f'<Supplier schemeAgency="305">{one.supplier}</Supplier></Parties>'
        f"<Validity><From>{one.since}</From>{until}</Validity>"
        f'<AccountingPoint schemeAgency="9">{one.point}</AccountingPoint>'
        f'<MeteringSite schemeAgency="NSI">{one.site}</MeteringSite>'
        f"<CustomerSignedOn>{one.signed}</CustomerSignedOn>"
        f"<SupplierSignedOn>{one.signed}</SupplierSignedOn>"
        f"<SelfSupply>{'true' if one.self_supply else 'false'}</SelfSupply>"
        f'<Attachment mediaType="application/pdf">{_CONTRACT_FILE}</Attachment></Contract>'
    )


def withdrawal(header: Header, point: PointName) -> str:
    """A withdrawal."""
    return document("Withdrawal", f"{header.xml()}<CaseNumber>{{case}}</CaseNumber>{point.xml()}")


def report(header: Header, point: PointName) -> str:
    """A report that the meter cannot be reached."""
    body = f"{header.xml()}<CaseNumber>{{case}}</CaseNumber>{point.xml()}"
    return document("InaccessibilityReport", body)


def confirmation(header: Header, point: PointName) -> str:
    """A supplier's confirmation of its supply."""
    body = f"{header.xml()}<CaseNumber>{{case}}</CaseNumber>{point.xml()}"
    return document("SupplyConfirmation", body)


def objection(header: Header, point: PointName, code: str, text: str = "") -> str:
    """A supplier's objection, with a code as SB:S44."""
    agency, number = code.split(":")
    words = f"<Text>{text}</Text>" if text else ""
    ground = f'<Ground><Code listAgency="{agency}">{number}</Code>{words}</Ground>'
    body = f"{header.xml()}<CaseNumber>{{case}}</CaseNumber>{point.xml()}{ground}"
    return document("Objection", body)


def correction(header: Header, point: PointName, reading: "ReadingText | None") -> str:
    """A correction of a switch: undone, or with its right reading."""
    what = "<Undo/>" if reading is None else f"<RightReading>{reading.inside()}</RightReading>"
    reason = "not_agreed" if reading is None else "misread"
    body = (
        f"{header.xml()}<CaseNumber>{{case}}</CaseNumber>{point.xml()}"
        f"<EnteredBy>Nada Zgled</EnteredBy><Reason>{reason}</Reason><Why>it was wrong</Why>{what}"
    )
    return document("Correction", body)


def change(header: Header, point: PointName, day: date, what: str) -> str:
    """A change for the register."""
    body = f"{header.xml()}{point.xml()}<EffectiveOn>{day}</EffectiveOn>{what}"
    return document("RegisterChange", body)


def customer(name: str, tax: str) -> str:
    """The customer as a change for the register names it."""
    return (
        f"<Customer><Name>{escape(name)}</Name>"
        f'<TaxNumber schemeAgency="NSI">{tax}</TaxNumber><Address>'
        "<Street>Zgledna ulica 1</Street><PostalCode>3999</PostalCode>"
        "<City>Zgledovo</City><Country>SI</Country></Address></Customer>"
    )


@dataclass
class ReadingText:
    """A meter reading."""

    header: Header
    point: PointName
    serial: str
    taken: datetime
    by: str
    values: dict[str, str]
    reason: str = ""
    names_case: bool = True

    def xml(self) -> str:
        """The reading as XML."""
        reason = f"<DepartureReason>{self.reason}</DepartureReason>" if self.reason else ""
        case = "<CaseNumber>{case}</CaseNumber>" if self.names_case else ""
        return document(
            "MeterReading",
            f"{self.header.xml()}{case}{self.point.xml()}{self.inside()}{reason}",
        )

    def inside(self) -> str:
        """What was read, when and how."""
        registers = "".join(
            f"<Register><Obis>{obis}</Obis><Value>{value}</Value></Register>"
            for obis, value in self.values.items()
        )
        return (
            f"<SerialNumber>{self.serial}</SerialNumber>"
            f"<TakenAt>{self.taken.isoformat()}</TakenAt>"
            f'<ObtainedBy listAgency="NSI">{self.by}</ObtainedBy>{registers}'
        )


def document(kind: str, body: str) -> str:
    """A document with its root."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<{kind} xmlns="urn:supplier-switch:si:1">{body}</{kind}>'
    )
