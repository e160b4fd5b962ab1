"""The correction of a switch: its rules, its table, what it enters, whom it tells of what."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from broker.engine import rules_switch_correction as rules
from broker.engine.apply import replay
from broker.engine.apply_correction import CorrectionRecordOutOfPlace, apply_correction
from broker.engine.calendar import WorkingDays, end_of
from broker.engine.code_list import CODE_LIST, Use
from broker.engine.correct import OF_CORRECTION, examine_correction
from broker.engine.correction_check import CorrectionCheck
from broker.engine.decide import decide
from broker.engine.decision import FOLLOW_UPS_MAX, Decision, FollowUp, Refused
from broker.engine.facts import CorrectedSwitch, ReadingOnRecord, SupplyPeriod
from broker.engine.process_correction import CORRECTION
from broker.engine.state import CorrectionCase, Phase
from broker.messages.codes import Direction, Function, ObtainedBy, Payer
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import DeadlineReached, Event, OneOffDaysChanged, SwitchCorrected
from broker.messages.identifiers import SerialNumber
from broker.messages.notices import FinalSettlement, RegisterChangeNotice, SwitchCompleted
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import SettlementDelivered, SettlementLeftToCorrection
from broker.messages.register_changes import (
    PayerChanged,
    PayerTakenBack,
    ReadingRecorded,
    ReadingWithdrawn,
    SupplyBeginningTakenBack,
    SupplyBegun,
    SupplyEnded,
    SupplyEndTakenBack,
)
from broker.messages.requests import Correction
from broker.store.codec import decode, encode
from tests.engine.builders import (
    CASE,
    FED_IN,
    INACTIVE,
    NEW,
    OLD,
    OLD_OF_PRODUCTION,
    OPERATOR,
    OTHER_CASE,
    OTHER_SITE,
    READ_ON,
    RULES,
    TAKEN,
    WITHOUT_BALANCE_GROUP,
    at,
    but,
    correction,
    shows,
)
from tests.engine.switch_corrections import (
    CORRECTED_ON,
    check_of_another_day,
    corrected,
    corrected_unsettled,
    known,
    reading_correction_check,
    received,
    right_reading,
    rightly,
    switch_of,
    undo_check,
)
from tests.engine.ways_through_the_process import EVENTS, one_off_days, rejected

POINT = correction().point.accounting_point
GOOD = (undo_check, reading_correction_check, check_of_another_day)
E19, E61, E62 = (
    Reason.READING_NOT_WITHIN_LIMITS,
    Reason.METER_NOT_IDENTIFIABLE,
    Reason.REGISTER_NOT_IDENTIFIABLE,
)
LATER_SUPPLY = (
    SupplyPeriod(
        accounting_point=POINT,
        direction=Direction.CONSUMPTION,
        supplier=NEW,
        from_day=READ_ON,
        to_day=date(2026, 5, 18),
    ),
    SupplyPeriod(
        accounting_point=POINT,
        direction=Direction.CONSUMPTION,
        supplier=OLD_OF_PRODUCTION,
        from_day=date(2026, 5, 18),
        to_day=None,
    ),
)


def next_reading(value: str, taken_on: date = date(2026, 5, 18)) -> ReadingOnRecord:
    """A reading that came after the switch."""
    return ReadingOnRecord(taken_on=taken_on, registers=(shows(TAKEN, value),))


SWITCH = "facts.corrected"
RIGHT = "correction.right_reading"
BROKEN: tuple[tuple[Callable[[CorrectionCheck], Any], Any, str, Any, tuple[Reason, ...]], ...] = (
    (
        rules.the_case_is_a_completed_switch,
        undo_check,
        SWITCH,
        None,
        (Reason.NO_COMPLETED_SWITCH,),
    ),
    (
        rules.the_case_is_a_completed_switch,
        undo_check,
        f"{SWITCH}.switch",
        rejected(),
        (Reason.NO_COMPLETED_SWITCH,),
    ),
    (
        rules.the_numbers_name_the_point_of_the_switch,
        undo_check,
        "correction.point.metering_site",
        OTHER_SITE,
        (Reason.POINT_NOT_IDENTIFIABLE,),
    ),
    (
        rules.the_switch_was_not_corrected_before,
        undo_check,
        f"{SWITCH}.corrected_by",
        OTHER_CASE,
        (Reason.ALREADY_CORRECTED,),
    ),
    (
        rules.nothing_else_is_in_progress,
        undo_check,
        "facts.other_case",
        OTHER_CASE,
        (Reason.POINT_BLOCKED_FOR_SWITCHING,),
    ),
    (
        rules.the_correction_works_back_no_further_than_it_may,
        undo_check,
        "received_at",
        at(date(2026, 6, 10), 0),
        (Reason.CHANGE_DATE_NOT_WITHIN_LIMITS,),
    ),
    (
        rules.the_correction_works_back_no_further_than_it_may,
        reading_correction_check,
        f"{RIGHT}.taken_at",
        at(date(2026, 4, 19)),
        (Reason.CHANGE_DATE_NOT_WITHIN_LIMITS,),
    ),
    (
        rules.the_register_is_as_the_switch_left_it,
        undo_check,
        f"{SWITCH}.since",
        LATER_SUPPLY,
        (Reason.CHANGED_SINCE,),
    ),
    (
        rules.the_register_is_as_the_switch_left_it,
        undo_check,
        f"{SWITCH}.payer_changed_since",
        True,
        (Reason.CHANGED_SINCE,),
    ),
    *(
        (
            rules.the_old_supplier_can_supply_again,
            undo_check,
            f"{SWITCH}.switch.changes.ends.0.supplier",
            old,
            (Reason.UNAUTHORISED_SUPPLIER,),
        )
        for old in (INACTIVE, WITHOUT_BALANCE_GROUP)
    ),
    *(
        (
            rules.the_right_date_is_within_the_reading_period,
            reading_correction_check,
            f"{RIGHT}.taken_at",
            at(day),
            (Reason.READING_OUTSIDE_PERIOD,),
        )
        for day in (date(2026, 4, 23), date(2026, 5, 16))
    ),
    (
        rules.the_right_reading_is_no_estimate,
        reading_correction_check,
        f"{RIGHT}.obtained_by",
        ObtainedBy.ESTIMATE,
        (Reason.READING_BY_WRONG_ROUTE,),
    ),
    (
        rules.the_right_reading_is_valid,
        reading_correction_check,
        f"{RIGHT}.registers",
        (shows(TAKEN, "14649"),),
        (E19,),
    ),
    (
        rules.the_right_reading_is_valid,
        reading_correction_check,
        f"{RIGHT}.registers",
        (shows(FED_IN, "15010"),),
        (E62, E62),
    ),
    (
        rules.the_right_reading_is_valid,
        reading_correction_check,
        f"{RIGHT}.serial_number",
        SerialNumber("ZGL-999999"),
        (E61,),
    ),
    (
        rules.the_right_reading_is_valid,
        reading_correction_check,
        f"{RIGHT}.taken_at",
        at(date(2026, 5, 21)),
        (E19,),
    ),
    (
        rules.the_right_reading_is_valid,
        reading_correction_check,
        f"{RIGHT}.obtained_by",
        ObtainedBy.REMOTE,
        (Reason.READING_OUTSIDE_PERIOD,),
    ),
    (
        rules.the_right_reading_is_valid,
        reading_correction_check,
        f"{SWITCH}.point.meter",
        None,
        (E61,),
    ),
    (
        rules.the_next_reading_follows_the_right_one,
        reading_correction_check,
        f"{SWITCH}.next_reading",
        next_reading("15009"),
        (E19,),
    ),
    (
        rules.the_next_reading_follows_the_right_one,
        check_of_another_day,
        f"{SWITCH}.next_reading",
        next_reading("15200", date(2026, 5, 14)),
        (E19,),
    ),
    (
        rules.the_correction_changes_what_was_recorded,
        reading_correction_check,
        f"{RIGHT}.registers",
        (shows(TAKEN, "15050"),),
        (Reason.NOTHING_CHANGES,),
    ),
)
PASSING = (
    (undo_check, "received_at", at(date(2026, 6, 9), 23, 59)),
    (undo_check, f"{SWITCH}.switch.changes.ends.0.supplier", OPERATOR),
    (undo_check, f"{SWITCH}.switch.changes.ends", ()),
    (reading_correction_check, f"{SWITCH}.switch.changes.ends.0.supplier", INACTIVE),
    (reading_correction_check, f"{SWITCH}.next_reading", next_reading("15010")),
    (reading_correction_check, f"{RIGHT}.registers", (shows(TAKEN, "14650"),)),
    (reading_correction_check, f"{RIGHT}.obtained_by", ObtainedBy.OPERATOR),
)


def names(found: Any) -> tuple[Reason, ...]:
    """The codes that a rule returned, in order."""
    one = (found,) if isinstance(found, Refusal) else found or ()
    return tuple(refusal.reason for refusal in one)


class TestRules:
    """Every rule finds what breaks it and lets pass what keeps it."""

    @pytest.mark.parametrize(("rule", "good", "path", "value", "finds"), BROKEN)
    def test_the_rule_finds(
        self, rule: Any, good: Any, path: str, value: Any, finds: tuple[Reason, ...]
    ) -> None:
        check = but(good(), path, value)
        assert names(rule(check)) == finds
        assert set(finds) <= set(names(examine_correction(check)))
        for reason in finds:
            assert Use.MESSAGE in CODE_LIST[reason].uses

    @pytest.mark.parametrize("good", GOOD, ids=lambda good: good.__name__)
    def test_a_good_correction_raises_nothing(self, good: Any) -> None:
        assert examine_correction(good()) == ()

    @pytest.mark.parametrize(("good", "path", "value"), PASSING)
    def test_what_keeps_the_rules_passes(self, good: Any, path: str, value: Any) -> None:
        assert examine_correction(but(good(), path, value)) == ()

    def test_every_rule_is_examined_and_has_a_case_that_breaks_it(self) -> None:
        written = {
            one for one in vars(rules).values() if getattr(one, "__module__", "") == rules.__name__
        }
        public = {one for one in written if not one.__name__.startswith("_")}
        assert public == set(OF_CORRECTION) == {rule for rule, *_ in BROKEN}

    def test_all_but_the_first_are_silent_without_a_switch(self) -> None:
        check = but(reading_correction_check(), SWITCH, None)
        assert names(examine_correction(check)) == (Reason.NO_COMPLETED_SWITCH,)


def decided(of: Correction | None = None, what: CorrectedSwitch | None = None) -> Decision:
    """What became of a correction that is taken."""
    event = received(of or correction())
    outcome = decide(None, event, facts=known(what), now=at(CORRECTED_ON), rules=RULES)
    assert isinstance(outcome, Decision), outcome
    return outcome


def taken_up(what: CorrectedSwitch | None = None) -> CorrectionCase:
    """The case of a correction with a right reading."""
    case = decided(rightly(), what).state
    assert isinstance(case, CorrectionCase)
    return case


def settling_day() -> DeadlineReached:
    """The month of the switch has ended."""
    return DeadlineReached(kind=DeadlineKind.FINAL_SETTLEMENT, act_at=at(date(2026, 6, 1), 0))


def test_a_decision_brings_a_hundred_follow_ups_and_no_more() -> None:
    follow_up = FollowUp(case_id=CASE, event=SwitchCorrected(correction=OTHER_CASE))
    decision = decided()
    full = replace(decision, follow_ups=(follow_up,) * FOLLOW_UPS_MAX)
    with pytest.raises(AssertionError, match="101 follow-ups, at most 100"):
        full.then(replace(decision, follow_ups=(follow_up,)))


class TestTable:
    """What it lists happens, what it does not is refused by name."""

    def test_terminal_phases_are_empty(self) -> None:
        assert CORRECTION[Phase.COMPLETED] == {}
        assert all(
            to in CORRECTION
            for listed in CORRECTION.values()
            for transition in listed.values()
            for to in transition.to
        )

    def test_every_transition_is_made(self) -> None:
        assert decided().state.phase is Phase.COMPLETED
        assert taken_up().phase is Phase.COMPLETED
        unsettled = taken_up(corrected_unsettled())
        assert unsettled.phase is Phase.COMPLETED_UNSETTLED
        facts, event = known(corrected_unsettled()), settling_day()
        announced = replace(RULES, working_days=WorkingDays(one_off_days=(date(2026, 6, 3),)))
        redated = decide(
            unsettled, one_off_days(), facts=facts, now=at(CORRECTED_ON), rules=announced
        )
        assert isinstance(redated, Decision)
        assert [one.limit for one in unsettled.deadlines] == [end_of(date(2026, 6, 5))]
        assert [one.limit for one in redated.deadlines] == [end_of(date(2026, 6, 8))]
        settled = decide(unsettled, event, facts=facts, now=event.act_at, rules=RULES)
        assert isinstance(settled, Decision)
        assert (settled.state.phase, settled.deadlines) == (Phase.COMPLETED, ())
        assert settled.state.ended_at == unsettled.ended_at

    @pytest.mark.parametrize("what", [corrected, corrected_unsettled])
    @pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
    def test_anything_else_is_refused_by_name_and_changes_nothing(
        self, event: Event, what: Callable[[], CorrectedSwitch]
    ) -> None:
        case = taken_up(what())
        if case.deadlines and isinstance(event, OneOffDaysChanged):
            return
        if case.deadlines and event == replace(settling_day(), act_at=case.deadlines[0].act_at):
            return
        if isinstance(event, DeadlineReached) and event.kind is DeadlineKind.FINAL_SETTLEMENT:
            event = replace(event, kind=DeadlineKind.DECISION)
        before = encode(case)
        outcome = decide(case, event, facts=known(), now=at(CORRECTED_ON), rules=RULES)
        assert isinstance(outcome, Refused)
        assert names(outcome.refusals) == (Reason.CASE_HAS_ENDED,)
        assert encode(case) == before

    def test_a_refused_correction_decides_nothing(self) -> None:
        outcome = decide(
            None, received(correction()), facts=replace(known(), other_case=CASE),
            now=at(CORRECTED_ON), rules=RULES,
        )  # fmt: skip
        assert outcome == Refused(
            (Refusal(reason=Reason.POINT_BLOCKED_FOR_SWITCHING, place="/Correction/Point"),)
        )


class TestReplay:
    """The records of a correction give its state again, byte for byte."""

    @pytest.mark.parametrize("what", [corrected, corrected_unsettled])
    def test_the_same_state(self, what: Callable[[], CorrectedSwitch]) -> None:
        decision = decided(rightly(), what())
        kept = tuple(decode(encode(one), type(one)) for one in decision.records)
        assert encode(replay(kept)) == encode(decision.state)

    def test_records_out_of_place(self) -> None:
        delivered = SettlementDelivered(at=at(CORRECTED_ON))
        with pytest.raises(CorrectionRecordOutOfPlace):
            apply_correction(None, delivered)
        with pytest.raises(CorrectionRecordOutOfPlace):
            apply_correction(taken_up(), decided().records[0])


class TestRegister:
    """What the switch entered is taken back; with a right reading it is entered anew."""

    def test_undone(self) -> None:
        begun, ended, withdrawn = decided().register_changes
        assert isinstance(begun, SupplyBeginningTakenBack)
        assert (begun.supplier, begun.on) == (NEW, READ_ON)
        assert isinstance(ended, SupplyEndTakenBack)
        assert (ended.supplier, ended.share, ended.on) == (OLD, 1, READ_ON)
        assert isinstance(withdrawn, ReadingWithdrawn)
        assert (withdrawn.of_case, withdrawn.on) == (CASE, CORRECTED_ON)

    def test_rightly_on_another_day(self) -> None:
        moved_to = date(2026, 5, 15)
        moved = right_reading("15100", moved_to)
        back, _, _, ended, begun, reading = decided(rightly(moved)).register_changes
        assert isinstance(back, SupplyBeginningTakenBack)
        assert isinstance(ended, SupplyEnded)
        assert isinstance(begun, SupplyBegun)
        assert (back.on, ended.on, begun.on) == (READ_ON, moved_to, moved_to)
        assert (ended.supplier, begun.supplier) == (OLD, NEW)
        assert isinstance(reading, ReadingRecorded)
        assert reading.registers == moved.registers

    def test_the_payer_goes_with_the_switch(self) -> None:
        what = but(
            corrected(), "switch.applications.0.request.network_charge_payer", Payer.SUPPLIER
        )
        reason = type(switch_of(undo_check()).settlement.reason).CHANGE_OF_SUPPLIER_AND_PAYER
        what = but(what, "switch.settlement.reason", reason)
        entries = decided(rightly(), what).register_changes
        (back,) = (one for one in entries if isinstance(one, PayerTakenBack))
        (anew,) = (one for one in entries if isinstance(one, PayerChanged))
        assert (back.payer, anew.payer) == (Payer.CUSTOMER, Payer.SUPPLIER)
        assert not any(isinstance(one, PayerTakenBack) for one in decided().register_changes)


class TestNotices:
    """Each party that was told is told again of its own, and of which document."""

    def test_undone_everything_sent_is_cancelled(self) -> None:
        told = {
            (one.to.party, type(one), one.to.corrects.document_id)
            for one in decided().notices
            if one.to.corrects and one.to.corrects.function is Function.CANCELLATION
        }
        assert {(party, kind.__name__) for party, kind, _ in told} == {
            (NEW, "SwitchCompleted"),
            (OLD, "SwitchCompleted"),
            (OLD, "FinalSettlement"),
            (OLD, "RegisterChangeNotice"),
            (OPERATOR, "SwitchExecuted"),
        }
        assert (OLD, SwitchCompleted, "document-4") in told
        assert (NEW, SwitchCompleted, "document-3") in told
        (lost,) = (one for one in decided().notices if one.to.corrects is None)
        assert (type(lost), lost.to.party) == (RegisterChangeNotice, NEW)

    def test_all_are_of_the_correction(self) -> None:
        for notice in (*decided().notices, *decided(rightly()).notices):
            assert notice.to.case_id == OTHER_CASE
            answered = correction().header.message_id if notice.to.party == OPERATOR else None
            assert notice.to.reference == answered
            assert notice.to.corrects is None or notice.to.corrects.case_id == CASE

    def test_the_right_settlement_begins_where_the_wrong_one_did(self) -> None:
        wrong = switch_of(undo_check()).settlement
        (right,) = (n for n in decided(rightly()).notices if isinstance(n, FinalSettlement))
        assert wrong is not None
        assert right.settlement.from_day == wrong.from_day
        assert right.settlement.registers[0].opening == wrong.registers[0].opening
        assert [one.quantity_kwh for one in wrong.registers] == [400]
        assert [one.quantity_kwh for one in right.settlement.registers] == [360]
        assert right.to.corrects is not None
        assert right.to.corrects.function is Function.REPLACEMENT

    def test_a_register_notice_goes_out_anew_only_for_another_day(self) -> None:
        moved = rightly(right_reading("15100", date(2026, 5, 15)))
        of_day = [n for n in decided(rightly()).notices if isinstance(n, RegisterChangeNotice)]
        (anew,) = (n for n in decided(moved).notices if isinstance(n, RegisterChangeNotice))
        assert of_day == []
        assert anew.effective_on == date(2026, 5, 15)


class TestUnsettled:
    """A switch that was still to be settled leaves it to the correction."""

    @pytest.mark.parametrize("of", [correction, rightly])
    def test_the_switch_has_nothing_left_to_settle(self, of: Callable[[], Correction]) -> None:
        decision = decided(of(), corrected_unsettled())
        event = SwitchCorrected(correction=OTHER_CASE)
        assert decision.follow_ups == (FollowUp(case_id=CASE, event=event),)
        assert not any(isinstance(one, FinalSettlement) for one in decision.notices)
        switch = corrected_unsettled().switch
        left = decide(switch, event, facts=known(), now=at(CORRECTED_ON), rules=RULES)
        assert isinstance(left, Decision)
        assert (left.state.phase, left.deadlines, left.notices) == (Phase.COMPLETED, (), ())
        assert [type(one) for one in left.records] == [SettlementLeftToCorrection]

    def test_a_settled_switch_hears_nothing_of_it(self) -> None:
        assert decided().follow_ups == ()
        assert decided(rightly()).follow_ups == ()

    def test_measured_power_that_was_settled_is_settled_anew_at_once(self) -> None:
        what = replace(corrected(), point=replace(corrected().point, measured_power=True))
        june = at(date(2026, 6, 5))
        event = replace(received(rightly()), received_at=june)
        outcome = decide(None, event, facts=known(what), now=june, rules=RULES)
        assert isinstance(outcome, Decision)
        assert outcome.state.phase is Phase.COMPLETED
        (settlement,) = (n for n in outcome.notices if isinstance(n, FinalSettlement))
        assert settlement.to.corrects is not None
