"""How a case is decided: the checks over all its applications, approval, rejection (A11-A18, B).

Also what starts the clocks of part B: the claims add up, the request counts as confirmed.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from broker.engine.apply import apply
from broker.engine.calendar import local_day
from broker.engine.decision import Circumstances, Decision
from broker.engine.examination import Findings, examine_request
from broker.engine.notices_application import Grounds, rejection
from broker.engine.notices_switch import approval
from broker.engine.plan import NoPlan
from broker.engine.reading_by_operator import announce_visit, order_reading
from broker.engine.request_check import RequestCheck
from broker.engine.state import DIVIDING, SwitchCase
from broker.messages.codes import Direction, ReadingMethod
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import GivenReason
from broker.messages.identifiers import Eic, Gsrn
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import (
    ClocksStarted,
    DecidedBy,
    Doubt,
    Plan,
    RequestApproved,
    RequestCheckedAgain,
    RequestRejected,
    SupplyChanges,
)
from broker.messages.register_changes import MeteringPointCreated, RegisterChange

Person = tuple[str, str] | tuple[None, None]
NOBODY: Person = (None, None)
ANOTHERS = (GivenReason(reason=Reason.ANOTHER_CLAIM_REJECTED),)


class PrefixIsUsedUp(RuntimeError):
    """The operator's prefix has not enough numbers left: GS1 must give it another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What all checks say of all applications of a case, in their order."""

    checks: tuple[RequestCheck, ...]
    findings: tuple[Findings, ...]

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """All grounds for rejection."""
        return tuple(one for refusals, _ in self.findings for one in refusals)

    @property
    def doubts(self) -> tuple[tuple[Doubt, ...], ...]:
        """The doubts of each application."""
        return tuple(doubts for _, doubts in self.findings)

    @property
    def in_doubt(self) -> bool:
        """Whether the operator must be asked."""
        return any(self.doubts)

    @property
    def plan(self) -> Plan | NoPlan | None:
        """The plan, which is the same for all applications (interpretation 11)."""
        return self.checks[0].plan

    @property
    def changes(self) -> SupplyChanges:
        """What ends and begins by all applications together (interpretation 5)."""
        changes = self.checks[0].changes
        begins = tuple(one for check in self.checks for one in check.changes.begins)
        return replace(changes, begins=begins)

    def grounds_of(self, case: SwitchCase) -> Grounds:
        """Each claimant is told its own ground; where it has none, that there is another's.

        The same goes for suppliers that were asked to confirm the request of a customer.
        """
        own = {
            check.request.header.sender: given(refusals)
            for check, (refusals, _) in zip(self.checks, self.findings, strict=True)
            if case.claims or check.request.customer_application is None
        }
        whole = given(self.refusals)

        def grounds(party: Eic | None) -> tuple[GivenReason, ...]:
            return whole if party is None else own.get(party, ()) or ANOTHERS

        return grounds


def examine(case: SwitchCase, at: Circumstances) -> Examined:
    """All checks over all applications, on the facts of the hour.

    Claims that are still collected are each planned alone: any of them may yet be withdrawn and
    others come, so only when the clocks run are they one (interpretations 5 and 11).
    """
    checks = tuple(
        RequestCheck(
            request=one.request,
            received_on=local_day(one.received_at),
            approved_on=local_day(at.now),
            facts=at.facts,
            rules=at.rules,
            execution_from=_execution_from(case, local_day(at.now)),
            claims=case.claims,
            jointly=bool(case.claims) and case.clocks_from is not None,
        )
        for one in case.applications
    )
    return Examined(checks=checks, findings=tuple(examine_request(one) for one in checks))


def _execution_from(case: SwitchCase, approved_on: date) -> date:
    """From when the period for carrying out runs, if approved on this day (interpretation 1)."""
    said = case.consultation
    if case.claims or (said is not None and said.dismissed):
        return approved_on
    if said is not None:
        return local_day(case.clocks_from) if case.clocks_from else approved_on
    return local_day(case.received_at)


def start_clocks(case: SwitchCase, counted_from: datetime, at: Circumstances) -> Decision:
    """The claims add up or the request counts as confirmed: it is decided like any request.

    All checks run again; approval at once where nothing is open and nothing is held.
    Source: B4, B8, interpretations 2 and 11 (002 a.192, a.195(1)).
    """
    examined = examine(replace(case, clocks_from=counted_from), at)
    begun = local_day(case.received_at)
    plan = examined.plan if isinstance(examined.plan, Plan) else None
    held = plan is not None and at.rules.hold_hours(plan.reading_method) > 0
    held = held and not examined.in_doubt and not examined.refusals
    record = ClocksStarted(
        at=at.now,
        counted_from=counted_from,
        plan=plan,
        doubts=examined.doubts,
        decision=at.rules.decision_deadline(counted_from, begun),
        hold=at.rules.hold_deadline(counted_from, plan.reading_method, begun)
        if held and plan
        else None,
        rules_version=at.rules.version,
    )
    started = Decision(
        state=apply(case, record), records=(record,), notices=(), register_changes=()
    )
    if examined.refusals:
        by = DecidedBy.STRAIGHT_THROUGH
        return started.then(reject_on_grounds(started.switch, examined, by, at))
    if examined.in_doubt or held:
        return started
    return started.then(approve(started.switch, examined, DecidedBy.STRAIGHT_THROUGH, at))


def approve(
    case: SwitchCase,
    examined: Examined,
    decided_by: DecidedBy,
    at: Circumstances,
    person: Person = NOBODY,
) -> Decision:
    """Approval, with the plan as of this day (A12, A15, A18).

    A division gets a new metering point for each of its suppliers (B4, B9).
    """
    plan, point = examined.plan, examined.checks[0].point
    if not isinstance(plan, Plan) or point is None or point.meter is None:
        raise AssertionError("approval without a plan or of a point without meter")
    begun = local_day(case.received_at)
    record = RequestApproved(
        at=at.now,
        decided_by=decided_by,
        by=person[0],
        why=person[1],
        changes=_with_numbers(case, examined.changes, at.facts.free_numbers),
        plan=plan,
        open_doubts=tuple(one for doubts in examined.doubts for one in doubts),
        end_of_reading_period=at.rules.reading_period_deadline(plan.reading_to, begun),
        rules_version=at.rules.version,
    )
    approved = apply(case, record)
    decision = Decision(
        state=approved,
        records=(record,),
        notices=approval(approved, plan, point, at.facts),
        register_changes=_created_points(approved, point.accounting_point),
    )
    match plan.reading_method:
        case ReadingMethod.CUSTOMER:
            return decision
        case ReadingMethod.REMOTE:
            return decision.then(order_reading(approved, point.meter, at))
        case ReadingMethod.VISIT:
            return decision.then(announce_visit(approved, plan, at))


def _with_numbers(
    case: SwitchCase, changes: SupplyChanges, free_numbers: tuple[Gsrn, ...]
) -> SupplyChanges:
    """Each supply of consumption of a division with a number of its own (B9, D1).

    Raises PrefixIsUsedUp where the operator has no such number left.
    """
    if case.request.header.kind not in DIVIDING:
        return changes
    wanted = sum(one.direction is Direction.CONSUMPTION for one in changes.begins)
    if wanted > len(free_numbers):
        raise PrefixIsUsedUp(f"{len(free_numbers)} free numbers for {wanted} metering points")
    numbers = iter(free_numbers)
    return replace(
        changes,
        begins=tuple(
            replace(one, accounting_point=next(numbers))
            if one.direction is Direction.CONSUMPTION
            else one
            for one in changes.begins
        ),
    )


def _created_points(case: SwitchCase, divided_from: Gsrn) -> tuple[RegisterChange, ...]:
    return tuple(
        MeteringPointCreated(
            accounting_point=one.accounting_point,
            divided_from=divided_from,
            case_id=case.case_id,
        )
        for one in case.created
    )


def reject_on_grounds(
    case: SwitchCase, examined: Examined, decided_by: DecidedBy, at: Circumstances
) -> Decision:
    """Rejection on what the checks found (A11, A14)."""
    return reject(case, given(examined.refusals), examined.grounds_of(case), decided_by, at)


def reject(
    case: SwitchCase,
    reasons: tuple[GivenReason, ...],
    grounds: Grounds,
    decided_by: DecidedBy,
    at: Circumstances,
    *,
    person: Person = NOBODY,
    shares_fail: bool = False,
) -> Decision:
    """Rejection for these reasons, of which each party is told its own grounds (A14, A17, B3)."""
    record = RequestRejected(
        at=at.now,
        decided_by=decided_by,
        by=person[0],
        why=person[1],
        reasons=reasons,
        rules_version=at.rules.version,
    )
    return Decision(
        state=apply(case, record),
        records=(record,),
        notices=rejection(case, grounds, at.facts, shares_fail=shares_fail),
        register_changes=(),
    )


def to_everybody(*reasons: GivenReason) -> Grounds:
    """The same grounds for every party."""
    return lambda _: reasons


def stay_open(
    case: SwitchCase, examined: Examined, reached: DeadlineKind | None, at: Circumstances
) -> Decision:
    """The case stays open; the deadline just reached, if one was, is no longer due."""
    record = RequestCheckedAgain(
        at=at.now,
        doubts=examined.doubts,
        still_due=tuple(d for d in case.deadlines if d.kind is not reached),
        rules_version=at.rules.version,
    )
    return Decision(state=apply(case, record), records=(record,), notices=(), register_changes=())


def given(refusals: tuple[Refusal, ...]) -> tuple[GivenReason, ...]:
    """The grounds as codes, each once, with text where the ground is not a standard one (A11)."""
    texts = {refusal.reason: refusal.text for refusal in refusals}
    return tuple(GivenReason(reason=reason, text=text) for reason, text in texts.items())
