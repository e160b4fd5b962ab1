"""Imports into the living register: an upload as one zip, and how far it is, as JSON."""

import asyncio
import logging
from http import HTTPStatus

from aiohttp import web

from broker.messages.reasons import Reason
from broker.usecases.import_into_register import ImportUnderWay
from broker.usecases.prepare_import import UPLOAD
from broker.web.door import DOOR, PARTY, refusal, too_slow
from broker.web.operator import json_answer

_log = logging.getLogger(__name__)

UPLOAD_BYTES_MAX = 512 * 1024 * 1024
_ZIP = "application/zip"
IMPORTS = "/operator/imports"


async def post_import(request: web.Request) -> web.StreamResponse:
    """Take an upload: 202 with its number; 409 while another is under way; 413; 415.

    With `?skip-faulty=yes` faulty rows are left out instead of refusing the whole.
    """
    door, party = request.app[DOOR], request[PARTY]
    if request.content_type != _ZIP:
        return json_answer({"error": f"the register's files come as one {_ZIP}"}, 415)
    if (request.content_length or 0) > UPLOAD_BYTES_MAX:
        return _too_large(request)
    received = 0
    try:
        async with door.imports.place_for_upload() as folder:
            upload = await asyncio.to_thread((folder / UPLOAD).open, "wb")
            try:
                while chunk := await _next_chunk(request):
                    received += len(chunk)
                    if received > UPLOAD_BYTES_MAX:
                        return _too_large(request)
                    await asyncio.to_thread(upload.write, chunk)
            finally:
                await asyncio.to_thread(upload.close)
            skip_faulty = request.query.get("skip-faulty") == "yes"
            number = door.imports.begin(folder, by=party.eic, skip_faulty=skip_faulty)
    except TimeoutError:
        return too_slow(request)
    except ImportUnderWay:
        response = json_answer({"error": "another import is under way"}, 409)
        response.force_close()
        return response
    _log.info("import %s: %d bytes", number, received)
    return json_answer({"import": number}, HTTPStatus.ACCEPTED)


async def _next_chunk(request: web.Request) -> bytes:
    """What came next, nothing at the end. Raises TimeoutError where nothing comes any more."""
    async with asyncio.timeout(request.app[DOOR].message_within_seconds):
        return await request.content.readany()


async def get_import(request: web.Request) -> web.StreamResponse:
    """How far the latest import is; 404 for any other."""
    status = request.app[DOOR].imports.status(request.match_info["number"])
    if status is None:
        return refusal(request, 404, Reason.NOT_FOUND)
    return json_answer({"import": status.number, **_told(status)})


def _told(status: object) -> dict[str, object]:
    """The fields of a status that its reader needs."""
    names = ("state", "step", "done", "total", "faults", "skipped", "added", "changed")
    return {name: getattr(status, name) for name in names}


def _too_large(request: web.Request) -> web.Response:
    response = refusal(request, 413, Reason.TOO_LARGE)
    response.force_close()
    return response
