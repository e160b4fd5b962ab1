"""Every rule on a change for the register finds what breaks it; what is taken has its effects.

A case is a good check with one field changed; `finds` is what the rule then says, in order.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from broker.engine import rules_correction
from broker.engine import rules_payer as payer
from broker.engine import rules_register as register
from broker.engine.code_list import CODE_LIST, Use
from broker.engine.decision import Refused
from broker.engine.handle_register_change import (
    OF_REGISTER_CHANGE,
    ChangeDecision,
    decide_register_change,
    examine_register_change,
    way_of_metering_changes,
)
from broker.engine.register_check import RegisterCheck, SiteFacts
from broker.messages.codes import (
    BillingReason,
    Direction,
    ObtainedBy,
    Payer,
    PayerGround,
    RegisterChangeKind,
)
from broker.messages.notices import FinalSettlement, RegisterChangeNotice
from broker.messages.reasons import Reason
from broker.messages.register_changes import (
    MeterInstalled,
    MeterRemoved,
    PayerChanged,
    PointRecorded,
    QuantityBilledAnew,
    ReadingCancelled,
    ReadingRecorded,
    SiteReached,
    SupplyChanged,
)
from tests.engine.builders import (
    FED_IN,
    INACTIVE,
    LAST_READ_ON,
    NEW,
    OLD,
    OTHER_POINT,
    OTHER_SITE,
    POINT,
    SITE_GSRN,
    TAKEN,
    WITHOUT_BALANCE_GROUP,
    at,
    but,
    shows,
    supply,
)
from tests.engine.register_changes import (
    CHANGED_ON,
    GOOD_CHANGES,
    NEW_POINT,
    REPORTED_ON,
    breach,
    correction,
    disconnection,
    exchange,
    link,
    new_point,
    other_payer,
    renaming,
)
from tests.engine.test_places import is_in_the_schema
from tests.engine.test_rules import found


@dataclass(frozen=True)
class Bad:
    """A good check with the field at `path` changed to `value`, and what the rule finds."""

    rule: Callable[[RegisterCheck], Any]
    of: Callable[[], RegisterCheck]
    path: str
    value: Any
    finds: tuple[Reason, ...]

    @property
    def check(self) -> Any:
        """The changed check."""
        return but(self.of(), self.path, self.value)


DATE = Reason.CHANGE_DATE_NOT_WITHIN_LIMITS
LIMITS = Reason.READING_NOT_WITHIN_LIMITS
BAD = (
    Bad(
        register.the_change_is_reported_within_its_days,
        disconnection,
        "change.effective_on",
        date(2026, 4, 29),
        (DATE,),
    ),
    Bad(
        register.the_change_is_reported_within_its_days,
        disconnection,
        "change.effective_on",
        date(2026, 3, 28),
        (DATE,),
    ),
    Bad(
        register.the_changed_point_is_in_the_register,
        disconnection,
        "facts.point",
        None,
        (Reason.POINT_NOT_IDENTIFIABLE,),
    ),
    Bad(
        register.the_changed_point_is_in_the_register,
        disconnection,
        "change.point.metering_site",
        OTHER_SITE,
        (Reason.POINT_NOT_IDENTIFIABLE,),
    ),
    Bad(
        register.the_change_changes_something,
        disconnection,
        "facts.point.connected",
        False,
        (Reason.NOTHING_CHANGES,),
    ),
    Bad(
        register.the_change_changes_something,
        renaming,
        "change.change.name",
        "Ana Zgled",
        (Reason.NOTHING_CHANGES,),
    ),
    Bad(
        register.the_change_changes_something,
        link,
        "facts.point.remotely_read",
        True,
        (Reason.NOTHING_CHANGES,),
    ),
    Bad(
        register.the_change_changes_something,
        other_payer,
        "facts.point.payer",
        Payer.SUPPLIER,
        (Reason.NOTHING_CHANGES,),
    ),
    Bad(
        register.the_closing_values_are_valid,
        exchange,
        "change.change.old_serial_number",
        "ZGL-100009",
        (Reason.METER_NOT_IDENTIFIABLE,),
    ),
    Bad(
        register.the_closing_values_are_valid,
        exchange,
        "change.change.closing",
        (),
        (Reason.REGISTER_NOT_IDENTIFIABLE,),
    ),
    Bad(
        register.the_closing_values_are_valid,
        exchange,
        "change.change.closing.0.value",
        Decimal(14000),
        (LIMITS,),
    ),
    Bad(
        register.the_closing_values_are_valid,
        exchange,
        "change.effective_on",
        date(2026, 3, 30),
        (LIMITS,),
    ),
    Bad(
        register.the_meter_is_still_there_to_be_exchanged,
        exchange,
        "facts.meter_since",
        CHANGED_ON,
        (DATE,),
    ),
    Bad(
        register.the_meter_is_still_there_to_be_exchanged,
        exchange,
        "facts.meter_until",
        REPORTED_ON,
        (DATE,),
    ),
    Bad(
        register.the_meter_is_still_there_to_be_exchanged,
        exchange,
        "facts.meter_since",
        None,
        (Reason.METER_NOT_IDENTIFIABLE,),
    ),
    Bad(
        register.the_meter_is_installed_nowhere_else,
        exchange,
        "facts.serial_taken",
        True,
        (Reason.METER_INSTALLED_ELSEWHERE,),
    ),
    Bad(
        register.the_new_meter_measures_every_direction,
        exchange,
        "change.change.new.registers.0.register",
        FED_IN,
        (Reason.REGISTER_NOT_IDENTIFIABLE,),
    ),
    Bad(
        register.the_new_meter_measures_every_direction,
        exchange,
        "facts.measured",
        tuple(Direction),
        (Reason.REGISTER_NOT_IDENTIFIABLE,),
    ),
    Bad(
        register.the_new_meter_measures_every_direction,
        exchange,
        "change.change.new.registers.0.value",
        Decimal(1_000_000),
        (LIMITS,),
    ),
    Bad(
        payer.a_supplier_that_pays_may_pay,
        other_payer,
        "facts.suppliers",
        (),
        (Reason.NO_VALID_GRID_ACCESS_CONTRACT,),
    ),
    Bad(
        payer.a_supplier_that_pays_may_pay,
        other_payer,
        "facts.concerned_then",
        (),
        (Reason.NO_VALID_GRID_ACCESS_CONTRACT,),
    ),
    Bad(
        payer.a_supplier_that_pays_may_pay,
        other_payer,
        "facts.concerned_then",
        (supply(share="0.5"), supply(share="0.5", accounting_point=OTHER_POINT)),
        (Reason.NO_VALID_GRID_ACCESS_CONTRACT,),
    ),
    Bad(
        payer.a_supplier_that_pays_may_pay,
        other_payer,
        "facts.concerned",
        (supply(share="0.5"), supply(NEW, share="0.5", accounting_point=OTHER_POINT)),
        (Reason.NO_VALID_GRID_ACCESS_CONTRACT,),
    ),
    Bad(
        payer.the_ground_fits_the_payer,
        other_payer,
        "change.change.ground",
        PayerGround.CONTRACT_END,
        (Reason.REASON_NOT_FOR_THIS_USE,),
    ),
    Bad(
        payer.the_ground_fits_the_payer,
        breach,
        "change.change.ground",
        PayerGround.CONTRACT_START,
        (Reason.REASON_NOT_FOR_THIS_USE,),
    ),
    Bad(
        payer.a_breach_ends_on_the_first_of_a_month_after_written_notice,
        breach,
        "change.effective_on",
        date(2026, 4, 2),
        (DATE,),
    ),
    Bad(
        payer.a_breach_ends_on_the_first_of_a_month_after_written_notice,
        breach,
        "change.change.written_notice_on",
        date(2026, 4, 1),
        (DATE,),
    ),
    Bad(
        payer.a_breach_ends_on_the_first_of_a_month_after_written_notice,
        breach,
        "change.change.written_notice_on",
        None,
        (DATE,),
    ),
    Bad(
        payer.the_payer_changes_with_a_reading_of_the_day,
        other_payer,
        "change.change.reading",
        None,
        (Reason.REGISTER_NOT_IDENTIFIABLE,),
    ),
    Bad(
        payer.the_payer_changes_with_a_reading_of_the_day,
        breach,
        "facts.point.averages",
        (),
        (Reason.REGISTER_NOT_IDENTIFIABLE,),
    ),
    Bad(
        payer.the_payer_changes_with_a_reading_of_the_day,
        other_payer,
        "change.change.reading.taken_on",
        REPORTED_ON,
        (LIMITS,),
    ),
    Bad(
        payer.the_payer_changes_with_a_reading_of_the_day,
        other_payer,
        "change.change.reading.obtained_by",
        ObtainedBy.ESTIMATE,
        (Reason.READING_BY_WRONG_ROUTE,),
    ),
    Bad(
        payer.the_payer_changes_with_a_reading_of_the_day,
        other_payer,
        "change.change.reading.registers.0.value",
        Decimal(14000),
        (LIMITS,),
    ),
    Bad(
        payer.the_payer_changes_with_a_reading_of_the_day,
        other_payer,
        "change.change.reading.serial_number",
        "ZGL-100009",
        (Reason.METER_NOT_IDENTIFIABLE,),
    ),
    Bad(
        rules_correction.the_corrected_reading_is_the_customers,
        correction,
        "facts.corrected",
        None,
        (LIMITS,),
    ),
    Bad(
        rules_correction.the_corrected_reading_is_the_customers,
        correction,
        "change.change.taken_on",
        CHANGED_ON,
        (LIMITS,),
    ),
    Bad(
        rules_correction.the_corrected_reading_is_the_customers,
        correction,
        "facts.corrected.obtained_by",
        ObtainedBy.OPERATOR,
        (Reason.READING_BY_WRONG_ROUTE,),
    ),
    Bad(
        rules_correction.the_corrected_reading_is_the_customers,
        correction,
        "facts.corrected.of_a_case",
        True,
        (Reason.READING_BY_WRONG_ROUTE,),
    ),
    Bad(
        rules_correction.the_corrected_reading_is_the_customers,
        correction,
        "change.change.obtained_by",
        ObtainedBy.ESTIMATE,
        (Reason.READING_BY_WRONG_ROUTE,),
    ),
    Bad(
        rules_correction.the_right_values_are_valid,
        correction,
        "change.change.registers.0.value",
        Decimal(14339),
        (LIMITS,),
    ),
    Bad(
        rules_correction.the_right_values_are_valid,
        correction,
        "change.change.registers.0.value",
        Decimal(14851),
        (LIMITS,),
    ),
    Bad(
        rules_correction.the_right_values_are_valid,
        correction,
        "change.change.registers.0.value",
        Decimal(1000000),
        # above what its six digits show, and above the reading after it
        (LIMITS, LIMITS),
    ),
    Bad(
        rules_correction.every_period_billed_from_it_can_be_made_anew,
        correction,
        "facts.corrected.before",
        None,
        (LIMITS,),
    ),
    Bad(
        rules_correction.every_period_billed_from_it_can_be_made_anew,
        correction,
        "facts.corrected.after.taken_on",
        date(2026, 4, 21),
        (LIMITS,),
    ),
    Bad(
        register.the_change_changes_something,
        correction,
        "change.change.registers.0.value",
        Decimal(14650),
        (Reason.NOTHING_CHANGES,),
    ),
    Bad(
        register.the_change_is_reported_within_its_days,
        correction,
        "change.effective_on",
        date(2026, 4, 29),
        (DATE,),
    ),
    Bad(
        register.a_new_number_is_the_operators,
        new_point,
        "facts.gsrn_prefix",
        "38319991",
        (Reason.NUMBER_NOT_OF_THE_OPERATOR,),
    ),
    Bad(
        register.a_new_number_is_the_operators,
        new_point,
        "facts.area",
        "8",
        (Reason.NUMBER_NOT_OF_THE_OPERATOR,),
    ),
    Bad(
        register.a_new_number_was_never_given_out,
        new_point,
        "facts.given_out",
        (NEW_POINT,),
        (Reason.NUMBER_ALREADY_GIVEN_OUT,),
    ),
    Bad(
        register.the_first_suppliers_may_supply,
        new_point,
        "change.change.suppliers.0.supplier",
        INACTIVE,
        (Reason.UNAUTHORISED_SUPPLIER,),
    ),
    Bad(
        register.the_first_suppliers_may_supply,
        new_point,
        "change.change.suppliers.0.supplier",
        WITHOUT_BALANCE_GROUP,
        (Reason.UNAUTHORISED_BALANCE_RESPONSIBLE,),
    ),
    Bad(
        register.self_supply_begins_with_one_supplier_of_both_directions,
        new_point,
        "change.change.self_supply",
        True,
        (Reason.DIRECTIONS_DO_NOT_MATCH_POINT,),
    ),
)
IDS = [f"{bad.rule.__name__}-{bad.path}-{number}" for number, bad in enumerate(BAD)]


@pytest.mark.parametrize("bad", BAD, ids=IDS)
def test_the_rule_finds(bad: Bad) -> None:
    refusals = found(bad.rule(bad.check))
    assert tuple(one.reason for one in refusals) == bad.finds
    assert set(refusals) <= set(examine_register_change(bad.check))
    for one in refusals:
        assert Use.MESSAGE in CODE_LIST[one.reason].uses
        assert one.place
        assert is_in_the_schema(one.place)


@pytest.mark.parametrize("good", GOOD_CHANGES, ids=lambda good: good.__name__)
def test_a_good_change_raises_nothing(good: Callable[[], RegisterCheck]) -> None:
    assert examine_register_change(good()) == ()


def test_every_rule_has_a_case_it_refuses() -> None:
    assert {bad.rule for bad in BAD} == set(OF_REGISTER_CHANGE)


def test_a_change_of_30_days_ago_is_taken() -> None:
    check = but(disconnection(), "change.effective_on", date(2026, 3, 29))
    assert examine_register_change(check) == ()


def test_a_new_point_at_a_known_site_keeps_the_sites_number() -> None:
    site = SiteFacts(metering_site=new_point().change.point.metering_site, gsrn=SITE_GSRN)
    known = but(new_point(), "facts.site", site)
    assert examine_register_change(known) == ()
    same = but(known, "change.point.metering_site_gsrn", SITE_GSRN)
    assert examine_register_change(but(same, "facts.given_out", (SITE_GSRN,))) == ()
    other = but(known, "change.point.metering_site_gsrn", NEW_POINT)
    (refusal,) = examine_register_change(other)
    assert refusal.reason is Reason.POINT_NOT_IDENTIFIABLE


def decided(check: RegisterCheck) -> ChangeDecision:
    """What is decided on a good change."""
    outcome = decide_register_change(
        check.change, facts=check.facts, now=at(REPORTED_ON, 9), rules=check.rules
    )
    assert isinstance(outcome, ChangeDecision)
    return outcome


def test_what_cannot_be_taken_has_no_effect() -> None:
    check = but(disconnection(), "facts.point", None)
    outcome = decide_register_change(
        check.change, facts=check.facts, now=at(REPORTED_ON, 9), rules=check.rules
    )
    assert isinstance(outcome, Refused)


def test_an_exchange_closes_the_old_meter_and_opens_the_new() -> None:
    closing, removed, installed, opening, _link = decided(exchange()).entries
    assert isinstance(removed, MeterRemoved)
    assert isinstance(installed, MeterInstalled)
    assert removed.on == installed.on == CHANGED_ON
    assert isinstance(closing, ReadingRecorded)
    assert isinstance(opening, ReadingRecorded)
    assert closing.taken_at == opening.taken_at == at(CHANGED_ON, 0)
    assert (closing.serial_number, opening.serial_number) == ("ZGL-100001", "ZGL-900001")


def test_who_exchanges_the_meter_has_reached_the_site() -> None:
    check = but(exchange(), "facts.point.inaccessible_since", date(2025, 2, 1))
    *_, reached = decided(check).entries
    assert reached == SiteReached(accounting_point=POINT, on=CHANGED_ON)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("change.change.new.remotely_read", True),
        ("change.change.new.registers.0.multiplier", Decimal(40)),
    ],
)
def test_the_supplier_is_told_of_an_exchange_if_the_way_of_metering_changes(
    path: str, value: Any
) -> None:
    assert decided(exchange()).notices == ()
    check = but(exchange(), path, value)
    assert way_of_metering_changes(check)
    (notice,) = decided(check).notices
    assert (notice.to.party, notice.to.case_id) == (OLD, None)
    assert notice.change is RegisterChangeKind.METER


@pytest.mark.parametrize("good", GOOD_CHANGES[1:], ids=lambda good: good.__name__)
def test_other_changes_are_told_to_the_supplier(good: Callable[[], RegisterCheck]) -> None:
    check = good()
    decision = decided(check)
    notice = decision.notices[0]
    assert isinstance(notice, RegisterChangeNotice)
    assert notice.to.party == OLD
    assert notice.effective_on == decision.event.effective_on == check.change.effective_on
    assert notice.change is decision.event.change
    assert len(decision.notices) == 1 or check.payer_change is not None


def test_the_first_supply_of_a_new_point_has_no_one_before_it() -> None:
    entries = decided(new_point()).entries
    assert isinstance(entries[0], PointRecorded)
    (supply,) = [one for one in entries if isinstance(one, SupplyChanged)]
    assert (supply.old, supply.new, supply.on) == (None, OLD, CHANGED_ON)


def settled(check: RegisterCheck) -> list[FinalSettlement]:
    """The settlements that are given with the change."""
    return [one for one in decided(check).notices if isinstance(one, FinalSettlement)]


def test_the_supplier_is_settled_up_to_the_change_of_payer() -> None:
    (notice,) = settled(other_payer())
    assert (notice.to.party, notice.old_supplier) == (OLD, None)
    assert notice.settlement.reason is BillingReason.CHANGE_OF_PAYER
    (one,) = notice.settlement.registers
    assert (one.opening, one.closing, one.quantity_kwh) == (14650, 14920, 270)


def test_it_is_settled_under_its_own_number_whichever_was_named() -> None:
    own = (supply(accounting_point=OTHER_POINT),)
    check = but(but(other_payer(), "facts.concerned", own), "facts.concerned_then", own)
    assert examine_register_change(check) == ()
    assert [one.point.accounting_point for one in settled(check)] == [OTHER_POINT]


def test_of_several_suppliers_none_is_settled_for_the_whole() -> None:
    shares = (supply(share="0.5"), supply(NEW, share="0.5", accounting_point=OTHER_POINT))
    check = but(but(breach(), "facts.concerned", shares), "facts.concerned_then", shares)
    assert examine_register_change(check) == ()
    assert settled(check) == []


def test_a_billing_reading_on_record_for_the_day_has_settled_the_period() -> None:
    check = but(other_payer(), "change.change.reading", None)
    check = but(check, "facts.point.last_reading.taken_on", CHANGED_ON)
    assert examine_register_change(check) == ()
    assert settled(check) == []
    assert [type(one) for one in decided(check).entries] == [PayerChanged]


def test_on_a_breach_the_reading_of_the_day_is_estimated_and_goes_on_record() -> None:
    (paid, recorded) = decided(breach()).entries
    assert isinstance(paid, PayerChanged)
    assert isinstance(recorded, ReadingRecorded)
    assert recorded.obtained_by is ObtainedBy.ESTIMATE
    assert recorded.taken_at == at(date(2026, 4, 1), 0)
    assert [one.value for one in recorded.registers] == [14660]


def test_on_a_breach_a_later_reading_is_dated_back_to_the_day() -> None:
    given = replace(
        other_payer().payer_change.reading,
        taken_on=date(2026, 4, 10),
        registers=(shows(TAKEN, "14750"),),
    )
    check = but(breach(), "change.change.reading", given)
    assert examine_register_change(check) == ()
    (_, recorded) = decided(check).entries
    assert isinstance(recorded, ReadingRecorded)
    assert recorded.obtained_by is ObtainedBy.OPERATOR
    assert [one.value for one in recorded.registers] == [14660]


@pytest.mark.parametrize(
    ("ground", "told"),
    [(PayerGround.BREACH, True), (PayerGround.CONTRACT_END, True), (PayerGround.AGREED, False)],
)
def test_the_customer_is_told_of_its_right_to_switch_when_the_contract_has_ended(
    ground: PayerGround, told: bool
) -> None:
    given = replace(other_payer().payer_change.reading, taken_on=date(2026, 4, 1))
    check = but(breach(), "change.change.reading", given)
    check = but(check, "change.change.ground", ground)
    assert examine_register_change(check) == ()
    to_customer = [one for one in decided(check).notices if one.to.customer is not None]
    assert [one.customer_may_switch for one in to_customer] == [True] * told


def test_where_nobody_supplies_consumption_nobody_is_settled() -> None:
    check = but(breach(), "facts.concerned_then", ())
    assert examine_register_change(check) == ()
    assert settled(check) == []


def test_what_was_billed_from_a_wrong_reading_is_made_anew_on_both_sides_of_it() -> None:
    cancelled, right, *quantities = decided(correction()).entries
    assert isinstance(cancelled, ReadingCancelled)
    assert isinstance(right, ReadingRecorded)
    assert (cancelled.taken_on, right.taken_at) == (LAST_READ_ON, at(LAST_READ_ON, 0))
    assert [(one.cancelled_kwh, one.kwh) for one in quantities] == [(310, 260), (201, 251)]


def test_a_quantity_that_stays_the_same_is_neither_cancelled_nor_told() -> None:
    check = but(correction(), "change.change.registers.0.value", Decimal("14650.2"))
    assert [type(one) for one in decided(check).entries] == [
        ReadingCancelled,
        ReadingRecorded,
        QuantityBilledAnew,
    ]
    check = but(check, "facts.corrected.billed", correction().facts.corrected.billed[:1])
    assert decided(check).notices == ()


def test_a_reading_from_which_nothing_was_billed_is_corrected_all_the_same() -> None:
    check = but(correction(), "facts.corrected.billed", ())
    check = but(check, "facts.corrected.before", None)
    assert examine_register_change(check) == ()
    assert decided(check).notices == ()
