"""An erased case: every page and list that speaks of it says so, or leaves it out; none breaks."""

import json
from datetime import timedelta

import pytest

from broker.messages.identifiers import CaseId
from tests.dashboard.visitors import Visitor
from tests.web.letters import NORTH, OPERATOR, SOUTH, sample_point, switch_request, withdrawal
from tests.web.running import Broker

POINT = sample_point(1)


@pytest.fixture
async def erased(broker: Broker) -> CaseId:
    """A rejected case that was erased by command."""
    assert (await broker.post(switch_request("M-0", POINT), SOUTH)).status == 200
    case = (await broker.post(switch_request("M-1", POINT), SOUTH)).case
    for party in (SOUTH, NORTH):
        for number in (await broker.get("/mailbox?limit=99", party)).texts("DocumentNumber"):
            assert (await broker.ask("DELETE", f"/mailbox/{number}", party)).status == 204
    broker.clock.move_to(broker.clock.now() + timedelta(days=1))
    body = json.dumps({"by": "Nada Zgled", "why": "asked for", "case": case}).encode()
    answer = await broker.ask("POST", "/operator/erasures", OPERATOR, body)
    assert json.loads(answer.body)["cases"] == [case]
    return CaseId(case)


@pytest.fixture
async def clerk(erased: CaseId, visitor: Visitor) -> Visitor:
    """A clerk who signs in the day after."""
    await visitor.sign_in("nada")
    return visitor


async def test_its_page_says_so(clerk: Visitor, erased: CaseId) -> None:
    page = await clerk.get(f"/cases/{erased}")
    assert page.status == 200
    assert "Izbrisana zadeva" in page.text
    assert "002 a.195(6)" in page.text or "195. člen" in page.text
    assert POINT.customer not in page.text


async def test_no_page_breaks(broker: Broker, clerk: Visitor, erased: CaseId) -> None:
    [(receipt,)] = broker.rows("SELECT receipt FROM inbox WHERE message_id = 'M-1'")
    [(document,)] = broker.rows("SELECT document_id FROM outbox WHERE case_id = ?", erased)
    for path in (
        "/",
        "/today.csv",
        f"/found?q={erased[:20]}",
        f"/cases/{erased}",
        f"/points/{POINT.number}",
        "/messages",
        "/messages.csv",
        f"/messages/{receipt}",
        "/mailboxes",
        "/mailboxes.csv",
        f"/mailboxes/{SOUTH}",
        f"/mailboxes/{SOUTH}/documents.csv",
        f"/documents/{document}",
        "/flow",
        "/flow.csv",
        f"/suppliers/{SOUTH}",
        "/metrics",
        f"/api/cases?q={erased}",
        "/api/flow",
    ):
        page = await clerk.get(path)
        assert page.status == 200, path
        assert POINT.tax_number not in page.text, path
    for path in (f"/messages/{receipt}/bytes", f"/documents/{document}/bytes"):
        assert (await clerk.get(path)).status == 404


async def test_the_door_answers_as_if_it_had_never_been(broker: Broker, erased: CaseId) -> None:
    assert (await broker.get(f"/cases/{erased}", SOUTH)).status == 404
    late = await broker.post(withdrawal("W-1", POINT, erased), SOUTH)
    assert (late.status, late.codes) == (422, ["260:E47"])
    attempts = await broker.get("/messages/M-1", SOUTH)
    assert attempts.status == 200
    repeated = await broker.post(switch_request("M-1", POINT), SOUTH)
    assert repeated.status == 409


async def test_figures_stay(broker: Broker, clerk: Visitor) -> None:
    assert broker.count("case_flow") == 2
    assert (await clerk.get("/api/flow")).status == 200
