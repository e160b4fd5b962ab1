"""Every class of bad message has its status and its codes, in a valid acknowledgement.

None is answered 5xx, and none leaves a trace but the attempt itself.
"""

import asyncio
import time

import pytest

from tests.web.letters import (
    INACTIVE,
    METERING_CENTRE,
    NORTH,
    OPERATOR,
    SOUTH,
    doubtful_request,
    reading,
    sample_point,
    switch_request,
    with_fields,
    withdrawal,
)
from tests.web.running import Answered, Broker

POINT = sample_point(1)
OTHER_POINT = sample_point(11)
GOOD = switch_request("GOOD-1", POINT)
NO_CASE = "0195a1c0-0001-7000-8000-00000000ffff"
ENTITIES = b"".join(b'<!ENTITY e%d "%s">' % (n + 1, b"&e%d;" % n * 10) for n in range(1, 9))
KEPT = ("cases", "journal", "deadlines", "outbox", "contract_documents", "supply")


def after_declaration(more: bytes) -> bytes:
    """The good message with something behind its XML declaration."""
    declaration, _, rest = GOOD.partition(b"?>")
    return declaration + b"?>" + more + rest


def with_siblings(name: bytes, count: int) -> bytes:
    """The good message with so many elements that have no place there."""
    return GOOD.replace(b"<Point>", b"<%s/>" % name * count + b"<Point>", 1)


STRUCTURE = {
    "nothing": (b"", 400, "SB:T01"),
    "not XML": (b"Dobro jutro!", 400, "SB:T01"),
    "not even text": (bytes(range(256)) * 8, 400, "SB:T01"),
    "zeros": (b"\0" * 10_000, 400, "SB:T01"),
    "JSON": (b'{"SwitchRequest": {}}', 400, "SB:T01"),
    "cut short": (GOOD[: len(GOOD) // 2], 400, "SB:T01"),
    "two documents": (GOOD + GOOD, 400, "SB:T01"),
    "an undefined entity": (GOOD.replace(POINT.customer.encode(), b"&ana;"), 400, "SB:T01"),
    "another encoding than declared": (GOOD.replace(b"UTF-8", b"UTF-16"), 400, "SB:T01"),
    "Windows' encoding": (
        GOOD.decode().replace("UTF-8", "windows-1250").encode("cp1250"),
        400,
        "SB:T01",
    ),
    "no such encoding": (GOOD.replace(b"UTF-8", b"UTF-99"), 400, "SB:T01"),
    "Latin 1 under the name of UTF-8": (
        GOOD.decode().replace("Ana", "Žana").encode("iso8859-2"),
        400,
        "SB:T01",
    ),
    "deeper than any message": (b"<a>" * 5000 + b"</a>" * 5000, 400, "SB:T01"),
    "a document type": (after_declaration(b"<!DOCTYPE SwitchRequest>"), 400, "SB:T02"),
    "entities in entities": (
        after_declaration(b'<!DOCTYPE x [<!ENTITY e1 "ha">' + ENTITIES + b"]>").replace(
            POINT.customer.encode(), b"&e9;"
        ),
        400,
        "SB:T02",
    ),
    "a file of the host": (
        after_declaration(b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>').replace(
            POINT.customer.encode(), b"&f;"
        ),
        400,
        "SB:T02",
    ),
    "a document type from elsewhere": (
        after_declaration(b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">'),
        400,
        "SB:T02",
    ),
    "a document type in UTF-16": (
        after_declaration(b"<!DOCTYPE x>").decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        400,
        "SB:T02",
    ),
    "an unknown message": (GOOD.replace(b"SwitchRequest", b"SwitchReqest"), 400, "SB:T03"),
    "an answer of ours": (GOOD.replace(b"SwitchRequest", b"Acknowledgement"), 400, "SB:T03"),
    "a foreign namespace": (GOOD.replace(b"urn:supplier-switch:si:1", b"urn:x"), 400, "SB:T03"),
    "no namespace": (GOOD.replace(b'xmlns="urn:supplier-switch:si:1"', b""), 400, "SB:T03"),
    "an older version": (GOOD.replace(b"switch:si:1", b"switch:si:0"), 400, "SB:T04"),
    "a version to come": (GOOD.replace(b"switch:si:1", b"switch:si:2"), 400, "SB:T04"),
    "an element missing": (with_fields(GOOD, {"Point/Area": None}), 400, "SB:T05"),
    "a wrong sibling": (with_siblings(b"Pont", 1), 400, "SB:T05"),
    "5,000 wrong siblings": (with_siblings(b"Pont", 5000), 400, "SB:T05"),
    "5,000 attributes": (
        GOOD.replace(b"<Point>", b"<Point %s>" % b" ".join(b'a%d=""' % n for n in range(5000)), 1),
        400,
        "SB:T05",
    ),
    "700,000 attributes": (
        GOOD.replace(b"<Point>", b"<Point %s>" % b" ".join(b'a%d=""' % n for n in range(700_000))),
        400,
        "SB:T05",
    ),
    "5,000 siblings that are one too many": (
        GOOD.replace(b"<RequestedDate>", b"<RequestedDate/>" * 5000 + b"<RequestedDate>", 1),
        400,
        "SB:T05",
    ),
    "an included file": (
        GOOD.replace(
            b"<Point>",
            b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/><Point>',
        ),
        400,
        "SB:T05",
    ),
    "a message id too long": (
        with_fields(GOOD, {"Header/Identification": "X" * 37}),
        400,
        "SB:T05",
    ),
    "what is no base64": (
        with_fields(GOOD, {"ChosenSupplier/Contract/Attachment": "@@@@"}),
        400,
        "SB:T06",
    ),
    "base64 cut short": (
        with_fields(GOOD, {"ChosenSupplier/Contract/Attachment": "JVBERi0xLjQ"}),
        400,
        "SB:T06",
    ),
    "an attachment of 5 MiB and one byte": (
        with_fields(GOOD, {"ChosenSupplier/Contract/Attachment": "QUFB" * 1_747_627}),
        413,
        "SB:T07",
    ),
}

VALUES = {
    "in another's name": (GOOD, NORTH, 403, "SB:T10"),
    "an inactive party": (
        switch_request("OFF-1", POINT, new=INACTIVE),
        INACTIVE,
        403,
        "SB:T11",
    ),
    "a role it does not have": (
        switch_request("MC-1", POINT, new=METERING_CENTRE),
        METERING_CENTRE,
        403,
        "SB:T12",
    ),
    "a role that may not send this": (
        with_fields(
            switch_request("MC-2", POINT, new=METERING_CENTRE), {"Header/Sender/Role": "DDE"}
        ),
        METERING_CENTRE,
        403,
        "SB:T12",
    ),
    "to another operator": (
        with_fields(GOOD, {"Header/Recipient/Identification": NORTH}),
        SOUTH,
        422,
        "SB:T14",
    ),
    "a wrong check digit of the point": (
        with_fields(GOOD, {"Point/AccountingPoint": POINT.number[:-1] + "8"}),
        SOUTH,
        422,
        "SB:T15",
    ),
    "a wrong check digit of the tax number": (
        with_fields(GOOD, {"ContractingParty/TaxNumber": "12345678"}),
        SOUTH,
        422,
        "SB:T15",
    ),
    "a wrong check character of a supplier": (
        with_fields(GOOD, {"ChosenSupplier/Supplier": "28XJUG-ELEKTRIKC"}),
        SOUTH,
        422,
        "SB:T15",
    ),
    "a withdrawal of nothing": (
        withdrawal("W-1", POINT, NO_CASE),
        SOUTH,
        422,
        "260:E47",
    ),
    "a reading for nothing": (
        reading("R-1", POINT, taken_at="2026-04-24T07:00:00+02:00", value="14900"),
        SOUTH,
        422,
        "260:E47",
    ),
}


@pytest.mark.parametrize("name", STRUCTURE)
async def test_a_faulty_structure_is_refused_with_its_code(broker: Broker, name: str) -> None:
    data, status, code = STRUCTURE[name]
    before = [broker.count(table) for table in KEPT]
    answer = await broker.post(data, SOUTH)
    assert (answer.status, answer.codes[:1]) == (status, [code])
    assert b"root:" not in answer.body
    assert answer.receipt is not None
    assert [broker.count(table) for table in KEPT] == before
    assert kept_bytes(broker, answer) == data


@pytest.mark.parametrize("name", VALUES)
async def test_faulty_values_are_refused_with_their_code(broker: Broker, name: str) -> None:
    data, party, status, code = VALUES[name]
    before = [broker.count(table) for table in KEPT]
    answer = await broker.post(data, party)
    assert (answer.status, answer.codes) == (status, [code])
    assert [broker.count(table) for table in KEPT] == before
    assert kept_bytes(broker, answer) == data


def kept_bytes(broker: Broker, answer: Answered) -> bytes:
    """The bytes on record under the receipt number of this answer."""
    return broker.rows(
        "SELECT content FROM inbox JOIN payloads ON payload_id = bytes_payload WHERE receipt = ?",
        answer.receipt,
    )[0][0]


async def test_all_findings_of_a_level_come_together(broker: Broker) -> None:
    faulty = {
        "Header/Recipient/Identification": NORTH,
        "Point/AccountingPoint": POINT.number[:-1] + "8",
        "ContractingParty/TaxNumber": "12345678",
    }
    answer = await broker.post(with_fields(GOOD, faulty), SOUTH)
    assert (answer.status, sorted(answer.codes)) == (422, ["SB:T14", "SB:T15", "SB:T15"])
    assert "/SwitchRequest/ContractingParty/TaxNumber" in answer.texts("Place")


async def test_the_next_level_waits_until_the_one_before_is_clean(broker: Broker) -> None:
    everything = {"Header/Recipient/Identification": NORTH, "Point/Area": None}
    structure = await broker.post(with_fields(GOOD, everything), NORTH)
    assert (structure.status, structure.codes) == (400, ["SB:T05"])
    sender = await broker.post(with_fields(GOOD, everything | {"Point/Area": "7"}), NORTH)
    assert (sender.status, sender.codes) == (403, ["SB:T10"])


async def test_a_finding_says_where_and_what_would_be_right(broker: Broker) -> None:
    answer = await broker.post(with_fields(GOOD, {"NetworkChargePayer": "nobody"}), SOUTH)
    assert answer.texts("Place") == ["/SwitchRequest/NetworkChargePayer"]
    assert answer.texts("Found") == ["nobody"]
    assert answer.texts("Expected") == ["customer | supplier"]
    assert answer.text("Finding/TextSlovene")
    assert answer.text("Header/Reference") == "GOOD-1"


async def test_nothing_is_read_from_what_is_not_well_formed(broker: Broker) -> None:
    answer = await broker.post(GOOD[:-1], SOUTH)
    assert answer.text("Header/Reference") is None


async def test_thousands_of_wrong_siblings_hold_up_nobody(broker: Broker) -> None:
    bad = with_siblings(b"Pont", 200_000)
    started = time.monotonic()
    answers = await asyncio.gather(*(broker.post(bad, SOUTH) for _ in range(4)))
    good = await broker.post(switch_request("N-1", sample_point(2), new=NORTH), NORTH)
    assert [answer.status for answer in answers] == [400] * 4
    assert good.status == 200
    assert time.monotonic() - started < 10


async def test_a_request_for_a_point_in_progress_is_rejected(broker: Broker) -> None:
    await broker.post(doubtful_request("FIRST", POINT), SOUTH)
    second = await broker.post(doubtful_request("SECOND", POINT), SOUTH)
    assert second.status == 200
    rejection = (await broker.documents(SOUTH))[-1]
    assert rejection.text("Ground/Code") == "E22"
    assert rejection.text("Header/CaseNumber") == second.case


async def test_a_reading_before_approval_is_refused(broker: Broker) -> None:
    asked = await broker.post(doubtful_request("D-1", POINT), SOUTH)
    early = reading(
        "D-2", POINT, taken_at="2026-04-24T07:00:00+02:00", value="14900", case=asked.case
    )
    answer = await broker.post(early, SOUTH)
    assert (answer.status, answer.codes) == (422, ["SB:S06"])
    assert answer.case == asked.case


async def test_a_withdrawal_after_approval_is_refused(broker: Broker) -> None:
    approved = await broker.post(GOOD, SOUTH)
    answer = await broker.post(withdrawal("W-2", POINT, approved.case), SOUTH)
    assert (answer.status, answer.codes) == (422, ["SB:S09"])


async def test_an_event_for_a_case_that_has_ended_is_refused(broker: Broker) -> None:
    asked = await broker.post(doubtful_request("E-1", POINT), SOUTH)
    assert (await broker.post(withdrawal("E-2", POINT, asked.case), SOUTH)).status == 200
    again = await broker.post(withdrawal("E-3", POINT, asked.case), SOUTH)
    assert (again.status, again.codes) == (422, ["SB:S10"])
    late = reading(
        "E-4", POINT, taken_at="2026-04-24T07:00:00+02:00", value="14900", case=asked.case
    )
    answer = await broker.post(late, SOUTH)
    assert (answer.status, answer.codes) == (422, ["SB:S10"])


async def test_what_is_another_partys_is_refused_like_what_is_not(broker: Broker) -> None:
    asked = await broker.post(doubtful_request("F-1", POINT), SOUTH)
    before = [broker.count(table) for table in KEPT]
    foreign = await broker.post(withdrawal("F-2", POINT, asked.case, new=NORTH), NORTH)
    missing = await broker.post(withdrawal("F-3", POINT, NO_CASE, new=NORTH), NORTH)
    for answer in (foreign, missing):
        assert (answer.status, answer.codes) == (422, ["260:E47"])
        assert answer.text("Header/CaseNumber") is None
    assert [broker.count(table) for table in KEPT] == before
    by_point = reading("F-4", POINT, taken_at="2026-04-24T07:00:00+02:00", value="14900", new=NORTH)
    assert (await broker.post(by_point, NORTH)).codes == ["260:E47"]


async def test_the_operator_may_apply_as_supplier_like_any_other(broker: Broker) -> None:
    request = switch_request("OP-1", OTHER_POINT, new=OPERATOR)
    assert (await broker.post(request, OPERATOR)).status == 200
