"""What became of one's own message: every attempt, by its id or by receipt number, latest first."""

from base64 import b64decode
from hashlib import sha256

from tests.web.letters import NORTH, SOUTH, sample_point, switch_request, with_fields
from tests.web.running import Broker

GOOD = switch_request("GOOD-1", sample_point(1))
BAD = with_fields(GOOD, {"Point/Area": None})


async def test_every_attempt_is_told_latest_first(broker: Broker) -> None:
    sent = [BAD, with_fields(GOOD, {"ContractingParty/TaxNumber": "12345678"}), GOOD, BAD]
    answers = [await broker.post(data, SOUTH) for data in sent]
    status = await broker.get("/messages/GOOD-1", SOUTH)
    latest_first = answers[::-1]
    assert status.texts("HttpStatus") == ["400", "200", "422", "400"]
    assert status.texts("ReceiptNumber") == [answer.receipt for answer in latest_first]
    assert status.texts("Sha256") == [sha256(data).hexdigest() for data in sent[::-1]]
    told = [b64decode(text) for text in status.texts("Answer")]
    assert told == [answer.body for answer in latest_first]
    assert status.texts("CaseNumber") == [answers[2].case]


async def test_an_attempt_is_found_by_its_receipt_number(broker: Broker) -> None:
    refused = await broker.post(BAD, SOUTH)
    await broker.post(GOOD, SOUTH)
    status = await broker.get(f"/messages/{refused.receipt}", SOUTH)
    assert status.texts("HttpStatus") == ["400"]
    assert [b64decode(text) for text in status.texts("Answer")] == [refused.body]


async def test_what_could_not_be_read_is_kept_and_found(broker: Broker) -> None:
    answer = await broker.post(b"\xff\xfe garbage <", SOUTH)
    status = await broker.get(f"/messages/{answer.receipt}", SOUTH)
    assert status.texts("HttpStatus") == ["400"]
    assert status.text("Attempt/MessageIdentification") is None
    assert (b"\xff\xfe garbage <",) in broker.rows("SELECT content FROM payloads")


async def test_another_partys_attempts_are_as_if_they_were_not(broker: Broker) -> None:
    answer = await broker.post(GOOD, SOUTH)
    foreign_id = await broker.get("/messages/GOOD-1", NORTH)
    foreign_receipt = await broker.get(f"/messages/{answer.receipt}", NORTH)
    missing = await broker.get("/messages/never-sent", NORTH)
    assert foreign_id.status == foreign_receipt.status == missing.status == 404
    assert foreign_id.body == foreign_receipt.body == missing.body


async def test_two_parties_with_one_id_each_see_their_own(broker: Broker) -> None:
    ours = await broker.post(GOOD, SOUTH)
    theirs = await broker.post(switch_request("GOOD-1", sample_point(2), new=NORTH), NORTH)
    for party, answer in ((SOUTH, ours), (NORTH, theirs)):
        status = await broker.get("/messages/GOOD-1", party)
        assert status.texts("ReceiptNumber") == [answer.receipt]


async def test_a_repeat_is_no_new_attempt(broker: Broker) -> None:
    for _ in range(3):
        await broker.post(GOOD, SOUTH)
    assert len((await broker.get("/messages/GOOD-1", SOUTH)).texts("ReceiptNumber")) == 1


async def test_many_attempts_are_all_told(broker: Broker) -> None:
    for _ in range(60):
        await broker.post(BAD, SOUTH)
    assert len((await broker.get("/messages/GOOD-1", SOUTH)).texts("ReceiptNumber")) == 60
