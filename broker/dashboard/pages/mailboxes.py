"""The mailboxes: what waits for each party, since when, when it last read; and every document."""

from functools import partial
from http import HTTPStatus

from aiohttp import web
from yarl import URL

from broker.dashboard import dates
from broker.dashboard.comma_separated import LINES_MAX, csv_answer
from broker.dashboard.forms import field, number_from
from broker.dashboard.office import MEMBER, OFFICE, Address, Who
from broker.dashboard.pages.messages import as_file, readable
from broker.dashboard.render import render, texts_for
from broker.messages.identifiers import DocumentId, Eic
from broker.store import archive
from broker.store.archive import Document, Mailbox
from broker.usecases.keep_channels import NoSuchChannel, put_aside_for, standings

_LINES_ON_A_PAGE = 50
COLUMNS = ("party_number", "party", "waiting", "oldest", "last_fetched", "last_acknowledged")
"""The columns of the file of mailboxes, as the texts name them."""
DOCUMENT_COLUMNS = ("created", "kind", "case", "fetched", "acknowledged", "document")
"""The columns of the file of one mailbox."""


async def show(request: web.Request) -> web.StreamResponse:
    """How the mailbox of every party stands."""
    boxes, channels = await request.app[OFFICE].reads(
        lambda connection: (archive.mailboxes(connection), standings(connection))
    )
    return render(request, "mailboxes.html", {"boxes": boxes, "channels": channels})


async def export(request: web.Request) -> web.StreamResponse:
    """The mailboxes as a CSV file."""
    texts = texts_for(request)
    boxes = await request.app[OFFICE].reads(archive.mailboxes)
    rows = (
        (
            one.party,
            one.name,
            str(one.waiting),
            *(
                dates.moment(at, texts) if at else ""
                for at in (one.oldest_at, one.last_fetched_at, one.last_acknowledged_at)
            ),
        )
        for one in boxes
    )
    return await csv_answer("predali.csv", [texts(f"messages.{name}") for name in COLUMNS], rows)


async def show_one(request: web.Request) -> web.StreamResponse:
    """The documents of one party, the newest first: all of them, or what waits."""
    query = request.query
    waiting = query.get("waiting") == "1"
    box, lines = await _documents(
        request, limit=_LINES_ON_A_PAGE + 1, before=number_from(query, "before")
    )
    channel, aside = await request.app[OFFICE].reads(
        lambda connection: (
            standings(connection).get(box.party),
            put_aside_for(connection, box.party),
        )
    )
    shown = lines[:_LINES_ON_A_PAGE]
    address = URL(f"/mailboxes/{box.party}")
    chosen = {"waiting": "1"} if waiting else {}
    following = {**chosen, "before": str(shown[-1].position)} if shown else chosen
    values = {
        "box": box,
        "channel": channel,
        "aside": aside,
        "lines": shown,
        "waiting": waiting,
        "begins_later": "before" in query,
        "first_page": str(address.with_query(chosen)),
        "next_page": str(address.with_query(following)) if len(lines) > len(shown) else None,
        "as_file": str(URL(f"/mailboxes/{box.party}/documents.csv").with_query(chosen)),
    }
    return render(request, "mailbox.html", values)


async def try_again(request: web.Request) -> web.StreamResponse:
    """Let the channel of a mailbox try at once, also what was put aside, and go back to it."""
    party = Eic(request.match_info["number"])
    why = field(await request.post(), "why").strip()
    if not why:
        raise web.HTTPBadRequest
    channels = request.app[OFFICE].channels
    try:
        await channels.try_again(party, by=request[MEMBER].signature, why=why)
    except NoSuchChannel:
        raise web.HTTPNotFound from None
    location = f"/mailboxes/{party}#channel"
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})


async def export_one(request: web.Request) -> web.StreamResponse:
    """The documents of one party as a CSV file."""
    texts = texts_for(request)
    _, lines = await _documents(request, limit=LINES_MAX)
    rows = (
        (
            dates.moment(one.created_at, texts),
            one.kind,
            one.case_id or "",
            dates.moment(one.first_fetched_at, texts) if one.first_fetched_at else "",
            dates.moment(one.acknowledged_at, texts) if one.acknowledged_at else "",
            one.document_id,
        )
        for one in lines
    )
    return await csv_answer(
        "predal.csv", [texts(f"messages.{name}") for name in DOCUMENT_COLUMNS], rows
    )


async def _documents(
    request: web.Request, *, limit: int, before: int | None = None
) -> tuple[Mailbox, tuple[Document, ...]]:
    """The mailbox of the address and its documents. Raises HTTPNotFound for no such party."""
    party = Eic(request.match_info["number"])
    waiting = request.query.get("waiting") == "1"
    boxes, lines = await request.app[OFFICE].reads(
        lambda connection: (
            archive.mailboxes(connection),
            archive.documents(connection, party, limit=limit, waiting=waiting, before=before),
        )
    )
    box = next((one for one in boxes if one.party == party), None)
    if box is None:
        raise web.HTTPNotFound
    return box, lines


async def show_document(request: web.Request) -> web.StreamResponse:
    """One document, for a person to read, and how far it has been handed over."""
    one, content = await _document(request)
    values = {"one": one, "message": await readable(content), "size": len(content or b"")}
    return render(request, "document.html", values)


async def document_bytes(request: web.Request) -> web.StreamResponse:
    """A document, byte for byte as its party gets it."""
    one, content = await _document(request)
    return as_file(content, f"{one.document_id}.xml")


async def _document(request: web.Request) -> tuple[Document, bytes | None]:
    """The document of the address with its bytes. Raises HTTPNotFound."""
    number = DocumentId(request.match_info["number"])
    found = await request.app[OFFICE].reads(partial(archive.document, document_id=number))
    if found is None:
        raise web.HTTPNotFound
    return found


ADDRESSES = (
    Address("GET", "/mailboxes", show, Who.STAFF),
    Address("GET", "/mailboxes.csv", export, Who.STAFF),
    Address("GET", "/mailboxes/{number}", show_one, Who.STAFF),
    Address("POST", "/mailboxes/{number}/try-again", try_again, Who.CLERK),
    Address("GET", "/mailboxes/{number}/documents.csv", export_one, Who.STAFF),
    Address("GET", "/documents/{number}", show_document, Who.STAFF),
    Address("GET", "/documents/{number}/bytes", document_bytes, Who.STAFF),
)
