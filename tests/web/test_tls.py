"""TLS at the door, and who a client certificate is: with a token, without, beside another's."""

import asyncio
import json
import shutil
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from broker.clock import VirtualClock
from broker.config import TlsSettings, UnableToReadConfig, config_of
from broker.places import UnableToListen
from tests.web.certificates import FAR_OFF, LONG_AGO, Files, TestCa
from tests.web.letters import NORTH, OPERATOR, SOUTH, sample_point, switch_request
from tests.web.raw_http import Line
from tests.web.running import Answered, Broker, running, token_of

BECAUSE = {"by": "Nada Zgled", "why": "asked for by letter"}
MONTH_AGO = datetime(2021, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestCa:
    """The CA that the door trusts."""
    return TestCa(tmp_path_factory.mktemp("ca"), since=LONG_AGO, until=FAR_OFF)


@pytest.fixture(scope="module")
def clients(authority: TestCa) -> dict[str, Files]:
    """Certificates of that CA; the first two are registered by those who need them."""
    named = {name: authority.client(name) for name in ("south", "south-next", "north", "unknown")}
    return named | {"out-of-date": authority.client("out-of-date", until=MONTH_AGO)}


@pytest.fixture
def tls(authority: TestCa, tmp_path: Path) -> TlsSettings:
    """The door's own files, copied, so that a test may change them."""
    server = authority.server("of-the-door")
    return TlsSettings(
        certificate=Path(shutil.copy(server.certificate, tmp_path / "server.pem")),
        key=Path(shutil.copy(server.key, tmp_path / "server.key.pem")),
        client_ca=authority.files.certificate,
        client_certificates="optional",
    )


@pytest.fixture
async def broker(
    database: Path, tls: TlsSettings, clients: dict[str, Files]
) -> AsyncIterator[Broker]:
    """A running service over TLS, which knows two certificates."""
    async with running(database, tls=tls) as started:
        await started.session.close()
        started.session = session_with(tls, None)
        for eic, label in ((SOUTH, "south"), (NORTH, "north")):
            assert (await register(started, eic, label, clients[label])).status == 200
        yield started


def session_with(tls: TlsSettings, files: Files | None) -> aiohttp.ClientSession:
    """A client that shows this certificate, or none."""
    context = ssl.create_default_context(cafile=tls.client_ca)
    if files is not None:
        context.load_cert_chain(files.certificate, files.key)
    connector = aiohttp.TCPConnector(ssl=context)
    return aiohttp.ClientSession(connector=connector)


async def register(broker: Broker, eic: str, label: str, files: Files, **more: object) -> Answered:
    """Ask as the operator's staff to register a certificate."""
    body = {"label": label, "certificate": files.certificate.read_text(), **BECAUSE, **more}
    path = f"/operator/participants/{eic}/certificates"
    return await broker.ask("POST", path, OPERATOR, json.dumps(body).encode())


async def revoke(broker: Broker, eic: str, label: str) -> int:
    path = f"/operator/participants/{eic}/tokens/{label}"
    return (await broker.ask("DELETE", path, OPERATOR, json.dumps(BECAUSE).encode())).status


class Caller:
    """A party's system, with one certificate for all of its requests."""

    def __init__(self, broker: Broker, tls: TlsSettings, files: Files | None) -> None:
        self._broker = broker
        self._session = session_with(tls, files)

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str = "/mailbox", *tokens: str) -> Answered:
        """A request with these tokens, each in a header of its own."""
        sent = [("Authorization", f"Bearer {token}") for token in tokens]
        async with self._session.get(self._broker.address + path, headers=sent) as answer:
            return Answered(answer.status, dict(answer.headers), await answer.read())


Calls = partial[Caller]


@pytest.fixture
def calls(broker: Broker, tls: TlsSettings) -> Calls:
    """Makes callers of this service."""
    return partial(Caller, broker, tls)


async def test_a_certificate_is_its_party(
    broker: Broker, calls: Calls, clients: dict[str, Files]
) -> None:
    await broker.post(switch_request("GOOD-1", sample_point(1)), SOUTH)
    async with calls(clients["south"]) as south, calls(clients["north"]) as north:
        assert b"Ju\xc5\xbena" in (await south.get()).body
        assert b"Severna" in (await north.get()).body


async def test_with_none_a_token_will_do_as_before(calls: Calls) -> None:
    async with calls(None) as nobody:
        assert (await nobody.get()).status == 401
        assert (await nobody.get("/mailbox", token_of(SOUTH))).status == 204
        assert (await nobody.get("/codes")).status == 200


async def test_both_must_be_of_one_party_and_each_must_hold(
    calls: Calls, clients: dict[str, Files]
) -> None:
    async with calls(clients["south"]) as south, calls(clients["unknown"]) as unknown:
        assert (await south.get("/mailbox", token_of(SOUTH))).status == 204
        for tokens in ((token_of(NORTH),), ("wrong",), (token_of(SOUTH), token_of(NORTH))):
            assert (await south.get("/mailbox", *tokens)).status == 401
        assert (await unknown.get("/mailbox", token_of(SOUTH))).status == 401


async def test_who_is_refused_learns_no_reason(
    broker: Broker, calls: Calls, clients: dict[str, Files]
) -> None:
    assert await revoke(broker, NORTH, "north") == 200
    told = set()
    for files, tokens in (
        (None, ()),
        (clients["unknown"], ()),
        (clients["north"], ()),
        (clients["south"], (token_of(NORTH),)),
        (clients["unknown"], (token_of(NORTH),)),
    ):
        async with calls(files) as caller:
            answer = await caller.get("/mailbox", *tokens)
        assert (answer.status, answer.codes) == (401, ["SB:T09"])
        told.add((answer.body, answer.headers["WWW-Authenticate"]))
    assert len(told) == 1


async def test_a_party_changes_from_one_certificate_to_the_next_without_a_gap(
    broker: Broker, calls: Calls, clients: dict[str, Files]
) -> None:
    assert (await register(broker, SOUTH, "south-next", clients["south-next"])).status == 200
    async with calls(clients["south"]) as old, calls(clients["south-next"]) as new:
        assert [(await one.get()).status for one in (old, new)] == [204, 204]
        assert await revoke(broker, SOUTH, "south") == 200
        # On the connection that is open already, too.
        assert [(await one.get()).status for one in (old, new)] == [401, 204]
    assert (await register(broker, SOUTH, "south", clients["south"])).status == 422
    kinds = [kind for (kind,) in broker.rows("SELECT kind FROM journal ORDER BY position")]
    assert kinds == [*["CertificateRegistered"] * 3, "CertificateRevoked"]


async def test_a_certificate_ends_with_its_days_or_with_its_own_end(
    broker: Broker, calls: Calls, clients: dict[str, Files]
) -> None:
    clock = broker.clock
    assert isinstance(clock, VirtualClock)
    answer = await register(broker, SOUTH, "south-next", clients["south-next"], days=2)
    assert json.loads(answer.body)["expires_at"] == "2026-04-26T22:00:00Z"
    listed = json.loads(
        (await broker.get(f"/operator/participants/{SOUTH}/tokens", OPERATOR)).body
    )["tokens"]
    ends = {one["label"]: one["expires_at"] for one in listed}
    assert ends == {
        "south": "2100-01-01T00:00:00Z",
        "south-next": "2026-04-26T22:00:00Z",
        "test": None,
    }
    async with calls(clients["south-next"]) as caller:
        clock.move_to(datetime(2026, 4, 26, 22, tzinfo=UTC) - timedelta(seconds=1))
        assert (await caller.get()).status == 204
        clock.move_to(datetime(2026, 4, 26, 22, tzinfo=UTC))
        assert (await caller.get()).status == 401


async def test_what_cannot_be_registered_is_said_and_nothing_kept(
    broker: Broker, clients: dict[str, Files]
) -> None:
    before = broker.count("journal"), broker.count("credentials")
    unknown = clients["unknown"]
    assert (await register(broker, SOUTH, "mine", clients["north"])).status == 422
    assert (await register(broker, SOUTH, "south", unknown)).status == 422
    assert (await register(broker, "28XNIKOGAR-----Z", "x", unknown)).status == 422
    assert (await register(broker, SOUTH, "old", clients["out-of-date"])).status == 422
    assert (await register(broker, SOUTH, " ", unknown)).status == 400
    two = unknown.certificate.read_text() * 2
    for text in ("", "no certificate", unknown.key.read_text(), two, "ž"):
        assert (await register(broker, SOUTH, "x", unknown, certificate=text)).status == 400
    assert (broker.count("journal"), broker.count("credentials")) == before


async def test_a_token_is_no_certificate_and_a_certificate_no_token(
    broker: Broker, calls: Calls, clients: dict[str, Files]
) -> None:
    der = ssl.PEM_cert_to_DER_cert(clients["south"].certificate.read_text())
    broker.damage("UPDATE credentials SET kind = 'token' WHERE label = 'south'")
    async with calls(clients["south"]) as caller:
        assert (await caller.get()).status == 401
    assert der not in b"".join(row for (row,) in broker.rows("SELECT content FROM payloads"))


@pytest.mark.parametrize("shown", ["out-of-date", "foreign"])
async def test_a_certificate_that_does_not_hold_makes_no_connection(
    calls: Calls, clients: dict[str, Files], tmp_path: Path, shown: str
) -> None:
    foreign = TestCa(tmp_path / "foreign", since=LONG_AGO, until=FAR_OFF).client("foreign")
    async with calls(foreign if shown == "foreign" else clients[shown]) as caller:
        with pytest.raises(aiohttp.ClientError):
            await caller.get("/codes")


async def test_where_one_is_required_nobody_comes_without(
    database: Path, tls: TlsSettings, clients: dict[str, Files]
) -> None:
    required = TlsSettings(
        certificate=tls.certificate,
        key=tls.key,
        client_ca=tls.client_ca,
        client_certificates="required",
    )
    async with running(database, tls=required) as broker:
        async with Caller(broker, tls, None) as nobody:
            with pytest.raises(aiohttp.ClientError):
                await nobody.get("/codes")
        async with Caller(broker, tls, clients["unknown"]) as somebody:
            assert (await somebody.get("/codes")).status == 200
            assert (await somebody.get()).status == 401


async def test_the_certificate_of_the_door_is_exchanged_under_open_connections(
    broker: Broker, tls: TlsSettings, authority: TestCa
) -> None:
    next_one = authority.server("of-the-door-next")
    assert tls.certificate is not None
    assert tls.key is not None
    before = await shown_by(broker)
    assert (await broker.get("/mailbox", SOUTH)).status == 204
    shutil.copy(next_one.certificate, tls.certificate)
    broker.service.reload_certificate()  # the key is still the old one: nothing changes
    assert await shown_by(broker) == before
    shutil.copy(next_one.key, tls.key)
    broker.service.reload_certificate()
    assert await shown_by(broker) == next_one.certificate.read_text()
    assert (await broker.get("/mailbox", SOUTH)).status == 204


async def shown_by(broker: Broker) -> str:
    """The certificate that the door shows to a new connection, in PEM."""
    get = partial(ssl.get_server_certificate, ("127.0.0.1", broker.port))
    return await asyncio.to_thread(get)


async def test_it_is_said_that_tls_is_to_be_used_from_now_on(calls: Calls) -> None:
    async with calls(None) as caller:
        for path in ("/codes", "/mailbox", "/nowhere"):
            headers = (await caller.get(path)).headers
            assert headers["Strict-Transport-Security"] == "max-age=31622400"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"certificate": "a.pem"}, "both certificate and key"),
        ({"key": "a.pem"}, "both certificate and key"),
        ({"client_certificates": "required"}, "no certificate"),
        ({"client_ca": "ca.pem"}, "no certificate"),
        ({"certificate": "a", "key": "b", "client_certificates": "optional"}, "client_ca"),
        ({"certificate": "a", "key": "b", "client_ca": "c"}, "client_ca"),
        ({"certificate": "a", "key": "b", "client_certificates": "maybe"}, "maybe"),
    ],
)
def test_settings_that_say_half_are_refused(written: dict[str, str], said: str) -> None:
    with pytest.raises(UnableToReadConfig, match=said):
        config_of({"tls": written}, "settings")


@pytest.mark.parametrize("what", ["certificate", "key", "client_ca"])
async def test_a_door_without_usable_files_does_not_open(
    database: Path, tls: TlsSettings, tmp_path: Path, what: str
) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("nothing")
    files = {"certificate": tls.certificate, "key": tls.key, "client_ca": tls.client_ca}
    spoilt = TlsSettings(**{**files, what: wrong}, client_certificates="optional")
    with pytest.raises(UnableToListen, match=r"wrong\.pem"):
        async with running(database, tls=spoilt):
            pass


async def test_a_line_counts_before_anything_is_agreed_on_it(
    database: Path, tls: TlsSettings, clients: dict[str, Files]
) -> None:
    """Else as many as one likes could be held open without a word."""
    limits = {"connections_per_address_max": 3}
    async with running(database, tls=tls, limits=limits) as broker:
        silent = [await Line.to(broker.port) for _ in range(3)]
        fourth = await Line.to(broker.port)
        assert await fourth.ended()
        assert broker.service.door.turned_away[503] == 1
        await silent.pop().close()
        async with Caller(broker, tls, clients["south"]) as one:
            assert (await one.get("/health/live")).status == 200
        for line in (*silent, fourth):
            await line.close()


async def test_who_agrees_on_nothing_goes_and_leaves_no_trace(
    database: Path, tls: TlsSettings, caplog: pytest.LogCaptureFixture
) -> None:
    limits = {"connections_per_address_max": 1, "head_within_seconds": 0.3}
    async with running(database, tls=tls, limits=limits) as broker:
        for said in (b"GET / HTTP/1.1\r\n\r\n", b"", b"\x16\x03\x01\xff\xff"):
            line = await Line.to(broker.port)
            await line.send(said)
            while not await line.ended():
                pass  # an alert in the words of TLS
            await line.close()
        for _ in range(3):
            async with Caller(broker, tls, None) as somebody:
                assert (await somebody.get("/health/live")).status == 200
        assert broker.service.door.turned_away == {}
    assert "ALARM" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_lines_under_way_do_not_keep_the_service_from_ending(
    database: Path, tls: TlsSettings
) -> None:
    async with running(database, tls=tls) as broker:
        line = await Line.to(broker.port)
        async with Caller(broker, tls, None) as somebody:
            assert (await somebody.get("/health/live")).status == 200
    assert await line.ended()
    await line.close()
