"""What parties send: the typed contents of inbound messages (A4, A9, A13, A20)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from broker.messages.codes import (
    CorrectionReason,
    Direction,
    DocumentKind,
    EntitlementKind,
    MediaType,
    ObtainedBy,
    Payer,
    Purpose,
    Role,
    WantedData,
)
from broker.messages.identifiers import (
    AreaCode,
    AreaNumber,
    CaseId,
    Eic,
    Gsrn,
    MessageId,
    ObisCode,
    SerialNumber,
    TaxNumber,
)
from broker.messages.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The head of every message: who says what to whom, in the words of ebIX."""

    kind: DocumentKind
    message_id: MessageId
    created_at: datetime
    sender: Eic
    sender_role: Role
    recipient: Eic


@dataclass(frozen=True, slots=True, kw_only=True)
class PointReference:
    """An accounting point as a party names it: its GSRN and its metering site (A9, D2, H2)."""

    accounting_point: Gsrn
    metering_site: AreaNumber
    metering_site_gsrn: Gsrn | None
    area: AreaCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address; carried, never compared (A9)."""

    street: str
    postal_code: str
    city: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractingParty:
    """The customer as the supply contract names it (A5, A9)."""

    name: str
    tax_number: TaxNumber
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """The contract document, kept once under its hash; the bytes travel beside this type (A9).

    `detected` is what the first bytes say the document is, None when they say nothing known.
    """

    media_type: MediaType
    sha256: str
    size_bytes: int
    detected: MediaType | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyContract:
    """The supply contract of a chosen supplier (A9): parties, validity, numbers, signatures.

    `valid_from` and `valid_to` are the first and the last day covered; None means without end.
    """

    reference: str
    customer_name: str
    customer_tax_number: TaxNumber
    supplier: Eic
    valid_from: date
    valid_to: date | None
    accounting_point: Gsrn
    metering_site: AreaNumber
    customer_signed_on: date
    supplier_signed_on: date
    self_supply: bool
    document: Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenSupplier:
    """The supplier chosen for one direction, with its contract where it is new (A9).

    `share` is a decimal of at most six places, None where there is one open contract.
    """

    direction: Direction
    supplier: Eic
    name: str
    share: Decimal | None
    contract: SupplyContract | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerApplication:
    """The customer applies itself and staff enter it; `served_on` for a written request (A37)."""

    served_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRequest:
    """A request for a change of supplier (A9). `requested_date` None: as soon as possible.

    Either `authorised_on` is given, by a supplier, or `customer_application`, by staff (A5, A37).
    `one_bill_consent_on` is when the customer agreed to one bill (A34).

    The header's kind tells a request for one supplier a direction (SwitchRequest) from a
    supplier's claim of its own share (ShareClaim, B1: one chosen supplier of consumption, with
    its share) and from a customer's request naming all suppliers and shares
    (SharedSupplyRequest, B5).
    """

    header: Header
    point: PointReference
    contracting_party: ContractingParty
    network_charge_payer: Payer
    one_bill_consent_on: date | None
    authorised_on: date | None
    customer_application: CustomerApplication | None
    chosen: tuple[ChosenSupplier, ...]
    requested_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """The applicant takes its request back (A13)."""

    header: Header
    case_id: CaseId
    point: PointReference


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyConfirmation:
    """A supplier named in a customer's request confirms it (B6)."""

    header: Header
    case_id: CaseId
    point: PointReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """A supplier named in a customer's request objects, with a reason; text only with E14 (B6)."""

    header: Header
    case_id: CaseId
    point: PointReference
    reason: Reason
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterValue:
    """What one register of the meter shows; never rounded (C3)."""

    register: ObisCode
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading:
    """A reading of all registers of one meter (A20, C5). `case_id` may be left out."""

    header: Header
    case_id: CaseId | None
    point: PointReference
    serial_number: SerialNumber
    taken_at: datetime
    obtained_by: ObtainedBy
    registers: tuple[RegisterValue, ...]
    departure_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InaccessibilityReport:
    """The new supplier reports that the customer cannot reach the meter (A22)."""

    header: Header
    case_id: CaseId
    point: PointReference


@dataclass(frozen=True, slots=True, kw_only=True)
class RightReading:
    """The reading that a switch should have been carried out with, on the day it was taken."""

    serial_number: SerialNumber
    taken_at: datetime
    obtained_by: ObtainedBy
    registers: tuple[RegisterValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The back office puts right a switch that was wrongly carried out (D3).

    `right_reading` is None where the switch should not have been carried out at all; `entered_by`
    names the member of staff, `why` says in words what `reason` says as a code.
    """

    header: Header
    case_id: CaseId
    point: PointReference
    entered_by: str
    reason: CorrectionReason
    why: str
    right_reading: RightReading | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCustomer:
    """The customer as the authorisation or the contract names it (A4)."""

    name: str
    tax_number: TaxNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """The authorisation or supply contract, declared with the day it was signed (A4)."""

    kind: EntitlementKind
    signed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterDataRequest:
    """A supplier asks for data of a point before it files a request (A4)."""

    header: Header
    point: PointReference
    contracting_party: NamedCustomer
    entitlement: Entitlement
    purpose: Purpose
    wanted: tuple[WantedData, ...]


CaseMessage = (
    SwitchRequest
    | Withdrawal
    | SupplyConfirmation
    | Objection
    | MeterReading
    | InaccessibilityReport
    | Correction
)
"""What is about a case, or opens one."""
Message = CaseMessage | MasterDataRequest
