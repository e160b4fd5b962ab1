"""Documents go out valid, the same every time, with what their rule lists and no more.

Method: the samples are written and compared with the fixtures; a changed notice shows each refusal.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from lxml import etree

from broker.messages.events import GivenReason
from broker.messages.identifiers import Eic, ObisCode
from broker.messages.notices import (
    ApprovalNotice,
    RejectionNotice,
    SwitchCompleted,
    SwitchFailed,
)
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import RegisterValue
from broker.wire.document import UnableToWriteValidDocument, plain
from broker.wire.schema import TAG_PREFIX
from broker.wire.write_notice import kind_of_notice, write_notice
from tests.wire.samples import (
    DOCUMENT,
    FIXTURES,
    NEW,
    NEW_SUPPLIER,
    NOTICES,
    OLD_SUPPLIER,
    OPERATOR,
    REFUSED,
    acknowledged,
    indented,
    outbound_documents,
    written,
)

APPROVAL = NOTICES["ApprovalNotice/to-the-new-supplier"]
COMPLETION = NOTICES["SwitchCompleted/to-the-new-supplier"]
FAILURE = NOTICES["SwitchFailed/no-reading"]
REJECTION = NOTICES["RejectionNotice/two-grounds"]


def texts_in(document: bytes, name: str) -> list[str | None]:
    return [element.text for element in etree.fromstring(document).iter(TAG_PREFIX + name)]


@pytest.mark.parametrize("name", outbound_documents())
def test_every_fixture_is_what_the_writers_write(name: str) -> None:
    document = outbound_documents()[name]
    assert (FIXTURES / f"{name}.xml").read_bytes() == indented(document)
    assert document == outbound_documents()[name]
    assert document.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n")


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_is_of_the_kind_its_root_names(name: str) -> None:
    assert kind_of_notice(NOTICES[name]).value == name.partition("/")[0]


def test_the_old_supplier_is_not_told_who_the_new_one_is() -> None:
    for name in ("ApprovalNotice/to-the-old-supplier", "SwitchCompleted/to-the-old-supplier"):
        document = written(NOTICES[name])
        assert NEW.encode() not in document
        assert NEW_SUPPLIER.name.encode() not in document
        assert texts_in(document, "DocumentType") == ["406"]


def test_a_rejection_carries_words_only_with_the_code_other() -> None:
    assert isinstance(REJECTION, RejectionNotice)
    ground = GivenReason(reason=Reason.POINT_NOT_CONNECTED, text="not to be sent")
    assert texts_in(written(replace(REJECTION, reasons=(ground,))), "Text") == []
    with pytest.raises(UnableToWriteValidDocument):
        written(replace(REJECTION, reasons=(GivenReason(reason=Reason.OTHER),)))


def test_markup_and_control_characters_in_free_text_do_no_harm() -> None:
    assert isinstance(FAILURE, SwitchFailed)
    hostile = "a<b>&\"']]>\x00\x1b\u202e\ud800\ufffe\n" + "č" * 2000
    document = written(replace(FAILURE, ground=GivenReason(reason=Reason.OTHER, text=hostile)))
    (text,) = texts_in(document, "Text")
    assert text is not None
    assert text.startswith("a<b>&\"']]> ")
    assert len(text) == 1000


def test_findings_repeat_nothing_harmful() -> None:
    finding = Refusal(reason=Reason.OTHER, place="/A", found="\x00<x>\x85", text="\x07 words")
    document = acknowledged(replace(REFUSED, refusals=(finding,)))
    assert texts_in(document, "Found") == ["<x>"]
    assert texts_in(document, "Remark") == ["words"]


def test_at_most_fifty_findings_are_written() -> None:
    document = acknowledged(replace(REFUSED, refusals=100 * REFUSED.refusals))
    assert len(texts_in(document, "Finding")) == 50


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("1.500", "1.500"),
        ("1.50000", "1.500"),
        ("1E+3", "1000"),
        ("0.12345", "0.12345"),
    ],
)
def test_register_values_are_written_without_exponent_and_unrounded(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


def test_what_would_not_be_valid_is_never_sent() -> None:
    assert isinstance(APPROVAL, ApprovalNotice)
    assert isinstance(COMPLETION, SwitchCompleted)
    too_exact = RegisterValue(register=ObisCode("1-0:1.8.0"), value=Decimal("0.12345"))
    for broken in (
        replace(APPROVAL, new_supplier=replace(NEW_SUPPLIER, eic=Eic("28X"))),
        replace(APPROVAL, new_supplier=replace(NEW_SUPPLIER, directions=())),
        replace(APPROVAL, new_supplier=replace(NEW_SUPPLIER, name="\x00")),
        replace(COMPLETION, registers=()),
        replace(COMPLETION, registers=(too_exact,)),
        replace(COMPLETION, new_supplier=None),
        replace(COMPLETION, old_supplier=OLD_SUPPLIER),
    ):
        with pytest.raises(UnableToWriteValidDocument):
            written(broken)


def test_an_instant_without_zone_is_never_sent() -> None:
    with pytest.raises(UnableToWriteValidDocument):
        write_notice(
            APPROVAL,
            document_id=DOCUMENT,
            created_at=datetime(2026, 3, 2),  # noqa: DTZ001 - what is refused
            operator=OPERATOR,
        )
