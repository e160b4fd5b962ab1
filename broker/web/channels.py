"""The channels of parties, for the operator's staff: set up, try out, end; as JSON."""

from typing import Literal

import msgspec
from aiohttp import web

from broker.delivery.hand_over import UnableToHandOver
from broker.messages.identifiers import Eic
from broker.messages.reasons import Reason
from broker.store.channels import ChannelKind
from broker.usecases.keep_channels import NoSuchChannel, UnableToSetUp, put_aside_for, standings
from broker.web.door import DOOR, Handler, refusal
from broker.web.operator import Person, json_answer, person_of


class WantedChannel(msgspec.Struct, forbid_unknown_fields=True):
    """A channel as it is asked for: by what, to where, in which language; who wants it and why."""

    kind: ChannelKind
    address: str
    by: str
    why: str
    language: Literal["sl", "en"] = "sl"


class _Faulty(Exception):
    """The body is not what it should be."""


def _needing_channel(handler: Handler) -> Handler:
    """404 where the party has no channel, 400 for a faulty body."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except NoSuchChannel:
            return refusal(request, 404, Reason.NOT_FOUND)
        except _Faulty as error:
            return json_answer({"error": str(error)}, 400)

    return answered


async def get_channels(request: web.Request) -> web.StreamResponse:
    """Every channel and how it does, without secrets; with the documents put aside."""
    reader = request.app[DOOR].reader
    told = [
        {"channel": one, "put_aside": put_aside_for(reader, one.party)}
        for one in standings(reader).values()
    ]
    return json_answer({"channels": told})


@_needing_channel
async def post_channel(request: web.Request) -> web.StreamResponse:
    """Push a party's documents somewhere; the secret of a webhook is shown this once."""
    try:
        wanted = msgspec.json.decode(await request.read(), type=WantedChannel)
    except msgspec.DecodeError as error:
        raise _Faulty(str(error)) from error
    by, why = wanted.by.strip(), wanted.why.strip()
    if not by or not why:
        raise _Faulty("it must be said who does it, and why")
    try:
        secret = await request.app[DOOR].channels.set_up(
            _party(request), wanted.kind, wanted.address, wanted.language, by=by, why=why
        )
    except UnableToSetUp as error:
        return json_answer({"error": str(error)}, 422)
    told = {"set_up": wanted.kind}
    return json_answer(told if secret is None else {**told, "secret": secret})


@_needing_channel
async def delete_channel(request: web.Request) -> web.StreamResponse:
    """Push nothing more to a party."""
    person = await _person(request)
    await request.app[DOOR].channels.end(_party(request), by=person.by, why=person.why)
    return json_answer({"ended": _party(request)})


@_needing_channel
async def post_secret(request: web.Request) -> web.StreamResponse:
    """Another secret for a webhook, shown this once."""
    person = await _person(request)
    secret = await request.app[DOOR].channels.renew_secret(
        _party(request), by=person.by, why=person.why
    )
    return json_answer({"secret": secret})


@_needing_channel
async def post_try_again(request: web.Request) -> web.StreamResponse:
    """Let a channel try at once, also what was put aside."""
    person = await _person(request)
    again = await request.app[DOOR].channels.try_again(
        _party(request), by=person.by, why=person.why
    )
    return json_answer({"put_aside_tried_again": again})


@_needing_channel
async def post_test(request: web.Request) -> web.StreamResponse:
    """Send a test; 422 says what went wrong."""
    try:
        await request.app[DOOR].channels.send_test(_party(request))
    except UnableToHandOver as error:
        return json_answer({"error": str(error), "fault": error.fault}, 422)
    return json_answer({"accepted": True})


async def _person(request: web.Request) -> Person:
    try:
        return person_of(await request.read())
    except (msgspec.DecodeError, ValueError) as error:
        raise _Faulty(str(error)) from error


def _party(request: web.Request) -> Eic:
    return Eic(request.match_info["eic"])
