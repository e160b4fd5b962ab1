"""The decisions of the operator's staff as verbs: which a case can take now, and the event of each.

What can be done is read from the tables of the processes: a page never offers anything else.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from broker.engine.code_list import CODE_LIST, Use
from broker.engine.decide import processes_of, transition_of
from broker.engine.facts import MeterFacts, PointFacts
from broker.engine.rules_reading import may_come_by
from broker.engine.state import Case, SwitchCase
from broker.messages.codes import ObtainedBy, Role
from broker.messages.events import (
    GivenReason,
    ObjectionsDismissedByOperator,
    ObjectionUpheldByOperator,
    OperatorDecision,
    ReadingAcceptedByOperator,
    ReadingReceived,
    ReadingRefusedByOperator,
    RequestApprovedByOperator,
    RequestRejectedByOperator,
    SiteFoundInaccessible,
    SiteVisitPlannedByOperator,
)
from broker.messages.identifiers import Eic
from broker.messages.reasons import Reason


class Verb(Enum):
    """What the operator may do with a case."""

    APPROVE = "approve"
    REJECT = "reject"
    DISMISS_OBJECTIONS = "dismiss-objections"
    UPHOLD_OBJECTION = "uphold-objection"
    ACCEPT_READING = "accept-reading"
    REFUSE_READING = "refuse-reading"
    PLAN_VISIT = "plan-visit"
    SITE_INACCESSIBLE = "site-inaccessible"


EVENTS: dict[Verb, type[OperatorDecision]] = {
    Verb.APPROVE: RequestApprovedByOperator,
    Verb.REJECT: RequestRejectedByOperator,
    Verb.DISMISS_OBJECTIONS: ObjectionsDismissedByOperator,
    Verb.UPHOLD_OBJECTION: ObjectionUpheldByOperator,
    Verb.ACCEPT_READING: ReadingAcceptedByOperator,
    Verb.REFUSE_READING: ReadingRefusedByOperator,
    Verb.PLAN_VISIT: SiteVisitPlannedByOperator,
    Verb.SITE_INACCESSIBLE: SiteFoundInaccessible,
}
CODES_FOR: dict[Verb, Use] = {Verb.REJECT: Use.REQUEST, Verb.REFUSE_READING: Use.READING}
"""The verbs that need codes, and the use that a code must have for each."""
WITH_A_DAY = frozenset({Verb.PLAN_VISIT})
"""The verbs that need a day."""
_OF_A_VISIT = frozenset({Verb.PLAN_VISIT, Verb.SITE_INACCESSIBLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a person gives with a verb: who it is, why, the codes with the text of E14, a day.

    `supplier` is the EIC of the one whose objection is upheld.
    """

    by: str
    why: str
    codes: tuple[str, ...] = ()
    text: str | None = None
    supplier: str | None = None
    day: date | None = None


def possible(case: Case) -> tuple[Verb, ...]:
    """What the operator may do with the case now, in the order of `Verb`."""
    return tuple(
        verb
        for verb in Verb
        if transition_of(case.phase, EVENTS[verb], processes_of(case)) is not None
        and (verb not in _OF_A_VISIT or _awaits_visit(case))
    )


def _awaits_visit(case: Case) -> bool:
    return isinstance(case, SwitchCase) and case.awaits_visit


def meter_to_read(case: Case, point: PointFacts | None) -> MeterFacts | None:
    """The meter of which the case would take in the operator's own reading, None where of none."""
    if not isinstance(case, SwitchCase) or case.plan is None or point is None:
        return None
    if transition_of(case.phase, ReadingReceived, processes_of(case)) is None:
        return None
    own = may_come_by(case.plan.reading_method, Role.GRID_OPERATOR, ObtainedBy.OPERATOR)
    return point.meter if own else None


def codes_for(verb: Verb) -> tuple[Reason, ...]:
    """The codes that a verb may be given, none where it takes none."""
    use = CODES_FOR.get(verb)
    return tuple(reason for reason in Reason if use in CODE_LIST[reason].uses)


def event_of(verb: Verb, given: Given) -> OperatorDecision:
    """The decision as an event.

    Raises ValueError for unknown codes, no name, reason or day, or where it is not said whose
    objection is upheld.
    """
    by, why = given.by.strip(), given.why.strip()
    if not by or not why:
        raise ValueError("a decision says who decided and why")
    reasons = tuple(
        GivenReason(reason=reason, text=given.text if reason is Reason.OTHER else None)
        for reason in map(Reason, dict.fromkeys(given.codes))
    )
    match verb:
        case Verb.APPROVE:
            return RequestApprovedByOperator(by=by, why=why)
        case Verb.REJECT:
            return RequestRejectedByOperator(by=by, why=why, reasons=reasons)
        case Verb.DISMISS_OBJECTIONS:
            return ObjectionsDismissedByOperator(by=by, why=why)
        case Verb.UPHOLD_OBJECTION:
            if not given.supplier:
                raise ValueError("it must be said whose objection is upheld")
            return ObjectionUpheldByOperator(by=by, why=why, supplier=Eic(given.supplier))
        case Verb.ACCEPT_READING:
            return ReadingAcceptedByOperator(by=by, why=why)
        case Verb.REFUSE_READING:
            return ReadingRefusedByOperator(by=by, why=why, reasons=reasons)
        case Verb.PLAN_VISIT:
            if given.day is None:
                raise ValueError("a visit is planned for a day")
            return SiteVisitPlannedByOperator(by=by, why=why, visit_on=given.day)
        case Verb.SITE_INACCESSIBLE:
            return SiteFoundInaccessible(by=by, why=why)
