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
    None where no earlier reading is on record. The quantities of one register over several meters
    add up to the energy of all of them, rounded once (C3).
    """

    register: ObisCode
    opening: Decimal | None
    closing: Decimal
    quantity_kwh: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedMeterSettled:
    """The part of a period that was counted by a meter removed before its end (D4)."""

    serial_number: SerialNumber
    removed_on: date
    registers: tuple[SettledRegister, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The settlement of a point's registers for the period [from_day, to_day).

    `serial_number` and `registers` are those of the meter installed at the end, `removed_meters`
    those in whose place it came within the period, oldest first (D4). `from_day` is None where
    no earlier reading is on record.
    """

    reason: BillingReason
    serial_number: SerialNumber
    from_day: date | None
    to_day: date
    obtained_by: ObtainedBy
    registers: tuple[SettledRegister, ...]
    removed_meters: tuple[RemovedMeterSettled, ...] = ()
