"""A delivery point led through random claims, requests, answers and times, with its register.

What falls due is handled before what arrives, as the broker does it; what a decision enters in
the register is what the next facts are read from. The register here is a list of supplies.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from broker.engine.calendar import local_day
from broker.engine.decide import decide
from broker.engine.decision import Decision, Refused
from broker.engine.facts import Facts, PointFacts, SupplyFacts
from broker.engine.state import Phase, SwitchCase
from broker.messages.codes import Direction
from broker.messages.deadlines import Deadline
from broker.messages.events import (
    DeadlineReached,
    Event,
    ShareClaimReceived,
    ShareClaimRefused,
    WithdrawalReceived,
)
from broker.messages.identifiers import CaseId, Eic, Gsrn
from broker.messages.notices import Notice
from broker.messages.records import Record
from broker.messages.register_changes import (
    ConnectionRecorded,
    MeteringPointCreated,
    ReadingRecorded,
    SupplyBegun,
    SupplyEnded,
)
from broker.messages.requests import SwitchRequest
from tests.engine.builders import (
    FREE_NUMBERS,
    NEW,
    OLD,
    OLD_OF_PRODUCTION,
    OPERATOR,
    POINT,
    RECEIVED_AT,
    RULES,
    TAKEN,
    at,
    but,
    claim,
    customers_division,
    facts,
    of_a_share,
    point,
    reading,
    request,
    shows,
)
from tests.engine.ways_of_shared_supply import (
    a_claim,
    a_confirmation,
    a_division,
    a_withdrawal_of,
    an_objection,
    objection_upheld,
    objections_dismissed,
)
from tests.engine.ways_through_the_process import (
    a_reading,
    a_request,
    approval_by_the_operator,
    rejection_by_the_operator,
)

SUPPLIERS = (NEW, OLD, OLD_OF_PRODUCTION, OPERATOR)
SHARES = ("0.6", "0.4", "0.25", "0.35", "0.1", "1", "0.333333", "0.333334")
DIVISIONS = (
    ("0.6", "0.4"),
    ("0.25", "0.35", "0.4"),
    ("0.333333", "0.333334", "0.333333"),
    ("0.6", "0.399999"),
    ("0.6", "0.6"),
)


@dataclass(frozen=True)
class Step:
    """What happens next, after so many hours, by which supplier, with which share."""

    action: str
    hours: int
    supplier: Eic
    number: int


@dataclass
class Course:
    """One case: its state, and everything it was decided and told."""

    state: SwitchCase | None = None
    records: tuple[Record, ...] = ()
    decisions: list[tuple[SwitchCase | None, Decision]] = field(default_factory=list)
    present_at: list[tuple[SupplyFacts, ...]] = field(default_factory=list)

    @property
    def notices(self) -> list[Notice]:
        """Every notice of the case, in order."""
        return [notice for _, decision in self.decisions for notice in decision.notices]


@dataclass
class Walk:
    """The delivery point: its supplies, its cases, the time."""

    supplies: tuple[SupplyFacts, ...]
    now: datetime = RECEIVED_AT
    courses: list[Course] = field(default_factory=list)
    given_out: list[Gsrn] = field(default_factory=list)
    connected: set[Gsrn] = field(default_factory=lambda: {POINT})
    known: Facts = field(default_factory=facts)
    last_value: Decimal = Decimal(14650)
    last_day: date = date(2026, 3, 31)
    history: list[tuple[SupplyFacts, ...]] = field(default_factory=list)

    @property
    def open(self) -> Course | None:
        """The case in progress, if there is one."""
        running = [c for c in self.courses if c.state and c.state.ended_at is None]
        return running[0] if running else None

    def facts(self, course: Course | None) -> Facts:
        """What the register says now, for this case."""
        numbers = dict.fromkeys(one.accounting_point for one in self.supplies)
        first = course.state.request.point.accounting_point if course and course.state else POINT
        further = tuple(self._point(one) for one in numbers if one != first)
        other = self.open
        blocked = other is not None and other is not course
        start = len(self.given_out)
        numbers_left = tuple(
            Gsrn(f"{FREE_NUMBERS[0][:14]}{start + n:04}") for n in range(len(SUPPLIERS))
        )
        return replace(
            self.known,
            point=self._point(first),
            further_points=further,
            free_numbers=numbers_left,
            other_case=other.state.case_id if blocked and other and other.state else None,
        )

    def _point(self, number: Gsrn) -> PointFacts:
        last = point().last_reading
        assert last is not None
        return replace(
            point(),
            accounting_point=number,
            connected=number in self.connected and self.known.point is not None,
            supplies=tuple(one for one in self.supplies if one.accounting_point == number),
            supplies_at_delivery_point=self.supplies,
            last_reading=replace(
                last, taken_on=self.last_day, registers=(shows(TAKEN, str(self.last_value)),)
            ),
        )

    def meet(self, course: Course, event: Event) -> Decision | Refused:
        """Put an event to a case, and enter in the register what it decides."""
        known = self.facts(course)
        outcome = decide(course.state, event, facts=known, now=self.now, rules=RULES)
        if isinstance(outcome, Decision):
            course.decisions.append((course.state, outcome))
            course.present_at.append(self.supplies)
            course.state = outcome.state
            course.records += outcome.records
            if course not in self.courses:
                self.courses.append(course)
            self._enter(outcome)
        return outcome

    def _enter(self, decision: Decision) -> None:
        supplies = list(self.supplies)
        for change in decision.register_changes:
            match change:
                case SupplyEnded():
                    supplies = [
                        one
                        for one in supplies
                        if (one.accounting_point, one.supplier)
                        != (change.accounting_point, change.supplier)
                    ]
                case SupplyBegun():
                    assert change.accounting_point in self.connected
                    supplies.append(
                        SupplyFacts(
                            accounting_point=change.accounting_point,
                            direction=change.direction,
                            supplier=change.supplier,
                            share=change.share,
                        )
                    )
                case MeteringPointCreated():
                    assert change.accounting_point not in self.given_out
                    self.given_out.append(change.accounting_point)
                case ConnectionRecorded():
                    assert change.accounting_point in self.given_out
                    self.connected.add(change.accounting_point)
                case ReadingRecorded():
                    self.last_value = change.registers[0].value
                    self.last_day = local_day(change.taken_at)
        self.supplies = tuple(supplies)
        self.history.append(self.supplies)

    def let_pass(self, until: datetime) -> None:
        """Handle what falls due until this instant, each at its hour."""
        while (course := self.open) and (due := _due(course, until)):
            self.now = max(self.now, due.act_at)
            outcome = self.meet(course, DeadlineReached(kind=due.kind, act_at=due.act_at))
            assert isinstance(outcome, Decision), outcome
        self.now = max(self.now, until)

    def take(self, step: Step) -> None:
        """Wait, let pass what falls due, then do what the step says."""
        self.let_pass(self.now + timedelta(hours=step.hours))
        fresh = CaseId(f"0195a1c0-0001-7000-8000-{len(self.courses):012}")
        running, by = self.open, step.supplier
        share = SHARES[step.number % len(SHARES)]
        match step.action:
            case "claim" | "doubtful_claim":
                claimed = claim(by, share)
                if step.action == "doubtful_claim":
                    claimed = but(claimed, "contracting_party.name", "Anica Zgled")
                self._claim(a_claim(claimed, self.now, fresh), running)
            case "division":
                asked = _division(step.number)
                self.meet(Course(), replace(a_division(asked), case_id=fresh, received_at=self.now))
            case "whole":
                asked = replace(
                    request(),
                    header=replace(request().header, sender=by),
                    chosen=(replace(of_a_share(by, "1"), share=None),),
                )
                self.meet(Course(), replace(a_request(asked), case_id=fresh, received_at=self.now))
            case "inactive":
                self.known = but(self.known, "parties.0.active", step.number % 3 == 0)
            case _ if running is not None and running.state is not None:
                self._about(step, running, running.state)
            case _:
                pass

    def _claim(self, event: ShareClaimReceived, running: Course | None) -> None:
        """As the door does it: to the open collection, else a case of its own."""
        case = running.state if running else None
        if running is not None and case is not None and case.phase is Phase.COLLECTING_CLAIMS:
            outcome = self.meet(running, event)
            if isinstance(outcome, Refused):
                refused = ShareClaimRefused(
                    case_id=event.case_id,
                    claim=event.claim,
                    received_at=event.received_at,
                    refusals=outcome.refusals,
                )
                self.meet(Course(), refused)
            return
        self.meet(Course(), event)

    def _about(self, step: Step, course: Course, case: SwitchCase) -> None:
        asked = case.asked or (step.supplier,)
        one_asked = asked[step.number % len(asked)]
        events: dict[str, Event] = {
            "withdraw": _withdrawal(step, case),
            "confirm": a_confirmation(one_asked),
            "object": an_objection(one_asked),
            "dismiss": objections_dismissed(),
            "uphold": objection_upheld(one_asked),
            "approve": approval_by_the_operator(),
            "reject": rejection_by_the_operator(),
            "read": self._reading(case, step),
        }
        if step.action in events:
            self.meet(course, events[step.action])

    def _reading(self, case: SwitchCase, step: Step) -> Event:
        today = local_day(self.now)
        days = (today - self.last_day).days
        value = self.last_value + Decimal(10 * days + step.number % 7)
        taken = replace(reading(today, str(value)), taken_at=min(self.now, at(today, 12)))
        new = [one.supplier for one in case.changes.begins] or [step.supplier]
        taken = replace(taken, header=replace(taken.header, sender=new[step.number % len(new)]))
        return a_reading(taken, self.now)


def _withdrawal(step: Step, case: SwitchCase) -> WithdrawalReceived:
    """Whoever may: the claimant of the step, else the applicant."""
    claimants = [one.header.sender for one in case.claims]
    by = step.supplier if step.supplier in claimants else case.request.header.sender
    return a_withdrawal_of(by)


def _division(number: int) -> SwitchRequest:
    """The customer names suppliers, from some on, with one of the divisions."""
    shares = DIVISIONS[number % len(DIVISIONS)]
    named = [SUPPLIERS[(number + n) % len(SUPPLIERS)] for n in range(len(shares))]
    return replace(
        customers_division(),
        chosen=tuple(of_a_share(*pair) for pair in zip(named, shares, strict=True)),
    )


def _due(course: Course, until: datetime) -> Deadline | None:
    due = [one for one in course.state.deadlines if one.act_at <= until] if course.state else []
    return min(due, key=lambda one: one.act_at, default=None)


ACTIONS = (
    *6 * ("claim",),
    *5 * ("confirm", "object", "read"),
    *3 * ("division", "withdraw", "doubtful_claim"),
    *("whole", "dismiss", "uphold", "approve", "reject", "inactive"),
)


def starts() -> st.SearchStrategy[Walk]:
    """One supplier, two at one point, or none any more."""
    single = (_supply(OLD, "1"),)
    shared = (_supply(OLD, "0.4"), _supply(NEW, "0.6"))
    return st.sampled_from([single, single, shared, ()]).map(lambda of: Walk(supplies=of))


def _supply(supplier: Eic, share: str) -> SupplyFacts:
    return SupplyFacts(
        accounting_point=POINT,
        direction=Direction.CONSUMPTION,
        supplier=supplier,
        share=Decimal(share),
    )


def steps() -> st.SearchStrategy[list[Step]]:
    """Up to two dozen things that happen, minutes or days apart."""
    return st.lists(
        st.builds(
            Step,
            action=st.sampled_from(ACTIONS),
            hours=st.sampled_from([0, 0, 1, 24, 72, 200]),
            supplier=st.sampled_from(SUPPLIERS),
            number=st.integers(min_value=0, max_value=100),
        ),
        min_size=3,
        max_size=24,
    )


def walked(walk: Walk, taken: list[Step]) -> Walk:
    """The delivery point after the steps, and after every deadline has passed."""
    for step in taken:
        walk.take(step)
    walk.let_pass(walk.now + timedelta(days=120))
    return walk
