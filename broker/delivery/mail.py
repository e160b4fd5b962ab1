"""Hands one mail to an SMTP server, for one recipient; tells what is known of a failure.

A failure before the text was handed over is certain: the mail may be sent again. After it nobody
can know whether the server has taken the mail.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from email.utils import format_datetime
from enum import Enum
from hashlib import sha256
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

Tls = Literal["none", "starttls", "implicit"]
"""Whether a connection is never secured, after it is opened, or from its first byte on."""


class Step(Enum):
    """How far the handing in of a mail had come."""

    CONNECT = "connect"
    SENDER = "sender"
    RECIPIENT = "recipient"
    TEXT = "text"


class UnableToSend(Exception):
    """The mail was certainly not sent; `code` is what the server answered, None without answer."""

    def __init__(self, why: str, *, step: Step, code: int | None = None) -> None:
        super().__init__(why)
        self.step = step
        self.code = code

    @property
    def reachable(self) -> bool:
        """Whether the server would have taken the mail of somebody else."""
        return self.step in (Step.RECIPIENT, Step.TEXT)


class UnableToTellWhetherSent(Exception):
    """The connection was lost after the text had been handed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """An XML document that goes with a letter."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a person reads; `number` is what its Message-ID is made of, where it has one itself."""

    subject: str
    text: str
    attachment: Attachment | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mails are handed in, in whose name, and how it signs in; by `user` None it does not.

    Certificates are always checked.
    """

    host: str
    port: int
    tls: Tls
    sender: str
    within_seconds: float
    user: str | None = None
    password: str = field(default="", repr=False)
    # Made once: all authorities of the machine are read for it.
    _trusted: ssl.SSLContext = field(
        default_factory=ssl.create_default_context, init=False, repr=False, compare=False
    )

    async def send(self, letter: Letter, recipient: str, *, about: str, at: datetime) -> None:
        """Hand the letter in. Raises UnableToSend and UnableToTellWhetherSent.

        The same `about` for the same recipient gives the same Message-ID.
        """
        message = self._message(letter, recipient, about, at)
        client = SMTP(
            hostname=self.host,
            port=self.port,
            timeout=self.within_seconds,
            use_tls=self.tls == "implicit",
            start_tls=self.tls == "starttls",
            tls_context=None if self.tls == "none" else self._trusted,
        )
        try:
            await self._open(client)
            await self._hand_in(client, message, recipient)
        finally:
            client.close()

    async def _open(self, client: aiosmtplib.SMTP) -> None:
        with _failing_at(Step.CONNECT):
            await client.connect()
        if self.user is not None:
            with _failing_at(Step.SENDER):
                await client.login(self.user, self.password)

    async def _hand_in(self, client: aiosmtplib.SMTP, message: bytes, recipient: str) -> None:
        with _failing_at(Step.SENDER):
            await client.mail(self.sender)
        with _failing_at(Step.RECIPIENT):
            await client.rcpt(recipient)
        try:
            await client.data(message)
        except SMTPResponseException as error:
            raise UnableToSend(_told(error), step=Step.TEXT, code=error.code) from error
        except (SMTPException, OSError) as error:
            raise UnableToTellWhetherSent(_told(error)) from error

    def _message(self, letter: Letter, recipient: str, about: str, at: datetime) -> bytes:
        message = EmailMessage(policy=SMTP_LINES)
        domain = self.sender.rpartition("@")[2]
        number = letter.number or sha256(f"{about} {recipient}".encode()).hexdigest()[:32]
        message["From"] = self.sender
        message["To"] = recipient
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{number}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte="8bit" if letter.text.isascii() else "base64")
        if letter.attachment is not None:
            message.add_attachment(
                letter.attachment.content,
                maintype="application",
                subtype="xml",
                filename=letter.attachment.name,
            )
        return message.as_bytes()


@contextmanager
def _failing_at(step: Step) -> Iterator[None]:
    """Say of what goes wrong inside at which step it did."""
    try:
        yield
    except SMTPResponseException as error:
        raise UnableToSend(_told(error), step=step, code=error.code) from error
    except (SMTPException, OSError, ValueError) as error:
        raise UnableToSend(_told(error), step=step) from error


def _told(error: Exception) -> str:
    text = f"{type(error).__name__}: {error}"[:300]
    return "".join(c if c.isprintable() else " " for c in text)
