"""The mailbox: peek, list, read again, acknowledge by id (design 11)."""

from aiohttp import web

from broker.messages.identifiers import DocumentId
from broker.messages.reasons import Reason
from broker.store.outbox import Document
from broker.web.door import DOOR, PARTY, refusal, xml
from broker.wire.write_view import write_mailbox_listing

_LISTED_MAX = 1000


async def peek(request: web.Request) -> web.StreamResponse:
    """The oldest document waiting, or with ?limit= a list; 204 for an empty mailbox."""
    door, party = request.app[DOOR], request[PARTY]
    if "limit" in request.query:
        text = request.query["limit"]
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _LISTED_MAX):
            return refusal(request, 400, Reason.NOT_POSSIBLE_IN_THIS_STATE)
        return xml(write_mailbox_listing(door.mailbox.waiting(party.eic, int(text))))
    document = await door.mailbox.peek(party.eic)
    return web.Response(status=204) if document is None else _document(document)


async def read(request: web.Request) -> web.StreamResponse:
    """One document, the same bytes every time, also after acknowledgement."""
    door, party = request.app[DOOR], request[PARTY]
    document = await door.mailbox.read(party.eic, DocumentId(request.match_info["number"]))
    return refusal(request, 404, Reason.NOT_FOUND) if document is None else _document(document)


async def acknowledge_one(request: web.Request) -> web.StreamResponse:
    """Take one document out of the waiting ones; again is harmless."""
    return await _acknowledge(request, (request.match_info["number"],))


async def acknowledge_many(request: web.Request) -> web.StreamResponse:
    """Take several documents out at once: DELETE /mailbox?id=…&id=…; none of them means nothing."""
    return await _acknowledge(request, tuple(request.query.getall("id", [])))


async def _acknowledge(request: web.Request, numbers: tuple[str, ...]) -> web.StreamResponse:
    """204 when every number is a document of the party, else 404 with the others acknowledged."""
    door, party = request.app[DOOR], request[PARTY]
    wanted = tuple(DocumentId(number) for number in dict.fromkeys(numbers[:_LISTED_MAX]))
    known = await door.mailbox.acknowledge(party.eic, wanted)
    if not wanted or known != frozenset(wanted):
        return refusal(request, 404, Reason.NOT_FOUND)
    return web.Response(status=204)


def _document(document: Document) -> web.Response:
    return xml(
        document.content,
        headers={"Document-Number": document.document_id, "Document-Kind": document.kind},
    )
