"""The command line: first set-up of a file, and the operator's staff at a running service."""

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from threading import Thread
from unittest.mock import patch

import pytest

from broker.__main__ import main
from broker.store.row_sums import add_functions
from tests.service.process import Process, as_json, serving
from tests.web.letters import (
    NORTH,
    OPERATOR,
    REGISTER,
    SOUTH,
    doubtful_request,
    reading,
    sample_point,
)
from tests.web.running import token_of

POINT = sample_point(1)
FRIDAY = "2026-04-24T10:00:00+02:00"
BY = ("--by", "Nada Zgled", "--why", "the name was misspelt")


@pytest.fixture
def process(database: Path) -> Iterator[Process]:
    """A service that runs on the file of this test."""
    with serving(database, FRIDAY) as started:
        yield started


@dataclass(frozen=True, slots=True)
class Done:
    """What a command gave: its exit code, what it said, what it complained of."""

    returncode: int
    stdout: str
    stderr: str


def command(*arguments: str, **environment: str) -> Done:
    """Run a command in this process; what would be a stack trace is raised."""
    said, complaint = StringIO(), StringIO()
    with redirect_stdout(said), redirect_stderr(complaint), patch.dict(os.environ, environment):
        try:
            code = main(list(arguments))
        except SystemExit as wrong_usage:
            code = int(wrong_usage.code or 0)
    return Done(code, said.getvalue(), complaint.getvalue())


def staff(process: Process, *arguments: str) -> tuple[int, str, str]:
    """A command of the operator's staff: exit code, what it said, what it complained of."""
    done = command(*arguments, "--url", process.address, BROKER_TOKEN=token_of(OPERATOR))
    return done.returncode, done.stdout, done.stderr


def test_a_file_is_set_up_by_import_and_token(tmp_path: Path) -> None:
    file = ("--database", str(tmp_path / "new.sqlite"))
    imported = command(*file, "import", str(REGISTER))
    assert imported.returncode == 0, imported.stderr
    assert "64 accounting points" in imported.stdout
    token = command(*file, "token", SOUTH, "first")
    assert (token.returncode, len(token.stdout.strip())) == (0, 43)
    again = command(*file, "token", SOUTH, "first")
    assert_refused(again.returncode, again.stderr)
    assert "first" in again.stderr
    twice = command(*file, "import", str(REGISTER))
    assert_refused(twice.returncode, twice.stderr)
    stranger = command(*file, "token", "28XNIKOGAR-----Z", "first")
    assert_refused(stranger.returncode, stranger.stderr)
    verified = command(*file, "verify")
    assert (verified.returncode, verified.stdout) == (0, "verified: 0 damaged, 0 erased\n")
    with closing(sqlite3.connect(tmp_path / "new.sqlite")) as connection:
        assert token.stdout.strip().encode() not in b"".join(connection.serialize().splitlines())


def assert_refused(code: int, complaint: str) -> None:
    """One line that says what is wrong, and no stack trace."""
    assert code == 1
    assert complaint.startswith("broker: ")
    assert "Traceback" not in complaint


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "no/such/folder"),
        ("verify",),
        ("serve",),
        ("token", SOUTH, "label"),
    ],
)
def test_what_is_missing_is_said_in_a_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = command("--database", str(tmp_path / "none.sqlite"), *arguments)
    assert_refused(done.returncode, done.stderr)


@pytest.mark.parametrize("arguments", [("import", str(REGISTER)), ("serve",), ("verify",)])
def test_a_folder_that_is_not_there_is_said_in_a_line(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = command("--database", str(tmp_path / "none" / "x.sqlite"), *arguments)
    assert_refused(done.returncode, done.stderr)


@pytest.mark.parametrize("arguments", [("serve",), ("verify",), ("import", str(REGISTER))])
def test_what_is_no_database_is_said_in_a_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    file = tmp_path / "letter.txt"
    file.write_bytes(b"Dobro jutro! " * 1000)
    done = command("--database", str(file), *arguments)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1
    assert file.read_bytes() == b"Dobro jutro! " * 1000


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("sing",),
        ("serve", "--port", "many"),
        ("token", SOUTH),
        ("decide", "x", "forget", *BY),
        ("decide", "x", "approve"),
        ("go-on",),
    ],
)
def test_wrong_usage_is_told_and_exits_2(arguments: tuple[str, ...]) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert "usage: broker" in done.stderr


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("[service]\nprot = 80\n", encoding="utf-8")
    done = command("--config", str(settings), "serve")
    assert_refused(done.returncode, done.stderr)
    assert "'prot'" in done.stderr


def test_a_held_file_is_left_alone(process: Process, database: Path) -> None:
    file = ("--database", str(database))
    for arguments in (("serve",), ("token", SOUTH, "other"), ("import", str(REGISTER))):
        done = command(*file, *arguments)
        assert_refused(done.returncode, done.stderr)
        assert "held by another process" in done.stderr
    assert command(*file, "verify").returncode == 0
    assert process.ask("GET", "/mailbox", SOUTH).status == 204


def test_staff_see_and_decide_what_is_in_doubt(process: Process) -> None:
    asked = process.post(doubtful_request("D-1", POINT), SOUTH)
    code, said, _ = staff(process, "tasks")
    assert code == 0
    (task,) = as_json(said)["tasks"]
    assert (task["case_id"], task["phase"]) == (asked.case, "awaiting_approval")
    code, said, complaint = staff(process, "decide", asked.case, "approve", *BY)
    assert (code, complaint) == (0, "")
    assert as_json(said)["state"] == "awaiting_reading"
    assert process.ask("GET", "/mailbox", SOUTH).headers["Document-Kind"] == "ApprovalNotice"
    assert process.ask("GET", "/mailbox", NORTH).headers["Document-Kind"] == "ApprovalNotice"
    code, _, complaint = staff(process, "decide", asked.case, "approve", *BY)
    assert (code, "SB:S12" in complaint) == (1, True)
    early = reading("R-1", POINT, taken_at="2026-04-24T09:00:00+02:00", value="14900")
    assert process.post(early, SOUTH).status == 200
    assert as_json(staff(process, "tasks")[1]) == {"tasks": [], "collections": []}


def test_staff_reject_with_codes_alone_unless_it_is_another_ground(process: Process) -> None:
    asked = process.post(doubtful_request("D-1", POINT), SOUTH)
    reject = ("decide", asked.case, "reject", *BY)
    for wrong in ((), ("--code", "260:E99"), ("--code", "260:E14"), ("--code", "SB:T01")):
        code, _, complaint = staff(process, *reject, *wrong)
        assert (code, "Traceback" in complaint) == (1, False), wrong
    other = ("--code", "260:E10", "--code", "260:E14", "--text", "Podpis ni čitljiv.")
    code, said, _ = staff(process, *reject, *other)
    assert (code, as_json(said)["state"]) == (0, "rejected")
    notice = process.ask("GET", "/mailbox", SOUTH)
    assert notice.texts("Code") == ["E10", "E14"]
    assert "Podpis ni čitljiv." in notice.body.decode()
    assert process.ask("GET", "/mailbox", NORTH).status == 204


def test_what_staff_get_wrong_is_said_in_a_line(process: Process, tmp_path: Path) -> None:
    nowhere = command("tasks", "--url", "http://127.0.0.1:1", "--token", "x")
    assert_refused(nowhere.returncode, nowhere.stderr)
    for arguments in (
        ("tasks", "--url", "not an address", "--token", "x"),
        ("tasks", "--url", process.address, "--token", "č"),
        ("decide", "no such case/x?", "approve", *BY, "--url", process.address, "--token", "x"),
        ("tasks", "--url", process.address, "--token", token_of(SOUTH)),
    ):
        done = command(*arguments)
        assert done.returncode == 1, arguments
        assert "Traceback" not in done.stderr, arguments
    code, _, complaint = staff(process, "decide", "no-such-case", "approve", *BY)
    assert (code, "E47" in complaint) == (1, True)


def test_a_service_that_hangs_up_is_said_in_a_line() -> None:
    def hang_up() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1000)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = Thread(target=hang_up)
        answering.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        done = command("tasks", "--url", url, "--token", "x")
        answering.join()
    assert_refused(done.returncode, done.stderr)


def test_going_on_is_said(process: Process) -> None:
    code, said, _ = staff(process, "go-on", *BY)
    assert (code, as_json(said)) == (0, {"went_on": False})


def test_damage_is_found_and_told(database: Path) -> None:
    with serving(database, FRIDAY) as process:
        process.post(doubtful_request("D-1", POINT), SOUTH)
        assert process.stop() == 0
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        add_functions(connection)  # so that the sums follow, and the journal alone tells of it
        connection.execute("UPDATE cases SET phase = 'awaiting_reading'")
    done = command("--database", str(database), "verify")
    assert done.returncode == 1
    assert "damaged\tcase " in done.stdout
    assert "not_sealed\ttables" in done.stdout
