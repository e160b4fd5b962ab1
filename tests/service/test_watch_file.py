"""The last seal and a disk that runs full: told to the log when it is time, and only then."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from broker.clock import VirtualClock
from broker.store import seals
from broker.store.connection import UnableToOpen
from tests.store.tampering import with_a_broken_page
from tests.web.letters import SOUTH, sample_point, switch_request
from tests.web.running import FRIDAY, running

ENOUGH, NEVER_ENOUGH = 0, 10**12


def told(caplog: pytest.LogCaptureFixture, what: str) -> list[str]:
    return [text for text in caplog.messages if what in text]


async def test_the_seal_is_told_at_the_start_each_hour_and_at_the_stop(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = VirtualClock(FRIDAY)
    async with running(database, clock=clock) as broker:
        at_start = seals.last_seal(broker.service.reader)
        assert told(caplog, "the last seal") == [
            f"the last seal is {at_start} of {FRIDAY.isoformat()}"
        ]
        await broker.post(switch_request("S-1", sample_point(1)), SOUTH)
        clock.move_to(FRIDAY + timedelta(minutes=59))
        await broker.service.watch.look()
        assert len(told(caplog, "the last seal")) == 1
        clock.move_to(FRIDAY + timedelta(minutes=60))
        await broker.service.watch.look()
        hourly = seals.last_seal(broker.service.reader)
        assert str(hourly) in told(caplog, "the last seal")[-1]
        clock.move_to(FRIDAY + timedelta(minutes=180))
        await broker.service.watch.look()
        assert len(told(caplog, "the last seal")) == 2
        await broker.post(switch_request("S-2", sample_point(11)), SOUTH)
        at_stop = seals.last_seal(broker.service.reader)
    assert str(at_stop) in told(caplog, "the last seal")[-1]
    assert len(told(caplog, "the last seal")) == 3


@pytest.mark.parametrize(
    ("least", "alarms", "disk"), [(ENOUGH, 0, b"enough"), (NEVER_ENOUGH, 1, b"short")]
)
async def test_a_disk_that_runs_full_is_told_once_and_to_who_asks(
    database: Path, caplog: pytest.LogCaptureFixture, least: int, alarms: int, disk: bytes
) -> None:
    async with running(database, disk_free_mib_min=least) as broker:
        await broker.service.watch.look()
        await broker.service.watch.look()
        ready = await broker.get("/health/ready", None)
    assert len(told(caplog, "ALARM: the disk has")) == alarms
    assert (ready.status, b'"disk": "' + disk in ready.body) == (200, True)


async def test_a_damaged_file_is_refused_at_the_start_where_that_is_set(
    database: Path, tmp_path: Path
) -> None:
    damaged = with_a_broken_page(database, tmp_path / "damaged.sqlite", "supply")
    async with running(database, check_at_start=True) as broker:
        assert (await broker.get("/health/ready", None)).status == 200
    with pytest.raises(UnableToOpen, match="the file is damaged"):
        async with running(damaged, check_at_start=True):
            pass
