"""The state of a case: what applying its records gives. Everything that lasts must live here."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import ClassVar

from broker.messages.codes import ReadingMethod, Role
from broker.messages.deadlines import Deadline
from broker.messages.events import GivenReason
from broker.messages.identifiers import CaseId, DeliveryPoint, Eic, Gsrn
from broker.messages.records import DecidedBy, DirectionChange, Doubt, Plan
from broker.messages.requests import Correction, MeterReading, SwitchRequest
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
class SwitchCase:
    """A change of supplier at one accounting point, as its records leave it.

    `deadlines` is the complete set that is open; `orders` how often the remote reading was
    ordered. Fields that a phase has no use for are None or empty.
    """

    case_id: CaseId
    phase: Phase
    request: SwitchRequest
    received_at: datetime
    delivery_point: DeliveryPoint | None
    changes: tuple[DirectionChange, ...]
    plan: Plan | None
    doubts: tuple[Doubt, ...]
    deadlines: tuple[Deadline, ...]
    approved_at: datetime | None = None
    approved_by: DecidedBy | None = None
    orders: int = 0
    review: Review | None = None
    carried_out: MeterReading | None = None
    settlement: Settlement | None = None
    grounds: tuple[GivenReason, ...] = ()
    ended_at: datetime | None = None

    process: ClassVar[str] = "switch"

    @property
    def accounting_point(self) -> Gsrn:
        """The point the case is about."""
        return self.request.point.accounting_point

    @property
    def applicant(self) -> Eic:
        """Who sent what opened the case."""
        return self.request.header.sender

    @property
    def corrects(self) -> CaseId | None:
        """No case: a switch puts nothing right."""
        return None

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionCase:
    """The correction of a switch carried out wrongly, as its records leave it (D3).

    `changes` and `switch_date` are those of the switch as it was carried out; `settlement` is the
    right one, None where the switch was undone.
    """

    case_id: CaseId
    phase: Phase
    correction: Correction
    received_at: datetime
    delivery_point: DeliveryPoint | None
    changes: tuple[DirectionChange, ...]
    switch_date: date
    settlement: Settlement | None
    deadlines: tuple[Deadline, ...]
    ended_at: datetime | None

    process: ClassVar[str] = "correction"

    @property
    def accounting_point(self) -> Gsrn:
        """The point the case is about."""
        return self.correction.point.accounting_point

    @property
    def applicant(self) -> Eic:
        """Who sent what opened the case."""
        return self.correction.header.sender

    @property
    def corrects(self) -> CaseId:
        """The switch that is put right."""
        return self.correction.case_id

    @property
    def needs_operator(self) -> bool:
        """Never: what is left to do, the broker does."""
        return False


Case = SwitchCase | CorrectionCase
"""A case of any process."""
