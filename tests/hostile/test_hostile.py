"""Hostile input: a small seeded portion of what `scripts/fuzz` runs by the hundred thousand."""

import logging
from pathlib import Path

import pytest

from tests.hostile.harness import LogWatch, Seen, run

INPUTS = 800


def test_whatever_is_posted_gets_an_answer_and_does_no_harm(tmp_path: Path) -> None:
    seen = run(tmp_path / "broker.sqlite", INPUTS, 20260424, lambda _: None)
    assert seen.faults == []
    assert seen.count >= INPUTS
    assert set(seen.statuses) >= {200, 400, 403, 422}


@pytest.mark.parametrize(
    "line",
    [
        "ALARM: deadline parked",
        "a message of Ana Zgled",
        "two\nlines",
    ],
)
def test_what_must_not_be_in_the_log_is_seen(line: str) -> None:
    """The harness itself: a line that an operator must not read, or must act on, is a fault."""
    seen = Seen()
    watch = LogWatch(seen)
    watch.handle(logging.LogRecord("broker", logging.INFO, "", 0, "all is well", (), None))
    assert seen.faults == []
    watch.handle(logging.LogRecord("broker", logging.INFO, "", 0, line, (), None))
    assert len(seen.faults) == 1
