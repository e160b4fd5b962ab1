"""Messages: every attempt at sending that was kept, sought by period, party, kind, number, outcome.

What a stranger sent, or what was too large, was not kept; of it the page shows the counters.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from aiohttp import web
from yarl import URL

from broker.dashboard import dates
from broker.dashboard.comma_separated import LINES_MAX, csv_answer
from broker.dashboard.forms import choice, day_from, position_from, text
from broker.dashboard.office import OFFICE, Address, Who
from broker.dashboard.render import render, texts_for
from broker.dashboard.texts import Texts
from broker.engine.calendar import end_of, local_day, plus_days, start_of
from broker.messages.identifiers import Eic, ReceiptNumber
from broker.store import archive, participants
from broker.store.archive import Attempt, Outcome, Sought, WholeAttempt
from broker.wire.readable import indented
from broker.wire.schema import INBOUND_KINDS

_LINES_ON_A_PAGE = 50
_DAYS_AT_FIRST = 30
_EARLIEST = date(2000, 1, 1)
_FILTERS = ("from", "to", "party", "kind", "number", "outcome")
_SHOWN_CHARACTERS = 100_000


async def show(request: web.Request) -> web.StreamResponse:
    """The list, filtered, the newest first, page by page."""
    office, query = request.app[OFFICE], request.query
    sought = sought_from(query, local_day(office.clock.now()))
    lines, parties = await office.reads(
        lambda connection: (
            archive.attempts(
                connection, sought, limit=_LINES_ON_A_PAGE + 1, after=position_from(query)
            ),
            participants.participants(connection),
        )
    )
    shown = lines[:_LINES_ON_A_PAGE]
    chosen = {name: query[name] for name in _FILTERS if query.get(name, "").strip()}
    values = {
        "lines": shown,
        "parties": parties,
        "kinds": [kind.value for kind in INBOUND_KINDS],
        "outcomes": Outcome,
        "chosen": chosen,
        "first": None if sought.since == start_of(_EARLIEST) else local_day(sought.since),
        "last": plus_days(local_day(sought.until), -1),
        "turned_away": sorted(office.measure.turned_away.items()),
        "begins_later": "after" in query,
        "first_page": str(URL("/messages").with_query(chosen)),
        "next_page": _next_page(chosen, shown) if len(lines) > len(shown) else None,
        "as_file": str(URL("/messages.csv").with_query(chosen)),
    }
    return render(request, "messages.html", values)


def sought_from(query: Mapping[str, str], today: date) -> Sought:
    """What an address asks for: of the last thirty days where it names none.

    A number is sought in all times, unless days are named with it.
    """
    party, number = text(query, "party"), text(query, "number")
    first, last = day_from(query, "from"), day_from(query, "to")
    if first is None:
        first = _EARLIEST if number else plus_days(last or today, -_DAYS_AT_FIRST)
    try:
        return Sought(
            since=start_of(max(first, _EARLIEST)),
            until=end_of(last or today),
            party=Eic(party) if party else None,
            kind=text(query, "kind"),
            number=number,
            outcome=choice(query, "outcome", Outcome),
        )
    except OverflowError:
        raise web.HTTPBadRequest from None


def after_line(line: Attempt) -> str:
    """Where the page after this line begins, as an address tells it."""
    return f"{line.received_at.isoformat()}~{line.position}"


def _next_page(chosen: Mapping[str, str], lines: tuple[Attempt, ...]) -> str:
    return str(URL("/messages").with_query({**chosen, "after": after_line(lines[-1])}))


async def export(request: web.Request) -> web.StreamResponse:
    """The whole list, filtered the same, as a CSV file."""
    office, texts = request.app[OFFICE], texts_for(request)
    sought = sought_from(request.query, local_day(office.clock.now()))
    lines = await office.reads(partial(archive.attempts, sought=sought, limit=LINES_MAX))
    head = [texts(f"messages.{name}") for name in COLUMNS]
    return await csv_answer("sporocila.csv", head, (_row(line, texts) for line in lines))


COLUMNS = (
    *("received", "party_number", "party", "kind", "number", "outcome", "status"),
    *("case", "receipt"),
)
"""The columns of the file, as the texts name them."""


def _row(line: Attempt, texts: Texts) -> tuple[str, ...]:
    return (
        dates.moment(line.received_at, texts),
        line.party,
        line.party_name,
        line.kind or "",
        line.message_id or "",
        texts(f"words.outcome_{line.outcome.value}"),
        str(line.http_status),
        line.case_id or "",
        line.receipt,
    )


async def show_one(request: web.Request) -> web.StreamResponse:
    """One attempt, for a person to read, with what was answered."""
    whole = await _whole(request)
    values = {
        "one": whole.attempt,
        "message": await readable(whole.content),
        "answer": await readable(whole.answer),
        "size": len(whole.content or b""),
    }
    return render(request, "message.html", values)


async def received_bytes(request: web.Request) -> web.StreamResponse:
    """What was received, byte for byte, as a file to save and never to show."""
    whole = await _whole(request)
    return as_file(whole.content, f"{whole.attempt.receipt}.xml")


async def answered_bytes(request: web.Request) -> web.StreamResponse:
    """What was answered, byte for byte."""
    whole = await _whole(request)
    return as_file(whole.answer, f"{whole.attempt.receipt}-answer.xml")


async def _whole(request: web.Request) -> WholeAttempt:
    """The attempt of the address. Raises HTTPNotFound."""
    receipt = ReceiptNumber(request.match_info["number"])
    whole = await request.app[OFFICE].reads(partial(archive.attempt, receipt=receipt))
    if whole is None:
        raise web.HTTPNotFound
    return whole


@dataclass(frozen=True, slots=True)
class Readable:
    """The text of a document, or its beginning alone where it is very long."""

    text: str
    cut: bool


async def readable(content: bytes | None) -> Readable | None:
    """The document for a person, made in a thread; None for what has been erased."""
    if content is None:
        return None
    text = await asyncio.to_thread(indented, content)
    return Readable(text[:_SHOWN_CHARACTERS], cut=len(text) > _SHOWN_CHARACTERS)


def as_file(content: bytes | None, name: str) -> web.Response:
    """Bytes that a browser saves and never opens, whatever they are. Raises HTTPNotFound."""
    if content is None:
        raise web.HTTPNotFound
    return web.Response(
        body=content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


ADDRESSES = (
    Address("GET", "/messages", show, Who.STAFF),
    Address("GET", "/messages.csv", export, Who.STAFF),
    Address("GET", "/messages/{number}", show_one, Who.STAFF),
    Address("GET", "/messages/{number}/bytes", received_bytes, Who.STAFF),
    Address("GET", "/messages/{number}/answer", answered_bytes, Who.STAFF),
)
