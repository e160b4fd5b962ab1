"""The one entry of the engine: what an event means for a case. Pure and total."""

from datetime import datetime

from broker.engine.decision import Circumstances, Decision, Process, Refused, Trigger
from broker.engine.facts import Facts
from broker.engine.process_correction import CORRECTION
from broker.engine.process_switch import SWITCH, refusal_by_name
from broker.engine.rulebook import Rulebook
from broker.engine.state import Case, CorrectionCase, Phase
from broker.messages.events import CorrectionReceived, DeadlineReached, Event
from broker.messages.reasons import Reason, Refusal


def decide(
    state: Case | None, event: Event, *, facts: Facts, now: datetime, rules: Rulebook
) -> Decision | Refused:
    """The decision on this event, or why the case cannot take it; `state` None opens a case.

    `now` is the receipt of a message, and for a deadline the clock at processing.
    """
    transition = _process(state, event)[state.phase if state else Phase.NEW].get(_trigger(event))
    if transition is None:
        if state is None:
            return Refused((Refusal(reason=Reason.NO_ONGOING_SWITCH),))
        return Refused((refusal_by_name(state, event),))
    outcome = transition.handler(state, event, Circumstances(facts=facts, now=now, rules=rules))
    if isinstance(outcome, Decision) and outcome.state.phase not in transition.to:
        raise AssertionError(f"{outcome.state.phase} is not among {transition.to}")
    return outcome


def _process(state: Case | None, event: Event) -> Process:
    """The table of the case, of a new one the table of what opens it."""
    opened_by_correction = state is None and isinstance(event, CorrectionReceived)
    if opened_by_correction or isinstance(state, CorrectionCase):
        return CORRECTION
    return SWITCH


def _trigger(event: Event) -> Trigger:
    return event.kind if isinstance(event, DeadlineReached) else type(event)
