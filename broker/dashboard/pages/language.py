"""The language switch: remembered in the browser, before signing in too."""

from http import HTTPStatus

from aiohttp import web

from broker.dashboard.forms import field
from broker.dashboard.guard import local_path, set_language
from broker.dashboard.office import Address, Who
from broker.dashboard.texts import LANGUAGES


async def choose(request: web.Request) -> web.StreamResponse:
    """Remember the language and go back to the page."""
    form = await request.post()
    language = field(form, "language")
    if language not in LANGUAGES:
        raise web.HTTPBadRequest
    location = local_path(field(form, "to"))
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})
    set_language(request, response, language)
    return response


ADDRESSES = (Address("POST", "/language", choose, Who.ANYBODY),)
