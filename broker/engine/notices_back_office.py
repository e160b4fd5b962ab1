"""What the operator's own back office is told of a switch: everything it books."""

from broker.engine.addressees import name_of, named_point
from broker.engine.calendar import local_day
from broker.engine.facts import Facts
from broker.engine.state import SwitchCase
from broker.messages.codes import Direction, Role
from broker.messages.identifiers import Eic
from broker.messages.notices import Addressee, ExecutedDirection, SwitchExecuted
from broker.messages.records import Supply
from broker.messages.requests import MeterReading


def execution(case: SwitchCase, reading: MeterReading, facts: Facts) -> SwitchExecuted:
    """The switch carried out, to the operator's mailbox: it settles, bills and keeps the contract.

    Source: A27, A35, B9, interpretation 9 (002 a.132, a.170(1), a.192(4), a.200(4)).
    """
    request = case.request
    sent_it = request.header.sender == facts.operator
    pairs = _pairs(case)
    return SwitchExecuted(
        to=Addressee(
            party=facts.operator,
            role=Role.GRID_OPERATOR,
            case_id=case.case_id,
            reference=request.header.message_id if sent_it else None,
        ),
        point=named_point(request),
        switch_date=local_day(reading.taken_at),
        directions=tuple(_executed(case, old, new, facts) for old, new in pairs),
        payer=request.network_charge_payer,
        serial_number=reading.serial_number,
        registers=reading.registers,
        obtained_by=reading.obtained_by,
    )


def _pairs(case: SwitchCase) -> list[tuple[Supply | None, Supply | None]]:
    """Each supply that begins with the one whose place it takes; the others alone."""
    ends = list(case.changes.ends)
    pairs: list[tuple[Supply | None, Supply | None]] = []
    for new in case.changes.begins:
        replaced = [old for old in ends if _place(old) == _place(new)]
        old = replaced[0] if len(replaced) == 1 else None
        if old is not None:
            ends.remove(old)
        pairs.append((old, new))
    return [*((old, None) for old in ends), *pairs]


def _place(supply: Supply) -> tuple[str, Direction, object]:
    return supply.accounting_point, supply.direction, supply.share


def _executed(
    case: SwitchCase, old: Supply | None, new: Supply | None, facts: Facts
) -> ExecutedDirection:
    supply = new or old
    if supply is None:
        raise AssertionError("a supply ends or begins")
    whole = supply.share == 1 and supply.accounting_point == case.request.point.accounting_point
    return ExecutedDirection(
        direction=supply.direction,
        old_supplier=old.supplier if old else None,
        old_name=name_of(old.supplier, facts) if old else None,
        new_supplier=new.supplier if new else None,
        new_name=name_of(new.supplier, facts) if new else None,
        contract=_contract(case, new.supplier, new.direction) if new else None,
        accounting_point=None if whole else supply.accounting_point,
        share=None if whole else supply.share,
    )


def _contract(case: SwitchCase, supplier: Eic, direction: Direction) -> str:
    """The reference of the new supplier's contract."""
    return next(
        one.contract.reference
        for application in case.applications
        for one in application.request.chosen
        if (one.supplier, one.direction) == (supplier, direction) and one.contract is not None
    )
