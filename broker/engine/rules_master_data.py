"""Rules on data asked for before a request, one function per rule of the law.

Each returns a `Refusal` or nothing: there is no case in which a person could settle a doubt, so
what a switch request would leave to the operator is refused here. That data are asked for one of
three purposes alone needs no function: the message can state no other. Rules that need the
register are silent while the point is not identified, and none says what the register holds.
"""

from dataclasses import dataclass
from datetime import date

from broker.engine.facts import PointFacts, SupplierFacts
from broker.engine.legal_periods import PeriodName
from broker.engine.request_check import same_name
from broker.engine.rulebook import Rulebook
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import MasterDataRequest

_SIGNED_ON = "/MasterDataRequest/Entitlement/SignedOn"


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterDataCheck:
    """What a rule may look at: the request, the day it came, who asks, the point of that number."""

    request: MasterDataRequest
    received_on: date
    asker: SupplierFacts | None
    found: PointFacts | None
    rules: Rulebook

    @property
    def point(self) -> PointFacts | None:
        """The point of the request, where all its numbers name the same one."""
        named = self.request.point
        return self.found if self.found is not None and self.found.is_named_by(named) else None


def the_asker_is_a_registered_supplier(check: MasterDataCheck) -> Refusal | None:
    """Only a registered, active supplier is given data.

    Source: A4, A33 (002 a.190(5), a.124).
    """
    asker = check.asker
    if asker is not None and asker.active and asker.supplier:
        return None
    return Refusal(
        reason=Reason.UNAUTHORISED_SUPPLIER,
        place="/MasterDataRequest/Header/Sender",
        found=check.request.header.sender,
    )


def the_asker_is_in_a_balance_group(check: MasterDataCheck) -> Refusal | None:
    """A supplier must prove that it belongs to a balance group.

    Source: A4, A33 (002 a.190(5), a.124(2)).
    """
    asker = check.asker
    if asker is None or not (asker.active and asker.supplier) or asker.in_balance_group:
        return None
    return Refusal(
        reason=Reason.UNAUTHORISED_BALANCE_RESPONSIBLE,
        place="/MasterDataRequest/Header/Sender",
        found=check.request.header.sender,
    )


def the_point_asked_about_is_in_the_register(check: MasterDataCheck) -> Refusal | None:
    """Accounting point, metering site and area must name one point of the register.

    Whether it is connected, and who supplies it, is no matter here.
    Source: A4, D1, D2 (002 a.190(5), a.138, a.142).
    """
    if check.point is not None:
        return None
    return Refusal(reason=Reason.POINT_NOT_IDENTIFIABLE, place="/MasterDataRequest/Point")


def the_authorisation_matches_the_register(check: MasterDataCheck) -> Refusal | None:
    """Name and tax number must be the customer's; which of them is not is left unsaid.

    Source: A4, A9 (002 a.190(5), a.193).
    """
    if check.point is None:
        return None
    customer, party = check.point.customer, check.request.contracting_party
    if (
        customer is not None
        and customer.tax_number == party.tax_number
        and same_name(customer.name, party.name)
    ):
        return None
    return Refusal(
        reason=Reason.CONTRACTING_PARTY_MISMATCH, place="/MasterDataRequest/ContractingParty"
    )


def the_authorisation_is_not_signed_after_receipt(check: MasterDataCheck) -> Refusal | None:
    """Authorisation or contract must have been signed when the data are asked for.

    Source: A4 (002 a.190(5)).
    """
    signed_on = check.request.entitlement.signed_on
    if signed_on <= check.received_on:
        return None
    return Refusal(
        reason=Reason.DATED_AFTER_RECEIPT,
        place=_SIGNED_ON,
        found=signed_on.isoformat(),
        expected=f"<= {check.received_on.isoformat()}",
    )


def the_authorisation_is_not_too_old(check: MasterDataCheck) -> Refusal | None:
    """No more than six months may have passed since it was signed.

    Source: A4 (002 a.190(5)).
    """
    signed_on, received_on = check.request.entitlement.signed_on, check.received_on
    last = check.rules.last_day(PeriodName.AUTHORISATION_AGE, start=signed_on, begun=received_on)
    if received_on <= last:
        return None
    return Refusal(
        reason=Reason.AUTHORISATION_TOO_OLD,
        place=_SIGNED_ON,
        found=signed_on.isoformat(),
    )
