"""The customer's request that suppliers confirm, as a table: what can happen until it counts.

When the request counts as confirmed the case goes on in the phases of the change of supplier.
"""

from broker.engine import handle_confirmation as confirmation
from broker.engine import handle_request as request
from broker.engine.decision import Process, Transition
from broker.engine.state import Phase
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import (
    ConfirmationReceived,
    ObjectionReceived,
    ObjectionsDismissedByOperator,
    ObjectionUpheldByOperator,
    OneOffDaysChanged,
    PointChanged,
    SharedSupplyRequestReceived,
    WithdrawalReceived,
)

_CONFIRMED = (Phase.AWAITING_READING, Phase.AWAITING_APPROVAL, Phase.REJECTED)

CONFIRMATION: Process = {
    Phase.NEW: {
        SharedSupplyRequestReceived: Transition(
            request.take_in, (Phase.AWAITING_CONFIRMATION, Phase.REJECTED)
        ),
    },
    Phase.AWAITING_CONFIRMATION: {
        ConfirmationReceived: Transition(
            confirmation.confirm,
            (Phase.AWAITING_CONFIRMATION, *_CONFIRMED, Phase.AWAITING_OBJECTION_DECISION),
        ),
        ObjectionReceived: Transition(
            confirmation.object_to,
            (Phase.AWAITING_CONFIRMATION, Phase.AWAITING_OBJECTION_DECISION),
        ),
        WithdrawalReceived: Transition(request.withdraw, (Phase.WITHDRAWN,)),
        DeadlineKind.END_OF_OBJECTIONS: Transition(
            confirmation.end_objections, (*_CONFIRMED, Phase.AWAITING_OBJECTION_DECISION)
        ),
        PointChanged: Transition(
            request.check_again_undecided, (Phase.AWAITING_CONFIRMATION, Phase.REJECTED)
        ),
        OneOffDaysChanged: Transition(confirmation.redate, (Phase.AWAITING_CONFIRMATION,)),
    },
    Phase.AWAITING_OBJECTION_DECISION: {
        ConfirmationReceived: Transition(
            confirmation.take_back, (Phase.AWAITING_OBJECTION_DECISION, *_CONFIRMED)
        ),
        ObjectionsDismissedByOperator: Transition(confirmation.dismiss, _CONFIRMED),
        ObjectionUpheldByOperator: Transition(confirmation.uphold, (Phase.REJECTED,)),
        DeadlineKind.OBJECTION_DECISION: Transition(
            confirmation.reject_undecided, (Phase.REJECTED,)
        ),
        WithdrawalReceived: Transition(request.withdraw, (Phase.WITHDRAWN,)),
        PointChanged: Transition(
            request.check_again_undecided, (Phase.AWAITING_OBJECTION_DECISION, Phase.REJECTED)
        ),
        OneOffDaysChanged: Transition(
            confirmation.redate_decision, (Phase.AWAITING_OBJECTION_DECISION,)
        ),
    },
}
