"""The answer to a request for data of a point, as a document (A4): what was asked for, no more."""

from datetime import date, datetime
from functools import lru_cache

from lxml import etree

from broker.engine.calendar import plus_days
from broker.messages.codes import Direction, DocumentKind
from broker.messages.identifiers import DocumentId, Eic
from broker.messages.master_data import (
    BilledQuantity,
    DailyBlocks,
    InstalledMeter,
    MasterData,
    MasterDataResponse,
)
from broker.messages.requests import NamedCustomer
from broker.wire.document import (
    add,
    add_accounting_point,
    add_code,
    add_day,
    add_eic,
    add_instant,
    add_metering_site,
    finished,
    new_document,
)


def write_master_data(
    response: MasterDataResponse, *, document_id: DocumentId, created_at: datetime, operator: Eic
) -> bytes:
    """The answer as a valid document, the same bytes for the same arguments.

    It has a reference and no case number, since asking opens no case. Raises
    UnableToWriteValidDocument, which is a mistake of ours (design 8).
    """
    root = new_document(DocumentKind.MASTER_DATA_RESPONSE.value)
    _add_header(root, response, document_id, created_at, operator)
    point = add(root, "Point")
    add_accounting_point(point, response.accounting_point)
    add_metering_site(point, response.metering_site)
    _add_days(add(root, "PastTwelveMonths"), response.history_from, response.history_to)
    if response.master_data is not None:
        _add_master_data(root, response.master_data)
    for direction in response.directions:
        if response.billed is not None:
            _add_billed(root, direction, response.billed)
    for direction in response.directions:
        if response.quarter_hours is not None:
            _add_quarter_hours(root, direction, response.quarter_hours)
    return finished(root)


def _add_header(
    root: etree._Element,
    response: MasterDataResponse,
    document_id: DocumentId,
    created_at: datetime,
    operator: Eic,
) -> None:
    header = add(root, "Header")
    add(header, "Identification", document_id)
    add_code(header, "DocumentType", "260", "E07")
    add_instant(header, "Creation", created_at)
    sender = add(header, "Sender")
    add_eic(sender, "Identification", operator)
    add_code(sender, "Role", "260", "DDM")
    recipient = add(header, "Recipient")
    add_eic(recipient, "Identification", response.party)
    add_code(recipient, "Role", "260", response.role.value)
    add_code(header, "BusinessReason", "260", "E30")
    add(header, "Reference", response.reference)


def _add_master_data(root: etree._Element, data: MasterData) -> None:
    element = add(root, "MasterData")
    if data.metering_site_gsrn is not None:
        add(element, "MeteringSiteGsrn", data.metering_site_gsrn).set("schemeAgency", "9")
    add(element, "Area", data.area).set("schemeAgency", "NSI")
    for direction in data.directions:
        add(element, "Direction", direction.value)
    _add_truth(element, "Connected", data.connected)
    _add_truth(element, "SelfSupply", data.self_supply)
    add(element, "ReadingMethod", data.reading_method.value)
    _add_customer(element, data.contracting_party)
    if data.meter is not None:
        _add_meter(element, data.meter)


def _add_customer(parent: etree._Element, customer: NamedCustomer) -> None:
    element = add(parent, "ContractingParty")
    add(element, "Name", customer.name)
    add(element, "TaxNumber", customer.tax_number).set("schemeAgency", "NSI")


def _add_meter(parent: etree._Element, meter: InstalledMeter) -> None:
    element = add(parent, "Meter")
    add(element, "SerialNumber", meter.serial_number)
    for one in meter.registers:
        register = add(element, "Register")
        add(register, "Obis", one.register)
        add(register, "Digits", str(one.digits))
        add(register, "Multiplier", f"{one.multiplier:f}")


def _add_billed(
    root: etree._Element, direction: Direction, billed: tuple[BilledQuantity, ...]
) -> None:
    element = add(root, "BilledQuantities")
    add(element, "Direction", direction.value)
    for one in billed:
        if one.direction is direction:
            quantity = add(element, "Quantity")
            _add_days(quantity, one.from_day, one.to_day)
            add(quantity, "KilowattHours", str(one.kwh))


def _add_quarter_hours(
    root: etree._Element, direction: Direction, days: tuple[DailyBlocks, ...]
) -> None:
    element = add(root, "QuarterHours")
    add(element, "Direction", direction.value)
    for one in days:
        if one.direction is direction:
            day = add(element, "Day")
            add_day(day, "Date", one.day)
            add(day, "KilowattHours", " ".join(map(_kilowatt_hours, one.watt_hours)))


@lru_cache(maxsize=8192)
def _kilowatt_hours(watt_hours: int) -> str:
    """Never rounded: what C3 rounds are the quantities made of quarter-hours, not these.

    Cached, since a year has 70,000 values in two directions and the writer waits meanwhile.
    """
    return f"{watt_hours // 1000}.{watt_hours % 1000:03}"


def _add_days(parent: etree._Element, from_day: date, to_day: date) -> None:
    """The days [from_day, to_day) as messages name them: first and last, both included."""
    add_day(parent, "From", from_day)
    add_day(parent, "To", plus_days(to_day, -1))


def _add_truth(parent: etree._Element, name: str, value: bool) -> None:
    add(parent, name, "true" if value else "false")
