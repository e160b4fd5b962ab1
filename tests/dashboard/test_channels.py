"""Mailboxes say how their channels do; a clerk lets one try again; Today and figures tell of it."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.dashboard.visitors import Visitor
from tests.delivery.delivering import (
    Endpoint,
    approvals,
    deliver,
    delivering,
    endpoint,
    operator,
    push_to,
)
from tests.web.letters import NORTH, OPERATOR, SOUTH
from tests.web.running import Broker, token_of

BOX = f"/mailboxes/{SOUTH}"
AGAIN = f"{BOX}/try-again"


@pytest.fixture
async def broker(database: Path) -> AsyncIterator[Broker]:
    """A service that pushes to this machine, and takes no document twice that was refused."""
    async with delivering(database, refusals_to_put_aside=1) as started:
        yield started


@pytest.fixture
async def south(broker: Broker) -> AsyncIterator[Endpoint]:
    """The endpoint of one supplier; all others have their mailbox alone."""
    async with endpoint() as opened:
        await push_to(broker, opened.address)
        yield opened


async def test_a_channel_in_order_is_shown(
    broker: Broker, south: Endpoint, viewer: Visitor
) -> None:
    await approvals(broker, 1)
    await deliver(broker)
    listed = (await viewer.get("/mailboxes")).text
    assert listed.count("Webhook") == 1
    assert "samo predal" in listed
    shown = (await viewer.get(BOX)).text
    assert south.address in shown
    assert "v redu" in shown
    assert f'action="{AGAIN}"' not in shown
    assert 'id="channel"' not in (await viewer.get(f"/mailboxes/{NORTH}")).text


async def test_what_goes_wrong_is_shown_and_a_clerk_lets_it_try_again(
    broker: Broker, south: Endpoint, clerk: Visitor, viewer: Visitor
) -> None:
    first, _ = await approvals(broker, 1, 11)
    south.refused_numbers = {first}
    await deliver(broker)
    assert "1 dokument odložen" in (await clerk.get("/mailboxes")).text
    shown = (await clerk.get(BOX)).text
    assert "Zavrača dokument" in shown
    assert f'href="/documents/{first}"' in shown
    assert "answered 422" in shown
    assert f'action="{AGAIN}"' not in (await viewer.get(BOX)).text
    south.refused_numbers = set()
    page = await clerk.fill(AGAIN, {"why": "popravljeno"}, on=BOX)
    assert (page.status, page.path) == (200, BOX)
    await deliver(broker)
    assert south.numbers[-1] == first
    assert "odložen" not in (await clerk.get("/mailboxes")).text
    ((content,),) = broker.rows(
        "SELECT content FROM journal JOIN payloads USING (payload_id)"
        " WHERE kind = 'DeliveryTriedAgain'"
    )
    told = msgspec.json.decode(content)
    assert (told["by"], told["why"]) == ("Nada Zgled (nada)", "popravljeno")
    assert told["documents"] == [first]


async def test_trying_again_needs_a_reason_and_a_channel(
    broker: Broker, south: Endpoint, clerk: Visitor
) -> None:
    before = broker.count("journal")
    assert (await clerk.fill(AGAIN, {"why": " "})).status == 400
    assert (await clerk.fill(f"/mailboxes/{NORTH}/try-again", {"why": "x"})).status == 404
    assert broker.count("journal") == before


async def test_a_circuit_open_for_long_is_an_alarm(
    broker: Broker, south: Endpoint, viewer: Visitor
) -> None:
    await approvals(broker, 1)
    south.answers.extend([500] * 5)
    for wait in (0, 2, 4, 8, 16):
        await deliver(broker, timedelta(seconds=wait))
    assert "prekinjena" in (await viewer.get(BOX)).text
    assert "se ne posreči" not in (await viewer.get("/")).text
    broker.clock.move_to(broker.clock.now() + timedelta(hours=1))
    await viewer.sign_in("vid")
    assert "Dostava 1 udeležencu se ne posreči" in (await viewer.get("/")).text
    ready = msgspec.json.decode((await broker.get("/health/ready", None)).body)
    assert ready["channels_in_trouble"] == 1
    await deliver(broker)
    assert "se ne posreči" not in (await viewer.get("/")).text


async def test_programs_are_told_in_figures(
    broker: Broker, south: Endpoint, visitor: Visitor
) -> None:
    await approvals(broker, 1, 11)
    south.answers.extend([422, *[500] * 5])
    for wait in (0, 2, 4, 8, 16):
        await deliver(broker, timedelta(seconds=wait))
    visitor.session.headers["Authorization"] = f"Bearer {token_of(OPERATOR)}"
    text = (await visitor.get("/metrics")).text
    labels = rf'\{{channel="webhook",party="{SOUTH}"\}}'
    found = dict(re.findall(rf"^(broker_channel_\w+){labels} (\S+)$", text, re.MULTILINE))
    assert found == {
        "broker_channel_failing_seconds": "30.0",
        "broker_channel_circuit_open": "1.0",
        "broker_channel_put_aside": "1.0",
    }
    (line,) = msgspec.json.decode((await visitor.get("/api/channels")).text)["channels"]
    assert (line["party"], line["failures"], line["put_aside"]) == (SOUTH, 5, 1)
    assert (await operator(broker, "GET", "channels"))["status"] == 200
