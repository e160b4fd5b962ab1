"""What happened to a case, in the past tense, with everything that was chosen.

The journal keeps records; a case's state is what applying them one by one gives, also when rules
or code have changed since.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from broker.messages.codes import Direction, Payer, ReadingMethod, RegisterChangeKind, Role
from broker.messages.deadlines import Deadline
from broker.messages.events import GivenReason
from broker.messages.identifiers import AreaNumber, CaseId, DeliveryPoint, Eic, Gsrn
from broker.messages.records_of_confirmation import (
    ConfirmationAsked,
    ObjectionsDismissed,
    ObjectionsLeftToOperator,
    ObjectionUpheld,
    SupplyConfirmed,
    SupplyObjected,
)
from broker.messages.requests import (
    Correction,
    MeterReading,
    SwitchRequest,
    Withdrawal,
)
from broker.messages.settlements import Settlement


class DoubtKind(Enum):
    """What a rule could not decide and a person must."""

    NAME_DIFFERS = "name_differs"
    ATTACHMENT_TYPE_DIFFERS = "attachment_type_differs"
    READING_DEPARTS_FROM_AVERAGE = "reading_departs_from_average"
    NO_AVERAGE_ON_RECORD = "no_average_on_record"
    SECOND_READING_FOR_THE_DAY = "second_reading_for_the_day"
    PERIOD_PASSED_BEFORE_APPROVAL = "period_passed_before_approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A question for the operator: its kind, the rule that raised it, what was found."""

    kind: DoubtKind
    rule: str
    place: str | None = None
    found: str | None = None
    expected: str | None = None


class DecidedBy(Enum):
    """Who decided: the rules at once, the broker when the hour came, or a person."""

    STRAIGHT_THROUGH = "straight_through"
    BROKER_AT_THE_DEADLINE = "broker_at_the_deadline"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Who supplies this direction of an accounting point, with which share (A1, B9)."""

    accounting_point: Gsrn
    metering_site: AreaNumber
    direction: Direction
    supplier: Eic
    share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyChanges:
    """The supplies that a switch ends and those that it begins (A27, B9).

    None ends where there was none (A38). `stays` are the supplies of consumption at the delivery
    point that go on beside it: the energy is divided among all (B11).
    """

    ends: tuple[Supply, ...] = ()
    begins: tuple[Supply, ...] = ()
    stays: tuple[Supply, ...] = ()


NOTHING_CHANGES = SupplyChanges()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What carrying out would mean if approved on the day it was made (A15, A18, A23).

    `reading_from` and `reading_to` are the first and the last day of the reading period.
    """

    expected_date: date
    reading_method: ReadingMethod
    reading_from: date
    reading_to: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecorded:
    """A request was taken in: what it changes, what is in doubt, when it must be decided."""

    case_id: CaseId
    request: SwitchRequest
    received_at: datetime
    delivery_point: DeliveryPoint | None
    changes: SupplyChanges
    plan: Plan | None
    doubts: tuple[Doubt, ...]
    decision: Deadline
    hold: Deadline | None
    rules_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRecorded:
    """A claim was taken in: it opened a collection, or joined the open one (B1, B2)."""

    case_id: CaseId
    claim: SwitchRequest
    received_at: datetime
    delivery_point: DeliveryPoint
    doubts: tuple[Doubt, ...]
    end_of_claims: Deadline
    rules_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimWithdrawn:
    """A claimant took its claim back while others remain; the days for claims run on (B2, A13)."""

    at: datetime
    withdrawal: Withdrawal
    end_of_claims: Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class ClocksStarted:
    """The claims add up to exactly one, or the customer's request counts as confirmed.

    `counted_from` is the moment from which the clocks of A12, A14 and A18 count (interpretation
    11, B8); `doubts` are those of each application, in their order.
    """

    at: datetime
    counted_from: datetime
    plan: Plan | None
    doubts: tuple[tuple[Doubt, ...], ...]
    decision: Deadline
    hold: Deadline | None
    rules_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCheckedAgain:
    """The case stays open after a check (interpretations 1, 3); `doubts` are by application."""

    at: datetime
    doubts: tuple[tuple[Doubt, ...], ...]
    still_due: tuple[Deadline, ...]
    rules_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestApproved:
    """The request was approved and the reading period set (A12, A15).

    `open_doubts` are those of the check on which it was decided.
    """

    at: datetime
    decided_by: DecidedBy
    by: str | None
    why: str | None
    changes: SupplyChanges
    plan: Plan
    open_doubts: tuple[Doubt, ...]
    end_of_reading_period: Deadline
    rules_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRejected:
    """The request was rejected on these grounds (A14, A17)."""

    at: datetime
    decided_by: DecidedBy
    by: str | None
    why: str | None
    reasons: tuple[GivenReason, ...]
    rules_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWithdrawn:
    """The applicant took its request back in time (A13)."""

    at: datetime
    withdrawal: Withdrawal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOrdered:
    """A remote reading was ordered, or ordered again, for 00:00 of the right day (A19)."""

    at: datetime
    read_for: datetime
    order_number: int
    answer: Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteVisitAnnounced:
    """The operator told the parties that it will visit the site to read the meter (A21)."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteVisitPlanned:
    """The operator set the day on which it will come to read (A21, A22)."""

    at: datetime
    by: str
    why: str
    visit_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorTookOverReading:
    """The customer cannot reach the meter, so the operator reads it (A22)."""

    at: datetime
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPutUnderReview:
    """A reading passed C5 but leaves a question for the operator (C1, interpretation 14)."""

    at: datetime
    reading: MeterReading
    sender_role: Role
    doubts: tuple[Doubt, ...]
    review: Deadline
    rules_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRefusedAfterReview:
    """The operator refused the reading under review (A26)."""

    at: datetime
    by: str
    why: str
    reasons: tuple[GivenReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPeriodEnded:
    """The reading period ended while a reading was under review (A26)."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchCarriedOut:
    """A valid reading carried the switch out, on the day it was taken (A24, A25).

    `payer_before` paid the network charge until then; `settle_by` is None where the settlement went
    out at once.
    """

    at: datetime
    switch_date: date
    reading: MeterReading
    settlement: Settlement
    payer_before: Payer
    settle_by: Deadline | None
    decided_by: DecidedBy
    by: str | None
    why: str | None
    rules_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementDelivered:
    """The final settlement of a switch carried out earlier went to the old suppliers (A24)."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementLeftToCorrection:
    """The switch was put right before it was settled: the correction settles it (A24)."""

    at: datetime
    correction: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionCarriedOut:
    """A switch carried out wrongly was put right, under a case of its own (D3).

    `changes` and `switch_date` are those of the switch as it was carried out; `settlement` is the
    right one, None where the switch was undone; `settle_by` is None where nothing is left to do.
    """

    case_id: CaseId
    at: datetime
    correction: Correction
    received_at: datetime
    delivery_point: DeliveryPoint | None
    changes: SupplyChanges
    switch_date: date
    settlement: Settlement | None
    settle_by: Deadline | None
    rules_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchHasFailed:
    """The switch was rejected because of the reading (A26, A29)."""

    at: datetime
    ground: GivenReason
    decided_by: DecidedBy
    by: str | None
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChangeNoted:
    """The register changed at the point of an approved switch (A15, D4).

    `plan` is the plan from now on; `reads_anew` says that the reading must come in another way or
    from another meter than was told before. `visit_on` is the day of the operator's visit then,
    None where it is not to come; records from before say none.
    """

    at: datetime
    change: RegisterChangeKind
    effective_on: date
    plan: Plan
    reads_anew: bool
    visit_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinesRedated:
    """Newly announced work-free days moved deadlines of the case."""

    at: datetime
    one_off_days: tuple[date, ...]
    deadlines: tuple[Deadline, ...]


Record = (
    RequestRecorded
    | ClaimRecorded
    | ClaimWithdrawn
    | ConfirmationAsked
    | SupplyConfirmed
    | SupplyObjected
    | ObjectionsLeftToOperator
    | ObjectionsDismissed
    | ObjectionUpheld
    | ClocksStarted
    | RequestCheckedAgain
    | RequestApproved
    | RequestRejected
    | RequestWithdrawn
    | ReadingOrdered
    | SiteVisitAnnounced
    | SiteVisitPlanned
    | OperatorTookOverReading
    | ReadingPutUnderReview
    | ReadingRefusedAfterReview
    | ReadingPeriodEnded
    | SwitchCarriedOut
    | SettlementDelivered
    | SettlementLeftToCorrection
    | CorrectionCarriedOut
    | SwitchHasFailed
    | PointChangeNoted
    | DeadlinesRedated
)
