"""Cases led through random events and times, the way the broker leads them.

What falls due is handled before what arrives; facts and rulebook change on the way.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from broker.engine.calendar import WorkingDays, at_hour, local_day, start_of
from broker.engine.decide import decide
from broker.engine.decision import Decision, Refused
from broker.engine.facts import Facts, MeterFacts
from broker.engine.legal_periods import dated_periods
from broker.engine.rulebook import Rulebook
from broker.engine.state import SwitchCase
from broker.messages.codes import Payer, ReadingMethod, Role
from broker.messages.deadlines import Deadline
from broker.messages.events import (
    DeadlineReached,
    Event,
    OneOffDaysChanged,
    ReadingReceived,
    SwitchRequestReceived,
)
from broker.messages.identifiers import SerialNumber
from broker.messages.records import Record
from broker.messages.requests import MeterReading, RegisterValue, SwitchRequest
from tests.engine.builders import (
    CASE,
    OLD_OF_PRODUCTION,
    RECEIVED_AT,
    but,
    customers_request,
    facts_read_by,
    operators_reading,
    reading,
    register,
    remote_reading,
    request,
    request_for_two,
    shows,
    two_directions,
)
from tests.engine.ways_through_the_process import (
    a_report,
    a_withdrawal,
    acceptance_by_the_operator,
    approval_by_the_operator,
    refusal_by_the_operator,
    rejection_by_the_operator,
    site_found_inaccessible,
)


@dataclass(frozen=True)
class Step:
    """What happens next, after so many minutes."""

    action: str
    minutes: int
    number: int


@dataclass(frozen=True)
class Start:
    """The request a walk begins with, and what is known."""

    request: SwitchRequest
    facts: Facts
    rules: Rulebook


@dataclass
class Walk:
    """A case on its way: its records so far and every outcome with the state before it."""

    start: Start
    facts: Facts
    rules: Rulebook
    now: datetime = RECEIVED_AT
    state: SwitchCase | None = None
    records: tuple[Record, ...] = ()
    parked: set[Deadline] = field(default_factory=set)
    outcomes: list[tuple[SwitchCase | None, Event, Decision | Refused]] = field(
        default_factory=list
    )

    def meet(self, event: Event) -> None:
        """Put an event to the case."""
        outcome = decide(self.state, event, facts=self.facts, now=self.now, rules=self.rules)
        self.outcomes.append((self.state, event, outcome))
        if isinstance(outcome, Decision):
            self.state = outcome.state
            self.records += outcome.records

    def let_pass(self, until: datetime, *, in_time: bool = True) -> None:
        """Handle what falls due until this instant: each at its hour, or all at the end."""
        while due := [d for d in self.open() if d.act_at <= until]:
            deadline = min(due, key=lambda d: d.act_at)
            self.now = max(self.now, deadline.act_at) if in_time else until
            self.meet(DeadlineReached(kind=deadline.kind, act_at=deadline.act_at))
            if deadline in self.open():
                self.parked.add(deadline)
        self.now = max(self.now, until)

    def open(self) -> list[Deadline]:
        """The deadlines that are open, those aside that could not be handled."""
        return [d for d in self.state.deadlines if d not in self.parked] if self.state else []

    def take(self, step: Step) -> None:
        """Wait, let pass what falls due, then do what the step says."""
        self.let_pass(self.now + timedelta(minutes=step.minutes), in_time=step.action != "outage")
        if step.action in FACTS:
            self.facts = but(self.facts, *FACTS[step.action])
        elif step.action == "one_off_days":
            day = local_day(self.now) + timedelta(days=step.number % 20)
            days = () if step.number % 5 == 0 else (day,)
            self.rules = replace(self.rules, working_days=WorkingDays(one_off_days=days))
            self.meet(OneOffDaysChanged(days=days))
        elif step.action in EVENTS:
            self.meet(EVENTS[step.action]())
        elif step.action == "request":
            self.meet(first_event(self.start))
        elif step.action == "report":
            self.meet(a_report(self.now))
        elif step.action != "outage":
            self.meet(self.reading(step))

    def reading(self, step: Step) -> ReadingReceived:
        """A reading of the day or of a few days before, of one of several kinds."""
        method = self.state.plan.reading_method if self.state and self.state.plan else None
        role, sent = Role.SUPPLIER, reading(local_day(self.now))
        if step.action == "reading_by_operator" or method is ReadingMethod.VISIT:
            role, sent = Role.GRID_OPERATOR, operators_reading(local_day(self.now))
        elif method is ReadingMethod.REMOTE:
            role, sent = Role.METERING_CENTRE, remote_reading(local_day(self.now))
        days_ago = step.number % 3
        taken_at = min(sent.taken_at, self.now) - timedelta(days=days_ago)
        if role is Role.METERING_CENTRE:
            taken_at = start_of(local_day(self.now) - timedelta(days=days_ago))
        sent = replace(sent, taken_at=taken_at, registers=self._values(step, sent))
        if step.action == "reading_explained":
            sent = replace(sent, departure_reason="Gradnja hiše.")
        if step.action == "reading_of_another_meter":
            sent = but(sent, "serial_number", "ZGL-090022")
        if step.action == "reading_by_wrong_route":
            role = Role.METERING_CENTRE if role is Role.SUPPLIER else Role.SUPPLIER
        return ReadingReceived(reading=sent, sender_role=role, received_at=self.now)

    def _values(self, step: Step, sent: MeterReading) -> tuple[RegisterValue, ...]:
        last = self.start.facts.point.last_reading if self.start.facts.point else None
        days = (local_day(sent.taken_at) - date(2026, 3, 31)).days
        used = Decimal(10 * days) if step.action == "reading" else Decimal(100_000)
        return tuple(
            shows(value.register, str(value.value + used))
            for value in (last.registers if last else ())
        )


ANOTHER_METER = MeterFacts(serial_number=SerialNumber("ZGL-200001"), registers=(register(),))
FACTS = {
    "disconnected": ("point.connected", False),
    "renamed": ("point.customer.name", "Ana Vzorec"),
    "named_right": ("point.customer.name", "Ana Zgled"),
    "no_average": ("point.averages", ()),
    "meter_exchanged": ("point.meter", ANOTHER_METER),
    "meter_removed": ("point.meter", None),
}
EVENTS = {
    "withdrawal": a_withdrawal,
    "approval": approval_by_the_operator,
    "rejection": rejection_by_the_operator,
    "acceptance": acceptance_by_the_operator,
    "refusal": refusal_by_the_operator,
    "site_inaccessible": site_found_inaccessible,
}
READINGS = (
    "reading",
    "reading_departing",
    "reading_explained",
    "reading_of_another_meter",
    "reading_by_wrong_route",
    "reading_by_operator",
)
OTHERS = ("report", "request", "one_off_days", "wait")
# What leads on is tried more often than what leads astray.
LEADING_ON = ("reading", "reading_explained", "approval", "withdrawal", "acceptance", "refusal")
ACTIONS = (
    *FACTS,
    *EVENTS,
    *READINGS,
    *OTHERS,
    *4 * LEADING_ON,
    *4 * ("reading", "reading", "report"),
)
EU_FROM = date(2026, 4, 1)
"""When the EU's regime began, where a walk is under it: before its request came."""
DAY_MINUTES = 24 * 60


def first_event(start: Start) -> SwitchRequestReceived:
    """The request arrives."""
    return SwitchRequestReceived(case_id=CASE, request=start.request, received_at=RECEIVED_AT)


def _customer_pays(known: Facts, asked: SwitchRequest) -> tuple[Facts, SwitchRequest]:
    return known, asked


def _supplier_pays(known: Facts, asked: SwitchRequest) -> tuple[Facts, SwitchRequest]:
    """From the switch on the new supplier pays, as it may."""
    asked = replace(
        asked, network_charge_payer=Payer.SUPPLIER, one_bill_consent_on=date(2026, 4, 20)
    )
    return but(known, "parties.0.pays_network_charge", True), asked


def _supplier_paid(known: Facts, asked: SwitchRequest) -> tuple[Facts, SwitchRequest]:
    return but(known, "point.payer", Payer.SUPPLIER), asked


SELDOM = st.sampled_from([False, False, False, True])
PAYERS = (_customer_pays, _supplier_pays, _supplier_paid)


@st.composite
def starts(draw: st.DrawFn) -> Start:
    """A request for one or two directions, more or less clean, in varied circumstances."""
    known, asked = facts_read_by(draw(st.sampled_from(ReadingMethod))), request()
    if draw(st.booleans()):
        known, asked = two_directions(known), request_for_two()
        if draw(st.booleans()):
            asked = but(asked, "chosen.1.supplier", OLD_OF_PRODUCTION)
    if draw(st.booleans()):
        known = but(known, "point.measured_power", True)
    if draw(st.booleans()):
        by_customer = customers_request()
        asked = replace(
            asked,
            header=by_customer.header,
            authorised_on=None,
            customer_application=by_customer.customer_application,
        )
    if draw(st.booleans()):
        asked = but(asked, "contracting_party.name", "Anica Zgled")
    known, asked = draw(st.sampled_from(PAYERS))(known, asked)
    if draw(SELDOM):
        ahead = draw(st.integers(min_value=-1, max_value=200))
        asked = replace(asked, requested_date=local_day(RECEIVED_AT) + timedelta(days=ahead))
    if draw(SELDOM):
        ends = date(2026, 4, 20) + timedelta(days=draw(st.integers(min_value=0, max_value=40)))
        asked = but(asked, "chosen.0.contract.valid_to", ends)
    changed = draw(st.sampled_from([*5 * [None], "disconnected", "no_average", "unsupplied"]))
    if changed == "unsupplied":
        known = but(known, "point.supplies", ())
    elif changed is not None:
        known = but(known, *FACTS[changed])
    hours = draw(st.sampled_from([0, 0, 2, 48, 1000]))
    rules = Rulebook(
        hold_hours_customer=hours,
        hold_hours_remote=hours,
        decision_hour=draw(st.times()),
        periods=dated_periods(draw(st.sampled_from([None, EU_FROM]))),
    )
    return Start(request=asked, facts=known, rules=rules)


def steps(actions: tuple[str, ...] = ACTIONS) -> st.SearchStrategy[list[Step]]:
    """Up to a dozen things that happen, minutes or days apart."""
    return st.lists(
        st.builds(
            Step,
            action=st.sampled_from(actions),
            minutes=st.sampled_from([0, 1, 30, 300, DAY_MINUTES, 3 * DAY_MINUTES, 8 * DAY_MINUTES]),
            number=st.integers(min_value=0, max_value=100),
        ),
        max_size=12,
    )


def walked(start: Start, taken: list[Step]) -> Walk:
    """The case after the steps, and after every deadline has passed."""
    walk = Walk(start=start, facts=start.facts, rules=start.rules)
    walk.meet(first_event(start))
    for step in taken:
        walk.take(step)
    walk.let_pass(at_hour(date(2028, 1, 1), RECEIVED_AT.timetz().replace(tzinfo=None)))
    return walk
