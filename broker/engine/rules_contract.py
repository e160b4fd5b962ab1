"""Rules on a switch request: contract, share and dates, one function per rule of the law.

Each returns a `Refusal` (a ground for rejection), a `Doubt` (for the operator) or nothing.
"""

from broker.engine.legal_periods import PeriodName
from broker.engine.plan import NoPlan
from broker.engine.request_check import RequestCheck, same_name
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import Doubt, DoubtKind


def each_new_supplier_brings_its_contract(check: RequestCheck) -> tuple[Refusal, ...]:
    """A direction that changes needs the contract of its new supplier.

    Source: A5, A9 (002 a.191(1), a.193).
    """
    changing = {supply.direction for supply in check.changes.begins}
    return tuple(
        Refusal(
            reason=Reason.CONTRACT_DOES_NOT_MATCH_REQUEST,
            place=f"{check.chosen_place(chosen)}/Contract",
        )
        for chosen in check.request.chosen
        if chosen.direction in changing and chosen.contract is None
    )


def the_contract_is_about_this_request(check: RequestCheck) -> tuple[Refusal, ...]:
    """Parties and numbers in the contract must be those of the request.

    Source: A9 (002 a.193).
    """
    named = check.request.point
    found = []
    for chosen, contract in check.new_contracts():
        agrees = (
            contract.customer_tax_number == check.request.contracting_party.tax_number
            and contract.supplier == chosen.supplier
            and contract.accounting_point == named.accounting_point
            and contract.metering_site == named.metering_site
        )
        if not agrees:
            found.append(
                Refusal(
                    reason=Reason.CONTRACT_DOES_NOT_MATCH_REQUEST,
                    place=f"{check.chosen_place(chosen)}/Contract",
                )
            )
    return tuple(found)


def the_contract_names_the_contracting_party(check: RequestCheck) -> tuple[Doubt, ...]:
    """The customer's name in the contract differs from the contracting party's: for the operator.

    Source: A5, A9 (002 a.191(1), a.193).
    """
    party = check.request.contracting_party
    return tuple(
        Doubt(
            kind=DoubtKind.NAME_DIFFERS,
            rule="A9",
            place=f"{check.chosen_place(chosen)}/Contract/Parties/CustomerName",
            found=contract.customer_name,
            expected=party.name,
        )
        for chosen, contract in check.new_contracts()
        if contract.customer_tax_number == party.tax_number
        and not same_name(contract.customer_name, party.name)
    )


def nothing_was_signed_after_receipt(check: RequestCheck) -> tuple[Refusal, ...]:
    """Authorisation and contract must have been signed when the request is received.

    Source: A5, A9 (002 a.191(1), a.193).
    """
    places = []
    authorised_on = check.request.authorised_on
    if authorised_on is not None and authorised_on > check.received_on:
        places.append("/SwitchRequest/Authorisation/GivenOn")
    application = check.request.customer_application
    if application and application.served_on and application.served_on > check.received_on:
        places.append("/SwitchRequest/CustomerApplication/ServedOn")
    for chosen, contract in check.new_contracts():
        if max(contract.customer_signed_on, contract.supplier_signed_on) > check.received_on:
            places.append(f"{check.chosen_place(chosen)}/Contract")
    return tuple(Refusal(reason=Reason.DATED_AFTER_RECEIPT, place=place) for place in places)


def the_attachment_is_what_it_says(check: RequestCheck) -> tuple[Doubt, ...]:
    """A contract whose media type and first bytes do not agree is for the operator.

    Source: A9 (002 a.193).
    """
    return tuple(
        Doubt(
            kind=DoubtKind.ATTACHMENT_TYPE_DIFFERS,
            rule="A9",
            place=f"{check.chosen_place(chosen)}/Contract/Attachment",
            found=contract.document.detected.value if contract.document.detected else None,
            expected=contract.document.media_type.value,
        )
        for chosen, contract in check.new_contracts()
        if contract.document.detected is not contract.document.media_type
    )


def self_supply_has_a_self_supply_contract(check: RequestCheck) -> Refusal | None:
    """At a self-supply point the contract shows it, and both directions have one supplier.

    Supply there is not shared.
    Source: A36, interpretation 13 (002 a.168(5), a.169(1)).
    """
    if check.point is None or not check.point.self_supply:
        return None
    if check.divides:
        return Refusal(reason=Reason.NO_SELF_SUPPLY_CONTRACT, place="/SwitchRequest/Point")
    suppliers = {chosen.supplier for chosen in check.request.chosen}
    if len(suppliers) == 1 and all(c.self_supply for _, c in check.new_contracts()):
        return None
    return Refusal(reason=Reason.NO_SELF_SUPPLY_CONTRACT, place="/SwitchRequest/ChosenSupplier")


def the_requested_date_is_within_limits(check: RequestCheck) -> Refusal | None:
    """A requested date in the past or too far ahead is a ground for rejection.

    Source: A8, interpretation 6 (002 a.191(4)).
    """
    requested, received = check.request.requested_date, check.received_on
    if requested is None:
        return None
    latest = check.rules.last_day(PeriodName.REQUESTED_DATE_AHEAD, start=received, begun=received)
    if received <= requested <= latest:
        return None
    return Refusal(
        reason=Reason.REQUESTED_DATE_NOT_WITHIN_LIMITS,
        place="/SwitchRequest/RequestedDate",
        found=requested.isoformat(),
        expected=f"{received.isoformat()}/{latest.isoformat()}",
    )


def the_contract_covers_a_day_of_the_reading_period(check: RequestCheck) -> Refusal | None:
    """A day the contract does not cover is no day of the reading period; one must be left.

    Where claims are decided together it is the ground of the one whose contract it is, and of all
    where only together they leave no day.
    Source: A9, interpretation 1 (002 a.193, a.199(2)).
    """
    if check.plan is not NoPlan.CONTRACT_COVERS_NO_DAY:
        return None
    alone, *of_others = check.plans_alone
    if alone is not check.plan and check.plan in of_others:
        return None
    return Refusal(reason=Reason.INVALID_PERIOD, place="/SwitchRequest/ChosenSupplier/Contract")


def the_period_has_not_passed(check: RequestCheck) -> Doubt | None:
    """If the reading period passed before approval, the operator decides, with an alarm.

    Source: A23, interpretation 1 (002 a.199(2)).
    """
    if check.plan is not NoPlan.PERIOD_HAS_PASSED:
        return None
    return Doubt(kind=DoubtKind.PERIOD_PASSED_BEFORE_APPROVAL, rule="A23")
