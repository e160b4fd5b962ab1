"""The state of a case: what applying its records gives. Everything that lasts must live here."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from broker.messages.codes import ReadingMethod, Role
from broker.messages.deadlines import Deadline
from broker.messages.events import GivenReason
from broker.messages.identifiers import CaseId, DeliveryPoint
from broker.messages.records import DecidedBy, Doubt, Plan, SupplyChanges
from broker.messages.requests import MeterReading, SwitchRequest
from broker.messages.settlements import Settlement


class Phase(Enum):
    """Where a change of supplier stands; the last five have an end."""

    NEW = "new"
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_READING = "awaiting_reading"
    READING_UNDER_REVIEW = "reading_under_review"
    PERIOD_OVER_UNDER_REVIEW = "period_over_under_review"
    COMPLETED_UNSETTLED = "completed_unsettled"
    COMPLETED = "completed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A reading that waits for the operator's decision (C1)."""

    received_at: datetime
    reading: MeterReading
    sender_role: Role
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A request, or one of the claims that are decided together, and what is in doubt of it."""

    request: SwitchRequest
    received_at: datetime
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchCase:
    """A change of supplier at one delivery point, as its records leave it.

    It has one application, a collection of claims one of each claimant (B1). `deadlines` is the
    complete set that is open; `orders` how often the remote reading was ordered. Fields that a
    phase has no use for are None or empty.
    """

    case_id: CaseId
    phase: Phase
    applications: tuple[Application, ...]
    received_at: datetime
    delivery_point: DeliveryPoint | None
    changes: SupplyChanges
    plan: Plan | None
    deadlines: tuple[Deadline, ...]
    approved_at: datetime | None = None
    approved_by: DecidedBy | None = None
    orders: int = 0
    review: Review | None = None
    carried_out: MeterReading | None = None
    settlement: Settlement | None = None
    grounds: tuple[GivenReason, ...] = ()
    ended_at: datetime | None = None

    @property
    def request(self) -> SwitchRequest:
        """What names point, contracting party and payer: the first application."""
        return self.applications[0].request

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """What is in doubt of any application."""
        return tuple(doubt for one in self.applications for doubt in one.doubts)

    @property
    def awaits_visit(self) -> bool:
        """Whether the operator must visit the site to read the meter (A21, A22)."""
        return self.plan is not None and self.plan.reading_method is ReadingMethod.VISIT

    @property
    def needs_operator(self) -> bool:
        """Whether a person must act: a doubt, a review, a visit, a remote reading that is late."""
        match self.phase:
            case Phase.AWAITING_APPROVAL:
                return bool(self.doubts)
            case Phase.AWAITING_READING:
                return self.orders > 1 or self.awaits_visit
            case Phase.READING_UNDER_REVIEW | Phase.PERIOD_OVER_UNDER_REVIEW:
                return True
            case _:
                return False
