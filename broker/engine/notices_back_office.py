"""What the operator's own back office is told of a switch: everything it books."""

from broker.engine.calendar import local_day
from broker.engine.facts import Facts
from broker.engine.state import SwitchCase
from broker.messages.codes import Role
from broker.messages.identifiers import Eic
from broker.messages.notices import Addressee, ExecutedDirection, PointNumber, SwitchExecuted
from broker.messages.requests import MeterReading


def execution(case: SwitchCase, reading: MeterReading, facts: Facts) -> SwitchExecuted:
    """The switch carried out, to the operator's mailbox: it settles, bills and keeps the contract.

    Source: A27, A35, interpretation 9 (002 a.132, a.170(1), a.200(4)).
    """
    request = case.request
    sent_it = request.header.sender == facts.operator
    contracts = {one.direction: one.contract for one in request.chosen if one.contract}
    return SwitchExecuted(
        to=Addressee(
            party=facts.operator,
            role=Role.GRID_OPERATOR,
            case_id=case.case_id,
            reference=request.header.message_id if sent_it else None,
        ),
        point=PointNumber(
            accounting_point=request.point.accounting_point,
            metering_site=request.point.metering_site,
        ),
        switch_date=local_day(reading.taken_at),
        directions=tuple(
            ExecutedDirection(
                direction=change.direction,
                old_supplier=change.old,
                old_name=_name(change.old, facts) if change.old else None,
                new_supplier=change.new,
                new_name=_name(change.new, facts),
                contract=contracts[change.direction].reference,
            )
            for change in case.changes
        ),
        payer=request.network_charge_payer,
        serial_number=reading.serial_number,
        registers=reading.registers,
        obtained_by=reading.obtained_by,
    )


def _name(eic: Eic, facts: Facts) -> str:
    party = facts.party(eic)
    if party is None:
        raise LookupError(f"no participant {eic} in the facts")
    return party.name
