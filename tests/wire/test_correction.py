"""A correction is read whole; its documents name what they cancel or replace."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from lxml import etree

from broker.messages.codes import CorrectionReason, DocumentKind, Function, ObtainedBy, Role
from broker.messages.requests import Correction
from broker.wire.read import ReadMessage, read
from broker.wire.schema import TAG_PREFIX
from tests.wire.samples import CANCELS, CASE, CORRECTION, FIXTURES, NOTICES, written

CORRECTS = f"{TAG_PREFIX}Header/{TAG_PREFIX}Corrects"


def correction_in(name: str) -> Correction:
    """The correction of this sample."""
    message = read((FIXTURES / "Correction" / f"{name}.xml").read_bytes())
    assert isinstance(message, ReadMessage), message
    assert message.wrong_identifiers == ()
    assert isinstance(message.message, Correction)
    return message.message


def test_an_undoing_is_read_whole() -> None:
    correction = correction_in("undo")
    assert correction.header.kind is DocumentKind.CORRECTION
    assert correction.header.sender_role is Role.GRID_OPERATOR
    assert (correction.case_id, correction.entered_by) == (CASE, "Nada Zgled")
    assert correction.reason is CorrectionReason.NOT_AGREED
    assert correction.why == "Uporabnica pogodbe ni podpisala."
    assert correction.right_reading is None


def test_a_right_reading_is_read_whole() -> None:
    right = correction_in("right-reading").right_reading
    assert right is not None
    assert right.taken_at == datetime(2026, 4, 27, 16, 30, tzinfo=UTC)
    assert (right.serial_number, right.obtained_by) == ("ZGL-100001", ObtainedBy.CUSTOMER)
    assert [one.value for one in right.registers] == [Decimal(14820)]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("undo", b"<Undo/>", b""),
        ("undo", b"<Undo/>", b"<Undo>yes</Undo>"),
        ("undo", b"not_agreed", b"no_idea"),
        ("undo", b"<EnteredBy>Nada Zgled</EnteredBy>", b""),
        ("right-reading", b"</RightReading>", b"</RightReading><Undo/>"),
        ("right-reading", b"<Obis>1-0:1.8.0</Obis>", b""),
    ],
)
def test_what_the_schema_does_not_allow_is_refused(name: str, old: bytes, new: bytes) -> None:
    data = (FIXTURES / "Correction" / f"{name}.xml").read_bytes()
    assert data.count(old) == 1
    assert isinstance(read(data.replace(old, new)), tuple)


@pytest.mark.parametrize("reason", CorrectionReason)
def test_every_reason_can_be_sent(reason: CorrectionReason) -> None:
    data = (FIXTURES / "Correction" / "undo.xml").read_bytes()
    message = read(data.replace(b"not_agreed", reason.value.encode()))
    assert isinstance(message, ReadMessage)
    assert isinstance(message.message, Correction)
    assert message.message.reason is reason


@pytest.mark.parametrize("function", Function)
def test_a_document_names_what_it_corrects(function: Function) -> None:
    notice = NOTICES["SwitchCompleted/cancelled"]
    to = replace(notice.to, corrects=replace(CANCELS, function=function))
    root = etree.fromstring(written(replace(notice, to=to)))
    corrects = root.find(CORRECTS)
    assert corrects is not None
    assert [one.text for one in corrects] == [function.value, CANCELS.document_id, CASE]
    assert corrects[0].get("listAgency") == "6"
    assert root.findtext(f"{TAG_PREFIX}Header/{TAG_PREFIX}CaseNumber") == CORRECTION


def test_any_other_document_corrects_nothing() -> None:
    root = etree.fromstring(written(NOTICES["SwitchCompleted/to-the-new-supplier"]))
    assert root.find(CORRECTS) is None
