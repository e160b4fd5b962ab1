"""A service that is killed in the middle of an import: all of the import is there, or nothing.

Method: the real process is killed while it checks, while it stages and around the switch-over;
what is on record then is read from the file, before and after the next start.
"""

import csv
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
from lxml import etree

from broker.scenarios.invented_register import write_register
from broker.store.connection import open_for_reading
from broker.store.register import point_facts
from tests.service.process import Process, command, serving
from tests.web.letters import REGISTER, SOUTH, Point, reading, switch_request
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
    return upload_files(
        process, {file.name: file.read_text("utf-8") for file in register.iterdir()}
    )


def upload_files(process: Process, files: dict[str, str]) -> str:
    """Hand these files to the service; the number of the import."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
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


def asked_of(process: Process, number: str, name: str) -> str:
    """What the service says of the import."""
    answer = process.ask("GET", f"/operator/imports/{number}", OPERATOR)
    return str(json.loads(answer.body)[name])


def state(process: Process, number: str) -> str:
    return asked_of(process, number, "state")


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
        until(lambda: asked_of(process, number, "step") != "waiting")
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


TO_TELL = "SELECT count(*) FROM imported_changes"
SERIAL_NUMBERS = "accounting_point,serial_number"


def table(register: Path, name: str) -> list[dict[str, str]]:
    with (register / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def last_point_of(register: Path, supplier: str) -> Point:
    """The point that comes last of those this supplier has and the customer reads."""
    supplied = {
        row["accounting_point"] for row in table(register, "supply") if row["supplier"] == supplier
    }
    row = [
        row
        for row in table(register, "accounting_points")
        if row["remotely_read"] == "no" and row["accounting_point"] in supplied
    ][-1]
    customers = {one["tax_number"]: one["name"] for one in table(register, "customers")}
    meters = {one["accounting_point"]: one["serial_number"] for one in table(register, "meters")}
    return Point(
        number=row["accounting_point"],
        site=row["metering_site"],
        area="7",
        tax_number=row["customer"],
        customer=customers[row["customer"]],
        serial_number=meters[row["accounting_point"]],
    )


def exchange_and_disconnections(register: Path, point: Point) -> dict[str, str]:
    """The meter of this point exchanged on Friday, all points before it disconnected."""
    header, *lines = (register / "accounting_points.csv").read_text("utf-8").splitlines()
    before = [one for one in lines if one < point.number]
    (meter,) = (one for one in table(register, "meters") if one["accounting_point"] == point.number)
    return {
        "accounting_points.csv": "\n".join(
            (header, *(one.replace("consumption,yes,", "consumption,no,") for one in before))
        ),
        "meters.csv": f"{SERIAL_NUMBERS},installed_from,removed_on\n"
        f"{point.number},{point.serial_number},{meter['installed_from']},2026-04-24\n"
        f"{point.number},NEW-1,2026-04-24,\n",
        "meter_registers.csv": f"{SERIAL_NUMBERS},register,digits,decimals,multiplier\n"
        f"{point.number},NEW-1,1-0:1.8.1,6,0,1\n{point.number},NEW-1,1-0:1.8.2,6,0,1\n",
        "readings.csv": f"{SERIAL_NUMBERS},taken_at,obtained_by,register,value\n"
        f"{point.number},NEW-1,2026-04-24T00:00:00+02:00,1,1-0:1.8.1,0\n"
        f"{point.number},NEW-1,2026-04-24T00:00:00+02:00,1,1-0:1.8.2,0\n",
    }


@pytest.mark.parametrize("speaks_first", [False, True])
def test_while_suppliers_are_told(database: Path, register: Path, *, speaks_first: bool) -> None:
    """Each supplier is told once of each point, and the case at the point follows its new meter.

    Also where the case's supplier speaks first after the start: what was imported goes before.
    """
    point = last_point_of(register, "28XSONCNA-ODDAJ9")
    files = exchange_and_disconnections(register, point)
    changed = files["accounting_points.csv"].count(",no,no,") + 1
    with serving(database, FRIDAY) as process:
        number = upload(process, register)
        until(lambda: state(process, number) == "done")
        asked = process.post(switch_request("S-1", point), SOUTH)
        assert asked.status == 200
        number = upload_files(process, files)
        until(lambda: rows(database, TO_TELL) != [(0,)])
        process.kill()
    assert rows(database, SWITCHED_OVER) == [(2,)]
    ((left,),) = rows(database, TO_TELL)
    assert left + told_of(database) == changed
    assert left > 0
    with serving(database, FRIDAY) as process:
        if speaks_first:
            told = process.post(reading("R-1", point, taken_at=FRIDAY, value="15250"), SOUTH)
            assert told.codes == ["260:E61"]
        process.kill()
    with serving(database, FRIDAY) as process:
        until(lambda: rows(database, TO_TELL) == [(0,)])
        view = process.ask("GET", f"/cases/{asked.case}", SOUTH)
        assert view.texts("What").count("PointChangeNoted") == 1
        documents = process.ask("GET", "/mailbox?limit=1000", SOUTH)
        assert documents.texts("Kind").count("ApprovalNotice") == 2
        assert process.stop() == 0
    assert told_of(database) == changed
    verification = command("--database", str(database), "verify")
    assert (verification.returncode, verification.stdout) == (0, "verified: 0 damaged, 0 erased\n")


def told_of(path: Path) -> int:
    """Of how many points a notice of change lies in a mailbox; none lies there twice."""
    found = [
        etree.fromstring(content).findtext("{*}Point/{*}AccountingPoint")
        for (content,) in rows(
            path,
            "SELECT content FROM outbox JOIN payloads USING (payload_id)"
            " WHERE kind = 'RegisterChangeNotice'",
        )
    ]
    assert len(found) == len(set(found))
    return len(found)
