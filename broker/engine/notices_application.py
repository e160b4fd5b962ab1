"""Who is told what about an application before it is approved (A13, A14, A17, B3, B5-B7).

Nobody is told of another's share, contract or ground (interpretation 9).
"""

from collections.abc import Callable
from datetime import date

from broker.engine.addressees import (
    Told,
    addressee,
    customer_applicant,
    each_once,
    name_of,
    named_point,
    names_of,
    own_application,
    point_named_by,
)
from broker.engine.calendar import local_day, plus_days
from broker.engine.facts import Facts
from broker.engine.state import Consultation, SwitchCase
from broker.messages.events import GivenReason
from broker.messages.identifiers import Eic
from broker.messages.notices import (
    Addressee,
    Notice,
    ObjectionDecision,
    PointNumber,
    RejectionNotice,
    SupplierName,
    SupplyConfirmationInvitation,
    WithdrawalConfirmation,
    WithdrawalNotice,
)
from broker.messages.reasons import Reason
from broker.messages.requests import ChosenSupplier, Objection

Grounds = Callable[[Eic | None], tuple[GivenReason, ...]]
"""What each supplier is told as ground, and under None the customer that applied itself."""


def rejection(
    case: SwitchCase, grounds: Grounds, facts: Facts, *, shares_fail: bool = False
) -> tuple[Notice, ...]:
    """Rejection to whoever applied, and to whoever was asked to confirm (A14, A17, B7).

    Where the shares are not exactly one it goes to all suppliers named or present as well, and
    explains the further steps (B3).
    """
    customer = customer_applicant(case, facts)
    told: dict[Eic, tuple[PointNumber, tuple[SupplierName, ...]]] = {}
    for one in case.applications if customer is None else ():
        sender = one.request.header.sender
        told[sender] = (named_point(one.request), _chosen_in(case, sender))
    named = {chosen.supplier for chosen in case.request.chosen}
    for eic in sorted(named) if shares_fail and customer else case.asked:
        if facts.party(eic) is not None:
            told[eic] = (named_point(case.request), _chosen_in(case, eic))
    for present in _present(facts) if shares_fail else ():
        told.setdefault(present.supplier.eic, (present.point, ()))
    notices = [
        RejectionNotice(
            to=addressee(case, eic),
            point=point,
            new_suppliers=new,
            reasons=grounds(eic),
            explains_disconnection=shares_fail,
        )
        for eic, (point, new) in told.items()
    ]
    if customer is not None:
        notices.insert(
            0,
            RejectionNotice(
                to=customer,
                point=named_point(case.request),
                new_suppliers=names_of(_changing(case)),
                reasons=grounds(None),
                explains_disconnection=shares_fail,
            ),
        )
    return tuple(notices)


def withdrawal(case: SwitchCase, party: Eic, facts: Facts) -> tuple[Notice, ...]:
    """The withdrawal is confirmed to whoever applied, and told to whom was asked to confirm.

    Source: A13, interpretation 11 (002 a.195(5)).
    """
    customer = customer_applicant(case, facts)
    to, point = customer or addressee(case, party), point_named_by(case, party)
    return (
        WithdrawalConfirmation(to=to, point=point),
        *(
            WithdrawalNotice(to=addressee(case, eic), point=named_point(case.request))
            for eic in case.asked
        ),
    )


def invitations(case: SwitchCase, facts: Facts) -> tuple[Notice, ...]:
    """Every supplier named is asked to confirm, told of its own part alone (B6)."""
    said = _consultation(case)
    answer_by = plus_days(local_day(said.end_of_objections.limit), -1)
    return tuple(
        _invitation(case, addressee(case, eic), _own_part(case, eic), answer_by, facts)
        for eic in said.suppliers
    )


def objection_decision(
    case: SwitchCase, grounds: Grounds | None, explanation: str | None, facts: Facts
) -> tuple[Notice, ...]:
    """The operator's decision on objections, to every supplier named (B7).

    With grounds an objection is upheld; why objections are rejected is told to who objected.
    """
    said = _consultation(case)
    return tuple(
        ObjectionDecision(
            to=addressee(case, eic),
            point=named_point(case.request),
            upheld=grounds is not None,
            reasons=() if grounds is None else grounds(eic),
            explanation=explanation if eic in said.objectors else None,
        )
        for eic in said.suppliers
        if facts.party(eic) is not None
    )


def grounds_of_upheld(objection: Objection) -> Grounds:
    """That an objection was upheld; why it was is told to who objected and to the customer (B7)."""
    upheld = GivenReason(reason=Reason.OBJECTION_UPHELD)
    why = GivenReason(reason=objection.reason, text=objection.text)

    def grounds(party: Eic | None) -> tuple[GivenReason, ...]:
        return (upheld, why) if party in (None, objection.header.sender) else (upheld,)

    return grounds


def _invitation(
    case: SwitchCase,
    to: Addressee,
    own: tuple[ChosenSupplier, ...],
    answer_by: date,
    facts: Facts,
) -> SupplyConfirmationInvitation:
    references = [one.contract.reference for one in own if one.contract is not None]
    return SupplyConfirmationInvitation(
        to=to,
        point=named_point(case.request),
        supplier=SupplierName(
            eic=to.party,
            name=name_of(to.party, facts),
            directions=tuple(one.direction for one in own),
        ),
        share=next((one.share for one in own if one.share is not None), None),
        contract=next(iter(references), None),
        requested_date=case.request.requested_date,
        answer_by=answer_by,
    )


def _present(facts: Facts) -> tuple[Told, ...]:
    """Who supplies the delivery point today, each once, by one of its own points (B3)."""
    if facts.point is None:
        return ()
    sites = {one.accounting_point: one.metering_site for one in facts.points}
    return each_once(
        tuple(
            Told(
                supplier=SupplierName(
                    eic=one.supplier,
                    name=name_of(one.supplier, facts),
                    directions=(one.direction,),
                ),
                point=PointNumber(
                    accounting_point=one.accounting_point,
                    metering_site=sites[one.accounting_point],
                ),
            )
            for one in facts.point.supplies_at_delivery_point
        )
    )


def _chosen_in(case: SwitchCase, party: Eic) -> tuple[SupplierName, ...]:
    """Whom a supplier is told as new: those it applied for, or itself where it was named."""
    own = own_application(case, party)
    if own is not None and case.claims:
        return names_of(own.chosen)
    if own is not None:
        return names_of(_changing(case))
    return names_of(_own_part(case, party))


def _own_part(case: SwitchCase, party: Eic) -> tuple[ChosenSupplier, ...]:
    return tuple(one for one in _changing(case) if one.supplier == party)


def _changing(case: SwitchCase) -> tuple[ChosenSupplier, ...]:
    """The suppliers chosen in the directions that change, all where that is not known."""
    changing = {supply.direction for supply in case.changes.begins}
    return tuple(one for one in case.request.chosen if not changing or one.direction in changing)


def _consultation(case: SwitchCase) -> Consultation:
    if case.consultation is None:
        raise AssertionError("nobody was asked to confirm")
    return case.consultation
