"""A made-up switch case, its records and its documents, for the tests of the store."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from sqlite3 import Connection

from broker.engine.apply import replay
from broker.engine.facts import SupplyFacts
from broker.engine.state import SwitchCase
from broker.messages.codes import Direction, DocumentKind, MediaType, Payer, ReadingMethod, Role
from broker.messages.deadlines import Deadline, DeadlineKind
from broker.messages.events import GivenReason
from broker.messages.identifiers import (
    AreaCode,
    AreaNumber,
    CaseId,
    DeliveryPoint,
    DocumentId,
    Eic,
    Gsrn,
    MessageId,
    ReceiptNumber,
    TaxNumber,
)
from broker.messages.master_data import DailyBlocks
from broker.messages.reasons import Reason
from broker.messages.records import (
    DecidedBy,
    Plan,
    Record,
    RequestApproved,
    RequestRecorded,
    RequestRejected,
    Supply,
    SupplyChanges,
)
from broker.messages.requests import (
    Address,
    Attachment,
    ChosenSupplier,
    ContractingParty,
    Header,
    PointReference,
    SupplyContract,
    SwitchRequest,
)
from broker.store import cases, deadlines, inbox, journal, outbox, register
from broker.store.register_entries import DailyBlocksEntry, RegisterContents
from broker.store.register_rows import insert_rows, rows_of

T0 = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)
NEW_SUPPLIER = Eic("28XNEW---------N")
OLD_SUPPLIER = Eic("28XOLD---------O")
KEPT_SUPPLIER = Eic("28XKEPT--------K")
OPERATOR = Eic("28XDSO---------D")
POINT = Gsrn("383000000000000001")
DELIVERY_POINT = DeliveryPoint("DP-1")


def later(**by: float) -> datetime:
    """This much after the case began."""
    return T0 + timedelta(**by)


def case_id(number: int) -> CaseId:
    """The number of a made-up case, in order of time like the real ones."""
    return CaseId(f"01956000-0000-7000-8000-{number:012d}")


def deadline(kind: DeadlineKind, act_at: datetime, rule: str = "A12") -> Deadline:
    """A deadline whose limit is two hours after the broker acts."""
    return Deadline(
        kind=kind,
        act_at=act_at,
        limit=act_at + timedelta(hours=2),
        warn_at=act_at - timedelta(days=1),
        rule=rule,
        article="195",
    )


def request() -> SwitchRequest:
    """A request of the new supplier for one direction."""
    point = PointReference(
        accounting_point=POINT,
        metering_site=AreaNumber("3-8005031"),
        metering_site_gsrn=None,
        area=AreaCode("3"),
    )
    return SwitchRequest(
        header=Header(
            kind=DocumentKind.SWITCH_REQUEST,
            message_id=MessageId("m-1"),
            created_at=T0,
            sender=NEW_SUPPLIER,
            sender_role=Role.SUPPLIER,
            recipient=OPERATOR,
        ),
        point=point,
        contracting_party=ContractingParty(
            name="Žiga Čuček",
            tax_number=TaxNumber("15012557"),
            address=Address(street="Cesta 1", postal_code="1000", city="Ljubljana", country="SI"),
        ),
        network_charge_payer=Payer.CUSTOMER,
        one_bill_consent_on=None,
        authorised_on=date(2025, 3, 1),
        customer_application=None,
        chosen=(
            ChosenSupplier(
                direction=Direction.CONSUMPTION,
                supplier=NEW_SUPPLIER,
                name="Nova energija",
                share=Decimal("1.000000"),
                contract=_contract(point),
            ),
        ),
        requested_date=None,
    )


def _contract(point: PointReference) -> SupplyContract:
    return SupplyContract(
        reference="2025/17",
        customer_name="Žiga Čuček",
        customer_tax_number=TaxNumber("15012557"),
        supplier=NEW_SUPPLIER,
        valid_from=date(2025, 3, 1),
        valid_to=None,
        accounting_point=point.accounting_point,
        metering_site=point.metering_site,
        customer_signed_on=date(2025, 2, 20),
        supplier_signed_on=date(2025, 2, 21),
        self_supply=False,
        document=Attachment(
            media_type=MediaType.PDF, sha256="0" * 64, size_bytes=4, detected=MediaType.PDF
        ),
    )


def recorded(
    number: int = 1,
    *,
    delivery_point: DeliveryPoint | None = DELIVERY_POINT,
    received_at: datetime = T0,
) -> RequestRecorded:
    """The record that begins case `number`, to be decided in four days."""
    return RequestRecorded(
        case_id=case_id(number),
        request=request(),
        received_at=received_at,
        delivery_point=delivery_point,
        changes=_CHANGES,
        plan=_PLAN,
        doubts=(),
        decision=deadline(DeadlineKind.DECISION, received_at + timedelta(days=4)),
        hold=None,
        rules_version="1",
    )


def approved(at: datetime) -> RequestApproved:
    """The record of an approval; the reading period ends three weeks later."""
    return RequestApproved(
        at=at,
        decided_by=DecidedBy.STRAIGHT_THROUGH,
        by=None,
        why=None,
        changes=_CHANGES,
        plan=_PLAN,
        open_doubts=(),
        end_of_reading_period=deadline(
            DeadlineKind.END_OF_READING_PERIOD, at + timedelta(days=21), "A22"
        ),
        rules_version="1",
    )


def rejected(at: datetime) -> RequestRejected:
    """The record of a rejection, which ends the case."""
    return RequestRejected(
        at=at,
        decided_by=DecidedBy.STRAIGHT_THROUGH,
        by=None,
        why=None,
        reasons=(GivenReason(reason=Reason.POINT_BLOCKED_FOR_SWITCHING),),
        rules_version="1",
    )


def _supply(supplier: Eic) -> Supply:
    return Supply(
        accounting_point=POINT,
        metering_site=AreaNumber("3-8005031"),
        direction=Direction.CONSUMPTION,
        supplier=supplier,
        share=Decimal(1),
    )


_CHANGES = SupplyChanges(ends=(_supply(OLD_SUPPLIER),), begins=(_supply(NEW_SUPPLIER),))
_PLAN = Plan(
    expected_date=date(2025, 3, 4),
    reading_method=ReadingMethod.REMOTE,
    reading_from=date(2025, 3, 3),
    reading_to=date(2025, 3, 24),
)


def write_case(connection: Connection, *records: Record) -> SwitchCase:
    """Keep a case with all its records, as one event does."""
    state = replay(records)
    cases.save(connection, state)
    for record in records:
        journal.append(
            connection, case_id=state.case_id, at=getattr(record, "at", T0), record=record
        )
    deadlines.replace(connection, state.case_id, state.delivery_point, state.deadlines)
    return state


def received(number: int = 1, **changed: object) -> inbox.Received:
    """An attempt answered 200 under message id m-`number`, with these fields changed."""
    attempt = inbox.Received(
        receipt=ReceiptNumber(f"01956000-0000-7000-9000-{number:012d}"),
        party=NEW_SUPPLIER,
        submitter=NEW_SUPPLIER,
        message_id=MessageId(f"m-{number}"),
        received_at=T0,
        http_status=200,
        kind="SwitchRequest",
        case_id=None,
        content=b"<SwitchRequest/>",
        answer=b"<Acknowledgement/>",
    )
    return replace(attempt, **changed)


def document_id(number: int) -> DocumentId:
    """The id of a made-up document."""
    return DocumentId(f"01956000-0000-7000-a000-{number:012d}")


def put_document(
    connection: Connection,
    number: int,
    *,
    party: Eic = OLD_SUPPLIER,
    case: CaseId | None = None,
    comes_of: CaseId | None = None,
) -> None:
    """Put document `number` into the party's mailbox."""
    outbox.put(
        connection,
        document_id=document_id(number),
        party=party,
        kind="ApprovalNotice",
        case_id=case,
        comes_of=comes_of,
        created_at=T0,
        content=f"<ApprovalNotice>{number}</ApprovalNotice>".encode(),
    )


def put_on_record(connection: Connection, point: Gsrn, days: Iterable[DailyBlocks]) -> None:
    """Quarter-hours of days, written as an import writes them."""
    entries = tuple(
        DailyBlocksEntry(
            accounting_point=point,
            direction=one.direction,
            day=one.day,
            watt_hours=one.watt_hours,
        )
        for one in days
    )
    insert_rows(connection, rows_of(RegisterContents(blocks=entries)), None)


def supplied(
    connection: Connection, point: Gsrn, direction: Direction, day: date
) -> tuple[SupplyFacts, ...]:
    """Who supplies this direction of the point on this day: nobody, one, or several by shares."""
    found = register.point_facts(connection, point, day)
    return tuple(one for one in found.supplies if one.direction is direction) if found else ()
