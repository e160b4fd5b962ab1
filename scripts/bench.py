"""Times the door of a real service and, in the same run, the floors nothing of it can go below.

The floors are a bare aiohttp server that echoes the same messages, lxml parsing and validating
them, and SQLite storing the rows that the service wrote for them, in groups of the size it wrote
them in. Each round measures all four one after the other; told is the median of the rounds.
"""

import argparse
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from csv import DictReader
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import msgspec
from lxml import etree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from broker.scenarios.invented_register import write_register  # noqa: E402
from broker.wire.places import SCHEMA_FILE  # noqa: E402

SAMPLE = ROOT / "fixtures" / "register"
REQUEST = (ROOT / "fixtures/messages/SwitchRequest/as-soon-as-possible.xml").read_text("utf-8")
SUPPLIER = "28XJUG-ELEKTRIKB"
BROKER = (sys.executable, "-m", "broker")
ECHO = """
import asyncio, socket
from aiohttp import web
async def echo(request):
    return web.Response(body=await request.read(), content_type="application/xml")
app = web.Application()
app.router.add_post("/messages", echo)
listening = socket.create_server(("127.0.0.1", 0))
print(f":{listening.getsockname()[1]}", flush=True)
web.run_app(app, sock=listening, print=None, access_log=None)
"""
ROUNDS = 3
POINTS_PER_SECOND = 3_000
"""More than are used up, a third of them being the supplier's own."""


def main(seconds: float, connections: int) -> None:
    """Print what the service and each floor took, and their ratio."""
    with TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        database = folder / "bench.sqlite"
        config = folder / "bench.toml"
        config.write_text(f"[limits]\nrequests_burst = {10**9}\n", "utf-8")
        of_file = ("--config", str(config), "--database", str(database))
        points = max(300, int(seconds * POINTS_PER_SECOND))
        write_register(folder / "register", points, parties=SAMPLE)
        run(*of_file, "import", str(folder / "register"))
        token = run(*of_file, "token", SUPPLIER, "bench").strip()
        messages = requests(folder / "register")
        slices = [messages[n::ROUNDS] for n in range(ROUNDS)]
        with serving((*BROKER, *of_file, "serve", "--port", "0")) as door:
            sender = Posting(folder, seconds / ROUNDS, connections, token)
            rounds = [Round(sender, door, database, messages) for messages in slices]
        tell(rounds, len(messages[0]), connections)


class Posting:
    """Has messages posted by a process of its own."""

    def __init__(self, folder: Path, seconds: float, connections: int, token: str) -> None:
        self.folder = folder
        self.seconds = seconds
        self._connections = connections
        self._token = token

    def __call__(self, port: int, messages: list[bytes]) -> dict[str, Any]:
        """Post these messages; what the sender says."""
        path = self.folder / "messages"
        path.write_bytes(msgspec.msgpack.encode(messages))
        sender = (sys.executable, "scripts/bench_sender.py", str(port), str(self.seconds))
        arguments = (*sender, str(self._connections), self._token, str(path))
        done = subprocess.run(arguments, cwd=ROOT, check=True, stdout=subprocess.PIPE)
        told: dict[str, Any] = json.loads(done.stdout)
        assert set(told["statuses"]) == {"200"}, told["statuses"]
        return told


class Round:
    """The service, then each floor, in answers or messages a second."""

    def __init__(self, post: Posting, door: int, database: Path, messages: list[bytes]) -> None:
        before = counted(database)
        told = post(door, messages)
        written = {
            table: rows[before[table] :]
            for table, rows in tables(database).items()
            if len(rows) > before[table]
        }
        answered = len(told["took"])
        self.service = answered / told["seconds"]
        self.took = told["took"]
        self.group = answered / len(written["seals"])
        with serving((sys.executable, "-c", ECHO)) as port:
            echoed = post(port, messages)
        self.echo = len(echoed["took"]) / echoed["seconds"]
        self.parsed = parsed_a_second(messages, post.seconds)
        self.stored = stored_a_second(post.folder / "floor", written, answered, self.group)


def parsed_a_second(messages: list[bytes], seconds: float) -> float:
    """Parse and validate until the time is over."""
    schema, parser = etree.XMLSchema(etree.parse(SCHEMA_FILE)), etree.XMLParser()
    started, count = perf_counter(), 0
    while (passed := perf_counter() - started) < seconds:
        assert schema.validate(etree.fromstring(messages[count % len(messages)], parser))
        count += 1
    return count / passed


def stored_a_second(
    path: Path, written: dict[str, list[tuple[Any, ...]]], messages: int, group: float
) -> float:
    """Store these rows in tables without checks, in as many commits as the service made."""
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    commits = max(1, round(messages / group))
    inserts = {
        table: f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})"
        for table, rows in written.items()
    }
    with closing(sqlite3.connect(path, isolation_level=None)) as floor:
        floor.execute("PRAGMA journal_mode = WAL")
        floor.execute("PRAGMA synchronous = FULL")
        for table, rows in written.items():
            columns = ", ".join(f"c{n}" for n in range(len(rows[0])))
            floor.execute(f"CREATE TABLE {table} ({columns})")
        started = perf_counter()
        for commit in range(commits):
            floor.execute("BEGIN IMMEDIATE")
            for table, rows in written.items():
                first, last = (len(rows) * n // commits for n in (commit, commit + 1))
                floor.executemany(inserts[table], rows[first:last])
            floor.execute("COMMIT")
        return messages / (perf_counter() - started)


def tell(rounds: list[Round], message_bytes: int, connections: int) -> None:
    """Print the medians."""
    service = median(one.service for one in rounds)
    group = median(one.group for one in rounds)
    floors = {
        "bare aiohttp echo": median(one.echo for one in rounds),
        "lxml parse + validate": median(one.parsed for one in rounds),
        f"SQLite, groups of {group:.0f}": median(one.stored for one in rounds),
    }
    together = median(1 / (1 / one.echo + 1 / one.parsed + 1 / one.stored) for one in rounds)
    ratio = median(one.service * (1 / one.echo + 1 / one.parsed + 1 / one.stored) for one in rounds)
    cuts = quantiles([took for one in rounds for took in one.took], n=100)
    answered = sum(len(one.took) for one in rounds)
    print(f"{answered} requests of {message_bytes} bytes, {connections} connections")
    for what, a_second in (*floors.items(), ("the three together", together), ("service", service)):
        print(f"{what:24}{a_second:8.0f} a second{1e6 / a_second:8.0f} µs each")
    print(f"service / floors together: {ratio:.2f}")
    print(f"latency: median {cuts[49] * 1000:.1f} ms, 99 of 100 within {cuts[98] * 1000:.1f} ms")


def requests(register: Path) -> list[bytes]:
    """A valid switch request for each point that the supplier does not have."""
    own = {
        row["accounting_point"] for row in _rows(register, "supply") if row["supplier"] == SUPPLIER
    }
    names = {row["tax_number"]: row["name"] for row in _rows(register, "customers")}
    return [
        REQUEST.replace("383199900000000017", row["accounting_point"])
        .replace("7-0000001", row["metering_site"])
        .replace("12345679", row["customer"])
        .replace("Ana Zgled", names[row["customer"]])
        .replace("JUG-2026-000001", f"BENCH-{number}")
        .encode()
        for number, row in enumerate(_rows(register, "accounting_points"))
        if row["accounting_point"] not in own
    ]


def _rows(register: Path, name: str) -> Iterator[dict[str, str]]:
    with (register / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from DictReader(file)


def counted(database: Path) -> dict[str, int]:
    """How many rows each table has that handling a message writes to."""
    return {table: len(rows) for table, rows in tables(database).items()}


def tables(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the tables that are not the register's."""
    names = ("inbox", "payloads", "journal", "cases", "case_parties", "deadlines", "outbox")
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
        return {
            name: reader.execute(f"SELECT * FROM {name}").fetchall()
            for name in (*names, "contract_documents", "seals")
        }


def run(*arguments: str) -> str:
    """One command of the broker; what it says. Raises CalledProcessError where it refuses."""
    done = subprocess.run([*BROKER, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


@contextmanager
def serving(command: tuple[str, ...]) -> Iterator[int]:
    """A process that says where it listens; its port."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        address = re.search(rb":(\d+)\s*$", process.stdout.readline())
        assert address is not None
        yield int(address[1])
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=6, help="that each of the four is timed")
    options.add_argument("--connections", type=int, default=64)
    chosen = options.parse_args()
    main(chosen.seconds, chosen.connections)
