"""Who is calling: by a bearer token, by a client certificate, or by both of one party.

What is shown must hold: a token that has run out is not made good by a certificate beside it, nor
the other way round. Whoever is refused is not told which of them it was, nor why.
"""

from datetime import datetime
from sqlite3 import Connection

from aiohttp import web

from broker.store import participants
from broker.store.participants import Participant
from broker.web.door import DOOR


def caller(request: web.Request) -> Participant | None:
    """The party that calls, None for a stranger.

    Asked anew for every request, so that what was revoked ends on open connections too.
    """
    door = request.app[DOOR]
    now = door.clock.now()
    shown = [
        *_by_token(request, door.reader, now),
        *_by_certificate(request, door.reader, now),
    ]
    if not shown or any(one is None or one != shown[0] for one in shown):
        return None
    return shown[0]


def _by_token(
    request: web.Request, reader: Connection, now: datetime
) -> tuple[Participant | None, ...]:
    """Whose tokens these are; nothing where the request bears none."""
    return tuple(
        participants.authenticate(reader, token.strip(), now)
        if scheme.lower() == "bearer" and token
        else None
        for scheme, _, token in (
            authorization.partition(" ")
            for authorization in request.headers.getall("Authorization", [])
        )
    )


def _by_certificate(
    request: web.Request, reader: Connection, now: datetime
) -> tuple[Participant | None, ...]:
    """Whose certificate the connection was made with; nothing where it was made with none."""
    line = request.transport
    tls = None if line is None else line.get_extra_info("ssl_object")
    certificate = None if tls is None else tls.getpeercert(binary_form=True)
    if certificate is None:
        return ()
    return (participants.owner_of_certificate(reader, certificate, now),)
