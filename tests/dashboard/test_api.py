"""Lists and figures as JSON: as described, for staff and the operator's programs alone; metrics."""

import json
import re
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from broker.clock import VirtualClock
from broker.dashboard.office import Who
from broker.dashboard.pages.api import OPERATIONS
from broker.dashboard.routes import ADDRESSES
from tests.dashboard.json_schema import faults
from tests.dashboard.test_today import doubt
from tests.dashboard.visitors import Page, Visitor
from tests.delivery.delivering import push_to
from tests.web.letters import NORTH, OPERATOR, SOUTH, sample_point, switch_request
from tests.web.running import FRIDAY, Broker, token_of

FOR_PROGRAMS = [one.path.replace("{number}", SOUTH) for one in ADDRESSES if one.who is Who.PROGRAM]
ASKED = {"/api/deadlines": "?day=2026-05-05", "/api/cases": "?q=3831", "/api/points": "?q=7-"}


async def live(broker: Broker) -> None:
    """A request approved at once, two in doubt, one rejected, one unreadable, one refused.

    And a supplier that documents are pushed to.
    """
    await broker.post(switch_request("A-1", sample_point(18)), SOUTH)
    await doubt(broker, 1, 15)
    await broker.post(switch_request("A-2", sample_point(4)), SOUTH)
    await broker.post(b"<not-xml", SOUTH)
    await broker.post(switch_request("A-3", sample_point(18), new=NORTH), SOUTH)
    await push_to(broker, "https://jug.example/notices")


async def asked(broker: Broker, path: str, party: str | None) -> Page:
    """What a program that bears this party's token gets."""
    headers = {"Authorization": f"Bearer {token_of(party)}"} if party else {}
    address = broker.service.dashboard_address + path
    async with (
        aiohttp.ClientSession() as session,
        session.get(address, headers=headers, allow_redirects=False) as answer,
    ):
        return Page(answer.status, answer.headers, await answer.text(), str(answer.url))


@pytest.mark.parametrize("path", FOR_PROGRAMS)
async def test_who_may_read_it(broker: Broker, viewer: Visitor, path: str) -> None:
    query = ASKED.get(path, "")
    assert (await viewer.get(path + query)).status == 200
    assert (await asked(broker, path + query, OPERATOR)).status == 200
    for stranger in (None, SOUTH, "nobody"):
        page = await asked(broker, path + query, stranger)
        assert (page.status, json.loads(page.text)) == (401, {"error": "Unauthorized"})
        assert page.headers["WWW-Authenticate"].startswith("Bearer")
        assert "Set-Cookie" not in page.headers


async def test_a_token_opens_no_page(broker: Broker) -> None:
    assert (await asked(broker, "/", OPERATOR)).status == 303


async def described(broker: Broker) -> dict[str, Any]:
    """The description."""
    return json.loads((await asked(broker, "/api/openapi.json", OPERATOR)).text)


async def test_every_address_is_described_and_no_other(broker: Broker) -> None:
    document = await described(broker)
    assert document["openapi"] == "3.1.0"
    known = {one.path for one in ADDRESSES if one.path.startswith("/api/")}
    assert set(document["paths"]) == known - {"/api/openapi.json"}
    names = [one["get"]["operationId"] for one in document["paths"].values()]
    assert len(set(names)) == len(names)
    for path, one in document["paths"].items():
        in_path = [p["name"] for p in one["get"]["parameters"] if p["in"] == "path"]
        assert in_path == re.findall(r"\{(\w+)\}", path)
        required = [p["name"] for p in one["get"]["parameters"] if p["required"]]
        bare = await asked(broker, path.replace("{number}", SOUTH), OPERATOR)
        assert (bare.status == 400) == (set(required) > set(in_path)), path


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.path)
async def test_an_answer_is_as_described(broker: Broker, operation: Any) -> None:
    await live(broker)
    document = await described(broker)
    responses = document["paths"][operation.path]["get"]["responses"]
    schema = responses["200"]["content"]["application/json"]["schema"]
    path = operation.path.replace("{number}", SOUTH)
    page = await asked(broker, path + ASKED.get(path, ""), OPERATOR)
    answer = json.loads(page.text)
    assert page.headers["Content-Type"].startswith("application/json")
    assert any(isinstance(one, list) and one for one in answer.values()), answer
    assert faults(answer, schema, document, "") == []
    answer["of-nobody"] = 1
    assert faults(answer, schema, document, "") == [": of-nobody is not described"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/deadlines", 400),
        ("/api/deadlines?day=soon", 400),
        ("/api/flow?to=0001-01-01&weeks=100", 400),
        ("/api/messages?to=9999-12-31", 400),
        ("/api/mailboxes/28XNOBODY", 404),
        ("/api/nothing", 404),
    ],
)
async def test_what_cannot_be_answered_is_told_as_described(
    broker: Broker, path: str, status: int
) -> None:
    page = await asked(broker, path, OPERATOR)
    assert (page.status, list(json.loads(page.text))) == (status, ["error"])


async def test_the_figures_are_those_of_what_happened(broker: Broker) -> None:
    await live(broker)
    flow = json.loads((await asked(broker, "/api/flow?weeks=1", OPERATOR)).text)
    total = flow["total"]
    assert (total["requests"], total["approved"], total["rejected"]) == (4, 1, 1)
    assert (total["undecided"], total["straight_through_share"]) == (2, 1.0)
    assert total["mean_completion_seconds"] is None
    assert flow["affiliate"]["requests"] + flow["others"]["requests"] == 4
    assert [one["code"] for one in flow["grounds"]] == ["260:E81"]
    kept = {one["kind"]: one for one in flow["deadlines"]}
    assert (kept["decision"]["met"], kept["decision"]["missed"]) == (2, 0)
    assert kept["reading_review"]["met_share"] is None


async def test_pages_of_a_list_follow_each_other(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live(broker)
    monkeypatch.setattr("broker.dashboard.pages.api._LINES", 2)
    for path, name, key in (
        ("/api/tasks", "tasks", "case_id"),
        ("/api/messages?party=" + SOUTH, "messages", "receipt"),
        ("/api/mailboxes/" + SOUTH, "documents", "document_id"),
        ("/api/deadlines?day=2026-05-05", "deadlines", "case_id"),
    ):
        seen, following = [], path
        while following:
            answer = json.loads((await asked(broker, following, OPERATOR)).text)
            seen += [one[key] for one in answer[name]]
            following = answer["next"]
        monkeypatch.undo()
        whole = json.loads((await asked(broker, path, OPERATOR)).text)
        monkeypatch.setattr("broker.dashboard.pages.api._LINES", 2)
        assert seen == [one[key] for one in whole[name]]
        assert whole["next"] is None


async def metrics(broker: Broker) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, as a scraper reads them."""
    page = await asked(broker, "/metrics", OPERATOR)
    assert page.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }


async def test_what_happened_is_measured(broker: Broker) -> None:
    before = await metrics(broker)
    assert before["broker_sweep_lag_seconds",] == 0
    await live(broker)
    await broker.get("/mailbox", None)
    for _ in range(2):  # nothing is counted twice
        after = await metrics(broker)
    assert after["broker_messages_total", "SwitchRequest", "accepted"] == 4
    assert after["broker_messages_total", "unreadable", "unreadable"] == 1
    assert after["broker_messages_total", "SwitchRequest", "refused"] == 1
    assert after["broker_turned_away_total", "401"] == 1
    assert after["broker_waiting_decisions", "request_in_doubt"] == 2
    assert after["broker_deadlines_closed_total", "decision", "met"] == 2
    assert after["broker_deadlines_closed_total", "decision", "missed"] == 0
    assert after["broker_outbox_documents", SOUTH] == 2
    assert after["broker_commit_group_size", "1"] >= 1
    assert after["broker_writer_queue",] == 0


async def test_a_late_sweep_and_old_documents_are_seen(broker: Broker) -> None:
    await live(broker)
    assert isinstance(broker.clock, VirtualClock)
    broker.clock.move_to(FRIDAY.replace(month=5, day=5, hour=21))  # nobody sweeps
    late = await metrics(broker)
    assert late["broker_sweep_lag_seconds",] == 3600
    assert late["broker_outbox_oldest_seconds", SOUTH] > timedelta(hours=24).total_seconds()
    await broker.service.deadlines.reach_deadlines(broker.clock.now())
    swept = await metrics(broker)
    assert swept["broker_sweep_lag_seconds",] == 0
    assert swept["broker_deadlines_closed_total", "decision", "met"] == 4


async def test_no_personal_data_is_measured(broker: Broker) -> None:
    await live(broker)
    page = await asked(broker, "/metrics", OPERATOR)
    assert sample_point(1).customer not in page.text
    assert sample_point(1).number not in page.text
