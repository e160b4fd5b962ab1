"""Deadlines of a case: what must have happened by when, and which article says so."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class DeadlineKind(Enum):
    """What a deadline is about; the engine reacts to each by name."""

    END_OF_HOLD = "end_of_hold"
    END_OF_CLAIMS = "end_of_claims"
    END_OF_OBJECTIONS = "end_of_objections"
    OBJECTION_DECISION = "objection_decision"
    DECISION = "decision"
    END_OF_READING_PERIOD = "end_of_reading_period"
    READING_REVIEW = "reading_review"
    REMOTE_READING = "remote_reading"
    FINAL_SETTLEMENT = "final_settlement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One open deadline of a case, all instants in UTC.

    `act_at` is when the broker acts by itself, `limit` the law's last instant (never earlier),
    `warn_at` when a person who must decide is warned, `rule` and `article` its legal source.
    """

    kind: DeadlineKind
    act_at: datetime
    limit: datetime
    warn_at: datetime | None
    rule: str
    article: str
