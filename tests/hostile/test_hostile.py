"""Hostile input: a small seeded portion of what `scripts/fuzz` runs by the hundred thousand."""

import logging
import random
from pathlib import Path

import pytest
from hypothesis import given, settings

from broker.wire.envelope import header_facts
from broker.wire.findings import FINDINGS_MAX
from broker.wire.read import ReadMessage, read
from tests.hostile.harness import LogWatch, Seen, run
from tests.hostile.inputs import HOSTILE_INPUTS, WAYS, Way, samples

INPUTS = 800


def test_whatever_is_posted_gets_an_answer_and_does_no_harm(tmp_path: Path) -> None:
    seen = Seen()
    run(tmp_path / "broker.sqlite", INPUTS, 20260424, seen, lambda _: None)
    assert seen.faults == []
    assert seen.count >= INPUTS
    assert set(seen.statuses) >= {200, 400, 403, 422}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(HOSTILE_INPUTS)
def test_whatever_is_read_is_a_message_or_findings(data: bytes) -> None:
    """The way in by itself, so that hypothesis can make what fails small: nothing is raised."""
    found = read(data)
    assert isinstance(found, ReadMessage) or 1 <= len(found) <= FINDINGS_MAX
    facts = header_facts(data)
    assert facts.message_id is None or len(facts.message_id) <= 36
    for finding in () if isinstance(found, ReadMessage) else found:
        for text in (finding.place, finding.found, finding.expected):
            assert len((text or "").splitlines()) <= 1


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_way_makes_something_of_every_sample(way: Way) -> None:
    made = {way(sample, random.Random(n)) for sample in samples() for n in range(5)}
    assert made - set(samples())


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
