"""Carrying a switch out: everything that follows from a reading that counts (A24-A28, B9, B11)."""

from broker.engine.apply import apply
from broker.engine.calendar import local_day
from broker.engine.decision import Circumstances, Decision
from broker.engine.facts import PointFacts
from broker.engine.notices_back_office import execution
from broker.engine.notices_settlement import final_settlements, register_changes
from broker.engine.notices_switch import completion
from broker.engine.rules_reading import ReadingCheck
from broker.engine.settle import settlement_of
from broker.engine.state import SwitchCase
from broker.messages.codes import BillingReason, Direction, ObtainedBy, Payer
from broker.messages.records import DecidedBy, SwitchCarriedOut
from broker.messages.register_changes import (
    ConnectionRecorded,
    PayerChanged,
    ReadingRecorded,
    RegisterChange,
    SiteReached,
    SupplyBegun,
    SupplyEnded,
)

Person = tuple[str, str] | tuple[None, None]
"""Who decided and why, where a person did."""


def carry_out(
    case: SwitchCase,
    check: ReadingCheck,
    decided_by: DecidedBy,
    at: Circumstances,
    person: Person,
) -> Decision:
    """The switch takes effect at 00:00 of the day of the reading.

    Source: A24, A25, A27 (002 a.200).
    """
    reading = check.reading
    record = SwitchCarriedOut(
        at=at.now,
        switch_date=check.taken_on,
        reading=reading,
        settlement=settlement_of(check, _billing_reason(case, check.point.payer)),
        payer_before=check.point.payer,
        settle_by=at.rules.settlement_deadline(check.taken_on, local_day(case.received_at))
        if check.point.measured_power
        else None,
        decided_by=decided_by,
        by=person[0],
        why=person[1],
        rules_version=at.rules.version,
    )
    carried_out = apply(case, record)
    settled_now = () if record.settle_by else final_settlements(carried_out, at.facts)
    return Decision(
        state=carried_out,
        records=(record,),
        notices=(
            *completion(case, reading, at.facts),
            *settled_now,
            *register_changes(carried_out, record.switch_date, at.facts),
            execution(case, reading, at.facts),
        ),
        register_changes=_register_changes(case, record, check.point),
    )


def _billing_reason(case: SwitchCase, before: Payer) -> BillingReason:
    """Why the supplier of consumption is settled: whether it changes, or the payer, or both.

    A supplier that pays in the place of one that paid is another payer.
    Source: A24, A35, interpretation 13 (002 a.132, a.200(1)).
    """
    payer = case.request.network_charge_payer
    changed = (*case.changes.ends, *case.changes.begins)
    if all(one.direction is not Direction.CONSUMPTION for one in changed):
        same = payer is before
        return BillingReason.CHANGE_OF_SUPPLIER if same else BillingReason.CHANGE_OF_PAYER
    if payer is before is Payer.CUSTOMER:
        return BillingReason.CHANGE_OF_SUPPLIER
    return BillingReason.CHANGE_OF_SUPPLIER_AND_PAYER


def _register_changes(
    case: SwitchCase, record: SwitchCarriedOut, point: PointFacts
) -> tuple[RegisterChange, ...]:
    """What ends and begins, created points connected, payer and reading (A27, A35, B9).

    Created points are as the point that they divide, which may have been disconnected since. Who
    has read on the spot has reached the meter (A21).
    """
    on, case_id, payer = record.switch_date, case.case_id, case.request.network_charge_payer
    changes: list[RegisterChange] = [
        ConnectionRecorded(accounting_point=one.accounting_point, connected=point.connected)
        for one in case.created
    ]
    changes += [
        SupplyEnded(
            accounting_point=one.accounting_point,
            direction=one.direction,
            supplier=one.supplier,
            on=on,
            case_id=case_id,
        )
        for one in case.changes.ends
    ]
    changes += [
        SupplyBegun(
            accounting_point=one.accounting_point,
            direction=one.direction,
            supplier=one.supplier,
            share=one.share,
            on=on,
            case_id=case_id,
        )
        for one in case.changes.begins
    ]
    if payer is not point.payer:
        changes.append(
            PayerChanged(
                accounting_point=point.accounting_point, payer=payer, on=on, case_id=case_id
            )
        )
    reading = record.reading
    changes.append(
        ReadingRecorded(
            accounting_point=point.measured_at,
            serial_number=reading.serial_number,
            taken_at=reading.taken_at,
            obtained_by=reading.obtained_by,
            registers=reading.registers,
            case_id=case_id,
        )
    )
    on_the_spot = reading.obtained_by in (ObtainedBy.OPERATOR, ObtainedBy.CUSTOMER)
    if on_the_spot and point.inaccessible_since is not None:
        changes.append(SiteReached(accounting_point=point.measured_at, on=on))
    return tuple(changes)
