"""The answer to a supplier that asked for data of a point before its request (A4).

It holds what was asked for and no more (interpretation 9): of the customer only what the asker
named itself, of the present supplier nothing, no share and no reading.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from broker.messages.codes import Direction, ReadingMethod, Role
from broker.messages.identifiers import (
    AreaCode,
    AreaNumber,
    Eic,
    Gsrn,
    MessageId,
    ObisCode,
    SerialNumber,
)
from broker.messages.requests import NamedCustomer


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterRegister:
    """One register of the installed meter: digits before the decimal point, kWh per unit shown."""

    register: ObisCode
    digits: int
    multiplier: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledMeter:
    """The meter installed on the day of the answer."""

    serial_number: SerialNumber
    registers: tuple[MeterRegister, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterData:
    """What the register says of the point; the customer is named as the asker named it."""

    metering_site_gsrn: Gsrn | None
    area: AreaCode
    directions: tuple[Direction, ...]
    connected: bool
    self_supply: bool
    reading_method: ReadingMethod
    contracting_party: NamedCustomer
    meter: InstalledMeter | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledQuantity:
    """Energy billed in one direction from the first day on, before `to_day`, whole kWh (C3)."""

    direction: Direction
    from_day: date
    to_day: date
    kwh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyBlocks:
    """Energy of one direction in each quarter-hour of a local day, in whole Wh as measured.

    92 values on the day summer time begins, 100 on the day it ends, else 96.
    """

    direction: Direction
    day: date
    watt_hours: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareInForce:
    """A supplier's share of the consumption at a meter, half-open [from_day, to_day) (B9, B11)."""

    accounting_point: Gsrn
    supplier: Eic
    share: Decimal
    from_day: date
    to_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was billed or measured; a day or period without data on record is left out.

    `shares` are those of the time at the meter, in the order in which energy is divided (B11).
    """

    billed: tuple[BilledQuantity, ...] = ()
    quarter_hours: tuple[DailyBlocks, ...] = ()
    shares: tuple[ShareInForce, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterDataResponse:
    """Data of a point, to the supplier that asked for them (A4).

    The past twelve months are [history_from, history_to). `directions` are the point's;
    `master_data`, `billed` and `quarter_hours` are None where they were not asked for.
    """

    party: Eic
    role: Role
    reference: MessageId
    accounting_point: Gsrn
    metering_site: AreaNumber
    directions: tuple[Direction, ...]
    history_from: date
    history_to: date
    master_data: MasterData | None
    billed: tuple[BilledQuantity, ...] | None
    quarter_hours: tuple[DailyBlocks, ...] | None
