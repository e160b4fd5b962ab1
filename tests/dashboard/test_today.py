"""Today's list: what waits, in order, filtered, page by page, as a file; and alarms."""

import asyncio
import csv
import io
import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from broker.clock import VirtualClock
from broker.dashboard.comma_separated import csv_answer
from tests.dashboard.visitors import Visitor
from tests.web.letters import (
    NORTH,
    OPERATOR,
    SOUTH,
    customers_request,
    doubtful_request,
    sample_point,
    switch_request,
)
from tests.web.running import FRIDAY, Broker


async def doubt(broker: Broker, *numbers: int) -> list[str]:
    """Requests in doubt for these points, a minute apart; their cases."""
    cases = []
    for n in numbers:
        assert isinstance(broker.clock, VirtualClock)
        broker.clock.move_to(broker.clock.now() + timedelta(minutes=1))
        answer = await broker.post(doubtful_request(f"D-{n}", sample_point(n)), SOUTH)
        cases.append(answer.case)
    return cases


def listed(text: str) -> list[str]:
    """The cases of the list, in order."""
    return re.findall(r'<a class="strong" href="/cases/([0-9a-f-]+)"', text)


async def test_what_was_decided_is_gone_at_once(broker: Broker, clerk: Visitor) -> None:
    first, second = await doubt(broker, 1, 15)
    assert listed((await clerk.get("/")).text) == [first, second]
    page = await clerk.fill(f"/cases/{first}/approve", {"why": "po poroki"}, on=f"/cases/{first}")
    assert page.path == f"/?decided={first}"
    assert "Odločitev je zapisana. Zadeva: čaka na odčitek." in page.text
    assert listed(page.text) == [second]


async def test_the_limits_are_shown_with_article_and_time_left(
    broker: Broker, clerk: Visitor
) -> None:
    await doubt(broker, 1)
    text = (await clerk.get("/")).text
    assert "5. 5. 2026 ob 22.00" in text  # 27 April and 1 and 2 May are work-free
    assert "5. 5. 2026 ob 24.00" in text
    assert "195. člen (4)" in text
    assert "še 11 dni 11 ur" in text


@pytest.mark.parametrize(
    ("hours_before", "shown"), [(25, "V roku"), (24, "Se izteka"), (1, "Se izteka")]
)
async def test_what_runs_out_is_marked_in_words(
    broker: Broker, clerk: Visitor, hours_before: int, shown: str
) -> None:
    await doubt(broker, 1)
    assert isinstance(broker.clock, VirtualClock)
    limit = FRIDAY.replace(month=5, day=5, hour=20)
    broker.clock.move_to(limit - timedelta(hours=hours_before))
    await clerk.sign_in("nada")
    row = (await clerk.get("/")).text.partition("<tbody>")[2]
    assert re.findall(r'class="urgency \w+">.*?</svg>([\w ]+)<', row) == [shown]


async def test_what_is_overdue_cannot_be_missed(broker: Broker, clerk: Visitor) -> None:
    await doubt(broker, 1)
    assert isinstance(broker.clock, VirtualClock)
    broker.clock.move_to(FRIDAY.replace(month=5, day=5, hour=20, minute=30))  # nobody sweeps
    await clerk.sign_in("nada")
    text = (await clerk.get("/")).text
    assert "1 odločitev zamuja." in text
    assert "zamuja 30 minut" in text
    assert '<tr class="overdue">' in text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", 3),
        ("kind=request_in_doubt", 3),
        ("kind=site_visit", 0),
        ("kind=nonsense", 3),
        (f"supplier={SOUTH}", 3),
        (f"supplier={NORTH}", 0),
        ("area=7", 3),
        ("area=8", 0),
        ("point=383199900000000017", 1),
        ("point=3831", 3),
        ("point=7-0000015", 1),
        ("point=%25", 0),
        ("kind=request_in_doubt&area=7&point=7-0000015", 1),
        ("after=nonsense", 3),
        ("after=nonsense~x", 3),
        ("after=2026-05-05~x", 3),
    ],
)
async def test_the_list_is_filtered(broker: Broker, clerk: Visitor, query: str, shown: int) -> None:
    await doubt(broker, 1, 11, 15)
    page = await clerk.get(f"/?{query}")
    assert (page.status, len(listed(page.text))) == (200, shown)
    rows = (await clerk.get(f"/today.csv?{query}")).text.splitlines()
    assert len(rows) == 1 + shown


@pytest.mark.parametrize(("supplier", "shown"), [(OPERATOR, True), (SOUTH, True), (NORTH, False)])
async def test_a_customers_request_is_found_under_its_new_supplier(
    broker: Broker, clerk: Visitor, supplier: str, *, shown: bool
) -> None:
    other = {
        "ContractingParty/Name": "Ana Drugačna",
        "ChosenSupplier/Contract/Parties/CustomerName": "Ana Drugačna",
    }
    request = customers_request("K-1", sample_point(1), changes=other)
    case = (await broker.post(request, OPERATOR)).case
    page = await clerk.get(f"/?supplier={supplier}")
    assert listed(page.text) == ([case] if shown else [])
    assert f'<option value="{SOUTH}"' in page.text
    assert ("za: Južna elektrika" in page.text) is shown
    (task,) = json.loads((await clerk.get("/api/tasks")).text)["tasks"]
    assert (task["applicant"], task["new_suppliers"]) == (OPERATOR, [SOUTH])


@pytest.mark.parametrize(
    ("hours_before", "counted"), [(25, [0, 0, 2]), (24, [0, 2, 0]), (0, [2, 0, 0])]
)
async def test_what_waits_is_counted_by_urgency(
    broker: Broker, clerk: Visitor, hours_before: int, counted: list[int]
) -> None:
    await doubt(broker, 1, 15)
    assert isinstance(broker.clock, VirtualClock)
    limit = FRIDAY.replace(month=5, day=5, hour=20)
    broker.clock.move_to(limit - timedelta(hours=hours_before))
    await clerk.sign_in("nada")
    counts = (await clerk.get("/")).text.partition('class="counts"')[2].partition("</ul>")[0]
    assert [int(n) for n in re.findall(r"<b>(\d+)</b>", counts)] == counted


async def test_pages_follow_each_other_without_gap(
    broker: Broker, clerk: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = await doubt(broker, 1, 11, 15)
    monkeypatch.setattr("broker.dashboard.pages.today._LINES_ON_A_PAGE", 2)
    first = (await clerk.get("/?area=7")).text
    (link,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = (await clerk.get(link.replace("&amp;", "&"))).text
    assert listed(first) + listed(second) == cases
    assert 'rel="next"' not in second


async def test_the_file_is_one_a_spreadsheet_opens(broker: Broker, viewer: Visitor) -> None:
    (case,) = await doubt(broker, 1)
    page = await viewer.get("/today.csv")
    assert page.headers["Content-Type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(page.text.removeprefix("\ufeff")), delimiter=";")
    assert row["Zadeva"] == case
    assert row["Odločitev"] == "Zahteva v dvomu"
    assert row["Vlagatelj"] == "Južna elektrika"
    assert row["Naš rok"] == "5. 5. 2026 ob 22.00"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
async def test_no_cell_of_a_file_is_a_formula(cell: str) -> None:
    body = (await csv_answer("x.csv", ["head"], [[cell]])).body
    assert isinstance(body, bytes)
    (_, (read,)) = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";")
    assert read == f"'{cell}"


async def test_while_a_file_is_made_everybody_else_is_answered() -> None:
    answered = threading.Event()

    def rows() -> Iterator[list[str]]:
        yield ["answered meanwhile" if answered.wait(5) else "waited for the file"]

    asyncio.get_running_loop().call_later(0.05, answered.set)
    body = (await csv_answer("x.csv", ["head"], rows())).body
    assert isinstance(body, bytes)
    assert b"answered meanwhile" in body


async def test_what_a_customer_is_called_is_never_markup(broker: Broker, clerk: Visitor) -> None:
    name = "<script>alert(1)</script>"
    other = {
        "ContractingParty/Name": name,
        "ChosenSupplier/Contract/Parties/CustomerName": name,
    }
    answer = await broker.post(switch_request("X-1", sample_point(1), changes=other), SOUTH)
    for path in ("/", f"/cases/{answer.case}"):
        text = (await clerk.get(path)).text
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>" not in text


async def test_a_stopped_sweep_is_an_alarm_that_a_clerk_ends(
    broker: Broker, clerk: Visitor, viewer: Visitor
) -> None:
    assert isinstance(broker.clock, VirtualClock)
    await doubt(broker, 1)
    broker.clock.jump_to(FRIDAY + timedelta(hours=1))
    await broker.service.deadlines.sweep()
    for person in (clerk, viewer):
        await person.sign_in("nada" if person is clerk else "vid")
    text = (await viewer.get("/")).text
    assert "Obravnava rokov je ustavljena" in text
    told = "kaže 24. 4. 2026 ob 11.00.00, po pretečenem času pa bi morala 24. 4. 2026 ob 10.01.00."
    assert told in text
    assert "the clock" not in text
    assert "/sweep/go-on" not in text
    page = await clerk.fill("/sweep/go-on", {"why": "ura je bila popravljena"})
    assert "Obravnava rokov je ustavljena" not in page.text
    kinds = [kind for (kind,) in broker.rows("SELECT kind FROM journal WHERE case_id IS NULL")]
    assert kinds[-1] == "SweepWentOn"


async def test_a_sweep_that_stopped_before_the_trouble_was_kept_is_told_as_then(
    broker: Broker, viewer: Visitor
) -> None:
    at = "2026-04-24T08:00:00.000000Z"
    broker.damage("INSERT INTO sweep VALUES (1, ?, 'the clock jumped: 3 where 2 was due')", at)
    assert "the clock jumped: 3 where 2 was due" in (await viewer.get("/")).text


async def test_a_parked_deadline_is_an_alarm_and_tried_again_from_the_case(
    broker: Broker, clerk: Visitor
) -> None:
    answer = await broker.post(switch_request("R-1", sample_point(1)), SOUTH)
    broker.damage("UPDATE deadlines SET parked = 'RuntimeError: x' WHERE case_id = ?", answer.case)
    page = await clerk.get("/")
    assert "1 rok je obstal zaradi napake" in page.text
    assert "Ustavljen rok" in page.text
    assert listed(page.text) == [answer.case]
    page = await clerk.fill(f"/cases/{answer.case}/try-again", {"why": "popravljeno"})
    assert page.path == f"/cases/{answer.case}"
    assert listed((await clerk.get("/")).text) == []


async def test_a_damaged_case_hides_no_other(broker: Broker, clerk: Visitor) -> None:
    first, second = await doubt(broker, 1, 15)
    broker.damage(
        "UPDATE payloads SET content = x'00' WHERE payload_id ="
        " (SELECT snapshot_payload FROM cases WHERE case_id = ?)",
        first,
    )
    page = await clerk.get("/")
    assert listed(page.text) == [first, second]
    assert "Zapisa zadeve ni mogoče prebrati" in page.text


async def test_a_mail_that_was_not_sent_is_an_alarm(broker: Broker, clerk: Visitor) -> None:
    for about, begun, failure in (
        ("digest 2026-04-23", None, "SMTPConnectError: <no>"),
        ("digest 2026-04-24", "2026-04-24T07:00:00.000000Z", None),
        ("digest 2026-04-22", "2026-04-24T07:59:00.000000Z", None),  # under way just now
    ):
        broker.damage(
            "INSERT INTO staff_mails (about, recipient, noted_at, try_at, begun_at, failure)"
            " VALUES (?, 'kdo@operater.example', ?, ?, ?, ?)",
            *(about, "2026-04-24T07:00:00.000000Z", "2026-04-24T09:00:00.000000Z", begun, failure),
        )
    text = (await clerk.get("/")).text
    assert "2 elektronski obvestili nista bili poslani" in text
    assert "poskušamo znova <code>SMTPConnectError: &lt;no&gt;</code>" in text
    assert "morda je bilo poslano" in text


async def test_a_mail_of_the_day_before_yesterday_is_no_alarm_any_more(
    broker: Broker, clerk: Visitor
) -> None:
    at = "2026-04-23T07:00:00.000000Z"
    broker.damage(
        "INSERT INTO staff_mails (about, recipient, noted_at, try_at, failure)"
        " VALUES ('digest 2026-04-23', 'kdo@operater.example', ?, ?, 'x')",
        *(at, at),
    )
    assert "elektronsk" not in (await clerk.get("/")).text
