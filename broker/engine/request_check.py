"""What a rule may look at when a switch request is checked, and what it may find."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from broker.engine.facts import Facts, PointFacts
from broker.engine.plan import NoPlan, plan_switch
from broker.engine.rulebook import Rulebook
from broker.messages.reasons import Refusal
from broker.messages.records import DirectionChange, Doubt, Plan
from broker.messages.requests import ChosenSupplier, SupplyContract, SwitchRequest

Finding = Refusal | Doubt


@dataclass(frozen=True, kw_only=True)
class RequestCheck:
    """What a rule may look at: the request, the day it came, the day of the check, the facts.

    What follows from these is worked out once, however many rules ask for it.
    """

    request: SwitchRequest
    received_on: date
    approved_on: date
    facts: Facts
    rules: Rulebook

    @cached_property
    def point(self) -> PointFacts | None:
        """The point of the request, where all its numbers name the same one."""
        point = self.facts.point
        return point if point is not None and point.is_named_by(self.request.point) else None

    @cached_property
    def changes(self) -> tuple[DirectionChange, ...]:
        """Directions whose chosen supplier is not the present one (interpretation 13)."""
        point = self.point
        if point is None:
            return ()
        return tuple(
            DirectionChange(
                direction=chosen.direction,
                old=point.supplier_of(chosen.direction),
                new=chosen.supplier,
            )
            for chosen in self.request.chosen
            if chosen.direction in point.directions
            and point.supplier_of(chosen.direction) != chosen.supplier
        )

    @cached_property
    def plan(self) -> Plan | NoPlan | None:
        """The plan if approved on the day of the check; None while the point is not identified."""
        point = self.point
        if point is None:
            return None
        return plan_switch(
            self.request,
            self.changes,
            received_on=self.received_on,
            approved_on=self.approved_on,
            point=point,
            rules=self.rules,
        )

    def chosen_place(self, chosen: ChosenSupplier) -> str:
        """The place of a chosen supplier in the message."""
        return f"/SwitchRequest/ChosenSupplier[{self.request.chosen.index(chosen) + 1}]"

    def new_contracts(self) -> tuple[tuple[ChosenSupplier, SupplyContract], ...]:
        """The chosen suppliers of directions that change, with their contracts."""
        changing = {change.direction for change in self.changes}
        return tuple(
            (chosen, chosen.contract)
            for chosen in self.request.chosen
            if chosen.contract is not None and chosen.direction in changing
        )


def same_name(one: str, other: str) -> bool:
    """Whether two names agree, case, spaces and dots aside (A9)."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return "".join(ch for ch in name.casefold() if not ch.isspace() and ch != ".")
