"""What the broker tells a party: each notice holds what its rule lists, no more (interpretation 9).

"Point number" is the accounting point's GSRN and the metering site's area number. Every notice
names its recipient, the case, and the message it answers only where the recipient sent it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from broker.messages.codes import (
    Direction,
    Function,
    ObtainedBy,
    Payer,
    ReadingMethod,
    RegisterChangeKind,
    Role,
)
from broker.messages.events import GivenReason
from broker.messages.identifiers import (
    AreaNumber,
    CaseId,
    DocumentId,
    Eic,
    Gsrn,
    MessageId,
    ObisCode,
    SerialNumber,
)
from broker.messages.requests import Address, RegisterValue
from broker.messages.settlements import Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class PointNumber:
    """The number of a point in a notice (A15-A17, A28, A29; H2)."""

    accounting_point: Gsrn
    metering_site: AreaNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierName:
    """Name and EIC of a supplier, with the directions the notice speaks of (interpretation 13)."""

    eic: Eic
    name: str
    directions: tuple[Direction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReading:
    """The last reading on record (A15)."""

    taken_on: date
    registers: tuple[RegisterValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """The customer as the recipient of a notice: its name, postal address and e-mail (A37)."""

    name: str
    address: Address
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedDocument:
    """The document of a corrected switch that this one cancels or replaces, and its case (D3).

    `case_id` is None where the document named none.
    """

    function: Function
    document_id: DocumentId
    case_id: CaseId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """To whom a notice goes, about which case if any, in answer to which of its messages.

    A notice to the customer lies in the operator's mailbox, to be delivered to `customer` (A37).
    One that puts a document right names it as `corrects` (D3).
    """

    party: Eic
    role: Role
    case_id: CaseId | None
    reference: MessageId | None
    customer: Customer | None = None
    corrects: CorrectedDocument | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalNotice:
    """Approval, to the applicant and the new supplier (A12, A15).

    `metering_point` is the number of the metering point created for the recipient's own share,
    None where nothing was divided (B9).
    """

    to: Addressee
    point: PointNumber
    new_supplier: SupplierName
    expected_date: date
    reading_method: ReadingMethod
    reading_from: date
    reading_to: date
    serial_number: SerialNumber
    last_reading: LastReading | None
    metering_point: Gsrn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalNoticeToOldSupplier:
    """Approval, to the old supplier, which does not learn who the new one is (A12, A16)."""

    to: Addressee
    point: PointNumber
    old_supplier: SupplierName
    expected_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionNotice:
    """Rejection, to the applicant: codes, text only with E14 (A11, A14, A17).

    Where a division is rejected because its shares are not exactly one, it goes to all applicants
    and to all suppliers at the delivery point, and `explains_disconnection` (B3); a supplier that
    did not apply is told no new supplier. It also goes to the suppliers named in a customer's
    request that were asked to confirm it (B7).
    """

    to: Addressee
    point: PointNumber
    new_suppliers: tuple[SupplierName, ...]
    reasons: tuple[GivenReason, ...]
    explains_disconnection: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyConfirmationInvitation:
    """A supplier is named in a customer's request: it may confirm, or object in time (B6).

    It is told of its own part alone: directions, its share (None where nothing is divided), the
    reference of its own contract. `answer_by` is the last day on which an answer counts.
    """

    to: Addressee
    point: PointNumber
    supplier: SupplierName
    share: Decimal | None
    contract: str | None
    requested_date: date | None
    answer_by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionDecision:
    """The operator rejected the objections, or upheld one, to each supplier named (B7).

    `reasons` are given where an objection is upheld: to the others only that one was.
    `explanation` is why the operator rejected an objection, to the supplier that objected.
    """

    to: Addressee
    point: PointNumber
    upheld: bool
    reasons: tuple[GivenReason, ...]
    explanation: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalNotice:
    """The customer took its request back, to a supplier asked to confirm it (interpretation 11)."""

    to: Addressee
    point: PointNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalConfirmation:
    """The operator confirms the withdrawal to the applicant (A13)."""

    to: Addressee
    point: PointNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchCompleted:
    """Completion, to the new and to the old supplier, each with its own name (A28)."""

    to: Addressee
    point: PointNumber
    new_supplier: SupplierName | None
    old_supplier: SupplierName | None
    switch_date: date
    registers: tuple[RegisterValue, ...]
    obtained_by: ObtainedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchFailed:
    """A switch rejected because of the reading, to applicant, old and new supplier (A29).

    `legal_remedies` stands in the copy of a customer that applied itself, and only there (A37).
    """

    to: Addressee
    point: PointNumber
    ground: GivenReason
    legal_remedies: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRejection:
    """A reading the operator refused after review, to its sender (A26)."""

    to: Addressee
    point: PointNumber
    taken_on: date
    reasons: tuple[GivenReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOrder:
    """The metering centre is to read these registers as of this instant (A19).

    `order_number` is 1 for the first order of a reading and grows with each repetition.
    """

    to: Addressee
    point: PointNumber
    serial_number: SerialNumber
    read_for: datetime
    answer_by: datetime
    order_number: int
    registers: tuple[ObisCode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteVisitNotice:
    """The operator will visit the site to read the meter, to customer, old and new supplier (A21).

    `visit_from` and `visit_to` are the first and the last day on which it may come.
    """

    to: Addressee
    point: PointNumber
    visit_from: date
    visit_to: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptConfirmation:
    """Receipt of the request, to the customer that applied itself (A10, A37)."""

    to: Addressee
    point: PointNumber
    received_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalSettlement:
    """The final settlement, to the old supplier, of its own directions (A24, A30, H2).

    To `supplier` of consumption where it stays and only the payer changes (A35).
    """

    to: Addressee
    point: PointNumber
    settlement: Settlement
    old_supplier: SupplierName | None = None
    supplier: SupplierName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterChangeNotice:
    """A change at the point was entered in the register, to its supplier (A32).

    With the notice that the supplier changed, the old one loses sight of the point. To the
    customer, who pays from then on, it says that it may change supplier (A35).
    """

    to: Addressee
    point: PointNumber
    change: RegisterChangeKind
    effective_on: date
    customer_may_switch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedDirection:
    """One direction that changed supplier, with the contract; no old one where it had none.

    Where supply is divided, before or after, each supply that ends and each that begins stands by
    itself, with its accounting point and its share.
    """

    direction: Direction
    old_supplier: Eic | None
    old_name: str | None
    new_supplier: Eic | None
    new_name: str | None
    contract: str | None
    accounting_point: Gsrn | None = None
    share: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchExecuted:
    """A switch carried out, to the operator's back office alone: all that it books (A27, A35)."""

    to: Addressee
    point: PointNumber
    switch_date: date
    directions: tuple[ExecutedDirection, ...]
    payer: Payer
    serial_number: SerialNumber
    registers: tuple[RegisterValue, ...]
    obtained_by: ObtainedBy


Notice = (
    ApprovalNotice
    | ApprovalNoticeToOldSupplier
    | RejectionNotice
    | SupplyConfirmationInvitation
    | ObjectionDecision
    | WithdrawalNotice
    | WithdrawalConfirmation
    | SwitchCompleted
    | SwitchFailed
    | ReadingRejection
    | ReadingOrder
    | SiteVisitNotice
    | ReceiptConfirmation
    | FinalSettlement
    | RegisterChangeNotice
    | SwitchExecuted
)
