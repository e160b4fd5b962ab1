"""The archive and the mailboxes as pages: what is found, what is shown, what is saved."""

import csv
import io
import re
from datetime import timedelta

import pytest
from lxml import html
from yarl import URL

from broker.clock import VirtualClock
from tests.dashboard.test_today import doubt
from tests.dashboard.visitors import Visitor
from tests.web.letters import NORTH, SOUTH, sample_point, switch_request
from tests.web.running import Broker

SCRIPT = b"<script>alert(1)</script>\xff"


async def sent(broker: Broker) -> list[str]:
    """An accepted request, one with a wrong sender, and bytes that are no XML; their receipts."""
    answers = [
        await broker.post(switch_request("A-1", sample_point(18)), SOUTH),
        await broker.post(switch_request("A-2", sample_point(1), new=NORTH), SOUTH),
        await broker.post(SCRIPT, NORTH),
    ]
    return [str(one.receipt) for one in answers]


def listed(text: str) -> list[str]:
    """The receipt numbers of the list, in order."""
    return re.findall(r'class="strong" href="/messages/([0-9a-f-]+)"', text)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [2, 1, 0]),
        ("outcome=accepted", [0]),
        ("outcome=refused", [1]),
        ("outcome=unreadable", [2]),
        ("outcome=nonsense", [2, 1, 0]),
        (f"party={NORTH}", [2]),
        ("kind=SwitchRequest", [1, 0]),
        ("number=A-", [1, 0]),
        ("number=A-1&outcome=refused", []),
        ("from=2026-04-24&to=2026-04-24", [2, 1, 0]),
        ("from=2026-04-25", []),
        ("to=2026-04-23", []),
        ("number=A-1&to=2026-04-23", []),
        ("after=nonsense~x", [2, 1, 0]),
    ],
)
async def test_messages_are_found(
    broker: Broker, viewer: Visitor, query: str, found: list[int]
) -> None:
    receipts = await sent(broker)
    page = await viewer.get(f"/messages?{query}")
    assert listed(page.text) == [receipts[n] for n in found]
    rows = (await viewer.get(f"/messages.csv?{query}")).text.splitlines()
    assert len(rows) == 1 + len(found)


async def test_a_number_is_found_by_the_form_whenever_it_came(
    broker: Broker, viewer: Visitor
) -> None:
    accepted, *_ = await sent(broker)
    assert isinstance(broker.clock, VirtualClock)
    broker.clock.move_to(broker.clock.now() + timedelta(days=40))
    await viewer.sign_in("vid")
    page = await viewer.get("/messages")
    assert listed(page.text) == []
    assert "od 4. 5. 2026 do 3. 6. 2026" in page.text
    (form,) = [one for one in html.fromstring(page.text).forms if one.action == "/messages"]
    fields = dict(form.form_values())
    assert set(fields) >= {"from", "to", "number"}
    found = await viewer.get(str(URL("/messages").with_query({**fields, "number": "A-1"})))
    assert listed(found.text) == [accepted]
    assert "vse prejeto do 3. 6. 2026" in found.text
    narrowed = await viewer.get("/messages?from=2026-04-24&to=2026-04-25")
    assert 'name="from" value="2026-04-24"' in narrowed.text
    assert "od 24. 4. 2026 do 25. 4. 2026" in narrowed.text


async def test_pages_follow_each_other(
    broker: Broker, viewer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broker.dashboard.pages.messages._LINES_ON_A_PAGE", 2)
    receipts = await sent(broker)
    first = (await viewer.get("/messages")).text
    (link,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = (await viewer.get(link.replace("&amp;", "&"))).text
    assert listed(first) + listed(second) == receipts[::-1]


async def test_what_could_not_be_read_is_shown_as_text_and_saved_as_it_came(
    broker: Broker, viewer: Visitor
) -> None:
    *_, unreadable = await sent(broker)
    page = await viewer.get(f"/messages/{unreadable}")
    assert "neberljivo (400)" in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\xff" in page.text
    assert "<script>" not in page.text
    session, address = viewer.session, broker.service.dashboard_address
    async with session.get(f"{address}/messages/{unreadable}/bytes") as answer:
        assert await answer.read() == SCRIPT
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with session.get(f"{address}/messages/{unreadable}/answer") as answer:
        assert b"Acknowledgement" in await answer.read()


async def test_an_accepted_message_leads_to_its_case(broker: Broker, viewer: Visitor) -> None:
    accepted, *_ = await sent(broker)
    text = (await viewer.get(f"/messages/{accepted}")).text
    (case,) = set(re.findall(r'href="/cases/([\w-]+)"', text))
    assert (await viewer.get(f"/cases/{case}")).status == 200
    assert "&lt;SwitchRequest" in text
    assert "&lt;ReceiptNumber" in text


async def test_what_was_erased_is_told_as_erased(broker: Broker, viewer: Visitor) -> None:
    accepted, *_ = await sent(broker)
    broker.damage(
        "UPDATE payloads SET salt = NULL, content = NULL, erased_at = ?",
        "2026-05-01T00:00:00.000000Z",
    )
    assert "Vsebina je izbrisana." in (await viewer.get(f"/messages/{accepted}")).text
    assert (await viewer.get(f"/messages/{accepted}/bytes")).status == 404


async def test_what_was_turned_away_at_the_door_is_counted(broker: Broker, viewer: Visitor) -> None:
    assert "Nič ni bilo zavrnjeno." in (await viewer.get("/messages")).text
    await broker.get("/mailbox", None)
    assert "status 401: 1" in (await viewer.get("/messages")).text


async def test_a_mailbox_is_followed_from_waiting_to_acknowledged(
    broker: Broker, viewer: Visitor
) -> None:
    await sent(broker)
    boxes = (await viewer.get("/mailboxes")).text
    assert "čaka 1 dokument" in boxes
    listing = (await viewer.get(f"/mailboxes/{SOUTH}?waiting=1")).text
    (number,) = re.findall(r'href="/documents/([\w-]+)"', listing)
    page = await viewer.get(f"/documents/{number}")
    assert "Obvestilo o odobritvi" in page.text
    assert page.text.count("še ne") == 2
    assert "&lt;ApprovalNotice" in page.text
    seen = await broker.get(f"/mailbox/{number}", SOUTH)
    async with viewer.session.get(
        f"{broker.service.dashboard_address}/documents/{number}/bytes"
    ) as answer:
        assert await answer.read() == seen.body
    await broker.ask("DELETE", f"/mailbox/{number}", SOUTH)
    assert "še ne" not in (await viewer.get(f"/documents/{number}")).text
    assert number not in (await viewer.get(f"/mailboxes/{SOUTH}?waiting=1")).text
    assert number in (await viewer.get(f"/mailboxes/{SOUTH}")).text
    rows = csv.DictReader(
        io.StringIO((await viewer.get(f"/mailboxes/{SOUTH}/documents.csv")).text[1:]),
        delimiter=";",
    )
    assert [row["Številka dokumenta"] for row in rows] == [number]
    rows = csv.DictReader(io.StringIO((await viewer.get("/mailboxes.csv")).text[1:]), delimiter=";")
    waiting = {row["EIC"]: row["Čaka"] for row in rows}
    assert waiting[SOUTH] == "0"


async def test_looking_at_a_document_hands_nothing_over(broker: Broker, viewer: Visitor) -> None:
    await sent(broker)
    listing = (await viewer.get(f"/mailboxes/{SOUTH}")).text
    (number,) = re.findall(r'href="/documents/([\w-]+)"', listing)
    await viewer.get(f"/documents/{number}/bytes")
    assert broker.count("handovers") == 0


async def test_pages_of_a_mailbox_follow_each_other(
    broker: Broker, viewer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broker.dashboard.pages.mailboxes._LINES_ON_A_PAGE", 1)
    await doubt(broker, 1)
    for number, n in ((f"A-{n}", n) for n in (18, 16)):
        await broker.post(switch_request(number, sample_point(n)), SOUTH)
    first = (await viewer.get(f"/mailboxes/{SOUTH}")).text
    (link,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = (await viewer.get(link.replace("&amp;", "&"))).text
    numbers = [re.findall(r'href="/documents/([\w-]+)"', one) for one in (first, second)]
    assert [len(one) for one in numbers] == [1, 1]
    assert numbers[0] > numbers[1]


@pytest.mark.parametrize("path", ["/messages/none", "/documents/none", "/mailboxes/28XNOBODY"])
async def test_what_is_not_there_is_told(viewer: Visitor, path: str) -> None:
    assert (await viewer.get(path)).status == 404


async def test_a_day_beyond_all_calendars_is_told(viewer: Visitor) -> None:
    assert (await viewer.get("/messages?to=9999-12-31")).status == 400
