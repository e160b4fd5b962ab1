"""Tokens, certificates and delegations by the command line, beside the running service."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from broker.__main__ import main
from broker.config import TlsSettings
from broker.engine.apply import replay
from broker.store.connection import open_for_reading
from broker.store.verify import verify
from tests.service.process import serving
from tests.service.test_command_line import FRIDAY
from tests.web.certificates import FAR_OFF, LONG_AGO, Files, TestCa
from tests.web.letters import OPERATOR, PROVIDER, SOUTH
from tests.web.running import running, token_of

BECAUSE = ("--by", "Nada Zgled", "--why", "letter of 20 April")
DELEGATE = ("delegate", PROVIDER, SOUTH, "--from", "2026-04-24", "--until", "2026-05-24", *BECAUSE)


@pytest.fixture
def certificate(tmp_path: Path) -> Files:
    """The certificate of a supplier."""
    return TestCa(tmp_path / "ca", since=LONG_AGO, until=FAR_OFF).client("south")


Told = tuple[int, str, str]


@pytest.fixture
async def command(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Callable[..., Awaitable[Told]]]:
    """Runs a command at a running service: exit code, what it said, what it complained of."""
    async with running(database) as broker:
        at = ("--url", broker.address, "--token", token_of(OPERATOR))

        async def run(*arguments: str) -> Told:
            code = await asyncio.to_thread(main, [*arguments, *at])
            return (code, *capsys.readouterr())

        yield run


async def test_what_is_granted_is_listed_until_it_is_ended(
    command: Callable[..., Awaitable[Told]], database: Path, certificate: Files
) -> None:
    file = str(certificate.certificate)
    code, said, _ = await command("certificate", SOUTH, "2026", file, *BECAUSE)
    assert (code, json.loads(said)["expires_at"]) == (0, "2100-01-01T00:00:00Z")
    assert (await command("issue", SOUTH, "next", "--days", "9", *BECAUSE))[0] == 0
    listed = json.loads((await command("tokens", SOUTH))[1])["tokens"]
    assert sorted((one["kind"], one["label"]) for one in listed) == [
        ("certificate", "2026"),
        ("token", "next"),
        ("token", "test"),
    ]
    assert (await command("revoke", SOUTH, "2026", *BECAUSE))[0] == 0
    _, said, _ = await command(*DELEGATE, "--kind", "SwitchRequest", "--mailbox")
    number = json.loads(said)["delegation"]
    assert (await command("end-delegation", number, *BECAUSE))[0] == 0
    (listed,) = json.loads((await command("delegations"))[1])["delegations"]
    assert (listed["number"], listed["ended_at"] is None) == (number, False)
    with closing(open_for_reading(database)) as connection:
        kinds = connection.execute("SELECT kind FROM journal WHERE case_id IS NULL").fetchall()
        assert [kind for (kind,) in kinds] == [
            *("CertificateRegistered", "TokenIssued", "CertificateRevoked"),
            *("DelegationGranted", "DelegationEnded"),
        ]
        assert verify(connection, replay) == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("certificate", SOUTH, "2026", "none.pem", *BECAUSE), "none.pem"),
        (("certificate", SOUTH, "2026", "pyproject.toml", *BECAUSE), "no certificate"),
        (DELEGATE, "no kind of message"),
        ((*DELEGATE, "--kind", "RegisterChange"), "sends no RegisterChange"),
        (("end-delegation", "none", *BECAUSE), "T19"),
    ],
)
async def test_what_cannot_be_is_told(
    command: Callable[..., Awaitable[Told]], arguments: tuple[str, ...], complaint: str
) -> None:
    code, _, complained = await command(*arguments)
    assert code == 1
    assert complaint in complained


def test_a_hangup_asks_for_the_certificate_and_ends_nothing(database: Path) -> None:
    with serving(database, FRIDAY) as process:
        process.hang_up()
        assert process.ask("GET", "/mailbox", SOUTH).status == 204


async def test_the_operators_commands_may_show_a_certificate(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ca = TestCa(tmp_path / "ca", since=LONG_AGO, until=FAR_OFF)
    server, own = ca.server(), ca.client("operator")
    tls = TlsSettings(
        certificate=server.certificate,
        key=server.key,
        client_ca=ca.files.certificate,
        client_certificates="optional",
    )
    async with running(database, tls=tls) as broker:
        at = ["--url", broker.address, "--ca", str(ca.files.certificate)]
        token = ["--token", token_of(OPERATOR)]
        register = ["certificate", OPERATOR, "commands", str(own.certificate), *BECAUSE]
        shown = ["--certificate", str(own.certificate), "--key", str(own.key)]
        assert await asyncio.to_thread(main, [*register, *at, *token]) == 0
        assert await asyncio.to_thread(main, ["tasks", *at, *shown]) == 0
        assert "collections" in capsys.readouterr().out
        assert await asyncio.to_thread(main, ["tasks", *at]) == 1
        assert "SB" in capsys.readouterr().err
        assert await asyncio.to_thread(main, ["tasks", "--url", broker.address, *shown]) == 1
        assert "does not answer" in capsys.readouterr().err
