"""What an import brings: one class for each file of docs/register-format.md.

Nobody changes an entry. They are not frozen because a frozen one takes twice as long to make, and
an import makes millions.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from broker.messages.codes import Direction, ObtainedBy
from broker.messages.identifiers import (
    AreaCode,
    AreaNumber,
    DeliveryPoint,
    Eic,
    Gsrn,
    ObisCode,
    SerialNumber,
    TaxNumber,
)
from broker.store.participants import Participant


@dataclass(slots=True, kw_only=True)
class CustomerEntry:
    """A customer or owner, known by its tax number."""

    tax_number: TaxNumber
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    email: str | None


@dataclass(slots=True, kw_only=True)
class SiteEntry:
    """A metering site with its two numbers (D2).

    `inaccessible_since` is the first local date since which no reading could be obtained (A21).
    """

    metering_site: AreaNumber
    area_code: AreaCode
    gsrn: Gsrn | None
    owner: TaxNumber | None
    inaccessible_since: date | None


@dataclass(slots=True, kw_only=True)
class PointEntry:
    """An accounting point at its delivery point and metering site.

    `measured_at` is the point there whose meter measures it, None where that is its own (B9).
    """

    accounting_point: Gsrn
    delivery_point: DeliveryPoint
    metering_site: AreaNumber
    directions: tuple[Direction, ...]
    connected: bool
    self_supply: bool
    remotely_read: bool
    measured_power: bool
    customer: TaxNumber | None
    measured_at: Gsrn | None = None


@dataclass(slots=True, kw_only=True)
class SupplyEntry:
    """Supply of one direction of a point, half-open [from_day, to_day)."""

    accounting_point: Gsrn
    direction: Direction
    supplier: Eic
    share: Decimal
    from_day: date
    to_day: date | None


@dataclass(slots=True, kw_only=True)
class MeterEntry:
    """A meter installed at a point, removed on the first day without it."""

    accounting_point: Gsrn
    serial_number: SerialNumber
    installed_from: date
    removed_on: date | None


@dataclass(slots=True, kw_only=True)
class MeterRegisterEntry:
    """One register of a meter: digits before and after the decimal point, kWh per unit."""

    accounting_point: Gsrn
    serial_number: SerialNumber
    register: ObisCode
    digits: int
    decimals: int
    multiplier: Decimal


@dataclass(slots=True, kw_only=True)
class ReadingEntry:
    """What one register of a meter showed at an instant; the rows of an instant are one reading."""

    accounting_point: Gsrn
    serial_number: SerialNumber
    taken_at: datetime
    obtained_by: ObtainedBy
    register: ObisCode
    value: Decimal


@dataclass(slots=True, kw_only=True)
class BilledEntry:
    """Energy billed in one direction of a point, half-open [from_day, to_day), whole kWh (C3)."""

    accounting_point: Gsrn
    direction: Direction
    from_day: date
    to_day: date
    kwh: int


@dataclass(slots=True, kw_only=True)
class DailyBlocksEntry:
    """Energy in one direction of a point for each quarter-hour of a day, in watt-hours."""

    accounting_point: Gsrn
    direction: Direction
    day: date
    watt_hours: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class RegisterContents:
    """A part of a register, as an import brings it, complete in what it refers to or not."""

    participants: tuple[Participant, ...] = ()
    customers: tuple[CustomerEntry, ...] = ()
    sites: tuple[SiteEntry, ...] = ()
    points: tuple[PointEntry, ...] = ()
    supplies: tuple[SupplyEntry, ...] = ()
    meters: tuple[MeterEntry, ...] = ()
    meter_registers: tuple[MeterRegisterEntry, ...] = ()
    readings: tuple[ReadingEntry, ...] = ()
    billed: tuple[BilledEntry, ...] = ()
    blocks: tuple[DailyBlocksEntry, ...] = ()
