"""Who may open a page: sessions, roles, form tokens; and the headers that every answer carries.

A form token is made from the visitor's cookie, which no other site can read or set; so a form of
another site cannot hold it. A visitor who has not signed in has a cookie of random bits for this.
"""

import asyncio
import hmac
import logging
from functools import partial
from hashlib import sha256
from http import HTTPStatus

from aiohttp import web
from yarl import URL

from broker.dashboard.office import (
    FORM_TOKEN,
    LANGUAGE,
    MEMBER,
    OFFICE,
    Address,
    Handler,
    Office,
    Who,
)
from broker.dashboard.render import render
from broker.dashboard.texts import LANGUAGES
from broker.ids import new_token
from broker.messages.codes import Role
from broker.networks import forwarded_for, network_of
from broker.store.participants import authenticate
from broker.store.staff import Session, StaffRole
from broker.store.writer import UnableToWrite

_log = logging.getLogger(__name__)

_COOKIE, _LANGUAGE_COOKIE = "session", "language"
_ADDRESS_MAX = 500
_FORM = "application/x-www-form-urlencoded"
_FORM_WITHIN_SECONDS = 30.0
_YEAR_SECONDS = 366 * 24 * 3600
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
        " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Server": "broker",
}
_KEPT = f"public, max-age={_YEAR_SECONDS}, immutable"
_ONLY_TLS = {"Strict-Transport-Security": f"max-age={_YEAR_SECONDS}"}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer; only files of `static/` may be kept."""
    response.headers.update(_HEADERS)
    kept = request.path.startswith("/static/") and response.status == HTTPStatus.OK
    response.headers["Cache-Control"] = _KEPT if kept else "no-store"
    if request.app[OFFICE].behind_tls:
        response.headers.update(_ONLY_TLS)


@web.middleware
async def answer_with_a_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong is told on a page, never with a stack trace."""
    _know_language(request)
    try:
        return await handler(request)
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        if FORM_TOKEN not in request:  # no page of ours was asked for, so nobody has looked
            await _know_visitor(request)
        return refused(request, error.status)
    except UnableToWrite:
        return refused(request, HTTPStatus.SERVICE_UNAVAILABLE)
    except Exception:  # noqa: BLE001 - our bug: told as such
        _log.exception("ALARM: %s %s failed", request.method, request.match_info.route)
        return refused(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def refused(request: web.Request, status: int) -> web.Response:
    """The page that says in plain words why there is no other; a program gets it as JSON."""
    if is_for_programs(request.path):
        headers = {"WWW-Authenticate": 'Bearer realm="dashboard"'} if status == 401 else None
        return web.json_response(
            {"error": HTTPStatus(status).phrase}, status=status, headers=headers
        )
    told = status if status in _TOLD else 400 if status < 500 else 500
    return render(request, "refused.html", {"told": told}, status=status)


def is_for_programs(path: str) -> bool:
    """Whether what lies at this path is read by programs, faults too."""
    return path.startswith("/api/") or path == "/metrics"


_TOLD = (400, 403, 404, 413, 500, 503)


def guarded(address: Address) -> Handler:
    """The handler of an address, behind the checks of who may use it."""

    async def check(request: web.Request) -> web.StreamResponse:
        office = request.app[OFFICE]
        cookie = request.cookies.get(cookie_name(office))
        fresh = None if cookie else new_token()
        session = await _know_visitor(request, fresh)
        if request.method == "POST" and not (cookie and await _carries_form_token(request)):
            return refused(request, HTTPStatus.FORBIDDEN)
        if address.who is Who.PROGRAM and session is None:
            known = await _is_operators_program(request)
            return await address.handler(request) if known else refused(request, 401)
        if address.who is not Who.ANYBODY and session is None:
            response = _to_sign_in(request)
        elif address.who is Who.CLERK and session and session.member.role is not StaffRole.CLERK:
            response = refused(request, HTTPStatus.FORBIDDEN)
        else:
            if session and cookie:
                await office.sign_in.note_seen(session, cookie)
            response = await address.handler(request)
        if fresh:
            set_cookie(request, response, fresh)
        return response

    return check


async def _know_visitor(request: web.Request, fresh: str | None = None) -> Session | None:
    """Who it is, and what a form of theirs must carry; `fresh` is the cookie a newcomer is given.

    Gives the session, None for who has not signed in.
    """
    office = request.app[OFFICE]
    cookie = request.cookies.get(cookie_name(office))
    request[FORM_TOKEN] = _form_token(cookie or fresh or "")
    if not cookie:
        return None
    session = await office.reads(partial(office.sign_in.known, token=cookie))
    if session:
        request[MEMBER] = session.member
    return session


async def _is_operators_program(request: web.Request) -> bool:
    """Whether the request bears a valid token of the operator, the one its staff's commands use."""
    office = request.app[OFFICE]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return False
    party = await office.reads(partial(authenticate, token=token.strip(), at=office.clock.now()))
    return party is not None and party.active and Role.GRID_OPERATOR in party.roles


async def _carries_form_token(request: web.Request) -> bool:
    if (request.content_type, request.charset or "utf-8") != (_FORM, "utf-8"):
        raise web.HTTPBadRequest  # browsers send ours so, and strangers may send anything
    try:
        async with asyncio.timeout(_FORM_WITHIN_SECONDS):
            given = (await request.post()).get("form_token")
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except UnicodeDecodeError:
        raise web.HTTPBadRequest from None
    return isinstance(given, str) and hmac.compare_digest(
        given.encode(), request[FORM_TOKEN].encode()
    )


def _form_token(cookie: str) -> str:
    return hmac.new(cookie.encode(errors="surrogateescape"), b"form", sha256).hexdigest()


def _to_sign_in(request: web.Request) -> web.StreamResponse:
    """Signing in leads back to the page that was asked for; a form must be filled in again.

    Not to an address longer than any of ours: no browser would take it, written as a parameter.
    """
    wanted = request.path_qs if request.method == "GET" else "/"
    came_for = {} if wanted == "/" or len(wanted) > _ADDRESS_MAX else {"to": wanted}
    location = str(URL("/sign-in").with_query(came_for))
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})


def cookie_name(office: Office) -> str:
    """The name of the session's cookie; the prefix makes browsers hold it to this host and TLS."""
    return f"__Host-{_COOKIE}" if office.behind_tls else _COOKIE


def set_cookie(request: web.Request, response: web.StreamResponse, value: str) -> None:
    """Give the visitor this cookie, until the browser is closed."""
    office = request.app[OFFICE]
    response.set_cookie(
        cookie_name(office), value, httponly=True, samesite="Strict", secure=office.behind_tls
    )


def set_language(request: web.Request, response: web.StreamResponse, language: str) -> None:
    """Remember the visitor's language for a year."""
    response.set_cookie(
        _LANGUAGE_COOKIE,
        language,
        max_age=_YEAR_SECONDS,
        httponly=True,
        samesite="Strict",
        secure=request.app[OFFICE].behind_tls,
    )


def _know_language(request: web.Request) -> None:
    chosen = request.cookies.get(_LANGUAGE_COOKIE)
    request[LANGUAGE] = chosen if chosen in LANGUAGES else LANGUAGES[0]


def client_network(request: web.Request) -> str:
    """Where the visitor comes from: behind a proxy as that says, else as the connection says."""
    told = ""
    if request.app[OFFICE].behind_tls:
        told = forwarded_for(request.headers.getall("X-Forwarded-For", []))
    return network_of(told or request.remote or "")


def local_path(path: str) -> str:
    """The path to go to next, `/` for anything that would lead elsewhere."""
    fine = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if fine and path.isprintable() else "/"
