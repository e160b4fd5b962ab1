"""Who may come in, and what is said to who may not; whatever is refused is refused in XML."""

import asyncio
from datetime import UTC, datetime

import pytest

from broker.messages.identifiers import Eic
from broker.store import participants
from broker.store.connection import open_for_writing
from tests.web.letters import NORTH, OPERATOR, SOUTH, sample_point, switch_request
from tests.web.raw_http import Line, head, post_head
from tests.web.running import Broker, token_of

GOOD = switch_request("GOOD-1", sample_point(1))
XML_TYPE = {"Content-Type": "application/xml"}


def at(day: int) -> datetime:
    return datetime(2026, 4, day, tzinfo=UTC)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {token_of(SOUTH)}",
        token_of(SOUTH),
        f"Bearer {token_of(SOUTH).upper()}",
        "Bearer " + "x" * 8000,
    ],
)
async def test_a_stranger_is_turned_away_and_nothing_of_it_is_kept(
    broker: Broker, authorization: str | None
) -> None:
    headers = XML_TYPE | ({} if authorization is None else {"Authorization": authorization})
    answer = await broker.ask("POST", "/messages", None, GOOD, headers)
    assert (answer.status, answer.codes) == (401, ["SB:T09"])
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.receipt is None
    assert (broker.count("inbox"), broker.count("cases")) == (0, 0)
    ready = await broker.get("/health/ready", None)
    assert b'"turned_away": {"401": 1}' in ready.body


async def test_a_token_that_is_no_text_is_a_strangers(broker: Broker, line: Line) -> None:
    await line.send(head("GET", "/mailbox", None, "Authorization: Bearer \xff\xfe"))
    answer = await line.answer()
    assert (answer.status, answer.codes) == (401, ["SB:T09"])


async def test_a_token_counts_until_it_is_revoked_or_expires(broker: Broker) -> None:
    tokens = (("revoked", None, at(20)), ("to be revoked", None, at(30)))
    tokens += (("expired", at(24), None), ("expires", at(25), None))
    connection = open_for_writing(broker.path)
    for label, expires_at, revoked_at in tokens:
        participants.issue_token(connection, Eic(SOUTH), label, label, at(1), expires_at=expires_at)
        if revoked_at is not None:
            participants.revoke(connection, Eic(SOUTH), label, revoked_at)
    connection.close()
    answers = {}
    for label, *_ in tokens:
        sent = {"Authorization": f"Bearer {label}"}
        answers[label] = (await broker.ask("GET", "/mailbox", None, headers=sent)).status
    assert answers == {"revoked": 401, "to be revoked": 204, "expired": 401, "expires": 204}


async def test_the_operators_pages_are_for_the_operator(broker: Broker) -> None:
    assert (await broker.get("/operator/tasks", OPERATOR)).status == 200
    assert (await broker.get("/operator/tasks", SOUTH)).status == 404
    assert (await broker.get("/operator/tasks", None)).status == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/messages", 405),
        ("PUT", "/messages", 405),
        ("DELETE", "/messages", 405),
        ("OPTIONS", "/messages", 405),
        ("POST", "/mailbox", 405),
        ("PATCH", "/mailbox", 405),
        ("OPTIONS", "/mailbox", 405),
        ("TRACE", "/mailbox", 405),
        ("POST", "/codes", 405),
        ("DELETE", "/cases/x", 405),
        ("GET", "/nowhere", 404),
        ("GET", "/", 404),
        ("GET", "/messages/", 404),
        ("GET", "/cases/", 404),
        ("GET", "/messages/x/y", 404),
        ("GET", "/messages/%ff%fe", 404),
        ("GET", "/messages/%00", 404),
        ("GET", "/mailbox/%ed%a0%80", 404),
        ("GET", "/mailbox/" + "x" * 4000, 404),
        ("GET", "/cases/a%2fb", 404),
        ("GET", "/mailbox?limit=0", 400),
        ("GET", "/mailbox?limit=1001", 400),
        ("GET", "/mailbox?limit=-1", 400),
        ("GET", "/mailbox?limit=%D9%A3", 400),
        ("GET", "/mailbox?limit=99999999999999999999", 400),
        ("GET", "/mailbox?limit=", 400),
        ("DELETE", "/mailbox", 404),
        ("DELETE", "/mailbox?id=", 404),
        ("DELETE", "/mailbox?id=%ff", 404),
    ],
)
async def test_whatever_is_refused_is_refused_in_xml(
    broker: Broker, line: Line, method: str, path: str, status: int
) -> None:
    await line.send(head(method, path, SOUTH))
    answer = await line.answer()
    assert answer.status == status
    assert answer.codes != []
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("path", ["/mailbox", "/codes", "/nowhere", "/messages/x", "/health/live"])
async def test_head_has_the_status_of_get_or_is_not_allowed(
    broker: Broker, line: Line, path: str
) -> None:
    await line.send(head("HEAD", path, SOUTH))
    got = await line.answer(to="HEAD")
    await line.send(head("GET", path, SOUTH))
    assert got.status in (405, (await line.answer()).status)


async def test_looking_at_the_head_of_a_document_does_not_count_as_reading(broker: Broker) -> None:
    await broker.post(GOOD, SOUTH)
    (number,) = (await broker.get("/mailbox?limit=1", SOUTH)).texts("DocumentNumber")
    for path in ("/mailbox", f"/mailbox/{number}"):
        await broker.ask("HEAD", path, SOUTH)
    assert broker.count("handovers") == 0
    await broker.get("/mailbox", SOUTH)
    assert broker.rows("SELECT what FROM handovers") == [("fetched",)]


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/json", "application/x-www-form-urlencoded", "xml", "\xff/;=;"],
)
async def test_what_is_sent_as_something_else_is_refused_and_kept(
    broker: Broker, line: Line, media_type: str
) -> None:
    kind = (f"Content-Type: {media_type}",) if media_type else ()
    await line.send(head("POST", "/messages", SOUTH, *kind, f"Content-Length: {len(GOOD)}") + GOOD)
    answer = await line.answer()
    assert (answer.status, answer.codes) == (415, ["SB:T08"])
    status = await broker.get(f"/messages/{answer.receipt}", SOUTH)
    assert status.texts("HttpStatus") == ["415"]


@pytest.mark.parametrize("media_type", ["application/xml", "text/xml", "Text/XML; charset=UTF-8"])
async def test_both_media_types_of_xml_will_do(broker: Broker, media_type: str) -> None:
    answer = await broker.post(GOOD, SOUTH, {"Content-Type": media_type})
    assert answer.status == 200


async def test_more_at_once_than_is_fair_is_turned_away(broker: Broker) -> None:
    lines = [await Line.to(broker.port) for _ in range(256)]
    for line in lines:
        await line.send(post_head(SOUTH, f"Content-Length: {len(GOOD)}"))
    async with asyncio.timeout(10):
        while (await broker.get("/mailbox", SOUTH)).status != 429:
            pass
    answer = await broker.post(GOOD, SOUTH)
    assert (answer.status, answer.codes) == (429, ["SB:T18"])
    assert answer.headers["Retry-After"] == "1"
    assert (await broker.get("/mailbox", NORTH)).status == 204
    await lines[0].send(GOOD)
    assert (await lines[0].answer()).status == 200
    assert (await broker.post(GOOD, SOUTH)).status == 200
    for line in lines:
        await line.close()
