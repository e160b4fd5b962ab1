"""The channels of parties: where their documents are pushed to, and how that goes.

Who set one up, ended it or had it try again is also a row of the journal without a case; secrets
never are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from sqlite3 import Connection
from typing import Any

from broker.messages.identifiers import DocumentId, Eic
from broker.store import instants

_CHANNEL = """
    SELECT channel_id, party, kind, address, language, set_at, secret, former_secret, former_until,
        handed_to, try_at, failures, failing_since, opened_at, put_aside_in_a_row,
        last_accepted_at, last_failed_at, last_fault, last_why
    FROM channels"""

# The channel of a party.
_OF_PARTY = f"{_CHANNEL} WHERE party = ?"

# Every channel.
_ALL = f"{_CHANNEL} ORDER BY party"

# The channels that may try now; where the clock was set back, none waits beyond the longest wait.
_DUE = f"{_CHANNEL} WHERE try_at <= :now OR try_at > :beyond"

# Set a channel up.
_SET = """
    INSERT INTO channels (party, kind, address, language, secret, set_at, try_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""

# The party has no channel any more.
_END = "DELETE FROM channels WHERE party = ?"

# Sign by another secret too; the one so far is valid for a while.
_RENEW = """
    UPDATE channels SET former_secret = secret, former_until = :until, secret = :secret
    WHERE party = :party AND kind = 'webhook'"""

# The party has accepted a document: whatever failed before is over.
_ACCEPTED = """
    UPDATE channels SET handed_to = max(handed_to, :position), last_accepted_at = :at,
        try_at = :at, failures = 0, failing_since = NULL, opened_at = NULL, put_aside_in_a_row = 0
    WHERE channel_id = :channel"""

# Handing over failed, and not because of the document.
_FAILED = """
    UPDATE channels SET failures = failures + 1, failing_since = coalesce(failing_since, :at),
        opened_at = CASE WHEN :opens THEN coalesce(opened_at, :at) END, try_at = :try_at,
        last_failed_at = :at, last_fault = :fault, last_why = :why
    WHERE channel_id = :channel"""

# The party answers, but refuses the document: it goes again, or is put aside and the next one goes.
_REFUSED = """
    UPDATE channels SET failures = 0, failing_since = NULL, opened_at = NULL, try_at = :try_at,
        handed_to = CASE WHEN :aside THEN max(handed_to, :position) ELSE handed_to END,
        put_aside_in_a_row = put_aside_in_a_row + :aside,
        last_failed_at = :at, last_fault = :fault, last_why = :why
    WHERE channel_id = :channel"""

# Try again at once.
_TRY_NOW = "UPDATE channels SET try_at = :at, put_aside_in_a_row = 0 WHERE party = :party"

QUERIES = (_OF_PARTY, _ALL, _DUE)
"""Every query by which channels are read."""


class ChannelKind(Enum):
    """By what documents are pushed."""

    WEBHOOK = "webhook"
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A party's channel and how it does; `opened_at` None while its circuit is closed.

    `failures` are those in a row since `failing_since`, `put_aside_in_a_row` the documents that
    were put aside since the last one that was accepted.
    """

    channel_id: int
    party: Eic
    kind: ChannelKind
    address: str
    language: str
    set_at: datetime
    secret: str | None = field(repr=False)
    former_secret: str | None = field(repr=False)
    former_until: datetime | None
    handed_to: int
    try_at: datetime
    failures: int
    failing_since: datetime | None
    opened_at: datetime | None
    put_aside_in_a_row: int
    last_accepted_at: datetime | None
    last_failed_at: datetime | None
    last_fault: str | None
    last_why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSet:
    """A person set up by what and to where this party's documents are pushed."""

    at: datetime
    by: str
    why: str
    eic: Eic
    kind: ChannelKind
    address: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEnded:
    """A person ended the pushing of this party's documents; they wait in the mailbox alone."""

    at: datetime
    by: str
    why: str
    eic: Eic


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSecretRenewed:
    """A person had another secret made; the one before signs too until `former_until`."""

    at: datetime
    by: str
    why: str
    eic: Eic
    former_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTriedAgain:
    """A person had the channel try again at once, with these documents that were put aside."""

    at: datetime
    by: str
    why: str
    eic: Eic
    documents: tuple[DocumentId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An attempt that failed: what kind of fault it was, in words, and when to try next."""

    at: datetime
    fault: str
    why: str
    try_at: datetime


def of_party(connection: Connection, party: Eic) -> Channel | None:
    """The party's channel, None where its documents wait in the mailbox alone."""
    row = connection.execute(_OF_PARTY, (party,)).fetchone()
    return None if row is None else _channel(row)


def all_channels(connection: Connection) -> Mapping[Eic, Channel]:
    """Every channel, by its party."""
    return {one.party: one for one in map(_channel, connection.execute(_ALL))}


def due(connection: Connection, now: datetime, *, beyond: datetime) -> tuple[Channel, ...]:
    """The channels that may try now, and those that would wait beyond an instant none waits for."""
    parameters = {"now": instants.to_text(now), "beyond": instants.to_text(beyond)}
    return tuple(map(_channel, connection.execute(_DUE, parameters)))


def set_up(connection: Connection, record: ChannelSet, secret: str | None) -> None:
    """Push the party's documents so from now on, and no longer as before.

    Raises sqlite3.IntegrityError for an unknown party.
    """
    connection.execute(_END, (record.eic,))
    at = instants.to_text(record.at)
    row = (record.eic, record.kind.value, record.address, record.language, secret, at, at)
    connection.execute(_SET, row)


def end(connection: Connection, party: Eic) -> bool:
    """Push the party's documents no longer; False where it has no channel."""
    return connection.execute(_END, (party,)).rowcount == 1


def renew_secret(connection: Connection, party: Eic, secret: str, *, until: datetime) -> bool:
    """Sign by this secret too, and by the one so far until an instant; False without a webhook."""
    parameters = {"party": party, "secret": secret, "until": instants.to_text(until)}
    return connection.execute(_RENEW, parameters).rowcount == 1


def note_accepted(connection: Connection, channel: Channel, position: int, at: datetime) -> None:
    """The channel has handed over the document at this position."""
    parameters = {
        "channel": channel.channel_id,
        "position": position,
        "at": instants.to_text(at),
    }
    connection.execute(_ACCEPTED, parameters)


def note_failed(connection: Connection, channel: Channel, failure: Failure, *, opens: bool) -> None:
    """An attempt failed, and not because of the document; `opens`: the circuit is open now."""
    connection.execute(_FAILED, {**_parameters(channel, failure), "opens": opens})


def note_refused(
    connection: Connection, channel: Channel, failure: Failure, *, aside: int | None
) -> None:
    """The party refused the document; `aside` is its position where it has been put aside."""
    parameters = {"aside": aside is not None, "position": aside or 0}
    connection.execute(_REFUSED, {**_parameters(channel, failure), **parameters})


def try_now(connection: Connection, party: Eic, at: datetime) -> bool:
    """Let the channel try again at once; False where the party has none."""
    parameters = {"party": party, "at": instants.to_text(at)}
    return connection.execute(_TRY_NOW, parameters).rowcount == 1


def _parameters(channel: Channel, failure: Failure) -> dict[str, object]:
    return {
        "channel": channel.channel_id,
        "at": instants.to_text(failure.at),
        "try_at": instants.to_text(failure.try_at),
        "fault": failure.fault,
        "why": failure.why,
    }


def _channel(row: tuple[Any, ...]) -> Channel:
    values = dict(zip(Channel.__dataclass_fields__, row, strict=True))
    at = {
        name: instants.from_text_or_none(values[name])
        for name in values
        if name.endswith(("_at", "_until", "_since"))
    }
    return Channel(**{**values, **at, "kind": ChannelKind(values["kind"])})
