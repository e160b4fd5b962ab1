"""Staff are mailed by a real SMTP server: each morning, near a limit, never twice, till it is out.

Method: the service on a virtual clock; the tests move it and call what the timer would call.
"""

import asyncio
import email
import email.policy
import re
import socket
from collections.abc import Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from broker.__main__ import main
from broker.clock import VirtualClock
from broker.config import Config, MailSettings, UnableToReadConfig, config_of
from broker.service import Service
from broker.store import mails, seals
from tests.web.letters import SOUTH, doubtful_request, sample_point
from tests.web.running import FRIDAY, Broker, settings

POINT = sample_point(1)
TO = ("dezurni@operater.example", "vodja@operater.example")
SEVEN = datetime(2026, 4, 25, 5, 0, tzinfo=UTC)
HOUR_TO_DECIDE = datetime(2026, 5, 5, 20, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class Postbox:
    """Takes what is sent, or refuses: by recipient, at the text, or by hanging up after it."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, email.message.EmailMessage]] = []
        self.refused: set[str] = set()
        self.answer = "250 OK"
        self.hang_up = False

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session, envelope, address, options
    ) -> str:
        """One recipient."""
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session, envelope
    ) -> str:
        """The text."""
        if not self.answer.startswith("250"):
            return self.answer
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.letters.append((envelope.rcpt_tos[0], message))
        if self.hang_up:
            server.transport.close()
        return self.answer

    def to(self, recipient: str) -> list[str]:
        """The subjects that this recipient has got."""
        return [letter["Subject"] for who, letter in self.letters if who == recipient]


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port: int = free.getsockname()[1]
    return port


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, Controller]]:
    """A real SMTP server on a free port."""
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield box, controller
    controller.stop()


def config(database: Path, controller: Controller, **more: object) -> Config:
    """Settings that mail through this server."""
    mail = MailSettings(
        host="127.0.0.1",
        port=controller.port,
        tls="none",
        sender="posrednik@operater.example",
        recipients=TO,
        within_seconds=5.0,
    )
    return replace(settings(database), mail=replace(mail, **more))


@asynccontextmanager
async def started(config: Config, at: datetime = FRIDAY):
    """The service on a clock that stands at an instant."""
    clock = VirtualClock(at)
    service = Service(config, clock, with_timer=False)
    await service.start()
    broker = Broker(service, clock, config.service.database)
    try:
        yield broker
    finally:
        await broker.session.close()
        await service.stop()


async def send_at(broker: Broker, at: datetime) -> int:
    """Let the clock show an instant, sweep, and send what is due."""
    assert isinstance(broker.clock, VirtualClock)
    broker.clock.move_to(at)
    assert broker.service.alerts is not None
    return await broker.service.alerts.send_due()


async def test_nothing_is_mailed_where_no_server_is_set(database: Path) -> None:
    async with started(settings(database)) as broker:
        assert broker.service.alerts is None


async def test_the_digest_comes_at_seven_once_and_again_the_next_day(
    database: Path, postbox
) -> None:
    box, controller = postbox
    async with started(config(database, controller), FRIDAY - timedelta(hours=4)) as broker:
        assert await send_at(broker, SEVEN - timedelta(hours=24) - SECOND) == 0
        assert await send_at(broker, SEVEN - timedelta(hours=24)) == 2
        assert await send_at(broker, FRIDAY) == 0
        assert await send_at(broker, SEVEN) == 2
    assert box.to(TO[0]) == [
        "24. 4. 2026: do jutri se izteče 0 odločitev",
        "25. 4. 2026: do jutri se izteče 0 odločitev",
    ]
    assert [sorted(who for who, _ in box.letters)] == [sorted(TO * 2)]


async def test_it_says_what_runs_out_and_names_nobody(database: Path, postbox) -> None:
    box, controller = postbox
    async with started(config(database, controller)) as broker:
        case = (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case
        await send_at(broker, datetime(2026, 5, 4, 5, 0, tzinfo=UTC))
        made = {str(one) for one in seals.all_seals(broker.service.reader)}
    letter = box.letters[0][1]
    text = letter.get_content()
    assert letter["Subject"] == "4. 5. 2026: do jutri se izteče 1 odločitev"
    for told in (case, POINT.number, "5. 5. 2026 ob 22.00", "5. 5. 2026 ob 24.00", "195. člen"):
        assert told in text
    assert set(re.findall(r"\b\d+:[0-9a-f]{64}\b", text)) & made
    for name in ("Drugačna", POINT.customer, POINT.tax_number, "Južna", "Zgledna ulica"):
        assert name not in letter.as_string() + text


async def test_what_runs_out_later_is_left_out(database: Path, postbox) -> None:
    box, controller = postbox
    async with started(config(database, controller, language="en")) as broker:
        case = (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case
        await send_at(broker, SEVEN)
    letter = box.letters[0][1]
    assert letter["Subject"] == "25 April 2026: 0 decisions run out by tomorrow"
    assert case not in letter.get_content()


async def test_a_warning_goes_out_two_hours_before_and_once(database: Path, postbox) -> None:
    box, controller = postbox
    async with started(config(database, controller)) as broker:
        case = (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case
        before = HOUR_TO_DECIDE - timedelta(hours=2)
        await send_at(broker, before - SECOND)
        digests = len(box.letters)
        assert await send_at(broker, before) == 2
        assert await send_at(broker, before + MINUTE) == 0
    assert len(box.letters) == digests + 2
    assert box.to(TO[1])[-1] == f"Rok se izteka 5. 5. 2026 ob 22.00: zadeva {case}"


async def test_no_warning_where_somebody_has_decided(database: Path, postbox) -> None:
    box, controller = postbox
    async with started(config(database, controller)) as broker:
        case = (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case
        person = b'{"decision": "approve", "by": "Nada", "why": "x"}'
        assert (
            await broker.ask("POST", f"/operator/cases/{case}/decision", "28XOMREZJE-ZGLE0", person)
        ).status == 200
        await send_at(broker, HOUR_TO_DECIDE - MINUTE)
    assert [s for s in box.to(TO[0]) if s.startswith("Rok")] == []


async def test_nothing_is_sent_twice_after_a_restart(database: Path, postbox) -> None:
    box, controller = postbox
    async with started(config(database, controller)) as broker:
        assert await send_at(broker, SEVEN) == 2
    async with started(config(database, controller), SEVEN + MINUTE) as broker:
        assert await send_at(broker, SEVEN + 2 * MINUTE) == 0
    assert len(box.letters) == 2


async def test_a_mail_is_tried_again_and_the_alarm_goes_once_it_is_out(
    database: Path, postbox
) -> None:
    box, controller = postbox
    box.answer = "451 later"
    async with started(config(database, controller)) as broker:
        assert await send_at(broker, SEVEN) == 0
        (first, _) = mails.troubled(broker.service.reader, SEVEN)
        assert (first.perhaps_sent, "451" in (first.failure or "")) == (False, True)
        box.answer = "250 OK"
        assert await send_at(broker, SEVEN + 59 * SECOND) == 0
        assert await send_at(broker, SEVEN + MINUTE) == 2
        assert mails.troubled(broker.service.reader, SEVEN + MINUTE) == ()
    assert len(box.letters) == 2


async def test_a_recipient_that_is_refused_keeps_the_mail_from_nobody_else(
    database: Path, postbox
) -> None:
    box, controller = postbox
    box.refused = {TO[0]}
    async with started(config(database, controller)) as broker:
        assert await send_at(broker, SEVEN) == 1
        assert await send_at(broker, SEVEN + MINUTE) == 0
        (troubled,) = mails.troubled(broker.service.reader, SEVEN + MINUTE)
    assert troubled.recipient == TO[0]
    assert box.to(TO[0]) == []
    assert len(box.to(TO[1])) == 1


async def test_where_nobody_knows_whether_it_was_sent_it_is_not_sent_again(
    database: Path, postbox
) -> None:
    box, controller = postbox
    box.hang_up = True
    async with started(config(database, controller)) as broker:
        assert await send_at(broker, SEVEN) == 0
        box.hang_up = False
        assert await send_at(broker, SEVEN + timedelta(hours=1)) == 0
        found = mails.troubled(broker.service.reader, SEVEN + timedelta(hours=1))
    assert [one.perhaps_sent for one in found] == [True, True]
    assert len(box.letters) == 2


async def test_a_service_killed_while_it_sends_does_not_send_again(database: Path, postbox) -> None:
    box, controller = postbox
    async with started(config(database, controller)) as broker:
        for one in TO:
            await broker.service.writer.submit(
                lambda connection, to=one: mails.begin(connection, "digest 2026-04-25", to, SEVEN)
            )
    async with started(config(database, controller), SEVEN + MINUTE) as broker:
        assert await send_at(broker, SEVEN + 3 * MINUTE) == 0
        assert len(mails.troubled(broker.service.reader, SEVEN + 3 * MINUTE)) == 2
    assert box.letters == []


async def test_a_server_that_is_away_is_tried_again(database: Path) -> None:
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    async with started(config(database, controller)) as broker:
        assert await send_at(broker, SEVEN) == 0
        (troubled,) = mails.troubled(broker.service.reader, SEVEN)
        assert troubled.failure
        controller.start()
        assert await send_at(broker, SEVEN + MINUTE) == 2
        controller.stop()
    assert len(box.letters) == 2


async def test_what_should_be_secured_is_never_sent_in_the_open(database: Path, postbox) -> None:
    box, controller = postbox
    async with started(config(database, controller, tls="starttls")) as broker:
        assert await send_at(broker, SEVEN) == 0
        assert len(mails.troubled(broker.service.reader, SEVEN)) == 1
    assert box.letters == []


async def test_the_timer_sends_by_itself(
    database: Path, postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, controller = postbox
    monkeypatch.setattr("broker.service._SECONDS_BETWEEN_ALERTS", 0.05)
    service = Service(config(database, controller), VirtualClock(SEVEN), with_timer=True)
    await service.start()
    try:
        for _ in range(200):
            await asyncio.sleep(0.05)
            if len(box.letters) == 2:
                break
    finally:
        await service.stop()
    assert len(box.letters) == 2


@pytest.mark.parametrize(
    "values",
    [
        {"host": "localhost"},
        {"host": "localhost", "sender": "a@b.example"},
        {"host": "localhost", "sender": "a@b.example", "recipients": ["nobody"]},
        {"host": "localhost", "sender": "nobody", "recipients": ["a@b.example"]},
        {"tls": "perhaps"},
        {"language": "de"},
    ],
)
def test_settings_that_cannot_mail_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(UnableToReadConfig):
        config_of({"mail": values}, "here")


async def test_the_seal_of_a_mail_proves_that_nothing_was_cut_off(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with started(settings(database)) as broker:
        await broker.post(doubtful_request("D-1", POINT), SOUTH)
        noted = seals.last_seal(broker.service.reader)
        await broker.post(doubtful_request("D-2", sample_point(3)), SOUTH)
    assert noted is not None
    command = ["--database", str(database), "verify", "--last-seal"]
    assert main([*command, str(noted)]) == 0
    assert main([*command, noted.value.hex()]) == 0
    assert main([*command, "00" * 32]) == 1
    assert "rows were cut off or replaced" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([*command, "abc"])
