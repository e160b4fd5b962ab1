"""Bad input of every class gets its code and its place, quickly, and is never obeyed.

Method: one changed piece of a good message in each case, put to `read` and to `explain`.
"""

import base64
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from broker.messages.reasons import Reason, Refusal
from broker.wire.attachments import decoded
from broker.wire.explain import explain
from broker.wire.read import read
from tests.wire.samples import ACCEPTED, FIXTURES, acknowledged

REQUEST = (FIXTURES / "SwitchRequest" / "as-soon-as-possible.xml").read_bytes()
READING = (FIXTURES / "MeterReading" / "by-the-customer.xml").read_bytes()
BODY = REQUEST.partition(b"\n")[2]
ATTACHMENT = REQUEST[REQUEST.index(b"JVBER") : REQUEST.index(b"</Attachment>")]
AT_ATTACHMENT = "/SwitchRequest/ChosenSupplier/Contract/Attachment"
BOMB = b'<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
SECRET = b'<!DOCTYPE a [<!ENTITY s SYSTEM "file:///etc/hostname">]>'
INCLUDE = b'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/hostname"/>'


def refusals(data: bytes) -> tuple[Refusal, ...]:
    result = read(data)
    assert isinstance(result, tuple), result
    assert 1 <= len(result) <= 50
    for refusal in (*result, *explain(data)):
        assert len(refusal.found or "") <= 120
        assert len(refusal.expected or "") <= 200
    return result


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.NOT_WELL_FORMED),
        (b"\x00" * 100, Reason.NOT_WELL_FORMED),
        (b"{}", Reason.NOT_WELL_FORMED),
        (REQUEST[:-30], Reason.NOT_WELL_FORMED),
        (REQUEST.replace(b"Ana", b"A\x00a"), Reason.NOT_WELL_FORMED),
        (REQUEST.replace(b"Ana", b"A\x01a"), Reason.NOT_WELL_FORMED),
        (REQUEST.replace(b"Ana", b"A&#1;a"), Reason.NOT_WELL_FORMED),
        (REQUEST.replace(b"Ana", b"\xff\xfe"), Reason.NOT_WELL_FORMED),
        (REQUEST.replace(b"Ana", b"&undeclared;"), Reason.NOT_WELL_FORMED),
        (REQUEST.replace(b'"UTF-8"', b'"no-such-encoding"'), Reason.NOT_WELL_FORMED),
        (REQUEST.replace(b'"UTF-8"', b'"windows-1250"'), Reason.NOT_WELL_FORMED),
        (b"<a>" * 300 + b"</a>" * 300, Reason.NOT_WELL_FORMED),
        (REQUEST + REQUEST, Reason.NOT_WELL_FORMED),
        (b"<!DOCTYPE SwitchRequest>" + BODY, Reason.DOCTYPE_FORBIDDEN),
        (b"<!-- x --><?p q?>\n<!DOCTYPE SwitchRequest>" + BODY, Reason.DOCTYPE_FORBIDDEN),
        (b'<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd">' + BODY, Reason.DOCTYPE_FORBIDDEN),
        (BOMB + BODY.replace(b"Ana", b"&c;"), Reason.DOCTYPE_FORBIDDEN),
        (SECRET + BODY.replace(b"Ana", b"&s;"), Reason.DOCTYPE_FORBIDDEN),
        (("<!DOCTYPE a>" + BODY.decode()).encode("utf-16"), Reason.DOCTYPE_FORBIDDEN),
        (b"<a/>", Reason.UNKNOWN_MESSAGE_TYPE),
        (b'<SwitchRequest xmlns="urn:other"/>', Reason.UNKNOWN_MESSAGE_TYPE),
        (b'<Unknown xmlns="urn:supplier-switch:si:1"/>', Reason.UNKNOWN_MESSAGE_TYPE),
        (acknowledged(ACCEPTED), Reason.UNKNOWN_MESSAGE_TYPE),
        (REQUEST.replace(b":si:1", b":si:2"), Reason.UNKNOWN_VERSION),
        (REQUEST.replace(b":si:1", b":si:0"), Reason.UNKNOWN_VERSION),
        (REQUEST.replace(b"<Point>", INCLUDE + b"<Point>"), Reason.NOT_VALID_AGAINST_SCHEMA),
        (b"<a>" + b" " * 8 * 1024 * 1024 + b"</a>", Reason.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_code(data: bytes, reason: Reason) -> None:
    (refusal,) = refusals(data)
    assert refusal.reason is reason
    assert refusal.line is not None or reason is Reason.TOO_LARGE
    assert explain(data)[0].reason is reason


@pytest.mark.parametrize(
    ("old", "new", "place", "expected"),
    [
        (b"T10:15:00+02:00", b"T09:15:00", "/SwitchRequest/Header/Creation", "Instant: "),
        (b"T10:15:00+02:00", b"T24:00:00Z", "/SwitchRequest/Header/Creation", "Instant: "),
        (b"2026-02-27<", b"2026-02-30<", "/SwitchRequest/Authorisation/GivenOn", "Day: "),
        (b"2026-02-27<", b"2026-02-27Z<", "/SwitchRequest/Authorisation/GivenOn", "Day: "),
        (b">customer<", b">me<", "/SwitchRequest/NetworkChargePayer", "customer | supplier"),
        (b'"260">DDQ', b'"6">DDQ', "/SwitchRequest/Header/Sender/Role/@listAgency", "260"),
        (b' schemeAgency="NSI">7<', b">7<", "/SwitchRequest/Point/Area", "@schemeAgency"),
        (b">392<", b">E67<", "/SwitchRequest/Header/DocumentType", "392"),
        (b"Ana Zgled", b"A" * 201, "/SwitchRequest/ContractingParty/Name", "maxLength 200"),
        (b"Ana Zgled", b"A\xc2\x85", "/SwitchRequest/ContractingParty/Name", "[^"),
        (b"Ana Zgled", b"A\xe2\x80\xae", "/SwitchRequest/ContractingParty/Name", "[^"),
        (b"<AsSoonAsPossible/>", b"", "/SwitchRequest/RequestedDate", "Date | AsSoonAsPossible"),
        (
            b"<NetworkChargePayer>customer</NetworkChargePayer>",
            b"",
            "/SwitchRequest/Authorisation",
            "NetworkChargePayer",
        ),
    ],
)
def test_what_the_schema_refuses_is_told_with_its_place(
    old: bytes, new: bytes, place: str, expected: str
) -> None:
    data = REQUEST.replace(old, new)
    for findings in (refusals(data), explain(data)):
        first = findings[0]
        assert first.reason is Reason.NOT_VALID_AGAINST_SCHEMA
        assert (first.place or "").startswith(place)
        assert (first.expected or "").startswith(expected)
        assert first.line


def test_a_direction_named_twice_is_refused() -> None:
    start = REQUEST.index(b"  <ChosenSupplier>")
    end = REQUEST.index(b"  <RequestedDate>")
    twice = REQUEST[:end] + REQUEST[start:end] + REQUEST[end:]
    (refusal,) = refusals(twice)
    assert refusal.place == "/SwitchRequest/ChosenSupplier[2]"


@pytest.mark.parametrize(
    "value", [b"1.2345", b"-1", b"1e3", b"NaN", b"1234567890.123", b"+1", b".5", b"1,5"]
)
def test_a_register_value_of_another_form_is_refused(value: bytes) -> None:
    (refusal,) = refusals(READING.replace(b">14920<", b">" + value + b"<"))
    assert refusal.place == "/MeterReading/Register/Value"


@pytest.mark.parametrize(
    "text",
    [b"@@@", b"QQ=", b"QQ", b"Q", b"QQ==QQ==", b"QR==", b"Q*Q=", b"=", "šč==".encode()],
)
def test_content_that_is_not_base64_is_refused_with_its_place(text: bytes) -> None:
    (refusal,) = refusals(REQUEST.replace(ATTACHMENT, text))
    assert refusal.reason is Reason.CONTENT_DOES_NOT_DECODE
    assert (refusal.place, refusal.line) == (AT_ATTACHMENT, 55)


def test_content_and_schema_findings_come_together() -> None:
    data = REQUEST.replace(ATTACHMENT, b"@@@").replace(b">customer<", b">me<")
    reasons = {Reason.CONTENT_DOES_NOT_DECODE, Reason.NOT_VALID_AGAINST_SCHEMA}
    assert {one.reason for one in refusals(data)} == reasons
    assert {one.reason for one in explain(data)} == reasons


def test_empty_content_is_refused_by_the_schema() -> None:
    (refusal,) = refusals(REQUEST.replace(ATTACHMENT, b" "))
    assert refusal.reason is Reason.NOT_VALID_AGAINST_SCHEMA
    assert refusal.place == AT_ATTACHMENT


def test_attachments_of_more_than_five_mebibytes_are_too_large() -> None:
    content = base64.b64encode(b"%PDF-" + bytes(5 * 1024 * 1024 - 4))
    (refusal,) = refusals(REQUEST.replace(ATTACHMENT, content))
    assert refusal.reason is Reason.TOO_LARGE
    assert refusal.place == AT_ATTACHMENT


def test_base64_may_be_broken_into_lines() -> None:
    assert decoded("Q U\tJ\r\nD") == b"ABC"


@pytest.mark.parametrize(
    "piece",
    [
        b"<X/>" * 5000,
        b"<ChosenSupplier/>" * 5000,
        b"<ChosenSupplier><Contract><Attachment>@@@</Attachment></Contract></ChosenSupplier>"
        * 5000,
        b"<X>" + b"x" * 7_000_000 + b"</X>",
        b"<" + b"x" * 40_000 + b"/>",
        b"<X " + b" ".join(b'a%d=""' % n for n in range(20_000)) + b"/>",
        b"<X>" * 200 + b"</X>" * 200,
    ],
    ids=["wrong", "empty", "undecodable", "long text", "long name", "attributes", "deep"],
)
def test_a_wall_of_rubbish_is_refused_and_explained_quickly(piece: bytes) -> None:
    data = REQUEST.replace(b"  <RequestedDate>", piece + b"<RequestedDate>")
    explain(REQUEST.replace(b">customer<", b">me<"))
    started = time.perf_counter()
    findings = refusals(data)
    assert time.perf_counter() - started < 2
    assert findings[0].reason is Reason.NOT_VALID_AGAINST_SCHEMA


@pytest.mark.parametrize(
    "before", [b"<?p?>" * 1_500_000, b"<!---->" * 1_000_000, b" \n" * 4_000_000]
)
def test_what_stands_before_the_root_is_passed_over_quickly(before: bytes) -> None:
    started = time.perf_counter()
    read(before + BODY)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("piece", "found", "most"),
    [
        (b"<X/>" * 20_000, "x <", 20_000),
        (b"<!---->" * 20_000, "x <", 20_000),
        (b"<X " + b'a="" ' * 20_001 + b"/>", "x =", 20_000),
        (b"&#65;" * 200_001, "x &", 200_000),
    ],
    ids=["elements", "comments", "attributes", "references"],
)
def test_more_than_is_worth_reading_is_not_read(piece: bytes, found: str, most: int) -> None:
    (refusal,) = refusals(REQUEST.replace(b"  <RequestedDate>", piece + b"<RequestedDate>"))
    assert refusal.reason is Reason.NOT_VALID_AGAINST_SCHEMA
    assert (refusal.found or "").endswith(found)
    assert refusal.expected == f"<= {most} {found}"


def test_base64_in_lines_that_end_in_a_reference_is_read() -> None:
    """As some serialisers write a carriage return: `&#xD;` at the end of each line."""
    lines = b"&#xD;\n".join([base64.b64encode(b"%PDF-" + bytes(52))] * 90_000)
    assert not isinstance(read(REQUEST.replace(ATTACHMENT, lines)), tuple)


def test_a_schema_location_is_never_followed() -> None:
    hint = (
        b'<SwitchRequest xmlns:i="http://www.w3.org/2001/XMLSchema-instance" '
        b'i:schemaLocation="urn:supplier-switch:si:1 http://192.0.2.1/a.xsd" '
    )
    located = REQUEST.replace(b"<SwitchRequest ", hint)
    assert not isinstance(read(located), tuple)
    assert refusals(located.replace(b">customer<", b">me<"))[0].expected == "customer | supplier"


def test_nothing_is_explained_of_a_valid_message() -> None:
    assert explain(REQUEST) == ()


def test_an_explanation_tells_every_finding() -> None:
    data = (
        REQUEST.replace(b">customer<", b">me<")
        .replace(b">1000<", b">?<")
        .replace(b">false<", b">no<")
        .replace(b"+02:00", b"")
    )
    assert [one.place for one in explain(data)] == [
        "/SwitchRequest/Header/Creation",
        "/SwitchRequest/ContractingParty/Address/PostalCode",
        "/SwitchRequest/NetworkChargePayer",
        "/SwitchRequest/ChosenSupplier/Contract/SelfSupply",
    ]


def test_findings_of_different_threads_do_not_mix() -> None:
    documents = [REQUEST.replace(b">customer<", b">" + str(n).encode() + b"<") for n in range(200)]
    with ThreadPoolExecutor(max_workers=8) as threads:
        results = list(threads.map(refusals, documents))
    assert [one.found for (one,) in results] == [str(n) for n in range(200)]
