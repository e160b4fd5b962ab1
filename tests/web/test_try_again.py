"""A parked deadline holds up nobody, and is handled again when a person says so."""

import json
from datetime import timedelta

import pytest

from broker.clock import VirtualClock
from broker.messages.identifiers import CaseId
from broker.store import deadlines
from tests.web import letters
from tests.web.running import FRIDAY, Answered, Broker

PERSON = {"by": "Nada Zgled", "why": "the disk is mended"}


async def park_every_deadline(broker: Broker, case: str) -> None:
    """Put the case's deadlines aside, as the sweep does where handling one fails."""

    def work(connection: object) -> None:
        for one in deadlines.of_case(connection, CaseId(case)):
            deadlines.park(connection, one.deadline_id, "RuntimeError: no luck")

    await broker.service.writer.submit(work)


async def try_again(broker: Broker, case: str, party: str, person: object = PERSON) -> Answered:
    """Ask that the case's parked deadlines be handled again."""
    path = f"/operator/cases/{case}/try-again"
    return await broker.ask("POST", path, party, json.dumps(person).encode())


@pytest.fixture
async def parked_case(broker: Broker) -> str:
    """An approved case whose reading period has ended unnoticed: its deadline is parked."""
    case = (
        await broker.post(letters.switch_request("S-1", letters.sample_point(1)), letters.SOUTH)
    ).case
    await park_every_deadline(broker, case)
    assert isinstance(broker.clock, VirtualClock)
    broker.clock.move_to(FRIDAY + timedelta(days=30))
    assert await broker.service.deadlines.reach_deadlines(broker.clock.now()) == 0
    return case


async def test_it_is_a_task_and_then_handled(broker: Broker, parked_case: str) -> None:
    tasks = json.loads((await broker.get("/operator/tasks", letters.OPERATOR)).body)["tasks"]
    assert [task["parked"] for task in tasks] == ["RuntimeError: no luck"]
    answer = await try_again(broker, parked_case, letters.OPERATOR)
    assert json.loads(answer.body) == {"tried_again": 1}
    assert await broker.service.deadlines.reach_deadlines(broker.clock.now()) == 1
    assert "SwitchFailed" in await broker.mailbox(letters.SOUTH)
    assert broker.rows("SELECT count(*) FROM journal WHERE kind = 'ParkedTriedAgain'") == [(1,)]


async def test_with_nothing_parked_nothing_is_written(broker: Broker, parked_case: str) -> None:
    await try_again(broker, parked_case, letters.OPERATOR)
    before = broker.count("journal")
    for case in (parked_case, "no-such-case"):
        answer = await try_again(broker, case, letters.OPERATOR)
        assert json.loads(answer.body) == {"tried_again": 0}
    assert broker.count("journal") == before


async def test_others_may_not(broker: Broker, parked_case: str) -> None:
    assert (await try_again(broker, parked_case, letters.SOUTH)).status == 404


@pytest.mark.parametrize("person", [{}, {"by": "Nada Zgled"}, {"by": " ", "why": "x"}, []])
async def test_it_must_be_said_who_and_why(
    broker: Broker, parked_case: str, person: object
) -> None:
    assert (await try_again(broker, parked_case, letters.OPERATOR, person)).status == 400
