"""The final settlement: what it counts, for whom, and when it follows (A24, A30, A35, C3, H1)."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from broker.engine.calendar import WorkingDays
from broker.engine.decide import decide
from broker.engine.decision import Decision
from broker.engine.facts import Facts, MeterFacts, ReadingOnRecord, RemovedMeter
from broker.engine.rules_reading import ReadingCheck
from broker.engine.settle import settlement_of
from broker.engine.state import Phase, SwitchCase
from broker.messages.codes import (
    BillingReason,
    Direction,
    ObtainedBy,
    Payer,
    RegisterChangeKind,
)
from broker.messages.deadlines import DeadlineKind
from broker.messages.identifiers import Eic, ObisCode, SerialNumber
from broker.messages.notices import FinalSettlement, RegisterChangeNotice
from broker.messages.records import SettlementDelivered, SwitchCarriedOut
from broker.messages.register_changes import PayerChanged
from broker.messages.settlements import SettledRegister
from tests.engine.builders import (
    CASE,
    FED_IN,
    LAST_READ_ON,
    NEW,
    OLD,
    OLD_OF_PRODUCTION,
    OPERATOR,
    POINT,
    READ_ON,
    RECEIVED_AT,
    RULES,
    TAKEN,
    TAKEN_HIGH,
    TAKEN_LOW,
    at,
    but,
    facts,
    reading,
    reading_check,
    reading_check_of_tariffs,
    reading_check_of_two,
    register,
    request,
    request_check_of_a_paying_supplier,
    request_for_two,
    shows,
    two_directions,
)
from tests.engine.ways_through_the_process import (
    LATER,
    MEASURED,
    a_reading,
    a_request,
    after,
    awaiting_reading,
    completed_unsettled,
    reached,
)


def settled(check: ReadingCheck) -> tuple[SettledRegister, ...]:
    """The registers of the settlement on this reading."""
    return settlement_of(check, BillingReason.CHANGE_OF_SUPPLIER).registers


def carried_out(case: SwitchCase, known: Facts) -> Decision:
    """The decision on the good reading."""
    outcome = decide(case, a_reading(), facts=known, now=LATER, rules=RULES)
    assert isinstance(outcome, Decision), outcome
    return outcome


def test_a_settlement_runs_from_the_last_reading_to_the_switch() -> None:
    settlement = settlement_of(reading_check(), BillingReason.CHANGE_OF_SUPPLIER)
    assert (settlement.from_day, settlement.to_day) == (LAST_READ_ON, READ_ON)
    assert settlement.serial_number == "ZGL-100001"
    assert settlement.obtained_by is ObtainedBy.CUSTOMER
    assert settlement.registers == (
        SettledRegister(
            register=TAKEN, opening=Decimal(14650), closing=Decimal(15050), quantity_kwh=400
        ),
    )


@pytest.mark.parametrize(
    ("opening", "closing", "multiplier", "quantity"),
    [
        ("14650", "15050.499", "1", 400),
        ("14650", "15050.5", "1", 401),
        ("14650", "15051.5", "1", 402),  # half up, not to the even one
        ("14650.4", "15050", "1", 400),
        ("14650.5", "15051", "1", 401),
        ("14650", "14650", "1", 0),
        ("14650", "14650.49", "1", 0),
        ("14650", "14660", "40", 400),
        ("14650", "14650.0125", "40", 1),
        ("14650", "14651", "0.5", 1),
        # over the top of six digits
        ("999900", "300", "1", 400),
        ("999999.9", "0.4", "1", 1),
        ("999990", "0", "40", 400),
    ],
)
def test_quantities_are_whole_kwh_and_register_values_stay_as_read(
    opening: str, closing: str, multiplier: str, quantity: int
) -> None:
    check = but(reading_check(), "reading.registers.0.value", Decimal(closing))
    check = but(check, "point.last_reading.registers.0.value", Decimal(opening))
    check = but(check, "meter.registers.0.multiplier", Decimal(multiplier))
    (one,) = settled(check)
    assert one.quantity_kwh == quantity
    assert (str(one.opening), str(one.closing)) == (opening, closing)


def test_without_a_reading_on_record_there_is_neither_opening_nor_quantity() -> None:
    settlement = settlement_of(
        but(reading_check(), "point.last_reading", None), BillingReason.CHANGE_OF_SUPPLIER
    )
    assert settlement.from_day is None
    (one,) = settlement.registers
    assert (one.opening, one.closing, one.quantity_kwh) == (None, Decimal(15050), None)


def test_a_register_without_its_value_on_record_leaves_the_others_settled() -> None:
    check = reading_check_of_tariffs()
    check = but(check, "point.last_reading.registers", (shows(TAKEN_HIGH, "23400"),))
    assert [(one.register, one.quantity_kwh) for one in settled(check)] == [
        (TAKEN_HIGH, 250),
        (TAKEN_LOW, None),
    ]


def test_each_tariff_and_each_direction_is_settled_by_itself() -> None:
    assert [(r.register, r.quantity_kwh) for r in settled(reading_check_of_tariffs())] == [
        (TAKEN_HIGH, 250),
        (TAKEN_LOW, 150),
    ]
    assert [(r.register, r.quantity_kwh) for r in settled(reading_check_of_two())] == [
        (TAKEN, 400),
        (FED_IN, 400),
    ]


class TestOverAnExchange:
    """Each meter is settled from its opening to its closing value (D4, H1)."""

    @staticmethod
    def removed(opening: str, closing: str, serial_number: str = "ZGL-090001") -> RemovedMeter:
        """A meter that gave way to another on 15 April."""
        return RemovedMeter(
            meter=MeterFacts(serial_number=SerialNumber(serial_number), registers=(register(),)),
            removed_on=date(2026, 4, 15),
            opening=ReadingOnRecord(taken_on=LAST_READ_ON, registers=(shows(TAKEN, opening),)),
            closing=ReadingOnRecord(taken_on=date(2026, 4, 15), registers=(shows(TAKEN, closing),)),
        )

    def test_the_period_begins_with_the_first_meter(self) -> None:
        check = but(reading_check(), "point.removed_meters", (self.removed("800", "1000"),))
        check = but(check, "point.last_reading.taken_on", date(2026, 4, 15))
        settlement = settlement_of(check, BillingReason.CHANGE_OF_SUPPLIER)
        assert (settlement.from_day, settlement.to_day) == (LAST_READ_ON, READ_ON)
        (removed,) = settlement.removed_meters
        assert (removed.serial_number, removed.removed_on) == ("ZGL-090001", date(2026, 4, 15))
        (one,) = removed.registers
        assert (one.opening, one.closing, one.quantity_kwh) == (800, 1000, 200)

    @pytest.mark.parametrize(
        ("energies", "parts"),
        [
            (("0.5", "0.5"), [1, 0]),
            (("0.4", "0.4"), [0, 1]),
            (("0.5", "0.5", "0.5", "0.5"), [1, 0, 1, 0]),
            (("0.4", "0.4", "0.4"), [0, 1, 0]),
            (("270", "0.5", "129.5"), [270, 1, 129]),
        ],
    )
    def test_the_parts_add_up_to_the_whole_rounded_once(
        self, energies: tuple[str, ...], parts: list[int]
    ) -> None:
        removed = tuple(self.removed("0", energy) for energy in energies[:-1])
        check = but(reading_check(), "point.removed_meters", removed)
        check = but(check, "point.last_reading.registers.0.value", Decimal(0))
        check = but(check, "reading.registers.0.value", Decimal(energies[-1]))
        settlement = settlement_of(check, BillingReason.CHANGE_OF_SUPPLIER)
        each = [one.registers[0].quantity_kwh for one in settlement.removed_meters]
        assert [*each, settlement.registers[0].quantity_kwh] == parts

    def test_a_removed_meter_without_opening_value_leaves_the_period_open(self) -> None:
        removed = replace(self.removed("0", "10"), opening=None)
        check = but(reading_check(), "point.removed_meters", (removed,))
        settlement = settlement_of(check, BillingReason.CHANGE_OF_SUPPLIER)
        assert settlement.from_day is None
        assert settlement.removed_meters[0].registers[0].quantity_kwh is None
        assert settlement.registers[0].quantity_kwh == 400


class TestTwoDirections:
    """Each old supplier has the settlement of its own direction (interpretation 13)."""

    two = two_directions(facts())
    read = but(reading(), "registers", (shows(TAKEN, "15050"), shows(FED_IN, "12050")))

    def settlements(self, known: Facts) -> list[FinalSettlement]:
        """The settlements given when the reading of both directions has come."""
        case = after(None, a_request(request_for_two()), RECEIVED_AT, known=known)
        outcome = decide(case, a_reading(self.read), facts=known, now=LATER, rules=RULES)
        assert isinstance(outcome, Decision)
        return [notice for notice in outcome.notices if isinstance(notice, FinalSettlement)]

    def test_two_old_suppliers_have_one_direction_each(self) -> None:
        of_consumption, of_production = self.settlements(self.two)
        for notice, party, direction, code in (
            (of_consumption, OLD, Direction.CONSUMPTION, TAKEN),
            (of_production, OLD_OF_PRODUCTION, Direction.PRODUCTION, FED_IN),
        ):
            assert notice.to.party == notice.old_supplier.eic == party
            assert notice.old_supplier.directions == (direction,)
            assert [one.register for one in notice.settlement.registers] == [code]

    def test_one_old_supplier_of_both_has_both_in_one(self) -> None:
        known = but(self.two, "point.supplies.1.supplier", OLD)
        (notice,) = self.settlements(known)
        assert [one.register for one in notice.settlement.registers] == [TAKEN, FED_IN]

    def test_who_had_no_supplier_has_no_settlement(self) -> None:
        known = but(self.two, "point.supplies", self.two.point.supplies[1:])
        (notice,) = self.settlements(known)
        assert notice.to.party == OLD_OF_PRODUCTION

    def test_what_measures_neither_direction_goes_to_consumption(self) -> None:
        reactive = ObisCode("1-0:3.8.0")
        meter = (register(), register(FED_IN), register(reactive))
        known = but(self.two, "point.meter.registers", meter)
        values = (shows(TAKEN, "14650"), shows(FED_IN, "11650"), shows(reactive, "10"))
        known = but(known, "point.last_reading.registers", values)
        self.read = but(self.read, "registers", (*self.read.registers, shows(reactive, "25")))
        of_consumption, of_production = self.settlements(known)
        assert [r.register for r in of_consumption.settlement.registers] == [TAKEN, reactive]
        assert [r.register for r in of_production.settlement.registers] == [FED_IN]


class TestMeasuredPower:
    """Where power is measured the settlement waits for the end of the month (A24)."""

    def test_it_waits_for_the_end_of_the_month_of_the_switch(self) -> None:
        case = completed_unsettled()
        (deadline,) = case.deadlines
        assert deadline.kind is DeadlineKind.FINAL_SETTLEMENT
        assert deadline.act_at == at(date(2026, 6, 1), 0)
        assert deadline.limit == at(date(2026, 6, 6), 0)

    def test_the_switch_itself_is_told_at_once(self) -> None:
        kinds = [type(n).__name__ for n in carried_out(awaiting_reading(), MEASURED).notices]
        to_suppliers = ["SwitchCompleted", "SwitchCompleted", "RegisterChangeNotice"]
        assert kinds == [*to_suppliers, "SwitchExecuted"]
        assert len(carried_out(awaiting_reading(), MEASURED).register_changes) == 3

    def test_what_is_delivered_then_is_what_was_read(self) -> None:
        now = at(date(2026, 6, 1), 0)
        exchanged = but(MEASURED, "point.meter.serial_number", "ZGL-200001")
        exchanged = but(exchanged, "point.last_reading", None)
        outcome = decide(
            completed_unsettled(),
            reached(DeadlineKind.FINAL_SETTLEMENT),
            facts=exchanged,
            now=now,
            rules=RULES,
        )
        assert isinstance(outcome, Decision)
        assert outcome.records == (SettlementDelivered(at=now),)
        assert outcome.register_changes == ()
        assert outcome.state.phase is Phase.COMPLETED
        (notice,) = outcome.notices
        assert isinstance(notice, FinalSettlement)
        assert notice.to.party == OLD
        assert notice.settlement == settlement_of(reading_check(), BillingReason.CHANGE_OF_SUPPLIER)

    @pytest.mark.parametrize(
        ("switched", "acts", "limit"),
        [
            # the first of a month: still that month
            (date(2026, 5, 1), at(date(2026, 6, 1), 0), at(date(2026, 6, 6), 0)),
            (date(2026, 4, 30), at(date(2026, 5, 1), 0), at(date(2026, 5, 9), 0)),
            # the clock goes forward, and back, within the month
            (date(2026, 3, 29), at(date(2026, 4, 1), 0), at(date(2026, 4, 9), 0)),
            (date(2026, 10, 25), at(date(2026, 11, 1), 0), at(date(2026, 11, 7), 0)),
            (date(2026, 12, 31), at(date(2027, 1, 1), 0), at(date(2027, 1, 9), 0)),
            (date(2028, 2, 29), at(date(2028, 3, 1), 0), at(date(2028, 3, 8), 0)),
        ],
    )
    def test_the_five_working_days_count_from_the_end_of_the_month(
        self, switched: date, acts: datetime, limit: datetime
    ) -> None:
        deadline = RULES.settlement_deadline(switched, switched)
        assert (deadline.act_at, deadline.limit) == (acts, limit)

    def test_an_announced_day_is_not_counted(self) -> None:
        day = date(2026, 6, 3)
        rules = replace(RULES, working_days=WorkingDays(one_off_days=(day,)))
        assert rules.settlement_deadline(READ_ON, READ_ON).limit == at(date(2026, 6, 9), 0)

    def test_a_reading_of_the_last_day_may_come_when_the_month_is_over(self) -> None:
        asked = replace(request(), requested_date=date(2026, 5, 31))
        case = after(None, a_request(asked), RECEIVED_AT, known=MEASURED)
        read, now = reading(date(2026, 5, 31), "15260"), at(date(2026, 6, 2))
        case = after(case, a_reading(read, now), now, known=MEASURED)
        assert case.phase is Phase.COMPLETED_UNSETTLED
        assert case.deadlines[0].act_at == at(date(2026, 6, 1), 0)


class TestPayer:
    """A switch may change who pays the network charge, on the switch date (A35)."""

    @pytest.mark.parametrize("before", Payer, ids=lambda payer: payer.value)
    @pytest.mark.parametrize("after_it", Payer, ids=lambda payer: payer.value)
    def test_the_change_goes_on_record_where_there_is_one(
        self, before: Payer, after_it: Payer
    ) -> None:
        check = request_check_of_a_paying_supplier()
        known = but(check.facts, "point.payer", before)
        asked = replace(check.request, network_charge_payer=after_it)
        decision = carried_out(after(None, a_request(asked), RECEIVED_AT, known=known), known)
        changes = [c for c in decision.register_changes if isinstance(c, PayerChanged)]
        (record,) = decision.records
        assert isinstance(record, SwitchCarriedOut)
        if before is after_it:
            assert changes == []
        else:
            assert changes == [
                PayerChanged(accounting_point=POINT, payer=after_it, on=READ_ON, case_id=CASE)
            ]
        # a new supplier that pays is another payer than the old one that did
        stays = before is after_it is Payer.CUSTOMER
        assert record.settlement.reason is (
            BillingReason.CHANGE_OF_SUPPLIER
            if stays
            else BillingReason.CHANGE_OF_SUPPLIER_AND_PAYER
        )

    @pytest.mark.parametrize(
        ("before", "after_it", "reasons"),
        [
            (Payer.CUSTOMER, Payer.CUSTOMER, {OLD_OF_PRODUCTION: "16"}),
            (Payer.SUPPLIER, Payer.SUPPLIER, {OLD_OF_PRODUCTION: "16"}),
            (Payer.CUSTOMER, Payer.SUPPLIER, {OLD_OF_PRODUCTION: "16", OLD: "11"}),
            (Payer.SUPPLIER, Payer.CUSTOMER, {OLD_OF_PRODUCTION: "16", OLD: "11"}),
        ],
    )
    def test_a_switch_of_production_settles_consumption_if_the_payer_changes(
        self, before: Payer, after_it: Payer, reasons: dict[Eic, str]
    ) -> None:
        two = but(two_directions(facts()), "point.payer", before)
        two = but(two, "parties.1.pays_network_charge", True)
        kept = replace(request_for_two().chosen[0], supplier=OLD, contract=None)
        asked = replace(
            request_for_two(),
            network_charge_payer=after_it,
            one_bill_consent_on=date(2026, 4, 20),
            chosen=(kept, request_for_two().chosen[1]),
        )
        read = but(reading(), "registers", (shows(TAKEN, "15050"), shows(FED_IN, "12050")))
        case = after(None, a_request(asked), RECEIVED_AT, known=two)
        outcome = decide(case, a_reading(read), facts=two, now=LATER, rules=RULES)
        assert isinstance(outcome, Decision)
        settled = [one for one in outcome.notices if isinstance(one, FinalSettlement)]
        assert {one.to.party: one.settlement.reason.value for one in settled} == reasons
        told = [
            one.change
            for one in outcome.notices
            if isinstance(one, RegisterChangeNotice) and one.to.party == OLD
        ]
        assert told == [RegisterChangeKind.PAYER] * (len(reasons) - 1)

    def test_an_old_supplier_of_production_alone_is_not_told_of_the_payer(self) -> None:
        two = but(two_directions(facts()), "parties.0.pays_network_charge", True)
        asked = replace(
            request_for_two(),
            network_charge_payer=Payer.SUPPLIER,
            one_bill_consent_on=date(2026, 4, 20),
        )
        read = but(reading(), "registers", (shows(TAKEN, "15050"), shows(FED_IN, "12050")))
        case = after(None, a_request(asked), RECEIVED_AT, known=two)
        outcome = decide(case, a_reading(read), facts=two, now=LATER, rules=RULES)
        assert isinstance(outcome, Decision)
        settled = [one for one in outcome.notices if isinstance(one, FinalSettlement)]
        reasons = {one.to.party: one.settlement.reason.value for one in settled}
        assert reasons == {OLD: "14", OLD_OF_PRODUCTION: "16"}

    def test_the_codes_are_those_of_the_field(self) -> None:
        assert BillingReason.CHANGE_OF_PAYER.value == "11"
        assert BillingReason.CHANGE_OF_SUPPLIER_AND_PAYER.value == "14"
        assert BillingReason.CHANGE_OF_SUPPLIER.value == "16"

    def test_the_old_supplier_is_not_told_who_pays_now(self) -> None:
        check = request_check_of_a_paying_supplier()
        case = after(None, a_request(check.request), RECEIVED_AT, known=check.facts)
        *to_suppliers, to_back_office = carried_out(case, check.facts).notices
        assert to_back_office.to.party == OPERATOR
        for notice in to_suppliers:
            assert "payer" not in type(notice).__dataclass_fields__
            assert (notice.to.party == NEW) == (
                type(notice).__name__ == "SwitchCompleted" and notice.new_supplier is not None
            )
