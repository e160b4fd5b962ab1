"""What may be done by whom, at every address; forms of other sites; headers; faults told."""

import re

import pytest

from broker.dashboard import guard
from broker.dashboard.office import Address, Who
from broker.dashboard.routes import ADDRESSES
from tests.dashboard.visitors import Visitor
from tests.web.raw_http import Line, head
from tests.web.running import Broker

NUMBER = "01234567-89ab-7def-8123-456789abcdef"
PLACES = {
    "{number}": NUMBER,
    "{verb}": "approve",
    "{document}": NUMBER,
    "{sha256}": "0" * 64,
    "{eic}": "28XSEVER-ENERGI8",
}


def path_of(address: Address) -> str:
    """The path of an address with its places filled."""
    return re.sub(r"\{\w+\}", lambda place: PLACES[place[0]], address.path)


def by(method: str, *who: Who) -> list[Address]:
    """The addresses of a method that these may use."""
    return [one for one in ADDRESSES if one.method == method and one.who in who]


EVERY = pytest.mark.parametrize("address", ADDRESSES, ids=lambda one: f"{one.method} {one.path}")


def test_every_address_only_looks_or_is_a_post() -> None:
    assert {one.method for one in ADDRESSES} == {"GET", "POST"}


@pytest.mark.parametrize("address", by("GET", Who.STAFF, Who.CLERK), ids=path_of)
async def test_a_stranger_sees_no_page(visitor: Visitor, address: Address) -> None:
    page = await visitor.get(path_of(address))
    assert page.path.startswith("/sign-in")


@pytest.mark.parametrize("address", by("POST", Who.STAFF, Who.CLERK), ids=path_of)
async def test_a_stranger_changes_nothing(
    broker: Broker, visitor: Visitor, address: Address
) -> None:
    before = broker.count("journal")
    page = await visitor.fill(path_of(address), {"why": "x", "by": "nada"}, on="/sign-in")
    assert page.path.startswith("/sign-in")
    assert broker.count("journal") == before


@pytest.mark.parametrize("address", by("POST", Who.CLERK), ids=path_of)
async def test_a_viewer_changes_nothing(broker: Broker, viewer: Visitor, address: Address) -> None:
    before = broker.count("journal")
    page = await viewer.fill(path_of(address), {"why": "x"})
    assert page.status == 403
    assert broker.count("journal") == before


@pytest.mark.parametrize("address", [one for one in ADDRESSES if one.method == "POST"], ids=path_of)
@pytest.mark.parametrize("token", [None, "", "0" * 64, "ž"])
async def test_a_form_without_its_token_is_refused(
    clerk: Visitor, address: Address, token: str | None
) -> None:
    fields = {"why": "x", "name": "nada", "password": "correct horse battery", "language": "en"}
    page = await clerk.post(
        path_of(address), fields if token is None else {**fields, "form_token": token}
    )
    assert page.status == 403


async def test_the_token_of_another_session_is_refused(clerk: Visitor, viewer: Visitor) -> None:
    token = re.findall(r'name="form_token" value="(\w+)"', (await viewer.get("/")).text)[0]
    page = await clerk.post("/language", {"language": "en", "form_token": token})
    assert page.status == 403


@EVERY
async def test_every_answer_bears_the_headers(clerk: Visitor, address: Address) -> None:
    path = path_of(address)
    page = await clerk.get(path) if address.method == "GET" else await clerk.post(path, {})
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "no-store"


async def test_files_of_the_pages_may_be_kept(visitor: Visitor) -> None:
    page = await visitor.get("/sign-in")
    (sheet,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    kept = await visitor.get(sheet)
    assert (kept.status, "immutable" in kept.headers["Cache-Control"]) == (200, True)
    assert (await visitor.get("/static/none.css")).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/nothing", "/cases/none", "/cases/%00", "/static/../app.py"])
async def test_what_is_not_there_is_told_on_a_page(clerk: Visitor, path: str) -> None:
    page = await clerk.get(path)
    assert page.status == 404
    assert "Tega ni" in page.text


async def test_a_page_takes_nothing_from_other_hosts_and_runs_nothing_inline(
    clerk: Visitor,
) -> None:
    text = (await clerk.get("/")).text
    assert re.findall(r"""(?:src|href|action)="(?!/|#)""", text) == []
    assert "<script>" not in text
    assert " style=" not in text


async def test_a_form_that_is_too_large_is_refused(clerk: Visitor) -> None:
    page = await clerk.post("/language", {"language": "x" * 300_000})
    assert page.status == 413


async def test_a_form_that_never_ends_is_given_up(
    broker: Broker, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "_FORM_WITHIN_SECONDS", 0.1)
    await visitor.get("/sign-in")
    line = await Line.to(int(broker.service.dashboard_address.rpartition(":")[2]))
    cookie = f"Cookie: session={visitor.cookies['session']}"
    form = ("Content-Type: application/x-www-form-urlencoded", "Content-Length: 100")
    await line.send(head("POST", "/sign-in", None, cookie, *form) + b"form_token=")
    assert (await line.answer()).status == 408
    await line.close()


async def test_the_language_is_remembered_also_of_a_stranger(visitor: Visitor) -> None:
    page = await visitor.fill("/language", {"language": "en", "to": "/sign-in"}, on="/sign-in")
    assert page.path == "/sign-in"
    assert '<html lang="en">' in page.text
    assert "User name" in (await visitor.get("/sign-in")).text


async def test_an_unknown_language_is_refused(visitor: Visitor) -> None:
    page = await visitor.fill("/language", {"language": "de", "to": "/"}, on="/sign-in")
    assert page.status == 400


async def test_a_page_that_is_not_there_is_told_within_the_frame(clerk: Visitor) -> None:
    page = await clerk.get("/nonsense")
    assert (page.status, "Tega ni" in page.text) == (404, True)
    assert 'href="/suppliers"' in page.text
    assert "Nada Zgled" in page.text
    assert (
        await clerk.fill("/language", {"language": "en", "to": "/"}, on="/nonsense")
    ).path == "/"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded; charset=foo", b"name=x"),
        ("application/x-www-form-urlencoded; charset=unicode_escape", b"form_token=\\ud800"),
        ("application/x-www-form-urlencoded", b"name=\xff"),
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nX: y\r\n\r\nx\r\n--x--\r\n",
        ),
        ("application/json", b"{}"),
        ("text/plain", b"name=x"),
        ("nonsense", b"name=x"),
    ],
)
async def test_what_is_no_form_is_the_senders_fault(
    broker: Broker, caplog: pytest.LogCaptureFixture, content_type: str, body: bytes
) -> None:
    """Anybody may send it: neither an alarm nor a fault of ours."""
    line = await Line.to(int(broker.service.dashboard_address.split(":")[-1]))
    sent = (f"Content-Type: {content_type}", f"Content-Length: {len(body)}", "Cookie: session=x")
    await line.send(head("POST", "/sign-in", None, *sent) + body)
    assert (await line.answer()).status in {400, 403}
    await line.close()
    assert "ALARM" not in caplog.text


async def test_a_stranger_with_a_long_address_can_sign_in_all_the_same(visitor: Visitor) -> None:
    """Written as a parameter of the way to sign in, it would be longer than a head may be."""
    page = await visitor.get("/found?q=" + "ž" * 900)
    assert (page.status, page.path) == (200, "/sign-in")
