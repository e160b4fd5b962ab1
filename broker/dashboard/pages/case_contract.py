"""The supply contracts of a case, to save; who opened which is on record."""

import re

from aiohttp import web

from broker.dashboard.case_view import look_at_case
from broker.dashboard.office import MEMBER, OFFICE, Address, Who
from broker.messages.codes import MediaType
from broker.messages.requests import SupplyContract
from broker.usecases.open_contract import contracts_of

# What is told to the browser as what it is; all else, as something it knows nothing of.
_KNOWN = {MediaType.PDF: "pdf", MediaType.PNG: "png", MediaType.JPEG: "jpg"}


async def save(request: web.Request) -> web.StreamResponse:
    """The document as it was attached, as a file to save and never to open as a page."""
    seen, wanted = await look_at_case(request), request.match_info["sha256"]
    contract = next(
        (one for _, one in contracts_of(seen.case) if one.document.sha256 == wanted), None
    )
    if contract is None:
        raise web.HTTPNotFound
    by = request[MEMBER].signature
    content = await request.app[OFFICE].contracts.open(seen.case.case_id, wanted, by=by)
    if content is None:
        raise web.HTTPNotFound
    kind = contract.document.detected
    return web.Response(
        body=content,
        content_type=kind.value if kind in _KNOWN else "application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{_name(contract)}"'},
    )


def _name(contract: SupplyContract) -> str:
    """A name for the file, of letters that no header and no folder takes for more."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", contract.reference).strip("-.")[:60]
    kind = contract.document.detected
    ending = _KNOWN.get(kind, "bin") if kind else "bin"
    return f"{plain or contract.document.sha256[:12]}.{ending}"


ADDRESSES = (Address("GET", "/cases/{number}/contracts/{sha256}", save, Who.STAFF),)
