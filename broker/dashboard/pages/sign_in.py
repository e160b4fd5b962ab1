"""Signing in and out."""

from http import HTTPStatus

from aiohttp import web

from broker.dashboard.forms import field
from broker.dashboard.guard import client_network, cookie_name, local_path, set_cookie
from broker.dashboard.office import MEMBER, OFFICE, Address, Who
from broker.dashboard.render import render
from broker.ids import new_token
from broker.usecases.sign_in import TooManyFailures, WrongNameOrPassword


async def show(request: web.Request) -> web.StreamResponse:
    """The form; whoever has signed in already goes on."""
    to = local_path(request.query.get("to", "/"))
    if MEMBER in request:
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": to})
    return _form(request, to=to)


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Begin a session and go on to where the visitor wanted to."""
    form = await request.post()
    name, to = field(form, "name"), local_path(field(form, "to"))
    try:
        token = await request.app[OFFICE].sign_in.sign_in(
            name, field(form, "password"), address=client_network(request)
        )
    except WrongNameOrPassword:
        return _form(request, to=to, name=name, failure="wrong", status=HTTPStatus.FORBIDDEN)
    except TooManyFailures:
        status = HTTPStatus.TOO_MANY_REQUESTS
        return _form(request, to=to, name=name, failure="too_many", status=status)
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": to})
    set_cookie(request, response, token)
    return response


async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session."""
    office = request.app[OFFICE]
    await office.sign_in.sign_out(request.cookies[cookie_name(office)])
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/sign-in"})
    set_cookie(request, response, new_token())
    return response


def _form(
    request: web.Request,
    *,
    to: str,
    name: str = "",
    failure: str | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:
    values = {"to": to, "name": name, "failure": failure}
    return render(request, "sign_in.html", values, status=status)


ADDRESSES = (
    Address("GET", "/sign-in", show, Who.ANYBODY),
    Address("POST", "/sign-in", sign_in, Who.ANYBODY),
    Address("POST", "/sign-out", sign_out, Who.STAFF),
)
