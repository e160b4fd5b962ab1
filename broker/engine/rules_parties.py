"""Rules on a switch request: the point and the parties, one function per rule of the law.

Each returns a `Refusal` (a ground for rejection), a `Doubt` (for the operator) or nothing. Rules
that need the register are silent while the point itself is not identified, so that no finding
tells a stranger what the register holds.
"""

from decimal import Decimal

from broker.engine.request_check import Finding, RequestCheck, same_name
from broker.messages.codes import Direction, Payer
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import Doubt, DoubtKind


def the_point_is_in_the_register(check: RequestCheck) -> Refusal | None:
    """Accounting point, metering site and area must name one point of the register.

    Source: A9, D1, D2 (002 a.193, a.138, a.142).
    """
    if check.point is not None:
        return None
    return Refusal(reason=Reason.POINT_NOT_IDENTIFIABLE, place="/SwitchRequest/Point")


def the_point_is_connected(check: RequestCheck) -> Refusal | None:
    """Only a connected accounting point, with a meter, can be switched.

    Source: A1 (002 a.190(1)).
    """
    if check.point is None or (check.point.connected and check.point.meter is not None):
        return None
    return Refusal(reason=Reason.POINT_NOT_CONNECTED, place="/SwitchRequest/Point")


def the_first_supplier_comes_with_the_contract_of_use(check: RequestCheck) -> Refusal | None:
    """A direction that never had a supplier gets its first one otherwise than by a switch.

    Source: A38 (002 a.190(1), a.116(3)).
    """
    point = check.point
    if point is None or all(
        supply.direction in point.ever_supplied for supply in check.changes.begins
    ):
        return None
    return Refusal(reason=Reason.NEVER_SUPPLIED, place="/SwitchRequest/ChosenSupplier")


def the_contracting_party_is_the_customer(check: RequestCheck) -> Finding | None:
    """The contracting party must equal the customer in the register, owner or not.

    Tax numbers are compared; where they agree, a name that differs is for the operator.
    Source: A2, A5, A9 (002 a.190(2), a.191(1), a.193).
    """
    if check.point is None:
        return None
    customer, party = check.point.customer, check.request.contracting_party
    if customer is None or customer.tax_number != party.tax_number:
        return Refusal(
            reason=Reason.CONTRACTING_PARTY_MISMATCH,
            place="/SwitchRequest/ContractingParty/TaxNumber",
        )
    if same_name(customer.name, party.name):
        return None
    return Doubt(
        kind=DoubtKind.NAME_DIFFERS,
        rule="A5",
        place="/SwitchRequest/ContractingParty/Name",
        found=party.name,
        expected=customer.name,
    )


def no_other_request_is_in_progress(check: RequestCheck) -> Refusal | None:
    """The first request received is processed, every other at the delivery point is rejected.

    Source: A7, interpretation 7 (002 a.191(3)).
    """
    if check.point is None or check.facts.other_case is None:
        return None
    return Refusal(reason=Reason.POINT_BLOCKED_FOR_SWITCHING, place="/SwitchRequest/Point")


def every_chosen_supplier_is_registered(check: RequestCheck) -> tuple[Refusal, ...]:
    """Only a registered, active supplier takes part.

    Source: A33 (002 a.124).
    """
    found = []
    for chosen in check.request.chosen:
        party = check.facts.party(chosen.supplier)
        if party is None or not party.active or not party.supplier:
            found.append(
                Refusal(
                    reason=Reason.UNAUTHORISED_SUPPLIER,
                    place=check.chosen_place(chosen),
                    found=chosen.supplier,
                )
            )
    return tuple(found)


def every_chosen_supplier_is_in_a_balance_group(check: RequestCheck) -> tuple[Refusal, ...]:
    """A supplier must prove that it belongs to a balance group.

    Source: A33 (002 a.124(2)).
    """
    found = []
    for chosen in check.request.chosen:
        party = check.facts.party(chosen.supplier)
        if party is not None and party.active and party.supplier and not party.in_balance_group:
            found.append(
                Refusal(
                    reason=Reason.UNAUTHORISED_BALANCE_RESPONSIBLE,
                    place=check.chosen_place(chosen),
                    found=chosen.supplier,
                )
            )
    return tuple(found)


def the_applicant_is_the_new_supplier(check: RequestCheck) -> Refusal | None:
    """A supplier may change only directions in which it is itself chosen.

    A customer that applies itself may choose whom it likes.
    Source: A5, A37, interpretation 13 (002 a.191(1), a.193).
    """
    if check.request.customer_application is not None:
        return None
    applicant = check.request.header.sender
    among_chosen = any(chosen.supplier == applicant for chosen in check.request.chosen)
    if among_chosen and all(supply.supplier == applicant for supply in check.changes.begins):
        return None
    return Refusal(
        reason=Reason.UNAUTHORISED_SUPPLIER,
        place="/SwitchRequest/ChosenSupplier",
        expected=applicant,
    )


def the_request_names_a_supplier_for_each_direction(check: RequestCheck) -> Refusal | None:
    """A request names one supplier for each direction the point has, and for no other.

    Whom a division names is a rule of its own.
    Source: A9, interpretation 13 (002 a.193).
    """
    if check.point is None or check.divides:
        return None
    named = [chosen.direction for chosen in check.request.chosen]
    if len(named) == len(set(named)) and set(named) == set(check.point.directions):
        return None
    return Refusal(
        reason=Reason.DIRECTIONS_DO_NOT_MATCH_POINT, place="/SwitchRequest/ChosenSupplier"
    )


def at_least_one_direction_changes(check: RequestCheck) -> Refusal | None:
    """A request that names the present suppliers only changes nothing and is rejected.

    So is a division that is the present one.
    Source: A1, interpretations 5 and 13 (002 a.190(1)).
    """
    if check.point is None or (check.changes.begins and not _is_present_division(check)):
        return None
    if not any(one.direction in check.point.directions for one in check.request.chosen):
        return None
    return Refusal(reason=Reason.ALREADY_EXISTING_RELATION, place="/SwitchRequest/ChosenSupplier")


def the_payer_may_pay_the_network_charge(check: RequestCheck) -> Refusal | None:
    """The supplier of consumption pays only on a contract with the operator and with consent.

    The customer must have agreed to one bill; the request is the supplier's demand. Never where
    supply is shared.
    Source: A34, interpretation 13 (002 a.125, a.129).
    """
    request = check.request
    if request.network_charge_payer is Payer.CUSTOMER:
        return None
    consent = request.one_bill_consent_on
    payers = [c for c in request.chosen if c.direction is Direction.CONSUMPTION]
    party = check.facts.party(payers[0].supplier) if len(payers) == 1 else None
    if (
        party is not None
        and party.pays_network_charge
        and consent is not None
        and consent <= check.received_on
        and payers[0].share in (None, Decimal(1))
        and not check.divides
    ):
        return None
    return Refusal(
        reason=Reason.NO_VALID_GRID_ACCESS_CONTRACT, place="/SwitchRequest/NetworkChargePayer"
    )


def _is_present_division(check: RequestCheck) -> bool:
    """Whether the new division is the one in force and nothing else changes."""
    if not check.divides:
        return False
    new = [(one.supplier, one.share) for one in check.division]
    present = [(one.supplier, one.share) for one in check.present_division]
    return sorted(new, key=str) == sorted(present, key=str)
