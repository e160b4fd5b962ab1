"""Who gets what at every address of the door, and that nobody can tell another's from nothing.

The addresses are those of the router: a new one fails here until it is said who may use it.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.messages.codes import DocumentKind, Role
from broker.messages.identifiers import Eic
from broker.store import participants
from broker.store.connection import open_for_writing
from broker.usecases.admission import MAY_SEND
from broker.web.routes import make_app
from broker.wire.schema import INBOUND_KINDS
from tests.dashboard.visitors import Visitor, let_in
from tests.web.letters import (
    INACTIVE,
    MESSAGES,
    METERING_CENTRE,
    NORTH,
    OPERATOR,
    PROVIDER,
    SOUTH,
    Fields,
    Point,
    doubtful_request,
    reading,
    sample_point,
    with_fields,
    withdrawal,
)
from tests.web.running import Answered, Broker, running, token_of

EAST, SUNNY = "28XVZHOD-DOBAVAQ", "28XSONCNA-ODDAJ9"
HIDDEN = sample_point(1)
UNKNOWN = "01234567-89ab-7def-8123-456789abcdef"
BECAUSE = {"by": "Nada Zgled", "why": "test"}
OPEN, NOBODY, OWNER, OTHER, STAFF, LATE = "open", "nobody", "owner", "other", "staff", "late"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody at the door: as what it counts, how it shows who it is, and for whom it asks."""

    counts_as: str
    authorization: str | None
    acting_for: str | None = None


def bearer(party: str) -> str:
    return f"Bearer {token_of(party)}"


CALLERS = {
    "nobody": Caller(NOBODY, None),
    "wrong token": Caller(NOBODY, "Bearer wrong"),
    "token of another scheme": Caller(NOBODY, f"Basic {token_of(SOUTH)}"),
    "expired token": Caller(NOBODY, "Bearer expired"),
    "revoked token": Caller(NOBODY, "Bearer revoked"),
    "viewer": Caller(NOBODY, None),  # a session of the dashboard is none at the door
    "clerk": Caller(NOBODY, None),
    "new supplier": Caller(OWNER, bearer(SOUTH)),
    "old supplier before its first notice": Caller(OTHER, bearer(NORTH)),
    "other supplier": Caller(OTHER, bearer(EAST)),
    "affiliate of the operator": Caller(OTHER, bearer(SUNNY)),
    "inactive supplier": Caller(OTHER, bearer(INACTIVE)),
    "metering centre": Caller(OTHER, bearer(METERING_CENTRE)),
    "service provider": Caller(OTHER, bearer(PROVIDER)),
    "operator": Caller(STAFF, bearer(OPERATOR)),
    "delegate": Caller(OWNER, bearer(PROVIDER), SOUTH),
    "delegate for another": Caller(LATE, bearer(PROVIDER), NORTH),
    "delegate after its period": Caller(LATE, bearer(PROVIDER), EAST),
}
CLOSED = {NOBODY: 401, OTHER: 404, OWNER: 404, LATE: 404}
"""What is the operator's matter alone: to every party as if it were not there."""


def everybody(status: int) -> dict[str, int]:
    return dict.fromkeys((NOBODY, OWNER, OTHER, STAFF, LATE), status)


def of_owner(status: int, other: int = 404) -> dict[str, int]:
    return {NOBODY: 401, OWNER: status, OTHER: other, STAFF: other, LATE: 403}


EXPECTED = {
    "GET /schemas": everybody(200),
    "GET /schemas/{name}": everybody(200),
    "GET /codes": everybody(200),
    "GET /health/live": everybody(200),
    "GET /health/ready": everybody(200),
    "POST /messages": {NOBODY: 401, OWNER: 200, OTHER: 403, STAFF: 403, LATE: 403},
    "GET /messages/{number}": of_owner(200),
    "GET /mailbox": of_owner(200, other=204),
    "GET /mailbox/{number}": of_owner(200),
    "DELETE /mailbox/{number}": of_owner(204),
    "DELETE /mailbox": of_owner(204),
    "GET /cases/{number}": of_owner(200),
    "GET /operator/tasks": CLOSED | {STAFF: 200},
    "GET /operator/staff": CLOSED | {STAFF: 200},
    "GET /operator/notices/missing": CLOSED | {STAFF: 200},
    "POST /operator/notices/again": CLOSED | {STAFF: 400},
    "POST /operator/erasures": CLOSED | {STAFF: 400},
    "GET /operator/channels": CLOSED | {STAFF: 200},
    "GET /operator/delegations": CLOSED | {STAFF: 200},
    "GET /operator/participants/{eic}/tokens": CLOSED | {STAFF: 200},
    "GET /operator/imports/{number}": CLOSED | {STAFF: 404},
    "POST /operator/imports": CLOSED | {STAFF: 415},
    "POST /operator/cases/{number}/decision": CLOSED | {STAFF: 400},
    "POST /operator/cases/{number}/try-again": CLOSED | {STAFF: 400},
    "POST /operator/sweep/go-on": CLOSED | {STAFF: 400},
    "POST /operator/participants/{eic}/tokens": CLOSED | {STAFF: 400},
    "POST /operator/participants/{eic}/certificates": CLOSED | {STAFF: 400},
    "DELETE /operator/participants/{eic}/tokens/{label}": CLOSED | {STAFF: 400},
    "POST /operator/participants/{eic}/channel": CLOSED | {STAFF: 400},
    "DELETE /operator/participants/{eic}/channel": CLOSED | {STAFF: 400},
    "POST /operator/participants/{eic}/channel/secret": CLOSED | {STAFF: 400},
    "POST /operator/participants/{eic}/channel/test": CLOSED | {STAFF: 404},
    "POST /operator/participants/{eic}/channel/try-again": CLOSED | {STAFF: 400},
    "POST /operator/delegations": CLOSED | {STAFF: 400},
    "DELETE /operator/delegations/{number}": CLOSED | {STAFF: 400},
    "POST /operator/staff": CLOSED | {STAFF: 400},
    "POST /operator/staff/{name}/password": CLOSED | {STAFF: 400},
    "DELETE /operator/staff/{name}": CLOSED | {STAFF: 400},
}
"""For every address who gets which status. The operator's bodies are empty here, so 400 says that
it is heard."""

WITH_FOR = re.compile(r"/(mailbox|cases|messages/)")
"""Where a delegate says for whom it asks; a message says it by its sender."""


@pytest.fixture
async def broker(database: Path) -> AsyncIterator[Broker]:
    """A service that grows tired of nobody, since its clock stands still."""
    generous = {"strangers_burst": 100_000, "requests_burst": 100_000}
    async with running(database, limits=generous) as started:
        yield started


class _NoDoor:
    """Stands in for the door: the addresses do not depend on it."""


def test_every_address_says_who_may_use_it() -> None:
    routes = make_app(_NoDoor()).router.routes()
    addresses = {f"{one.method} {one.resource.canonical}" for one in routes if one.method != "HEAD"}
    assert addresses == set(EXPECTED)


def test_every_role_is_among_the_callers() -> None:
    shown = {caller.authorization for caller in CALLERS.values()}
    assert set(SPEAKS) == set(Role)
    assert {bearer(party) for party in SPEAKS.values()} <= shown


SPEAKS = {
    Role.SUPPLIER: EAST,
    Role.METERING_CENTRE: METERING_CENTRE,
    Role.GRID_OPERATOR: OPERATOR,
    Role.SERVICE_PROVIDER: PROVIDER,
}
"""One party for each role."""
OF_STAFF = {(DocumentKind.SWITCH_REQUEST, Role.GRID_OPERATOR): "by-the-customer"}
"""Where another sample is needed, as staff apply for customers alone."""


def test_every_kind_that_can_be_read_says_who_may_send_it() -> None:
    assert set(MAY_SEND) == set(INBOUND_KINDS)
    assert Role.SERVICE_PROVIDER not in {role for roles in MAY_SEND.values() for role in roles}


async def test_every_role_sends_what_it_may_and_nothing_else(broker: Broker) -> None:
    wrong = {}
    for kind in MAY_SEND:
        for role, party in SPEAKS.items():
            samples = sorted((MESSAGES / kind.value).glob("*.xml"))
            name = OF_STAFF.get((kind, role), samples[0].stem)
            stated = Role.SUPPLIER if role is Role.SERVICE_PROVIDER else role
            fields: Fields = {
                "Header/Sender/Identification": party,
                "Header/Sender/Role": stated.value,
            }
            sample = (MESSAGES / kind.value / f"{name}.xml").read_bytes()
            answer = await broker.post(with_fields(sample, fields), party)
            assert answer.status in (200, 403, 422), answer.body
            refused = (answer.status, answer.codes) == (403, ["SB:T12"])
            if refused == (role in MAY_SEND[kind]):
                wrong[kind, role] = answer.codes
    assert wrong == {}


@dataclass(frozen=True, slots=True)
class World:
    """What is the new supplier's: a case that waits for the operator, and its documents."""

    broker: Broker
    case: str
    receipt: str
    documents: tuple[str, ...]

    @property
    def places(self) -> dict[str, dict[str, str]]:
        """What stands for a number at each address."""
        return {
            "/messages/{number}": {"number": "H-1"},
            "/mailbox/{number}": {"number": self.documents[0]},
            "/cases/{number}": {"number": self.case},
            "/schemas/{name}": {"name": "switch-1.xsd"},
            "/operator/cases/{number}/decision": {"number": self.case},
            "/operator/cases/{number}/try-again": {"number": self.case},
        }

    def path_of(self, template: str) -> str:
        places = {"eic": NORTH, "label": "test", "name": "nada", "number": UNKNOWN}
        places |= self.places.get(template, {})
        return re.sub(r"\{(\w+)\}", lambda place: places[place[1]], template)

    async def ask(self, address: str, caller: Caller, cookie: str | None = None) -> Answered:
        method, template = address.split()
        path, query = self.path_of(template), []
        if address == "DELETE /mailbox":
            query.append(f"id={self.documents[0]}")
        if caller.acting_for and WITH_FOR.match(template):
            query.append(f"for={caller.acting_for}")
        headers = {"Authorization": caller.authorization} if caller.authorization else {}
        headers |= {"Cookie": cookie} if cookie else {}
        body: bytes | None = None
        if address == "POST /messages":
            undelegated = NORTH if caller.authorization == bearer(PROVIDER) else SOUTH
            sender = caller.acting_for or undelegated
            body = with_fields(hidden_request(), {"Header/Sender/Identification": sender})
            headers["Content-Type"] = "application/xml"
        suffix = f"?{'&'.join(query)}" if query else ""
        return await self.broker.ask(method, path + suffix, None, body, headers)


def hidden_request() -> bytes:
    """A request that waits for the operator, so that the old supplier knows nothing of it."""
    return doubtful_request("H-1", HIDDEN)


async def delegate(broker: Broker, supplier: str, from_day: str, until_day: str) -> None:
    body = {"provider": PROVIDER, "supplier": supplier, "kinds": ["SwitchRequest"], "mailbox": True}
    body |= {"from_day": from_day, "until_day": until_day, **BECAUSE}
    answer = await broker.ask("POST", "/operator/delegations", OPERATOR, json.dumps(body).encode())
    assert answer.status == 200, answer.body


@pytest.fixture
async def world(broker: Broker) -> World:
    """The service with something of everybody's, and what must not be seen by others."""
    await delegate(broker, SOUTH, "2026-04-24", "2026-05-01")
    await delegate(broker, EAST, "2026-04-23", "2026-04-25")
    broker.damage(
        "UPDATE delegations SET from_day = '2026-04-22', until_day = '2026-04-23'"
        " WHERE supplier = ?",
        EAST,
    )
    connection = open_for_writing(broker.path)
    at = datetime(2026, 4, 1, tzinfo=UTC)
    participants.issue_token(
        connection, Eic(SOUTH), "expired", "expired", at, expires_at=at.replace(day=2)
    )
    participants.issue_token(connection, Eic(SOUTH), "revoked", "revoked", at)
    participants.revoke(connection, Eic(SOUTH), "revoked", at.replace(day=2))
    connection.close()
    # Withdrawn requests leave two documents to the new supplier and none to anybody else.
    for n, point in enumerate((sample_point(11), sample_point(15))):
        case = (await broker.post(doubtful_request(f"W-{n}", point), SOUTH)).case
        await broker.post(withdrawal(f"X-{n}", point, case), SOUTH)
    # Handed in by the provider, so that it may ask what became of it.
    hidden = await broker.post(hidden_request(), PROVIDER)
    assert hidden.receipt is not None
    numbers = (await broker.get("/mailbox?limit=9", SOUTH)).texts("DocumentNumber")
    assert len(numbers) == 2
    return World(broker, hidden.case, hidden.receipt, tuple(numbers))


async def sessions(broker: Broker) -> dict[str, str]:
    """The cookies of people who have signed in to the dashboard."""
    await let_in(broker, "nada", "vid")
    cookies = {}
    for name, kind in (("vid", "viewer"), ("nada", "clerk")):
        visitor = Visitor(broker)
        assert (await visitor.sign_in(name)).status == 200
        cookies[kind] = f"session={visitor.cookies['session']}"
        await visitor.session.close()
    return cookies


async def test_every_caller_gets_what_it_may_at_every_address(world: World) -> None:
    cookies = await sessions(world.broker)
    got, should = {}, {}
    addresses = sorted(EXPECTED, key=lambda one: (one.startswith("DELETE"), one))
    for address in addresses:
        for name, caller in CALLERS.items():
            answer = await world.ask(address, caller, cookies.get(name))
            got[address, name] = answer.status
            should[address, name] = EXPECTED[address][caller.counts_as]
    wrong = {key: (status, should[key]) for key, status in got.items() if status != should[key]}
    assert wrong == {}
    assert len(got) == len(EXPECTED) * len(CALLERS)


# What is not one's own and what does not exist: same answer, same work.

Asks = Callable[[str], Awaitable[Answered]]


def about(broker: Broker, party: str, kind: str, point: Point = HIDDEN) -> Asks:
    """Posts the sample message of this kind, of this case, as a party that has none there."""
    samples = {
        "Withdrawal": "of-a-request",
        "SupplyConfirmation": "of-a-share",
        "Objection": "contract-still-binding",
        "InaccessibilityReport": "of-a-switch",
        "MeterReading": "by-the-customer",
    }
    sample = (MESSAGES / kind / f"{samples[kind]}.xml").read_bytes()
    fields: Fields = {
        "Header/Sender/Identification": party,
        "Point/AccountingPoint": point.number,
        "Point/MeteringSite": point.site,
        "Point/MeteringSiteGsrn": None,
        "Point/Area": point.area,
    }

    async def ask(case: str) -> Answered:
        return await broker.post(with_fields(sample, fields | {"CaseNumber": case}), party)

    return ask


def lookups(world: World, party: str) -> dict[str, tuple[Asks, str]]:
    """Every way to name something by a number, with the number of what is the new supplier's."""
    broker, (document, another) = world.broker, world.documents

    def at(method: str, path: str) -> Asks:
        async def ask(number: str) -> Answered:
            return await broker.ask(method, path.format(number), party)

        return ask

    found = {
        "case": (at("GET", "/cases/{}"), world.case),
        "message": (at("GET", "/messages/{}"), "H-1"),
        "receipt": (at("GET", "/messages/{}"), world.receipt),
        "document": (at("GET", "/mailbox/{}"), document),
        "acknowledgement": (at("DELETE", "/mailbox/{}"), document),
        "acknowledgements": (at("DELETE", f"/mailbox?id={UNKNOWN[:-1]}0&id={{}}"), another),
    }
    found |= {kind: (about(broker, party, kind), world.case) for kind in ABOUT_A_CASE}
    return found


ABOUT_A_CASE = [
    kind.value
    for kind in MAY_SEND
    if kind
    in (
        DocumentKind.WITHDRAWAL,
        DocumentKind.SUPPLY_CONFIRMATION,
        DocumentKind.OBJECTION,
        DocumentKind.INACCESSIBILITY_REPORT,
        DocumentKind.METER_READING,
    )
]


@contextmanager
def statements(connection: Connection, into: list[str]) -> Iterator[None]:
    """What SQLite is asked on this connection, values left out."""
    connection.set_trace_callback(lambda sql: into.append(re.sub(r"'[^']*'|\b\d+\b", "?", sql)))
    try:
        yield
    finally:
        connection.set_trace_callback(None)


async def watched(broker: Broker, asks: Asks, number: str) -> tuple[Answered, list[str]]:
    """The answer, and all that was asked of SQLite for it, in order."""
    asked: list[str] = []
    writers: list[Connection] = []
    await broker.service.writer.submit(writers.append)
    with statements(broker.service.reader, asked), statements(writers[0], asked):
        answer = await asks(number)
    return answer, asked


def told(answer: Answered) -> tuple[object, ...]:
    """All that an answer says, but for the moment and the numbers, which differ each time."""
    headers = {name: value for name, value in answer.headers.items() if name != "Date"}
    return answer.status, headers, re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}", b"number", answer.body)


OTHERS = {"old supplier": NORTH, "other supplier": EAST, "affiliate": SUNNY, "provider": PROVIDER}


@pytest.mark.parametrize("party", OTHERS.values(), ids=OTHERS)
async def test_what_is_anothers_is_answered_as_what_is_not_there(world: World, party: str) -> None:
    differ = {}
    for name, (asks, theirs) in lookups(world, party).items():
        if party == PROVIDER and name in ABOUT_A_CASE:
            continue  # it sends nothing in its own name, whatever the case
        await asks(UNKNOWN)  # so that nothing is done for the first time
        another, work = await watched(world.broker, asks, theirs)
        nothing, same_work = await watched(world.broker, asks, UNKNOWN)
        assert nothing.status in (404, 422), name
        if told(another) != told(nothing) or work != same_work or not work:
            differ[name] = (told(another), told(nothing), work, same_work)
    assert differ == {}
    assert world.broker.rows("SELECT count(*) FROM outbox WHERE acknowledged_at NOTNULL") == [(0,)]


async def test_it_would_show_where_more_is_done_for_what_is_there(world: World) -> None:
    """The owner's own look-ups do differ, so the comparison above is one that can fail."""
    for name, (asks, own) in lookups(world, SOUTH).items():
        await asks(UNKNOWN)
        mine, work = await watched(world.broker, asks, own)
        nothing, other_work = await watched(world.broker, asks, UNKNOWN)
        if name in ("SupplyConfirmation", "Objection"):
            continue  # this case asks nobody to confirm
        assert (told(mine), work) != (told(nothing), other_work), name
        assert name == "receipt" or work != other_work, name


async def test_a_reading_without_number_tells_nobody_where_a_case_is(world: World) -> None:
    """At a point with another's case in progress, and at one that never had any."""
    answers = []
    for n, point in enumerate((HIDDEN, sample_point(16), HIDDEN, sample_point(16))):
        message = reading(
            f"R-{n}", point, taken_at="2026-04-24T09:00:00+02:00", value="1", new=EAST
        )

        async def asks(_: str, message: bytes = message) -> Answered:
            return await world.broker.post(message, EAST)

        answer, work = await watched(world.broker, asks, "")
        body = re.sub(rb"R-\d", b"R", told(answer)[2])
        answers.append((answer.status, body, work))
    assert answers[2] == answers[3]
    assert answers[0][0] == 422


async def test_credentials_that_do_not_hold_are_all_refused_by_the_same_work(world: World) -> None:
    seen = set()
    for token in ("expired", "revoked", "wrong"):
        headers = {"Authorization": f"Bearer {token}"}

        async def asks(_: str, headers: dict[str, str] = headers) -> Answered:
            return await world.broker.ask("GET", "/mailbox", None, headers=headers)

        answer, work = await watched(world.broker, asks, "")
        seen.add((answer.status, answer.body, tuple(work)))
    assert len(seen) == 1


async def test_acknowledging_in_bulk_touches_nothing_of_anothers(world: World) -> None:
    broker, (first, second) = world.broker, world.documents
    await broker.post(doubtful_request("E-1", sample_point(17), new=EAST), EAST)
    case = (await broker.get("/messages/E-1", EAST)).texts("CaseNumber")[0]
    await broker.post(withdrawal("E-2", sample_point(17), case, new=EAST), EAST)
    (own,) = (await broker.get("/mailbox?limit=9", EAST)).texts("DocumentNumber")
    mixed = await broker.ask("DELETE", f"/mailbox?id={first}&id={own}&id={second}", EAST)
    with_nothing = await broker.ask("DELETE", f"/mailbox?id={UNKNOWN}&id={own}", EAST)
    assert told(mixed) == told(with_nothing)
    assert mixed.status == 404
    assert (await broker.get("/mailbox", EAST)).status == 204
    waiting = (await broker.get("/mailbox?limit=9", SOUTH)).texts("DocumentNumber")
    assert waiting == [first, second]
