"""Several suppliers at one delivery point, as each party and the operator's staff see it."""

import asyncio
import json
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from broker.clock import VirtualClock
from broker.scenarios.files import Step
from broker.scenarios.posts import message_of, party_named
from tests.web.letters import NORTH, OPERATOR, SOUTH, with_fields
from tests.web.running import FRIDAY, Answered, Broker

EAST = party_named("Vzhodna dobava").eic
OBJECTS = "Objection/contract-still-binding"


def message(
    number: str,
    base: str,
    by: str,
    *,
    point: int = 1,
    case: str | None = None,
    share: str | None = None,
) -> bytes:
    """A sample message of this party about a point of the sample register."""
    fields = {"ChosenSupplier/Share": share} if share else {}
    step = Step(at="", post=base, point=point, set=fields)
    return message_of(step, sender=party_named(by), case_id=case, message_id=number, now=FRIDAY)


async def claim(broker: Broker, number: str, by: str, share: str, point: int = 1) -> Answered:
    """A supplier claims its share."""
    claimed = message(number, "ShareClaim/of-a-part", by, share=share, point=point)
    return await broker.post(claimed, by)


async def staff(broker: Broker) -> dict[str, Any]:
    """What waits for the operator's staff, and the open collections."""
    answer = await broker.get("/operator/tasks", OPERATOR)
    return dict(json.loads(answer.body))


async def decide(broker: Broker, case: str, **decision: str) -> Answered:
    """The operator decides."""
    body = json.dumps({"by": "Nada Zgled", "why": "preverjeno", **decision}).encode()
    return await broker.ask("POST", f"/operator/cases/{case}/decision", OPERATOR, body)


@pytest.fixture
async def objected_to(broker: Broker) -> str:
    """A customer's request, confirmed by one supplier and objected to by the other."""
    asked = message("O-1", "SharedSupplyRequest/two-suppliers", OPERATOR)
    case = (await broker.post(asked, OPERATOR)).case
    confirmed = message("S-1", "SupplyConfirmation/of-a-share", SOUTH, case=case)
    assert (await broker.post(confirmed, SOUTH)).status == 200
    assert (await broker.post(message("N-1", OBJECTS, NORTH, case=case), NORTH)).status == 200
    return case


async def test_the_operator_alone_sees_what_a_collection_lacks(broker: Broker) -> None:
    first = await claim(broker, "S-1", SOUTH, "0.4")
    second = await claim(broker, "E-1", EAST, "0.35")
    assert first.case == second.case
    (collection,) = (await staff(broker))["collections"]
    assert (collection["case_id"], collection["claimed"]) == (first.case, "0.75")
    assert [(c["supplier"], c["share"]) for c in collection["claims"]] == [
        (SOUTH, "0.4"),
        (EAST, "0.35"),
    ]
    seen = {
        SOUTH: first.body + (await broker.get(f"/cases/{first.case}", SOUTH)).body,
        EAST: second.body + (await broker.get(f"/cases/{first.case}", EAST)).body,
    }
    for party, other, shares in ((SOUTH, EAST, ("0.35", "0.75")), (EAST, SOUTH, ("0.4", "0.75"))):
        assert other.encode() not in seen[party]
        assert not [share for share in shares if share.encode() in seen[party]]
    assert (await broker.get(f"/cases/{first.case}", NORTH)).status == 404


async def test_a_collection_that_is_whole_is_none_any_more(broker: Broker) -> None:
    await claim(broker, "S-1", SOUTH, "0.4")
    await claim(broker, "E-1", EAST, "0.6")
    assert (await staff(broker))["collections"] == []


async def test_points_created_at_the_same_moment_have_numbers_of_their_own(
    broker: Broker,
) -> None:
    points, divided = (
        (1, 2, 7, 11),
        "SELECT count(*) FROM accounting_points WHERE measured_at <> ''",
    )
    ((before,),) = broker.rows(divided)
    await asyncio.gather(*(claim(broker, f"S-{n}", SOUTH, "0.4", n) for n in points))
    await asyncio.gather(*(claim(broker, f"E-{n}", EAST, "0.6", n) for n in points))
    assert broker.rows(divided) == [(before + 2 * len(points),)]


async def test_a_claim_after_the_days_joins_no_collection_whose_end_is_parked(
    broker: Broker,
) -> None:
    first = await claim(broker, "S-1", SOUTH, "0.4")
    broker.damage("UPDATE deadlines SET parked = 'a made-up fault'")
    assert isinstance(broker.clock, VirtualClock)
    broker.clock.move_to(FRIDAY + timedelta(days=12))
    late = await claim(broker, "E-1", EAST, "0.6")
    assert late.case != first.case
    assert broker.rows("SELECT phase FROM cases WHERE case_id = ?", late.case) == [("rejected",)]
    assert "260:E22" in await grounds_told(broker, EAST)
    (collection,) = (await staff(broker))["collections"]
    assert collection["claimed"] == "0.4"


async def grounds_told(broker: Broker, party: str) -> list[str]:
    """The codes of the rejection notices in a mailbox."""
    return [
        f"{code.get('listAgency')}:{code.text}"
        for document in await broker.documents(party)
        for code in document.root.iterfind(".//{*}Ground/{*}Code")
    ]


async def asked_of_numbers(broker: Broker, sends: Awaitable[Answered]) -> int:
    """How often the file is asked which numbers were given out, while this is sent."""
    asked: list[str] = []
    await broker.service.writer.submit(lambda writer: writer.set_trace_callback(asked.append))
    assert (await sends).status == 200
    await broker.service.writer.submit(lambda writer: writer.set_trace_callback(None))
    return sum("FROM issued_gsrns" in one for one in asked)


async def test_numbers_are_looked_for_as_many_as_suppliers_are_named(broker: Broker) -> None:
    first = await asked_of_numbers(broker, claim(broker, "S-1", SOUTH, "0.4"))
    whole = await asked_of_numbers(broker, claim(broker, "E-1", EAST, "0.6"))
    assert whole == first + 1
    ((case,),) = broker.rows("SELECT case_id FROM cases")
    read = message("M-1", "MeterReading/by-the-customer", SOUTH, case=case)
    read = with_fields(read, {"TakenAt": "2026-04-24T09:00:00+02:00"})
    assert await asked_of_numbers(broker, broker.post(read, SOUTH)) == 0


async def test_where_no_number_is_left_approval_alone_fails(broker: Broker) -> None:
    first = await claim(broker, "S-1", SOUTH, "0.4", point=11)
    await claim(broker, "S-2", SOUTH, "0.4")
    approved = await claim(broker, "E-2", EAST, "0.6")
    broker.damage("UPDATE gsrn_counter SET last = 999999999")
    read = message("M-1", "MeterReading/by-the-customer", SOUTH, case=approved.case)
    read = with_fields(read, {"TakenAt": "2026-04-24T09:00:00+02:00"})
    assert (await broker.post(read, SOUTH)).status == 200
    withdrawn = message("W-1", "Withdrawal/of-a-request", SOUTH, point=11, case=first.case)
    assert (await broker.post(withdrawn, SOUTH)).status == 200
    again = await claim(broker, "S-3", SOUTH, "0.4", point=11)
    assert again.status == 200
    assert (await claim(broker, "E-1", EAST, "0.6", point=11)).status == 500
    ((phase,),) = broker.rows("SELECT phase FROM cases WHERE case_id = ?", again.case)
    assert phase == "collecting_claims"


async def test_a_task_shows_who_objects_and_why(broker: Broker, objected_to: str) -> None:
    (task,) = (await staff(broker))["tasks"]
    assert (task["case_id"], task["phase"]) == (objected_to, "awaiting_objection_decision")
    assert task["objections"] == [{"supplier": NORTH, "code": "SB:S44", "text": None}]


async def test_it_must_be_said_whose_objection_is_upheld(broker: Broker, objected_to: str) -> None:
    assert (await decide(broker, objected_to, decision="uphold-objection")).status == 400
    wrong = await decide(broker, objected_to, decision="uphold-objection", supplier=SOUTH)
    assert wrong.status == 422
    upheld = await decide(broker, objected_to, decision="uphold-objection", supplier=NORTH)
    assert json.loads(upheld.body)["state"] == "rejected"


async def test_objections_are_rejected_together(broker: Broker, objected_to: str) -> None:
    dismissed = await decide(broker, objected_to, decision="dismiss-objections")
    assert json.loads(dismissed.body)["state"] == "awaiting_reading"
    assert (await staff(broker))["tasks"] == []
