"""Which rules examine a request, a reading, a request for data: all run, all findings count."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from broker.engine import rules_contract as contract
from broker.engine import rules_division as division
from broker.engine import rules_master_data as master_data
from broker.engine import rules_parties as parties
from broker.engine import rules_reading as reading
from broker.engine.request_check import RequestCheck
from broker.engine.rules_master_data import MasterDataCheck
from broker.engine.rules_reading import ReadingCheck
from broker.messages.codes import DocumentKind, Role
from broker.messages.reasons import Refusal
from broker.messages.records import Doubt

Check = TypeVar("Check")
Findings = tuple[tuple[Refusal, ...], tuple[Doubt, ...]]
Found = Refusal | Doubt | tuple[Refusal, ...] | tuple[Doubt, ...] | None

OF_REQUEST: tuple[Callable[[RequestCheck], Found], ...] = (
    parties.the_point_is_in_the_register,
    parties.the_point_is_connected,
    parties.the_first_supplier_comes_with_the_contract_of_use,
    parties.the_contracting_party_is_the_customer,
    parties.no_other_request_is_in_progress,
    parties.every_chosen_supplier_is_registered,
    parties.every_chosen_supplier_is_in_a_balance_group,
    parties.the_applicant_is_the_new_supplier,
    parties.the_request_names_a_supplier_for_each_direction,
    parties.at_least_one_direction_changes,
    division.the_share_is_the_recorded_one_or_the_whole,
    division.a_division_names_suppliers_of_consumption,
    division.a_share_is_a_part_of_the_whole,
    division.the_shares_of_a_customers_division_are_exactly_one,
    division.no_supplier_claims_twice,
    contract.each_new_supplier_brings_its_contract,
    contract.the_contract_is_about_this_request,
    contract.the_contract_names_the_contracting_party,
    contract.nothing_was_signed_after_receipt,
    contract.the_attachment_is_what_it_says,
    parties.the_payer_may_pay_the_network_charge,
    contract.self_supply_has_a_self_supply_contract,
    contract.the_requested_date_is_within_limits,
    contract.the_contract_covers_a_day_of_the_reading_period,
    contract.the_period_has_not_passed,
)
OF_READING_C5: tuple[Callable[[ReadingCheck], Found], ...] = (
    reading.the_meter_is_the_installed_one,
    reading.every_register_is_read_once,
    reading.no_value_has_more_digits_than_its_register,
    reading.no_register_goes_backwards,
    reading.the_reading_is_not_before_the_last_one,
)
OF_READING: tuple[Callable[[ReadingCheck], Found], ...] = (
    reading.the_numbers_name_the_point_of_the_case,
    reading.the_reading_comes_by_the_prescribed_route,
    reading.the_reading_was_taken_and_received_within_the_period,
    reading.a_remote_reading_is_that_of_midnight,
    reading.the_reading_is_not_in_the_future,
    *OF_READING_C5,
)
OF_READING_C1: tuple[Callable[[ReadingCheck], Found], ...] = (
    reading.the_reading_does_not_depart_from_the_average,
    reading.there_is_no_other_reading_for_the_day,
)
OF_MASTER_DATA: tuple[Callable[[MasterDataCheck], Found], ...] = (
    master_data.the_asker_is_a_registered_supplier,
    master_data.the_asker_is_in_a_balance_group,
    master_data.the_point_asked_about_is_in_the_register,
    master_data.the_authorisation_matches_the_register,
    master_data.the_authorisation_is_not_signed_after_receipt,
    master_data.the_authorisation_is_not_too_old,
)


def examine_request(check: RequestCheck) -> Findings:
    """All grounds for rejection and all doubts of a request, in the order of the rules (A11).

    The rules name places of a SwitchRequest; a claim and a division have them alike.
    """
    root, own = DocumentKind.SWITCH_REQUEST.value, check.request.header.kind.value
    findings = (
        replace(one, place=one.place.replace(root, own, 1)) if one.place else one
        for one in _findings(OF_REQUEST, check)
    )
    return _sorted(tuple(findings))


def examine_reading(check: ReadingCheck) -> Findings:
    """All that is wrong with a reading (A20, A23, C5); only when nothing is, what C1 says of it.

    C1 is about reported readings: what the operator itself has read is not doubted.
    """
    refusals, doubts = _sorted(_findings(OF_READING, check))
    if refusals or check.sender_role is Role.GRID_OPERATOR:
        return refusals, doubts
    return _sorted(_findings(OF_READING_C1, check))


def examine_reviewed_reading(check: ReadingCheck) -> tuple[Refusal, ...]:
    """What still speaks against a reading the operator accepts: C5, never a matter of doubt."""
    return _sorted(_findings(OF_READING_C5, check))[0]


def examine_master_data(check: MasterDataCheck) -> tuple[Refusal, ...]:
    """All that speaks against giving a supplier data of a point (A4)."""
    return _sorted(_findings(OF_MASTER_DATA, check))[0]


def _findings(
    rules: tuple[Callable[[Check], Found], ...], check: Check
) -> tuple[Refusal | Doubt, ...]:
    findings: list[Refusal | Doubt] = []
    for rule in rules:
        found = rule(check)
        if isinstance(found, tuple):
            findings.extend(found)
        elif found is not None:
            findings.append(found)
    return tuple(findings)


def _sorted(findings: tuple[Refusal | Doubt, ...]) -> Findings:
    return (
        tuple(f for f in findings if isinstance(f, Refusal)),
        tuple(f for f in findings if isinstance(f, Doubt)),
    )
