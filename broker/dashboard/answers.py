"""What the dashboard answers to programs, as types: from them JSON and its description are made.

Figures that were not measured are null, never 1. Instants are UTC, days local dates.
"""

from datetime import date, datetime

import msgspec

from broker.engine.state import Phase, WaitsFor
from broker.messages.codes import Role
from broker.messages.deadlines import DeadlineKind
from broker.store.archive import Outcome
from broker.store.channels import ChannelKind
from broker.usecases.list_tasks import Urgency


class Answer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One answer, or a part of one: exactly these fields."""


class Fault(Answer):
    """Why there is no other answer."""

    error: str


class TaskLine(Answer):
    """A case that waits for a person; no deadline: none runs any more, it is overdue.

    The new suppliers are named where they are not the applicant.
    """

    case_id: str
    waits_for: WaitsFor | None
    urgency: Urgency
    phase: Phase
    correction: bool
    accounting_point: str
    metering_site: str | None
    applicant: str
    applicant_name: str
    new_suppliers: tuple[str, ...]
    opened_at: datetime
    act_at: datetime | None
    limit: datetime | None
    article: str | None
    parked: str | None


class Tasks(Answer):
    """What waits, what runs out first before the rest; `next` is the address of what follows."""

    tasks: tuple[TaskLine, ...]
    next: str | None


class CaseLine(Answer):
    """A case that was found by the beginning of a number."""

    case_id: str
    phase: Phase
    correction: bool
    accounting_point: str
    applicant_name: str
    opened_at: datetime


class Cases(Answer):
    """The cases found, the newest first; `more` says whether there are others."""

    cases: tuple[CaseLine, ...]
    more: bool


class PointLine(Answer):
    """A point that was found by the beginning of a number; its customer is on its page alone."""

    accounting_point: str
    metering_site: str
    delivery_point: str


class Points(Answer):
    """The points found, by their own number; `more` says whether there are others."""

    points: tuple[PointLine, ...]
    more: bool


class PartyLine(Answer):
    """A party of the market; `credentials`: how many of its credentials are valid."""

    eic: str
    name: str
    roles: tuple[Role, ...]
    active: bool
    balance_group: str | None
    affiliate: bool
    network_charge_contract: bool
    credentials: int


class Parties(Answer):
    """Every party, by its name."""

    suppliers: tuple[PartyLine, ...]


class FigureSet(Answer):
    """What was counted of some cases, and the figures that follow; null for none measured."""

    requests: int
    approved: int
    rejected: int
    withdrawn: int
    undecided: int
    completed: int
    failed: int
    approved_share: float | None
    straight_through_share: float | None
    mean_decision_seconds: float | None
    mean_completion_seconds: float | None
    longest_decision_seconds: int | None
    longest_completion_seconds: int | None


class Week(Answer):
    """The figures of the requests received in the week that begins on this Monday."""

    week: date
    figures: FigureSet


class SupplierLine(Answer):
    """The figures of the requests for one supplier."""

    supplier: str
    name: str
    affiliate: bool
    figures: FigureSet


class GroundLine(Answer):
    """How often a ground was given; `failed`: to a switch that had been approved."""

    code: str
    failed: bool
    number: int
    affiliate: int
    others: int


class KeptLine(Answer):
    """How many deadlines of a kind were closed by the law's last instant, and after it."""

    kind: DeadlineKind
    met: int
    missed: int
    met_share: float | None


class FlowFigures(Answer):
    """The flow of the weeks from one Monday up to another's."""

    since: date
    until: date
    total: FigureSet
    affiliate: FigureSet
    others: FigureSet
    weeks: tuple[Week, ...]
    suppliers: tuple[SupplierLine, ...]
    grounds: tuple[GroundLine, ...]
    deadlines: tuple[KeptLine, ...]


class CalendarDay(Answer):
    """How many open deadlines fall due on a day."""

    day: date
    deadlines: int


class Calendar(Answer):
    """The days of the calendar."""

    days: tuple[CalendarDay, ...]


class DeadlineLine(Answer):
    """An open deadline with its case."""

    case_id: str
    kind: DeadlineKind
    act_at: datetime
    limit: datetime
    article: str
    accounting_point: str
    applicant: str


class Deadlines(Answer):
    """The open deadlines of a day, in order."""

    deadlines: tuple[DeadlineLine, ...]
    next: str | None


class MessageLine(Answer):
    """An attempt at sending a message; no kind: it could not be read.

    `submitter` is who handed it in: the party itself, a provider for it, or a member of staff.
    """

    receipt: str
    party: str
    party_name: str
    submitter: str
    message_id: str | None
    received_at: datetime
    http_status: int
    kind: str | None
    case_id: str | None
    outcome: Outcome


class Messages(Answer):
    """Attempts, the newest first."""

    messages: tuple[MessageLine, ...]
    next: str | None


class MailboxLine(Answer):
    """How a party's mailbox stands."""

    party: str
    name: str
    active: bool
    waiting: int
    oldest_at: datetime | None
    last_fetched_at: datetime | None
    last_acknowledged_at: datetime | None


class Mailboxes(Answer):
    """The mailboxes of all parties, by name."""

    mailboxes: tuple[MailboxLine, ...]


class ChannelLine(Answer):
    """How a party's channel does; `circuit_open_since` null while it is closed."""

    party: str
    kind: ChannelKind
    address: str
    set_at: datetime
    last_accepted_at: datetime | None
    failing_since: datetime | None
    failures: int
    circuit_open_since: datetime | None
    try_at: datetime
    last_failed_at: datetime | None
    last_fault: str | None
    last_why: str | None
    put_aside: int


class Channels(Answer):
    """The channels of the parties that have one."""

    channels: tuple[ChannelLine, ...]


class DocumentLine(Answer):
    """A document of a mailbox."""

    document_id: str
    kind: str
    case_id: str | None
    created_at: datetime
    first_fetched_at: datetime | None
    acknowledged_at: datetime | None


class Documents(Answer):
    """The documents of a party, the newest first."""

    documents: tuple[DocumentLine, ...]
    next: str | None
