"""The page of a case, with which several addresses answer: what it shows, what was tried on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from aiohttp import web

from broker.dashboard.case_exchange import exchanged_in
from broker.dashboard.case_timeline import moments_of, period_of
from broker.dashboard.consumption_plot import plots_of
from broker.dashboard.inaccessibility import still_inaccessible
from broker.dashboard.office import OFFICE
from broker.dashboard.render import render, texts_for
from broker.dashboard.timeline import from_left_to_right, from_top_to_bottom
from broker.dashboard.values import refusal_told
from broker.engine.calendar import LJUBLJANA, local_day
from broker.engine.state import Case, Phase, SwitchCase
from broker.messages.identifiers import CaseId
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import Objection
from broker.usecases.case_for_staff import CaseForStaff, case_for_staff
from broker.usecases.open_contract import contracts_of
from broker.usecases.operator_verbs import WITH_A_DAY, Verb, codes_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a person tried that was not done: the form, what was typed, and what speaks against it.

    Without refusals the case had changed meanwhile.
    """

    action: str
    given: Mapping[str, str]
    codes: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()


async def look_at_case(request: web.Request) -> CaseForStaff:
    """The case of the address. Raises HTTPNotFound."""
    office = request.app[OFFICE]
    work = partial(
        case_for_staff,
        case_id=CaseId(request.match_info["number"]),
        today=local_day(office.clock.now()),
        rules=office.rules,
    )
    seen = await office.reads(work)
    if seen is None:
        raise web.HTTPNotFound
    return seen


def case_page(
    request: web.Request,
    seen: CaseForStaff,
    tried: Tried | None = None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:
    """The page, with the form that was tried open and what was typed still in it."""
    texts, now = texts_for(request), request.app[OFFICE].clock.now()
    moments, period = moments_of(seen, now, texts), period_of(seen)
    over = seen.case.ended_at is not None and not seen.deadlines
    still = None if over else now
    values = {
        "seen": seen,
        "case": seen.case,
        "moments": moments,
        "wide": from_left_to_right(moments, period, now=still, texts=texts),
        "tall": from_top_to_bottom(moments, period, now=still, texts=texts),
        "plots": plots_of(seen),
        "exchanged": exchanged_in(seen, texts),
        "inaccessible_since": still_inaccessible(
            seen.point.inaccessible_since if seen.point else None,
            ((one.taken_at, one.obtained_by) for one in seen.readings if not one.cancelled),
        ),
        "contracts": contracts_of(seen.case),
        "objections": _objections(seen.case),
        "codes_for": codes_for,
        "with_a_day": WITH_A_DAY,
        "consequence": partial(_consequence, seen),
        "other": Reason.OTHER,
        "tried": tried,
        "local_now": f"{now.astimezone(LJUBLJANA):%Y-%m-%dT%H:%M}",
        "told": partial(refusal_told, texts=texts),
        "sent_again": request.query.get("sent", ""),
    }
    return render(request, "case.html", values, status=status)


def _objections(case: Case) -> tuple[Objection, ...]:
    said = case.consultation if isinstance(case, SwitchCase) else None
    return said.objections if said else ()


def _consequence(seen: CaseForStaff, verb: Verb) -> str:
    """Which text says what a decision brings about, where that depends on where the case stands."""
    case = seen.case
    if verb is Verb.REFUSE_READING and case.phase is Phase.PERIOD_OVER_UNDER_REVIEW:
        return "case.consequence_refuse-reading_at_last"
    if verb is Verb.PLAN_VISIT and isinstance(case, SwitchCase) and case.taken_over:
        return "case.consequence_plan-visit_taken_over"
    return f"case.consequence_{verb.value}"
