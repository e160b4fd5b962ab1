"""The collection of claims for one delivery point, as a table: what can happen until it closes.

When the shares add up to exactly one the case goes on in the phases of the change of supplier.
"""

from broker.engine import handle_claims as claims
from broker.engine import handle_request as request
from broker.engine.decision import Process, Transition
from broker.engine.state import Phase
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import (
    OneOffDaysChanged,
    PointChanged,
    ShareClaimReceived,
    ShareClaimRefused,
    WithdrawalReceived,
)

_CLOSED = (Phase.AWAITING_READING, Phase.AWAITING_APPROVAL, Phase.REJECTED)

CLAIMS: Process = {
    Phase.NEW: {
        ShareClaimReceived: Transition(
            claims.take_in,
            (
                Phase.COLLECTING_CLAIMS,
                Phase.AWAITING_APPROVAL,
                Phase.AWAITING_READING,
                Phase.REJECTED,
            ),
        ),
        ShareClaimRefused: Transition(claims.refuse, (Phase.REJECTED,)),
    },
    Phase.COLLECTING_CLAIMS: {
        ShareClaimReceived: Transition(claims.take_in, (Phase.COLLECTING_CLAIMS, *_CLOSED)),
        WithdrawalReceived: Transition(
            claims.withdraw, (Phase.COLLECTING_CLAIMS, *_CLOSED, Phase.WITHDRAWN)
        ),
        DeadlineKind.END_OF_CLAIMS: Transition(claims.end_collection, (Phase.REJECTED,)),
        PointChanged: Transition(
            request.check_again_undecided, (Phase.COLLECTING_CLAIMS, Phase.REJECTED)
        ),
        OneOffDaysChanged: Transition(claims.redate, (Phase.COLLECTING_CLAIMS,)),
    },
}
