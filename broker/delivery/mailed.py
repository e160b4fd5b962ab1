"""Hands documents over by e-mail, one to a mail, and tells what became of it.

What the server takes, it answers for: that a person has read it, no mail server can tell. A mail
that may have been sent is sent again, under the same Message-ID.
"""

import ssl
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from broker.delivery.hand_over import Destination, Fault, Parcel, UnableToHandOver
from broker.delivery.mail import (
    Letter,
    MailServer,
    Step,
    UnableToSend,
    UnableToTellWhetherSent,
)


class NoticeLetters(Protocol):
    """Writes the mail that a document goes with, in one language."""

    def notice(self, parcel: Parcel) -> Letter:
        """The letter with its attachment; a test of the channel has none."""
        ...


class Mails:
    """The courier of all parties that are mailed."""

    def __init__(self, server: MailServer, letters: Mapping[str, NoticeLetters]) -> None:
        self._server = server
        self._letters = letters

    async def hand_over(self, parcel: Parcel, to: Destination, *, at: datetime) -> None:
        """Mail the document; return where the server has taken it. Raises UnableToHandOver."""
        letter = self._letters[to.language].notice(parcel)
        try:
            await self._server.send(letter, to.address, about=parcel.document_id, at=at)
        except UnableToSend as error:
            raise UnableToHandOver(_fault_of(error), str(error)) from error
        except UnableToTellWhetherSent as error:
            told = f"nobody knows whether it was sent: {error}"
            raise UnableToHandOver(Fault.UNREACHABLE, told) from error


def _fault_of(error: UnableToSend) -> Fault:
    if error.code is None:
        return Fault.INSECURE if _comes_of_tls(error) else Fault.UNREACHABLE
    if error.code < 500:
        return Fault.BUSY
    match error.step:
        case Step.CONNECT:
            return Fault.FAILING
        case Step.SENDER:
            return Fault.UNWELCOME
        case Step.RECIPIENT:
            return Fault.NOT_THERE
        case Step.TEXT:
            return Fault.DOCUMENT_REFUSED


def _comes_of_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
