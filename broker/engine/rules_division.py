"""Rules on shares: of a request at a shared point, of a claim, of a customer's division.

Each returns a `Refusal` (a ground for rejection) or nothing. Shares are exact decimals, and what
they add up to is exact (interpretation 5).
"""

from decimal import Decimal

from broker.engine.request_check import RequestCheck
from broker.messages.codes import Direction, DocumentKind
from broker.messages.reasons import Reason, Refusal

_PLACES_MAX = 6


def the_share_is_the_recorded_one_or_the_whole(check: RequestCheck) -> Refusal | None:
    """A request is for the recorded share of the point, or for the whole, which ends a division.

    Without a share it is for the whole. Where several suppliers share the accounting point
    itself, no single share is its own.
    Source: A9, interpretation 7 (002 a.193).
    """
    if check.point is None or check.divides:
        return None
    for chosen in check.request.chosen:
        if not check.share_fits(chosen):
            return Refusal(
                reason=Reason.SHARES_DO_NOT_ADD_UP, place=f"{check.chosen_place(chosen)}/Share"
            )
    return None


def a_division_names_suppliers_of_consumption(check: RequestCheck) -> Refusal | None:
    """A claim is of one supplier of consumption; a customer's division names each of them once.

    Shares divide consumption only: production, where the point has it, stays with its supplier.
    Source: B1, B5, interpretation 13 (002 a.192(1), a.192(2)).
    """
    if check.point is None or not check.divides:
        return None
    named, claimed = check.request.chosen, check.request.header.kind is DocumentKind.SHARE_CLAIM
    if (
        Direction.CONSUMPTION in check.point.directions
        and all(one.direction is Direction.CONSUMPTION for one in named)
        and len({one.supplier for one in named}) == len(named) > 0
        and (len(named) == 1 or not claimed)
    ):
        return None
    return Refusal(
        reason=Reason.DIRECTIONS_DO_NOT_MATCH_POINT, place="/SwitchRequest/ChosenSupplier"
    )


def a_share_is_a_part_of_the_whole(check: RequestCheck) -> tuple[Refusal, ...]:
    """A share is above zero, at most one, and has at most six places.

    Source: B1, B5, interpretation 5 (002 a.192(1)).
    """
    if not check.divides:
        return ()
    return tuple(
        Refusal(reason=Reason.SHARES_DO_NOT_ADD_UP, place=f"{check.chosen_place(chosen)}/Share")
        for chosen in check.request.chosen
        if chosen.direction is Direction.CONSUMPTION and not _is_share(chosen.share)
    )


def the_shares_of_a_customers_division_are_exactly_one(check: RequestCheck) -> Refusal | None:
    """The customer names all suppliers at once, so their shares must add up to exactly one.

    Claims may still be joined by others; those that do not add up have their own end.
    Source: B5, B3 (002 a.192(2)).
    """
    if check.request.header.kind is not DocumentKind.SHARED_SUPPLY_REQUEST:
        return None
    if sum((one.share or Decimal(0) for one in check.division), Decimal(0)) == 1:
        return None
    return Refusal(reason=Reason.SHARES_DO_NOT_ADD_UP, place="/SwitchRequest/ChosenSupplier")


def no_supplier_claims_twice(check: RequestCheck) -> Refusal | None:
    """Each supplier files one claim for its own share; it withdraws it to file another.

    Source: B1, interpretation 5 (002 a.192(1)).
    """
    sender = check.request.header.sender
    if [one.header.sender for one in check.claims].count(sender) <= 1:
        return None
    return Refusal(reason=Reason.SECOND_CLAIM_OF_SUPPLIER, place="/SwitchRequest/ChosenSupplier")


def _is_share(share: Decimal | None) -> bool:
    return share is not None and 0 < share <= 1 and round(share, _PLACES_MAX) == share
