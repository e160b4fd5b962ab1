"""A meter reading as a message: what the operator's staff enter comes in like everybody's (C5)."""

from broker.messages.requests import MeterReading
from broker.wire.document import (
    LONG_TEXT_MAX,
    add,
    add_accounting_point,
    add_code,
    add_eic,
    add_free_text,
    add_instant,
    add_metering_site,
    add_registers,
    finished,
    new_document,
)


def write_reading(reading: MeterReading) -> bytes:
    """The reading as a valid message, which reads as the same again.

    Raises UnableToWriteValidDocument for values that the schema does not allow.
    """
    header = reading.header
    root = new_document(header.kind.value)
    head = add(root, "Header")
    add(head, "Identification", header.message_id)
    add_code(head, "DocumentType", "260", "E65")
    add_instant(head, "Creation", header.created_at)
    sender = add(head, "Sender")
    add_eic(sender, "Identification", header.sender)
    add_code(sender, "Role", "260", header.sender_role.value)
    recipient = add(head, "Recipient")
    add_eic(recipient, "Identification", header.recipient)
    add_code(recipient, "Role", "260", "DDM")
    add_code(head, "BusinessReason", "260", "E03")
    if reading.case_id is not None:
        add(root, "CaseNumber", reading.case_id)
    point = add(root, "Point")
    add_accounting_point(point, reading.point.accounting_point)
    add_metering_site(point, reading.point.metering_site)
    if reading.point.metering_site_gsrn is not None:
        add(point, "MeteringSiteGsrn", reading.point.metering_site_gsrn).set("schemeAgency", "9")
    add(point, "Area", reading.point.area).set("schemeAgency", "NSI")
    add(root, "SerialNumber", reading.serial_number)
    add_instant(root, "TakenAt", reading.taken_at)
    add_code(root, "ObtainedBy", "NSI", reading.obtained_by.value)
    add_registers(root, reading.registers)
    add_free_text(root, "DepartureReason", reading.departure_reason, LONG_TEXT_MAX)
    return finished(root)
