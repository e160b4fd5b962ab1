"""A service that is killed in the middle of an import: all of the import is there, or nothing.

Method: the real process is killed while it checks, while it stages and around the switch-over;
what is on record then is read from the file, before and after the next start.
"""

import io
import json
import sqlite3
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from broker.scenarios.invented_register import write_register
from broker.store.connection import open_for_reading
from broker.store.register import point_facts
from tests.service.process import Process, command, serving
from tests.web.letters import REGISTER
from tests.web.running import token_of

FRIDAY = "2026-04-24T10:00:00+02:00"
OPERATOR = "28XOMREZJE-ZGLE0"
FIRST = 200_000_001
POINTS = 800
TODAY = date(2026, 4, 24)
TABLES = (
    *("participants", "participant_roles", "issued_gsrns", "customers", "metering_sites"),
    *("delivery_points", "accounting_points", "supply", "meters", "meter_registers"),
    *("readings", "reading_values", "billed_quantities", "daily_blocks", "register_imports"),
)
Register = dict[str, list[tuple[Any, ...]]]
HIDDEN = "SELECT count(*) FROM accounting_points WHERE brought_by IS NOT NULL"
SWITCHED_OVER = "SELECT count(*) FROM register_imports WHERE switched_over_at IS NOT NULL"
WITHIN_SECONDS = 60


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An invented register of some batches, of parties that are on record."""
    folder = tmp_path_factory.mktemp("invented") / "register"
    write_register(folder, POINTS, parties=REGISTER, first=FIRST)
    return folder


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def dump(path: Path) -> Register:
    """Every row of the register."""
    return {table: rows(path, f"SELECT * FROM {table}") for table in TABLES}


def upload(process: Process, register: Path) -> str:
    """Hand the register to the service; the number of the import."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for file in register.iterdir():
            archive.write(file, file.name)
    answer = process.ask(
        *("POST", "/operator/imports", OPERATOR, target.getvalue()),
        content_type="application/zip",
    )
    assert answer.status == 202, answer.body
    return str(json.loads(answer.body)["import"])


def until(reached: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WITHIN_SECONDS
    while not reached():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.002)


def step(process: Process, number: str) -> str:
    answer = process.ask("GET", f"/operator/imports/{number}", OPERATOR)
    return str(json.loads(answer.body)["step"])


def is_cleared(path: Path, before: Register) -> bool:
    return rows(path, HIDDEN) == [(0,)] and dump(path) == before


def assert_as_before_and_repeatable(database: Path, register: Path, before: Register) -> None:
    """What lies around goes with the next start, and a new import works beside it."""
    with serving(database, FRIDAY) as process:
        until(lambda: is_cleared(database, before))
        until(lambda: list(database.parent.glob("*.import-*")) == [])
        again = command(
            *("import", str(register), "--url", process.address),
            *("--token", token_of(OPERATOR)),
        )
        assert again.returncode == 0, again.stderr
        assert process.stop() == 0
    assert_whole(database)


def assert_whole(database: Path) -> None:
    """All of one import is on record, once, and nothing is damaged."""
    assert rows(database, SWITCHED_OVER) == [(1,)]
    assert rows(database, HIDDEN) == [(POINTS,)]
    imports = "SELECT count(*) FROM journal WHERE kind = 'RegisterImported'"
    assert rows(database, imports) == [(1,)]
    assert rows(database, "PRAGMA foreign_key_check") == []
    verification = command("--database", str(database), "verify")
    assert (verification.returncode, verification.stdout) == (0, "verified: 0 damaged, 0 erased\n")
    assert list(database.parent.glob("*.import-*")) == []


def test_while_the_files_are_checked(database: Path, register: Path) -> None:
    before = dump(database)
    with serving(database, FRIDAY) as process:
        number = upload(process, register)
        until(lambda: step(process, number) != "waiting")
        process.kill()
    assert rows(database, SWITCHED_OVER) == [(0,)]
    assert_as_before_and_repeatable(database, register, before)


def test_while_rows_are_staged(database: Path, register: Path) -> None:
    """Some of the rows are written and hidden."""
    before = dump(database)
    with serving(database, FRIDAY) as process:
        upload(process, register)
        until(lambda: rows(database, HIDDEN) != [(0,)])
        process.kill()
    assert rows(database, HIDDEN) != [(0,)]
    assert rows(database, SWITCHED_OVER) == [(0,)]
    with closing(open_for_reading(database)) as connection:
        staged = "SELECT accounting_point FROM accounting_points WHERE brought_by IS NOT NULL"
        for (point,) in connection.execute(staged).fetchall():
            assert point_facts(connection, point, TODAY) is None
    verification = command("--database", str(database), "verify")
    assert verification.returncode == 0
    assert_as_before_and_repeatable(database, register, before)


def test_killed_again_while_it_is_cleared_away(database: Path, register: Path) -> None:
    before = dump(database)
    with serving(database, FRIDAY) as process:
        upload(process, register)
        until(lambda: rows(database, HIDDEN)[0][0] >= 200)
        process.kill()
    for _ in range(2):
        with serving(database, FRIDAY) as process:
            process.kill()
    assert_as_before_and_repeatable(database, register, before)


@pytest.mark.parametrize("shown", [False, True])
def test_around_the_switch_over(database: Path, register: Path, *, shown: bool) -> None:
    """Killed when all is staged or just shown: it is as before, or it is wholly there."""
    before = dump(database)
    with serving(database, FRIDAY) as process:
        upload(process, register)
        until(
            lambda: (
                rows(database, SWITCHED_OVER) == [(1,)]
                if shown
                else rows(database, HIDDEN) == [(POINTS,)]
            )
        )
        process.kill()
    if rows(database, SWITCHED_OVER) == [(0,)]:
        assert_as_before_and_repeatable(database, register, before)
        return
    with serving(database, FRIDAY) as process:
        until(lambda: list(database.parent.glob("*.import-*")) == [])
        again = command(
            *("import", str(register), "--url", process.address),
            *("--token", token_of(OPERATOR)),
        )
        assert again.returncode == 0, again.stderr
        assert "added: 0 " in again.stdout
        assert process.stop() == 0
    assert rows(database, HIDDEN) == [(POINTS,)]
    verification = command("--database", str(database), "verify")
    assert (verification.returncode, verification.stdout) == (0, "verified: 0 damaged, 0 erased\n")
