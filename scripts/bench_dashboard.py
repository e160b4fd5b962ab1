"""Times the dashboard's pages on the demo's few cases, then on many copies of them, side by side.

The copies are written past the service: rows of cases, deadlines, messages, documents and figures
over a year, with the contents of the demo's. One in a hundred waits for a person.
"""

import asyncio
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import aiohttp

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from broker.clock import SystemClock  # noqa: E402
from broker.config import Config  # noqa: E402
from broker.scenarios.demo import Demo, make_demo  # noqa: E402
from broker.service import Service  # noqa: E402
from broker.store import instants  # noqa: E402
from broker.store.flow import week_of  # noqa: E402
from broker.store.row_sums import add_functions  # noqa: E402

PAGES = (
    *("/", "/today.csv", "/flow?weeks=13", "/flow?weeks=52", "/flow/day?day={day}"),
    *("/messages", "/messages?outcome=refused", "/messages?party={party}", "/messages?number=B-1"),
    *("/mailboxes", "/mailboxes/{party}", "/found?q=B-", "/metrics", "/api/flow?weeks=52"),
)
PARTY = "28XJUG-ELEKTRIKB"
ROUNDS = 5
WAITS_EVERY, REFUSED_EVERY, UNREAD_EVERY = 100, 20, 200
DAYS, HOURS_AHEAD = 364, 960


def main(cases: int) -> None:
    """Print the median time of every page on few and on many cases, and their ratio."""
    with TemporaryDirectory(prefix="bench-dashboard-") as name:
        clock = SystemClock()
        demo = make_demo(Path(name) / "demo", Config(), clock.now())
        few = asyncio.run(timed(demo))
        started = perf_counter()
        fill(demo.config.service.database, cases, clock.now())
        size = demo.config.service.database.stat().st_size // 2**20
        print(f"{cases} cases, {size} MiB, filled in {perf_counter() - started:.0f} s")
        many = asyncio.run(timed(demo))
    print(f"{'page':32}{'few':>10}{'many':>10}{'ratio':>8}")
    for page in few:
        times = f"{few[page] * 1000:7.1f} ms{many[page] * 1000:7.1f} ms"
        print(f"{page:32}{times}{many[page] / few[page]:8.1f}")


async def timed(demo: Demo) -> dict[str, float]:
    """The median seconds of each page, asked for by one who has signed in."""
    settings = replace(demo.config.service, port=0)
    service = Service(replace(demo.config, service=settings), SystemClock(), with_timer=False)
    await service.start()
    jar = aiohttp.CookieJar(unsafe=True)
    try:
        async with aiohttp.ClientSession(service.dashboard_address, cookie_jar=jar) as session:
            await sign_in(session, demo)
            return {page: await median_of(session, page) for page in PAGES}
    finally:
        await service.stop()


async def sign_in(session: aiohttp.ClientSession, demo: Demo) -> None:
    """Begin the session of the demo's first person."""
    person = demo.staff[0]
    async with session.get("/sign-in") as answer:
        token = re.findall(r'name="form_token" value="(\w+)"', await answer.text())[0]
    form = {"form_token": token, "name": person.name, "password": person.password, "to": "/flow"}
    async with session.post("/sign-in", data=form) as answer:
        answer.raise_for_status()


async def median_of(session: aiohttp.ClientSession, page: str) -> float:
    """The median seconds of a page, the first time left out."""
    day = SystemClock().now() + timedelta(days=3)
    path, times = page.format(party=PARTY, day=day.date().isoformat()), []
    for _ in range(ROUNDS + 1):
        started = perf_counter()
        async with session.get(path) as answer:
            answer.raise_for_status()
            await answer.read()
        times.append(perf_counter() - started)
    return median(times[1:])


def fill(path: Path, cases: int, now: datetime) -> None:
    """Copy the demo's cases so often, each at another hour of the past year."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        add_functions(connection)
        connection.row_factory = sqlite3.Row
        ended = _rows(connection, "cases", "ended_at IS NOT NULL")
        waiting = _rows(connection, "cases", "waits_for IS NOT NULL")
        step = timedelta(days=DAYS) / cases
        connection.execute("BEGIN")
        for number in range(cases):
            templates = waiting if number % WAITS_EVERY == 0 else ended
            at = now - step * (cases - number)
            case = _number(number)
            origin = templates[number // WAITS_EVERY % len(templates)]
            times = (at, now + timedelta(hours=2 + number % HOURS_AHEAD))
            for table, rows in _copies(connection, origin, case, times, number):
                for row in rows:
                    _insert(connection, table, row)
        connection.execute("COMMIT")


def _number(number: int) -> str:
    return f"00000000-0000-7000-8000-{number:012d}"


def _rows(connection: sqlite3.Connection, table: str, where: str) -> list[sqlite3.Row]:
    return connection.execute(f"SELECT * FROM {table} WHERE {where}").fetchall()


_OF_CASE = {
    table: f"SELECT * FROM {table} WHERE case_id = ?"
    for table in ("deadlines", "inbox", "outbox", "case_flow", "case_refusals")
}
_known: dict[tuple[str, str], list[dict[str, object]]] = {}


def _copies(
    connection: sqlite3.Connection,
    origin: sqlite3.Row,
    case: str,
    times: tuple[datetime, datetime],
    number: int,
) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """The rows of one copy, by table, in an order that keys allow."""
    moment, soon = map(instants.to_text, times)
    week = week_of(times[0]).isoformat()
    ended = {"ended_at": moment} if origin["ended_at"] else {}
    changed = {"case_id": case, "opened_at": moment, "delivery_point": None}
    yield "cases", [{**origin, **changed, **ended}]
    new: dict[str, dict[str, object]] = {
        "deadlines": {
            "deadline_id": None,
            "act_at": soon,
            "limit_at": soon,
            "delivery_point": None,
        },
        "inbox": {"position": None, "received_at": moment},
        "outbox": {"position": None, "created_at": moment},
        "case_flow": {"week": week},
        "case_refusals": {"week": week},
    }
    for table, query in _OF_CASE.items():
        key = (table, origin["case_id"])
        if key not in _known:
            _known[key] = [dict(row) for row in connection.execute(query, (origin["case_id"],))]
        copied = [{**row, "case_id": case, **new[table]} for row in _known[key]]
        for place, row in enumerate(copied):
            if table == "inbox":
                row |= {"receipt": f"{case}-{place}", "message_id": f"B-{number}-{place}"}
                row |= {"http_status": 422} if number % REFUSED_EVERY == 0 else {}
                row |= {"http_status": 400, "kind": None} if number % UNREAD_EVERY == 0 else {}
            elif table == "outbox":
                row |= {"document_id": f"{case}-{place}"}
        yield table, copied


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    places = ", ".join(f":{name}" for name in row)
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", row)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
