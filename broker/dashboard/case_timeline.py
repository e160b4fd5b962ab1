"""What stands on the timeline of a case, and until when: each date with its article."""

from datetime import datetime
from functools import partial

from broker.dashboard import dates
from broker.dashboard.texts import Texts
from broker.dashboard.timeline import Moment, Period, Sort
from broker.engine.calendar import local_day, start_of
from broker.engine.state import SwitchCase
from broker.usecases.case_for_staff import CaseForStaff

_REQUESTED, _EXPECTED, _PERIOD = "002 a.191(4)", "002 a.198", "002 a.199(2)"
_VISIT, _EFFECT = "002 a.199(1)", "002 a.200(2)"


def moments_of(seen: CaseForStaff, now: datetime, texts: Texts) -> tuple[Moment, ...]:
    """Everything that happened to the case, is due, or is planned, in order of time."""
    found = [*_happened(seen, texts), *_due(seen, now, texts), *_planned(seen, texts)]
    return tuple(sorted(found, key=lambda one: (one.day, one.at)))


def period_of(seen: CaseForStaff) -> Period | None:
    """The reading period of an approved switch, of one that has ended until then."""
    case = seen.case
    if not isinstance(case, SwitchCase):
        return None
    plan, ended = case.plan, case.ended_at
    if plan is None or case.approved_at is None:
        return None
    return plan.reading_from, min(plan.reading_to, local_day(ended)) if ended else plan.reading_to


def _happened(seen: CaseForStaff, texts: Texts) -> list[Moment]:
    found = [
        Moment(
            at=one.at,
            sort=Sort.HAPPENED,
            text=texts(f"case.what_{one.what}"),
            article=dates.article(one.article, texts),
        )
        for one in seen.history
    ]
    if isinstance(seen.case, SwitchCase) and seen.case.carried_out is not None:
        effect = Moment(
            at=start_of(local_day(seen.case.carried_out.taken_at)),
            sort=Sort.HAPPENED,
            text=texts("case_timeline.effect"),
            article=dates.article(_EFFECT, texts),
        )
        found.append(effect)
    return found


def _due(seen: CaseForStaff, now: datetime, texts: Texts) -> list[Moment]:
    found = []
    for one in (kept.deadline for kept in seen.deadlines):
        due = partial(
            Moment,
            sort=Sort.OVERDUE if one.act_at <= now else Sort.DUE,
            article=dates.article(one.article, texts),
            ends=True,
        )
        name = texts(f"words.deadline_{one.kind.value}")
        found.append(due(at=one.act_at, text=name))
        if one.limit != one.act_at:
            found.append(due(at=one.limit, text=texts("case_timeline.limit", what=name)))
    return found


def _planned(seen: CaseForStaff, texts: Texts) -> list[Moment]:
    """The days of the plan of a case that goes on."""
    case = seen.case
    if not isinstance(case, SwitchCase) or case.ended_at is not None:
        return []
    plan = case.plan
    planned = (
        (case.request.requested_date, "case_timeline.requested", _REQUESTED),
        (plan.expected_date if plan else None, "case_timeline.expected", _EXPECTED),
        (plan.reading_from if plan else None, "case_timeline.period_begins", _PERIOD),
        (case.visit_on, "case_timeline.visit", _VISIT),
    )
    return [
        Moment(
            at=start_of(day),
            sort=Sort.PLANNED,
            text=texts(name),
            article=dates.article(article, texts),
            whole_day=True,
        )
        for day, name, article in planned
        if day is not None
    ]
