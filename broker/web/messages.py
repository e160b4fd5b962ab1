"""POST /messages and what became of one's own messages."""

import asyncio
import logging

from aiohttp import hdrs, web

from broker.messages.identifiers import MessageId, ReceiptNumber
from broker.messages.reasons import Reason
from broker.store import inbox
from broker.web.bodies import Room, UnableToHold, UnableToHoldMoreOfOne
from broker.web.door import (
    DOOR,
    MESSAGE_BYTES_MAX,
    PARTY,
    PROVIDER,
    refusal,
    too_many,
    too_slow,
    xml,
)
from broker.web.packed import Packed, Plain, UnableToUnpack, unpacking
from broker.wire.write_view import write_message_status

_log = logging.getLogger(__name__)

_MEDIA_TYPES = ("application/xml", "text/xml")


async def post_message(request: web.Request) -> web.StreamResponse:
    """Take a message in: its acknowledgement is the answer (design 10)."""
    door, party = request.app[DOOR], request[PARTY]
    if (request.content_length or 0) > MESSAGE_BYTES_MAX:
        return _too_large(request)
    with door.share.bodies.room(party.eic) as room:
        unpacker = unpacking(request.headers.get(hdrs.CONTENT_ENCODING, ""))
        try:
            room.grow_to(request.content_length or 0)
            data = await _body(request, room, unpacker or Plain())
        except TimeoutError:
            return too_slow(request)
        except web.HTTPRequestEntityTooLarge:
            return _too_large(request)
        except UnableToUnpack:
            return _hung_up(refusal(request, 400, Reason.NOT_WELL_FORMED))
        except UnableToHoldMoreOfOne:
            return _hung_up(too_many(request, 1))
        except UnableToHold:
            return _hung_up(refusal(request, 503, Reason.TRY_AGAIN, {"Retry-After": "1"}))
        received_at = door.clock.now()
        door.share.charge_for(party.eic, len(data))
        if unpacker and request.content_type in _MEDIA_TYPES:
            answer = await door.receive.receive(data, party, received_at)
        else:
            answer = await door.receive.refuse_media_type(data, party, received_at)
    headers = {"Retry-After": "1"} if answer.status == 503 else None
    return xml(answer.body, answer.status, headers)


async def _body(request: web.Request, room: Room, unpacker: Plain | Packed) -> bytes:
    """All bytes of the message, unpacked.

    Raises TimeoutError, UnableToHold, UnableToUnpack, HTTPRequestEntityTooLarge.
    """
    data = bytearray()
    async with asyncio.timeout(request.app[DOOR].message_within_seconds):
        async for chunk in request.content.iter_any():
            data += unpacker.take(chunk, MESSAGE_BYTES_MAX + 1 - len(data))
            if len(data) > MESSAGE_BYTES_MAX:
                raise web.HTTPRequestEntityTooLarge(MESSAGE_BYTES_MAX, len(data))
            room.grow_to(len(data))
    unpacker.end()
    return bytes(data)


def _too_large(request: web.Request) -> web.Response:
    _log.warning("a message of %s was too large", request[PARTY].eic)
    return _hung_up(refusal(request, 413, Reason.TOO_LARGE))


def _hung_up(response: web.Response) -> web.Response:
    """The same, and nothing more on this connection: the rest of the message is of no use."""
    response.force_close()
    return response


async def get_message(request: web.Request) -> web.StreamResponse:
    """What became of one's own message, by its id or by a receipt number, latest first.

    Who acts for a supplier sees what it handed in itself.
    """
    door, party = request.app[DOOR], request[PARTY]
    asked, by = request.match_info["number"], request.get(PROVIDER)
    submitter = None if by is None else by.eic
    attempts = inbox.attempts(door.reader, party.eic, MessageId(asked), submitter=submitter)
    if not attempts:
        receipt = ReceiptNumber(asked)
        one = inbox.by_receipt(door.reader, party.eic, receipt, submitter=submitter)
        attempts = () if one is None else (one,)
    if not attempts:
        return refusal(request, 404, Reason.NOT_FOUND)
    return xml(write_message_status(attempts))
