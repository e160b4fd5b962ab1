"""What happened while suppliers confirmed a customer's request or objected to it (B6, B7)."""

from dataclasses import dataclass
from datetime import datetime

from broker.messages.deadlines import Deadline
from broker.messages.identifiers import Eic
from broker.messages.requests import Objection, SupplyConfirmation


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationAsked:
    """Every supplier named in the customer's request was asked to confirm it (B6)."""

    at: datetime
    suppliers: tuple[Eic, ...]
    end_of_objections: Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyConfirmed:
    """A supplier named confirmed the request, perhaps taking an objection back (B6)."""

    at: datetime
    confirmation: SupplyConfirmation


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyObjected:
    """A supplier named objected to the request (B6)."""

    at: datetime
    objection: Objection


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionsLeftToOperator:
    """An objection stands when no more can come: the operator decides (B7, interpretation 4)."""

    at: datetime
    decision: Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionsDismissed:
    """The operator rejected the objections, with its reasons (B7)."""

    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionUpheld:
    """The operator found the objection of this supplier justified (B7)."""

    at: datetime
    by: str
    why: str
    supplier: Eic
