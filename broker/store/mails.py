"""Which mails to staff have been sent, are to be tried again, or may have been sent: a row each.

A row is written before the first attempt, and once more before the text is handed over; so no mail
goes out twice, whatever stops the service. Texts of mails are not kept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Connection

from broker.store import instants

# Every mail of a kind to a recipient is noted once.
_NOTE = """
    INSERT INTO staff_mails (about, recipient, noted_at, try_at) VALUES (?, ?, ?, ?)
    ON CONFLICT DO NOTHING"""

# How a mail stands.
_STATE = (
    "SELECT tries, try_at, begun_at, sent_at FROM staff_mails WHERE about = ? AND recipient = ?"
)

# It is being handed over from now on, unless it has been already.
_BEGIN = """
    UPDATE staff_mails SET begun_at = ?, tries = tries + 1
    WHERE about = ? AND recipient = ? AND begun_at IS NULL"""

# The server has taken it.
_SENT = "UPDATE staff_mails SET sent_at = ?, failure = NULL WHERE about = ? AND recipient = ?"

# It was certainly not sent: it is tried again.
_FAILED = """
    UPDATE staff_mails SET begun_at = NULL, failure = ?, try_at = ?
    WHERE about = ? AND recipient = ?"""

# Nobody knows whether it was sent: it is not tried again.
_UNKNOWN = "UPDATE staff_mails SET failure = ? WHERE about = ? AND recipient = ?"

# What was to be sent lately and was not, or perhaps was not.
TROUBLED = """
    SELECT about, recipient, noted_at, begun_at IS NOT NULL, failure FROM staff_mails
    WHERE sent_at IS NULL AND noted_at >= :since
    AND (failure IS NOT NULL OR begun_at < :before) ORDER BY noted_at, recipient"""

_TROUBLED_FOR = timedelta(hours=24)
_BEING_SENT_FOR = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubledMail:
    """A mail that did not get out; `perhaps_sent` where nobody knows, and it is not tried again."""

    about: str
    recipient: str
    noted_at: datetime
    perhaps_sent: bool
    failure: str | None


def is_to_be_tried(connection: Connection, about: str, recipient: str, now: datetime) -> bool:
    """Whether the mail has neither been sent nor handed over, nor failed a short while ago."""
    row = connection.execute(_STATE, (about, recipient)).fetchone()
    if row is None:
        return True
    _tries, try_at, begun_at, sent_at = row
    return sent_at is None and begun_at is None and instants.from_text(try_at) <= now


def begin(connection: Connection, about: str, recipient: str, now: datetime) -> int | None:
    """Note that the mail is being handed over; gives the number of the attempt.

    None where that was noted before: then it must not be sent.
    """
    at = instants.to_text(now)
    connection.execute(_NOTE, (about, recipient, at, at))
    if connection.execute(_BEGIN, (at, about, recipient)).rowcount != 1:
        return None
    tries: int = connection.execute(_STATE, (about, recipient)).fetchone()[0]
    return tries


def note_sent(connection: Connection, about: str, recipient: str, at: datetime) -> None:
    """The server has taken the mail."""
    connection.execute(_SENT, (instants.to_text(at), about, recipient))


def note_failed(
    connection: Connection, about: str, recipient: str, *, why: str, try_at: datetime
) -> None:
    """The mail was certainly not sent and is tried again at this instant."""
    connection.execute(_FAILED, (why, instants.to_text(try_at), about, recipient))


def note_unknown(connection: Connection, about: str, recipient: str, *, why: str) -> None:
    """Nobody knows whether the mail was sent; it is not tried again."""
    connection.execute(_UNKNOWN, (why, about, recipient))


def troubled(connection: Connection, now: datetime) -> tuple[TroubledMail, ...]:
    """The mails of the last 24 hours that did not get out, or perhaps did not."""
    since, before = now - _TROUBLED_FOR, now - _BEING_SENT_FOR
    rows = connection.execute(
        TROUBLED, {"since": instants.to_text(since), "before": instants.to_text(before)}
    )
    return tuple(
        TroubledMail(
            about=about,
            recipient=recipient,
            noted_at=instants.from_text(noted_at),
            perhaps_sent=bool(begun),
            failure=failure,
        )
        for about, recipient, noted_at, begun, failure in rows
    )
