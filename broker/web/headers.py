"""What every answer of the door says to whoever keeps, shows or repeats it."""

from aiohttp import web

from broker.web.door import DOOR

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Server": "broker",
}
_YEAR_SECONDS = 366 * 24 * 3600
_ONLY_TLS = {"Strict-Transport-Security": f"max-age={_YEAR_SECONDS}"}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Answers are not kept, sniffed or run by anything in between; TLS once is TLS from then on."""
    response.headers.update(_HEADERS)
    if request.app[DOOR].over_tls:
        response.headers.update(_ONLY_TLS)
