"""To whom a notice of a switch goes, and how a party is named in it (A16, A37)."""

from broker.engine.facts import Facts
from broker.engine.state import SwitchCase
from broker.messages.codes import Direction, Role
from broker.messages.identifiers import Eic, MessageId
from broker.messages.notices import Addressee, Customer, PointNumber, SupplierName
from broker.messages.requests import SwitchRequest


def addressee(case: SwitchCase, party: Eic) -> Addressee:
    """The party as a supplier; the request is referred to only where it sent it as such.

    The operator that enters a customer's request may itself be the old supplier (A37, A38).
    """
    header = case.request.header
    return Addressee(
        party=party,
        role=Role.SUPPLIER,
        case_id=case.case_id,
        reference=header.message_id
        if party == header.sender and header.sender_role is Role.SUPPLIER
        else None,
    )


def of_no_case(party: Eic) -> Addressee:
    """A supplier that is no party of the case: it is told of the point alone (interpretation 9)."""
    return Addressee(party=party, role=Role.SUPPLIER, case_id=None, reference=None)


def applicant(case: SwitchCase, facts: Facts) -> Addressee:
    """Who applied: the customer through the operator's mailbox, else the new supplier (A37)."""
    sender = case.request.header.sender
    return customer_applicant(case, facts) or addressee(case, sender)


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
    told = (
        Customer(name=recorded.name, address=recorded.address, email=recorded.email)
        if recorded and recorded.tax_number == party.tax_number
        else Customer(name=party.name, address=party.address, email=None)
    )
    return Addressee(
        party=facts.operator,
        role=Role.GRID_OPERATOR,
        case_id=case.case_id,
        reference=reference,
        customer=told,
    )


def named_point(request: SwitchRequest) -> PointNumber:
    """The numbers of the point that the request is about."""
    named = request.point
    return PointNumber(accounting_point=named.accounting_point, metering_site=named.metering_site)


def new_suppliers(case: SwitchCase, facts: Facts) -> tuple[SupplierName, ...]:
    """Who supplies from the switch on, each with its directions."""
    return each_once([(c.new, c.direction) for c in case.changes], facts)


def old_suppliers(case: SwitchCase, facts: Facts) -> tuple[SupplierName, ...]:
    """Whose supply ends with the switch, each with its directions."""
    return each_once([(c.old, c.direction) for c in case.changes if c.old], facts)


def each_once(pairs: list[tuple[Eic, Direction]], facts: Facts) -> tuple[SupplierName, ...]:
    """Each supplier once, with all its directions, in order."""
    directions: dict[Eic, list[Direction]] = {}
    for eic, direction in pairs:
        directions.setdefault(eic, []).append(direction)
    return tuple(
        SupplierName(eic=eic, name=_name(eic, facts), directions=tuple(of))
        for eic, of in directions.items()
    )


def _name(eic: Eic, facts: Facts) -> str:
    party = facts.party(eic)
    if party is None:
        raise LookupError(f"no participant {eic} in the facts")
    return party.name
