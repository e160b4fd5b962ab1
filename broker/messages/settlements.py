"""A final settlement: what the old supplier's customer used up to the switch (A24, A30, H1)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from broker.messages.codes import BillingReason, ObtainedBy
from broker.messages.identifiers import ObisCode, SerialNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledRegister:
    """One register: opening and closing value as read, the quantity between in whole kWh (C3).

    The opening value is the closing value of the previous period (H1); it and the quantity are
    None where no earlier reading is on record.
    """

    register: ObisCode
    opening: Decimal | None
    closing: Decimal
    quantity_kwh: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The settlement of a meter's registers for the period [from_day, to_day).

    `from_day` is None where no earlier reading is on record.
    """

    reason: BillingReason
    serial_number: SerialNumber
    from_day: date | None
    to_day: date
    obtained_by: ObtainedBy
    registers: tuple[SettledRegister, ...]
