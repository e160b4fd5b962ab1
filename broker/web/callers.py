"""Who is calling is asked before anything else is read, and answered by token or certificate.

A stranger's bytes are neither read nor kept: a counter and a log line remain (design 10).
"""

import logging

from aiohttp import web

from broker.messages.codes import Role
from broker.messages.reasons import Reason
from broker.store.writer import UnableToWrite
from broker.usecases.reach_deadlines import UnableToGoBefore
from broker.web.door import DOOR, PARTY, REQUESTS_AT_ONCE_MAX, Handler, refusal
from broker.web.identity import caller

_log = logging.getLogger(__name__)

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
    except Exception:  # noqa: BLE001 - our bug: told as such, never as a refusal
        _log.exception("ALARM: %s %s failed", request.method, request.match_info.route)
        return refusal(request, 500, Reason.INTERNAL_ERROR)


@web.middleware
async def know_the_caller(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let through who is known, and no more of one party at once than is fair."""
    if request.path.startswith(_OPEN_TO_ALL):
        return await handler(request)
    door = request.app[DOOR]
    party = caller(request)
    if party is None:
        _log.info("a stranger was turned away from %s", request.match_info.route)
        return refusal(
            request, 401, Reason.NOT_AUTHENTICATED, {"WWW-Authenticate": 'Bearer realm="broker"'}
        )
    request[PARTY] = party
    if request.path.startswith("/operator/") and Role.GRID_OPERATOR not in party.roles:
        return refusal(request, 404, Reason.NOT_FOUND)
    if door.under_way[party.eic] >= REQUESTS_AT_ONCE_MAX:
        return refusal(request, 429, Reason.TOO_MANY_REQUESTS, {"Retry-After": "1"})
    door.under_way[party.eic] += 1
    try:
        return await handler(request)
    finally:
        door.under_way[party.eic] -= 1
