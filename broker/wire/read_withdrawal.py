"""A valid Withdrawal as its type (A13)."""

from lxml import etree

from broker.messages.identifiers import CaseId
from broker.messages.requests import Withdrawal
from broker.wire.elements import parts_of, point_of, text_of
from broker.wire.envelope import header_of


def withdrawal_of(root: etree._Element) -> Withdrawal:
    """The withdrawal of a valid tree (A13)."""
    parts = parts_of(root)
    return Withdrawal(
        header=header_of(root),
        case_id=CaseId(text_of(parts["CaseNumber"])),
        point=point_of(parts["Point"]),
    )
