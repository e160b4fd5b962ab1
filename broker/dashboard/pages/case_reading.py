"""The operator's own reading of a case, typed in where one is taken in (A21, A22, A19)."""

import re
from decimal import Decimal
from http import HTTPStatus

from aiohttp import web
from yarl import URL

from broker.dashboard.case_view import Tried, case_page, look_at_case
from broker.dashboard.forms import field, local_instant_of
from broker.dashboard.office import MEMBER, OFFICE, Address, Who
from broker.engine.facts import MeterFacts
from broker.engine.state import SwitchCase
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import RegisterValue
from broker.usecases.enter_reading import Entered


async def enter(request: web.Request) -> web.StreamResponse:
    """Send the reading in like any other, and go back to what waits; if refused, say why."""
    form = await request.post()
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    seen = await look_at_case(request)
    if seen.to_read is None or not isinstance(seen.case, SwitchCase):
        refusals: tuple[Refusal, ...] = (Refusal(reason=Reason.NOT_POSSIBLE_IN_THIS_STATE),)
    else:
        taken_at = local_instant_of(field(form, "taken_at"))
        if taken_at is None:
            raise web.HTTPBadRequest
        try:
            entered = Entered(
                case=seen.case,
                serial_number=seen.to_read.serial_number,
                taken_at=taken_at,
                registers=_values(seen.to_read, typed),
                remark=field(form, "remark").strip() or None,
            )
        except ValueError:
            raise web.HTTPBadRequest from None
        by = request[MEMBER].signature
        refusals = await request.app[OFFICE].readings.enter(entered, by=by)
    if refusals:
        tried = Tried(action="reading", given=typed, refusals=refusals)
        seen = await look_at_case(request)
        return case_page(request, seen, tried, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    location = str(URL("/").with_query({"decided": seen.case.case_id}))
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})


def _values(meter: MeterFacts, typed: dict[str, str]) -> tuple[RegisterValue, ...]:
    """What each register of the meter shows. Raises ValueError."""
    return tuple(
        RegisterValue(register=one.register, value=_number(typed.get(one.register, "")))
        for one in meter.registers
    )


def _number(typed: str) -> Decimal:
    """A number as people write it, with a comma or a point. Raises ValueError."""
    if not _NUMBER.fullmatch(typed.strip()):
        raise ValueError("a register shows a number")
    return Decimal(typed.strip().replace(",", "."))


# As the form has it, and not longer than anybody would type: an exponent could stand for gigabytes.
_NUMBER = re.compile(r"[0-9]{1,20}([.,][0-9]{1,20})?")

ADDRESSES = (Address("POST", "/cases/{number}/reading", enter, Who.CLERK),)
