"""Valid messages become their types, whole and exact.

Method: the samples are read and compared with what they say; changed samples show one thing each.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from broker.messages.codes import Direction, MediaType, ObtainedBy, Payer, Role
from broker.messages.reasons import Reason
from broker.messages.requests import MeterReading, SwitchRequest, Withdrawal
from broker.wire.attachments import detected
from broker.wire.envelope import NO_FACTS, header_facts
from broker.wire.read import ReadMessage, read
from tests.wire.samples import CASE, FIXTURES, NEW, OPERATOR, REFERENCE

REQUEST = (FIXTURES / "SwitchRequest" / "as-soon-as-possible.xml").read_bytes()
TWO_DIRECTIONS = (FIXTURES / "SwitchRequest" / "two-directions-on-a-date.xml").read_bytes()
WITHDRAWAL = (FIXTURES / "Withdrawal" / "of-a-request.xml").read_bytes()
READING = (FIXTURES / "MeterReading" / "by-the-customer.xml").read_bytes()
REMOTE = (FIXTURES / "MeterReading" / "remote.xml").read_bytes()


def message_in(data: bytes) -> ReadMessage:
    result = read(data)
    assert isinstance(result, ReadMessage), result
    assert result.wrong_identifiers == ()
    return result


def test_a_switch_request_is_read_whole() -> None:
    result = message_in(REQUEST)
    request = result.message
    assert isinstance(request, SwitchRequest)
    assert request.header.message_id == REFERENCE
    assert request.header.created_at == datetime(2026, 4, 24, 8, 15, tzinfo=UTC)
    assert (request.header.sender, request.header.sender_role) == (NEW, Role.SUPPLIER)
    assert request.header.recipient == OPERATOR
    assert request.point.metering_site_gsrn is None
    assert request.contracting_party.name == "Ana Zgled"
    assert request.network_charge_payer is Payer.CUSTOMER
    assert request.authorised_on == date(2026, 2, 27)
    assert request.requested_date is None
    (chosen,) = request.chosen
    assert chosen.contract is not None
    assert chosen.contract.valid_to is None
    document = chosen.contract.document
    assert (document.media_type, document.detected) == (MediaType.PDF, MediaType.PDF)
    ((sha256, content),) = result.attachments
    assert (sha256, len(content)) == (document.sha256, document.size_bytes)
    assert content.startswith(b"%PDF-")


def test_both_directions_and_the_share_are_read() -> None:
    request = message_in(TWO_DIRECTIONS).message
    assert isinstance(request, SwitchRequest)
    assert [one.direction for one in request.chosen] == [
        Direction.CONSUMPTION,
        Direction.PRODUCTION,
    ]
    assert request.chosen[0].share == Decimal(1)
    assert request.chosen[1].contract is None
    assert request.contracting_party.name == "Kmetija Primer d.o.o."
    assert request.requested_date == date(2026, 5, 4)


def test_a_site_may_be_named_by_its_gsrn_too() -> None:
    site = b'<MeteringSiteGsrn schemeAgency="9">383199901000000182</MeteringSiteGsrn>'
    named = message_in(REQUEST.replace(b"    <Area ", site + b"<Area ")).message
    assert named.point.metering_site_gsrn == "383199901000000182"


def test_a_withdrawal_is_read_whole() -> None:
    withdrawal = message_in(WITHDRAWAL).message
    assert isinstance(withdrawal, Withdrawal)
    assert withdrawal.case_id == CASE
    assert withdrawal.point.area == "7"


def test_a_reading_is_read_whole_and_unrounded() -> None:
    reason = "<DepartureReason>Hiša je bila prazna.</DepartureReason></MeterReading>".encode()
    reading = message_in(READING.replace(b"</MeterReading>", reason)).message
    assert isinstance(reading, MeterReading)
    assert reading.taken_at == datetime(2026, 4, 27, 16, 30, tzinfo=UTC)
    assert reading.obtained_by is ObtainedBy.CUSTOMER
    assert reading.departure_reason == "Hiša je bila prazna."
    remote = message_in(REMOTE).message
    assert isinstance(remote, MeterReading)
    assert [str(one.value) for one in remote.registers] == ["34490.125", "11990.000"]
    assert (remote.case_id, remote.departure_reason) == (None, None)


def test_a_comment_inside_a_value_changes_nothing() -> None:
    commented = REQUEST.replace(b"Ana Zgled<", b"Ana <!-- x -->Zg<?pi y?>led<")
    assert message_in(commented).message == message_in(REQUEST).message


def test_character_data_sections_are_read_as_text() -> None:
    wrapped = REQUEST.replace(b"Ana Zgled<", b"Ana <![CDATA[Zgled]]><")
    assert message_in(wrapped).message == message_in(REQUEST).message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_the_same_message_in_other_encodings_reads_the_same(encoding: str) -> None:
    text = REQUEST.decode().replace(' encoding="UTF-8"', "")
    assert message_in(text.encode(encoding)).message == message_in(REQUEST).message


def test_equal_attachments_are_kept_once() -> None:
    start, end = TWO_DIRECTIONS.index(b"    <Contract>"), TWO_DIRECTIONS.index(b"</Contract>")
    contract = TWO_DIRECTIONS[start : end + len(b"</Contract>")]
    name = "Sončna oddaja</Name>".encode()
    result = message_in(TWO_DIRECTIONS.replace(name, name + contract))
    assert isinstance(result.message, SwitchRequest)
    assert all(one.contract for one in result.message.chosen)
    assert len(result.attachments) == 1


def test_all_wrong_check_digits_are_found_together_with_place_and_line() -> None:
    wrong = (
        REQUEST.replace(b'"9">383199900000000017<', b'"9">383199900000000018<', 1)
        .replace(b">28XJUG-ELEKTRIKB<", b">28XJUG-ELEKTRIKC<", 1)
        .replace(b">12345679<", b">12345678<", 1)
    )
    result = read(wrong)
    assert isinstance(result, ReadMessage)
    assert [(one.place, one.line, one.found) for one in result.wrong_identifiers] == [
        ("/SwitchRequest/Header/Sender/Identification", 8, "28XJUG-ELEKTRIKC"),
        ("/SwitchRequest/Point/AccountingPoint", 18, "383199900000000018"),
        ("/SwitchRequest/ContractingParty/TaxNumber", 24, "12345678"),
    ]
    assert {one.reason for one in result.wrong_identifiers} == {Reason.WRONG_CHECK_DIGIT}


def test_the_header_of_an_invalid_message_still_names_it() -> None:
    facts = header_facts(REQUEST.replace(b"<Area ", b"<Erea ").replace(b"</Area>", b"</Erea>"))
    assert (facts.message_id, facts.sender) == (REFERENCE, NEW)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a/>",
        REQUEST[:-20],
        b"<!DOCTYPE a>" + REQUEST.partition(b"\n")[2],
        REQUEST.replace(b"<Header>", b"<Header><Header/></Header><Header>"),
    ],
    ids=["empty", "foreign", "cut off", "doctype", "two headers"],
)
def test_nothing_is_read_of_a_header_that_cannot_be_trusted(data: bytes) -> None:
    assert header_facts(data) == NO_FACTS


def test_an_unsafe_message_id_is_not_repeated() -> None:
    facts = header_facts(REQUEST.replace(REFERENCE.encode(), b"a b\xc2\x85"))
    assert facts == replace(facts, message_id=None, sender=NEW)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7", MediaType.PDF),
        (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
        (b"\xff\xd8\xff\xe0", MediaType.JPEG),
        (b'<?xml version="1.0"?>', MediaType.XML),
        (b"MZ", None),
    ],
)
def test_the_first_bytes_say_what_a_document_is(content: bytes, kind: MediaType | None) -> None:
    assert detected(content) == kind
