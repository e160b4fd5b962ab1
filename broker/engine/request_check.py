"""What a rule may look at when a request or a claim is checked, and what it may find."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from broker.engine.facts import Facts, PointFacts, SupplyFacts
from broker.engine.plan import NoPlan, contracts_of, plan_switch
from broker.engine.rulebook import Rulebook
from broker.engine.state import DIVIDING
from broker.messages.codes import Direction
from broker.messages.reasons import Refusal
from broker.messages.records import NOTHING_CHANGES, Doubt, Plan, Supply, SupplyChanges
from broker.messages.requests import ChosenSupplier, SupplyContract, SwitchRequest

Finding = Refusal | Doubt


@dataclass(frozen=True, kw_only=True)
class RequestCheck:
    """What a rule may look at: the request, the day it came, the day of the check, the facts.

    `execution_from` is the day from which the period for carrying out runs, None where it is that
    of receipt (interpretation 1); `claims` all claims that are decided together, this one among
    them, empty for a request; `jointly` that they are complete and planned as one.
    What follows from these is worked out once, however many rules ask for it.
    """

    request: SwitchRequest
    received_on: date
    approved_on: date
    facts: Facts
    rules: Rulebook
    execution_from: date | None = None
    claims: tuple[SwitchRequest, ...] = ()
    jointly: bool = False

    @cached_property
    def point(self) -> PointFacts | None:
        """The point of the request, where all its numbers name the same one."""
        named = self.request.point
        return next((one for one in self.facts.points if one.is_named_by(named)), None)

    @cached_property
    def divides(self) -> bool:
        """Whether consumption is divided anew, among suppliers with a point each (B1, B5, B9)."""
        return self.request.header.kind in DIVIDING

    @cached_property
    def division(self) -> tuple[ChosenSupplier, ...]:
        """The suppliers of consumption of the whole new division, as far as it has been named."""
        return tuple(
            chosen
            for request in self.claims or (self.request,)
            for chosen in request.chosen
            if chosen.direction is Direction.CONSUMPTION
        )

    @cached_property
    def present_division(self) -> tuple[SupplyFacts, ...]:
        """The supplies of consumption at the meter of the point, also of other points there."""
        return () if self.point is None else self.facts.supplies_at_meter(self.point)

    @cached_property
    def changes(self) -> SupplyChanges:
        """What ends and begins where the chosen supplier is not the present one.

        The new points of a division get their numbers when it is approved; until then its
        supplies stand at the point of the request.
        Source: interpretations 5, 7 and 13 (002 a.192, a.193).
        """
        point = self.point
        if point is None:
            return NOTHING_CHANGES
        ends: list[SupplyFacts] = []
        begins: list[Supply] = []
        for chosen in self.request.chosen:
            if chosen.direction not in point.directions:
                continue
            ending = self.ended_by(chosen)
            if not self._divided(chosen) and [s.supplier for s in ending] == [chosen.supplier]:
                continue
            ends += [one for one in ending if one not in ends]
            share = Decimal(1) if chosen.share is None else chosen.share
            begins.append(
                Supply(
                    accounting_point=point.accounting_point,
                    metering_site=point.metering_site,
                    direction=chosen.direction,
                    supplier=chosen.supplier,
                    share=share,
                )
            )
        stays = [one for one in self.present_division if one not in ends]
        return SupplyChanges(
            ends=tuple(self._recorded(one) for one in ends),
            begins=tuple(begins),
            stays=tuple(self._recorded(one) for one in stays),
        )

    def ended_by(self, chosen: ChosenSupplier) -> tuple[SupplyFacts, ...]:
        """The supplies that end if this supplier is chosen, none where its share fits none.

        A division and a request for the whole end all supply of consumption at the meter, the
        recorded share of the point that supply alone.
        Source: B1, B5, interpretations 5 and 7 (002 a.192).
        """
        point = self.point
        if point is None:
            return ()
        own = tuple(one for one in point.supplies if one.direction is chosen.direction)
        whole = chosen.share is None or chosen.share == 1
        if self._divided(chosen):
            return self.present_division
        if len(own) == 1 and (1 if whole else chosen.share) == own[0].share:
            return own
        if whole and chosen.direction is Direction.CONSUMPTION:
            return self.present_division
        return ()

    def share_fits(self, chosen: ChosenSupplier) -> bool:
        """Whether the share is the recorded one of the point, or the whole (interpretation 7)."""
        return chosen.share is None or chosen.share == 1 or bool(self.ended_by(chosen))

    @cached_property
    def plan(self) -> Plan | NoPlan | None:
        """The plan if approved on the day of the check; None while the point is not identified."""
        return self._plan_for(self.claims if self.jointly else (self.request,))

    @cached_property
    def plans_alone(self) -> tuple[Plan | NoPlan | None, ...]:
        """The plan of this claim as its own contract allows, then those of the others."""
        others = (one for one in self.claims if one.header.sender != self.request.header.sender)
        return tuple(self._plan_for((one,)) for one in (self.request, *others))

    def _plan_for(self, requests: tuple[SwitchRequest, ...]) -> Plan | NoPlan | None:
        """The plan that the contracts of these allow.

        Of claims with different requested dates the latest holds for all (interpretation 11).
        """
        point = self.point
        if point is None:
            return None
        together = self.claims if self.jointly else requests
        dates = [one.requested_date for one in together if one.requested_date]
        changing = {supply.direction for supply in self.changes.begins}
        return plan_switch(
            max(dates, default=None),
            tuple(one for request in requests for one in contracts_of(request, changing)),
            begun=self.received_on,
            starts_on=self.execution_from or self.received_on,
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

    def _divided(self, chosen: ChosenSupplier) -> bool:
        return self.divides and chosen.direction is Direction.CONSUMPTION

    def _recorded(self, supply: SupplyFacts) -> Supply:
        """A present supply, with the site of its point."""
        sites = {one.accounting_point: one.metering_site for one in self.facts.points}
        return Supply(
            accounting_point=supply.accounting_point,
            metering_site=sites[supply.accounting_point],
            direction=supply.direction,
            supplier=supply.supplier,
            share=supply.share,
        )


def same_name(one: str, other: str) -> bool:
    """Whether two names agree, case, spaces and dots aside (A9)."""
    return bare_name(one) == bare_name(other)


def bare_name(name: str) -> str:
    """What is compared of a name: case, spaces and dots aside (A9)."""
    return "".join(name.casefold().split()).replace(".", "")
