"""Hands one mail to an SMTP server, for one recipient; tells what is known of a failure.

A failure before the text was handed over is certain: the mail may be sent again. After it nobody
can know whether the server has taken the mail.
"""

import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from email.utils import format_datetime
from hashlib import sha256
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

Tls = Literal["none", "starttls", "implicit"]
"""Whether a connection is never secured, after it is opened, or from its first byte on."""


class UnableToSend(Exception):
    """The mail was certainly not sent; `reachable` says whether the server spoke to us."""

    def __init__(self, why: str, *, reachable: bool) -> None:
        super().__init__(why)
        self.reachable = reachable


class UnableToTellWhetherSent(Exception):
    """The connection was lost after the text had been handed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a person reads."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mails are handed in, and in whose name. Certificates are always checked."""

    host: str
    port: int
    tls: Tls
    sender: str
    within_seconds: float

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
            tls_context=None if self.tls == "none" else ssl.create_default_context(),
        )
        try:
            await client.connect()
        except (SMTPException, OSError, ValueError) as error:
            raise UnableToSend(_told(error), reachable=False) from error
        try:
            await self._hand_in(client, message, recipient)
        finally:
            client.close()

    async def _hand_in(self, client: aiosmtplib.SMTP, message: bytes, recipient: str) -> None:
        try:
            await client.mail(self.sender)
            await client.rcpt(recipient)
        except (SMTPException, OSError, ValueError) as error:
            raise UnableToSend(_told(error), reachable=True) from error
        try:
            await client.data(message)
        except SMTPResponseException as error:
            raise UnableToSend(_told(error), reachable=True) from error
        except (SMTPException, OSError) as error:
            raise UnableToTellWhetherSent(_told(error)) from error

    def _message(self, letter: Letter, recipient: str, about: str, at: datetime) -> bytes:
        message = EmailMessage(policy=SMTP_LINES)
        domain = self.sender.rpartition("@")[2]
        number = sha256(f"{about} {recipient}".encode()).hexdigest()[:32]
        message["From"] = self.sender
        message["To"] = recipient
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{number}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte="8bit" if letter.text.isascii() else "base64")
        return message.as_bytes()


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
