"""For every phase a case in it, and for every transition of the table an event that makes it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from broker.engine.calendar import WorkingDays
from broker.engine.decide import decide
from broker.engine.decision import Decision, Refused, Trigger
from broker.engine.facts import Facts
from broker.engine.rulebook import Rulebook
from broker.engine.state import Phase, SwitchCase
from broker.messages.codes import ReadingMethod, RegisterChangeKind, Role
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import (
    CorrectionReceived,
    DeadlineReached,
    Event,
    GivenReason,
    InaccessibilityReported,
    OneOffDaysChanged,
    PointChanged,
    ReadingAcceptedByOperator,
    ReadingReceived,
    ReadingRefusedByOperator,
    RequestApprovedByOperator,
    RequestRejectedByOperator,
    SiteFoundInaccessible,
    SiteVisitPlannedByOperator,
    SwitchCorrected,
    SwitchRequestReceived,
    WithdrawalReceived,
)
from broker.messages.reasons import Reason
from broker.messages.requests import MeterReading, SwitchRequest
from tests.engine.builders import (
    CASE,
    OTHER_CASE,
    READ_ON,
    RECEIVED_AT,
    RULES,
    at,
    but,
    correction,
    facts,
    facts_read_by,
    inaccessibility_report,
    operators_reading,
    reading,
    remote_reading,
    request,
    withdrawal,
)

HELD = replace(RULES, hold_hours_customer=2)
LATER = at(READ_ON)
AFTER_THE_PERIOD = at(date(2026, 5, 18))
IN_FIVE_DAYS = at(date(2026, 4, 28))
ONE_OFF_DAY = date(2026, 4, 30)
ANNOUNCED = replace(RULES, working_days=WorkingDays(one_off_days=(ONE_OFF_DAY,)))


@dataclass(frozen=True)
class Way:
    """One way out of a phase: the case there, the event, and what else is known."""

    frm: Phase
    event: Event
    to: Phase
    case: Callable[[], SwitchCase | None]
    facts: Facts
    now: datetime = LATER
    rules: Rulebook = RULES

    @property
    def trigger(self) -> Trigger:
        """The trigger of the process table that the event is."""
        event = self.event
        return event.kind if isinstance(event, DeadlineReached) else type(event)

    @property
    def name(self) -> str:
        """A name for reports."""
        trigger = self.trigger
        of = trigger.name if isinstance(trigger, DeadlineKind) else trigger.__name__
        return f"{self.frm.value}-{of}-{self.to.value}"

    def taken(self) -> Decision | Refused:
        """What the engine decides."""
        return decide(self.case(), self.event, facts=self.facts, now=self.now, rules=self.rules)


def a_request(of: SwitchRequest | None = None) -> SwitchRequestReceived:
    """The good request, or this one, is received."""
    return SwitchRequestReceived(case_id=CASE, request=of or request(), received_at=RECEIVED_AT)


def a_withdrawal() -> WithdrawalReceived:
    """The applicant withdraws."""
    return WithdrawalReceived(withdrawal=withdrawal(), received_at=LATER)


def a_reading(of: MeterReading | None = None, received_at: datetime = LATER) -> ReadingReceived:
    """The good reading, or this one, is received from the new supplier."""
    return ReadingReceived(
        reading=of or reading(), sender_role=Role.SUPPLIER, received_at=received_at
    )


def a_remote_reading(
    of: MeterReading | None = None, received_at: datetime = LATER
) -> ReadingReceived:
    """The good remote reading, or this one, is received from the metering centre."""
    return ReadingReceived(
        reading=of or remote_reading(), sender_role=Role.METERING_CENTRE, received_at=received_at
    )


def a_reading_by_the_operator(received_at: datetime = LATER) -> ReadingReceived:
    """The operator has read the meter itself."""
    return ReadingReceived(
        reading=operators_reading(), sender_role=Role.GRID_OPERATOR, received_at=received_at
    )


def a_report(received_at: datetime = IN_FIVE_DAYS) -> InaccessibilityReported:
    """The new supplier reports that the customer cannot reach the meter."""
    return InaccessibilityReported(report=inaccessibility_report(), received_at=received_at)


def site_found_inaccessible() -> SiteFoundInaccessible:
    """The operator came and could not read."""
    return SiteFoundInaccessible(by="Nada Zgled", why="Vrata zaklenjena.")


def a_planned_visit(on: date = READ_ON) -> SiteVisitPlannedByOperator:
    """The operator sets the day of its visit."""
    return SiteVisitPlannedByOperator(by="Nada Zgled", why="Obhod.", visit_on=on)


def a_departing_reading() -> MeterReading:
    """A reading far beyond the average, with its reason."""
    return replace(reading(value="20000"), departure_reason="Gradnja hiše.")


def reached(kind: DeadlineKind) -> DeadlineReached:
    """A deadline's hour has come."""
    return DeadlineReached(kind=kind, act_at=LATER)


def approval_by_the_operator() -> RequestApprovedByOperator:
    """The operator approves."""
    return RequestApprovedByOperator(by="Nada Zgled", why="Ime je isto.")


def rejection_by_the_operator() -> RequestRejectedByOperator:
    """The operator rejects."""
    reason = GivenReason(reason=Reason.OTHER, text="Podpis na pogodbi ni čitljiv.")
    return RequestRejectedByOperator(by="Nada Zgled", why="Podpis.", reasons=(reason,))


def acceptance_by_the_operator() -> ReadingAcceptedByOperator:
    """The operator accepts the reading under review."""
    return ReadingAcceptedByOperator(by="Nada Zgled", why="Gradnja.")


def refusal_by_the_operator() -> ReadingRefusedByOperator:
    """The operator refuses the reading under review."""
    reason = GivenReason(reason=Reason.READING_BEYOND_PLAUSIBILITY)
    return ReadingRefusedByOperator(by="Nada Zgled", why="Ni gradnje.", reasons=(reason,))


def a_point_change(of: RegisterChangeKind = RegisterChangeKind.METER) -> PointChanged:
    """The register has changed at the point."""
    return PointChanged(change=of, effective_on=date(2026, 4, 27))


def one_off_days() -> OneOffDaysChanged:
    """30 April is announced as work-free."""
    return OneOffDaysChanged(days=(ONE_OFF_DAY,))


def a_correction() -> CorrectionReceived:
    """The back office undoes the switch of the case."""
    return CorrectionReceived(case_id=OTHER_CASE, correction=correction(), received_at=LATER)


def a_correction_elsewhere() -> SwitchCorrected:
    """Another case has put the switch right."""
    return SwitchCorrected(correction=OTHER_CASE)


def of_doubtful_name() -> SwitchRequest:
    """A request whose contracting party is named differently."""
    return but(request(), "contracting_party.name", "Anica Zgled")


def after(
    case: SwitchCase | None,
    event: Event,
    now: datetime = LATER,
    rules: Rulebook = RULES,
    known: Facts | None = None,
) -> SwitchCase:
    """The case after an event that it takes."""
    outcome = decide(case, event, facts=known or facts(), now=now, rules=rules)
    assert isinstance(outcome, Decision), outcome
    return outcome.state


def new() -> None:
    """No case yet."""


def awaiting_approval() -> SwitchCase:
    """A case with a doubt."""
    return after(None, a_request(of_doubtful_name()), RECEIVED_AT)


def in_doubt_of_the_register() -> SwitchCase:
    """A case with a doubt because the register names the customer differently."""
    return after(None, a_request(), RECEIVED_AT, known=RENAMED)


def held() -> SwitchCase:
    """A clean case, held open to withdrawal."""
    return after(None, a_request(), RECEIVED_AT, HELD)


def awaiting_reading() -> SwitchCase:
    """An approved case."""
    return after(None, a_request(), RECEIVED_AT)


def awaiting_remote_reading() -> SwitchCase:
    """An approved case whose reading was ordered from the metering centre."""
    return after(None, a_request(), RECEIVED_AT, known=REMOTE)


def awaiting_visit() -> SwitchCase:
    """An approved case whose site the operator will visit."""
    return after(None, a_request(), RECEIVED_AT, known=TO_BE_VISITED)


def taken_over() -> SwitchCase:
    """An approved case in which the customer cannot reach the meter."""
    return after(awaiting_reading(), a_report(), IN_FIVE_DAYS)


def reading_under_review() -> SwitchCase:
    """An approved case with a reading for the operator."""
    return after(awaiting_reading(), a_reading(a_departing_reading()))


def period_over_under_review() -> SwitchCase:
    """The period has ended with a reading under review."""
    return after(
        reading_under_review(),
        reached(DeadlineKind.END_OF_READING_PERIOD),
        at(date(2026, 5, 16), 0),
    )


def completed() -> SwitchCase:
    """A switch carried out."""
    return after(awaiting_reading(), a_reading())


def completed_unsettled() -> SwitchCase:
    """A switch carried out where power is measured, in the month of the switch."""
    return after(awaiting_reading(), a_reading(), known=MEASURED)


def rejected() -> SwitchCase:
    """A request rejected by the operator."""
    return after(awaiting_approval(), rejection_by_the_operator())


def withdrawn() -> SwitchCase:
    """A request taken back."""
    return after(awaiting_approval(), a_withdrawal())


def failed() -> SwitchCase:
    """A switch without a reading."""
    return after(awaiting_reading(), reached(DeadlineKind.END_OF_READING_PERIOD))


REMOTE = facts_read_by(ReadingMethod.REMOTE)
TO_BE_VISITED = facts_read_by(ReadingMethod.VISIT)
MEASURED = but(facts(), "point.measured_power", True)

IN_PHASE: dict[Phase, Callable[[], SwitchCase | None]] = {
    Phase.NEW: new,
    Phase.AWAITING_APPROVAL: awaiting_approval,
    Phase.AWAITING_READING: awaiting_reading,
    Phase.READING_UNDER_REVIEW: reading_under_review,
    Phase.PERIOD_OVER_UNDER_REVIEW: period_over_under_review,
    Phase.COMPLETED_UNSETTLED: completed_unsettled,
    Phase.COMPLETED: completed,
    Phase.REJECTED: rejected,
    Phase.WITHDRAWN: withdrawn,
    Phase.FAILED: failed,
}

GOOD = facts()
DISCONNECTED = but(facts(), "point.connected", False)
RENAMED = but(facts(), "point.customer.name", "Ana Vzorec")
OUTAGE = at(date(2026, 5, 16), 9)

WAYS = (
    Way(Phase.NEW, a_request(), Phase.AWAITING_READING, new, GOOD, RECEIVED_AT),
    Way(Phase.NEW, a_request(), Phase.AWAITING_READING, new, REMOTE, RECEIVED_AT),
    Way(Phase.NEW, a_request(), Phase.AWAITING_READING, new, TO_BE_VISITED, RECEIVED_AT),
    Way(Phase.NEW, a_request(), Phase.REJECTED, new, DISCONNECTED, RECEIVED_AT),
    Way(Phase.NEW, a_request(), Phase.AWAITING_APPROVAL, new, RENAMED, RECEIVED_AT),
    Way(Phase.NEW, a_request(), Phase.AWAITING_APPROVAL, new, GOOD, RECEIVED_AT, HELD),
    *(
        Way(Phase.AWAITING_APPROVAL, event, to, case, known, now, rules)
        for event, to, case, known, now, rules in (
            (a_withdrawal(), Phase.WITHDRAWN, awaiting_approval, GOOD, LATER, RULES),
            (
                reached(DeadlineKind.END_OF_HOLD),
                Phase.AWAITING_READING,
                held,
                GOOD,
                LATER,
                HELD,
            ),
            (reached(DeadlineKind.END_OF_HOLD), Phase.REJECTED, held, DISCONNECTED, LATER, HELD),
            (
                reached(DeadlineKind.END_OF_HOLD),
                Phase.AWAITING_APPROVAL,
                held,
                RENAMED,
                LATER,
                HELD,
            ),
            (
                reached(DeadlineKind.DECISION),
                Phase.AWAITING_READING,
                awaiting_approval,
                GOOD,
                LATER,
                RULES,
            ),
            (
                reached(DeadlineKind.DECISION),
                Phase.REJECTED,
                awaiting_approval,
                DISCONNECTED,
                LATER,
                RULES,
            ),
            (
                reached(DeadlineKind.DECISION),
                Phase.AWAITING_APPROVAL,
                awaiting_approval,
                GOOD,
                OUTAGE,
                RULES,
            ),
            (
                approval_by_the_operator(),
                Phase.AWAITING_READING,
                awaiting_approval,
                GOOD,
                LATER,
                RULES,
            ),
            (
                rejection_by_the_operator(),
                Phase.REJECTED,
                awaiting_approval,
                GOOD,
                LATER,
                RULES,
            ),
            (one_off_days(), Phase.AWAITING_APPROVAL, awaiting_approval, GOOD, LATER, ANNOUNCED),
            (a_point_change(), Phase.AWAITING_APPROVAL, awaiting_approval, GOOD, LATER, RULES),
            (a_point_change(), Phase.REJECTED, awaiting_approval, DISCONNECTED, LATER, RULES),
            (
                a_point_change(),
                Phase.AWAITING_READING,
                in_doubt_of_the_register,
                GOOD,
                LATER,
                RULES,
            ),
        )
    ),
    *(
        Way(phase, event, to, IN_PHASE[phase], GOOD)
        for phase, event, to in (
            (Phase.AWAITING_READING, a_reading(), Phase.COMPLETED),
            (
                Phase.AWAITING_READING,
                a_reading(a_departing_reading()),
                Phase.READING_UNDER_REVIEW,
            ),
            (Phase.AWAITING_READING, reached(DeadlineKind.END_OF_READING_PERIOD), Phase.FAILED),
            (Phase.READING_UNDER_REVIEW, a_reading(), Phase.COMPLETED),
            (Phase.READING_UNDER_REVIEW, acceptance_by_the_operator(), Phase.COMPLETED),
            (Phase.READING_UNDER_REVIEW, refusal_by_the_operator(), Phase.AWAITING_READING),
            (
                Phase.READING_UNDER_REVIEW,
                reached(DeadlineKind.END_OF_READING_PERIOD),
                Phase.PERIOD_OVER_UNDER_REVIEW,
            ),
            (Phase.READING_UNDER_REVIEW, one_off_days(), Phase.READING_UNDER_REVIEW),
            (Phase.AWAITING_READING, a_point_change(), Phase.AWAITING_READING),
            (Phase.READING_UNDER_REVIEW, a_point_change(), Phase.READING_UNDER_REVIEW),
            (Phase.PERIOD_OVER_UNDER_REVIEW, a_point_change(), Phase.PERIOD_OVER_UNDER_REVIEW),
            (Phase.PERIOD_OVER_UNDER_REVIEW, acceptance_by_the_operator(), Phase.COMPLETED),
            (Phase.PERIOD_OVER_UNDER_REVIEW, refusal_by_the_operator(), Phase.FAILED),
            (Phase.PERIOD_OVER_UNDER_REVIEW, reached(DeadlineKind.READING_REVIEW), Phase.FAILED),
            (Phase.PERIOD_OVER_UNDER_REVIEW, one_off_days(), Phase.PERIOD_OVER_UNDER_REVIEW),
            (
                Phase.COMPLETED_UNSETTLED,
                reached(DeadlineKind.FINAL_SETTLEMENT),
                Phase.COMPLETED,
            ),
            (Phase.COMPLETED_UNSETTLED, a_correction_elsewhere(), Phase.COMPLETED),
            (Phase.COMPLETED_UNSETTLED, one_off_days(), Phase.COMPLETED_UNSETTLED),
        )
    ),
    *(
        Way(phase, event, Phase.COMPLETED_UNSETTLED, IN_PHASE[phase], MEASURED)
        for phase, event in (
            (Phase.AWAITING_READING, a_reading()),
            (Phase.READING_UNDER_REVIEW, a_reading()),
            (Phase.READING_UNDER_REVIEW, acceptance_by_the_operator()),
            (Phase.PERIOD_OVER_UNDER_REVIEW, acceptance_by_the_operator()),
        )
    ),
    *(
        Way(Phase.AWAITING_READING, event, to, case, known)
        for event, to, case, known in (
            (a_report(), Phase.AWAITING_READING, awaiting_reading, GOOD),
            (
                reached(DeadlineKind.REMOTE_READING),
                Phase.AWAITING_READING,
                awaiting_remote_reading,
                REMOTE,
            ),
            (site_found_inaccessible(), Phase.FAILED, awaiting_visit, TO_BE_VISITED),
            (site_found_inaccessible(), Phase.FAILED, taken_over, GOOD),
            (a_planned_visit(), Phase.AWAITING_READING, awaiting_visit, TO_BE_VISITED),
        )
    ),
    Way(
        Phase.AWAITING_READING,
        reached(DeadlineKind.REMOTE_READING),
        Phase.FAILED,
        awaiting_remote_reading,
        REMOTE,
        AFTER_THE_PERIOD,
    ),
)

EVENTS: tuple[Event, ...] = (
    a_request(),
    a_withdrawal(),
    a_reading(),
    a_report(),
    *(reached(kind) for kind in DeadlineKind),
    approval_by_the_operator(),
    rejection_by_the_operator(),
    acceptance_by_the_operator(),
    refusal_by_the_operator(),
    site_found_inaccessible(),
    a_planned_visit(),
    a_point_change(),
    one_off_days(),
    a_correction(),
    a_correction_elsewhere(),
)
