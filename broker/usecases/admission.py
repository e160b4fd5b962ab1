"""Who may send what to whom: the checks between a sound structure and the matter itself."""

from collections.abc import Callable
from datetime import datetime
from sqlite3 import Connection

from broker.messages.codes import DocumentKind, Role
from broker.messages.identifiers import Eic
from broker.messages.reasons import Reason, Refusal
from broker.messages.reported_changes import InboundMessage
from broker.messages.requests import Header, SwitchRequest
from broker.store import delegations, participants
from broker.store.delegations import Delegation
from broker.store.participants import Participant

MAY_SEND: dict[DocumentKind, frozenset[Role]] = {
    DocumentKind.SWITCH_REQUEST: frozenset({Role.SUPPLIER, Role.GRID_OPERATOR}),
    DocumentKind.SHARE_CLAIM: frozenset({Role.SUPPLIER}),
    DocumentKind.SHARED_SUPPLY_REQUEST: frozenset({Role.GRID_OPERATOR}),
    DocumentKind.SUPPLY_CONFIRMATION: frozenset({Role.SUPPLIER}),
    DocumentKind.OBJECTION: frozenset({Role.SUPPLIER}),
    DocumentKind.WITHDRAWAL: frozenset({Role.SUPPLIER, Role.GRID_OPERATOR}),
    DocumentKind.METER_READING: frozenset(
        {Role.SUPPLIER, Role.METERING_CENTRE, Role.GRID_OPERATOR}
    ),
    DocumentKind.INACCESSIBILITY_REPORT: frozenset({Role.SUPPLIER}),
    DocumentKind.MASTER_DATA_REQUEST: frozenset({Role.SUPPLIER}),
    DocumentKind.REGISTER_CHANGE: frozenset({Role.GRID_OPERATOR}),
    DocumentKind.CORRECTION: frozenset({Role.GRID_OPERATOR}),
}
"""Which roles may send which kind of message (design 12)."""

MAY_BE_DELEGATED: frozenset[DocumentKind] = frozenset(
    kind for kind, roles in MAY_SEND.items() if Role.SUPPLIER in roles
)
"""What a service provider may send for a supplier that has delegated it to it."""


def refuse_sender(message: InboundMessage, party: Participant) -> Refusal | None:
    """Why this party may not send this message, answered alone with 403 (design 10).

    Staff apply for customers and nobody else does (A37).
    """
    header = message.header
    place = f"/{header.kind.value}/Header/Sender"
    if header.sender != party.eic:
        return Refusal(reason=Reason.SENDER_IS_NOT_THE_AUTHENTICATED_PARTY, place=place)
    if not party.active:
        return Refusal(reason=Reason.PARTY_NOT_ACTIVE, place=place)
    if header.sender_role not in MAY_SEND[header.kind] & frozenset(party.roles):
        return Refusal(
            reason=Reason.ROLE_MAY_NOT_SEND_THIS,
            place=f"{place}/Role",
            found=header.sender_role.value,
        )
    if isinstance(message, SwitchRequest):
        by_staff = header.sender_role is Role.GRID_OPERATOR
        if by_staff != (message.customer_application is not None):
            return Refusal(
                reason=Reason.ROLE_MAY_NOT_SEND_THIS,
                place=f"/{header.kind.value}/CustomerApplication",
            )
    return None


def acting_for(
    connection: Connection,
    provider: Participant,
    supplier: Eic,
    *,
    at: datetime,
    allows: Callable[[Delegation], bool],
) -> Participant | Reason:
    """The supplier that this party may act for at this instant, or why it may not (403).

    `allows` says of a delegation whether it is for what is wanted. To whom nothing was ever
    delegated it is not told whether there is such a supplier.
    """
    known = delegations.between(connection, provider.eic, supplier)
    represented = participants.participant(connection, supplier) if known else None
    if represented is None:
        return Reason.SENDER_IS_NOT_THE_AUTHENTICATED_PARTY
    if not provider.active:
        return Reason.PARTY_NOT_ACTIVE
    if Role.SERVICE_PROVIDER not in provider.roles:
        return Reason.ROLE_MAY_NOT_SEND_THIS
    in_force = [one for one in known if one.in_force(at)]
    if not in_force:
        return Reason.DELEGATION_NOT_IN_FORCE
    if not any(map(allows, in_force)):
        return Reason.NOT_DELEGATED
    return represented


def refuse_identifiers(
    header: Header, wrong: tuple[Refusal, ...], operator: Eic
) -> tuple[Refusal, ...]:
    """A recipient that is not this operator, and every wrong check digit, together (422)."""
    if header.recipient == operator:
        return wrong
    elsewhere = Refusal(
        reason=Reason.RECIPIENT_IS_NOT_THIS_OPERATOR,
        place=f"/{header.kind.value}/Header/Recipient/Identification",
        found=header.recipient,
        expected=operator,
    )
    return (elsewhere, *wrong)
