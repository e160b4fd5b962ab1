"""A valid MeterReading as its type (A19, A20, C5), and the report that none can be had (A22)."""

from lxml import etree

from broker.messages.codes import ObtainedBy
from broker.messages.identifiers import CaseId, SerialNumber
from broker.messages.requests import InaccessibilityReport, MeterReading
from broker.wire.elements import instant_of, parts_of, point_of, register_values_of, text_of
from broker.wire.envelope import header_of


def reading_of(root: etree._Element) -> MeterReading:
    """The reading of a valid tree (A20)."""
    parts = parts_of(root)
    case_number = parts.get("CaseNumber")
    departure_reason = parts.get("DepartureReason")
    return MeterReading(
        header=header_of(root),
        case_id=None if case_number is None else CaseId(text_of(case_number)),
        point=point_of(parts["Point"]),
        serial_number=SerialNumber(text_of(parts["SerialNumber"])),
        taken_at=instant_of(parts["TakenAt"]),
        obtained_by=ObtainedBy(text_of(parts["ObtainedBy"])),
        registers=register_values_of(root),
        departure_reason=None if departure_reason is None else text_of(departure_reason),
    )


def inaccessibility_report_of(root: etree._Element) -> InaccessibilityReport:
    """The report of a valid tree that the customer cannot reach the meter (A22)."""
    parts = parts_of(root)
    return InaccessibilityReport(
        header=header_of(root),
        case_id=CaseId(text_of(parts["CaseNumber"])),
        point=point_of(parts["Point"]),
    )
