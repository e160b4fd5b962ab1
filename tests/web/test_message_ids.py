"""Message ids: what is repeated, what is judged anew, and what happens when it comes at once."""

import asyncio

from tests.web.letters import (
    NORTH,
    SOUTH,
    Point,
    doubtful_request,
    sample_point,
    switch_request,
    with_fields,
    withdrawal,
)
from tests.web.running import Broker

POINT = sample_point(1)
GOOD = switch_request("GOOD-1", POINT)


async def test_the_same_bytes_get_the_first_answer_for_ever(broker: Broker) -> None:
    first = await broker.post(GOOD, SOUTH)
    broker.clock.move_to(broker.clock.now().replace(day=27))
    again = await broker.post(GOOD, SOUTH)
    assert (again.status, again.body) == (200, first.body)
    assert (broker.count("cases"), broker.count("inbox")) == (1, 1)


async def test_the_same_id_with_other_bytes_is_refused(broker: Broker) -> None:
    await broker.post(GOOD, SOUTH)
    other = switch_request("GOOD-1", sample_point(11))
    answer = await broker.post(other, SOUTH)
    assert (answer.status, answer.codes) == (409, ["SB:T13"])
    assert answer.texts("Place") == ["/SwitchRequest/Header/Identification"]
    one_more_space = await broker.post(GOOD + b" ", SOUTH)
    assert one_more_space.status == 409
    assert broker.count("cases") == 1


async def test_ids_are_a_matter_between_one_sender_and_the_operator(broker: Broker) -> None:
    await broker.post(GOOD, SOUTH)
    others = switch_request("GOOD-1", sample_point(2), new=NORTH)
    assert (await broker.post(others, NORTH)).status == 200
    in_anothers_name = await broker.post(GOOD, NORTH)
    assert (in_anothers_name.status, in_anothers_name.codes) == (403, ["SB:T10"])


async def test_a_refused_message_may_be_mended_under_its_id(broker: Broker) -> None:
    faults = (
        ({"Point/Area": None}, 400),
        ({"ContractingParty/TaxNumber": "12345678"}, 422),
        ({"Header/Recipient/Identification": NORTH}, 422),
    )
    for fault, status in faults:
        assert (await broker.post(with_fields(GOOD, fault), SOUTH)).status == status
    assert (await broker.post(GOOD, SOUTH)).status == 200
    refused_again = await broker.post(with_fields(GOOD, faults[1][0]), SOUTH)
    assert refused_again.status == 409


async def test_refused_bytes_are_judged_anew_under_a_new_number(broker: Broker) -> None:
    doubtful = await broker.post(doubtful_request("D-1", POINT), SOUTH)
    elsewhere = withdrawal("W-1", sample_point(11), doubtful.case)
    first = await broker.post(elsewhere, SOUTH)
    second = await broker.post(elsewhere, SOUTH)
    assert first.codes == second.codes == ["260:E10"]
    assert first.receipt != second.receipt
    bad = with_fields(GOOD, {"Point/Area": None})
    answers = [await broker.post(bad, SOUTH) for _ in range(3)]
    assert len({answer.receipt for answer in answers}) == 3


async def test_what_was_refused_may_be_right_later(broker: Broker) -> None:
    """A withdrawal that came before its case existed is accepted once it does."""
    early = withdrawal("W-1", POINT, "0195a1c0-0001-7000-8000-00000000ffff")
    assert (await broker.post(early, SOUTH)).codes == ["260:E47"]
    asked = await broker.post(doubtful_request("D-1", POINT), SOUTH)
    mended = withdrawal("W-1", POINT, asked.case)
    assert (await broker.post(mended, SOUTH)).status == 200


async def test_the_same_message_at_once_is_one_message(broker: Broker) -> None:
    answers = await asyncio.gather(*(broker.post(GOOD, SOUTH) for _ in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert (broker.count("cases"), broker.count("inbox")) == (1, 1)
    assert len(await broker.mailbox(SOUTH)) == 1


async def test_one_id_with_different_bytes_at_once_is_taken_by_one(broker: Broker) -> None:
    points = [sample_point(n) for n in (1, 11, 12, 15, 16, 18)]
    requests = [switch_request("SAME", point) for point in points]
    answers = await asyncio.gather(*(broker.post(request, SOUTH) for request in requests))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert broker.count("cases") == 1


async def test_of_many_requests_for_a_point_at_once_one_wins(broker: Broker) -> None:
    """One line each, all at the same instant: the first received is processed (A7)."""
    requests = [(doubtful_request(f"S-{n}", POINT), SOUTH) for n in range(20)]
    requests += [(contender(f"N-{n}", POINT), "28XSONCNA-ODDAJ9") for n in range(20)]
    answers = await asyncio.gather(*(broker.post(data, party) for data, party in requests))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.case for answer in answers}) == 40
    phases = dict(broker.rows("SELECT phase, count(*) FROM cases GROUP BY phase"))
    assert phases == {"awaiting_approval": 1, "rejected": 39}
    documents = await broker.documents(SOUTH) + await broker.documents("28XSONCNA-ODDAJ9")
    assert [one.text("Ground/Code") for one in documents] == ["E22"] * 39
    (winner,) = broker.rows("SELECT case_id FROM cases WHERE ended_at IS NULL")
    assert winner[0] not in [one.text("Header/CaseNumber") for one in documents]


def contender(message_id: str, point: Point) -> bytes:
    return doubtful_request(message_id, point, new="28XSONCNA-ODDAJ9")


async def test_nothing_of_one_case_touches_another(broker: Broker) -> None:
    """Bad messages of every sort between good ones: the good ones end as if alone."""
    points = [sample_point(n) for n in (1, 11, 12, 15, 16, 18)]
    good = [switch_request(f"G-{n}", point) for n, point in enumerate(points)]
    bad = [b"<no", good[0].replace(b"si:1", b"si:9"), with_fields(good[1], {"Point/Area": None})]
    bad += [switch_request(f"B-{n}", sample_point(4)) for n in range(3)]
    mixed = [message for pair in zip(good, bad, strict=True) for message in pair]
    answers = await asyncio.gather(*(broker.post(message, SOUTH) for message in mixed))
    assert [answer.status for answer in answers[::2]] == [200] * 6
    for answer in answers[::2]:
        view = await broker.get(f"/cases/{answer.case}", SOUTH)
        assert view.text("State") == "awaiting_reading"
    kinds = await broker.mailbox(SOUTH)
    assert sorted(kinds) == ["ApprovalNotice"] * 6 + ["RejectionNotice"] * 3
