"""The simulated parties as processes: they do their part, outlive the broker, end when told."""

import asyncio
import re
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest

from broker.__main__ import main
from broker.clock import SystemClock
from broker.engine.calendar import local_day
from broker.scenarios.demo_messages import request
from tests.otherside.processes import at_work, children_of, command, ended, runs, until
from tests.web.letters import METERING_CENTRE, NORTH, ROOT, SOUTH
from tests.web.running import Broker, running


def remote_request(now: datetime) -> bytes:
    """A request for today's midnight at a point read remotely."""
    return request(
        3,
        "JE-1",
        now,
        others={"RequestedDate/Date": local_day(now).isoformat()},
        without=("RequestedDate/AsSoonAsPossible",),
    )


async def switched(broker: Broker, case: str) -> bool:
    """Whether the switch has been carried out."""
    return (await broker.get(f"/cases/{case}", SOUTH)).text("State") == "completed"


async def nothing_waits(broker: Broker, party: str) -> bool:
    """Whether the party has acknowledged everything."""
    return await broker.mailbox(party) == []


async def test_three_parties_complete_a_switch_each(database_of_today: Path, now: datetime) -> None:
    folder = database_of_today.parent
    async with running(database_of_today, clock=SystemClock()) as broker:
        url = broker.address
        async with (
            at_work("metering-centre", METERING_CENTRE, url, folder, "--faulty-once") as centre,
            at_work("supplier", SOUTH, url, folder, "--delay", "1s") as new,
            at_work("supplier", NORTH, url, folder) as old,
        ):
            remote = (await broker.post(remote_request(now), SOUTH)).case
            by_customer = (await broker.post(request(1, "JE-2", now), SOUTH)).case
            await until(lambda: switched(broker, remote))
            await until(lambda: switched(broker, by_customer))
            for party in (METERING_CENTRE, SOUTH, NORTH):
                await until(lambda party=party: nothing_waits(broker, party))
            assert [await ended(process) for process in (centre, new, old)] == [0, 0, 0]
        refused = broker.rows("SELECT party FROM inbox WHERE http_status = 422")
        assert refused == [(METERING_CENTRE,)]


async def test_a_centre_outlives_the_broker(
    database_of_today: Path, now: datetime, port_to_keep: int
) -> None:
    url, folder = f"http://127.0.0.1:{port_to_keep}", database_of_today.parent
    async with at_work("metering-centre", METERING_CENTRE, url, folder) as centre:
        async with running(database_of_today, clock=SystemClock(), port=port_to_keep) as broker:
            centre.send_signal(signal.SIGSTOP)
            case = (await broker.post(remote_request(now), SOUTH)).case
        centre.send_signal(signal.SIGCONT)
        await asyncio.sleep(2)
        assert centre.returncode is None
        async with running(database_of_today, clock=SystemClock(), port=port_to_keep) as broker:
            await until(lambda: switched(broker, case))
            await until(lambda: nothing_waits(broker, METERING_CENTRE))
        assert await ended(centre) == 0


async def test_a_party_ends_with_its_input(database: Path) -> None:
    more = "--while-input-is-open"
    url = "http://127.0.0.1:1"
    async with at_work("supplier", SOUTH, url, database.parent, more) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 30) == 0


async def test_a_party_that_is_not_known_is_told(database: Path) -> None:
    async with running(database) as broker:
        words = command("supplier", SOUTH, broker.address, database.parent)
        (database.parent / f"{SOUTH}.token").write_text("no such token\n", "utf-8")
        process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stderr=subprocess.PIPE)
        _, told = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert b"answers 401" in told
    assert b"Traceback" not in told


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["supplier", "--token-file", "no-such-file"], 1, "cannot be read"),
        (["supplier", "--token-file", "x", "--delay", "soon"], 2, "no length of time"),
        (["supplier", "--token-file", "x", "--per-day", "much"], 2, "is no number"),
        (["metering-centre", "--token-file", "x", "--meters", "none.csv"], 1, "holds no meters"),
    ],
)
def test_what_it_cannot_be_started_with_is_told(
    words: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        done: object = main(["otherside", *words])
    except SystemExit as ended_by_usage:
        done = ended_by_usage.code
    assert done == code
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("role", ["metering-centre", "supplier"])
def test_every_option_is_described(role: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["otherside", role, "--help"])
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    page = (ROOT / "docs" / "other-side.md").read_text("utf-8")
    assert [one for one in sorted(options) if f"| `{one}` |" not in page] == []


async def demo(folder: Path, *more: str) -> asyncio.subprocess.Process:
    """A demo that is served, once it says so; its log is beside its folder."""
    log = folder / "demo.log"
    with log.open("wb") as told:
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "broker", "serve", "--demo", "--port", "0"],
            *["--demo-folder", str(folder / "demo"), *more],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=told,
        )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while line := await process.stdout.readline():
            if line.startswith(b"the broker listens on "):
                return process
    raise AssertionError(f"the demo ended: {await process.wait()}\n{log.read_text('utf-8')}")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
async def test_the_other_side_ends_with_the_demo(tmp_path: Path, how: signal.Signals) -> None:
    process = await demo(tmp_path)
    started = children_of(process.pid)
    assert len(started) == 3

    async def gone() -> bool:
        return not any(runs(one) for one in started)

    process.send_signal(how)
    await asyncio.wait_for(process.communicate(), 30)
    await until(gone)
    if how is signal.SIGTERM:
        assert process.returncode == 0


async def test_the_demo_can_be_served_alone(tmp_path: Path) -> None:
    process = await demo(tmp_path, "--alone")
    try:
        assert children_of(process.pid) == []
    finally:
        process.terminate()
        await asyncio.wait_for(process.communicate(), 30)


async def test_the_simulated_centre_of_the_demo_answers(tmp_path: Path) -> None:
    process = await demo(tmp_path)
    try:
        lines = (tmp_path / "demo" / "tokens.sh").read_text("utf-8").splitlines()
        values = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        headers = {
            "Authorization": f"Bearer {values['NEW_SUPPLIER_TOKEN']}",
            "Content-Type": "application/xml",
        }
        async with aiohttp.ClientSession(values["URL"], headers=headers) as client:
            for name, token in (
                ("request-remote.xml", "NEW_SUPPLIER_TOKEN"),
                ("request-by-soncna.xml", "SONCNA_TOKEN"),
            ):
                message = (tmp_path / "demo" / name).read_bytes()
                by = {"Authorization": f"Bearer {values[token]}"}
                async with client.post("/messages", data=message, headers=by) as answer:
                    assert answer.status == 200

            async def both_completed() -> bool:
                async with client.get("/mailbox?limit=1000") as listing:
                    return (await listing.text()).count("SwitchCompleted") == 2

            await until(both_completed)
    finally:
        process.terminate()
        await asyncio.wait_for(process.communicate(), 30)
