"""A valid Correction as its type (D3)."""

from lxml import etree

from broker.messages.codes import CorrectionReason, ObtainedBy
from broker.messages.identifiers import CaseId, SerialNumber
from broker.messages.requests import Correction, RightReading
from broker.wire.elements import instant_of, parts_of, point_of, register_values_of, text_of
from broker.wire.envelope import header_of


def correction_of(root: etree._Element) -> Correction:
    """The correction of a valid tree (D3)."""
    parts = parts_of(root)
    right = parts.get("RightReading")
    return Correction(
        header=header_of(root),
        case_id=CaseId(text_of(parts["CaseNumber"])),
        point=point_of(parts["Point"]),
        entered_by=text_of(parts["EnteredBy"]),
        reason=CorrectionReason(text_of(parts["Reason"])),
        why=text_of(parts["Why"]),
        right_reading=None if right is None else _right_reading(right),
    )


def _right_reading(element: etree._Element) -> RightReading:
    parts = parts_of(element)
    return RightReading(
        serial_number=SerialNumber(text_of(parts["SerialNumber"])),
        taken_at=instant_of(parts["TakenAt"]),
        obtained_by=ObtainedBy(text_of(parts["ObtainedBy"])),
        registers=register_values_of(element),
    )
