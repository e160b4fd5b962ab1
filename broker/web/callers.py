"""Who is calling is asked before anything else is read, and answered by token or certificate.

A stranger's bytes are neither read nor kept: a counter and a log line remain (design 10).
"""

import asyncio
import logging

from aiohttp import web

from broker.messages.codes import Role
from broker.messages.reasons import Reason
from broker.store.connection import is_busy
from broker.store.writer import UnableToWrite
from broker.usecases.reach_deadlines import UnableToGoBefore
from broker.web.door import DOOR, PARTY, Handler, refusal, too_many, too_slow
from broker.web.identity import caller
from broker.web.imports import IMPORTS

_log = logging.getLogger(__name__)

_OPERATORS = "/operator/"
_OPEN_TO_ALL = ("/health/", "/schemas", "/codes")


@web.middleware
async def answer_in_xml(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong is answered with an acknowledgement, never with a stack trace."""
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        return refusal(request, 413, Reason.TOO_LARGE)
    except web.HTTPMethodNotAllowed as error:
        allow = ", ".join(sorted(error.allowed_methods))
        return refusal(request, 405, Reason.NOT_FOUND, {"Allow": allow})
    except web.HTTPNotFound:
        return refusal(request, 404, Reason.NOT_FOUND)
    except web.HTTPException:
        raise
    except web.RequestPayloadError:  # cannot be unpacked, or is not in chunks as it says
        return refusal(request, 400, Reason.NOT_WELL_FORMED)
    except ConnectionError:  # nobody is there any more to read an answer
        _log.info("the line broke during %s %s", request.method, request.match_info.route)
        return refusal(request, 400, Reason.NOT_WELL_FORMED)
    except (UnableToWrite, UnableToGoBefore):
        return refusal(request, 503, Reason.TRY_AGAIN, {"Retry-After": "1"})
    except Exception as error:  # noqa: BLE001 - our bug: told as such, never as a refusal
        if is_busy(error):
            return refusal(request, 503, Reason.TRY_AGAIN, {"Retry-After": "1"})
        _log.exception("ALARM: %s %s failed", request.method, request.match_info.route)
        return refusal(request, 500, Reason.INTERNAL_ERROR)


@web.middleware
async def know_the_caller(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let through who is known, and no more of one party at once than is fair."""
    door = request.app[DOOR]
    if request.path.startswith(_OPEN_TO_ALL):
        wait = door.share.stranger_has_to_wait(request)
        return too_many(request, wait) if wait else await handler(request)
    party = caller(request)
    if party is None:
        return _stranger(request)
    request[PARTY] = party
    if request.path.startswith(_OPERATORS) and Role.GRID_OPERATOR not in party.roles:
        return refusal(request, 404, Reason.NOT_FOUND)
    wait = door.share.begin(party.eic)
    if wait:
        return too_many(request, wait)
    try:
        if request.path.startswith(_OPERATORS) and request.path != IMPORTS:
            try:
                async with asyncio.timeout(door.message_within_seconds):
                    await request.read()
            except TimeoutError:
                return too_slow(request)
        return await handler(request)
    finally:
        door.share.end(party.eic)


def _stranger(request: web.Request) -> web.Response:
    """Turn away who has no valid token: whoever tries often is not even logged, and hung up on."""
    wait = request.app[DOOR].share.stranger_has_to_wait(request)
    if wait:
        response = too_many(request, wait)
        response.force_close()
        return response
    _log.info("a stranger was turned away from %s", request.match_info.route)
    return refusal(
        request, 401, Reason.NOT_AUTHENTICATED, {"WWW-Authenticate": 'Bearer realm="broker"'}
    )
