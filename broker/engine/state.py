"""The state of a case: what applying its records gives. Everything that lasts must live here."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import ClassVar

from broker.messages.codes import Direction, DocumentKind, Payer, ReadingMethod, Role
from broker.messages.deadlines import Deadline, DeadlineKind
from broker.messages.events import GivenReason
from broker.messages.identifiers import CaseId, DeliveryPoint, Eic, Gsrn
from broker.messages.records import DecidedBy, Doubt, DoubtKind, Plan, Supply, SupplyChanges
from broker.messages.requests import (
    Correction,
    MeterReading,
    Objection,
    PointReference,
    SwitchRequest,
)
from broker.messages.settlements import Settlement

DIVIDING = frozenset({DocumentKind.SHARE_CLAIM, DocumentKind.SHARED_SUPPLY_REQUEST})
"""The kinds of application that divide the consumption of a delivery point anew (B1, B5)."""


class Phase(Enum):
    """Where a change of supplier stands; the last five have an end."""

    NEW = "new"
    COLLECTING_CLAIMS = "collecting_claims"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    AWAITING_OBJECTION_DECISION = "awaiting_objection_decision"
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_READING = "awaiting_reading"
    READING_UNDER_REVIEW = "reading_under_review"
    PERIOD_OVER_UNDER_REVIEW = "period_over_under_review"
    COMPLETED_UNSETTLED = "completed_unsettled"
    COMPLETED = "completed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class WaitsFor(Enum):
    """What of the operator's a case waits for; each kind of decision is one."""

    REQUEST_IN_DOUBT = "request_in_doubt"
    OBJECTION = "objection"
    PERIOD_PASSED = "period_passed"
    SITE_VISIT = "site_visit"
    METER_INACCESSIBLE = "meter_inaccessible"
    REMOTE_READING_LATE = "remote_reading_late"
    READING_IN_DOUBT = "reading_in_doubt"


RUNS_OUT: dict[WaitsFor, DeadlineKind] = {
    WaitsFor.REQUEST_IN_DOUBT: DeadlineKind.DECISION,
    WaitsFor.OBJECTION: DeadlineKind.OBJECTION_DECISION,
    WaitsFor.PERIOD_PASSED: DeadlineKind.DECISION,
    WaitsFor.SITE_VISIT: DeadlineKind.END_OF_READING_PERIOD,
    WaitsFor.METER_INACCESSIBLE: DeadlineKind.END_OF_READING_PERIOD,
    WaitsFor.REMOTE_READING_LATE: DeadlineKind.END_OF_READING_PERIOD,
    WaitsFor.READING_IN_DOUBT: DeadlineKind.READING_REVIEW,
}
"""The deadline by which the operator must have acted; where it does not run, it is overdue."""


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
class Consultation:
    """Whom of the suppliers named in a customer's request was asked, and what they said (B6).

    `objections` are those that stand; `dismissed` that the operator rejected them (B7).
    """

    asked_at: datetime
    suppliers: tuple[Eic, ...]
    end_of_objections: Deadline
    confirmed: tuple[Eic, ...] = ()
    objections: tuple[Objection, ...] = ()
    dismissed: bool = False

    @property
    def objectors(self) -> tuple[Eic, ...]:
        """The suppliers whose objections stand."""
        return tuple(one.header.sender for one in self.objections)

    @property
    def silent(self) -> tuple[Eic, ...]:
        """The suppliers that have not answered."""
        answered = {*self.confirmed, *self.objectors}
        return tuple(one for one in self.suppliers if one not in answered)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchCase:
    """A change of supplier at one delivery point, as its records leave it.

    It has one application, a collection of claims one of each claimant (B1). `deadlines` is the
    complete set that is open; `orders` how often the remote reading was ordered, `taken_over`
    whether the operator reads because the customer cannot (A22), `visit_on` the day of its visit;
    `clocks_from` the moment from which A12, A14 and A18 count in part B (interpretation 11);
    `payer_before` paid the network charge until the switch. Fields that a phase has no use for
    are None or empty.
    """

    case_id: CaseId
    phase: Phase
    applications: tuple[Application, ...]
    received_at: datetime
    delivery_point: DeliveryPoint | None
    changes: SupplyChanges
    plan: Plan | None
    deadlines: tuple[Deadline, ...]
    clocks_from: datetime | None = None
    consultation: Consultation | None = None
    approved_at: datetime | None = None
    approved_by: DecidedBy | None = None
    orders: int = 0
    taken_over: bool = False
    visit_on: date | None = None
    review: Review | None = None
    carried_out: MeterReading | None = None
    settlement: Settlement | None = None
    payer_before: Payer | None = None
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
    def applicants(self) -> tuple[tuple[Eic, datetime], ...]:
        """Everybody who applied, each since its application came."""
        return tuple((one.request.header.sender, one.received_at) for one in self.applications)

    @property
    def corrects(self) -> CaseId | None:
        """No case: a switch puts nothing right."""
        return None

    @property
    def point_named(self) -> PointReference:
        """The point as the first application names it."""
        return self.request.point

    @property
    def request(self) -> SwitchRequest:
        """What names point, contracting party and payer: the first application."""
        return self.applications[0].request

    @property
    def claims(self) -> tuple[SwitchRequest, ...]:
        """The claims that are decided together, none where the case is about a request (B1)."""
        if self.request.header.kind is not DocumentKind.SHARE_CLAIM:
            return ()
        return tuple(one.request for one in self.applications)

    @property
    def requested_date(self) -> date | None:
        """The date asked for, of several claims the latest; None: as soon as possible (A8)."""
        dates = [one.request.requested_date for one in self.applications]
        return max((day for day in dates if day is not None), default=None)

    @property
    def points(self) -> frozenset[Gsrn]:
        """The accounting points the case is about: named, ended at, begun at."""
        supplies = (*self.changes.ends, *self.changes.begins)
        named = {one.request.point.accounting_point for one in self.applications}
        return frozenset(named | {one.accounting_point for one in supplies})

    @property
    def asked(self) -> tuple[Eic, ...]:
        """The suppliers that were asked to confirm a customer's request (B6)."""
        return self.consultation.suppliers if self.consultation else ()

    @property
    def created(self) -> tuple[Supply, ...]:
        """The supplies of an approved division, each at a metering point made for it (B9)."""
        return tuple(
            one
            for one in self.changes.begins
            if self.request.header.kind in DIVIDING and one.direction is Direction.CONSUMPTION
        )

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """What is in doubt of any application."""
        return tuple(doubt for one in self.applications for doubt in one.doubts)

    @property
    def awaits_visit(self) -> bool:
        """Whether the operator must visit the site to read the meter (A21, A22)."""
        return self.plan is not None and self.plan.reading_method is ReadingMethod.VISIT

    @property
    def waits_for(self) -> WaitsFor | None:
        """What a person must act on: a doubt, a review, a visit, a remote reading that is late."""
        match self.phase:
            case Phase.AWAITING_APPROVAL if self.doubts:
                passed = any(d.kind is DoubtKind.PERIOD_PASSED_BEFORE_APPROVAL for d in self.doubts)
                return WaitsFor.PERIOD_PASSED if passed else WaitsFor.REQUEST_IN_DOUBT
            case Phase.AWAITING_OBJECTION_DECISION:
                return WaitsFor.OBJECTION
            case Phase.AWAITING_READING if self.awaits_visit:
                return WaitsFor.METER_INACCESSIBLE if self.taken_over else WaitsFor.SITE_VISIT
            case Phase.AWAITING_READING if self.orders > 1:
                return WaitsFor.REMOTE_READING_LATE
            case Phase.READING_UNDER_REVIEW | Phase.PERIOD_OVER_UNDER_REVIEW:
                return WaitsFor.READING_IN_DOUBT
            case _:
                return None

    @property
    def needs_operator(self) -> bool:
        """Whether a person must act."""
        return self.waits_for is not None


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
    changes: SupplyChanges
    switch_date: date
    settlement: Settlement | None
    deadlines: tuple[Deadline, ...]
    ended_at: datetime | None

    process: ClassVar[str] = "correction"

    @property
    def point_named(self) -> PointReference:
        """The point as the correction names it."""
        return self.correction.point

    @property
    def accounting_point(self) -> Gsrn:
        """The point the case is about."""
        return self.correction.point.accounting_point

    @property
    def applicant(self) -> Eic:
        """Who sent what opened the case."""
        return self.correction.header.sender

    @property
    def applicants(self) -> tuple[tuple[Eic, datetime], ...]:
        """The back office alone, since the correction came."""
        return ((self.applicant, self.received_at),)

    @property
    def asked(self) -> tuple[Eic, ...]:
        """Nobody: what is put right needs no supplier's word."""
        return ()

    @property
    def corrects(self) -> CaseId:
        """The switch that is put right."""
        return self.correction.case_id

    @property
    def waits_for(self) -> None:
        """For nothing of the operator's: what is left to do, the broker does."""
        return None


Case = SwitchCase | CorrectionCase
"""A case of any process."""
