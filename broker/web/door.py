"""What the handlers of the door are given, and the pieces of an answer they share."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from sqlite3 import Connection

from aiohttp import web

from broker.clock import Clock
from broker.engine.refusals import texts
from broker.ids import Ids
from broker.messages.answers import Acknowledgement, Outcome
from broker.messages.identifiers import Eic
from broker.messages.reasons import Reason, Refusal
from broker.store.participants import Participant
from broker.store.writer import Writer
from broker.usecases.decide_as_operator import DecideAsOperator
from broker.usecases.deliver_notices import DeliverNotices
from broker.usecases.import_into_register import ImportIntoRegister
from broker.usecases.keep_channels import KeepChannels
from broker.usecases.keep_credentials import KeepCredentials
from broker.usecases.keep_delegations import KeepDelegations
from broker.usecases.manage_staff import ManageStaff
from broker.usecases.reach_deadlines import ReachDeadlines
from broker.usecases.receive_message import ReceiveMessage
from broker.usecases.retain import Retain
from broker.usecases.watch_file import WatchFile
from broker.usecases.watch_owed import WatchOwed
from broker.web.fair_share import FairShare
from broker.wire.write_acknowledgement import write_acknowledgement

_log = logging.getLogger(__name__)

XML = "application/xml"
MESSAGE_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The use cases behind the door, and what it needs to say who is calling and when.

    A message must be there within `message_within_seconds` of its first byte, so that nobody keeps
    lines busy with bytes that never end. `over_tls` is whether the door itself speaks TLS.

    `share` is what one party may use of it at once and in time; `turned_away` counts by status
    what was refused without being kept since the service started.
    """

    reader: Connection
    writer: Writer
    clock: Clock
    ids: Ids
    operator: Eic
    receive: ReceiveMessage
    mailbox: DeliverNotices
    decide: DecideAsOperator
    deadlines: ReachDeadlines
    imports: ImportIntoRegister
    credentials: KeepCredentials
    delegations: KeepDelegations
    message_within_seconds: float
    staff: ManageStaff
    channels: KeepChannels
    over_tls: bool
    share: FairShare
    owed: WatchOwed
    retain: Retain
    watch: WatchFile
    turned_away: Counter[int] = field(default_factory=Counter)


DOOR: web.AppKey[Door] = web.AppKey("door", Door)
PARTY: web.RequestKey[Participant] = web.RequestKey("party", Participant)
"""Whose mailbox, cases and messages are asked for: the caller's, or those of whom it acts for."""
PROVIDER: web.RequestKey[Participant] = web.RequestKey("provider", Participant)
"""The caller that acts for `PARTY`, missing where that calls itself."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def xml(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """An answer in XML."""
    return web.Response(
        body=body, status=status, content_type=XML, charset="utf-8", headers=headers
    )


def refusal(
    request: web.Request, status: int, reason: Reason, headers: dict[str, str] | None = None
) -> web.Response:
    """A negative acknowledgement of what is not kept: strangers, too large, wrong place."""
    door = request.app[DOOR]
    door.turned_away[status] += 1
    party = request.get(PARTY)
    acknowledgement = Acknowledgement(
        outcome=Outcome.REFUSED,
        receipt=None,
        received_at=door.clock.now(),
        recipient=party.eic if party else None,
        reference=None,
        case_id=None,
        deadlines=(),
        refusals=(Refusal(reason=reason),),
    )
    body = write_acknowledgement(acknowledgement, operator=door.operator, texts=texts)
    return xml(body, status, headers)


def too_many(request: web.Request, seconds_to_wait: int) -> web.Response:
    """The answer to who has asked too often, too much at once, or for too long."""
    headers = {"Retry-After": str(seconds_to_wait)}
    return refusal(request, 429, Reason.TOO_MANY_REQUESTS, headers)


def too_slow(request: web.Request) -> web.Response:
    """The answer to what took too long to arrive; nothing of it is kept."""
    _log.warning("a request of %s took too long to arrive", request[PARTY].eic)
    response = refusal(request, 408, Reason.TOO_SLOW)
    response.force_close()
    return response
