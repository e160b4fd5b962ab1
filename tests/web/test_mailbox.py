"""The mailbox: peek, list, read again, acknowledge by id; every look-up is the party's own."""

import asyncio

import pytest

from tests.web.letters import NORTH, SOUTH, sample_point, switch_request
from tests.web.running import Answered, Broker

NUMBERS = (1, 11, 12, 15, 16)


@pytest.fixture
async def numbers(broker: Broker) -> list[str]:
    """Five approvals in the new supplier's mailbox (and in the old one's), oldest first."""
    for n in NUMBERS:
        await broker.post(switch_request(f"M-{n}", sample_point(n)), SOUTH)
    return (await broker.get("/mailbox?limit=1000", SOUTH)).texts("DocumentNumber")


async def test_an_empty_mailbox_says_so(broker: Broker) -> None:
    empty = await broker.get("/mailbox", SOUTH)
    assert (empty.status, empty.body) == (204, b"")
    listing = await broker.get("/mailbox?limit=10", SOUTH)
    assert (listing.status, listing.texts("Entry")) == (200, [])


async def test_a_peek_shows_the_oldest_as_often_as_one_looks(
    broker: Broker, numbers: list[str]
) -> None:
    looks = [await broker.get("/mailbox", SOUTH) for _ in range(3)]
    assert {look.headers["Document-Number"] for look in looks} == {numbers[0]}
    assert looks[0].headers["Document-Kind"] == "ApprovalNotice"
    assert looks[0].text("Header/Identification") == numbers[0]
    assert len({look.body for look in looks}) == 1


async def test_a_list_is_in_order_of_commit_and_as_long_as_asked(
    broker: Broker, numbers: list[str]
) -> None:
    listing = await broker.get("/mailbox?limit=2", SOUTH)
    assert listing.texts("DocumentNumber") == numbers[:2]
    cases = [
        (await broker.get(f"/mailbox/{number}", SOUTH)).text("Header/Reference")
        for number in numbers
    ]
    assert cases == [f"M-{n}" for n in NUMBERS]


async def test_a_list_says_how_large_each_document_is(broker: Broker, numbers: list[str]) -> None:
    listing = await broker.get("/mailbox?limit=1", SOUTH)
    document = await broker.get(f"/mailbox/{numbers[0]}", SOUTH)
    assert listing.texts("SizeInBytes") == [str(len(document.body))]


async def test_what_is_acknowledged_is_gone_from_the_waiting_and_reads_the_same(
    broker: Broker, numbers: list[str]
) -> None:
    before = await broker.get(f"/mailbox/{numbers[0]}", SOUTH)
    assert (await broker.ask("DELETE", f"/mailbox/{numbers[0]}", SOUTH)).status == 204
    peeked = await broker.get("/mailbox", SOUTH)
    assert peeked.headers["Document-Number"] == numbers[1]
    after = await broker.get(f"/mailbox/{numbers[0]}", SOUTH)
    assert (after.status, after.body) == (200, before.body)


async def test_acknowledging_again_is_harmless(broker: Broker, numbers: list[str]) -> None:
    for _ in range(3):
        assert (await broker.ask("DELETE", f"/mailbox/{numbers[2]}", SOUTH)).status == 204
    left = (await broker.get("/mailbox?limit=1000", SOUTH)).texts("DocumentNumber")
    assert left == [*numbers[:2], *numbers[3:]]
    assert broker.rows("SELECT count(*) FROM handovers WHERE what = 'acknowledged'") == [(1,)]


async def test_several_are_acknowledged_at_once(broker: Broker, numbers: list[str]) -> None:
    assert (await acknowledge(broker, SOUTH, numbers[1:4])).status == 204
    assert (await acknowledge(broker, SOUTH, numbers[3:] + numbers[3:])).status == 204
    left = (await broker.get("/mailbox?limit=1000", SOUTH)).texts("DocumentNumber")
    assert left == numbers[:1]


async def test_many_at_once_and_one_another_partys(broker: Broker, numbers: list[str]) -> None:
    theirs = (await broker.get("/mailbox?limit=1000", NORTH)).texts("DocumentNumber")
    answer = await acknowledge(broker, SOUTH, [numbers[0], theirs[0]])
    assert (answer.status, answer.codes) == (404, ["SB:T19"])
    left = (await broker.get("/mailbox?limit=1000", NORTH)).texts("DocumentNumber")
    assert left == theirs


async def test_a_document_of_another_party_cannot_be_read_nor_removed(
    broker: Broker, numbers: list[str]
) -> None:
    missing = "0195a1c0-0003-7000-8000-00000000ffff"
    answers = [
        await broker.ask(method, f"/mailbox/{number}", NORTH)
        for method in ("GET", "DELETE")
        for number in (numbers[0], missing)
    ]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.body for answer in answers}) == 1
    assert (await broker.get("/mailbox", SOUTH)).headers["Document-Number"] == numbers[0]


async def test_reading_is_noted_once(broker: Broker, numbers: list[str]) -> None:
    await asyncio.gather(*(broker.get(f"/mailbox/{numbers[0]}", SOUTH) for _ in range(20)))
    await broker.get("/mailbox", SOUTH)
    assert broker.rows("SELECT what, count(*) FROM handovers GROUP BY what") == [("fetched", 1)]


async def test_one_document_nobody_can_process_blocks_no_other(
    broker: Broker, numbers: list[str]
) -> None:
    await acknowledge(broker, SOUTH, numbers[1:])
    assert (await broker.get("/mailbox", SOUTH)).headers["Document-Number"] == numbers[0]
    await broker.post(switch_request("M-18", sample_point(18)), SOUTH)
    newest = (await broker.get("/mailbox?limit=1000", SOUTH)).texts("DocumentNumber")[-1]
    assert (await broker.ask("DELETE", f"/mailbox/{newest}", SOUTH)).status == 204


async def acknowledge(broker: Broker, party: str, numbers: list[str]) -> Answered:
    query = "&".join(f"id={number}" for number in numbers)
    return await broker.ask("DELETE", f"/mailbox?{query}", party)
