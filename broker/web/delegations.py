"""Delegations: the operator's staff grant and end them as JSON, providers act on them.

A provider asks for what is a supplier's with `?for=` and the supplier's EIC; a message says by its
own sender whom it is for.
"""

from collections.abc import Callable
from datetime import date
from functools import wraps

import msgspec
from aiohttp import web

from broker.messages.codes import DocumentKind
from broker.messages.identifiers import Eic
from broker.messages.reasons import Reason
from broker.store.delegations import Delegation, NoSuchDelegation
from broker.usecases.admission import acting_for
from broker.usecases.keep_delegations import Mandate, UnableToDelegate
from broker.web.door import DOOR, PARTY, PROVIDER, Handler, refusal
from broker.web.operator import json_answer, person_of

FOR = "for"
"""The name in the query under which a provider says whom it acts for."""


class Granted(msgspec.Struct, forbid_unknown_fields=True):
    """A delegation as it is posted; `until_day` is the first day after it."""

    provider: Eic
    supplier: Eic
    from_day: date
    until_day: date
    by: str
    why: str
    kinds: tuple[DocumentKind, ...] = ()
    mailbox: bool = False


def reads_mailbox(delegation: Delegation) -> bool:
    """Whether it is for the supplier's mailbox, and for its cases, which tell the same."""
    return delegation.mailbox


def is_for_anything(_: Delegation) -> bool:
    """Any delegation will do, to ask what became of what one handed in oneself."""
    return True


def also_for_a_supplier(handler: Handler, allows: Callable[[Delegation], bool]) -> Handler:
    """The handler, for what is a supplier's too where a delegation allows it; else 403."""

    @wraps(handler)
    async def act(request: web.Request) -> web.StreamResponse:
        if FOR not in request.query:
            return await handler(request)
        door, provider = request.app[DOOR], request[PARTY]
        named = Eic(request.query[FOR])
        supplier = acting_for(door.reader, provider, named, at=door.clock.now(), allows=allows)
        if isinstance(supplier, Reason):
            return refusal(request, 403, supplier)
        request[PARTY], request[PROVIDER] = supplier, provider
        return await handler(request)

    return act


async def get_delegations(request: web.Request) -> web.StreamResponse:
    """Every delegation there ever was, newest first."""
    return json_answer({"delegations": request.app[DOOR].delegations.delegations()})


async def post_delegation(request: web.Request) -> web.StreamResponse:
    """Grant a delegation: its number; 400 for a faulty body, 422 where it cannot be."""
    try:
        granted = msgspec.json.decode(await request.read(), type=Granted)
        if not granted.by.strip() or not granted.why.strip():
            raise ValueError("it must be said who does it, and why")
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    mandate = Mandate(
        provider=granted.provider,
        supplier=granted.supplier,
        kinds=granted.kinds,
        mailbox=granted.mailbox,
        from_day=granted.from_day,
        until_day=granted.until_day,
    )
    try:
        number = await request.app[DOOR].delegations.grant(
            mandate, by=granted.by.strip(), why=granted.why.strip()
        )
    except UnableToDelegate as error:
        return json_answer({"error": str(error)}, 422)
    return json_answer({"delegation": number})


async def delete_delegation(request: web.Request) -> web.StreamResponse:
    """End a delegation at once; the body says who does and why. 404 where none is to be ended."""
    number = request.match_info["number"]
    try:
        person = person_of(await request.read())
    except (msgspec.DecodeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    try:
        await request.app[DOOR].delegations.end(number, by=person.by, why=person.why)
    except NoSuchDelegation:
        return refusal(request, 404, Reason.NOT_FOUND)
    return json_answer({"ended": number})
