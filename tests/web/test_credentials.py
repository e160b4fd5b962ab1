"""Tokens through the running service: issued, changed without a gap, ended at once (A33)."""

import json
from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from broker.clock import VirtualClock
from tests.web.letters import NORTH, OPERATOR, SOUTH
from tests.web.running import Answered, Broker

LOCAL = ZoneInfo("Europe/Ljubljana")
BECAUSE = {"by": "Nada Zgled", "why": "asked for by letter"}


async def issue(broker: Broker, eic: str = SOUTH, **wanted: object) -> Answered:
    body = json.dumps({"label": "second", **BECAUSE, **wanted}).encode()
    return await broker.ask("POST", f"/operator/participants/{eic}/tokens", OPERATOR, body)


async def revoke(broker: Broker, label: str) -> Answered:
    path = f"/operator/participants/{SOUTH}/tokens/{label}"
    return await broker.ask("DELETE", path, OPERATOR, json.dumps(BECAUSE).encode())


async def opens(broker: Broker, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with broker.session.get(broker.address + "/mailbox", headers=headers) as answer:
        return answer.status


async def test_a_party_changes_from_one_token_to_the_next_without_a_gap(broker: Broker) -> None:
    issued = await issue(broker)
    token = json.loads(issued.body)["token"]
    assert (issued.status, len(token)) == (200, 43)
    assert await opens(broker, token) == 204
    assert (await broker.get("/mailbox", SOUTH)).status == 204
    assert (await revoke(broker, "test")).status == 200
    assert (await broker.get("/mailbox", SOUTH)).status == 401
    assert await opens(broker, token) == 204


async def test_a_token_ends_by_itself_when_its_days_are_over(broker: Broker) -> None:
    clock = broker.clock
    assert isinstance(clock, VirtualClock)
    token = json.loads((await issue(broker, days=2)).body)["token"]
    last_instant = datetime(2026, 4, 26, 23, 59, 59, tzinfo=LOCAL)
    clock.move_to(last_instant)
    assert await opens(broker, token) == 204
    clock.move_to(last_instant + timedelta(seconds=1))
    assert await opens(broker, token) == 401


async def test_the_list_says_everything_but_the_token(broker: Broker) -> None:
    token = json.loads((await issue(broker, days=2)).body)["token"]
    await revoke(broker, "second")
    answer = await broker.get(f"/operator/participants/{SOUTH}/tokens", OPERATOR)
    listed = json.loads(answer.body)["tokens"]
    assert [(one["label"], one["revoked_at"] is None) for one in listed] == [
        ("second", False),
        ("test", True),
    ]
    assert token.encode() not in answer.body
    kinds = [kind for (kind,) in broker.rows("SELECT kind FROM journal WHERE case_id IS NULL")]
    assert kinds == ["TokenIssued", "TokenRevoked"]
    assert not any(token.encode() in row for (row,) in broker.rows("SELECT content FROM payloads"))


@pytest.mark.parametrize("label", ["..", ".", " ", "two\nlines", "\x00", "x" * 61])
async def test_what_could_not_be_named_again_is_no_label(broker: Broker, label: str) -> None:
    """A token is ended by its label, which is a step of an address."""
    assert (await issue(broker, label=label)).status in {400, 422}
    assert broker.count("journal") == 0
    assert (await issue(broker, label="x/y ž")).status == 200
    assert (await revoke(broker, quote("x/y ž", safe=""))).status == 200


async def test_what_cannot_be_issued_is_said_and_nothing_kept(broker: Broker) -> None:
    assert (await issue(broker, "28XNIKOGAR-----Z")).status == 422
    assert (await issue(broker, label="test")).status == 422
    assert (await issue(broker, label=" ")).status == 400
    assert (await issue(broker, days=0)).status == 400
    assert (await issue(broker, by=" ")).status == 400
    assert (await issue(broker, mood="good")).status == 400
    assert (await revoke(broker, "nothing")).status == 404
    path = "/operator/participants/28XNIKOGAR-----Z/tokens"
    assert (await broker.get(path, OPERATOR)).status == 404
    assert broker.count("journal") == 0


async def test_tokens_are_the_operators_matter(broker: Broker) -> None:
    path = f"/operator/participants/{NORTH}/tokens"
    body = json.dumps({"label": "mine", **BECAUSE}).encode()
    assert (await broker.ask("POST", path, SOUTH, body)).status == 404
    assert (await broker.get(path, SOUTH)).status == 404
    assert (await broker.ask("DELETE", f"{path}/test", SOUTH, body)).status == 404
    assert (await broker.get("/mailbox", NORTH)).status == 204
