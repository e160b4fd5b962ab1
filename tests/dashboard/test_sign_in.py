"""Who gets in and how long; what strangers learn, which is nothing."""

from datetime import timedelta
from pathlib import Path

import pytest

from broker.clock import VirtualClock
from tests.dashboard.visitors import Visitor, form_token
from tests.web.running import FRIDAY, Broker, running

WRONG = "Uporabniško ime ali geslo ni pravilno."
TOO_MANY = "Preveč neuspelih poskusov"


async def test_signing_in_leads_to_the_page_that_was_asked_for(visitor: Visitor) -> None:
    asked = await visitor.get("/found?q=3831")
    assert (asked.status, asked.path) == (200, "/sign-in?to=/found?q%3D3831")
    token = form_token(asked.text)
    fields = {"name": " Nada ", "password": "correct horse battery", "to": "/found?q=3831"}
    page = await visitor.post("/sign-in", {**fields, "form_token": token})
    assert (page.status, page.path) == (200, "/found?q=3831")
    assert "Nada Zgled" in page.text


@pytest.mark.parametrize(
    "to", ["https://example.org/", "//example.org", "/\\example.org", "x", "/a\nb", ""]
)
async def test_signing_in_never_leads_elsewhere(visitor: Visitor, to: str) -> None:
    token = form_token((await visitor.get("/sign-in")).text)
    fields = {"name": "nada", "password": "correct horse battery", "to": to}
    page = await visitor.post("/sign-in", {**fields, "form_token": token}, follow=False)
    assert (page.status, page.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("nada", "wrong horse battery"),
        ("nobody", "correct horse battery"),
        ("", ""),
        ("nada", "x" * 2000),
    ],
)
async def test_a_wrong_name_and_a_wrong_password_are_told_alike(
    visitor: Visitor, name: str, password: str
) -> None:
    page = await visitor.sign_in(name, password or " ")
    assert page.status == 403
    assert WRONG in page.text
    assert (await visitor.get("/")).path == "/sign-in"


@pytest.mark.parametrize("name", ["nada", "nobody"])
async def test_failures_under_a_name_are_slowed_down(
    broker: Broker, visitor: Visitor, name: str
) -> None:
    clock = broker.clock
    assert isinstance(clock, VirtualClock)
    for _ in range(5):
        assert (await visitor.sign_in(name, "wrong horse battery")).status == 403
    page = await visitor.sign_in(name, "correct horse battery")
    assert (page.status, TOO_MANY in page.text) == (429, True)
    clock.move_to(FRIDAY + timedelta(minutes=15))
    page = await visitor.sign_in(name, "correct horse battery")
    assert page.status == (200 if name == "nada" else 403)


async def test_failures_from_an_address_are_slowed_down(visitor: Visitor) -> None:
    for n in range(20):
        assert (await visitor.sign_in(f"name-{n}", "wrong horse battery")).status == 403
    assert (await visitor.sign_in("nada")).status == 429


async def test_what_the_person_gets_right_is_no_failure(visitor: Visitor) -> None:
    for _ in range(4):
        await visitor.sign_in("nada", "wrong horse battery")
    for _ in range(7):
        assert (await visitor.sign_in("nada")).status == 200
        await visitor.fill("/sign-out", {})


async def test_the_cookie_is_kept_from_scripts_and_other_sites(visitor: Visitor) -> None:
    token = form_token((await visitor.get("/sign-in")).text)
    fields = {"name": "nada", "password": "correct horse battery", "form_token": token}
    page = await visitor.post("/sign-in", fields, follow=False)
    (cookie,) = page.headers.getall("Set-Cookie")
    name, *attributes = cookie.split("; ")
    assert name.startswith("session=")
    assert set(attributes) == {"HttpOnly", "Path=/", "SameSite=Strict"}


async def test_behind_tls_the_cookie_is_for_tls_alone(database: Path) -> None:
    async with running(database, dashboard={"behind_tls": True}) as broker:
        visitor = Visitor(broker)
        page = await visitor.get("/sign-in")
        await visitor.session.close()
    (cookie,) = page.headers.getall("Set-Cookie")
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} == set(cookie.split("; ")[1:])
    assert "max-age" in page.headers["Strict-Transport-Security"]


async def test_behind_a_proxy_each_visitor_is_slowed_down_alone(database: Path) -> None:
    terms = {"behind_tls": False, "failures_per_address_max": 1}
    async with running(database, dashboard=terms) as broker:
        visitor = Visitor(broker)
        visitor.session.headers["X-Forwarded-For"] = "10.0.0.1"
        assert (await visitor.sign_in("nada", "wrong horse battery")).status == 403
        visitor.session.headers["X-Forwarded-For"] = "10.0.0.2"  # believed from a proxy only
        assert (await visitor.sign_in("nada")).status == 429
        await visitor.session.close()


@pytest.mark.parametrize(
    ("another", "status"), [("2001:db8::2", 429), ("2001:db8:0:1::1", 200), ("10.0.0.2", 200)]
)
async def test_behind_tls_a_network_of_ipv6_is_one_place(
    database: Path, another: str, status: int
) -> None:
    """Else who tries passwords would have another address for each."""
    async with running(
        database, dashboard={"behind_tls": True, "failures_per_address_max": 1}
    ) as broker:
        visitor = Visitor(broker)
        visitor.session.headers["Cookie"] = "__Host-session=given-before"  # kept over TLS alone
        visitor.session.headers["X-Forwarded-For"] = "1.2.3.4, 2001:db8::1"
        assert (await visitor.sign_in("nada", "wrong horse battery")).status == 403
        visitor.session.headers["X-Forwarded-For"] = f"2001:db8::1, {another}"
        assert (await visitor.sign_in("nada")).status == status
        await visitor.session.close()


async def test_a_session_ends_when_it_is_not_used(broker: Broker, clerk: Visitor) -> None:
    clock = broker.clock
    assert isinstance(clock, VirtualClock)
    for minutes in (29, 58, 87):
        clock.move_to(FRIDAY + timedelta(minutes=minutes))
        assert (await clerk.get("/")).path == "/"
    clock.move_to(FRIDAY + timedelta(minutes=87 + 30))
    assert (await clerk.get("/")).path == "/sign-in"


async def test_a_session_ends_after_its_longest(broker: Broker, clerk: Visitor) -> None:
    clock = broker.clock
    assert isinstance(clock, VirtualClock)
    for minutes in range(25, 600, 25):
        clock.move_to(FRIDAY + timedelta(minutes=minutes))
        assert (await clerk.get("/")).path == "/"
    clock.move_to(FRIDAY + timedelta(hours=10))
    assert (await clerk.get("/")).path == "/sign-in"


async def test_signing_out_ends_the_session_for_good(broker: Broker, clerk: Visitor) -> None:
    old = clerk.cookies["session"]
    assert (await clerk.fill("/sign-out", {})).path == "/sign-in"
    clerk.session.cookie_jar.update_cookies({"session": old})
    assert (await clerk.get("/")).path == "/sign-in"
    assert broker.count("staff_sessions") == 0


async def test_signing_in_gives_another_cookie_than_the_visitors(visitor: Visitor) -> None:
    await visitor.get("/sign-in")
    before = visitor.cookies["session"]
    await visitor.sign_in("nada")
    assert visitor.cookies["session"] != before


async def test_the_file_gives_no_session_and_no_password_away(
    broker: Broker, clerk: Visitor
) -> None:
    held = b"".join(path.read_bytes() for path in broker.path.parent.glob("broker.sqlite*"))
    assert clerk.cookies["session"].encode() not in held
    assert b"correct horse battery" not in held
    assert b"$argon2id$" in held
