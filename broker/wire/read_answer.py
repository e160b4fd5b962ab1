"""A valid SupplyConfirmation or Objection as its type (B6)."""

from lxml import etree

from broker.messages.identifiers import CaseId
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import Objection, SupplyConfirmation
from broker.wire.elements import parts_of, point_of, text_of
from broker.wire.envelope import header_of
from broker.wire.places import place_of
from broker.wire.schema import TAG_PREFIX

_CODE = "/".join(TAG_PREFIX + name for name in ("Ground", "Code"))
_PUBLISHED = {reason.value: reason for reason in Reason}


def confirmation_of(root: etree._Element) -> SupplyConfirmation:
    """The confirmation of a valid tree (B6)."""
    parts = parts_of(root)
    return SupplyConfirmation(
        header=header_of(root),
        case_id=CaseId(text_of(parts["CaseNumber"])),
        point=point_of(parts["Point"]),
    )


def objection_of(root: etree._Element) -> Objection:
    """The objection of a valid tree whose code is published (B6)."""
    parts = parts_of(root)
    ground = parts_of(parts["Ground"])
    text = ground.get("Text")
    return Objection(
        header=header_of(root),
        case_id=CaseId(text_of(parts["CaseNumber"])),
        point=point_of(parts["Point"]),
        reason=_PUBLISHED[_value(ground["Code"])],
        text=None if text is None else text_of(text),
    )


def refusal_of_unknown_code(root: etree._Element) -> Refusal | None:
    """Whether an objection carries a code that is in no published list (A11, B6).

    The schema leaves the codes open, as the list may grow within its version. Whether a published
    code is one for objections is a matter of the rules (`engine/refusals`).
    """
    code = root.find(_CODE)
    if code is None or _value(code) in _PUBLISHED:
        return None
    return Refusal(
        reason=Reason.REASON_NOT_FOR_THIS_USE,
        place=place_of(code),
        line=code.sourceline,
        found=_value(code).replace(":", " "),
        expected="GET /codes",
    )


def _value(code: etree._Element) -> str:
    return f"{code.get('listAgency')}:{text_of(code)}"
