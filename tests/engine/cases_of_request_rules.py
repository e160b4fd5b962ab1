"""For each rule on a request: changes that it must find, and changes that it must let pass.

A case is a good check with one field changed; `finds` is what the rule then says, in order.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from broker.engine import rules_contract as contract
from broker.engine import rules_division as division
from broker.engine import rules_parties as parties
from broker.engine.request_check import RequestCheck
from broker.messages.codes import Direction, DocumentKind, MediaType, Payer
from broker.messages.reasons import Reason
from broker.messages.records import DoubtKind
from tests.engine.builders import (
    INACTIVE,
    METERING_CENTRE,
    NEW,
    OLD,
    OLD_OF_PRODUCTION,
    OTHER_CASE,
    OTHER_CUSTOMER,
    OTHER_POINT,
    OTHER_SITE,
    RECEIVED_ON,
    SITE_GSRN,
    WITHOUT_BALANCE_GROUP,
    but,
    chosen,
    claim,
    days_after,
    request_check,
    request_check_of_a_claim,
    request_check_of_a_customers_division,
    request_check_of_a_paying_supplier,
    request_check_of_a_share,
    request_check_of_claims_together,
    request_check_of_self_supply,
    request_check_of_the_customer,
    request_check_of_two,
    supply,
)


@dataclass(frozen=True)
class RuleCase:
    """A good check with the field at `path` changed to `value`, and what the rule finds."""

    rule: Callable[[Any], Any]
    path: str
    value: Any
    finds: tuple[Reason | DoubtKind, ...] = ()
    of: Callable[[], Any] = request_check

    @property
    def check(self) -> Any:
        """The changed check."""
        return but(self.of(), self.path, self.value)

    @property
    def name(self) -> str:
        """A name for reports: rule, good check, field and the value, shortened where it is long."""
        of = self.of.__name__.removeprefix("request_check").removeprefix("reading_check")
        return f"{self.rule.__name__}{of}-{self.path}={_short(self.value)}"


def _short(value: Any) -> str:
    """The value without type names, so that what sets it apart comes first."""
    return re.sub(r"\w+\(|\w+=|[()' ]|: '[^']*'>", "", str(value))[:70]


STRANGER = NEW[:-1] + "0"  # no participant, whatever its check character
TOMORROW = days_after(RECEIVED_ON, 1)
YESTERDAY = days_after(RECEIVED_ON, -1)
BOTH = request_check_of_two
SELF_SUPPLY = request_check_of_self_supply
A_SHARE = request_check_of_a_share
SUPPLIER_PAYS = request_check_of_a_paying_supplier
CUSTOMERS = request_check_of_the_customer
CLAIM = request_check_of_a_claim
CLAIMS_TOGETHER = request_check_of_claims_together
CUSTOMERS_DIVISION = request_check_of_a_customers_division

E10 = (Reason.POINT_NOT_IDENTIFIABLE,)
E81 = (Reason.POINT_NOT_CONNECTED,)
MISMATCH = (Reason.CONTRACTING_PARTY_MISMATCH,)
NAME = (DoubtKind.NAME_DIFFERS,)
E16 = (Reason.UNAUTHORISED_SUPPLIER,)
E18 = (Reason.UNAUTHORISED_BALANCE_RESPONSIBLE,)
DIRECTIONS = (Reason.DIRECTIONS_DO_NOT_MATCH_POINT,)
SHARES = (Reason.SHARES_DO_NOT_ADD_UP,)
CONTRACT = (Reason.CONTRACT_DOES_NOT_MATCH_REQUEST,)
AFTER_RECEIPT = (Reason.DATED_AFTER_RECEIPT,)
ATTACHMENT = (DoubtKind.ATTACHMENT_TYPE_DIFFERS,)
E36 = (Reason.NO_SELF_SUPPLY_CONTRACT,)
E37 = (Reason.NO_VALID_GRID_ACCESS_CONTRACT,)
E17 = (Reason.REQUESTED_DATE_NOT_WITHIN_LIMITS,)
E50 = (Reason.INVALID_PERIOD,)
E59 = (Reason.ALREADY_EXISTING_RELATION,)
TWICE = (Reason.SECOND_CLAIM_OF_SUPPLIER,)

Row = tuple[str, Any, tuple[Reason | DoubtKind, ...]]


def _cases(
    rule: Callable[[RequestCheck], Any],
    *rows: Row,
    of: Callable[[], RequestCheck] = request_check,
) -> tuple[RuleCase, ...]:
    return tuple(RuleCase(rule, path, value, finds, of) for path, value, finds in rows)


OF_PARTIES = (
    *_cases(
        parties.the_point_is_in_the_register,
        ("facts.point", None, E10),
        ("facts.point.metering_site", OTHER_SITE, E10),
        ("request.point.metering_site", OTHER_SITE, E10),
        ("request.point.area", "8", E10),
        ("request.point.metering_site_gsrn", OTHER_POINT, E10),
        ("request.point.metering_site_gsrn", SITE_GSRN, ()),
        ("facts.point.metering_site_gsrn", None, ()),
    ),
    *_cases(
        parties.the_point_is_connected,
        ("facts.point.connected", False, E81),
        ("facts.point.meter", None, E81),
        ("facts.point", None, ()),
    ),
    *_cases(
        parties.the_first_supplier_comes_with_the_contract_of_use,
        ("facts.point.ever_supplied", (), (Reason.NEVER_SUPPLIED,)),
        ("facts.point.supplies", (), ()),
        ("facts.point", None, ()),
    ),
    *_cases(
        parties.the_first_supplier_comes_with_the_contract_of_use,
        ("facts.point.ever_supplied", (Direction.CONSUMPTION,), (Reason.NEVER_SUPPLIED,)),
        of=BOTH,
    ),
    *_cases(
        parties.the_contracting_party_is_the_customer,
        ("request.contracting_party.tax_number", OTHER_CUSTOMER, MISMATCH),
        ("facts.point.customer.tax_number", OTHER_CUSTOMER, MISMATCH),
        ("facts.point.customer", None, MISMATCH),
        ("request.contracting_party.name", "Anica Zgled", NAME),
        ("request.contracting_party.name", "ANA  ZGLED.", ()),
        ("request.contracting_party.address.city", "Drugje", ()),
        ("facts.point", None, ()),
    ),
    *_cases(
        parties.no_other_request_is_in_progress,
        ("facts.other_case", OTHER_CASE, (Reason.POINT_BLOCKED_FOR_SWITCHING,)),
    ),
    *_cases(
        parties.every_chosen_supplier_is_registered,
        ("request.chosen.0.supplier", STRANGER, E16),
        ("request.chosen.0.supplier", INACTIVE, E16),
        ("request.chosen.0.supplier", METERING_CENTRE, E16),
        ("request.chosen.0.supplier", WITHOUT_BALANCE_GROUP, ()),
        ("facts.parties", (), E16),
    ),
    *_cases(
        parties.every_chosen_supplier_is_registered,
        ("facts.parties", (), E16 + E16),
        of=BOTH,
    ),
    *_cases(
        parties.every_chosen_supplier_is_in_a_balance_group,
        ("request.chosen.0.supplier", WITHOUT_BALANCE_GROUP, E18),
        ("facts.parties.0.in_balance_group", False, E18),
        ("request.chosen.0.supplier", STRANGER, ()),
    ),
    *_cases(
        parties.the_applicant_is_the_new_supplier,
        ("request.header.sender", OLD, E16),
        ("request.chosen.0.supplier", OLD_OF_PRODUCTION, E16),
    ),
    *_cases(
        parties.the_applicant_is_the_new_supplier,
        ("request.chosen.1.supplier", OLD, E16),
        ("request.chosen.1.supplier", OLD_OF_PRODUCTION, ()),
        ("request.header.sender", OLD_OF_PRODUCTION, E16),
        of=BOTH,
    ),
    *_cases(
        parties.the_applicant_is_the_new_supplier,
        ("request.customer_application", None, E16),
        ("request.chosen.0.supplier", OLD_OF_PRODUCTION, ()),
        of=CUSTOMERS,
    ),
    *_cases(
        parties.the_applicant_is_the_new_supplier,
        ("request.header.sender", OLD, E16),
        of=CLAIM,
    ),
    *_cases(
        parties.the_request_names_a_supplier_for_each_direction,
        ("request.chosen", (chosen(), chosen(Direction.PRODUCTION)), DIRECTIONS),
        ("request.chosen", (chosen(Direction.PRODUCTION),), DIRECTIONS),
        ("request.chosen", (chosen(), chosen()), DIRECTIONS),
        ("facts.point", None, ()),
    ),
    *_cases(
        parties.the_request_names_a_supplier_for_each_direction,
        ("request.chosen", (chosen(),), DIRECTIONS),
        of=BOTH,
    ),
    *_cases(
        parties.at_least_one_direction_changes,
        ("facts.point.supplies", (supply(NEW),), (Reason.ALREADY_EXISTING_RELATION,)),
        ("facts.point.supplies", (), ()),
        ("facts.point", None, ()),
        # the present supplier is not chosen; that the directions do not fit is another finding
        ("request.chosen", (chosen(Direction.PRODUCTION),), ()),
    ),
    *_cases(
        parties.at_least_one_direction_changes,
        ("request.chosen.1.supplier", OLD_OF_PRODUCTION, ()),
        of=BOTH,
    ),
    *_cases(
        parties.the_request_names_a_supplier_for_each_direction,
        ("request.chosen", (), ()),
        of=CLAIM,
    ),
    *_cases(
        parties.at_least_one_direction_changes,
        ("facts.point.supplies", (supply(NEW, "0.6"), supply(OLD, "0.4")), E59),
        ("facts.point.supplies", (supply(NEW, "0.4"), supply(OLD, "0.6")), ()),
        ("facts.point.supplies", (supply(NEW),), ()),
        of=CUSTOMERS_DIVISION,
    ),
    *_cases(
        parties.at_least_one_direction_changes,
        # a supplier that stays claims its share again
        ("facts.point.supplies", (supply(NEW, "0.6"), supply(OLD, "0.4")), ()),
        ("facts.point.supplies", (supply(NEW, "0.6"),), E59),
        of=CLAIM,
    ),
    *_cases(
        parties.no_other_request_is_in_progress,
        ("facts.other_case", OTHER_CASE, (Reason.POINT_BLOCKED_FOR_SWITCHING,)),
        of=CLAIM,
    ),
    *_cases(
        parties.the_payer_may_pay_the_network_charge,
        ("request.network_charge_payer", Payer.SUPPLIER, E37),
        of=CLAIM,
    ),
    *_cases(
        parties.the_payer_may_pay_the_network_charge,
        # also where one supplier claims the whole
        ("request.header.kind", DocumentKind.SHARE_CLAIM, E37),
        of=SUPPLIER_PAYS,
    ),
    *_cases(
        parties.the_payer_may_pay_the_network_charge,
        ("request.network_charge_payer", Payer.SUPPLIER, E37),
        ("request.one_bill_consent_on", RECEIVED_ON, ()),
        ("facts.point.payer", Payer.SUPPLIER, ()),
    ),
    *_cases(
        parties.the_payer_may_pay_the_network_charge,
        ("request.one_bill_consent_on", RECEIVED_ON, ()),
        ("request.one_bill_consent_on", TOMORROW, E37),
        ("request.one_bill_consent_on", None, E37),
        ("facts.parties.0.pays_network_charge", False, E37),
        ("facts.parties", (), E37),
        ("request.chosen.0.supplier", OLD, E37),
        ("request.chosen.0.share", Decimal("1.000000"), ()),
        ("request.chosen.0.share", Decimal("0.4"), E37),
        ("request.chosen", (chosen(Direction.PRODUCTION),), E37),
        ("facts.point.payer", Payer.SUPPLIER, ()),
        ("request.network_charge_payer", Payer.CUSTOMER, ()),
        of=SUPPLIER_PAYS,
    ),
)

OF_CONTRACT = (
    *_cases(
        division.the_share_is_the_recorded_one_or_the_whole,
        ("request.chosen.0.share", Decimal("0.5"), SHARES),
        ("request.chosen.0.share", Decimal("1.000000"), ()),
        # the whole of a shared point, which ends the division
        ("facts.point.supplies", (supply(share="0.4"),), ()),
        ("facts.point.supplies", (supply(OLD, "0.4"), supply(INACTIVE, "0.6")), ()),
        ("facts.point.supplies", (), ()),
        ("facts.point", None, ()),
    ),
    *_cases(
        division.the_share_is_the_recorded_one_or_the_whole,
        ("request.chosen.0.share", None, ()),
        ("request.chosen.0.share", Decimal(1), ()),
        ("request.chosen.0.share", Decimal("0.400000"), ()),
        ("request.chosen.0.share", Decimal("0.400001"), SHARES),
        # a division at the accounting point itself: no single share of it can be switched
        ("facts.point.supplies", (supply(OLD, "0.4"), supply(INACTIVE, "0.6")), SHARES),
        of=A_SHARE,
    ),
    *_cases(
        division.the_share_is_the_recorded_one_or_the_whole,
        ("request.chosen.1.share", Decimal("0.5"), SHARES),
        of=BOTH,
    ),
    *_cases(
        contract.each_new_supplier_brings_its_contract,
        ("request.chosen.0.contract", None, CONTRACT),
    ),
    *_cases(
        contract.each_new_supplier_brings_its_contract,
        ("request.chosen.1.contract", None, CONTRACT),
        ("request.chosen.1.supplier", OLD_OF_PRODUCTION, ()),
        of=BOTH,
    ),
    *_cases(
        contract.the_contract_is_about_this_request,
        ("request.chosen.0.contract.customer_tax_number", OTHER_CUSTOMER, CONTRACT),
        ("request.chosen.0.contract.supplier", OLD, CONTRACT),
        ("request.chosen.0.contract.accounting_point", OTHER_POINT, CONTRACT),
        ("request.chosen.0.contract.metering_site", OTHER_SITE, CONTRACT),
        ("request.chosen.0.contract.reference", "another", ()),
    ),
    *_cases(
        contract.the_contract_is_about_this_request,
        ("request.chosen.1.contract.supplier", OLD, CONTRACT),
        of=BOTH,
    ),
    *_cases(
        contract.the_contract_names_the_contracting_party,
        ("request.chosen.0.contract.customer_name", "Anica Zgled", NAME),
        ("request.chosen.0.contract.customer_name", "ana zgled", ()),
        ("request.chosen.0.contract.customer_tax_number", OTHER_CUSTOMER, ()),
    ),
    *_cases(
        contract.nothing_was_signed_after_receipt,
        ("request.authorised_on", TOMORROW, AFTER_RECEIPT),
        ("request.authorised_on", RECEIVED_ON, ()),
        # the six months of A4 bind A4 alone
        ("request.authorised_on", date(2025, 1, 1), ()),
        ("request.chosen.0.contract.customer_signed_on", TOMORROW, AFTER_RECEIPT),
        ("request.chosen.0.contract.supplier_signed_on", TOMORROW, AFTER_RECEIPT),
        ("request.chosen.0.contract.supplier_signed_on", RECEIVED_ON, ()),
    ),
    *_cases(
        contract.nothing_was_signed_after_receipt,
        ("request.customer_application.served_on", YESTERDAY, ()),
        ("request.customer_application.served_on", RECEIVED_ON, ()),
        ("request.customer_application.served_on", TOMORROW, AFTER_RECEIPT),
        of=CUSTOMERS,
    ),
    *_cases(
        contract.the_attachment_is_what_it_says,
        ("request.chosen.0.contract.document.detected", MediaType.PNG, ATTACHMENT),
        ("request.chosen.0.contract.document.detected", None, ATTACHMENT),
        ("request.chosen.0.contract.document.media_type", MediaType.JPEG, ATTACHMENT),
    ),
    *_cases(
        contract.self_supply_has_a_self_supply_contract,
        ("request.chosen.0.contract.self_supply", True, ()),
        ("facts.point.self_supply", True, E36),
    ),
    *_cases(
        contract.self_supply_has_a_self_supply_contract,
        ("request.chosen.0.contract.self_supply", False, E36),
        ("request.chosen.1.contract.self_supply", False, E36),
        ("request.chosen.1.supplier", OLD_OF_PRODUCTION, E36),
        ("facts.point.self_supply", False, ()),
        of=SELF_SUPPLY,
    ),
    *_cases(
        contract.the_requested_date_is_within_limits,
        ("request.requested_date", YESTERDAY, E17),
        ("request.requested_date", RECEIVED_ON, ()),
        ("request.requested_date", date(2026, 10, 24), ()),
        ("request.requested_date", date(2026, 10, 25), E17),
    ),
    *_cases(
        contract.the_contract_covers_a_day_of_the_reading_period,
        ("request.chosen.0.contract.valid_from", date(2026, 5, 15), ()),
        ("request.chosen.0.contract.valid_from", date(2026, 5, 16), E50),
        ("request.chosen.0.contract.valid_to", RECEIVED_ON, ()),
        ("request.chosen.0.contract.valid_to", YESTERDAY, E50),
        ("approved_on", date(2026, 5, 16), ()),
        ("facts.point", None, ()),
    ),
    *_cases(
        contract.the_contract_covers_a_day_of_the_reading_period,
        ("request.chosen.1.contract.valid_to", YESTERDAY, E50),
        of=BOTH,
    ),
    *_cases(
        contract.the_period_has_not_passed,
        ("approved_on", date(2026, 5, 15), ()),
        ("approved_on", date(2026, 5, 16), (DoubtKind.PERIOD_PASSED_BEFORE_APPROVAL,)),
        ("facts.point", None, ()),
    ),
)

OF_DIVISION = (
    *_cases(
        division.the_share_is_the_recorded_one_or_the_whole,
        ("facts.point.supplies", (), ()),
        of=CLAIM,
    ),
    *_cases(
        division.a_division_names_suppliers_of_consumption,
        ("request.chosen", (), DIRECTIONS),
        ("request.chosen", (chosen(Direction.PRODUCTION),), DIRECTIONS),
        ("request.chosen", (chosen(), but(chosen(), "supplier", OLD)), DIRECTIONS),
        ("facts.point.directions", (Direction.PRODUCTION,), DIRECTIONS),
        # production has its supplier, which stays
        ("facts.point.directions", tuple(Direction), ()),
        ("facts.point", None, ()),
        of=CLAIM,
    ),
    *_cases(
        division.a_division_names_suppliers_of_consumption,
        ("request.chosen.1.supplier", NEW, DIRECTIONS),
        ("request.chosen.1.direction", Direction.PRODUCTION, DIRECTIONS),
        ("request.chosen", (), DIRECTIONS),
        of=CUSTOMERS_DIVISION,
    ),
    *_cases(
        division.a_division_names_suppliers_of_consumption,
        ("request.chosen", (), ()),
    ),
    *_cases(
        division.a_share_is_a_part_of_the_whole,
        ("request.chosen.0.share", None, SHARES),
        ("request.chosen.0.share", Decimal(0), SHARES),
        ("request.chosen.0.share", Decimal("-0.4"), SHARES),
        ("request.chosen.0.share", Decimal("1.000001"), SHARES),
        ("request.chosen.0.share", Decimal("0.0000001"), SHARES),
        ("request.chosen.0.share", Decimal("0.000001"), ()),
        ("request.chosen.0.share", Decimal("0.60000000"), ()),
        ("request.chosen.0.share", Decimal(1), ()),
        of=CLAIM,
    ),
    *_cases(
        division.a_share_is_a_part_of_the_whole,
        ("request.chosen.1.share", Decimal("1.4"), SHARES),
        of=CUSTOMERS_DIVISION,
    ),
    *_cases(
        division.a_share_is_a_part_of_the_whole,
        ("request.chosen.0.share", Decimal(7), ()),
    ),
    *_cases(
        division.the_shares_of_a_customers_division_are_exactly_one,
        ("request.chosen.1.share", Decimal("0.400001"), SHARES),
        ("request.chosen.1.share", Decimal("0.399999"), SHARES),
        ("request.chosen.1.share", None, SHARES),
        ("request.chosen.1.share", Decimal("0.400000"), ()),
        of=CUSTOMERS_DIVISION,
    ),
    *_cases(
        division.the_shares_of_a_customers_division_are_exactly_one,
        ("request.chosen.0.share", Decimal("0.1"), ()),
        of=CLAIM,
    ),
    *_cases(
        division.no_supplier_claims_twice,
        ("claims", (claim(), claim(OLD, "0.2"), claim(NEW, "0.1")), TWICE),
        ("claims", (claim(OLD, "0.2"), claim()), ()),
        of=CLAIM,
    ),
    *_cases(
        contract.self_supply_has_a_self_supply_contract,
        ("facts.point.self_supply", True, E36),
        of=CLAIM,
    ),
    *_cases(
        contract.the_contract_covers_a_day_of_the_reading_period,
        # the period for carrying out begins with the approval, whenever the claim came
        ("execution_from", date(2026, 5, 16), ()),
        ("request.chosen.0.contract.valid_to", YESTERDAY, E50),
        of=CLAIM,
    ),
    *_cases(
        contract.the_contract_covers_a_day_of_the_reading_period,
        # the other's ground alone
        ("claims.1.chosen.0.contract.valid_to", YESTERDAY, ()),
        # each alone leaves a day, together they leave none
        ("claims.1.chosen.0.contract.valid_from", date(2026, 5, 2), E50),
        ("claims.1.chosen.0.contract.valid_from", date(2026, 5, 1), ()),
        # the latest requested date holds for all
        ("claims.1.requested_date", date(2026, 5, 2), E50),
        of=CLAIMS_TOGETHER,
    ),
)

OF_REQUEST_RULES = OF_PARTIES + OF_CONTRACT + OF_DIVISION
GOOD_REQUESTS = (
    request_check,
    BOTH,
    SELF_SUPPLY,
    A_SHARE,
    SUPPLIER_PAYS,
    CUSTOMERS,
    CLAIM,
    CLAIMS_TOGETHER,
    CUSTOMERS_DIVISION,
)
