"""The demo works on any day: every case stands where it says, every message does what it says.

Method: the demo is made as of an instant, then served on a clock that stands there.
"""

import asyncio
import socket
import stat
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from lxml import etree

from broker.__main__ import main
from broker.clock import VirtualClock
from broker.config import Config
from broker.engine.apply import replay
from broker.engine.state import Phase, WaitsFor
from broker.messages.identifiers import CaseId
from broker.scenarios.demo import MESSAGES, Demo, UnableToMakeDemo, make_demo
from broker.scenarios.demo_other_side import SIMULATED
from broker.service import Service
from broker.store import cases, worklist
from broker.store.connection import UnableToOpenHeldDatabase, hold, open_for_reading
from broker.store.verify import verify
from broker.store.worklist import Wanted
from broker.usecases.list_tasks import Urgency, urgency_of

NEW, OLD, CENTRE = "NEW_SUPPLIER_TOKEN", "OLD_SUPPLIER_TOKEN", "METERING_CENTRE_TOKEN"
SONCNA = "SONCNA_TOKEN"
DAYS = {
    "a Sunday": datetime(2026, 11, 22, 9, tzinfo=UTC),
    "New Year": datetime(2026, 1, 1, 0, 5, tzinfo=UTC),
    "after the holidays of the New Year": datetime(2027, 1, 3, 20, tzinfo=UTC),
    "the day of 23 hours": datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    "the day of 25 hours": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    "Easter Monday": datetime(2026, 4, 6, 12, tzinfo=UTC),
    "after the first of May": datetime(2026, 5, 3, 12, tzinfo=UTC),
    "half an hour after midnight": datetime(2027, 6, 14, 22, 30, tzinfo=UTC),
    "half an hour before midnight": datetime(2027, 6, 15, 21, 30, tzinfo=UTC),
    "the last half millisecond of a second": datetime(
        2026, 11, 22, 13, 15, 10, 999_800, tzinfo=UTC
    ),
    "29 February": datetime(2028, 2, 29, 23, 30, tzinfo=UTC),
    "before the dates of the sample": datetime(2025, 8, 15, 6, tzinfo=UTC),
}
# What each message is answered in this order, by whom it is sent, and the code of a refusal.
STORY = (
    ("request-broken.xml", NEW, 400, "T05"),
    ("request-wrong-digit.xml", NEW, 422, "T15"),
    ("request.xml", NEW, 200, None),
    ("reading-too-high.xml", NEW, 422, "E90"),
    ("reading.xml", NEW, 200, None),
    ("request-remote.xml", NEW, 200, None),
    ("reading-remote.xml", CENTRE, 200, None),
    ("request-by-soncna.xml", SONCNA, 200, None),
    ("request-in-doubt.xml", NEW, 200, None),
    ("withdrawal.xml", NEW, 200, None),
)


@pytest.mark.parametrize("now", DAYS.values(), ids=DAYS.keys())
def test_cases_stand_where_the_demo_says(tmp_path: Path, now: datetime) -> None:
    demo = make_demo(tmp_path / "demo", Config(), now)
    with closing(open_for_reading(demo.config.service.database)) as connection:
        loaded = [cases.load(connection, CaseId(case.case_id)) for case in demo.cases]
        assert [case and case.phase for case in loaded] == [case.phase for case in demo.cases]
        assert verify(connection, replay) == []
        waiting = worklist.waiting(connection, Wanted(), limit=100)
        phases = connection.execute("SELECT phase, count(*) FROM cases GROUP BY phase").fetchall()
    assert {line.waits_for for line in waiting} >= set(WaitsFor) - {WaitsFor.PERIOD_PASSED}
    assert {urgency_of(line, now) for line in waiting} == set(Urgency)
    assert sum(count for _, count in phases) > 30
    by_chance = {Phase.NEW.value, Phase.COMPLETED_UNSETTLED.value}
    assert {phase for phase, _ in phases} >= {phase.value for phase in Phase} - by_chance


@pytest.mark.parametrize("now", DAYS.values(), ids=DAYS.keys())
async def test_messages_do_what_the_demo_says(tmp_path: Path, now: datetime) -> None:
    async with aiohttp.ClientSession() as client:
        demo = await _made(tmp_path / "demo", now)
        config = replace(demo.config, service=replace(demo.config.service, port=0))
        service = Service(config, VirtualClock(now), with_timer=False)
        await service.start()
        try:
            answers = [
                await _answer(client, service, demo, name, by) for name, by, _status, _code in STORY
            ]
            kinds = {by: await _kinds(client, service, demo, by) for by in (NEW, OLD)}
        finally:
            await service.stop()
    assert sorted(name for name, *_ in STORY) == sorted(MESSAGES)
    assert answers == [(status, code) for _name, _by, status, code in STORY]
    to_new = ["ApprovalNotice", "SwitchCompleted"] * 2
    to_old = ["ApprovalNotice", "SwitchCompleted", "FinalSettlement", "RegisterChangeNotice"] * 2
    to_new += ["ApprovalNotice", "WithdrawalConfirmation"]  # the first as old supplier
    assert kinds == {NEW: to_new, OLD: to_old}


async def _made(folder: Path, now: datetime) -> Demo:
    return await asyncio.to_thread(make_demo, folder, Config(), now)


async def _answer(
    client: aiohttp.ClientSession, service: Service, demo: Demo, name: str, by: str
) -> tuple[int, str | None]:
    headers = {"Authorization": f"Bearer {demo.tokens[by]}", "Content-Type": "application/xml"}
    async with client.post(
        f"{service.address}/messages", data=(demo.folder / name).read_bytes(), headers=headers
    ) as answer:
        return answer.status, etree.fromstring(await answer.read()).findtext(".//{*}Code")


async def _kinds(
    client: aiohttp.ClientSession, service: Service, demo: Demo, by: str
) -> list[str | None]:
    headers = {"Authorization": f"Bearer {demo.tokens[by]}"}
    async with client.get(f"{service.address}/mailbox?limit=100", headers=headers) as answer:
        return [kind.text for kind in etree.fromstring(await answer.read()).iter("{*}Kind")]


NOW = DAYS["a Sunday"]


def test_the_tokens_are_for_their_owner_alone(tmp_path: Path) -> None:
    demo = make_demo(tmp_path / "demo", Config(), NOW)
    told = demo.announce("http://127.0.0.1:1")
    file = tmp_path / "demo" / "tokens.sh"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for name, token in demo.tokens.items():
        assert token in told
        assert f"export {name}={token}" in file.read_text("utf-8")
    for one in SIMULATED:
        file = tmp_path / "demo" / one.token_file
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text("utf-8").strip() == demo.tokens[one.token]


def test_who_answers_by_itself_is_told_unless_nobody_does(tmp_path: Path) -> None:
    demo = make_demo(tmp_path / "demo", Config(), NOW)
    assert "answering by themselves" in demo.announce("http://127.0.0.1:1")
    assert "answering by themselves" not in demo.announce("http://127.0.0.1:1", alone=True)


def test_it_is_made_afresh_and_other_files_stay(tmp_path: Path) -> None:
    first = make_demo(tmp_path / "demo", Config(), NOW)
    (tmp_path / "demo" / "mine.txt").write_text("mine", "utf-8")
    second = make_demo(tmp_path / "demo", Config(), NOW)
    assert not set(first.tokens.values()) & set(second.tokens.values())
    assert (tmp_path / "demo" / "mine.txt").read_text("utf-8") == "mine"


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo.sqlite").write_text("mine", "utf-8")
    with pytest.raises(UnableToMakeDemo, match="holds other things"):
        make_demo(tmp_path, Config(), NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["demo.sqlite"]


def test_an_empty_file_is_not_served_and_the_next_step_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "new.sqlite"
    assert main(["--database", str(database), "serve", "--port", "0"]) == 1
    assert f"python -m broker --database {database} import FOLDER" in capsys.readouterr().err


def test_the_demo_keeps_a_file_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--database", str(tmp_path / "x.sqlite"), "serve", "--demo"]) == 1
    assert "leave out --database" in capsys.readouterr().err


def test_a_demo_that_is_served_is_left_alone(tmp_path: Path) -> None:
    demo = make_demo(tmp_path / "demo", Config(), NOW)
    before = {path: path.read_bytes() for path in demo.folder.rglob("*") if path.is_file()}
    with hold(demo.config.service.database), pytest.raises(UnableToOpenHeldDatabase):
        make_demo(demo.folder, Config(), NOW)
    assert {path: path.read_bytes() for path in demo.folder.rglob("*") if path.is_file()} == before


def test_an_address_that_is_taken_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--demo", "--port", str(port)]) == 1
    assert f"127.0.0.1:{port}: " in capsys.readouterr().err
