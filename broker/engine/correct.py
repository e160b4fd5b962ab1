"""What becomes of a correction: the switch undone, or carried out with the right reading (D3)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from broker.engine import rules_switch_correction as rules
from broker.engine.apply_correction import apply_correction
from broker.engine.calendar import local_day
from broker.engine.correction_check import CorrectionCheck, switch_date_of
from broker.engine.decision import Circumstances, Decision, FollowUp, Refused
from broker.engine.facts import CorrectedSwitch
from broker.engine.notices_correction import settled, switched_rightly, undone
from broker.engine.rules_reading import ReadingCheck
from broker.engine.settle import settlement_of
from broker.engine.state import CorrectionCase, Phase, SwitchCase
from broker.messages.deadlines import Deadline
from broker.messages.events import (
    CorrectionReceived,
    DeadlineReached,
    OneOffDaysChanged,
    SwitchCorrected,
)
from broker.messages.identifiers import CaseId
from broker.messages.reasons import Refusal
from broker.messages.records import CorrectionCarriedOut, DeadlinesRedated, SettlementDelivered
from broker.messages.register_changes import (
    ConnectionRecorded,
    EntryOfCase,
    PayerChanged,
    PayerTakenBack,
    ReadingRecorded,
    ReadingWithdrawn,
    SupplyBeginningTakenBack,
    SupplyBegun,
    SupplyEnded,
    SupplyEndTakenBack,
)
from broker.messages.settlements import Settlement

Found = Refusal | tuple[Refusal, ...] | None

OF_CORRECTION: tuple[Callable[[CorrectionCheck], Found], ...] = (
    rules.the_case_is_a_completed_switch,
    rules.the_numbers_name_the_point_of_the_switch,
    rules.the_switch_was_not_corrected_before,
    rules.nothing_else_is_in_progress,
    rules.the_correction_works_back_no_further_than_it_may,
    rules.the_register_is_as_the_switch_left_it,
    rules.the_old_supplier_can_supply_again,
    rules.the_right_date_is_within_the_reading_period,
    rules.the_right_reading_is_no_estimate,
    rules.the_right_reading_is_valid,
    rules.the_next_reading_follows_the_right_one,
    rules.the_correction_changes_what_was_recorded,
)


def examine_correction(check: CorrectionCheck) -> tuple[Refusal, ...]:
    """Everything that speaks against the correction, in the order of the rules."""
    findings: list[Refusal] = []
    for rule in OF_CORRECTION:
        found = rule(check)
        findings += found if isinstance(found, tuple) else [found] if found else []
    return tuple(findings)


def put_right(_: None, event: CorrectionReceived, at: Circumstances) -> Decision | Refused:
    """The switch is undone, or carried out with its right reading; or all codes say why not.

    A switch whose settlement was still to come leaves it to the correction.
    Source: D3, A24, A27, H1 (002 a.139(3), a.200, a.210(3)).
    """
    check = CorrectionCheck(
        correction=event.correction, received_at=event.received_at, facts=at.facts, rules=at.rules
    )
    refusals = examine_correction(check)
    if refusals or check.corrected is None:
        return Refused(refusals)
    corrected, reading = check.corrected, check.reading_check
    switch = corrected.switch
    settlement = None if reading is None else _right_settlement(switch, reading)
    record = CorrectionCarriedOut(
        case_id=event.case_id,
        at=at.now,
        correction=event.correction,
        received_at=event.received_at,
        delivery_point=switch.delivery_point,
        changes=switch.changes,
        switch_date=switch_date_of(switch),
        settlement=settlement,
        settle_by=None if reading is None else _settle_by(switch, reading, at),
        rules_version=at.rules.version,
    )
    case = apply_correction(None, record)
    if reading is None:
        notices = undone(case, corrected, at.facts)
    else:
        right = replace(switch, carried_out=reading.reading, settlement=settlement)
        notices = switched_rightly(case, right, corrected, at.facts)
    unsettled = switch.phase is Phase.COMPLETED_UNSETTLED
    return Decision(
        state=case,
        records=(record,),
        notices=notices,
        register_changes=_entries(event.case_id, corrected, reading, local_day(at.now)),
        follow_ups=(
            FollowUp(case_id=switch.case_id, event=SwitchCorrected(correction=case.case_id)),
        )
        if unsettled
        else (),
    )


def settle(case: CorrectionCase, _: DeadlineReached, at: Circumstances) -> Decision | Refused:
    """Where power is measured the right settlement follows when the month of the switch has ended.

    Source: A24, interpretation 10 (002 a.200(1)).
    """
    if at.facts.corrected is None:
        raise LookupError(f"the switch {case.corrects} is not in the facts")
    record = SettlementDelivered(at=at.now)
    return Decision(
        state=apply_correction(case, record),
        records=(record,),
        notices=settled(case, at.facts.corrected, at.facts),
        register_changes=(),
    )


def redate(case: CorrectionCase, event: OneOffDaysChanged, at: Circumstances) -> Decision | Refused:
    """A newly announced one-off day moves the day by which the right settlement follows.

    Source: Counting time, A24 (002 a.200(1)).
    """
    if at.facts.corrected is None or case.settlement is None:
        raise LookupError(f"the switch {case.corrects} is not in the facts, or not settled")
    begun = local_day(at.facts.corrected.switch.received_at)
    deadlines = (at.rules.settlement_deadline(case.settlement.to_day, begun),)
    if deadlines == case.deadlines:
        return Decision(state=case, records=(), notices=(), register_changes=())
    record = DeadlinesRedated(at=at.now, one_off_days=event.days, deadlines=deadlines)
    return Decision(
        state=apply_correction(case, record), records=(record,), notices=(), register_changes=()
    )


def _right_settlement(switch: SwitchCase, reading: ReadingCheck) -> Settlement:
    """The settlement up to the right reading, for the same reason as before (A24, H1)."""
    if switch.settlement is None:
        raise AssertionError("a switch carried out has a settlement")
    return settlement_of(reading, switch.settlement.reason)


def _settle_by(switch: SwitchCase, reading: ReadingCheck, at: Circumstances) -> Deadline | None:
    """When measured power is settled, None where its month is over or no power is measured."""
    if not reading.point.measured_power:
        return None
    due = at.rules.settlement_deadline(reading.taken_on, local_day(switch.received_at))
    return due if at.now < due.act_at else None


def _entries(
    case_id: CaseId, corrected: CorrectedSwitch, reading: ReadingCheck | None, today: date
) -> tuple[EntryOfCase, ...]:
    """What the switch entered is taken back; with the right reading it is entered anew."""
    switch = corrected.switch
    entries = _taken_back(case_id, switch, today)
    if reading is None:
        return (*_disconnected(switch), *entries)
    return (*entries, *_entered_anew(case_id, switch, reading))


def _taken_back(case_id: CaseId, switch: SwitchCase, today: date) -> tuple[EntryOfCase, ...]:
    """What began never did, and what ended goes on."""
    on = switch_date_of(switch)
    begun = tuple(
        SupplyBeginningTakenBack(
            accounting_point=one.accounting_point,
            direction=one.direction,
            supplier=one.supplier,
            on=on,
        )
        for one in switch.changes.begins
    )
    ended = tuple(
        SupplyEndTakenBack(
            accounting_point=one.accounting_point,
            direction=one.direction,
            supplier=one.supplier,
            share=one.share,
            on=on,
            case_id=case_id,
        )
        for one in switch.changes.ends
    )
    point = switch.accounting_point
    reading = ReadingWithdrawn(accounting_point=point, of_case=switch.case_id, on=today)
    taken_back: tuple[EntryOfCase, ...] = (
        *begun,
        *ended,
        reading,
    )
    if switch.payer_before in (None, switch.request.network_charge_payer):
        return taken_back
    payer = PayerTakenBack(
        accounting_point=point, payer=switch.payer_before, on=on, case_id=case_id
    )
    return (*taken_back, payer)


def _entered_anew(
    case_id: CaseId, switch: SwitchCase, reading: ReadingCheck
) -> tuple[EntryOfCase, ...]:
    """The same change of supplier from the day of the right reading on (A25, A27)."""
    on = reading.taken_on
    ended = tuple(
        SupplyEnded(
            accounting_point=one.accounting_point,
            direction=one.direction,
            supplier=one.supplier,
            on=on,
            case_id=case_id,
        )
        for one in switch.changes.ends
    )
    begun = tuple(
        SupplyBegun(
            accounting_point=one.accounting_point,
            direction=one.direction,
            supplier=one.supplier,
            share=one.share,
            on=on,
            case_id=case_id,
        )
        for one in switch.changes.begins
    )
    payer = PayerChanged(
        accounting_point=switch.accounting_point,
        payer=switch.request.network_charge_payer,
        on=on,
        case_id=case_id,
    )
    right = ReadingRecorded(
        accounting_point=reading.point.measured_at,
        serial_number=reading.reading.serial_number,
        taken_at=reading.reading.taken_at,
        obtained_by=reading.reading.obtained_by,
        registers=reading.reading.registers,
        case_id=case_id,
    )
    payer_changed = switch.request.network_charge_payer is not switch.payer_before
    return (
        *ended,
        *begun,
        *((payer,) if payer_changed else ()),
        right,
    )


def _disconnected(switch: SwitchCase) -> tuple[ConnectionRecorded, ...]:
    """The points created for a division that never was (B9)."""
    return tuple(
        ConnectionRecorded(accounting_point=one.accounting_point, connected=False)
        for one in switch.created
    )
