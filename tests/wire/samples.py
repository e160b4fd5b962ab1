"""Outbound documents with invented contents, as the writers write them; the fixtures are these.

`python -m tests.wire.samples` writes the fixtures anew, indented for people to read.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from lxml import etree

from broker.engine.refusals import texts
from broker.messages.answers import (
    Acknowledgement,
    Attempt,
    CaseView,
    HistoryEntry,
    MailboxEntry,
    Outcome,
)
from broker.messages.codes import (
    BillingReason,
    Direction,
    Function,
    ObtainedBy,
    Payer,
    ReadingMethod,
    RegisterChangeKind,
    Role,
)
from broker.messages.deadlines import Deadline, DeadlineKind
from broker.messages.events import GivenReason
from broker.messages.identifiers import (
    AreaCode,
    AreaNumber,
    CaseId,
    DocumentId,
    Eic,
    Gsrn,
    MessageId,
    ObisCode,
    ReceiptNumber,
    SerialNumber,
    TaxNumber,
)
from broker.messages.master_data import (
    BilledQuantity,
    DailyBlocks,
    InstalledMeter,
    MasterData,
    MasterDataResponse,
    MeterRegister,
)
from broker.messages.notices import (
    Addressee,
    ApprovalNotice,
    ApprovalNoticeToOldSupplier,
    CorrectedDocument,
    Customer,
    ExecutedDirection,
    FinalSettlement,
    LastReading,
    Notice,
    ObjectionDecision,
    PointNumber,
    ReadingOrder,
    ReadingRejection,
    ReceiptConfirmation,
    RegisterChangeNotice,
    RejectionNotice,
    SiteVisitNotice,
    SupplierName,
    SupplyConfirmationInvitation,
    SwitchCompleted,
    SwitchExecuted,
    SwitchFailed,
    WithdrawalConfirmation,
    WithdrawalNotice,
)
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import Address, NamedCustomer, RegisterValue
from broker.messages.settlements import RemovedMeterSettled, SettledRegister, Settlement
from broker.wire.write_acknowledgement import write_acknowledgement
from broker.wire.write_master_data import write_master_data
from broker.wire.write_notice import write_notice
from broker.wire.write_view import (
    write_case_view,
    write_code_list,
    write_mailbox_listing,
    write_message_status,
)

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "messages"
OPERATOR = Eic("28XOMREZJE-ZGLE0")
NEW = Eic("28XJUG-ELEKTRIKB")
OLD = Eic("28XSEVER-ENERGI8")
CASE = CaseId("0195a1c0-0001-7000-8000-000000000001")
RECEIPT = ReceiptNumber("0195a1c0-0002-7000-8000-000000000001")
DOCUMENT = DocumentId("0195a1c0-0003-7000-8000-000000000001")
REFERENCE = MessageId("JUG-2026-000001")
AT = datetime(2026, 3, 2, 8, 15, 1, 250000, tzinfo=UTC)

POINT = PointNumber(
    accounting_point=Gsrn("383199900000000017"), metering_site=AreaNumber("7-0000001")
)
NEW_SUPPLIER = SupplierName(
    eic=NEW, name="Južna elektrika", directions=(Direction.CONSUMPTION, Direction.PRODUCTION)
)
OF_CONSUMPTION = SupplierName(eic=NEW, name="Južna elektrika", directions=(Direction.CONSUMPTION,))
OLD_SUPPLIER = SupplierName(eic=OLD, name="Severna energija", directions=(Direction.CONSUMPTION,))
TO_NEW = Addressee(party=NEW, role=Role.SUPPLIER, case_id=CASE, reference=REFERENCE)
TO_OLD = Addressee(party=OLD, role=Role.SUPPLIER, case_id=CASE, reference=None)
TO_CUSTOMER = Addressee(
    party=Eic("28XOMREZJE-ZGLE0"),
    role=Role.GRID_OPERATOR,
    case_id=CASE,
    reference=None,
    customer=Customer(
        name="Ana Zgled",
        address=Address(
            street="Zgledna ulica 1", postal_code="1000", city="Ljubljana", country="SI"
        ),
        email="ana@zgled.example",
    ),
)
TO_BACK_OFFICE = Addressee(party=OPERATOR, role=Role.GRID_OPERATOR, case_id=CASE, reference=None)
CORRECTION = CaseId("0195a1c0-0001-7000-8000-000000000002")
CANCELS = CorrectedDocument(
    function=Function.CANCELLATION,
    document_id=DocumentId("0195a1c0-0003-7000-8000-000000000002"),
    case_id=CASE,
)
REPLACES = replace(CANCELS, function=Function.REPLACEMENT)
TO_METERING_CENTRE = Addressee(
    party=Eic("28XMERILNI-CENTD"), role=Role.METERING_CENTRE, case_id=CASE, reference=None
)
REGISTERS = (
    RegisterValue(register=ObisCode("1-0:1.8.1"), value=Decimal("10234.5")),
    RegisterValue(register=ObisCode("1-0:1.8.2"), value=Decimal("8120")),
)
DEADLINE = Deadline(
    kind=DeadlineKind.DECISION,
    act_at=datetime(2026, 3, 9, 21, 0, tzinfo=UTC),
    limit=datetime(2026, 3, 9, 23, 0, tzinfo=UTC),
    warn_at=None,
    rule="A12, A14",
    article="002 a.195(4),(6)",
)
ACCEPTED = Acknowledgement(
    outcome=Outcome.ACCEPTED,
    receipt=RECEIPT,
    received_at=AT,
    recipient=NEW,
    reference=REFERENCE,
    case_id=CASE,
    deadlines=(DEADLINE,),
    refusals=(),
)
REFUSED = Acknowledgement(
    outcome=Outcome.REFUSED,
    receipt=RECEIPT,
    received_at=AT,
    recipient=NEW,
    reference=REFERENCE,
    case_id=None,
    deadlines=(),
    refusals=(
        Refusal(
            reason=Reason.WRONG_CHECK_DIGIT,
            place="/SwitchRequest/Point/AccountingPoint",
            line=18,
            found="383199900000000018",
            expected="GSRN",
        ),
        Refusal(
            reason=Reason.WRONG_CHECK_DIGIT,
            place="/SwitchRequest/ContractingParty/TaxNumber",
            line=24,
            found="12345678",
            expected="SI",
        ),
    ),
)
UNREAD = Acknowledgement(
    outcome=Outcome.REFUSED,
    receipt=None,
    received_at=AT,
    recipient=None,
    reference=None,
    case_id=None,
    deadlines=(),
    refusals=(Refusal(reason=Reason.TOO_LARGE, found="9000000 B", expected="<= 8388608 B"),),
)

NOTICES: dict[str, Notice] = {
    "ApprovalNotice/to-the-new-supplier": ApprovalNotice(
        to=TO_NEW,
        point=POINT,
        new_supplier=NEW_SUPPLIER,
        expected_date=date(2026, 3, 23),
        reading_method=ReadingMethod.CUSTOMER,
        reading_from=date(2026, 3, 2),
        reading_to=date(2026, 3, 23),
        serial_number=SerialNumber("ZGL-100001"),
        last_reading=LastReading(taken_on=date(2026, 1, 1), registers=REGISTERS),
    ),
    "ApprovalNotice/to-the-old-supplier": ApprovalNoticeToOldSupplier(
        to=TO_OLD, point=POINT, old_supplier=OLD_SUPPLIER, expected_date=date(2026, 3, 23)
    ),
    "RejectionNotice/two-grounds": RejectionNotice(
        to=TO_NEW,
        point=POINT,
        new_suppliers=(NEW_SUPPLIER,),
        reasons=(
            GivenReason(reason=Reason.POINT_NOT_IDENTIFIABLE),
            GivenReason(reason=Reason.CONTRACTING_PARTY_MISMATCH),
        ),
    ),
    "RejectionNotice/another-ground-in-words": RejectionNotice(
        to=TO_NEW,
        point=POINT,
        new_suppliers=(NEW_SUPPLIER,),
        reasons=(GivenReason(reason=Reason.OTHER, text="Podpis na pogodbi ni čitljiv."),),
    ),
    "ApprovalNotice/of-a-share": ApprovalNotice(
        to=TO_NEW,
        point=POINT,
        new_supplier=OF_CONSUMPTION,
        expected_date=date(2026, 3, 23),
        reading_method=ReadingMethod.CUSTOMER,
        reading_from=date(2026, 3, 2),
        reading_to=date(2026, 3, 23),
        serial_number=SerialNumber("ZGL-100001"),
        last_reading=None,
        metering_point=Gsrn("383199900000009997"),
    ),
    "RejectionNotice/shares-not-one": RejectionNotice(
        to=TO_NEW,
        point=POINT,
        new_suppliers=(OF_CONSUMPTION,),
        reasons=(
            GivenReason(reason=Reason.SHARES_DO_NOT_ADD_UP),
            GivenReason(reason=Reason.CLAIM_PERIOD_OVER),
        ),
        explains_disconnection=True,
    ),
    "RejectionNotice/shares-not-one-to-the-old-supplier": RejectionNotice(
        to=TO_OLD,
        point=POINT,
        new_suppliers=(),
        reasons=(GivenReason(reason=Reason.SHARES_DO_NOT_ADD_UP),),
        explains_disconnection=True,
    ),
    "SupplyConfirmationInvitation/of-a-share": SupplyConfirmationInvitation(
        to=TO_OLD,
        point=POINT,
        supplier=OLD_SUPPLIER,
        share=Decimal("0.4"),
        contract="SE-2026-0001",
        requested_date=None,
        answer_by=date(2026, 3, 9),
    ),
    "SupplyConfirmationInvitation/of-a-direction": SupplyConfirmationInvitation(
        to=TO_OLD,
        point=POINT,
        supplier=OLD_SUPPLIER,
        share=None,
        contract=None,
        requested_date=date(2026, 4, 1),
        answer_by=date(2026, 3, 9),
    ),
    "ObjectionDecision/upheld": ObjectionDecision(
        to=TO_NEW,
        point=POINT,
        upheld=True,
        reasons=(GivenReason(reason=Reason.OBJECTION_UPHELD),),
        explanation=None,
    ),
    "ObjectionDecision/dismissed-to-who-objected": ObjectionDecision(
        to=replace(TO_OLD, reference=MessageId("SEV-2026-000033")),
        point=POINT,
        upheld=False,
        reasons=(),
        explanation="Prejšnja pogodba je bila odpovedana 31. januarja 2026.",
    ),
    "WithdrawalNotice/to-a-supplier-named": WithdrawalNotice(to=TO_OLD, point=POINT),
    "WithdrawalConfirmation/of-a-request": WithdrawalConfirmation(to=TO_NEW, point=POINT),
    "SwitchCompleted/to-the-new-supplier": SwitchCompleted(
        to=TO_NEW,
        point=POINT,
        new_supplier=NEW_SUPPLIER,
        old_supplier=None,
        switch_date=date(2026, 3, 8),
        registers=REGISTERS,
        obtained_by=ObtainedBy.CUSTOMER,
    ),
    "SwitchCompleted/to-the-old-supplier": SwitchCompleted(
        to=TO_OLD,
        point=POINT,
        new_supplier=None,
        old_supplier=OLD_SUPPLIER,
        switch_date=date(2026, 3, 8),
        registers=REGISTERS,
        obtained_by=ObtainedBy.CUSTOMER,
    ),
    "SwitchFailed/no-reading": SwitchFailed(
        to=TO_OLD, point=POINT, ground=GivenReason(reason=Reason.NO_READING_WITHIN_PERIOD)
    ),
    "ReadingOrder/first": ReadingOrder(
        to=TO_METERING_CENTRE,
        point=POINT,
        serial_number=SerialNumber("ZGL-100003"),
        read_for=datetime(2026, 3, 2, 23, 0, tzinfo=UTC),
        answer_by=datetime(2026, 3, 3, 23, 0, tzinfo=UTC),
        order_number=1,
        registers=(ObisCode("1-0:1.8.0"),),
    ),
    "SiteVisitNotice/to-the-old-supplier": SiteVisitNotice(
        to=TO_OLD, point=POINT, visit_from=date(2026, 3, 3), visit_to=date(2026, 3, 23)
    ),
    "SiteVisitNotice/to-the-customer": SiteVisitNotice(
        to=TO_CUSTOMER, point=POINT, visit_from=date(2026, 3, 3), visit_to=date(2026, 3, 23)
    ),
    "SwitchFailed/to-the-customer": SwitchFailed(
        to=TO_CUSTOMER,
        point=POINT,
        ground=GivenReason(reason=Reason.NO_READING_WITHIN_PERIOD),
        legal_remedies="Zoper zavrnitev je dovoljen ugovor v 8 dneh od vročitve.",
    ),
    "ReceiptConfirmation/to-the-customer": ReceiptConfirmation(
        to=TO_CUSTOMER, point=POINT, received_on=date(2026, 3, 2)
    ),
    "FinalSettlement/of-a-switch": FinalSettlement(
        to=TO_OLD,
        point=POINT,
        old_supplier=OLD_SUPPLIER,
        settlement=Settlement(
            reason=BillingReason.CHANGE_OF_SUPPLIER,
            serial_number=SerialNumber("ZGL-100002"),
            from_day=date(2026, 1, 1),
            to_day=date(2026, 3, 8),
            obtained_by=ObtainedBy.CUSTOMER,
            registers=(
                SettledRegister(
                    register=ObisCode("1-0:1.8.1"),
                    opening=Decimal("10000"),
                    closing=Decimal("10234.5"),
                    quantity_kwh=235,
                ),
                SettledRegister(
                    register=ObisCode("1-0:1.8.2"),
                    opening=None,
                    closing=Decimal("8120"),
                    quantity_kwh=None,
                ),
            ),
        ),
    ),
    "FinalSettlement/of-a-change-of-payer": FinalSettlement(
        to=replace(TO_OLD, case_id=None, reference=None),
        point=POINT,
        supplier=OLD_SUPPLIER,
        settlement=Settlement(
            reason=BillingReason.CHANGE_OF_PAYER,
            serial_number=SerialNumber("ZGL-100002"),
            from_day=date(2026, 1, 1),
            to_day=date(2026, 3, 1),
            obtained_by=ObtainedBy.ESTIMATE,
            registers=(
                SettledRegister(
                    register=ObisCode("1-0:1.8.0"),
                    opening=Decimal("14650"),
                    closing=Decimal("15240.5"),
                    quantity_kwh=591,
                ),
            ),
        ),
    ),
    "FinalSettlement/over-a-meter-exchange": FinalSettlement(
        to=TO_OLD,
        point=POINT,
        old_supplier=OLD_SUPPLIER,
        settlement=Settlement(
            reason=BillingReason.CHANGE_OF_SUPPLIER,
            serial_number=SerialNumber("ZGL-900001"),
            from_day=date(2026, 1, 1),
            to_day=date(2026, 3, 8),
            obtained_by=ObtainedBy.CUSTOMER,
            registers=(
                SettledRegister(
                    register=ObisCode("1-0:1.8.0"),
                    opening=Decimal("0"),
                    closing=Decimal("130"),
                    quantity_kwh=130,
                ),
            ),
            removed_meters=(
                RemovedMeterSettled(
                    serial_number=SerialNumber("ZGL-100002"),
                    removed_on=date(2026, 2, 10),
                    registers=(
                        SettledRegister(
                            register=ObisCode("1-0:1.8.0"),
                            opening=Decimal("14650"),
                            closing=Decimal("14920"),
                            quantity_kwh=270,
                        ),
                    ),
                ),
            ),
        ),
    ),
    "SwitchExecuted/to-the-back-office": SwitchExecuted(
        to=TO_BACK_OFFICE,
        point=POINT,
        switch_date=date(2026, 3, 8),
        directions=(
            ExecutedDirection(
                direction=Direction.CONSUMPTION,
                old_supplier=OLD,
                old_name="Severna energija",
                new_supplier=NEW,
                new_name="Južna elektrika",
                contract="JE-2026-0001",
            ),
            ExecutedDirection(
                direction=Direction.PRODUCTION,
                old_supplier=None,
                old_name=None,
                new_supplier=NEW,
                new_name="Južna elektrika",
                contract="JE-2026-0002",
            ),
        ),
        payer=Payer.CUSTOMER,
        serial_number=SerialNumber("ZG-000001"),
        registers=REGISTERS,
        obtained_by=ObtainedBy.CUSTOMER,
    ),
    "RegisterChangeNotice/of-the-supplier": RegisterChangeNotice(
        to=TO_OLD,
        point=POINT,
        change=RegisterChangeKind.SUPPLIER,
        effective_on=date(2026, 3, 8),
    ),
    "RegisterChangeNotice/to-the-customer": RegisterChangeNotice(
        to=replace(TO_CUSTOMER, case_id=None, reference=None),
        point=POINT,
        change=RegisterChangeKind.PAYER,
        effective_on=date(2026, 3, 1),
        customer_may_switch=True,
    ),
    "ReadingRejection/after-review": ReadingRejection(
        to=TO_NEW,
        point=POINT,
        taken_on=date(2026, 3, 8),
        reasons=(GivenReason(reason=Reason.READING_NOT_ACCEPTED),),
    ),
}


def of_correction(name: str, corrects: CorrectedDocument) -> Notice:
    """The sample as a correction of its switch sends it, cancelling or replacing one before."""
    notice = NOTICES[name]
    to = replace(notice.to, case_id=CORRECTION, reference=None, corrects=corrects)
    return replace(notice, to=to)


NOTICES |= {
    "SwitchCompleted/cancelled": of_correction("SwitchCompleted/to-the-new-supplier", CANCELS),
    "SwitchCompleted/replaced": of_correction("SwitchCompleted/to-the-old-supplier", REPLACES),
    "FinalSettlement/replaced": of_correction("FinalSettlement/of-a-switch", REPLACES),
    "RegisterChangeNotice/cancelled": of_correction(
        "RegisterChangeNotice/of-the-supplier", CANCELS
    ),
    "SwitchExecuted/cancelled": of_correction("SwitchExecuted/to-the-back-office", CANCELS),
}
ASKED_FOR = MasterDataResponse(
    party=NEW,
    role=Role.SUPPLIER,
    reference=MessageId("JUG-2026-000011"),
    accounting_point=POINT.accounting_point,
    metering_site=POINT.metering_site,
    directions=(Direction.CONSUMPTION,),
    history_from=date(2025, 4, 24),
    history_to=date(2026, 4, 24),
    master_data=MasterData(
        metering_site_gsrn=None,
        area=AreaCode("7"),
        directions=(Direction.CONSUMPTION,),
        connected=True,
        self_supply=False,
        reading_method=ReadingMethod.CUSTOMER,
        contracting_party=NamedCustomer(name="Ana Zgled", tax_number=TaxNumber("12345679")),
        meter=InstalledMeter(
            serial_number=SerialNumber("ZGL-100001"),
            registers=(
                MeterRegister(register=ObisCode("1-0:1.8.0"), digits=6, multiplier=Decimal(1)),
            ),
        ),
    ),
    billed=(
        BilledQuantity(
            direction=Direction.CONSUMPTION,
            from_day=date(2025, 3, 31),
            to_day=date(2026, 3, 31),
            kwh=3650,
        ),
    ),
    quarter_hours=None,
)
MASTER_DATA = {
    "MasterDataResponse/for-a-quote": ASKED_FOR,
    "MasterDataResponse/quarter-hours-of-days-of-92-96-and-100": MasterDataResponse(
        party=NEW,
        role=Role.SUPPLIER,
        reference=MessageId("JUG-2026-000012"),
        accounting_point=Gsrn("383199900000000062"),
        metering_site=AreaNumber("7-0000006"),
        directions=(Direction.CONSUMPTION, Direction.PRODUCTION),
        history_from=date(2025, 4, 24),
        history_to=date(2026, 4, 24),
        master_data=None,
        billed=None,
        quarter_hours=tuple(
            DailyBlocks(
                direction=Direction.CONSUMPTION,
                day=day,
                watt_hours=tuple(100 + number for number in range(count)),
            )
            for day, count in (
                (date(2025, 10, 26), 100),
                (date(2026, 3, 28), 96),
                (date(2026, 3, 29), 92),
            )
        ),
    ),
}

ENTRIES = (
    MailboxEntry(
        document_id=DOCUMENT, kind="ApprovalNotice", case_id=CASE, created_at=AT, size_bytes=1204
    ),
)
VIEW = CaseView(
    case_id=CASE,
    state="awaiting_reading",
    accounting_point="383199900000000017",
    expected_date=date(2026, 3, 23),
    history=(HistoryEntry(at=AT, what="request approved", article="002 a.195(4)"),),
    deadlines=(DEADLINE,),
)

VIEW_OF_CORRECTED = replace(VIEW, state="completed", deadlines=(), corrected_by=CORRECTION)
VIEW_OF_CORRECTION = replace(
    VIEW,
    case_id=CORRECTION,
    state="completed",
    expected_date=None,
    history=(HistoryEntry(at=AT, what="CorrectionCarriedOut", article="002 a.139(3)"),),
    deadlines=(),
    corrects=CASE,
)


def written(notice: Notice) -> bytes:
    """The notice as the fixtures have it."""
    return write_notice(notice, document_id=DOCUMENT, created_at=AT, operator=OPERATOR)


def told(response: MasterDataResponse) -> bytes:
    """The answer to a request for data as the fixtures have it."""
    return write_master_data(response, document_id=DOCUMENT, created_at=AT, operator=OPERATOR)


def acknowledged(acknowledgement: Acknowledgement) -> bytes:
    """The acknowledgement as the fixtures have it."""
    return write_acknowledgement(acknowledgement, operator=OPERATOR, texts=texts)


def outbound_documents() -> dict[str, bytes]:
    """Every outbound sample by its fixture's name, as written."""
    attempt = Attempt(
        receipt=RECEIPT,
        message_id=REFERENCE,
        received_at=AT,
        http_status=200,
        case_id=CASE,
        sha256=64 * "a",
        answer=acknowledged(ACCEPTED),
    )
    return {
        **{name: written(notice) for name, notice in NOTICES.items()},
        **{name: told(response) for name, response in MASTER_DATA.items()},
        "Acknowledgement/accepted": acknowledged(ACCEPTED),
        "Acknowledgement/refused": acknowledged(REFUSED),
        "Acknowledgement/nothing-could-be-read": acknowledged(UNREAD),
        "MailboxListing/one-document": write_mailbox_listing(ENTRIES),
        "MessageStatus/one-attempt": write_message_status((attempt,)),
        "CaseView/awaiting-reading": write_case_view(VIEW),
        "CaseView/corrected": write_case_view(VIEW_OF_CORRECTED),
        "CaseView/of-a-correction": write_case_view(VIEW_OF_CORRECTION),
        "CodeList/all": write_code_list(Reason, texts=texts),
    }


def indented(document: bytes) -> bytes:
    """The document laid out for people."""
    root = etree.fromstring(document)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def write_fixtures() -> None:
    """Write every outbound sample to its file."""
    for name, document in outbound_documents().items():
        path = FIXTURES / f"{name}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(indented(document))


if __name__ == "__main__":
    write_fixtures()
