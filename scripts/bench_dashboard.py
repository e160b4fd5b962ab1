"""Times the dashboard's pages on the demo's few cases, then on many copies of them, side by side.

The copies are written past the service: rows of cases, deadlines, messages, documents and figures
over a year, with the contents of the demo's. One in a hundred waits for a person. With a second
number the register too grows to so many points, each with site, customer, supplier, meter, readings
and quantities; a fifth of them is one supplier's.
"""

import asyncio
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import aiohttp

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from broker.clock import SystemClock  # noqa: E402
from broker.config import Config  # noqa: E402
from broker.scenarios.demo import Demo, make_demo  # noqa: E402
from broker.scenarios.invented_register import gsrn_of  # noqa: E402
from broker.service import Service  # noqa: E402
from broker.store import instants, row_sums  # noqa: E402
from broker.store.flow import week_of  # noqa: E402

PAGES = (
    *("/", "/today.csv", "/flow?weeks=13", "/flow?weeks=52", "/flow/day?day={day}"),
    *("/messages", "/messages?outcome=refused", "/messages?party={party}", "/messages?number=B-1"),
    *("/messages.csv?party={party}", "/mailboxes", "/mailboxes/{party}", "/found?q=B-"),
    *("/found?q=3831", "/points?q=3831", "/points?q=7-0000001", "/points/{point}", "/suppliers"),
    *("/suppliers/{party}", "/cases/{case}", "/metrics", "/api/flow?weeks=52", "/api/tasks"),
)
# What is typed into the search for customers: of few and of many customers, and a number.
WORDS = ("ana", "ana novak", "novak1", "novak1 ulica2", "ulica", "ulica mesto7", "12345849")
PARTY = "28XJUG-ELEKTRIKB"
ROUNDS = 5
WAITS_EVERY, REFUSED_EVERY, UNREAD_EVERY = 100, 20, 200
DAYS, HOURS_AHEAD = 364, 960
POINT, FIRST_POINT = "383199900000000185", 200_000_001


def main(cases: int, points: int) -> None:
    """Print the median time of every page on few and on many cases, and their ratio."""
    with TemporaryDirectory(prefix="bench-dashboard-") as name:
        clock = SystemClock()
        demo = make_demo(Path(name) / "demo", Config(), clock.now())
        many = Path(name) / "many.sqlite"
        with (
            closing(sqlite3.connect(demo.config.service.database)) as source,
            closing(sqlite3.connect(many)) as copy,
        ):
            source.backup(copy)
            copy.isolation_level = None
            row_sums.uncover(copy)  # made anew when the service opens the file, as at an upgrade
        started = perf_counter()
        fill_register(many, points)
        fill(many, cases, clock.now())
        size, took = many.stat().st_size // 2**20, perf_counter() - started
        print(f"{cases} cases, {points} points, {size} MiB, filled in {took:.0f} s", flush=True)
        times = asyncio.run(timed(demo, (demo.config.service.database, many)))
    print(f"{'page':32}{'few':>10}{'many':>10}{'ratio':>8}")
    for page, (few, much) in times.items():
        print(f"{page:32}{few * 1000:7.1f} ms{much * 1000:7.1f} ms{much / few:8.1f}")


async def timed(demo: Demo, databases: tuple[Path, Path]) -> dict[str, list[float]]:
    """The median seconds of each page on each database, asked for in turn, signed in.

    Seconds of the processor, of the whole process with the asking in it: others on the machine do
    not count into them, and what is asked for often lies in memory.
    """
    async with AsyncExitStack() as opened:
        visits = []
        for database in databases:
            settings = replace(demo.config.service, database=database, port=0)
            config = replace(demo.config, service=settings)
            service = Service(config, SystemClock(), with_timer=False)
            await service.start()
            opened.push_async_callback(service.stop)
            jar = aiohttp.CookieJar(unsafe=True)
            session = aiohttp.ClientSession(service.dashboard_address, cookie_jar=jar)
            await opened.enter_async_context(session)
            visits.append((session, await sign_in(session, demo)))
        case = demo.cases[0].case_id
        asked = [(page, page, None) for page in PAGES]
        asked += [(f"customers: {words}", "/points", words) for words in WORDS]
        return {
            told: await medians_of(visits, path_of(page, case), words)
            for told, page, words in asked
        }


async def sign_in(session: aiohttp.ClientSession, demo: Demo) -> str:
    """Begin the session of the demo's first person; the token that its forms carry."""
    person = demo.staff[0]
    async with session.get("/sign-in") as answer:
        token = re.findall(r'name="form_token" value="(\w+)"', await answer.text())[0]
    form = {"form_token": token, "name": person.name, "password": person.password, "to": "/flow"}
    async with session.post("/sign-in", data=form) as answer:
        answer.raise_for_status()
        return re.findall(r'name="form_token" value="(\w+)"', await answer.text())[0]


def path_of(page: str, case: str) -> str:
    """The address of a page, with what it is asked for."""
    day = SystemClock().now() + timedelta(days=3)
    return page.format(party=PARTY, day=day.date().isoformat(), point=POINT, case=case)


async def medians_of(
    visits: list[tuple[aiohttp.ClientSession, str]], path: str, words: str | None
) -> list[float]:
    """The median seconds of a page, or of a search for these words, of each visit.

    The visits take turns; the first round is left out.
    """
    times: list[list[float]] = [[] for _ in visits]
    for _ in range(ROUNDS + 1):
        for (session, token), taken in zip(visits, times, strict=True):
            form = None if words is None else {"form_token": token, "words": words}
            started = process_time()
            async with session.request("POST" if form else "GET", path, data=form) as answer:
                answer.raise_for_status()
                await answer.read()
            taken.append(process_time() - started)
    return [median(taken[1:]) for taken in times]


def fill(path: Path, cases: int, now: datetime) -> None:
    """Copy the demo's cases so often, each at another hour of the past year."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
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


# Points beside those of the demo, in the order that references ask for. Each number n from 1 on
# makes one point: every fifth is the supplier's that the pages are asked for.
# Names, streets and places are so many that each is borne by some hundreds or thousands.
_GIVEN = "CASE n % 3 WHEN 0 THEN 'Ana' WHEN 1 THEN 'Boris' ELSE 'Ime' || (n % 401) END"
_NUMBERS = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :points)"
_REGISTER = (
    """INSERT INTO customers (customer, tax_number, name, street, postal_code, city, country)
    {numbers} SELECT 1000000 + n, printf('%08d', 20000000 + n),
        {given} || ' Novak' || (n * 7919 % 2003),
        'Ulica' || (n * 104729 % 1499) || ' ' || (n % 120), 1000 + n % 149, 'Mesto' || (n % 149),
        'SI' FROM n""",
    "INSERT INTO issued_gsrns {numbers} SELECT gsrn(n) FROM n",
    """INSERT INTO metering_sites (area_number, area_code, owner)
    {numbers} SELECT '7-' || (1000000 + n), '7', 1000000 + n FROM n""",
    "INSERT INTO delivery_points {numbers} SELECT 'DP-' || (1000000 + n) FROM n",
    """INSERT INTO accounting_points (accounting_point, delivery_point, metering_site, customer,
        connected, consumption, production, self_supply, remotely_read)
    {numbers} SELECT gsrn(n), 'DP-' || (1000000 + n), '7-' || (1000000 + n), 1000000 + n,
        1, 1, 0, 0, n % 3 = 0 FROM n""",
    """INSERT INTO supply (accounting_point, direction, supplier, share, from_day)
    {numbers} SELECT gsrn(n), 'consumption', iif(n % 5 = 0, :party, :other), '1', '2024-01-01'
    FROM n""",
    """INSERT INTO meters (meter, accounting_point, serial_number, installed_from)
    {numbers} SELECT 1000000 + n, gsrn(n), 'INV-' || n, '2023-11-20' FROM n""",
    """INSERT INTO meter_registers
    {numbers} SELECT 1000000 + n, '1-0:1.8.0', 6, 0, '1' FROM n""",
    """INSERT INTO readings (reading, meter, taken_at, obtained_by)
    {numbers} SELECT 1000000 + 2 * n + year, 1000000 + n, (2025 + year)
        || '-03-31T06:00:00.000000Z', '1' FROM n, (SELECT 0 AS year UNION SELECT 1)""",
    """INSERT INTO reading_values
    {numbers} SELECT 1000000 + 2 * n + year, 1000000 + n, '1-0:1.8.0', 11000 + 3650 * year
        FROM n, (SELECT 0 AS year UNION SELECT 1)""",
    """INSERT INTO billed_quantities
    {numbers} SELECT gsrn(n), 'consumption', (2024 + year) || '-03-31',
        (2025 + year) || '-03-31', 3650 FROM n, (SELECT 0 AS year UNION SELECT 1)""",
)
_OTHER = "28XSEVER-ENERGI8"
_FAST = (
    *("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -500000"),
    *("PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON", "BEGIN"),
)


def fill_register(path: Path, points: int) -> None:
    """Add so many points. What only an import need ask of each row is not asked: for reading alone.

    The words of customers are learnt at the end, all at once, as after an import.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function("gsrn", 1, lambda n: gsrn_of(FIRST_POINT + n))
        triggers = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN"
            " ('customers', 'supply', 'meters', 'billed_quantities', 'accounting_points')"
        ).fetchall()
        for statement in _FAST:
            connection.execute(statement)
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in _REGISTER:
            parameters = {"points": points, "party": PARTY, "other": _OTHER}
            connection.execute(statement.format(numbers=_NUMBERS, given=_GIVEN), parameters)
        connection.execute("INSERT INTO customer_words (customer_words) VALUES ('rebuild')")
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


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
    main(*(int(one) for one in (*sys.argv[1:], "100000", "0")[:2]))
