"""Notices to parties as documents: each holds what its rule lists and no more (interpretation 9).

A rejection carries codes; words only with the code "other" (A11).
"""

from datetime import datetime
from typing import assert_never

from lxml import etree

from broker.messages.codes import DocumentKind
from broker.messages.events import GivenReason
from broker.messages.identifiers import DocumentId, Eic
from broker.messages.notices import (
    Addressee,
    ApprovalNotice,
    ApprovalNoticeToOldSupplier,
    CorrectedDocument,
    Customer,
    FinalSettlement,
    Notice,
    PointNumber,
    ReadingOrder,
    ReadingRejection,
    ReceiptConfirmation,
    RegisterChangeNotice,
    RejectionNotice,
    SiteVisitNotice,
    SupplierName,
    SwitchCompleted,
    SwitchExecuted,
    SwitchFailed,
    WithdrawalConfirmation,
)
from broker.messages.reasons import Reason
from broker.messages.settlements import SettledRegister
from broker.wire.document import (
    LONG_TEXT_MAX,
    NAME_TEXT_MAX,
    UnableToWriteValidDocument,
    add,
    add_accounting_point,
    add_code,
    add_day,
    add_eic,
    add_free_text,
    add_instant,
    add_metering_site,
    add_reason,
    add_registers,
    finished,
    new_document,
    plain,
)

_CHANGE_OF_SUPPLIER = "E03"
_CANCELLATION = "E05"
_MASTER_DATA = "E32"
_RESPONSE = ("6", "414")
_READING_ORDER = ("260", "E73")
_METER_STAND = ("260", "E65")
_END_OF_SUPPLY = ("6", "406")
_CANCELLATION_RESPONSE = ("260", "E68")


def kind_of_notice(notice: Notice) -> DocumentKind:
    """The kind of document a notice becomes, named as its root element."""
    match notice:
        case ApprovalNotice() | ApprovalNoticeToOldSupplier():
            return DocumentKind.APPROVAL_NOTICE
        case RejectionNotice():
            return DocumentKind.REJECTION_NOTICE
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
    if isinstance(notice, WithdrawalConfirmation):
        return _CANCELLATION
    return _CHANGE_OF_SUPPLIER if notice.to.case_id is not None else _MASTER_DATA


def _document_type(notice: Notice) -> tuple[str, str]:
    if isinstance(notice, WithdrawalConfirmation):
        return _CANCELLATION_RESPONSE
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
            _add_rejection(root, notice)
        case WithdrawalConfirmation():
            _add_point(root, notice.point)
        case SwitchCompleted():
            _add_completion(root, notice)
        case SwitchFailed():
            _add_point(root, notice.point)
            _add_grounds(root, (notice.ground,))
            add_free_text(root, "LegalRemedies", notice.legal_remedies, LONG_TEXT_MAX)
        case ReadingRejection():
            _add_point(root, notice.point)
            add_day(root, "TakenOn", notice.taken_on)
            _add_grounds(root, notice.reasons)
        case ReadingOrder():
            _add_order(root, notice)
        case SiteVisitNotice():
            _add_point(root, notice.point)
            period = add(root, "VisitPeriod")
            add_day(period, "From", notice.visit_from)
            add_day(period, "To", notice.visit_to)
        case ReceiptConfirmation():
            _add_point(root, notice.point)
            add_day(root, "ReceivedOn", notice.received_on)
        case FinalSettlement():
            _add_settlement(root, notice)
        case RegisterChangeNotice():
            _add_point(root, notice.point)
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
    _add_point(body, notice.point)
    _add_supplier(body, "NewSupplier", notice.new_supplier)
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
    _add_point(body, notice.point)
    _add_supplier(body, "OldSupplier", notice.old_supplier)
    add_day(body, "ExpectedDate", notice.expected_date)


def _add_rejection(root: etree._Element, notice: RejectionNotice) -> None:
    _add_point(root, notice.point)
    for supplier in notice.new_suppliers:
        _add_supplier(root, "NewSupplier", supplier)
    _add_grounds(root, notice.reasons)


def _add_completion(root: etree._Element, notice: SwitchCompleted) -> None:
    if (notice.new_supplier is None) == (notice.old_supplier is None):
        raise UnableToWriteValidDocument("a completion names the new or the old supplier")
    if notice.new_supplier is not None:
        body = add(root, "NewSupply")
        _add_point(body, notice.point)
        _add_supplier(body, "NewSupplier", notice.new_supplier)
    elif notice.old_supplier is not None:
        body = add(root, "OldSupply")
        _add_point(body, notice.point)
        _add_supplier(body, "OldSupplier", notice.old_supplier)
    add_day(body, "SwitchDate", notice.switch_date)
    add_registers(body, notice.registers)
    add_code(body, "ObtainedBy", "NSI", notice.obtained_by.value)


def _add_execution(root: etree._Element, notice: SwitchExecuted) -> None:
    _add_point(root, notice.point)
    add_day(root, "SwitchDate", notice.switch_date)
    for one in notice.directions:
        element = add(root, "Supply")
        add(element, "Direction", one.direction.value)
        if one.old_supplier is not None:
            _add_party(element, "OldSupplier", one.old_supplier, one.old_name)
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
    _add_point(root, notice.point)
    add(root, "SerialNumber", notice.serial_number)
    add_instant(root, "ReadFor", notice.read_for)
    add_instant(root, "AnswerBy", notice.answer_by)
    add(root, "OrderNumber", str(notice.order_number))
    for code in notice.registers:
        add(root, "Register", code)


def _add_settlement(root: etree._Element, notice: FinalSettlement) -> None:
    settlement = notice.settlement
    _add_point(root, notice.point)
    if (notice.old_supplier is None) == (notice.supplier is None):
        raise UnableToWriteValidDocument("a settlement is for an old supplier or one that stays")
    if notice.old_supplier is not None:
        _add_supplier(root, "OldSupplier", notice.old_supplier)
    elif notice.supplier is not None:
        _add_supplier(root, "Supplier", notice.supplier)
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


def _add_point(parent: etree._Element, point: PointNumber) -> None:
    element = add(parent, "Point")
    add_accounting_point(element, point.accounting_point)
    add_metering_site(element, point.metering_site)


def _add_supplier(parent: etree._Element, name: str, supplier: SupplierName) -> None:
    element = add(parent, name)
    add_eic(element, "Identification", supplier.eic)
    add_free_text(element, "Name", supplier.name, NAME_TEXT_MAX)
    for direction in supplier.directions:
        add(element, "Direction", direction.value)


def _add_grounds(parent: etree._Element, reasons: tuple[GivenReason, ...]) -> None:
    for given in reasons:
        ground = add(parent, "Ground")
        add_reason(ground, given.reason)
        if given.reason is Reason.OTHER:
            if not (given.text or "").strip():
                raise UnableToWriteValidDocument("260 E14 needs its text")
            add_free_text(ground, "Text", given.text, LONG_TEXT_MAX)
