"""What the engine answers to an event: a decision, or a refusal that changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from broker.engine.facts import Facts
from broker.engine.rulebook import Rulebook
from broker.engine.state import Case, Phase, SwitchCase
from broker.messages.deadlines import Deadline, DeadlineKind
from broker.messages.events import Event
from broker.messages.identifiers import CaseId
from broker.messages.notices import Notice
from broker.messages.reasons import Refusal
from broker.messages.records import Record
from broker.messages.register_changes import EntryOfCase

FOLLOW_UPS_MAX = 100
"""How many events for other cases one decision may bring into its transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """What a decision means for another case at the delivery point, taken in the same moment."""

    case_id: CaseId
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What happened (records), who is told (notices), what is open afterwards (deadlines).

    `deadlines` is the complete set; the store works out the difference.
    """

    state: Case
    records: tuple[Record, ...]
    notices: tuple[Notice, ...]
    register_changes: tuple[EntryOfCase, ...]
    follow_ups: tuple[FollowUp, ...] = ()

    def __post_init__(self) -> None:
        if len(self.follow_ups) > FOLLOW_UPS_MAX:
            raise AssertionError(f"{len(self.follow_ups)} follow-ups, at most {FOLLOW_UPS_MAX}")

    @property
    def switch(self) -> SwitchCase:
        """The state, for who knows that the case is a switch."""
        if not isinstance(self.state, SwitchCase):
            raise AssertionError(f"case {self.state.case_id} is no switch")
        return self.state

    @property
    def deadlines(self) -> tuple[Deadline, ...]:
        """The complete set of deadlines open afterwards."""
        return self.state.deadlines

    def then(self, next_one: "Decision") -> "Decision":
        """Both, the second decided on the state the first left."""
        return Decision(
            state=next_one.state,
            records=self.records + next_one.records,
            notices=self.notices + next_one.notices,
            register_changes=self.register_changes + next_one.register_changes,
            follow_ups=self.follow_ups + next_one.follow_ups,
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """The event cannot be taken by the case in this state; nothing has changed."""

    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What every handler is given besides case and event: the facts, the time, the rulebook."""

    facts: Facts
    now: datetime
    rules: Rulebook


@dataclass(frozen=True, slots=True)
class Transition:
    """One entry of a process table: who handles the event, in which phases the case may end up."""

    handler: Callable[[Any, Any, Circumstances], Decision | Refused]
    to: tuple[Phase, ...]


Trigger = type | DeadlineKind
Process = dict[Phase, dict[Trigger, Transition]]
