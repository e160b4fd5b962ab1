"""A good request, reading and register, from which every bad case differs in one named field.

All persons, points and parties are invented; their numbers have valid check digits and are those
of fixtures/register.
"""

from dataclasses import fields, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from broker.engine.calendar import at_hour
from broker.engine.facts import (
    AverageFacts,
    CustomerFacts,
    Facts,
    MeterFacts,
    PointFacts,
    ReadingOnRecord,
    RegisterFacts,
    SupplierFacts,
    SupplyFacts,
)
from broker.engine.plan import contracts_of, plan_switch
from broker.engine.request_check import RequestCheck
from broker.engine.rulebook import Rulebook
from broker.engine.rules_reading import ReadingCheck
from broker.messages.codes import (
    CorrectionReason,
    Direction,
    DocumentKind,
    MediaType,
    ObtainedBy,
    Payer,
    ReadingMethod,
    Role,
)
from broker.messages.identifiers import (
    AreaCode,
    AreaNumber,
    CaseId,
    DeliveryPoint,
    Eic,
    Gsrn,
    MessageId,
    ObisCode,
    SerialNumber,
    TaxNumber,
)
from broker.messages.records import Plan, Supply
from broker.messages.requests import (
    Address,
    Attachment,
    ChosenSupplier,
    ContractingParty,
    Correction,
    CustomerApplication,
    Header,
    InaccessibilityReport,
    MeterReading,
    PointReference,
    RegisterValue,
    SupplyContract,
    SwitchRequest,
    Withdrawal,
)

OPERATOR = Eic("28XOMREZJE-ZGLE0")
NEW = Eic("28XJUG-ELEKTRIKB")
OLD = Eic("28XSEVER-ENERGI8")
OLD_OF_PRODUCTION = Eic("28XSONCNA-ODDAJ9")
INACTIVE = Eic("28XZAHOD-NEAKTIY")
WITHOUT_BALANCE_GROUP = Eic("28XBREZ-SKUPINES")
METERING_CENTRE = Eic("28XMERILNI-CENTD")
ADDRESS = Address(street="Zgledna ulica 1", postal_code="3999", city="Zgledovo", country="SI")

POINT = Gsrn("383199900000000017")
OTHER_POINT = Gsrn("383199900000000024")
SITE = AreaNumber("7-0000001")
OTHER_SITE = AreaNumber("7-0000002")
SITE_GSRN = Gsrn("383199901000000182")
CUSTOMER = TaxNumber("12345679")
OTHER_CUSTOMER = TaxNumber("12345687")
CASE = CaseId("0195a1c0-0001-7000-8000-000000000001")
OTHER_CASE = CaseId("0195a1c0-0001-7000-8000-000000000002")
TAKEN = ObisCode("1-0:1.8.0")
TAKEN_HIGH = ObisCode("1-0:1.8.1")
TAKEN_LOW = ObisCode("1-0:1.8.2")
FED_IN = ObisCode("1-0:2.8.0")

RECEIVED_ON = date(2026, 4, 24)
"""A Friday; 27 April and 1 May are work-free, the 5th working day is 5 May, the 21st day 15 May."""
LAST_READ_ON = date(2026, 3, 31)
READ_ON = date(2026, 5, 10)
"""40 days after the last reading: 400 kWh are expected, 80 to 2000 kWh do not depart."""
RULES = Rulebook()


def at(day: date, hour: int = 10, minute: int = 0) -> datetime:
    """This local time of the day, as an instant."""
    return at_hour(day, time(hour, minute))


RECEIVED_AT = at(RECEIVED_ON)


def but(good: Any, path: str, value: Any) -> Any:
    """The same, but for one field: `but(request, "chosen.0.contract.valid_to", day)`."""
    step, _, rest = path.partition(".")
    if isinstance(good, tuple):
        index = int(step)
        changed = but(good[index], rest, value) if rest else value
        return (*good[:index], changed, *good[index + 1 :])
    if step not in {field.name for field in fields(good)}:
        raise AttributeError(f"{type(good).__name__} has no {step}")
    return replace(good, **{step: but(getattr(good, step), rest, value) if rest else value})


def header(kind: DocumentKind, sender: Eic = NEW, role: Role = Role.SUPPLIER) -> Header:
    """The head of a message to the operator."""
    return Header(
        kind=kind,
        message_id=MessageId(f"{kind.value}-1"),
        created_at=RECEIVED_AT - timedelta(minutes=1),
        sender=sender,
        sender_role=role,
        recipient=OPERATOR,
    )


def point_reference() -> PointReference:
    """The point as a party names it."""
    return PointReference(
        accounting_point=POINT, metering_site=SITE, metering_site_gsrn=None, area=AreaCode("7")
    )


def contract() -> SupplyContract:
    """The contract of the new supplier, without end."""
    return SupplyContract(
        reference="JE-2026-0001",
        customer_name="Ana Zgled",
        customer_tax_number=CUSTOMER,
        supplier=NEW,
        valid_from=date(2026, 4, 1),
        valid_to=None,
        accounting_point=POINT,
        metering_site=SITE,
        customer_signed_on=date(2026, 4, 20),
        supplier_signed_on=date(2026, 4, 21),
        self_supply=False,
        document=Attachment(
            media_type=MediaType.PDF, sha256=64 * "a", size_bytes=1204, detected=MediaType.PDF
        ),
    )


def chosen(direction: Direction = Direction.CONSUMPTION) -> ChosenSupplier:
    """The new supplier, chosen for one direction, with its contract."""
    return ChosenSupplier(
        direction=direction, supplier=NEW, name="Južna elektrika", share=None, contract=contract()
    )


def request() -> SwitchRequest:
    """A request of the new supplier for consumption, as soon as possible."""
    return SwitchRequest(
        header=header(DocumentKind.SWITCH_REQUEST),
        point=point_reference(),
        contracting_party=ContractingParty(
            name="Ana Zgled",
            tax_number=CUSTOMER,
            address=ADDRESS,
        ),
        network_charge_payer=Payer.CUSTOMER,
        one_bill_consent_on=None,
        authorised_on=date(2026, 4, 20),
        customer_application=None,
        chosen=(chosen(),),
        requested_date=None,
    )


def customers_request() -> SwitchRequest:
    """The same request of the customer itself, entered by the operator's staff."""
    return replace(
        request(),
        header=header(DocumentKind.SWITCH_REQUEST, OPERATOR, Role.GRID_OPERATOR),
        authorised_on=None,
        customer_application=CustomerApplication(served_on=None),
    )


def claim(supplier: Eic = NEW, share: str = "0.6") -> SwitchRequest:
    """A supplier claims its share of the point's consumption (B1)."""
    return replace(
        request(),
        header=replace(
            header(DocumentKind.SHARE_CLAIM, supplier),
            message_id=MessageId(f"ShareClaim-{supplier}-{share}"),
        ),
        chosen=(of_a_share(supplier, share),),
    )


def of_a_share(supplier: Eic, share: str) -> ChosenSupplier:
    """A supplier chosen for a share of consumption, with its contract."""
    return replace(
        chosen(),
        supplier=supplier,
        name=next(one.name for one in PARTIES if one.eic == supplier),
        share=Decimal(share),
        contract=replace(contract(), supplier=supplier, reference=f"contract of {supplier}"),
    )


def customers_division(**shares: str) -> SwitchRequest:
    """The customer names all suppliers with their shares (B5); NEW and OLD where none are given."""
    named = {globals()[name]: share for name, share in shares.items()} or {NEW: "0.6", OLD: "0.4"}
    return replace(
        customers_request(),
        header=header(DocumentKind.SHARED_SUPPLY_REQUEST, OPERATOR, Role.GRID_OPERATOR),
        chosen=tuple(of_a_share(supplier, share) for supplier, share in named.items()),
    )


def withdrawal() -> Withdrawal:
    """The applicant takes its request back."""
    return Withdrawal(header=header(DocumentKind.WITHDRAWAL), case_id=CASE, point=point_reference())


def inaccessibility_report() -> InaccessibilityReport:
    """The new supplier says that the customer cannot reach the meter."""
    return InaccessibilityReport(
        header=header(DocumentKind.INACCESSIBILITY_REPORT), case_id=CASE, point=point_reference()
    )


def correction() -> Correction:
    """The back office undoes the switch."""
    return Correction(
        header=header(DocumentKind.CORRECTION, OPERATOR, Role.GRID_OPERATOR),
        case_id=CASE,
        point=point_reference(),
        entered_by="Nada Zgled",
        reason=CorrectionReason.NOT_AGREED,
        why="Uporabnica pogodbe ni podpisala.",
        right_reading=None,
    )


def register(code: ObisCode = TAKEN, digits: int = 6, multiplier: str = "1") -> RegisterFacts:
    """A register of the installed meter."""
    return RegisterFacts(register=code, digits=digits, multiplier=Decimal(multiplier))


def shows(code: ObisCode, value: str) -> RegisterValue:
    """What a register shows."""
    return RegisterValue(register=code, value=Decimal(value))


def average(kwh_per_day: str, direction: Direction = Direction.CONSUMPTION) -> AverageFacts:
    """The average daily energy of one direction."""
    return AverageFacts(direction=direction, kwh_per_day=Decimal(kwh_per_day))


def supply(
    supplier: Eic = OLD,
    share: str = "1",
    direction: Direction = Direction.CONSUMPTION,
    accounting_point: Gsrn = POINT,
) -> SupplyFacts:
    """Who supplies the point today."""
    return SupplyFacts(
        accounting_point=accounting_point,
        direction=direction,
        supplier=supplier,
        share=Decimal(share),
    )


def begun(
    supplier: Eic = NEW, share: str = "1", direction: Direction = Direction.CONSUMPTION
) -> Supply:
    """A supply of the point that a switch begins, or ends."""
    return Supply(
        accounting_point=POINT,
        metering_site=SITE,
        direction=direction,
        supplier=supplier,
        share=Decimal(share),
    )


def point() -> PointFacts:
    """A connected point that takes 10 kWh a day, read by the customer."""
    return PointFacts(
        accounting_point=POINT,
        measured_at=POINT,
        delivery_point=DeliveryPoint("DP-0001"),
        metering_site=SITE,
        metering_site_gsrn=SITE_GSRN,
        area=AreaCode("7"),
        connected=True,
        customer=CustomerFacts(name="Ana Zgled", tax_number=CUSTOMER, address=ADDRESS, email=None),
        directions=(Direction.CONSUMPTION,),
        self_supply=False,
        remotely_read=False,
        inaccessible_since=None,
        measured_power=False,
        payer=Payer.CUSTOMER,
        supplies=(supply(),),
        supplies_at_delivery_point=(supply(),),
        ever_supplied=(Direction.CONSUMPTION,),
        meter=MeterFacts(serial_number=SerialNumber("ZGL-100001"), registers=(register(),)),
        last_reading=ReadingOnRecord(taken_on=LAST_READ_ON, registers=(shows(TAKEN, "14650"),)),
        averages=(average("10"),),
    )


def party(eic: Eic, name: str) -> SupplierFacts:
    """A registered, active supplier in a balance group."""
    return SupplierFacts(
        eic=eic,
        name=name,
        active=True,
        supplier=True,
        in_balance_group=True,
        pays_network_charge=False,
    )


PARTIES = (
    party(NEW, "Južna elektrika"),
    party(OLD, "Severna energija"),
    party(OLD_OF_PRODUCTION, "Sončna oddaja"),
    party(OPERATOR, "Omrežje Zgled"),
    replace(party(INACTIVE, "Zahodna energija"), active=False),
    replace(party(WITHOUT_BALANCE_GROUP, "Dobava brez skupine"), in_balance_group=False),
    replace(party(METERING_CENTRE, "Merilni center Zgled"), supplier=False),
)


def facts() -> Facts:
    """The register and the participants of the day."""
    return Facts(
        operator=OPERATOR,
        legal_remedies="Ugovor je dovoljen v 8 dneh.",
        point=point(),
        metering_centre=METERING_CENTRE,
        parties=PARTIES,
        other_case=None,
        free_numbers=FREE_NUMBERS,
    )


FREE_NUMBERS = tuple(Gsrn(f"38319990000009{number:04}") for number in range(12))
"""Numbers never given out; their check digits are of no account here."""


def two_directions(facts_of_one: Facts) -> Facts:
    """The same point, which now also feeds in, to another supplier."""
    good = facts_of_one.point
    assert good is not None
    assert good.last_reading is not None
    return replace(
        facts_of_one,
        point=replace(
            good,
            directions=(Direction.CONSUMPTION, Direction.PRODUCTION),
            supplies=(supply(), supply(OLD_OF_PRODUCTION, "1", Direction.PRODUCTION)),
            supplies_at_delivery_point=(
                supply(),
                supply(OLD_OF_PRODUCTION, "1", Direction.PRODUCTION),
            ),
            ever_supplied=(Direction.CONSUMPTION, Direction.PRODUCTION),
            meter=MeterFacts(
                serial_number=SerialNumber("ZGL-100001"), registers=(register(), register(FED_IN))
            ),
            last_reading=replace(
                good.last_reading, registers=(shows(TAKEN, "14650"), shows(FED_IN, "11650"))
            ),
            averages=(average("10"), average("10", Direction.PRODUCTION)),
        ),
    )


def request_for_two() -> SwitchRequest:
    """A request of the new supplier for both directions."""
    return replace(request(), chosen=(chosen(), chosen(Direction.PRODUCTION)))


def reading(taken_on: date = READ_ON, value: str = "15050") -> MeterReading:
    """The customer's reading, reported by the new supplier."""
    return MeterReading(
        header=header(DocumentKind.METER_READING),
        case_id=CASE,
        point=point_reference(),
        serial_number=SerialNumber("ZGL-100001"),
        taken_at=at(taken_on, 8),
        obtained_by=ObtainedBy.CUSTOMER,
        registers=(shows(TAKEN, value),),
        departure_reason=None,
    )


def remote_reading(taken_on: date = READ_ON, value: str = "15050") -> MeterReading:
    """A remote reading of 00:00, from the metering centre."""
    return replace(
        reading(taken_on, value),
        header=header(DocumentKind.METER_READING, METERING_CENTRE, Role.METERING_CENTRE),
        taken_at=at(taken_on, 0),
        obtained_by=ObtainedBy.REMOTE,
    )


def operators_reading(taken_on: date = READ_ON, value: str = "15050") -> MeterReading:
    """The operator's own reading, taken on a visit."""
    return replace(
        reading(taken_on, value),
        header=header(DocumentKind.METER_READING, OPERATOR, Role.GRID_OPERATOR),
        obtained_by=ObtainedBy.OPERATOR,
    )


def request_check() -> RequestCheck:
    """The check of the good request on the day it came."""
    return RequestCheck(
        request=request(),
        received_on=RECEIVED_ON,
        approved_on=RECEIVED_ON,
        facts=facts(),
        rules=RULES,
    )


def request_check_of_two() -> RequestCheck:
    """The check of a good request for both directions."""
    return replace(request_check(), request=request_for_two(), facts=two_directions(facts()))


def request_check_of_a_share() -> RequestCheck:
    """The check of a good request for one accounting point of a division, with its share."""
    check = but(request_check(), "facts.point.supplies", (supply(share="0.4"),))
    return but(check, "request.chosen.0.share", Decimal("0.4"))


def request_check_of_a_paying_supplier() -> RequestCheck:
    """The check of a good request by which the new supplier is to pay the network charge."""
    check = but(request_check(), "request.network_charge_payer", Payer.SUPPLIER)
    check = but(check, "request.one_bill_consent_on", date(2026, 4, 20))
    return but(check, "facts.parties.0.pays_network_charge", True)


def request_check_of_the_customer() -> RequestCheck:
    """The check of a good request that the customer makes itself."""
    return replace(request_check(), request=customers_request())


def request_check_of_a_claim() -> RequestCheck:
    """The check of a good claim, which is the first of its collection."""
    return replace(request_check(), request=claim(), claims=(claim(),))


def request_check_of_claims_together() -> RequestCheck:
    """The check of a claim that is decided with another; its contract ends on 1 May."""
    own = but(claim(), "chosen.0.contract.valid_to", date(2026, 5, 1))
    check = replace(request_check_of_a_claim(), request=own, claims=(own, claim(OLD, "0.4")))
    return replace(check, jointly=True, execution_from=RECEIVED_ON)


def request_check_of_a_customers_division() -> RequestCheck:
    """The check of a good request of the customer's naming two suppliers with their shares."""
    return replace(request_check(), request=customers_division())


def request_check_of_self_supply() -> RequestCheck:
    """The check of a good request at a self-supply point: one supplier, contracts that show it."""
    check = but(request_check_of_two(), "facts.point.self_supply", True)
    for index in (0, 1):
        check = but(check, f"request.chosen.{index}.contract.self_supply", True)
    return check


def point_read_by(method: ReadingMethod) -> PointFacts:
    """The good point as it must be for its reading to be obtained in this way."""
    good = replace(point(), remotely_read=method is ReadingMethod.REMOTE)
    if method is not ReadingMethod.VISIT:
        return good
    long_ago = but(good, "last_reading.taken_on", date(2025, 1, 10))
    return replace(long_ago, inaccessible_since=date(2025, 2, 1))


def facts_read_by(method: ReadingMethod) -> Facts:
    """What is known where the good point is read in this way."""
    return replace(facts(), point=point_read_by(method))


def plan(method: ReadingMethod = ReadingMethod.CUSTOMER) -> Plan:
    """The plan of the good request, approved on the day it came: 24 April to 15 May."""
    check = request_check()
    planned = plan_switch(
        check.request.requested_date,
        contracts_of(check.request, {Direction.CONSUMPTION}),
        begun=RECEIVED_ON,
        starts_on=RECEIVED_ON,
        approved_on=RECEIVED_ON,
        point=point_read_by(method),
        rules=RULES,
    )
    assert isinstance(planned, Plan)
    return planned


def reading_check() -> ReadingCheck:
    """The check of the good reading, received two hours after it was taken."""
    good = point()
    assert good.meter is not None
    return ReadingCheck(
        reading=reading(),
        sender_role=Role.SUPPLIER,
        received_at=at(READ_ON, 10),
        plan=plan(),
        point=good,
        meter=good.meter,
        rules=RULES,
    )


def reading_check_of_two() -> ReadingCheck:
    """The check of a good reading of a meter that counts both directions."""
    good = two_directions(facts()).point
    assert good is not None
    assert good.meter is not None
    both = replace(reading(), registers=(shows(TAKEN, "15050"), shows(FED_IN, "12050")))
    return replace(reading_check(), reading=both, point=good, meter=good.meter)


def reading_check_of_tariffs() -> ReadingCheck:
    """The check of a good reading of a meter with a high and a low tariff, no total."""
    tariffs = (register(TAKEN_HIGH), register(TAKEN_LOW))
    check = but(reading_check(), "meter.registers", tariffs)
    last = (shows(TAKEN_HIGH, "23400"), shows(TAKEN_LOW, "12250"))
    check = but(check, "point.last_reading.registers", last)
    return but(check, "reading.registers", (shows(TAKEN_HIGH, "23650"), shows(TAKEN_LOW, "12400")))


def reading_check_of_total_and_tariffs() -> ReadingCheck:
    """The check of a good reading of a meter with a total and two tariffs, in full OBIS codes."""
    codes = tuple(ObisCode(f"1-0:1.8.{tariff}*255") for tariff in range(3))
    check = but(reading_check(), "meter.registers", tuple(register(code) for code in codes))
    last = tuple(map(shows, codes, ("35650", "23400", "12250")))
    check = but(check, "point.last_reading.registers", last)
    # 1500 kWh: within the band, twice that would depart
    return but(check, "reading.registers", tuple(map(shows, codes, ("37150", "24400", "12750"))))


def reading_check_of_remote() -> ReadingCheck:
    """The check of a good remote reading."""
    check = replace(reading_check(), reading=remote_reading(), plan=plan(ReadingMethod.REMOTE))
    return replace(check, sender_role=Role.METERING_CENTRE)


def reading_check_of_visit() -> ReadingCheck:
    """The check of a good reading of the operator."""
    check = replace(reading_check(), reading=operators_reading(), plan=plan(ReadingMethod.VISIT))
    return replace(check, sender_role=Role.GRID_OPERATOR)


def days_after(day: date, count: int) -> date:
    """The calendar day so many days later."""
    return day + timedelta(days=count)
