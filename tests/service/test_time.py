"""Time at the service: what goes before what, and when no deadline may be trusted to the clock."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from broker.clock import ShiftedClock, VirtualClock
from broker.config import RuleSettings
from tests.web.letters import (
    NORTH,
    OPERATOR,
    SOUTH,
    doubtful_request,
    reading,
    sample_point,
    switch_request,
    withdrawal,
)
from tests.web.running import FRIDAY, Broker, running

POINT = sample_point(1)
HOUR_TO_DECIDE = datetime(2026, 5, 5, 20, 0, tzinfo=UTC)
END_OF_PERIOD = datetime(2026, 5, 15, 22, 0, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that stands on Friday 24 April 2026, 10:00 in Ljubljana."""
    return VirtualClock(FRIDAY)


@pytest.fixture
async def broker(database: Path, clock: VirtualClock) -> AsyncIterator[Broker]:
    """A running service on this clock."""
    async with running(database, clock=clock) as started:
        yield started


@pytest.fixture
async def case(broker: Broker) -> str:
    """A request in doubt, whose hour to decide is 5 May 2026, 22:00."""
    return (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case


async def state(broker: Broker, case: str) -> str | None:
    return (await broker.get(f"/cases/{case}", SOUTH)).text("State")


async def sweep_stands(broker: Broker) -> bool:
    return b"stopped" in (await broker.get("/health/ready", None)).body


async def go_on(broker: Broker) -> bytes:
    person = b'{"by": "Nada Zgled", "why": "the clock has been set right"}'
    return (await broker.ask("POST", "/operator/sweep/go-on", OPERATOR, person)).body


async def test_a_message_just_before_the_hour_comes_first(
    broker: Broker, clock: VirtualClock, case: str
) -> None:
    clock.move_to(HOUR_TO_DECIDE - INSTANT)
    assert (await broker.post(withdrawal("W-1", POINT, case), SOUTH)).status == 200
    assert await broker.mailbox(SOUTH) == ["WithdrawalConfirmation"]


async def test_a_message_at_the_hour_comes_after_the_deadline(
    broker: Broker, clock: VirtualClock, case: str
) -> None:
    """No sweep has run: the deadline goes first all the same, in the same commit."""
    clock.move_to(HOUR_TO_DECIDE)
    late = await broker.post(withdrawal("W-1", POINT, case), SOUTH)
    assert (late.status, late.codes) == (422, ["SB:S09"])
    assert await broker.mailbox(SOUTH) == ["ApprovalNotice"]
    assert await broker.service.deadlines.reach_deadlines(clock.now()) == 0


async def test_the_operators_decision_comes_after_the_deadline_too(
    broker: Broker, clock: VirtualClock, case: str
) -> None:
    clock.move_to(HOUR_TO_DECIDE)
    decision = b'{"decision": "reject", "by": "Nada", "why": "late", "codes": ["260:E10"]}'
    late = await broker.ask("POST", f"/operator/cases/{case}/decision", OPERATOR, decision)
    assert late.status == 422
    assert await state(broker, case) == "awaiting_reading"


async def test_a_request_at_the_hour_another_case_ends_finds_the_point_free(
    broker: Broker, clock: VirtualClock
) -> None:
    first = await broker.post(switch_request("S-1", POINT), SOUTH)
    clock.move_to(END_OF_PERIOD)
    second = await broker.post(switch_request("S-2", POINT), SOUTH)
    assert await state(broker, first.case) == "failed"
    assert await state(broker, second.case) == "awaiting_reading"
    kinds = await broker.mailbox(SOUTH)
    assert kinds == ["ApprovalNotice", "SwitchFailed", "ApprovalNotice"]


async def test_the_sweep_leaves_five_seconds_to_what_is_on_its_way(
    broker: Broker, clock: VirtualClock, case: str
) -> None:
    clock.move_to(HOUR_TO_DECIDE + 5 * SECOND - INSTANT)
    assert await broker.service.deadlines.sweep() == 0
    clock.move_to(HOUR_TO_DECIDE + 5 * SECOND)
    assert await broker.service.deadlines.sweep() == 1
    assert await state(broker, case) == "awaiting_reading"


async def test_exactly_what_is_due_is_handled_in_order(broker: Broker, clock: VirtualClock) -> None:
    cases = []
    for n in (1, 11, 12, 15):
        cases.append((await broker.post(doubtful_request(f"D-{n}", sample_point(n)), SOUTH)).case)
        clock.move_to(clock.now() + SECOND)
    clock.move_to(END_OF_PERIOD + SECOND)
    assert await broker.service.deadlines.reach_deadlines(HOUR_TO_DECIDE - INSTANT) == 0
    assert await broker.service.deadlines.reach_deadlines(HOUR_TO_DECIDE) == 4
    assert await broker.service.deadlines.reach_deadlines(clock.now()) == 0
    assert {await state(broker, case) for case in cases} == {"awaiting_approval"}
    tasks = await broker.get("/operator/tasks", OPERATOR)
    assert [tasks.body.count(case.encode()) for case in cases] == [1, 1, 1, 1]


async def test_a_day_of_one_off_holiday_moves_what_is_open(
    database: Path, clock: VirtualClock
) -> None:
    async with running(database, clock=clock) as broker:
        case = (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case
    announced = RuleSettings(one_off_days=(date(2026, 4, 28),))
    for _ in range(2):
        async with running(database, clock=clock, rules=announced) as broker:
            view = await broker.get(f"/cases/{case}", SOUTH)
            assert view.text("Deadline/ActAt") == "2026-05-06T20:00:00Z"
            assert view.texts("What") == ["RequestRecorded", "DeadlinesRedated"]
    async with running(database, clock=clock) as broker:
        view = await broker.get(f"/cases/{case}", SOUTH)
        assert view.text("Deadline/ActAt") == "2026-05-05T20:00:00Z"
    kinds = [kind for (kind,) in broker.rows("SELECT kind FROM journal ORDER BY position")]
    assert kinds == ["RequestRecorded", *["DeadlinesRedated", "OneOffDaysSet"] * 2]


async def test_the_timer_sweeps_by_itself(database: Path) -> None:
    """The one test with the real timer, on a real clock that starts before the hour."""
    clock = ShiftedClock(HOUR_TO_DECIDE + 4 * SECOND)
    async with running(database, clock=VirtualClock(FRIDAY)) as broker:
        case = (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case
        broker.damage("UPDATE deadlines SET act_at = '2026-05-05T20:00:05.000000Z'")
    async with running(database, clock=clock, with_timer=True, sweep_seconds=0.1) as broker:
        assert await state(broker, case) == "awaiting_approval"
        async with asyncio.timeout(20):
            while await state(broker, case) == "awaiting_approval":  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(0.1)
        assert await broker.mailbox(SOUTH) == ["ApprovalNotice"]
    assert clock.now() >= HOUR_TO_DECIDE + 10 * SECOND


@pytest.mark.parametrize("jump", [timedelta(minutes=5), timedelta(minutes=-5), timedelta(hours=9)])
async def test_a_jump_of_the_clock_stops_the_sweep_until_a_person_says_go_on(
    broker: Broker, clock: VirtualClock, case: str, jump: timedelta
) -> None:
    clock.move_to(HOUR_TO_DECIDE - SECOND)
    clock.jump_to(clock.now() + jump)
    assert await broker.service.deadlines.sweep() == 0
    assert await sweep_stands(broker)
    clock.jump_to(HOUR_TO_DECIDE + timedelta(minutes=1))
    assert await broker.service.deadlines.sweep() == 0
    assert await state(broker, case) == "awaiting_approval"
    assert await go_on(broker) == b'{"went_on":true}'
    assert await broker.service.deadlines.sweep() == 1
    assert await state(broker, case) == "awaiting_reading"
    kinds = [kind for (kind,) in broker.rows("SELECT kind FROM journal WHERE case_id IS NULL")]
    assert kinds == ["SweepStopped", "SweepWentOn"]


async def test_less_than_five_minutes_is_no_jump(
    broker: Broker, clock: VirtualClock, case: str
) -> None:
    clock.move_to(HOUR_TO_DECIDE)
    clock.jump_to(clock.now() + timedelta(minutes=5) - SECOND)
    assert await broker.service.deadlines.sweep() == 1
    assert not await sweep_stands(broker)


async def test_a_message_waits_for_the_deadline_before_it_while_the_sweep_stands(
    broker: Broker, clock: VirtualClock, case: str
) -> None:
    """The clock jumps past the hour between two sweeps: nobody knows which of both was first."""
    clock.jump_to(HOUR_TO_DECIDE + SECOND)
    refused = await broker.post(withdrawal("W-1", POINT, case), SOUTH)
    assert (refused.status, refused.codes) == (503, ["SB:T16"])
    assert await state(broker, case) == "awaiting_approval"
    assert await broker.service.deadlines.sweep() == 0
    assert await sweep_stands(broker)
    assert (await broker.post(withdrawal("W-1", POINT, case), SOUTH)).status == 503
    await go_on(broker)
    late = await broker.post(withdrawal("W-1", POINT, case), SOUTH)
    assert (late.status, late.codes) == (422, ["SB:S09"])
    assert await broker.mailbox(SOUTH) == ["ApprovalNotice"]


async def test_a_step_back_of_less_than_a_second_is_what_time_servers_do(
    broker: Broker, clock: VirtualClock, case: str
) -> None:
    clock.jump_to(clock.now() - timedelta(milliseconds=900))
    clock.move_to(HOUR_TO_DECIDE - timedelta(milliseconds=1))
    assert (await broker.post(switch_request("S-1", sample_point(11)), SOUTH)).status == 200
    clock.jump_to(clock.now() - timedelta(milliseconds=900))
    assert not await sweep_stands(broker)
    clock.move_to(HOUR_TO_DECIDE + 5 * SECOND)
    assert await broker.service.deadlines.sweep() == 1


async def test_messages_are_taken_while_the_sweep_stands(
    broker: Broker, clock: VirtualClock, case: str
) -> None:
    clock.jump_to(clock.now() + timedelta(minutes=6))
    await broker.service.deadlines.sweep()
    other = await broker.post(switch_request("S-1", sample_point(11)), SOUTH)
    assert (other.status, await state(broker, other.case)) == (200, "awaiting_reading")
    taken = reading(
        "R-1",
        sample_point(11),
        taken_at="2026-04-24T10:05:00+02:00",
        value="24900",
        case=other.case,
    )
    assert (await broker.post(taken, SOUTH)).status == 200
    assert await broker.mailbox(NORTH) == [
        "ApprovalNotice",
        "SwitchCompleted",
        "FinalSettlement",
        "RegisterChangeNotice",
    ]


async def test_a_stopped_sweep_stays_stopped_after_a_restart(
    database: Path, clock: VirtualClock
) -> None:
    async with running(database, clock=clock) as broker:
        case = (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case
        clock.jump_to(clock.now() + timedelta(hours=1))
        await broker.service.deadlines.sweep()
    async with running(database, clock=VirtualClock(HOUR_TO_DECIDE)) as broker:
        assert await sweep_stands(broker)
        assert await state(broker, case) == "awaiting_approval"
        await go_on(broker)
        assert await broker.service.deadlines.reach_deadlines(HOUR_TO_DECIDE) == 1


async def test_a_clock_behind_the_journal_stops_the_sweep_at_the_start(
    database: Path, clock: VirtualClock
) -> None:
    """Nothing is due by the wrong clock, yet the alarm comes before anything is written by it."""
    async with running(database, clock=clock) as broker:
        case = (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case
    behind = VirtualClock(FRIDAY - timedelta(minutes=20))
    async with running(database, clock=behind) as broker:
        assert await sweep_stands(broker)
        assert (await broker.post(switch_request("S-1", sample_point(11)), SOUTH)).status == 200
        behind.jump_to(HOUR_TO_DECIDE)
        assert await broker.service.deadlines.sweep() == 0
        assert await state(broker, case) == "awaiting_approval"
        await go_on(broker)
        assert await broker.service.deadlines.reach_deadlines(HOUR_TO_DECIDE) == 1


async def test_going_on_where_nothing_stands_says_so(broker: Broker) -> None:
    assert await go_on(broker) == b'{"went_on":false}'
    assert broker.count("journal") == 0


async def test_an_outage_past_the_period_leaves_the_case_to_the_operator(
    database: Path, clock: VirtualClock
) -> None:
    async with running(database, clock=clock) as broker:
        case = (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case
    async with running(database, clock=VirtualClock(END_OF_PERIOD + SECOND)) as broker:
        assert await state(broker, case) == "awaiting_approval"
        assert await broker.mailbox(SOUTH) == []
        assert case.encode() in (await broker.get("/operator/tasks", OPERATOR)).body
