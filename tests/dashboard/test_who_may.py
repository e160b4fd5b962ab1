"""Who gets what at every address of the dashboard, and the headers on every answer.

Each address says itself who may use it; here is what that means for each kind of visitor. A route
that is none of those addresses fails here.
"""

from datetime import UTC, datetime

import aiohttp

from broker.dashboard.office import Address, Who
from broker.dashboard.routes import ADDRESSES, make_dashboard
from broker.messages.identifiers import Eic
from broker.store import participants
from broker.store.connection import open_for_writing
from tests.dashboard.test_guard import path_of
from tests.dashboard.visitors import Visitor, form_token
from tests.web.letters import METERING_CENTRE, NORTH, OPERATOR, PROVIDER, SOUTH
from tests.web.running import Broker, token_of

MAY, SIGN_IN, REFUSED, UNKNOWN = "may", "is sent to sign in", "403", "401"

STRANGERS = {
    "nobody": None,
    "wrong token": "wrong",
    "expired token": "expired",
    "revoked token": "revoked",
    "new supplier": token_of(SOUTH),
    "old supplier": token_of(NORTH),
    "affiliate of the operator": token_of("28XSONCNA-ODDAJ9"),
    "metering centre": token_of(METERING_CENTRE),
    "service provider": token_of(PROVIDER),
}
"""Who is not staff, with the tokens they show."""

EXPECTED = {
    ("GET", Who.ANYBODY): {"stranger": MAY, "operator": MAY, "viewer": MAY, "clerk": MAY},
    ("GET", Who.STAFF): {"stranger": SIGN_IN, "operator": SIGN_IN, "viewer": MAY, "clerk": MAY},
    ("GET", Who.PROGRAM): {"stranger": UNKNOWN, "operator": MAY, "viewer": MAY, "clerk": MAY},
    # Nobody posts a form who was not given it: a token of the market opens none.
    ("POST", Who.ANYBODY): {"stranger": REFUSED, "operator": REFUSED, "viewer": MAY, "clerk": MAY},
    ("POST", Who.STAFF): {"stranger": REFUSED, "operator": REFUSED, "viewer": MAY, "clerk": MAY},
    ("POST", Who.CLERK): {
        "stranger": REFUSED,
        "operator": REFUSED,
        "viewer": REFUSED,
        "clerk": MAY,
    },
}

LEADS_TO = {"/sign-out": SIGN_IN, "/sign-in": REFUSED}
"""What becomes of whoever may sign out, or signs in as here without name and password."""

HEADERS = {
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "Cache-Control",
}


class _NoOffice:
    """Stands in for the office: the addresses do not depend on it."""


def test_every_route_is_an_address_that_says_who_may_use_it() -> None:
    routes = make_dashboard(_NoOffice()).router.routes()
    found = {(one.method, one.resource.canonical) for one in routes if one.method != "HEAD"}
    said = {(one.method, one.path) for one in ADDRESSES}
    assert found == said | {("GET", "/static")}
    assert {(one.method, one.who) for one in ADDRESSES} == set(EXPECTED)


def verdict(answer: aiohttp.ClientResponse) -> str:
    """What an answer means, and that it bears the headers whatever it is."""
    assert set(answer.headers) >= HEADERS, answer.url
    assert "aiohttp" not in answer.headers["Server"]
    if answer.status == 303 and answer.headers["Location"].startswith("/sign-in"):
        return SIGN_IN
    return str(answer.status) if answer.status in (401, 403) else MAY


async def ask(
    broker: Broker, session: aiohttp.ClientSession, address: Address, token: str | None, form: str
) -> str:
    """What becomes of a request to the address, with this token of the market if any."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    url = broker.service.dashboard_address + path_of(address)
    data = {"form_token": form} if address.method == "POST" else None
    async with session.request(
        address.method, url, headers=headers, data=data, allow_redirects=False
    ) as answer:
        return verdict(answer)


async def test_every_visitor_gets_what_it_may_at_every_address(
    broker: Broker, clerk: Visitor, viewer: Visitor
) -> None:
    connection = open_for_writing(broker.path)
    at = datetime(2026, 4, 1, tzinfo=UTC)
    operator = Eic(OPERATOR)
    participants.issue_token(
        connection, operator, "expired", "expired", at, expires_at=at.replace(day=2)
    )
    participants.issue_token(connection, operator, "revoked", "revoked", at)
    participants.revoke(connection, operator, "revoked", at.replace(day=2))
    connection.close()
    people = {"viewer": viewer, "clerk": clerk}
    forms = {name: form_token((await person.get("/")).text) for name, person in people.items()}
    wrong = {}
    # Signing out last: afterwards a visitor is another one.
    addresses = sorted(ADDRESSES, key=lambda one: (one.path == "/sign-out", one.path))
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as stranger:
        for address in addresses:
            should = EXPECTED[address.method, address.who]
            if address.method == "POST" and address.path in LEADS_TO:
                should = should | dict.fromkeys(people, LEADS_TO[address.path])
            got = {
                name: await ask(broker, stranger, address, token, "")
                for name, token in STRANGERS.items()
            }
            wrong |= {
                (address, name): is_ for name, is_ in got.items() if is_ != should["stranger"]
            }
            got = {"operator": await ask(broker, stranger, address, token_of(OPERATOR), "")}
            got |= {
                name: await ask(broker, person.session, address, None, forms[name])
                for name, person in people.items()
            }
            wrong |= {(address, name): is_ for name, is_ in got.items() if is_ != should[name]}
    assert wrong == {}
