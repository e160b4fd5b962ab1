"""An allowance is used up by asking and comes back with time; one party's is not another's."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.clock import VirtualClock
from broker.messages.identifiers import Eic
from broker.web import allowances
from broker.web.allowances import Allowances
from broker.web.bodies import SMALL_BYTES_MAX, Bodies, UnableToHold, UnableToHoldMoreOfOne
from tests.web.letters import NORTH, SOUTH
from tests.web.running import FRIDAY

JUG, SEVER = Eic(SOUTH), Eic(NORTH)


def of(clock: VirtualClock, most: float = 3, per_second: float = 2.0) -> Allowances:
    return Allowances(most=most, per_second=per_second, monotonic=clock.monotonic)


def pass_(clock: VirtualClock, seconds: float) -> None:
    clock.move_to(clock.now() + timedelta(seconds=seconds))


def test_so_much_at_once_then_as_it_comes_back() -> None:
    clock = VirtualClock(FRIDAY)
    some = of(clock)
    assert [some.seconds_to_wait("a") for _ in range(5)] == [0, 0, 0, 1, 1]
    pass_(clock, 0.5)
    assert [some.seconds_to_wait("a") for _ in range(2)] == [0, 1]
    pass_(clock, 3600)
    assert [some.seconds_to_wait("a") for _ in range(4)] == [0, 0, 0, 1]


def test_one_who_asks_too_often_takes_nothing_from_another() -> None:
    some = of(VirtualClock(FRIDAY))
    assert any(some.seconds_to_wait("a") for _ in range(100))
    assert [some.seconds_to_wait("b") for _ in range(3)] == [0, 0, 0]


def test_who_waits_as_long_as_it_is_told_may_ask() -> None:
    clock = VirtualClock(FRIDAY)
    some = of(clock, per_second=0.1)
    some.charge("a", 5)
    wait = some.seconds_to_wait("a")
    assert wait == 30
    pass_(clock, wait)
    assert some.seconds_to_wait("a") == 0


def test_setting_the_wall_clock_gives_nothing() -> None:
    clock = VirtualClock(FRIDAY)
    some = of(clock)
    some.charge("a", 3)
    clock.jump_to(FRIDAY + timedelta(days=365))
    assert some.seconds_to_wait("a") == 1


def test_who_was_forgotten_has_a_whole_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowances, "_REMEMBERED_MAX", 2)
    some = of(VirtualClock(FRIDAY), most=1)
    assert [some.seconds_to_wait(who) for who in "abab"] == [0, 0, 1, 1]
    assert [some.seconds_to_wait(who) for who in "cba"] == [0, 1, 0]


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 5), st.floats(0, 10)), max_size=40),
    st.integers(1, 20),
    st.floats(0.1, 50),
)
def test_nobody_ever_gets_more_than_allowance_and_time_give(
    asked: list[tuple[str, float, float]], most: int, per_second: float
) -> None:
    clock = VirtualClock(FRIDAY)
    some = of(clock, most, per_second)
    let_in = {"a": 0.0, "b": 0.0}
    for who, waited, more in asked:
        pass_(clock, waited)
        if some.seconds_to_wait(who) == 0:
            let_in[who] += 1
            some.charge(who, more)
            let_in[who] += min(more, most)
        # The last one let in may be charged for up to one whole allowance more.
        assert let_in[who] <= 2 * most + clock.monotonic() * per_second + 1


def test_room_is_given_back_and_counted_by_party() -> None:
    bodies = Bodies(bytes_max=5 * SMALL_BYTES_MAX, bytes_per_party_max=3 * SMALL_BYTES_MAX)
    with bodies.room(JUG) as room:
        room.grow_to(2 * SMALL_BYTES_MAX)
        room.grow_to(3 * SMALL_BYTES_MAX)
        with bodies.room(JUG) as another, pytest.raises(UnableToHoldMoreOfOne):
            another.grow_to(SMALL_BYTES_MAX + 1)
        with bodies.room(SEVER) as others, pytest.raises(UnableToHold):
            others.grow_to(2 * SMALL_BYTES_MAX + 1)
        with bodies.room(SEVER) as others:
            others.grow_to(2 * SMALL_BYTES_MAX)
    with bodies.room(JUG) as room:
        room.grow_to(3 * SMALL_BYTES_MAX)


def test_small_messages_need_no_room() -> None:
    bodies = Bodies(bytes_max=1, bytes_per_party_max=1)
    with bodies.room(JUG) as room:
        room.grow_to(SMALL_BYTES_MAX)
        with pytest.raises(UnableToHold):
            room.grow_to(SMALL_BYTES_MAX + 1)
