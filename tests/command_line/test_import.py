"""`broker import` on the command line: codes, report and bar, into a file and into a service.

Method: `main` as the command line calls it; the service runs in this process, in a loop of its own.
"""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest

from broker.__main__ import main
from broker.clock import SystemClock
from broker.config import Config, ServiceSettings
from broker.messages.identifiers import Eic
from broker.scenarios.invented_register import write_register
from broker.service import Service
from broker.store import participants
from broker.store.connection import open_for_reading, open_for_writing

SAMPLE = Path(__file__).resolve().parents[2] / "fixtures" / "register"
OPERATOR = Eic("28XOMREZJE-ZGLE0")
TOKEN = "aa" * 32
THEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the file lies."""
    return tmp_path / "broker.sqlite"


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """The sample register with one faulty cell, on line 2."""
    folder = Path(shutil.copytree(SAMPLE, tmp_path / "faulty"))
    path = folder / "billed_quantities.csv"
    path.write_text(path.read_text("utf-8").replace("4015", "much", 1), "utf-8")
    return folder


@pytest.fixture
def url(database: Path) -> Iterator[str]:
    """A service on the sample register, with a token for its operator."""
    assert main(["--database", str(database), "import", str(SAMPLE)]) == 0
    with closing(open_for_writing(database)) as connection:
        participants.issue_token(connection, OPERATOR, "staff", TOKEN, THEN)
    settings = ServiceSettings(database=database, port=0)
    service = Service(Config(service=settings), SystemClock())
    started, stop = Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        await service.start()
        started.set()
        await stop.wait()
        await service.stop()

    thread = Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert started.wait(20)
    yield service.address
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


class TestIntoAFile:
    """The first import."""

    def test_a_register_that_is_right(
        self, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--database", str(database), "import", str(SAMPLE)]) == 0
        out, err = capsys.readouterr()
        assert "64 accounting points" in out
        assert err == ""  # no bar where there is no terminal

    def test_a_bar_when_it_is_asked_for(
        self, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--database", str(database), "import", str(SAMPLE), "--progress"]) == 0
        assert "checking points" in capsys.readouterr().err

    def test_a_faulty_one_is_refused(
        self, database: Path, faulty: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--database", str(database), "import", str(faulty)]) == 1
        err = capsys.readouterr().err
        assert "billed_quantities.csv:2 kwh: must be a whole number (found 'much')" in err
        assert "nothing was loaded" in err

    def test_a_faulty_one_is_loaded_in_part(
        self, database: Path, faulty: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        command = ["--database", str(database), "import", str(faulty), "--skip-faulty"]
        assert main(command) == 3
        out = capsys.readouterr().out
        assert "skipped billed_quantities.csv:2 kwh: must be a whole number" in out
        assert "1 rows skipped" in out


class TestIntoAService:
    """Imports into the living register."""

    def test_an_invented_register_of_several_batches(
        self, url: str, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write_register(tmp_path / "invented", 250, parties=SAMPLE)
        command = ["import", str(tmp_path / "invented"), "--url", url, "--token", TOKEN]
        assert main([*command, "--progress"]) == 0
        out, err = capsys.readouterr()
        assert "250 points" in out
        assert "100%" in err
        with closing(open_for_reading(database)) as connection:
            [(points,)] = connection.execute("SELECT count(*) FROM accounting_points")
            assert points == 314
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert main(command) == 0
        assert "0 points" in capsys.readouterr().out

    def test_a_faulty_one(self, url: str, faulty: Path, capsys: pytest.CaptureFixture[str]) -> None:
        command = ["import", str(faulty), "--url", url, "--token", TOKEN]
        assert main(command) == 1
        assert "billed_quantities.csv:2 kwh" in capsys.readouterr().err
        assert main([*command, "--skip-faulty"]) == 3
        assert "skipped billed_quantities.csv:2 kwh" in capsys.readouterr().out

    def test_a_token_of_nobody(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["import", str(SAMPLE), "--url", url, "--token", "x"]) == 1
        assert "broker:" in capsys.readouterr().err


def test_a_service_that_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(SAMPLE), "--url", "http://127.0.0.1:1", "--token", TOKEN]) == 1
    assert "does not answer" in capsys.readouterr().err
