"""The messages of the demo: those of fixtures/messages, about other points and of other days."""

from datetime import datetime
from decimal import Decimal

from broker.engine.calendar import local_day, plus_days
from broker.scenarios.files import Step
from broker.scenarios.posts import Party, local_text, message_of, party_named

_CONTRACT = "ChosenSupplier/Contract"


def new_supplier() -> Party:
    """The supplier that files all requests of the demo."""
    return party_named("Južna elektrika")


def old_supplier() -> Party:
    """The supplier that most points of the demo have."""
    return party_named("Severna energija")


def grid_operator() -> Party:
    """The operator, whose staff enter what customers apply for."""
    return party_named("Omrežje Zgled")


def metering_centre() -> Party:
    """The party that reads remotely."""
    return party_named("Merilni center Zgled")


def first_simulated() -> Party:
    """A supplier whose part is played by a process of its own."""
    return party_named("Sončna oddaja")


def second_simulated() -> Party:
    """Another such supplier."""
    return party_named("Vzhodna dobava")


def request(
    point: int,
    message_id: str,
    at: datetime,
    *,
    by: Party | None = None,
    customer_name: str | None = None,
    others: dict[str, str] | None = None,
    without: tuple[str, ...] = (),
) -> bytes:
    """A request for this point as soon as possible, perhaps with fields changed or left out.

    It is the new supplier's where no other is named.
    """
    signed_on = plus_days(local_day(at), -3).isoformat()
    fields = {"Authorisation/GivenOn": signed_on}
    fields |= _signed(_CONTRACT, message_id, signed_on)
    if customer_name is not None:
        fields["ContractingParty/Name"] = customer_name
        fields[f"{_CONTRACT}/Parties/CustomerName"] = customer_name
    step = Step(
        at="",
        post="SwitchRequest/as-soon-as-possible",
        point=point,
        set=fields | (others or {}),
        remove=list(without),
    )
    return _written(step, by or new_supplier(), message_id, at)


def claim(point: int, message_id: str, at: datetime, *, by: Party, share: str) -> bytes:
    """A supplier's claim of its share of this delivery point."""
    signed_on = plus_days(local_day(at), -3).isoformat()
    fields = {"Authorisation/GivenOn": signed_on, "ChosenSupplier/Share": share}
    fields |= _signed(_CONTRACT, message_id, signed_on)
    step = Step(at="", post="ShareClaim/of-a-part", point=point, set=fields)
    return _written(step, by, message_id, at)


def division(point: int, message_id: str, at: datetime, *, shares: dict[str, str]) -> bytes:
    """The customer's request naming these suppliers with their shares, entered by staff."""
    signed_on = plus_days(local_day(at), -3).isoformat()
    fields: dict[str, str] = {}
    for number in range(1, len(shares) + 1):
        contract = f"ChosenSupplier[{number}]/Contract"
        fields |= _signed(contract, f"{message_id}-{number}", signed_on)
    step = Step(
        at="", post="SharedSupplyRequest/two-suppliers", point=point, set=fields, shares=shares
    )
    return _written(step, grid_operator(), message_id, at)


def confirmation(point: int, message_id: str, at: datetime, *, by: Party, case_id: str) -> bytes:
    """A supplier named in the request of this case confirms it."""
    step = Step(at="", post="SupplyConfirmation/of-a-share", point=point)
    return _written(step, by, message_id, at, case_id)


def objection(point: int, message_id: str, at: datetime, *, by: Party, case_id: str) -> bytes:
    """A supplier named in the request of this case objects to it."""
    step = Step(at="", post="Objection/contract-still-binding", point=point)
    return _written(step, by, message_id, at, case_id)


def _signed(contract: str, reference: str, signed_on: str) -> dict[str, str]:
    """A contract at this place, valid from the day it was signed."""
    return {
        f"{contract}/Reference": reference,
        f"{contract}/Validity/From": signed_on,
        f"{contract}/CustomerSignedOn": signed_on,
        f"{contract}/SupplierSignedOn": signed_on,
    }


def reading(
    point: int,
    message_id: str,
    at: datetime,
    *,
    value: Decimal,
    why: str | None = None,
    by: Party | None = None,
) -> bytes:
    """What the customer read at this instant, with the reason of a departure; names no case.

    It is reported by the new supplier where no other is named.
    """
    fields = {"TakenAt": local_text(at), "Register/Value": str(value)}
    if why is not None:
        fields["DepartureReason"] = why
    step = Step(
        at="", post="MeterReading/by-the-customer", point=point, set=fields, remove=["CaseNumber"]
    )
    return _written(step, by or new_supplier(), message_id, at)


def remote_reading(
    point: int, message_id: str, at: datetime, *, taken_at: datetime, value: Decimal
) -> bytes:
    """What the metering centre read; names no case."""
    fields = {"TakenAt": local_text(taken_at), "Register[1]/Value": str(value)}
    step = Step(at="", post="MeterReading/remote", point=point, set=fields, remove=["Register[2]"])
    return _written(step, metering_centre(), message_id, at)


def withdrawal(
    point: int, message_id: str, at: datetime, *, case_id: str, by: Party | None = None
) -> bytes:
    """The withdrawal of the request that opened this case, by the new supplier or this one."""
    step = Step(at="", post="Withdrawal/of-a-request", point=point)
    return _written(step, by or new_supplier(), message_id, at, case_id)


def inaccessibility(
    point: int, message_id: str, at: datetime, *, case_id: str, by: Party | None = None
) -> bytes:
    """That the customer cannot reach the meter, by the new supplier or this one."""
    step = Step(at="", post="InaccessibilityReport/of-a-switch", point=point)
    return _written(step, by or new_supplier(), message_id, at, case_id)


def _written(
    step: Step, sender: Party, message_id: str, at: datetime, case_id: str | None = None
) -> bytes:
    at = at.replace(microsecond=0)
    document = message_of(step, sender=sender, case_id=case_id, message_id=message_id, now=at)
    return document + b"\n"
