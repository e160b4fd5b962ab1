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
    fields = {
        "Authorisation/GivenOn": signed_on,
        f"{_CONTRACT}/Reference": message_id,
        f"{_CONTRACT}/Validity/From": signed_on,
        f"{_CONTRACT}/CustomerSignedOn": signed_on,
        f"{_CONTRACT}/SupplierSignedOn": signed_on,
    }
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


def reading(
    point: int, message_id: str, at: datetime, *, value: Decimal, why: str | None = None
) -> bytes:
    """What the customer read at this instant, with the reason of a departure; names no case."""
    fields = {"TakenAt": local_text(at), "Register/Value": str(value)}
    if why is not None:
        fields["DepartureReason"] = why
    step = Step(
        at="", post="MeterReading/by-the-customer", point=point, set=fields, remove=["CaseNumber"]
    )
    return _written(step, new_supplier(), message_id, at)


def remote_reading(
    point: int, message_id: str, at: datetime, *, taken_at: datetime, value: Decimal
) -> bytes:
    """What the metering centre read; names no case."""
    fields = {"TakenAt": local_text(taken_at), "Register[1]/Value": str(value)}
    step = Step(at="", post="MeterReading/remote", point=point, set=fields, remove=["Register[2]"])
    return _written(step, metering_centre(), message_id, at)


def withdrawal(point: int, message_id: str, at: datetime, *, case_id: str) -> bytes:
    """The withdrawal of the request that opened this case."""
    step = Step(at="", post="Withdrawal/of-a-request", point=point)
    return _written(step, new_supplier(), message_id, at, case_id)


def _written(
    step: Step, sender: Party, message_id: str, at: datetime, case_id: str | None = None
) -> bytes:
    at = at.replace(microsecond=0)
    document = message_of(step, sender=sender, case_id=case_id, message_id=message_id, now=at)
    return document + b"\n"
