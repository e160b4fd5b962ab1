"""Sending a document of a case again."""

from contextlib import suppress
from http import HTTPStatus

from aiohttp import web
from yarl import URL

from broker.dashboard.forms import field
from broker.dashboard.office import MEMBER, OFFICE, Address, Who
from broker.messages.identifiers import CaseId, DocumentId
from broker.store.operations import StillWaiting


async def send_again(request: web.Request) -> web.StreamResponse:
    """Let a document wait in its mailbox again, and go back to the case.

    So also where it waits already: pressed twice, the second does nothing and changes no answer.
    """
    number, document = request.match_info["number"], request.match_info["document"]
    why = field(await request.post(), "why").strip()
    if not why:
        raise web.HTTPBadRequest
    by = request[MEMBER].signature
    mailbox = request.app[OFFICE].mailbox
    with suppress(StillWaiting):
        await mailbox.send_again(CaseId(number), DocumentId(document), by=by, why=why)
    back = (URL("/cases") / number).with_query({"sent": document})
    location = str(back.with_fragment(f"document-{document}"))
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})


ADDRESSES = (Address("POST", "/cases/{number}/documents/{document}/again", send_again, Who.CLERK),)
