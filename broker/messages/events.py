"""What happens to a case: messages received, time reached, decisions of the operator.

Events are imperative in effect (the engine may refuse them); what came of them are records.
"""

from dataclasses import dataclass
from datetime import date, datetime

from broker.messages.codes import RegisterChangeKind, Role
from broker.messages.deadlines import DeadlineKind
from broker.messages.identifiers import CaseId, Eic
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import (
    Correction,
    InaccessibilityReport,
    MeterReading,
    Objection,
    SupplyConfirmation,
    SwitchRequest,
    Withdrawal,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRequestReceived:
    """A switch request arrived and opens a case under this number (A6, A9)."""

    case_id: CaseId
    request: SwitchRequest
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareClaimReceived:
    """A supplier claims its share: it opens a collection under this number, or joins one (B1)."""

    case_id: CaseId
    claim: SwitchRequest
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareClaimRefused:
    """The open collection could not take a claim: a case of its own, rejected at once (B1, A14)."""

    case_id: CaseId
    claim: SwitchRequest
    received_at: datetime
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSupplyRequestReceived:
    """The customer's request naming all suppliers and shares arrived and opens a case (B5)."""

    case_id: CaseId
    request: SwitchRequest
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationReceived:
    """A supplier named in the customer's request confirms it (B6)."""

    confirmation: SupplyConfirmation
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionReceived:
    """A supplier named in the customer's request objects (B6)."""

    objection: Objection
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalReceived:
    """The applicant takes its request back (A13)."""

    withdrawal: Withdrawal
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingReceived:
    """A meter reading arrived from a party in a role (A19, A20)."""

    reading: MeterReading
    sender_role: Role
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InaccessibilityReported:
    """The new supplier says that the customer cannot reach the meter (A22)."""

    report: InaccessibilityReport
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChanged:
    """The register has changed at the point of the case, from this day on (A15, D4)."""

    change: RegisterChangeKind
    effective_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionReceived:
    """The back office puts a switch right, which opens a case under this number (D3)."""

    case_id: CaseId
    correction: Correction
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchCorrected:
    """The switch of the case was put right by another case, which settles it from now on (A24)."""

    correction: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineReached:
    """A deadline's hour to act has come."""

    kind: DeadlineKind
    act_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenReason:
    """A reason the operator gives: a code of the published list, text only with E14 (A11)."""

    reason: Reason
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestApprovedByOperator:
    """The operator approves a request that waits for it (A11). `by` is who, `why` its words."""

    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRejectedByOperator:
    """The operator rejects a request that waits for it, with codes (A11)."""

    by: str
    why: str
    reasons: tuple[GivenReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionsDismissedByOperator:
    """The operator rejects the objections, with its reasons in words (B7)."""

    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionUpheldByOperator:
    """The operator finds the objection of this supplier justified and rejects the request (B7)."""

    by: str
    why: str
    supplier: Eic


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingAcceptedByOperator:
    """The operator accepts the reading under review (C1)."""

    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRefusedByOperator:
    """The operator refuses the reading under review (C1, A26)."""

    by: str
    why: str
    reasons: tuple[GivenReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFoundInaccessible:
    """The operator came to read the meter and could not (A26)."""

    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteVisitPlannedByOperator:
    """The operator has set the day on which it will come to read the meter (A21, A22)."""

    by: str
    why: str
    visit_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOffDaysChanged:
    """The announced one-off work-free days are now these; open deadlines move with them."""

    days: tuple[date, ...]


OperatorDecision = (
    RequestApprovedByOperator
    | RequestRejectedByOperator
    | ObjectionsDismissedByOperator
    | ObjectionUpheldByOperator
    | ReadingAcceptedByOperator
    | ReadingRefusedByOperator
    | SiteFoundInaccessible
    | SiteVisitPlannedByOperator
)
Event = (
    SwitchRequestReceived
    | ShareClaimReceived
    | ShareClaimRefused
    | SharedSupplyRequestReceived
    | ConfirmationReceived
    | ObjectionReceived
    | WithdrawalReceived
    | ReadingReceived
    | InaccessibilityReported
    | PointChanged
    | CorrectionReceived
    | SwitchCorrected
    | DeadlineReached
    | OperatorDecision
    | OneOffDaysChanged
)
