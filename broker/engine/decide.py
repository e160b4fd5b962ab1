"""The one entry of the engine: what an event means for a case. Pure and total."""

from datetime import datetime

from broker.engine.decision import Circumstances, Decision, Refused, Transition, Trigger
from broker.engine.facts import Facts
from broker.engine.process_claims import CLAIMS
from broker.engine.process_confirmation import CONFIRMATION
from broker.engine.process_switch import SWITCH, refusal_by_name
from broker.engine.rulebook import Rulebook
from broker.engine.state import Phase, SwitchCase
from broker.messages.events import DeadlineReached, Event
from broker.messages.reasons import Reason, Refusal


def decide(
    state: SwitchCase | None, event: Event, *, facts: Facts, now: datetime, rules: Rulebook
) -> Decision | Refused:
    """The decision on this event, or why the case cannot take it; `state` None opens a case.

    `now` is the receipt of a message, and for a deadline the clock at processing.
    """
    transition = transition_of(state.phase if state else Phase.NEW, _trigger(event))
    if transition is None:
        if state is None:
            return Refused((Refusal(reason=Reason.NO_ONGOING_SWITCH),))
        return Refused((refusal_by_name(state, event),))
    outcome = transition.handler(state, event, Circumstances(facts=facts, now=now, rules=rules))
    if isinstance(outcome, Decision) and outcome.state.phase not in transition.to:
        raise AssertionError(f"{outcome.state.phase} is not among {transition.to}")
    return outcome


PROCESSES = (SWITCH, CLAIMS, CONFIRMATION)
"""The tables, which together say of every phase what can happen in it."""


def transition_of(phase: Phase, trigger: Trigger) -> Transition | None:
    """What a table lists for this trigger in this phase, None where none does."""
    found = (process[phase].get(trigger) for process in PROCESSES if phase in process)
    return next((one for one in found if one is not None), None)


def _trigger(event: Event) -> Trigger:
    return event.kind if isinstance(event, DeadlineReached) else type(event)
