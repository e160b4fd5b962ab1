"""What somebody hostile types at the dashboard and at the operator's addresses, by a seed.

Every address of the dashboard with edges of the calendar, numbers and encodings in everything it
reads, as forms of every sort, signed in as a clerk and as nobody.
"""

import gzip
import json
import random
import re
import time
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from broker.dashboard.routes import ADDRESSES
from broker.web.door import Door
from broker.web.routes import make_app
from tests.dashboard.visitors import Visitor, form_token
from tests.web.letters import OPERATOR
from tests.web.running import Broker, token_of

NAMES = (
    *("after", "area", "before", "day", "decided", "from", "kind", "number", "outcome", "party"),
    *("point", "q", "supplier", "to", "urgency", "waiting", "weeks"),
)
FIELDS = (
    *("name", "password", "why", "seen", "code", "text", "day", "supplier", "taken_at", "remark"),
    *("1-0:1.8.0", "1-0:1.8.1", "label", "expires", "language", "to"),
)
EDGES = (
    *("0001-01-01", "9999-12-31", "2000-01-01", "2999-12-31", "0000-00-00", "20260101", "2026-W01"),
    *("0001-01-01T00:00:00+14:00~1", "9999-12-31T23:59:59-14:00~1", "0001-01-01T00:00~x", "~1"),
    *("0001-01-01T00:00", "9999-12-31T23:59", "2026-03-29T02:30", "2026-04-24T10:00:00+02:00~1"),
    *("0", "-1", "1e999999999", "1" * 400, "9" * 18, "NaN", "Infinity", "0x10", "\u0661", "\u00b2"),
    *("", " ", "\x00", "\ud800", "ž" * 3000, "%", "%zz", "..", "../..", "'\"<x>", "=1+1", "1_0"),
    *("clerk", "approve", "doubt", "red", "sl", "true", "\r\nX: y", "a" * 70_000),
)
TYPES = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=unicode_escape",
    "application/x-www-form-urlencoded; charset=nonsense",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/json",
    "nonsense",
)
_PLACE = re.compile(r"\{\w+\}")
_HERE = [one for one in ADDRESSES if one.path != "/sign-out"]
_OPERATORS = sorted(
    (route.method, route.resource.canonical)
    for route in make_app(cast(Door, None)).router.routes()
    if route.resource is not None and route.resource.canonical.startswith("/operator/")
)


@dataclass(frozen=True, slots=True)
class Typed:
    """One request: to which of our places, how, and what it carries."""

    at_door: bool
    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    signed_in: bool


def typed(number: int, random_seed: int, token: str) -> Typed:
    """Request `number` of this seed, always the same; `token` is that of the clerk's forms."""
    chance = random.Random(f"{random_seed}/{number}")
    if chance.random() < 0.25:
        return _at_the_door(chance)
    address = chance.choice(_HERE)
    path = _PLACE.sub(lambda _: _in_path(chance), address.path)
    body, headers = None, {}
    if address.method == "POST":
        fields = [(name, chance.choice(EDGES)) for name in FIELDS if chance.random() < 0.5]
        if chance.random() < 0.8:
            fields.append(("form_token", token))
        body = urlencode(fields, errors="replace").encode()
        headers["Content-Type"] = TYPES[0] if chance.random() < 0.7 else chance.choice(TYPES)
        if chance.random() < 0.1:
            headers["Content-Encoding"], body = "gzip", gzip.compress(body)
        if chance.random() < 0.05:
            body = chance.randbytes(200)
    else:
        path += "?" + _query(chance)
    return Typed(False, address.method, path, headers, body, chance.random() < 0.8)


def _at_the_door(chance: random.Random) -> Typed:
    """JSON of the operator's own people, which comes from programs and the command line."""
    method, path = chance.choice(_OPERATORS)
    path = _PLACE.sub(lambda _: _in_path(chance), path)
    body = {name: chance.choice(EDGES) for name in ("by", "why")}
    for name in ("decision", "day", "before", "case", "customer", "label", "provider", "from"):
        if chance.random() < 0.3:
            body[name] = chance.choice(EDGES)
    text = json.dumps(body).encode()
    return Typed(True, method, path, {"Content-Type": "application/json"}, text, True)


def _query(chance: random.Random) -> str:
    # A head of more than 8 kB is no request: tests/web/test_http.py sends those.
    named = [(name, chance.choice(EDGES)[:400]) for name in NAMES if chance.random() < 0.2]
    return urlencode(named, errors="replace")


def _in_path(chance: random.Random) -> str:
    text = chance.choice(EDGES)[:400].encode(errors="replace").decode()
    return URL.build(path="/" + text.replace("/", "")).raw_path[1:] or "x"


class Typist:
    """Sends such requests, as a clerk who has signed in and as a stranger."""

    def __init__(self, broker: Broker, random_seed: int) -> None:
        self._broker = broker
        self._seed = random_seed
        self._clerk = Visitor(broker)
        self._stranger = Visitor(broker)
        self._token = ""

    async def begin(self) -> None:
        """Sign in."""
        await self._clerk.sign_in("nada")
        self._token = form_token((await self._clerk.get("/")).text)

    async def send(self, number: int) -> tuple[int, float, Typed]:
        """Send one: the status of its answer, the seconds it took, and what was sent."""
        one = typed(number, self._seed, self._token)
        headers = dict(one.headers)
        address, session = self._broker.service.dashboard_address, self._stranger.session
        if one.at_door:
            address, session = self._broker.address, self._broker.session
            headers["Authorization"] = f"Bearer {token_of(OPERATOR)}"
        elif one.signed_in:
            session = self._clerk.session
        began = time.monotonic()
        try:
            async with session.request(
                one.method,
                URL(address + one.path, encoded=True),
                data=one.body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=60),
            ) as answer:
                await answer.read()
        except aiohttp.ServerDisconnectedError:  # no answer is as bad as one of ours
            return 599, time.monotonic() - began, one
        return answer.status, time.monotonic() - began, one

    async def end(self) -> None:
        """Hang up."""
        await self._clerk.session.close()
        await self._stranger.session.close()
