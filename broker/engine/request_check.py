"""What a rule may look at when a switch request is checked, and what it may find."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from broker.engine.facts import Facts, PointFacts
from broker.engine.plan import NoPlan, plan_switch
from broker.engine.rulebook import Rulebook
from broker.messages.codes import Direction
from broker.messages.identifiers import Eic
from broker.messages.reasons import Refusal
from broker.messages.records import NOTHING_CHANGES, Doubt, Plan, Supply, SupplyChanges
from broker.messages.requests import ChosenSupplier, SupplyContract, SwitchRequest

Finding = Refusal | Doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCheck:
    """What a rule may look at: the request, the day it came, the day of the check, the facts."""

    request: SwitchRequest
    received_on: date
    approved_on: date
    facts: Facts
    rules: Rulebook

    @property
    def point(self) -> PointFacts | None:
        """The point of the request, where all its numbers name the same one."""
        point = self.facts.point
        return point if point is not None and point.is_named_by(self.request.point) else None

    @property
    def changes(self) -> SupplyChanges:
        """What ends and begins where the chosen supplier is not the present one.

        Source: interpretation 13 (002 a.193).
        """
        point = self.point
        if point is None:
            return NOTHING_CHANGES
        changing = [
            chosen
            for chosen in self.request.chosen
            if chosen.direction in point.directions
            and point.supplier_of(chosen.direction) != chosen.supplier
        ]
        return SupplyChanges(
            ends=tuple(
                _supply(point, one.direction, one.supplier, one.share)
                for chosen in changing
                for one in point.supplies
                if one.direction is chosen.direction
                and one.supplier == point.supplier_of(chosen.direction)
            ),
            begins=tuple(
                _supply(point, one.direction, one.supplier, one.share) for one in changing
            ),
        )

    @property
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
        changing = {supply.direction for supply in self.changes.begins}
        return tuple(
            (chosen, chosen.contract)
            for chosen in self.request.chosen
            if chosen.contract is not None and chosen.direction in changing
        )


def _supply(
    point: PointFacts, direction: Direction, supplier: Eic, share: Decimal | None
) -> Supply:
    """A supply of this point; without a share it is for the whole (A9)."""
    return Supply(
        accounting_point=point.accounting_point,
        metering_site=point.metering_site,
        direction=direction,
        supplier=supplier,
        share=Decimal(1) if share is None else share,
    )


def same_name(one: str, other: str) -> bool:
    """Whether two names agree, case, spaces and dots aside (A9)."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return "".join(ch for ch in name.casefold() if not ch.isspace() and ch != ".")
