"""One message or document of a case: as it was received or sent, and sending a document again."""

from http import HTTPStatus

from aiohttp import web
from yarl import URL

from broker.dashboard.case_exchange import Exchanged, exchanged_in
from broker.dashboard.case_view import look_at_case
from broker.dashboard.forms import field
from broker.dashboard.office import MEMBER, OFFICE, Address, Who
from broker.dashboard.render import render, texts_for
from broker.messages.identifiers import CaseId, DocumentId
from broker.store.operations import StillWaiting
from broker.wire.readable import indented


async def show(request: web.Request) -> web.StreamResponse:
    """The XML, a line for each element, and of a message also what was answered."""
    one = await _exchanged(request)
    answer = one.message.answer if one.message else None
    values = {
        "number": request.match_info["number"],
        "one": one,
        "content": indented(one.content) if one.content is not None else None,
        "answer": indented(answer) if answer is not None else None,
    }
    return render(request, "case_document.html", values)


async def save(request: web.Request) -> web.StreamResponse:
    """The bytes as they were received or sent, to save."""
    one = await _exchanged(request)
    return _file(one.content, f"{one.number}.xml")


async def save_answer(request: web.Request) -> web.StreamResponse:
    """The bytes of what was answered to a message, to save."""
    one = await _exchanged(request)
    return _file(one.message.answer if one.message else None, f"{one.number}-answer.xml")


async def send_again(request: web.Request) -> web.StreamResponse:
    """Let a document wait in its mailbox again, and go back to the case."""
    number, document = request.match_info["number"], request.match_info["document"]
    why = field(await request.post(), "why").strip()
    if not why:
        raise web.HTTPBadRequest
    by = request[MEMBER].signature
    mailbox = request.app[OFFICE].mailbox
    try:
        await mailbox.send_again(CaseId(number), DocumentId(document), by=by, why=why)
    except StillWaiting:
        raise web.HTTPNotFound from None
    location = str((URL("/cases") / number).with_query({"sent": document}))
    return web.Response(
        status=HTTPStatus.SEE_OTHER, headers={"Location": f"{location}#document-{document}"}
    )


async def _exchanged(request: web.Request) -> Exchanged:
    """What the address names of its case. Raises HTTPNotFound."""
    everything = exchanged_in(await look_at_case(request), texts_for(request))
    wanted = request.match_info["document"]
    found = next((one for one in everything if one.number == wanted), None)
    if found is None:
        raise web.HTTPNotFound
    return found


def _file(content: bytes | None, name: str) -> web.Response:
    """A file to save, never to be opened as a page. Raises HTTPNotFound for an erased one."""
    if content is None:
        raise web.HTTPNotFound
    return web.Response(
        body=content,
        content_type="application/xml",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


_DOCUMENT = "/cases/{number}/documents/{document}"
ADDRESSES = (
    Address("GET", _DOCUMENT, show, Who.STAFF),
    Address("GET", f"{_DOCUMENT}/xml", save, Who.STAFF),
    Address("GET", f"{_DOCUMENT}/answer", save_answer, Who.STAFF),
    Address("POST", f"{_DOCUMENT}/again", send_again, Who.CLERK),
)
