"""What everybody may read: schemas, the code list, health; and a party's view of its case."""

from pathlib import Path

from aiohttp import web

from broker.engine.refusals import texts
from broker.messages.identifiers import CaseId
from broker.messages.reasons import Reason
from broker.store import deadlines, operations
from broker.usecases.view_case import view_case
from broker.web.door import DOOR, PARTY, refusal, xml
from broker.wire.places import SCHEMA_FILE
from broker.wire.write_view import write_case_view, write_code_list


async def get_case(request: web.Request) -> web.StreamResponse:
    """The party's own view of a case: state, history, deadlines with their articles."""
    view = view_case(
        request.app[DOOR].reader, request[PARTY].eic, CaseId(request.match_info["number"])
    )
    if view is None:
        return refusal(request, 404, Reason.NOT_FOUND)
    return xml(write_case_view(view))


async def list_schemas(_: web.Request) -> web.StreamResponse:
    """The names of the schemas in use, one a line."""
    names = sorted(path.name for path in SCHEMA_FILE.parent.glob("*.xsd"))
    return web.Response(text="".join(f"/schemas/{name}\n" for name in names))


async def get_schema(request: web.Request) -> web.StreamResponse:
    """A schema as it is in use."""
    schemas: dict[str, Path] = {path.name: path for path in SCHEMA_FILE.parent.glob("*.xsd")}
    path = schemas.get(request.match_info["name"])
    if path is None:
        return refusal(request, 404, Reason.NOT_FOUND)
    return xml(path.read_bytes())


async def get_codes(_: web.Request) -> web.StreamResponse:
    """Every reason code with its list agency and its texts in both languages (A11)."""
    return xml(write_code_list(Reason, texts=texts))


async def live(_: web.Request) -> web.StreamResponse:
    """The process answers."""
    return web.json_response({"live": True})


async def ready(request: web.Request) -> web.StreamResponse:
    """Whether messages can be taken in: database readable, writer running; and any alarm."""
    door = request.app[DOOR]
    stopped = operations.sweep_stopped(door.reader)
    running = door.writer.is_running()
    return web.json_response(
        {
            "ready": running,
            "sweep": "running" if stopped is None else f"stopped: {stopped.why}",
            "parked": deadlines.parked_count(door.reader),
            "missing_notices": len(door.owed.missing),
            "waiting": door.writer.waiting_count(),
            "channels_in_trouble": len(door.channels.troubled(door.reader)),
            "disk": "short" if door.watch.disk_is_short() else "enough",
            "turned_away": {str(status): n for status, n in sorted(door.turned_away.items())},
        },
        status=200 if running else 503,
    )
