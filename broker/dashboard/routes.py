"""The dashboard as a web application: every address of every page, behind the guard.

A new page is a module of `pages/` with its ADDRESSES; it is added to `_PAGES` here, and to the bar
in `navigation` where it is to be found there.
"""

from aiohttp import web

from broker.dashboard import guard, render
from broker.dashboard.office import OFFICE, Office
from broker.dashboard.pages import (
    api,
    case,
    case_contract,
    case_document,
    case_reading,
    flow,
    found,
    language,
    mailboxes,
    messages,
    metrics,
    points,
    sign_in,
    suppliers,
    today,
)

_FORM_BYTES_MAX = 256 * 1024
_PAGES = (
    *(
        today,
        case_reading,
        case_document,
        case_contract,
        case,
        found,
        flow,
        messages,
        mailboxes,
        points,
    ),
    *(suppliers, api, metrics, language, sign_in),
)

ADDRESSES = tuple(address for page in _PAGES for address in page.ADDRESSES)


def make_dashboard(office: Office) -> web.Application:
    """The web application around these use cases."""
    app = web.Application(middlewares=[guard.answer_with_a_page], client_max_size=_FORM_BYTES_MAX)
    app[OFFICE] = office
    render.set_up(app)
    app.on_response_prepare.append(guard.add_headers)
    for address in ADDRESSES:
        app.router.add_route(address.method, address.path, guard.guarded(address))
    app.router.add_static("/static", render.STATIC)
    return app
