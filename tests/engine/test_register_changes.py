"""Every rule on a change for the register finds what breaks it; what is taken has its effects.

A case is a good check with one field changed; `finds` is what the rule then says, in order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

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
from broker.messages.codes import Payer, RegisterChangeKind
from broker.messages.reasons import Reason
from broker.messages.register_changes import (
    MeterInstalled,
    MeterRemoved,
    PointRecorded,
    ReadingRecorded,
    SiteReached,
    SupplyChanged,
)
from tests.engine.builders import (
    FED_IN,
    INACTIVE,
    OLD,
    OTHER_SITE,
    POINT,
    SITE_GSRN,
    WITHOUT_BALANCE_GROUP,
    at,
    but,
)
from tests.engine.register_changes import (
    CHANGED_ON,
    GOOD_CHANGES,
    NEW_POINT,
    REPORTED_ON,
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
        "change.change.new.registers.0.value",
        Decimal(1_000_000),
        (LIMITS,),
    ),
    Bad(
        register.a_supplier_that_pays_may_pay,
        other_payer,
        "facts.suppliers",
        (),
        (Reason.NO_VALID_GRID_ACCESS_CONTRACT,),
    ),
    Bad(
        register.a_supplier_that_pays_may_pay,
        other_payer,
        "facts.point.supplies",
        (),
        (Reason.NO_VALID_GRID_ACCESS_CONTRACT,),
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
    decision = decided(good())
    (notice,) = decision.notices
    assert notice.to.party == OLD
    assert notice.effective_on == decision.event.effective_on == CHANGED_ON
    assert notice.change is decision.event.change


def test_the_first_supply_of_a_new_point_has_no_one_before_it() -> None:
    entries = decided(new_point()).entries
    assert isinstance(entries[0], PointRecorded)
    (supply,) = [one for one in entries if isinstance(one, SupplyChanged)]
    assert (supply.old, supply.new, supply.on) == (None, OLD, CHANGED_ON)
