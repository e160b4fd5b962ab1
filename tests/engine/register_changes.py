"""Good changes for the register with their checks; a bad case differs in one field."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from broker.engine.facts import ReadingOnRecord
from broker.engine.register_check import (
    BilledPeriod,
    ChangeFacts,
    CorrectedReading,
    RegisterCheck,
)
from broker.messages.codes import Direction, DocumentKind, ObtainedBy, Payer, PayerGround, Role
from broker.messages.identifiers import (
    AreaCode,
    AreaNumber,
    DeliveryPoint,
    Gsrn,
    SerialNumber,
    TaxNumber,
)
from broker.messages.reported_changes import (
    Change,
    ChargePayer,
    Connection,
    FirstSupplier,
    InstalledMeter,
    InstalledRegister,
    LinkToMeter,
    MeterExchange,
    NewPoint,
    PointCustomer,
    ReportedChange,
    ReportedReading,
)
from tests.engine.builders import (
    ADDRESS,
    CUSTOMER,
    LAST_READ_ON,
    OLD,
    OPERATOR,
    PARTIES,
    RULES,
    TAKEN,
    but,
    header,
    point,
    point_reference,
    shows,
    supply,
)

CHANGED_ON = date(2026, 4, 27)
REPORTED_ON = date(2026, 4, 28)
NEW_POINT = Gsrn("383199900000900003")


def new_meter() -> InstalledMeter:
    """A meter that counts what is taken, from zero."""
    register = InstalledRegister(
        register=TAKEN, digits=6, decimals=0, multiplier=Decimal(1), value=Decimal(0)
    )
    return InstalledMeter(
        serial_number=SerialNumber("ZGL-900001"), remotely_read=False, registers=(register,)
    )


def reported(change: Change) -> ReportedChange:
    """The change as the back office reports it, a day later."""
    return ReportedChange(
        header=header(DocumentKind.REGISTER_CHANGE, OPERATOR, Role.GRID_OPERATOR),
        point=point_reference(),
        effective_on=CHANGED_ON,
        change=change,
    )


def check_of(change: Change) -> RegisterCheck:
    """The check of a change at the good point."""
    facts = ChangeFacts(
        operator=OPERATOR,
        area=AreaCode("7"),
        gsrn_prefix="38319990",
        point=point(),
        meter_since=date(2023, 11, 20),
        meter_until=None,
        measured=(Direction.CONSUMPTION,),
        given_out=(),
        site=None,
        serial_taken=False,
        suppliers=tuple(replace(one, pays_network_charge=one.eic == OLD) for one in PARTIES),
        concerned=(supply(),),
        concerned_then=(supply(),),
    )
    return RegisterCheck(change=reported(change), received_on=REPORTED_ON, facts=facts, rules=RULES)


def exchange() -> RegisterCheck:
    """A meter of the same kind takes the place of the old one."""
    closing = (shows(TAKEN, "14920"),)
    return check_of(
        MeterExchange(
            old_serial_number=SerialNumber("ZGL-100001"), closing=closing, new=new_meter()
        )
    )


def renaming() -> RegisterCheck:
    """The customer has another name."""
    return check_of(
        PointCustomer(name="Ana Novak", tax_number=CUSTOMER, address=ADDRESS, email=None)
    )


def disconnection() -> RegisterCheck:
    """The point is disconnected."""
    return check_of(Connection(connected=False))


def link() -> RegisterCheck:
    """The meter is read remotely from now on."""
    return check_of(LinkToMeter(remotely_read=True))


def other_payer() -> RegisterCheck:
    """The supplier pays from now on, as agreed, with the billing reading of the day."""
    reading = ReportedReading(
        taken_on=CHANGED_ON,
        serial_number=SerialNumber("ZGL-100001"),
        obtained_by=ObtainedBy.OPERATOR,
        registers=(shows(TAKEN, "14920"),),
    )
    return check_of(
        ChargePayer(
            payer=Payer.SUPPLIER,
            ground=PayerGround.AGREED,
            written_notice_on=None,
            reading=reading,
        )
    )


def breach() -> RegisterCheck:
    """The supplier that paid has not kept its contract; nobody has read the meter."""
    check = check_of(
        ChargePayer(
            payer=Payer.CUSTOMER,
            ground=PayerGround.BREACH,
            written_notice_on=date(2026, 3, 20),
            reading=None,
        )
    )
    check = but(check, "change.effective_on", date(2026, 4, 1))
    return but(check, "facts.point.payer", Payer.SUPPLIER)


def correction() -> RegisterCheck:
    """The reading of the end of March was wrong; a period ends with it and another begins."""
    right = ReportedReading(
        taken_on=LAST_READ_ON,
        serial_number=SerialNumber("ZGL-100001"),
        obtained_by=ObtainedBy.OPERATOR,
        registers=(shows(TAKEN, "14600"),),
    )
    wrong = CorrectedReading(
        reading=ReadingOnRecord(taken_on=LAST_READ_ON, registers=(shows(TAKEN, "14650"),)),
        obtained_by=ObtainedBy.CUSTOMER,
        of_a_case=False,
        before=ReadingOnRecord(taken_on=date(2026, 2, 28), registers=(shows(TAKEN, "14340"),)),
        after=ReadingOnRecord(taken_on=date(2026, 4, 20), registers=(shows(TAKEN, "14850.5"),)),
        billed=(
            billed(date(2026, 2, 28), LAST_READ_ON, 310),
            billed(LAST_READ_ON, date(2026, 4, 20), 201),
        ),
        supplies=(supply(),),
    )
    check = but(check_of(right), "change.effective_on", LAST_READ_ON)
    return but(check, "facts.corrected", wrong)


def billed(from_day: date, to_day: date, kwh: int) -> BilledPeriod:
    """What was billed for consumption."""
    return BilledPeriod(direction=Direction.CONSUMPTION, from_day=from_day, to_day=to_day, kwh=kwh)


def new_point() -> RegisterCheck:
    """A new point with its first supplier."""
    new = NewPoint(
        delivery_point=DeliveryPoint("DP-9000"),
        self_supply=False,
        customer=PointCustomer(
            name="Nika Novak", tax_number=TaxNumber("23456701"), address=ADDRESS, email=None
        ),
        meter=new_meter(),
        suppliers=(FirstSupplier(direction=Direction.CONSUMPTION, supplier=OLD),),
    )
    check = check_of(new)
    named = replace(
        check.change.point,
        accounting_point=NEW_POINT,
        metering_site=AreaNumber("7-0009000"),
    )
    return replace(
        check,
        change=replace(check.change, point=named),
        facts=replace(check.facts, point=None, meter_since=None, concerned=(), concerned_then=()),
    )


GOOD_CHANGES: tuple[Callable[[], RegisterCheck], ...] = (
    exchange,
    renaming,
    disconnection,
    link,
    other_payer,
    breach,
    correction,
    new_point,
)
