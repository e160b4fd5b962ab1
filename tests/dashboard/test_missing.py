"""A notice that is lost is seen by whoever looks: staff, readiness, figures; and is made again."""

import json
from asyncio import sleep, to_thread
from datetime import timedelta
from pathlib import Path

import pytest

from broker.__main__ import main
from broker.clock import SystemClock
from tests.dashboard.visitors import Visitor
from tests.web.letters import (
    MESSAGES,
    NORTH,
    OPERATOR,
    SOUTH,
    sample_point,
    switch_request,
    with_fields,
)
from tests.web.running import Broker, running

BY = {"by": "Nada Zgled", "why": "lost with a disk"}


async def lose(broker: Broker) -> tuple[str, str]:
    """A case whose approval to the old supplier is gone; its number and that of the document."""
    case = (await broker.post(switch_request("M-1", sample_point(1)), SOUTH)).case
    [(number,)] = broker.rows("SELECT document_id FROM outbox WHERE party = ?", NORTH)
    broker.damage("DELETE FROM outbox WHERE document_id = ?", number)
    return case, number


async def test_today_readiness_and_figures_tell_of_it(broker: Broker, clerk: Visitor) -> None:
    assert "manjka" not in (await clerk.get("/")).text
    case, _ = await lose(broker)
    await broker.service.owed.look()
    today = (await clerk.get("/")).text
    assert "1 obvestilo manjka" in today
    assert f'href="/cases/{case}">Obvestilo o odobritvi' in today
    assert "broker_missing_notices 1.0" in (await clerk.get("/metrics")).text
    assert json.loads((await broker.get("/health/ready", None)).body)["missing_notices"] == 1


async def test_it_is_made_again_once_and_lies_in_the_mailbox(
    broker: Broker, clerk: Visitor
) -> None:
    case, lost = await lose(broker)
    told = await broker.get("/operator/notices/missing", OPERATOR)
    assert [one["gone"] for one in json.loads(told.body)["missing"]] == [lost]
    body = json.dumps(BY).encode()
    made = json.loads((await broker.ask("POST", "/operator/notices/again", OPERATOR, body)).body)
    assert [(one["gone"], one["why_not"]) for one in made["made"]] == [(lost, None)]
    again = json.loads((await broker.ask("POST", "/operator/notices/again", OPERATOR, body)).body)
    assert again == {"made": []}
    [document] = await broker.documents(NORTH)
    assert document.text("Header/Identification") == made["made"][0]["document"]
    assert document.text("Header/Corrects/DocumentNumber") == lost
    assert document.text("Header/CaseNumber") == case
    assert "manjka" not in (await clerk.get("/")).text


async def approve(broker: Broker, message_id: str, place: int) -> str:
    """A case of another point; the number of the approval to its old supplier."""
    case = (await broker.post(switch_request(message_id, sample_point(place)), SOUTH)).case
    find = "SELECT document_id FROM outbox WHERE case_id = ? AND party = ?"
    [(number,)] = broker.rows(find, case, NORTH)
    return number


def gone(broker: Broker) -> set[str | None]:
    return {one.document_id for one in broker.service.owed.missing}


async def test_all_documents_are_looked_at_once_a_day_and_new_ones_each_time(
    broker: Broker,
) -> None:
    watch = broker.service.owed
    older = await approve(broker, "M-1", 1)
    await watch.look()
    newer = await approve(broker, "M-2", 11)
    broker.damage("DELETE FROM outbox WHERE document_id IN (?, ?)", older, newer)
    for _ in range(2):  # what was found stays in sight
        await watch.look()
        assert gone(broker) == {newer}
    broker.clock.move_to(broker.clock.now() + timedelta(days=1))
    await watch.look()
    assert gone(broker) == {older, newer}
    await watch.look()
    assert gone(broker) == {older, newer}
    await watch.make_again(**BY)
    assert gone(broker) == set()


async def test_so_are_requests_for_data(broker: Broker) -> None:
    watch = broker.service.owed
    asked = (MESSAGES / "MasterDataRequest/for-a-quote.xml").read_bytes()
    receipts = []
    for message_id in ("D-1", "D-2"):
        await watch.look()
        request = with_fields(asked, {"Header/Identification": message_id})
        answer = await broker.post(request, SOUTH)
        assert answer.status == 200
        receipts.append(answer.receipt)
        broker.clock.move_to(broker.clock.now() + timedelta(minutes=1))
    for table in ("outbox", "owed_notices"):
        broker.damage(f"DELETE FROM {table} WHERE kind = 'MasterDataResponse'")
    for found in (receipts[1:], receipts[1:], receipts, receipts):
        if found == receipts:
            broker.clock.move_to(broker.clock.now() + timedelta(days=1))
        await watch.look()
        assert [one.receipt for one in watch.missing] == found
    assert [one.why_not for one in await watch.make_again(**BY)] == [None, None]
    assert watch.missing == ()


async def test_who_asks_has_all_documents_looked_at(broker: Broker) -> None:
    older = await approve(broker, "M-1", 1)
    await broker.service.owed.look()
    broker.damage("DELETE FROM outbox WHERE document_id = ?", older)
    told = await broker.get("/operator/notices/missing", OPERATOR)
    assert [one["gone"] for one in json.loads(told.body)["missing"]] == [older]


async def test_a_start_looks_by_itself(database: Path) -> None:
    async with running(database) as broker:
        await lose(broker)
    async with running(database, clock=SystemClock(), with_timer=True) as broker:
        for _ in range(2000):
            if broker.service.owed.missing:
                return
            await sleep(0.01)
        pytest.fail("nobody has looked")


async def test_verify_tells_of_it_too(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    case, number = await lose(broker)
    code = await to_thread(main, ["--database", str(broker.path), "verify"])
    told = capsys.readouterr().out
    assert code == 1
    assert f"missing\tApprovalNotice to {NORTH} of case {case}" in told
    assert f"{number} is gone" in told


async def test_what_cannot_be_made_says_why(broker: Broker) -> None:
    asked = switch_request("M-1", sample_point(1))
    case = (await broker.post(asked, SOUTH)).case
    broker.damage("DELETE FROM outbox WHERE party = ?", NORTH)
    broker.damage("DELETE FROM meters WHERE serial_number = ?", "ZGL-100001")
    body = json.dumps({**BY, "case": case}).encode()
    made = json.loads((await broker.ask("POST", "/operator/notices/again", OPERATOR, body)).body)
    assert [one["why_not"] for one in made["made"]] == ["there was no meter"]


async def test_nobody_else_sees_or_makes_anything(broker: Broker) -> None:
    await lose(broker)
    body = json.dumps(BY).encode()
    for method, path in (
        ("GET", "/operator/notices/missing"),
        ("POST", "/operator/notices/again"),
        ("POST", "/operator/erasures"),
    ):
        assert (await broker.ask(method, path, SOUTH, body)).status == 404
        assert (await broker.ask(method, path, None, body)).status == 401


async def test_a_body_that_says_too_little_is_refused(broker: Broker) -> None:
    for path, body in (
        ("/operator/notices/again", {"by": "", "why": "x"}),
        ("/operator/erasures", {**BY}),
        ("/operator/erasures", {**BY, "case": "a", "customer": "b"}),
    ):
        answer = await broker.ask("POST", path, OPERATOR, json.dumps(body).encode())
        assert answer.status == 400
    unknown = json.dumps({**BY, "case": "nobody's"}).encode()
    assert (await broker.ask("POST", "/operator/erasures", OPERATOR, unknown)).status == 404
