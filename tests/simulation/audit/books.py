"""What the auditor has on its books: the register, the cases, and what is owed to whom."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from lxml import etree

from tests.simulation.audit import said
from tests.simulation.audit.facts import Point, Register
from tests.simulation.audit.legal_days import LAW, Calendar, at_hour, end, local
from tests.simulation.audit.owed import Check, Debts, Finding, Owed
from tests.simulation.audit.request_rules import Judged

ENDED = frozenset({"completed", "failed", "rejected", "withdrawn"})
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Settings:
    """What the operator has set (interpretations 2, 3)."""

    hour: time = time(22)
    hold_customer: int = 0
    hold_remote: int = 0
    one_off: tuple[date, ...] = ()


@dataclass
class Application:
    """A request as one applicant filed it: that of a switch, or one of several of a division."""

    request: said.Request
    message: str
    received: datetime
    point: Point


@dataclass
class CarriedOut:
    """A switch that was carried out, for what may be put right about it."""

    judged: Judged
    reading: said.Reported
    taken_on: date
    payer_before: str
    payer_after: str
    settled_from: object
    """The reading the settlement opens with."""
    order: int
    """Which of all switches carried out it is."""
    corrected_by: str = ""
    undone: bool = False


@dataclass
class Case:
    """A case, from receipt to its one outcome."""

    number: str
    way: str
    """What it was begun by: switch, claims or shared."""
    first: Application
    point: Point
    meter_at: Point
    """The point whose meter is read."""
    state: str = "doubt"
    applications: list[Application] = field(default_factory=list)
    decide_at: datetime | None = None
    last_hour: datetime | None = None
    judged: Judged = field(default_factory=Judged)
    approved: datetime | None = None
    end_at: datetime | None = None
    order: int = 0
    order_at: datetime | None = None
    review: said.Reported | None = None
    review_at: datetime | None = None
    claims_end: datetime | None = None
    asked: tuple[str, ...] = ()
    """Suppliers that may confirm or object (B6)."""
    answers: dict[str, str] = field(default_factory=dict)
    """Supplier to nothing for a confirmation, to its code for an objection."""
    answers_end: datetime | None = None
    objections_at: datetime | None = None
    starts_on: date | None = None
    """From when the period for carrying out runs, where it is not the approval (B8)."""
    numbers: dict[str, str] = field(default_factory=dict)
    """Supplier to the metering point that was made for its share (B9)."""
    carried_out: CarriedOut | None = None
    told: set[str] = field(default_factory=set)
    """Whoever was owed a document about it."""
    outcome: str = ""
    taken_back: list[Application] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether it has no outcome yet."""
        return self.state not in ENDED

    @property
    def request(self) -> said.Request:
        """The request, of a collection the first."""
        return self.applications[0].request if self.applications else self.first.request

    @property
    def message(self) -> str:
        """The message that opened it."""
        return self.first.message

    @property
    def division(self) -> bool:
        """Whether it divides the delivery point anew."""
        return self.way != "switch"

    @property
    def news(self) -> list[str]:
        """The new suppliers."""
        return list(dict.fromkeys(one.supplier for one in self.judged.begins))

    @property
    def olds(self) -> list[str]:
        """The old suppliers."""
        return list(dict.fromkeys(one.supplier for one in self.judged.ends))

    @property
    def applicants(self) -> list[str]:
        """The suppliers that applied; none where the customer did."""
        return (
            []
            if self.first.request.by_customer
            else [one.request.sender for one in self.applications]
        )

    def application_of(self, supplier: str) -> Application | None:
        """What this party applied for."""
        return next((one for one in self.applications if one.request.sender == supplier), None)

    def chosen(self, supplier: str) -> bool:
        """Whether a supplier was ever named in it."""
        applications = [self.first, *self.applications, *self.taken_back]
        return any(
            one.supplier == supplier
            for application in applications
            for one in application.request.chosen
        )

    def due(self) -> tuple[datetime, str] | None:
        """What falls due next."""
        timers = {
            "doubt": [(self.decide_at, "decide")],
            "hold": [(self.decide_at, "decide")],
            "collecting": [(self.claims_end, "claims_over")],
            "asked": [(self.answers_end, "answers_over")],
            "objected": [(self.objections_at, "objections_over")],
            "awaiting": [(self.end_at, "end"), (self.order_at, "order")],
            "review": [(self.end_at, "end")],
            "over_review": [(self.review_at, "review")],
        }.get(self.state, [])
        return min(((at, what) for at, what in timers if at is not None), default=None)


class Books:
    """All cases and debts, the register as the rules leave it, and the days."""

    def __init__(self, register: Register, settings: Settings) -> None:
        self.register = register
        self.settings = settings
        self.calendar = Calendar(settings.one_off)
        self.cases: dict[str, Case] = {}
        self.running: dict[str, Case] = {}
        self.debts = Debts()
        self.issued: dict[str, tuple[str, str]] = {}
        """Each number given to a metering point: what opened the case, and whose share it is."""
        self.corrections: set[str] = set()
        self.carried_out = 0
        self.came: dict[tuple[str, str], tuple[str, str]] = {}
        """Recipient and number of each document that came to its kind and case."""
        self.touched: set[str] = set()
        """Points whose supply changed in this step."""

    def at_delivery(self, delivery: str) -> list[Case]:
        """The cases in progress at a delivery point."""
        return [one for one in self.running.values() if one.open and one.point.delivery == delivery]

    def end(self, case: Case, outcome: str) -> None:
        """A case has its outcome, which is its only one. Raises Finding."""
        if case.outcome:
            raise Finding("one outcome", f"case {case.number}: {case.outcome}, then {outcome}")
        case.state = case.outcome = outcome
        self.running.pop(case.number, None)

    def hour_of_working_day(self, after: date, count: int) -> datetime:
        """The operator's hour on the count-th working day after a day (interpretation 3)."""
        return at_hour(self.calendar.working_day_after(after, count), self.settings.hour)

    def party_has(self, after: date, days: int) -> datetime:
        """The end of a period in calendar days that binds a party (Counting time)."""
        return end(self.calendar.not_before_working(after + timedelta(days=days)))

    def owe(
        self,
        case: Case | str,
        to: str,
        kind: str,
        rule: str,
        at: datetime,
        *,
        fields: dict[str, str] | None = None,
        checks: list[Check] | None = None,
        latest: datetime | None = None,
        customer: bool = False,
    ) -> Owed:
        """A document is owed, at once where no later limit is given."""
        owed = Owed(
            to=to,
            kind=kind,
            case=case if isinstance(case, str) else case.number,
            rule=rule,
            earliest=at,
            latest=latest or at,
            customer=customer,
            fields=fields or {},
            checks=checks or [],
        )
        self.debts.owe(owed)
        if isinstance(case, Case):
            case.told.add(to)
        return owed

    def owe_customer(
        self,
        case: Case | str,
        kind: str,
        rule: str,
        at: datetime,
        *,
        fields: dict[str, str] | None = None,
        checks: list[Check] | None = None,
        latest: datetime | None = None,
    ) -> Owed:
        """A document is owed to the customer, through the operator's mailbox (A37)."""
        return self.owe(
            case,
            self.register.operator,
            kind,
            rule,
            at,
            fields=fields,
            checks=checks,
            latest=latest,
            customer=True,
        )


def grounds(path: str, must: set[str], may: set[str] | frozenset[str] = frozenset()) -> Check:
    """The codes at the path are those that must be, with others that may be."""

    def check(root: etree._Element) -> str:
        came = set(said.codes(root, path))
        right = must <= came and ("*" in may or came <= must | may)
        return "" if right else f"{path} {sorted(came)}, right is {sorted(must)}"

    return check


def instant(path: str, right: datetime) -> Check:
    """The instant at the path."""

    def check(root: etree._Element) -> str:
        came = datetime.fromisoformat(said.text(root, path))
        return "" if came == right else f"{path} is {came.astimezone(LAW)}, right is {right}"

    return check


def one_of(path: str, right: set[str]) -> Check:
    """The text at the path is one of these."""

    def check(root: etree._Element) -> str:
        came = said.text(root, path)
        return "" if came in right else f"{path} is {came!r}, right is one of {sorted(right)}"

    return check


def registers(path: str, reported: said.Reported) -> Check:
    """The register values at the path are those of the reading."""

    def check(root: etree._Element) -> str:
        came = said.values(root, path)
        wrong = {obis for obis, value in came.items() if reported.values.get(obis) != value}
        return f"values of {sorted(wrong)}" if wrong or not came else ""

    return check


def either(came: list[str], *codes: str) -> set[str]:
    """Where several codes say it, the one that came."""
    return {next((code for code in codes if code in came), codes[0])}


def day_text(instant_: datetime) -> str:
    """The local day of an instant, as documents have it."""
    return local(instant_).isoformat()
