"""The whole of a case on its page: timeline, readings, documents, and what staff may do."""

import re
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from lxml import etree

from broker.clock import VirtualClock
from tests.dashboard.visitors import Page, Visitor
from tests.web.letters import (
    METERING_CENTRE,
    NORTH,
    OPERATOR,
    SOUTH,
    Fields,
    doubtful_request,
    exchange,
    reading,
    sample_point,
    switch_request,
)
from tests.web.running import Broker

POINT = sample_point(1)
REMOTE, TO_BE_VISITED = sample_point(3), sample_point(27)
MARKUP = "<script>alert(1)</script>"


async def in_doubt(broker: Broker) -> str:
    """A case with a reading under review: far above the usual, with the reason for it."""
    case = (await broker.post(switch_request("R-1", POINT), SOUTH)).case
    sent = reading("M-1", POINT, taken_at="2026-04-24T09:00:00+02:00", value="20000")
    sent = sent.replace(
        b"</MeterReading>", b"<DepartureReason>Gradnja.</DepartureReason></MeterReading>"
    )
    assert (await broker.post(sent, SOUTH)).status == 200
    return case


async def approved(broker: Broker) -> str:
    """A case that awaits the customer's reading."""
    return (await broker.post(switch_request("R-1", POINT), SOUTH)).case


async def to_be_visited(broker: Broker) -> str:
    """A case whose site the operator must visit."""
    return (await broker.post(switch_request("V-1", TO_BE_VISITED), SOUTH)).case


def document_of(broker: Broker, case: str, kind: str, party: str) -> str:
    """The number of a document of the case."""
    query = "SELECT document_id FROM outbox WHERE case_id = ? AND kind = ? AND party = ?"
    return broker.rows(query, case, kind, party)[0][0]


def drawn(page: Page) -> list[etree._Element]:
    """The drawings on a page, each well-formed by itself."""
    found = re.findall(r'<svg class="(?:timeline|plot).*?</svg>', page.text, re.DOTALL)
    return [etree.fromstring(one) for one in found]


def words(drawing: etree._Element) -> str:
    """The text of a drawing."""
    return " ".join(" ".join(drawing.itertext()).split())


async def test_the_timeline_says_what_happened_and_what_is_due(
    broker: Broker, viewer: Visitor
) -> None:
    page = await viewer.get(f"/cases/{await approved(broker)}")
    wide, tall = drawn(page)[:2]
    for drawing in (wide, tall):
        assert drawing.get("role") == "img"
        assert [one.tag for one in drawing[:2]] == ["title", "desc"]
        said = words(drawing)
        for told in ("10.00 Zahteva prejeta", "194. člen", "15. 5. 2026", "199. člen (2)", "zdaj"):
            assert told in said
    listed = page.text[page.text.index("Časovnica kot seznam") :]
    assert "Zgodilo se je: " in listed
    assert "Rok: " in listed
    assert "Načrtovano: 15. 5. 2026 Predvideni datum menjave" in listed


async def test_the_timeline_of_what_ended_long_ago_is_as_it_was_when_it_ended(
    broker: Broker, clerk: Visitor
) -> None:
    case = (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case
    fields = {"why": "druga oseba", "code": "260:E10"}
    await clerk.fill(f"/cases/{case}/reject", fields, on=f"/cases/{case}")
    assert isinstance(broker.clock, VirtualClock)
    drawings = []
    for days in (0, 900):
        broker.clock.move_to(broker.clock.now() + timedelta(days=days))
        await clerk.sign_in("nada")
        page = await clerk.get(f"/cases/{case}")
        assert "Noben rok ne teče." in page.text
        drawings.append([words(one) for one in drawn(page)[:2]])
    assert drawings[0] == drawings[1]
    assert not any("zdaj" in one.split() for one in drawings[0])


async def test_nothing_in_a_drawing_lies_outside_of_it(broker: Broker, viewer: Visitor) -> None:
    for drawing in drawn(await viewer.get(f"/cases/{await in_doubt(broker)}")):
        width, height = map(float, (drawing.get("viewBox") or "").split()[2:])
        for text in drawing.iter("text"):
            assert 0 <= float(text.get("x") or -1) <= width
            assert 0 <= float(text.get("y") or -1) <= height


async def test_a_doubtful_reading_is_drawn_beside_the_band_of_the_rulebook(
    broker: Broker, viewer: Visitor
) -> None:
    page = await viewer.get(f"/cases/{await in_doubt(broker)}")
    (doubt,) = broker.rows(
        "SELECT content FROM journal JOIN payloads USING (payload_id)"
        " WHERE kind = 'ReadingPutUnderReview'"
    )
    said = doubt[0].decode()
    energy = re.findall(r'"found":"([\d.]+) kWh"', said)[0]
    lowest, highest = re.findall(r'"expected":"([\d.]+)\.\.([\d.]+) kWh"', said)[0]
    assert f"{round(float(energy))} kWh" in page.text
    assert f"{amount(lowest)} – {amount(highest)} kWh" in page.text
    assert 'class="band"' in page.text
    assert 'class="bar-asked"' in page.text


def amount(text: str) -> str:
    """An amount as the Slovene page writes it."""
    return f"{float(text):.1f}".removesuffix(".0").replace(".", ",")


async def test_without_a_doubtful_reading_there_is_no_band(broker: Broker, viewer: Visitor) -> None:
    page = await viewer.get(f"/cases/{await approved(broker)}")
    assert 'class="plot"' in page.text
    assert 'class="band"' not in page.text


async def test_what_was_exchanged_is_there_with_fields_and_texts_of_codes(
    broker: Broker, clerk: Visitor
) -> None:
    case = (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case
    fields = {"why": "druga oseba", "code": "260:E10"}
    await clerk.fill(f"/cases/{case}/reject", fields, on=f"/cases/{case}")
    page = await clerk.get(f"/cases/{case}")
    assert '<span class="kind">Zahteva za menjavo</span>' in page.text
    assert "Obvestilo o zavrnitvi" in page.text
    assert "Merilne točke ni mogoče določiti" in page.text
    assert "čaka v predalu" in page.text
    assert "Ime ali firma odjemalca" in page.text
    await clerk.fill("/language", {"language": "en", "to": "/"})
    page = await clerk.get(f"/cases/{case}")
    assert "The point is not identifiable" in page.text
    assert "waits in the mailbox" in page.text


async def test_a_limit_in_a_document_is_told_as_everywhere_else(
    broker: Broker, viewer: Visitor
) -> None:
    page = await viewer.get(f"/cases/{await approved(broker)}")
    documents = page.text[page.text.index("Sporočila in obvestila") :]
    assert "<td>15. 5. 2026 ob 24.00</td>" in documents
    assert "16. 5. 2026" not in documents


async def test_a_message_the_case_did_not_take_is_there_with_its_codes(
    broker: Broker, viewer: Visitor
) -> None:
    case = await approved(broker)
    sent = reading("M-1", POINT, taken_at="2026-04-24T09:00:00+02:00", value="20000", case=None)
    assert (await broker.post(sent, SOUTH)).status == 422
    page = await viewer.get(f"/cases/{case}")
    assert "zavrnjeno (422)" in page.text
    assert "260 E90" in page.text


async def test_whether_a_document_was_delivered_is_said(broker: Broker, viewer: Visitor) -> None:
    case = await approved(broker)
    number = document_of(broker, case, "ApprovalNotice", NORTH)
    assert "čaka v predalu" in (await viewer.get(f"/cases/{case}")).text
    await broker.get(f"/mailbox/{number}", NORTH)
    assert "prevzeto 24. 4. 2026 ob 10.00, ni potrjeno" in (await viewer.get(f"/cases/{case}")).text
    await broker.ask("DELETE", f"/mailbox/{number}", NORTH)
    assert "potrjeno 24. 4. 2026 ob 10.00" in (await viewer.get(f"/cases/{case}")).text


async def test_what_was_exchanged_is_opened_as_it_was_and_leads_back_to_the_case(
    broker: Broker, viewer: Visitor
) -> None:
    sent = switch_request("R-1", POINT)
    answered = await broker.post(sent, SOUTH)
    numbers = [answered.receipt, document_of(broker, answered.case, "ApprovalNotice", SOUTH)]
    page = (await viewer.get(f"/cases/{answered.case}")).text
    for path, number in zip(("/messages", "/documents"), numbers, strict=True):
        assert f'href="{path}/{number}/bytes"' in page
        assert f'href="{path}/{number}"' in page
        shown = (await viewer.get(f"{path}/{number}")).text
        assert f'href="/cases/{answered.case}#document-{number}"' in shown
        assert "Prikazan je le začetek" not in shown
    assert (await viewer.get(f"/messages/{answered.receipt}/bytes")).text.encode() == sent


async def test_a_long_message_is_shown_cut_and_holds_up_nobody(
    broker: Broker, viewer: Visitor
) -> None:
    scanned = b64encode(b"%PDF-1.4" + bytes(1_000_000))
    sent = re.sub(
        rb"(<Attachment[^>]*>)[^<]*", lambda found: found[1] + scanned, switch_request("R-1", POINT)
    )
    case = (await broker.post(sent, SOUTH)).case
    with called_in_this_thread() as called:
        page = await viewer.get(f"/cases/{case}")
        opened = set(
            re.findall(r'href="(/(?:messages|documents|cases/[^/]+/documents)/[\w-]+)"', page.text)
        )
        shown = [await viewer.get(path) for path in opened]
    assert len(shown) == 3
    assert max(len(one.text) for one in shown) < 250_000
    assert "Prikazan je le začetek" in next(one.text for one in shown if "messages" in one.path)
    assert {"exchanged_in", "show_one"} <= called
    assert not {"fields_of", "indented"} & called


@contextmanager
def called_in_this_thread() -> Iterator[set[str]]:
    """The names of the functions called meanwhile in the thread of the event loop."""
    called: set[str] = set()
    sys.setprofile(lambda frame, *_: called.add(frame.f_code.co_name))
    try:
        yield called
    finally:
        sys.setprofile(None)


async def test_a_document_is_sent_again_as_it_was(broker: Broker, clerk: Visitor) -> None:
    case = await approved(broker)
    number = document_of(broker, case, "ApprovalNotice", NORTH)
    first = (await broker.get(f"/mailbox/{number}", NORTH)).body
    await broker.ask("DELETE", f"/mailbox/{number}", NORTH)
    assert await broker.mailbox(NORTH) == []
    page = await clerk.fill(
        f"/cases/{case}/documents/{number}/again", {"why": "izgubljeno"}, on=f"/cases/{case}"
    )
    assert "Dokument znova čaka v predalu." in page.text
    assert "Nada Zgled (nada): <q>izgubljeno</q>" in page.text
    assert await broker.mailbox(NORTH) == ["ApprovalNotice"]
    assert (await broker.get("/mailbox", NORTH)).body == first
    await broker.ask("DELETE", f"/mailbox/{number}", NORTH)
    again = await clerk.fill(
        f"/cases/{case}/documents/{number}/again", {"why": "spet"}, on=f"/cases/{case}"
    )
    assert again.text.count("poslano znova") == 2


@pytest.mark.parametrize(("why", "status"), [("x", 200), ("  ", 400)])
async def test_what_waits_still_is_not_sent_again(
    broker: Broker, clerk: Visitor, why: str, status: int
) -> None:
    case = await approved(broker)
    number = document_of(broker, case, "ApprovalNotice", NORTH)
    before = broker.count("journal"), broker.count("handovers")
    page = await clerk.fill(f"/cases/{case}/documents/{number}/again", {"why": why})
    assert page.status == status
    assert ("Dokument znova čaka v predalu." in page.text) is (status == 200)
    assert (broker.count("journal"), broker.count("handovers")) == before


async def test_what_is_no_document_of_the_case_is_not_sent_again(
    broker: Broker, clerk: Visitor
) -> None:
    case, other = await approved(broker), await to_be_visited(broker)
    number = document_of(broker, other, "ApprovalNotice", NORTH)
    await broker.ask("DELETE", f"/mailbox/{number}", NORTH)
    before = broker.count("journal")
    page = await clerk.fill(f"/cases/{case}/documents/{number}/again", {"why": "x"})
    assert "Dokument znova čaka v predalu." not in page.text
    assert broker.count("journal") == before


async def test_the_way_back_holds_what_was_asked_for_as_an_address(clerk: Visitor) -> None:
    """Nothing in an address becomes a line of the answer's head."""
    page = await clerk.fill("/cases/1/documents/%0D%0AX:%20y/again", {"why": "x"})
    assert (page.status, page.path) == (404, "/cases/1?sent=\r\nX: y")


async def test_the_operators_reading_goes_through_the_same_door(
    broker: Broker, clerk: Visitor
) -> None:
    case = await to_be_visited(broker)
    typed = {"taken_at": "2026-04-24T09:30", "1-0:1.8.0": "18400,5"}
    page = await clerk.fill(f"/cases/{case}/reading", typed, on=f"/cases/{case}")
    assert "menjava izvedena" in page.text
    assert "SwitchCompleted" in await broker.mailbox(SOUTH)
    ((submitter, party, content),) = broker.rows(
        "SELECT submitter, party, content FROM inbox JOIN payloads ON payload_id = bytes_payload"
        " WHERE kind = 'MeterReading'"
    )
    assert (submitter, party) == ("Nada Zgled (nada)", OPERATOR)
    assert b">1</ObtainedBy>" in content
    assert b"<Value>18400.5</Value>" in content
    assert "Vpis: Nada Zgled (nada)" in (await clerk.get(f"/cases/{case}")).text


async def test_a_reading_that_is_refused_is_told_and_stays_typed(
    broker: Broker, clerk: Visitor
) -> None:
    case = await to_be_visited(broker)
    typed = {"taken_at": "2026-04-24T09:30", "1-0:1.8.0": "17"}
    page = await clerk.fill(f"/cases/{case}/reading", typed, on=f"/cases/{case}")
    assert page.status == 422
    assert "260 E19: Odčitek ni veljaven" in page.text
    assert 'value="17"' in page.text


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"taken_at": "x", "1-0:1.8.0": "1"},
        {"taken_at": "0001-01-01T00:00", "1-0:1.8.0": "1"},
        {"taken_at": "9999-12-31T23:59", "1-0:1.8.0": "1"},
        {"taken_at": "2026-04-24T09:30Z", "1-0:1.8.0": "1"},
        {"taken_at": "2026-04-24T09:30", "1-0:1.8.0": "x"},
        {"taken_at": "2026-04-24T09:30", "1-0:1.8.0": "1e7"},
        {"taken_at": "2026-04-24T09:30", "1-0:1.8.0": "1" * 30},
        {"taken_at": "2026-04-24T09:30", "1-0:1.8.0": "NaN"},
    ],
)
async def test_what_is_no_reading_is_not_sent(
    broker: Broker, clerk: Visitor, typed: dict[str, object]
) -> None:
    case = await to_be_visited(broker)
    before = broker.count("inbox")
    assert (await clerk.fill(f"/cases/{case}/reading", typed, on=f"/cases/{case}")).status == 400
    assert broker.count("inbox") == before


async def test_where_the_customer_reads_no_reading_is_entered(
    broker: Broker, clerk: Visitor
) -> None:
    case = await approved(broker)
    assert "Vpiši odčitek" not in (await clerk.get(f"/cases/{case}")).text
    typed = {"taken_at": "2026-04-24T09:30", "1-0:1.8.0": "20000"}
    page = await clerk.fill(f"/cases/{case}/reading", typed, on=f"/cases/{case}")
    assert page.status == 422


async def test_the_operator_may_read_where_the_remote_reading_fails(
    broker: Broker, clerk: Visitor
) -> None:
    case = (await broker.post(switch_request("R-3", REMOTE), SOUTH)).case
    assert "ReadingOrder" in await broker.mailbox(METERING_CENTRE)
    assert "Vpiši odčitek" in (await clerk.get(f"/cases/{case}")).text


async def test_the_day_of_a_visit_is_set_and_told(broker: Broker, clerk: Visitor) -> None:
    case = await to_be_visited(broker)
    assert isinstance(broker.clock, VirtualClock)
    broker.clock.move_to(broker.clock.now() + timedelta(minutes=5))
    fields = {"why": "obhod", "day": "2026-05-06"}
    await clerk.fill(f"/cases/{case}/plan-visit", fields, on=f"/cases/{case}")
    page = await clerk.get(f"/cases/{case}")
    assert "Načrtovano: 6. 5. 2026 Dan obiska" in page.text
    assert (await broker.mailbox(NORTH)).count("SiteVisitNotice") == 2
    late = await clerk.fill(
        f"/cases/{case}/plan-visit", {**fields, "day": "2026-07-01"}, on=f"/cases/{case}"
    )
    assert (late.status, 'value="2026-07-01"' in late.text) == (422, True)
    for day in ("", "x"):
        page = await clerk.fill(
            f"/cases/{case}/plan-visit", {**fields, "day": day}, on=f"/cases/{case}"
        )
        assert page.status == 400


async def test_the_day_of_a_visit_stays_when_the_meter_is_exchanged(
    broker: Broker, clerk: Visitor
) -> None:
    case = await to_be_visited(broker)
    assert isinstance(broker.clock, VirtualClock)
    broker.clock.move_to(broker.clock.now() + timedelta(minutes=5))
    fields = {"why": "obhod", "day": "2026-05-06"}
    await clerk.fill(f"/cases/{case}/plan-visit", fields, on=f"/cases/{case}")
    sent = exchange("E-1", TO_BE_VISITED, on="2026-04-23", value="18480")
    assert (await broker.post(sent, OPERATOR)).status == 200
    page = await clerk.get(f"/cases/{case}")
    assert "Načrtovano: 6. 5. 2026 Dan obiska" in page.text
    assert 'value="2026-05-06"' in page.text


async def test_a_viewer_sees_everything_but_the_actions(broker: Broker, viewer: Visitor) -> None:
    case = await to_be_visited(broker)
    number = document_of(broker, case, "ApprovalNotice", NORTH)
    await broker.ask("DELETE", f"/mailbox/{number}", NORTH)
    page = await viewer.get(f"/cases/{case}")
    assert TO_BE_VISITED.customer in page.text
    assert page.text.count("<form") == 3
    for path in ("reading", f"documents/{number}/again", "plan-visit"):
        refused = await viewer.fill(f"/cases/{case}/{path}", {"why": "x"}, on=f"/cases/{case}")
        assert refused.status == 403


async def test_markup_in_every_field_is_shown_as_text(broker: Broker, clerk: Visitor) -> None:
    contract = "ChosenSupplier/Contract/"
    changes: Fields = {
        "ContractingParty/Name": MARKUP,
        "ContractingParty/Address/Street": MARKUP,
        "ContractingParty/Address/City": MARKUP,
        "ChosenSupplier/Name": MARKUP,
        contract + "Parties/CustomerName": MARKUP,
        contract + "Reference": MARKUP,
    }
    answered = await broker.post(doubtful_request("x", POINT, changes=changes), SOUTH)
    case = answered.case
    why = {"why": MARKUP, "code": "260:E14", "text": MARKUP}
    await clerk.fill(f"/cases/{case}/reject", why, on=f"/cases/{case}")
    for path in (f"/cases/{case}", f"/messages/{answered.receipt}"):
        page = await clerk.get(path)
        assert page.status == 200
        assert "script&amp;gt;" in page.text or "&lt;script&gt;alert(1)" in page.text
        assert "<script>" not in page.text
        assert page.text.count("<script ") == 1  # our own
