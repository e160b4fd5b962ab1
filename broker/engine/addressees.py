"""To whom notices about a case go, and by which of their own points and names it is spoken of.

A supplier is told of its own accounting or metering point, an applicant of the point it named
(interpretation 9).
"""

from dataclasses import dataclass, replace

from broker.engine.facts import Facts
from broker.engine.state import SwitchCase
from broker.messages.codes import Direction, Role
from broker.messages.identifiers import AreaNumber, Eic, Gsrn, MessageId
from broker.messages.notices import Addressee, Customer, PointNumber, SupplierName
from broker.messages.records import Supply
from broker.messages.requests import ChosenSupplier, SwitchRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A supplier that is told of one of its own points, and of which directions there."""

    supplier: SupplierName
    point: PointNumber


def old_suppliers(case: SwitchCase, facts: Facts) -> tuple[Told, ...]:
    """Each supplier whose supply ends, once for each of its points."""
    return told(case.changes.ends, facts)


def new_suppliers(case: SwitchCase, facts: Facts) -> tuple[Told, ...]:
    """Each supplier whose supply begins, once for each of its points."""
    return told(case.changes.begins, facts)


def told(supplies: tuple[Supply, ...], facts: Facts) -> tuple[Told, ...]:
    """Each supplier and point once, with all its directions, in order."""
    directions: dict[tuple[Eic, Gsrn, AreaNumber], list[Direction]] = {}
    for one in supplies:
        own = (one.supplier, one.accounting_point, one.metering_site)
        directions.setdefault(own, []).append(one.direction)
    return tuple(
        Told(
            supplier=SupplierName(eic=eic, name=name_of(eic, facts), directions=tuple(of)),
            point=PointNumber(accounting_point=point, metering_site=site),
        )
        for (eic, point, site), of in directions.items()
    )


def each_once(suppliers: tuple[Told, ...]) -> tuple[Told, ...]:
    """Each supplier once, with the first of its points."""
    first: dict[Eic, Told] = {}
    for one in suppliers:
        first.setdefault(one.supplier.eic, one)
    return tuple(first.values())


def addressee(case: SwitchCase, party: Eic) -> Addressee:
    """The party as a supplier; an application is referred to only where it sent it as such.

    The operator that enters a customer's request may itself be the old supplier (A37, A38).
    """
    own = own_application(case, party)
    return Addressee(
        party=party,
        role=Role.SUPPLIER,
        case_id=case.case_id,
        reference=None if own is None else own.header.message_id,
    )


def as_old(case: SwitchCase, party: Eic) -> Addressee:
    """The party as an old supplier: what it is told answers no application."""
    return replace(addressee(case, party), reference=None)


def of_no_case(party: Eic) -> Addressee:
    """A supplier that is no party of the case: it is told of the point alone (interpretation 9)."""
    return Addressee(party=party, role=Role.SUPPLIER, case_id=None, reference=None)


def own_application(case: SwitchCase, party: Eic) -> SwitchRequest | None:
    """The request or the claim that this party sent as a supplier."""
    sent = (one.request for one in case.applications)
    return next(
        (
            one
            for one in sent
            if one.header.sender == party and one.header.sender_role is Role.SUPPLIER
        ),
        None,
    )


def customer_applicant(case: SwitchCase, facts: Facts) -> Addressee | None:
    """The customer that applied itself, None where a supplier did."""
    if case.request.customer_application is None:
        return None
    return customer(case, facts, case.request.header.message_id)


def customer(case: SwitchCase, facts: Facts, reference: MessageId | None = None) -> Addressee:
    """The customer, told through the operator's mailbox at its address in the register (A37).

    Where the register has no customer, as the request names it.
    """
    recorded = facts.point.customer if facts.point else None
    party = case.request.contracting_party
    named = (
        Customer(name=recorded.name, address=recorded.address, email=recorded.email)
        if recorded and recorded.tax_number == party.tax_number
        else Customer(name=party.name, address=party.address, email=None)
    )
    return Addressee(
        party=facts.operator,
        role=Role.GRID_OPERATOR,
        case_id=case.case_id,
        reference=reference,
        customer=named,
    )


def named_point(request: SwitchRequest) -> PointNumber:
    """The point as the request or the claim names it."""
    return PointNumber(
        accounting_point=request.point.accounting_point,
        metering_site=request.point.metering_site,
    )


def point_named_by(case: SwitchCase, party: Eic) -> PointNumber:
    """The point as the party's own application names it, else as the customer's does."""
    return named_point(own_application(case, party) or case.request)


def names_of(chosen: tuple[ChosenSupplier, ...]) -> tuple[SupplierName, ...]:
    """The suppliers as an application names them, each once with all its directions."""
    by_eic: dict[Eic, list[ChosenSupplier]] = {}
    for one in chosen:
        by_eic.setdefault(one.supplier, []).append(one)
    return tuple(
        SupplierName(eic=eic, name=of[0].name, directions=tuple(one.direction for one in of))
        for eic, of in by_eic.items()
    )


def name_of(eic: Eic, facts: Facts) -> str:
    """The name of a participant. Raises LookupError for one that is not in the facts."""
    party = facts.party(eic)
    if party is None:
        raise LookupError(f"no participant {eic} in the facts")
    return party.name
