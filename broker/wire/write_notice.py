"""Notices to parties as documents: each holds what its rule lists and no more (interpretation 9).

A rejection carries codes; words only with the code "other" (A11).
"""

from datetime import datetime
from typing import assert_never

from lxml import etree

from broker.messages.codes import DocumentKind
from broker.messages.identifiers import DocumentId, Eic
from broker.messages.notices import (
    Addressee,
    ApprovalNotice,
    ApprovalNoticeToOldSupplier,
    CorrectedDocument,
    Customer,
    FinalSettlement,
    Notice,
    ObjectionDecision,
    ReadingOrder,
    ReadingRejection,
    ReceiptConfirmation,
    RegisterChangeNotice,
    RejectionNotice,
    SiteVisitNotice,
    SupplyConfirmationInvitation,
    SwitchCompleted,
    SwitchExecuted,
    SwitchFailed,
    WithdrawalConfirmation,
    WithdrawalNotice,
)
from broker.messages.settlements import SettledRegister
from broker.wire.document import (
    LONG_TEXT_MAX,
    NAME_TEXT_MAX,
    UnableToWriteValidDocument,
    add,
    add_code,
    add_day,
    add_eic,
    add_free_text,
    add_grounds,
    add_gsrn,
    add_instant,
    add_point,
    add_registers,
    add_supplier,
    finished,
    new_document,
    plain,
)
from broker.wire.write_shared_supply import (
    add_invitation,
    add_objection_decision,
    add_rejection,
)

_CHANGE_OF_SUPPLIER = "E03"
_CANCELLATION = "E05"
_MASTER_DATA = "E32"
_RESPONSE = ("6", "414")
_READING_ORDER = ("260", "E73")
_METER_STAND = ("260", "E65")
_END_OF_SUPPLY = ("6", "406")
_CANCELLATION_RESPONSE = ("260", "E68")
_REQUEST = ("6", "392")
_CANCELLATION_REQUEST = ("260", "E67")


def kind_of_notice(notice: Notice) -> DocumentKind:
    """The kind of document a notice becomes, named as its root element."""
    match notice:
        case ApprovalNotice() | ApprovalNoticeToOldSupplier():
            return DocumentKind.APPROVAL_NOTICE
        case RejectionNotice():
            return DocumentKind.REJECTION_NOTICE
        case SupplyConfirmationInvitation():
            return DocumentKind.SUPPLY_CONFIRMATION_INVITATION
        case ObjectionDecision():
            return DocumentKind.OBJECTION_DECISION
        case WithdrawalNotice():
            return DocumentKind.WITHDRAWAL_NOTICE
        case WithdrawalConfirmation():
            return DocumentKind.WITHDRAWAL_CONFIRMATION
        case SwitchCompleted():
            return DocumentKind.SWITCH_COMPLETED
        case SwitchFailed():
            return DocumentKind.SWITCH_FAILED
        case ReadingRejection():
            return DocumentKind.READING_REJECTION
        case ReadingOrder():
            return DocumentKind.READING_ORDER
        case SiteVisitNotice():
            return DocumentKind.SITE_VISIT_NOTICE
        case ReceiptConfirmation():
            return DocumentKind.RECEIPT_CONFIRMATION
        case FinalSettlement():
            return DocumentKind.FINAL_SETTLEMENT
        case RegisterChangeNotice():
            return DocumentKind.REGISTER_CHANGE_NOTICE
        case SwitchExecuted():
            return DocumentKind.SWITCH_EXECUTED
        case _:
            assert_never(notice)


def write_notice(
    notice: Notice, *, document_id: DocumentId, created_at: datetime, operator: Eic
) -> bytes:
    """The notice as a valid document, the same bytes for the same arguments.

    Raises UnableToWriteValidDocument, which is a mistake of ours (design 8).
    """
    root = new_document(kind_of_notice(notice).value)
    _add_header(root, notice, document_id, created_at, operator)
    _add_body(root, notice)
    return finished(root)


def _add_header(
    root: etree._Element,
    notice: Notice,
    document_id: DocumentId,
    created_at: datetime,
    operator: Eic,
) -> None:
    to: Addressee = notice.to
    header = add(root, "Header")
    add(header, "Identification", document_id)
    add_code(header, "DocumentType", *_document_type(notice))
    add_instant(header, "Creation", created_at)
    sender = add(header, "Sender")
    add_eic(sender, "Identification", operator)
    add_code(sender, "Role", "260", "DDM")
    recipient = add(header, "Recipient")
    add_eic(recipient, "Identification", to.party)
    add_code(recipient, "Role", "260", to.role.value)
    add_code(header, "BusinessReason", "260", _business_reason(notice))
    if to.reference is not None:
        add(header, "Reference", to.reference)
    if to.case_id is not None:
        add(header, "CaseNumber", to.case_id)
    if to.corrects is not None:
        _add_corrected(header, to.corrects)
    if to.customer is not None:
        _add_customer(header, to.customer)


def _add_corrected(header: etree._Element, corrected: CorrectedDocument) -> None:
    """Which document sent before this one cancels or replaces (D3)."""
    element = add(header, "Corrects")
    add_code(element, "Function", "6", corrected.function.value)
    add(element, "DocumentNumber", corrected.document_id)
    if corrected.case_id is not None:
        add(element, "CaseNumber", corrected.case_id)


def _add_customer(header: etree._Element, customer: Customer) -> None:
    """To which customer the operator is to deliver the document, and where (A37)."""
    element = add(header, "DeliverToCustomer")
    add_free_text(element, "Name", customer.name, NAME_TEXT_MAX)
    address = add(element, "Address")
    add_free_text(address, "Street", customer.address.street, NAME_TEXT_MAX)
    add(address, "PostalCode", customer.address.postal_code)
    add_free_text(address, "City", customer.address.city, NAME_TEXT_MAX)
    add(address, "Country", customer.address.country)
    add_free_text(element, "Email", customer.email, NAME_TEXT_MAX)


def _business_reason(notice: Notice) -> str:
    """Cancellation, a change in the register that is of no case, else the change of supplier."""
    if isinstance(notice, WithdrawalConfirmation | WithdrawalNotice):
        return _CANCELLATION
    return _CHANGE_OF_SUPPLIER if notice.to.case_id is not None else _MASTER_DATA


def _document_type(notice: Notice) -> tuple[str, str]:
    if isinstance(notice, WithdrawalConfirmation):
        return _CANCELLATION_RESPONSE
    if isinstance(notice, SupplyConfirmationInvitation):
        return _REQUEST
    if isinstance(notice, WithdrawalNotice):
        return _CANCELLATION_REQUEST
    if isinstance(notice, ApprovalNoticeToOldSupplier):
        return _END_OF_SUPPLY
    if isinstance(notice, ReadingOrder):
        return _READING_ORDER
    if isinstance(notice, FinalSettlement):
        return _METER_STAND
    if isinstance(notice, SwitchCompleted) and notice.old_supplier is not None:
        return _END_OF_SUPPLY
    return _RESPONSE


def _add_body(root: etree._Element, notice: Notice) -> None:
    match notice:
        case ApprovalNotice():
            _add_approval(root, notice)
        case ApprovalNoticeToOldSupplier():
            _add_approval_to_old(root, notice)
        case RejectionNotice():
            add_rejection(root, notice)
        case SupplyConfirmationInvitation():
            add_invitation(root, notice)
        case ObjectionDecision():
            add_objection_decision(root, notice)
        case WithdrawalConfirmation() | WithdrawalNotice():
            add_point(root, notice.point)
        case SwitchCompleted():
            _add_completion(root, notice)
        case SwitchFailed():
            add_point(root, notice.point)
            add_grounds(root, (notice.ground,))
            add_free_text(root, "LegalRemedies", notice.legal_remedies, LONG_TEXT_MAX)
        case ReadingRejection():
            add_point(root, notice.point)
            add_day(root, "TakenOn", notice.taken_on)
            add_grounds(root, notice.reasons)
        case ReadingOrder():
            _add_order(root, notice)
        case SiteVisitNotice():
            add_point(root, notice.point)
            period = add(root, "VisitPeriod")
            add_day(period, "From", notice.visit_from)
            add_day(period, "To", notice.visit_to)
        case ReceiptConfirmation():
            add_point(root, notice.point)
            add_day(root, "ReceivedOn", notice.received_on)
        case FinalSettlement():
            _add_settlement(root, notice)
        case RegisterChangeNotice():
            add_point(root, notice.point)
            add(root, "Change", notice.change.value)
            add_day(root, "EffectiveOn", notice.effective_on)
            if notice.customer_may_switch:
                add(root, "CustomerMaySwitch", "true")
        case SwitchExecuted():
            _add_execution(root, notice)
        case _:
            assert_never(notice)


def _add_approval(root: etree._Element, notice: ApprovalNotice) -> None:
    body = add(root, "NewSupply")
    add_point(body, notice.point)
    if notice.metering_point is not None:
        add_gsrn(body, "MeteringPoint", notice.metering_point)
    add_supplier(body, "NewSupplier", notice.new_supplier)
    add_day(body, "ExpectedDate", notice.expected_date)
    add(body, "ReadingMethod", notice.reading_method.value)
    period = add(body, "ReadingPeriod")
    add_day(period, "From", notice.reading_from)
    add_day(period, "To", notice.reading_to)
    add(body, "SerialNumber", notice.serial_number)
    if notice.last_reading is not None:
        last = add(body, "LastReading")
        add_day(last, "TakenOn", notice.last_reading.taken_on)
        add_registers(last, notice.last_reading.registers)


def _add_approval_to_old(root: etree._Element, notice: ApprovalNoticeToOldSupplier) -> None:
    body = add(root, "OldSupply")
    add_point(body, notice.point)
    add_supplier(body, "OldSupplier", notice.old_supplier)
    add_day(body, "ExpectedDate", notice.expected_date)


def _add_completion(root: etree._Element, notice: SwitchCompleted) -> None:
    if (notice.new_supplier is None) == (notice.old_supplier is None):
        raise UnableToWriteValidDocument("a completion names the new or the old supplier")
    if notice.new_supplier is not None:
        body = add(root, "NewSupply")
        add_point(body, notice.point)
        add_supplier(body, "NewSupplier", notice.new_supplier)
    elif notice.old_supplier is not None:
        body = add(root, "OldSupply")
        add_point(body, notice.point)
        add_supplier(body, "OldSupplier", notice.old_supplier)
    add_day(body, "SwitchDate", notice.switch_date)
    add_registers(body, notice.registers)
    add_code(body, "ObtainedBy", "NSI", notice.obtained_by.value)


def _add_execution(root: etree._Element, notice: SwitchExecuted) -> None:
    add_point(root, notice.point)
    add_day(root, "SwitchDate", notice.switch_date)
    for one in notice.directions:
        element = add(root, "Supply")
        add(element, "Direction", one.direction.value)
        if one.accounting_point is not None:
            add_gsrn(element, "AccountingPoint", one.accounting_point)
        if one.share is not None:
            add(element, "Share", plain(one.share))
        if one.old_supplier is not None:
            _add_party(element, "OldSupplier", one.old_supplier, one.old_name)
        if one.new_supplier is not None:
            _add_party(element, "NewSupplier", one.new_supplier, one.new_name)
        add_free_text(element, "Contract", one.contract, NAME_TEXT_MAX)
    add(root, "NetworkChargePayer", notice.payer.value)
    add(root, "SerialNumber", notice.serial_number)
    add_registers(root, notice.registers)
    add_code(root, "ObtainedBy", "NSI", notice.obtained_by.value)


def _add_party(parent: etree._Element, name: str, eic: Eic, of: str | None) -> None:
    element = add(parent, name)
    add_eic(element, "Identification", eic)
    add_free_text(element, "Name", of, NAME_TEXT_MAX)


def _add_order(root: etree._Element, notice: ReadingOrder) -> None:
    add_point(root, notice.point)
    add(root, "SerialNumber", notice.serial_number)
    add_instant(root, "ReadFor", notice.read_for)
    add_instant(root, "AnswerBy", notice.answer_by)
    add(root, "OrderNumber", str(notice.order_number))
    for code in notice.registers:
        add(root, "Register", code)


def _add_settlement(root: etree._Element, notice: FinalSettlement) -> None:
    settlement = notice.settlement
    add_point(root, notice.point)
    if (notice.old_supplier is None) == (notice.supplier is None):
        raise UnableToWriteValidDocument("a settlement is for an old supplier or one that stays")
    if notice.old_supplier is not None:
        add_supplier(root, "OldSupplier", notice.old_supplier)
    elif notice.supplier is not None:
        add_supplier(root, "Supplier", notice.supplier)
    add_code(root, "Reason", "NSI", settlement.reason.value)
    period = add(root, "Period")
    if settlement.from_day is not None:
        add_day(period, "From", settlement.from_day)
    add_day(period, "Until", settlement.to_day)
    for removed in settlement.removed_meters:
        meter = add(root, "RemovedMeter")
        add(meter, "SerialNumber", removed.serial_number)
        add_day(meter, "RemovedOn", removed.removed_on)
        _add_settled(meter, removed.registers)
    add(root, "SerialNumber", settlement.serial_number)
    add_code(root, "ObtainedBy", "NSI", settlement.obtained_by.value)
    _add_settled(root, settlement.registers)


def _add_settled(parent: etree._Element, registers: tuple[SettledRegister, ...]) -> None:
    for one in registers:
        register = add(parent, "Register")
        add(register, "Obis", one.register)
        if one.opening is not None:
            add(register, "Opening", plain(one.opening))
        add(register, "Closing", plain(one.closing))
        if one.quantity_kwh is not None:
            add(register, "Quantity", str(one.quantity_kwh))
