"""Documents and staff's mails go out by a real SMTP server: secured, signed in, and when it fails.

Method: the real service on a virtual clock, aiosmtpd in a thread of its own as the server.
"""

import email
import email.policy
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from broker.clock import VirtualClock
from broker.config import MAIL_PASSWORD, MailSettings, UnableToReadConfig, config_of
from broker.service import Service
from tests.delivery.conftest import Certificate
from tests.delivery.delivering import (
    SECOND,
    approvals,
    deliver,
    delivering,
    operator,
    push_to,
    standing,
    waiting,
)
from tests.service.test_mails_to_staff import SEVEN, free_port
from tests.web.letters import NORTH, SOUTH, sample_point
from tests.web.running import FRIDAY, Broker

ADDRESS = "obvestila@jug.example"
USER, PASSWORD = "posrednik", "geslo za pošto"
SENDER = "posrednik@operater.example"


class Postbox:
    """Takes mails, or answers at a step of each as it is told: None is to hang up."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []
        self.at_recipient: list[str] = []
        self.at_text: list[str | None] = []
        self.signed_in: list[str] = []

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session, envelope, address, options
    ) -> str:
        """One recipient."""
        if self.at_recipient:
            return self.at_recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session, envelope
    ) -> str:
        """The text."""
        answer = self.at_text.pop(0) if self.at_text else "250 OK"
        if answer is not None and not answer.startswith("250"):
            return answer
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.letters.append((envelope.rcpt_tos[0], message))
        if answer is None:
            server.transport.close()
        return "250 OK"

    def knows(self, server: SMTP, session, envelope, mechanism: str, given) -> AuthResult:
        """Whether somebody may sign in."""
        right = isinstance(given, LoginPassword) and (given.login, given.password) == (
            USER.encode(),
            PASSWORD.encode(),
        )
        if right:
            self.signed_in.append(mechanism)
        return AuthResult(success=right, handled=False)

    @property
    def numbers(self) -> list[str]:
        """The numbers in the Message-IDs that came, in order."""
        return [letter["Message-ID"][1:].partition("@")[0] for _, letter in self.letters]


@contextmanager
def postbox(
    certificate: Certificate | None = None, *, implicit: bool = False
) -> Iterator[tuple[Postbox, MailSettings]]:
    """A server, and the settings that hand mails in there; with a certificate, to users alone."""
    box = Postbox()
    server: dict[str, object] = {}
    if certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate.certificate, certificate.key)
        server = {"authenticator": box.knows}
        # It does not see TLS that is there from the first byte on.
        server |= (
            {"ssl_context": tls, "auth_require_tls": False}
            if implicit
            else {"tls_context": tls, "auth_required": True}
        )
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), **server)
    controller.start()
    try:
        yield (
            box,
            MailSettings(
                host="127.0.0.1",
                port=controller.port,
                tls="none" if certificate is None else "implicit" if implicit else "starttls",
                sender=SENDER,
                recipients=("dezurni@operater.example",),
                within_seconds=5.0,
                user=None if certificate is None else USER,
            ),
        )
    finally:
        controller.stop()


async def mail_to(broker: Broker, party: str = SOUTH, **more: object) -> None:
    """Let documents be mailed to the party."""
    await push_to(broker, ADDRESS, party, kind="mail", **more)


async def test_a_document_goes_attached_to_a_mail_that_names_nobody(database: Path) -> None:
    with postbox() as (box, settings):
        async with delivering(database, mail=settings) as broker:
            await mail_to(broker)
            (number,) = await approvals(broker, 1)
            content = (await broker.get(f"/mailbox/{number}", SOUTH)).body
            await deliver(broker)
    ((recipient, letter),) = box.letters
    assert (recipient, letter["From"], letter["To"]) == (ADDRESS, SENDER, ADDRESS)
    assert letter["Subject"] == f"Obvestilo o odobritvi, dokument {number}"
    assert letter["Message-ID"] == f"<{number}@operater.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    (attached,) = letter.iter_attachments()
    assert attached.get_content_type() == "application/xml"
    assert attached.get_filename() == f"ApprovalNotice-{number}.xml"
    assert attached.get_payload(decode=True) == content
    text = letter.get_body().get_content()
    assert f"številka dokumenta {number}" in text
    point = sample_point(1)
    for name in (point.customer, point.tax_number, point.number, "Južna"):
        assert name not in letter["Subject"] + text


async def test_the_text_is_in_the_partys_language(database: Path) -> None:
    with postbox() as (box, settings):
        async with delivering(database, mail=settings) as broker:
            await mail_to(broker, language="en")
            (number,) = await approvals(broker, 1)
            await deliver(broker)
    assert box.letters[0][1]["Subject"] == f"Approval notice, document {number}"


async def test_what_the_server_took_is_handed_out_and_waits_to_be_acknowledged(
    database: Path,
) -> None:
    with postbox() as (box, settings):
        async with delivering(database, mail=settings) as broker:
            await mail_to(broker)
            numbers = await approvals(broker, 1, 11, 12)
            await deliver(broker)
            assert box.numbers == numbers
            assert await waiting(broker) == numbers
            assert broker.rows("SELECT DISTINCT what FROM handovers") == [("fetched",)]
            await operator(broker, "DELETE", f"participants/{SOUTH}/channel")
            await mail_to(broker)  # set up anew: what was mailed before is not mailed again
            await broker.ask("DELETE", f"/mailbox/{numbers[0]}", SOUTH)
            more = await approvals(broker, 15)
            await deliver(broker, SECOND)
    assert box.numbers == [*numbers, more[-1]]


async def test_a_refused_recipient_holds_up_its_own_mails_alone(database: Path) -> None:
    with postbox() as (box, settings):
        async with delivering(database, mail=settings) as broker:
            await mail_to(broker)
            numbers = await approvals(broker, 1)
            box.at_recipient = ["550 no such mailbox"]
            await deliver(broker)
            told = await standing(broker)
            assert (told["last_fault"], "550" in str(told["last_why"])) == ("not_there", True)
            assert (told["failures"], told["put_aside"]) == (1, 0)
            await mail_to(broker, NORTH)
            await deliver(broker, SECOND)
            assert len(box.letters) == 1
            await deliver(broker, SECOND)
    assert box.numbers[1:] == numbers


async def test_later_means_later(database: Path) -> None:
    with postbox() as (box, settings):
        async with delivering(database, mail=settings) as broker:
            await mail_to(broker)
            numbers = await approvals(broker, 1, 11)
            box.at_text = ["451 later", "421 closing"]
            for wait in (0, 2):
                await deliver(broker, wait * SECOND)
                assert ((await standing(broker))["last_fault"], box.letters) == ("busy", [])
            await deliver(broker, 4 * SECOND)
    assert box.numbers == numbers


async def test_a_text_that_is_refused_is_put_aside(database: Path) -> None:
    with postbox() as (box, settings):
        async with delivering(database, mail=settings, refusals_to_put_aside=2) as broker:
            await mail_to(broker)
            first, second = await approvals(broker, 1, 11)
            box.at_text = ["552 too large", "554 no"]
            await deliver(broker)
            await deliver(broker, 2 * SECOND)
            told = await standing(broker)
            assert [one["document_id"] for one in told["documents"]] == [first]
    assert box.numbers == [second]


async def test_a_mail_that_may_have_gone_out_goes_again_under_its_number(database: Path) -> None:
    with postbox() as (box, settings):
        async with delivering(database, mail=settings) as broker:
            await mail_to(broker)
            (number,) = await approvals(broker, 1)
            box.at_text = [None]
            await deliver(broker)
            told = await standing(broker)
            assert "nobody knows whether it was sent" in str(told["last_why"])
            await deliver(broker, 2 * SECOND)
    assert box.numbers == [number, number]


async def test_a_server_that_is_away_is_tried_again(database: Path) -> None:
    with postbox() as (_, settings):
        pass
    async with delivering(database, mail=settings) as broker:
        await mail_to(broker)
        await approvals(broker, 1)
        await deliver(broker)
        assert (await standing(broker))["last_fault"] == "unreachable"


async def test_an_address_that_is_none_is_refused(database: Path) -> None:
    with postbox() as (_, settings):
        async with delivering(database, mail=settings) as broker:
            for address in (
                "jug.example",
                "@jug.example",
                "a b@jug.example",
                "a@b\nc",
                "ž@b.example",
            ):
                body = {"kind": "mail", "address": address}
                told = await operator(broker, "POST", f"participants/{SOUTH}/channel", **body)
                assert told["status"] == 422, address


async def test_a_test_mail_says_that_it_is_one(database: Path) -> None:
    with postbox() as (box, settings):
        async with delivering(database, mail=settings) as broker:
            await mail_to(broker)
            await operator(broker, "POST", f"participants/{SOUTH}/channel/test")
    ((_, letter),) = box.letters
    assert letter["Subject"].startswith("Preizkus dostave")
    assert list(letter.iter_attachments()) == []


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])
async def test_staff_and_parties_are_mailed_by_a_secured_server_with_login(
    database: Path, trusted: Certificate, monkeypatch: pytest.MonkeyPatch, implicit: bool
) -> None:
    monkeypatch.setenv(MAIL_PASSWORD, PASSWORD)
    with postbox(trusted, implicit=implicit) as (box, settings):
        async with delivering(database, mail=settings) as broker:
            await mail_to(broker)
            await approvals(broker, 1)
            await deliver(broker)
            await deliver(broker, SEVEN - broker.clock.now())
            assert broker.service.alerts is not None
            assert await broker.service.alerts.send_due() == 1
    assert [who for who, _ in box.letters] == [ADDRESS, "dezurni@operater.example"]
    assert len(box.signed_in) == 2


async def test_a_wrong_password_is_told_and_never_shown(
    database: Path,
    trusted: Certificate,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(MAIL_PASSWORD, "wrong-password")
    caplog.set_level("DEBUG")
    with postbox(trusted) as (box, settings):
        async with delivering(database, mail=settings) as broker:
            await mail_to(broker)
            await approvals(broker, 1)
            await deliver(broker)
            told = await standing(broker)
            broker.clock.move_to(SEVEN)
            assert broker.service.alerts is not None
            assert await broker.service.alerts.send_due() == 0
            assert "wrong-password" not in repr(broker.service.alerts._server)
    assert (told["last_fault"], "535" in str(told["last_why"])) == ("unwelcome", True)
    assert box.letters == []
    assert "was not sent" in caplog.text
    assert "wrong-password" not in caplog.text


async def test_an_unknown_certificate_gets_no_password(
    database: Path, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MAIL_PASSWORD, PASSWORD)
    with postbox(certificate) as (box, settings):
        async with delivering(database, mail=settings) as broker:
            await mail_to(broker)
            await approvals(broker, 1)
            await deliver(broker)
            assert (await standing(broker))["last_fault"] == "insecure"
    assert (box.signed_in, box.letters) == ([], [])


def test_the_password_is_in_a_file_or_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text("from the file\nand more\n", encoding="utf-8")
    assert MailSettings(user=USER, password_file=file).password() == "from the file"
    monkeypatch.setenv(MAIL_PASSWORD, "from the environment")
    assert MailSettings(user=USER, password_file=file).password() == "from the environment"
    assert MailSettings().password() == ""


@pytest.mark.parametrize("file", [None, "missing", "empty"])
async def test_a_user_without_password_is_told_at_the_start(
    database: Path, tmp_path: Path, file: str | None
) -> None:
    (tmp_path / "empty").touch()
    mail = {"host": "localhost", "sender": SENDER, "recipients": ["a@b.example"], "user": USER}
    mail |= {} if file is None else {"password_file": str(tmp_path / file)}
    values = {"mail": mail, "service": {"database": str(database), "port": 0}}
    service = Service(config_of(values, "here"), VirtualClock(FRIDAY), with_timer=False)
    with pytest.raises(UnableToReadConfig, match=r"password"):
        await service.start()


def test_a_password_is_never_sent_in_the_open() -> None:
    mail = {"host": "localhost", "sender": SENDER, "recipients": ["a@b.example"], "user": USER}
    with pytest.raises(UnableToReadConfig, match="in the open"):
        config_of({"mail": {**mail, "tls": "none"}}, "here")
