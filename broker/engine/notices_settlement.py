"""What a switch carried out leaves to settle, and who is told that the register changed.

Each old supplier is settled for its own share and directions (A24, A30, B11), and loses sight of
the point (A32); a supplier that stays is told where the payer changed (A35).
"""

from dataclasses import replace
from datetime import date

from broker.engine.addressees import (
    Told,
    addressee,
    as_old,
    new_suppliers,
    of_no_case,
    old_suppliers,
    told,
)
from broker.engine.divide import divide
from broker.engine.facts import Facts
from broker.engine.rules_reading import direction_of, measures
from broker.engine.state import SwitchCase
from broker.messages.codes import BillingReason, Direction, RegisterChangeKind
from broker.messages.notices import FinalSettlement, Notice, RegisterChangeNotice
from broker.messages.settlements import SettledRegister, Settlement


def final_settlements(case: SwitchCase, facts: Facts) -> tuple[Notice, ...]:
    """The final settlement to each old supplier, of its own share and directions.

    Who pays the network charge concerns the supplier of consumption: it alone is told that the
    payer changed too, and where it stays it is settled for that reason only.
    Source: A24, A30, A35, B11 (002 a.200(1), a.203, a.132, a.210(6)).
    """
    settlement = _settlement(case)
    of_production = replace(settlement, reason=BillingReason.CHANGE_OF_SUPPLIER)
    to_old = [
        FinalSettlement(
            to=as_old(case, one.supplier.eic),
            point=one.point,
            old_supplier=one.supplier,
            settlement=_own_part(
                case,
                settlement if Direction.CONSUMPTION in one.supplier.directions else of_production,
                one,
            ),
        )
        for one in old_suppliers(case, facts)
    ]
    to_kept = [
        FinalSettlement(
            to=of_no_case(one.supplier.eic),
            point=one.point,
            supplier=one.supplier,
            settlement=_own_part(case, settlement, one),
        )
        for one in _kept_by_another_payer(case, facts)
    ]
    return (*to_old, *to_kept)


def register_changes(case: SwitchCase, on: date, facts: Facts) -> tuple[Notice, ...]:
    """The register was changed: with this the old supplier loses sight of the point (A32).

    A supplier of consumption that stays is told that the payer changed (A32, A35).
    """
    to_old = [
        RegisterChangeNotice(
            to=as_old(case, one.supplier.eic),
            point=one.point,
            change=RegisterChangeKind.SUPPLIER,
            effective_on=on,
        )
        for one in old_suppliers(case, facts)
    ]
    to_kept = [
        RegisterChangeNotice(
            to=of_no_case(one.supplier.eic),
            point=one.point,
            change=RegisterChangeKind.PAYER,
            effective_on=on,
        )
        for one in _kept_by_another_payer(case, facts)
    ]
    return (*to_old, *to_kept)


def register_change_to_new(
    case: SwitchCase, change: RegisterChangeKind, on: date, facts: Facts
) -> tuple[Notice, ...]:
    """The switch was undone: with this the new supplier loses sight of the point (A32)."""
    return tuple(
        RegisterChangeNotice(
            to=replace(addressee(case, one.supplier.eic), reference=None),
            point=one.point,
            change=change,
            effective_on=on,
        )
        for one in new_suppliers(case, facts)
    )


def of_directions(settlement: Settlement, directions: tuple[Direction, ...]) -> Settlement:
    """The registers of these directions, of every meter that measured one."""
    removed = tuple(
        replace(one, registers=_of(one.registers, directions)) for one in settlement.removed_meters
    )
    return replace(
        settlement,
        registers=_of(settlement.registers, directions),
        removed_meters=tuple(one for one in removed if one.registers),
    )


def _own_part(case: SwitchCase, settlement: Settlement, to: Told) -> Settlement:
    """The supplier's own directions, and of consumption its own share (interpretation 9)."""
    own = of_directions(settlement, to.supplier.directions)
    return replace(
        own,
        registers=tuple(_share_of(case, one, to) for one in own.registers),
        removed_meters=tuple(
            replace(meter, registers=tuple(_share_of(case, one, to) for one in meter.registers))
            for meter in own.removed_meters
        ),
    )


def _share_of(case: SwitchCase, measured: SettledRegister, to: Told) -> SettledRegister:
    """What a register of consumption measured, divided by share, in whole kWh that add up (B11)."""
    if direction_of(measured.register) is Direction.PRODUCTION or measured.quantity_kwh is None:
        return measured
    consuming = [
        one
        for one in (*case.changes.ends, *case.changes.stays)
        if one.direction is Direction.CONSUMPTION
    ]
    consuming.sort(key=lambda one: (one.accounting_point, one.supplier))
    parts = divide(measured.quantity_kwh, [one.share for one in consuming])
    own = (to.point.accounting_point, to.supplier.eic)
    return next(
        replace(measured, quantity_kwh=part)
        for part, one in zip(parts, consuming, strict=True)
        if (one.accounting_point, one.supplier) == own
    )


def _kept_by_another_payer(case: SwitchCase, facts: Facts) -> tuple[Told, ...]:
    """The supplier of consumption where it stays and the payer changes (interpretation 13)."""
    if _settlement(case).reason is not BillingReason.CHANGE_OF_PAYER:
        return ()
    return told(case.changes.stays, facts)


def _settlement(case: SwitchCase) -> Settlement:
    if case.settlement is None:
        raise AssertionError("a switch carried out has a settlement")
    return case.settlement


def _of(
    registers: tuple[SettledRegister, ...], directions: tuple[Direction, ...]
) -> tuple[SettledRegister, ...]:
    return tuple(one for one in registers if measures(one.register, directions))
