"""The correction of a switch that was carried out wrongly, as a table (D3).

It is examined and carried out at once or refused as a message; what can be left is a settlement of
measured power that is not due yet. The corrected switch stays where it ended.
"""

from broker.engine import correct
from broker.engine.decision import Process, Transition
from broker.engine.state import Phase
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import CorrectionReceived, OneOffDaysChanged

CORRECTION: Process = {
    Phase.NEW: {
        CorrectionReceived: Transition(
            correct.put_right, (Phase.COMPLETED, Phase.COMPLETED_UNSETTLED)
        ),
    },
    Phase.COMPLETED_UNSETTLED: {
        DeadlineKind.FINAL_SETTLEMENT: Transition(correct.settle, (Phase.COMPLETED,)),
        OneOffDaysChanged: Transition(correct.redate, (Phase.COMPLETED_UNSETTLED,)),
    },
    Phase.COMPLETED: {},
}
