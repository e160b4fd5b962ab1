"""The one entry of the engine: what an event means for a case. Pure and total."""

from datetime import datetime

from broker.engine.decision import (
    Circumstances,
    Decision,
    Process,
    Refused,
    Transition,
    Trigger,
)
from broker.engine.facts import Facts
from broker.engine.process_claims import CLAIMS
from broker.engine.process_confirmation import CONFIRMATION
from broker.engine.process_correction import CORRECTION
from broker.engine.process_switch import SWITCH, refusal_by_name
from broker.engine.rulebook import Rulebook
from broker.engine.state import Case, CorrectionCase, Phase
from broker.messages.events import DeadlineReached, Event
from broker.messages.reasons import Reason, Refusal


def decide(
    state: Case | None, event: Event, *, facts: Facts, now: datetime, rules: Rulebook
) -> Decision | Refused:
    """The decision on this event, or why the case cannot take it; `state` None opens a case.

    `now` is the receipt of a message, and for a deadline the clock at processing.
    """
    phase = state.phase if state else Phase.NEW
    transition = transition_of(phase, _trigger(event), processes_of(state))
    if transition is None:
        if state is None:
            return Refused((Refusal(reason=Reason.NO_ONGOING_SWITCH),))
        return Refused((refusal_by_name(state, event),))
    outcome = transition.handler(state, event, Circumstances(facts=facts, now=now, rules=rules))
    if isinstance(outcome, Decision) and outcome.state.phase not in transition.to:
        raise AssertionError(f"{outcome.state.phase} is not among {transition.to}")
    return outcome


OF_SWITCHES = (SWITCH, CLAIMS, CONFIRMATION)
"""The tables of a switch, which together say of every phase what can happen in it."""
PROCESSES = (*OF_SWITCHES, CORRECTION)
"""All tables."""


def processes_of(state: Case | None) -> tuple[Process, ...]:
    """The tables of the case; before there is one all, of which one lists what opens it."""
    if state is None:
        return PROCESSES
    return (CORRECTION,) if isinstance(state, CorrectionCase) else OF_SWITCHES


def transition_of(
    phase: Phase, trigger: Trigger, processes: tuple[Process, ...]
) -> Transition | None:
    """What a table lists for this trigger in this phase, None where none does."""
    found = (process[phase].get(trigger) for process in processes if phase in process)
    return next((one for one in found if one is not None), None)


def _trigger(event: Event) -> Trigger:
    return event.kind if isinstance(event, DeadlineReached) else type(event)
