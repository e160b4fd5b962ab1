"""Data before a request (A4): each rule alone, all findings at once, and what is told.

Method: a good request for data with one field changed.
"""

from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from broker.engine import rules_master_data
from broker.engine.code_list import CODE_LIST, Use
from broker.engine.examination import OF_MASTER_DATA, examine_master_data
from broker.engine.legal_periods import PERIODS, PeriodName, Unit
from broker.engine.master_data import Grant, grant_master_data, master_data_response
from broker.engine.rules_master_data import MasterDataCheck
from broker.messages.codes import (
    Direction,
    DocumentKind,
    EntitlementKind,
    Purpose,
    ReadingMethod,
    WantedData,
)
from broker.messages.identifiers import Eic
from broker.messages.master_data import BilledQuantity, DailyBlocks, History, ShareInForce
from broker.messages.reasons import Reason
from broker.messages.requests import Entitlement, MasterDataRequest, NamedCustomer
from tests.engine.builders import (
    CUSTOMER,
    INACTIVE,
    METERING_CENTRE,
    NEW,
    OLD,
    OLD_OF_PRODUCTION,
    OTHER_CUSTOMER,
    OTHER_POINT,
    OTHER_SITE,
    PARTIES,
    RECEIVED_ON,
    RULES,
    SITE_GSRN,
    WITHOUT_BALANCE_GROUP,
    but,
    days_after,
    header,
    point,
    point_reference,
)
from tests.engine.builders import (
    POINT as THE_POINT,
)

PARTY = {party.eic: party for party in PARTIES}
E10 = (Reason.POINT_NOT_IDENTIFIABLE,)
MISMATCH = (Reason.CONTRACTING_PARTY_MISMATCH,)
TOO_OLD = (Reason.AUTHORISATION_TOO_OLD,)
POINT = "request.point"
PARTY_NAMED = "request.contracting_party"
SIGNED_ON = "request.entitlement.signed_on"
# A field changed, and everything that then speaks against giving the data.
CASES: list[tuple[str, Any, tuple[Reason, ...]]] = [
    ("asker", None, (Reason.UNAUTHORISED_SUPPLIER,)),
    ("asker", PARTY[INACTIVE], (Reason.UNAUTHORISED_SUPPLIER,)),
    ("asker", PARTY[METERING_CENTRE], (Reason.UNAUTHORISED_SUPPLIER,)),
    ("asker", PARTY[WITHOUT_BALANCE_GROUP], (Reason.UNAUTHORISED_BALANCE_RESPONSIBLE,)),
    ("asker", PARTY[OLD], ()),
    ("found", None, E10),
    (f"{POINT}.accounting_point", OTHER_POINT, E10),
    (f"{POINT}.metering_site", OTHER_SITE, E10),
    (f"{POINT}.area", "8", E10),
    (f"{POINT}.metering_site_gsrn", OTHER_POINT, E10),
    (f"{POINT}.metering_site_gsrn", SITE_GSRN, ()),
    ("found.connected", False, ()),
    ("found.meter", None, ()),
    ("found.supplies", (), ()),
    ("found.customer", None, MISMATCH),
    (f"{PARTY_NAMED}.tax_number", OTHER_CUSTOMER, MISMATCH),
    (f"{PARTY_NAMED}.name", "Boris Vzorec", MISMATCH),
    (f"{PARTY_NAMED}.name", "ANA  ZGLED.", ()),
    (SIGNED_ON, RECEIVED_ON, ()),
    (SIGNED_ON, days_after(RECEIVED_ON, 1), (Reason.DATED_AFTER_RECEIPT,)),
    (SIGNED_ON, date(2025, 10, 24), ()),
    (SIGNED_ON, date(2025, 10, 23), TOO_OLD),
    ("request.entitlement.kind", EntitlementKind.SUPPLY_CONTRACT, ()),
]


def check() -> MasterDataCheck:
    """A new supplier asks for everything, on a fresh authorisation."""
    return MasterDataCheck(
        request=MasterDataRequest(
            header=header(DocumentKind.MASTER_DATA_REQUEST),
            point=point_reference(),
            contracting_party=NamedCustomer(name="Ana Zgled", tax_number=CUSTOMER),
            entitlement=Entitlement(
                kind=EntitlementKind.AUTHORISATION, signed_on=date(2026, 4, 20)
            ),
            purpose=Purpose.QUOTE,
            wanted=tuple(WantedData),
        ),
        received_on=RECEIVED_ON,
        asker=PARTY[NEW],
        found=point(),
        rules=RULES,
    )


@pytest.mark.parametrize(("path", "value", "reasons"), CASES, ids=str)
def test_the_data_are_refused_for(path: str, value: Any, reasons: tuple[Reason, ...]) -> None:
    refusals = examine_master_data(but(check(), path, value))
    assert tuple(one.reason for one in refusals) == reasons
    assert all(Use.MASTER_DATA in CODE_LIST[reason].uses for reason in reasons)


@pytest.mark.parametrize("rule", OF_MASTER_DATA, ids=lambda rule: rule.__name__)
def test_every_rule_has_a_case_it_refuses(rule: Any) -> None:
    assert rule(check()) is None
    assert any(rule(but(check(), path, value)) for path, value, _ in CASES)


def test_every_rule_of_the_module_is_examined() -> None:
    written = {value for name, value in vars(rules_master_data).items() if name.startswith("the_")}
    assert written == set(OF_MASTER_DATA)


def test_every_finding_is_told_at_once() -> None:
    wrong = but(but(check(), PARTY_NAMED + ".tax_number", OTHER_CUSTOMER), SIGNED_ON, RECEIVED_ON)
    wrong = but(wrong, "asker", PARTY[WITHOUT_BALANCE_GROUP])
    wrong = but(wrong, SIGNED_ON, date(2025, 1, 1))
    assert [one.reason for one in examine_master_data(wrong)] == [
        Reason.UNAUTHORISED_BALANCE_RESPONSIBLE,
        Reason.CONTRACTING_PARTY_MISMATCH,
        Reason.AUTHORISATION_TOO_OLD,
    ]


def test_a_stranger_to_the_point_learns_nothing_of_its_customer() -> None:
    elsewhere = but(but(check(), f"{POINT}.area", "8"), PARTY_NAMED + ".tax_number", OTHER_CUSTOMER)
    (refusal,) = examine_master_data(elsewhere)
    assert refusal.reason is Reason.POINT_NOT_IDENTIFIABLE
    for path, value in ((".tax_number", OTHER_CUSTOMER), (".name", "Boris Vzorec")):
        (refusal,) = examine_master_data(but(check(), PARTY_NAMED + path, value))
        assert (refusal.place, refusal.found, refusal.expected) == (
            "/MasterDataRequest/ContractingParty",
            None,
            None,
        )


@pytest.mark.parametrize(
    ("signed_on", "last_day"),
    [
        (date(2025, 8, 31), date(2026, 2, 28)),
        (date(2027, 8, 30), date(2028, 2, 29)),
        (date(2026, 2, 28), date(2026, 8, 28)),
        (date(2026, 1, 1), date(2026, 7, 1)),
    ],
)
def test_six_months_end_on_the_day_of_that_number_or_the_last_of_the_month(
    signed_on: date, last_day: date
) -> None:
    good = but(check(), SIGNED_ON, signed_on)
    assert examine_master_data(but(good, "received_on", last_day)) == ()
    late = but(good, "received_on", days_after(last_day, 1))
    assert [one.reason for one in examine_master_data(late)] == [Reason.AUTHORISATION_TOO_OLD]


def test_how_far_back_data_reach_is_said_by_the_rulebook() -> None:
    half = tuple(
        replace(row, length=6) if row.name is PeriodName.DATA_HISTORY else row for row in PERIODS
    )
    good = but(check(), "received_on", date(2026, 4, 24))
    assert granted(but(good, "rules.periods", half)).first_day == date(2025, 10, 24)


def granted(good: MasterDataCheck) -> Grant:
    """What may be given."""
    grant = grant_master_data(good)
    assert isinstance(grant, Grant)
    return grant


@pytest.mark.parametrize(
    ("received_on", "first_day"),
    [
        (date(2026, 4, 24), date(2025, 4, 24)),
        (date(2028, 2, 29), date(2027, 2, 28)),
        (date(2026, 1, 1), date(2025, 1, 1)),
    ],
)
def test_the_past_twelve_months_end_before_the_day_of_the_request(
    received_on: date, first_day: date
) -> None:
    good = but(but(check(), SIGNED_ON, received_on), "received_on", received_on)
    grant = granted(good)
    assert (grant.first_day, grant.end) == (first_day, received_on)


def test_only_months_reach_back() -> None:
    for row in PERIODS:
        if row.unit is not Unit.MONTHS:
            with pytest.raises(ValueError, match="does not reach back"):
                row.first_day(RECEIVED_ON)
    (row,) = (row for row in PERIODS if row.name is PeriodName.DATA_HISTORY)
    assert row.first_day(RECEIVED_ON) == date(2025, 4, 24)


HISTORY = History(
    billed=(
        BilledQuantity(
            direction=Direction.CONSUMPTION,
            from_day=date(2025, 3, 31),
            to_day=date(2026, 3, 31),
            kwh=3650,
        ),
    ),
    quarter_hours=(
        DailyBlocks(
            direction=Direction.CONSUMPTION, day=date(2026, 4, 1), watt_hours=tuple(range(96))
        ),
    ),
)


@pytest.mark.parametrize("wanted", WantedData, ids=lambda wanted: wanted.value)
def test_what_was_not_asked_for_is_not_told(wanted: WantedData) -> None:
    response = master_data_response(granted(but(check(), "request.wanted", (wanted,))), HISTORY)
    told = {
        WantedData.MASTER_DATA: response.master_data,
        WantedData.BILLED_QUANTITIES: response.billed,
        WantedData.QUARTER_HOURS: response.quarter_hours,
    }
    assert [kind for kind, data in told.items() if data is not None] == [wanted]


@pytest.mark.parametrize("remote", [False, True])
def test_the_register_is_told_and_the_customer_as_the_asker_named_it(remote: bool) -> None:
    named = NamedCustomer(name="ana zgled", tax_number=CUSTOMER)
    asked = but(but(check(), "found.remotely_read", remote), "request.contracting_party", named)
    data = master_data_response(granted(asked), HISTORY).master_data
    assert data is not None
    assert data.contracting_party == named
    assert data.reading_method is (ReadingMethod.REMOTE if remote else ReadingMethod.CUSTOMER)
    assert data.metering_site_gsrn == SITE_GSRN
    assert data.meter is not None
    assert [one.register for one in data.meter.registers] == ["1-0:1.8.0"]
    without = but(check(), "found.meter", None)
    data = master_data_response(granted(without), HISTORY).master_data
    assert data is not None
    assert data.meter is None


def test_nothing_of_the_present_supplier_nor_of_readings_is_told() -> None:
    response = master_data_response(granted(check()), HISTORY)
    names = field_names(response)
    assert not {name for name in names if "suppl" in name} - {"self_supply"}
    assert not {name for name in names if "share" in name or "reading" in name} - {"reading_method"}
    assert OLD not in str(response)


def field_names(value: Any) -> set[str]:
    """The names of all fields, however deep."""
    if isinstance(value, tuple):
        return set().union(*map(field_names, value))
    if not is_dataclass(value):
        return set()
    own = {field.name for field in fields(value)}
    return own.union(*(field_names(getattr(value, name)) for name in own))


SINCE = date(2025, 7, 1)
KEY = tuple(
    ShareInForce(
        accounting_point=number,
        supplier=supplier,
        share=Decimal(share),
        from_day=SINCE,
        to_day=None,
    )
    for number, supplier, share in (
        (THE_POINT, OLD, "0.4"),
        (OTHER_POINT, OLD_OF_PRODUCTION, "0.35"),
        (OTHER_POINT, INACTIVE, "0.25"),
    )
)
BEFORE = ShareInForce(
    accounting_point=THE_POINT,
    supplier=OLD,
    share=Decimal(1),
    from_day=date(2024, 1, 1),
    to_day=SINCE,
)


def told_of_a_divided_point(
    asker: Eic, shares: tuple[ShareInForce, ...] = (BEFORE, *KEY)
) -> tuple[list[int], list[tuple[int, ...]]]:
    """What this supplier is told of billed energy and of quarter-hours."""
    granted = grant_master_data(but(check(), "request.header.sender", asker))
    assert isinstance(granted, Grant)
    days = (date(2025, 6, 30), SINCE)
    history = History(
        billed=tuple(
            BilledQuantity(direction=direction, from_day=day, to_day=days_after(day, 30), kwh=101)
            for day in days
            for direction in Direction
        ),
        quarter_hours=tuple(
            DailyBlocks(direction=Direction.CONSUMPTION, day=day, watt_hours=(1, 2, 3, 100))
            for day in days
        ),
        shares=shares,
    )
    response = master_data_response(granted, history)
    assert response.billed is not None
    assert response.quarter_hours is not None
    assert {one.direction for one in response.billed} == {Direction.CONSUMPTION}
    return [one.kwh for one in response.billed], [one.watt_hours for one in response.quarter_hours]


@pytest.mark.parametrize(
    ("asker", "billed", "second_day"),
    [
        (NEW, [101, 101], (1, 2, 3, 100)),
        (OLD, [101, 41], (1, 1, 1, 40)),
        (OLD_OF_PRODUCTION, [101, 35], (0, 1, 1, 35)),
        (INACTIVE, [101, 25], (0, 0, 1, 25)),
    ],
    ids=["a stranger", "0.4", "0.35", "0.25"],
)
def test_a_supplier_there_is_told_its_own_part_and_a_stranger_the_whole(
    asker: Eic, billed: list[int], second_day: tuple[int, ...]
) -> None:
    assert told_of_a_divided_point(asker) == (billed, [(1, 2, 3, 100), second_day])


def test_a_key_that_does_not_add_up_divides_nothing() -> None:
    assert told_of_a_divided_point(OLD, KEY[:2]) == ([101, 101], [(1, 2, 3, 100)] * 2)
