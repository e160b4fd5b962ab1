"""The change of supplier, as a table: what can happen in which phase.

An event the table does not list is refused by name and changes nothing. Terminal phases are
written as {}. What several suppliers at one delivery point need before approval stands in tables
of its own, process_claims and process_confirmation. The state diagrams in the documents are drawn
from these tables.
"""

from broker.engine import handle_claims as claims
from broker.engine import handle_point_change as point
from broker.engine import handle_reading as reading
from broker.engine import handle_request as request
from broker.engine import reading_by_operator as operator
from broker.engine import settle
from broker.engine.decision import Process, Transition
from broker.engine.handle_confirmation import answer_refused
from broker.engine.state import Case, Phase, SwitchCase
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import (
    ConfirmationReceived,
    Event,
    InaccessibilityReported,
    ObjectionReceived,
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
from broker.messages.reasons import Reason, Refusal

_COMPLETED = (Phase.COMPLETED, Phase.COMPLETED_UNSETTLED)

SWITCH: Process = {
    Phase.NEW: {
        SwitchRequestReceived: Transition(
            request.take_in,
            (
                Phase.REJECTED,
                Phase.AWAITING_CONFIRMATION,
                Phase.AWAITING_APPROVAL,
                Phase.AWAITING_READING,
            ),
        ),
    },
    Phase.AWAITING_APPROVAL: {
        WithdrawalReceived: Transition(
            claims.withdraw, (Phase.WITHDRAWN, Phase.COLLECTING_CLAIMS, Phase.REJECTED)
        ),
        DeadlineKind.END_OF_HOLD: Transition(
            request.end_hold, (Phase.AWAITING_READING, Phase.REJECTED, Phase.AWAITING_APPROVAL)
        ),
        DeadlineKind.DECISION: Transition(
            request.decide_for_the_operator,
            (Phase.AWAITING_READING, Phase.REJECTED, Phase.AWAITING_APPROVAL),
        ),
        RequestApprovedByOperator: Transition(request.operator_approves, (Phase.AWAITING_READING,)),
        RequestRejectedByOperator: Transition(request.operator_rejects, (Phase.REJECTED,)),
        PointChanged: Transition(
            request.check_again,
            (Phase.AWAITING_READING, Phase.REJECTED, Phase.AWAITING_APPROVAL),
        ),
        OneOffDaysChanged: Transition(request.redate_decision, (Phase.AWAITING_APPROVAL,)),
    },
    Phase.AWAITING_READING: {
        ReadingReceived: Transition(
            reading.take_in,
            (Phase.COMPLETED, Phase.COMPLETED_UNSETTLED, Phase.READING_UNDER_REVIEW),
        ),
        InaccessibilityReported: Transition(operator.take_over, (Phase.AWAITING_READING,)),
        SiteVisitPlannedByOperator: Transition(operator.plan_visit, (Phase.AWAITING_READING,)),
        SiteFoundInaccessible: Transition(reading.fail_inaccessible, (Phase.FAILED,)),
        PointChanged: Transition(point.follow, (Phase.AWAITING_READING,)),
        DeadlineKind.REMOTE_READING: Transition(
            reading.order_again, (Phase.AWAITING_READING, Phase.FAILED)
        ),
        DeadlineKind.END_OF_READING_PERIOD: Transition(reading.fail_without, (Phase.FAILED,)),
    },
    Phase.READING_UNDER_REVIEW: {
        ReadingReceived: Transition(reading.take_in_another, _COMPLETED),
        ReadingAcceptedByOperator: Transition(reading.operator_accepts, _COMPLETED),
        ReadingRefusedByOperator: Transition(reading.operator_refuses, (Phase.AWAITING_READING,)),
        DeadlineKind.END_OF_READING_PERIOD: Transition(
            reading.close_period, (Phase.PERIOD_OVER_UNDER_REVIEW,)
        ),
        PointChanged: Transition(point.follow_under_review, (Phase.READING_UNDER_REVIEW,)),
        OneOffDaysChanged: Transition(reading.redate_review, (Phase.READING_UNDER_REVIEW,)),
    },
    Phase.PERIOD_OVER_UNDER_REVIEW: {
        ReadingAcceptedByOperator: Transition(reading.operator_accepts, _COMPLETED),
        ReadingRefusedByOperator: Transition(reading.operator_refuses_at_last, (Phase.FAILED,)),
        DeadlineKind.READING_REVIEW: Transition(reading.fail_unaccepted, (Phase.FAILED,)),
        PointChanged: Transition(point.note, (Phase.PERIOD_OVER_UNDER_REVIEW,)),
        OneOffDaysChanged: Transition(reading.redate_review, (Phase.PERIOD_OVER_UNDER_REVIEW,)),
    },
    Phase.COMPLETED_UNSETTLED: {
        DeadlineKind.FINAL_SETTLEMENT: Transition(settle.deliver, (Phase.COMPLETED,)),
        SwitchCorrected: Transition(settle.leave_to_correction, (Phase.COMPLETED,)),
        OneOffDaysChanged: Transition(settle.redate, (Phase.COMPLETED_UNSETTLED,)),
    },
    Phase.COMPLETED: {},
    Phase.REJECTED: {},
    Phase.WITHDRAWN: {},
    Phase.FAILED: {},
}


def refusal_by_name(case: Case, event: Event) -> Refusal:
    """Why no table lists this event in this phase (A13, A26, B6, interpretation 14)."""
    if case.ended_at is not None:
        return Refusal(reason=Reason.CASE_HAS_ENDED)
    match event:
        case WithdrawalReceived():
            return Refusal(reason=Reason.WITHDRAWAL_AFTER_APPROVAL)
        case ConfirmationReceived() if isinstance(case, SwitchCase):
            return answer_refused(case, event.confirmation.header.sender)
        case ObjectionReceived() if isinstance(case, SwitchCase):
            return answer_refused(case, event.objection.header.sender)
        case ReadingReceived():
            return Refusal(reason=Reason.READING_OUTSIDE_PERIOD, place="/MeterReading/TakenAt")
        case _:
            return Refusal(reason=Reason.NOT_POSSIBLE_IN_THIS_STATE)
