"""What the back office reports for the register: meters, customers, connection, payer, new points.

A reported change is of no case; what it means for a case in progress at the point is an event.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from broker.messages.codes import Direction, ObtainedBy, Payer, PayerGround, RegisterChangeKind
from broker.messages.identifiers import (
    DeliveryPoint,
    Eic,
    Gsrn,
    ObisCode,
    SerialNumber,
    TaxNumber,
)
from broker.messages.notices import FinalSettlement, RegisterChangeNotice
from broker.messages.requests import Address, Header, Message, PointReference, RegisterValue


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledRegister:
    """One register of a meter that is installed, with the value it shows then (D4)."""

    register: ObisCode
    digits: int
    decimals: int
    multiplier: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledMeter:
    """A meter that is installed, and whether it is read remotely (D4)."""

    serial_number: SerialNumber
    remotely_read: bool
    registers: tuple[InstalledRegister, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterExchange:
    """One meter takes the place of another, with its closing values (D4)."""

    old_serial_number: SerialNumber
    closing: tuple[RegisterValue, ...]
    new: InstalledMeter


@dataclass(frozen=True, slots=True, kw_only=True)
class PointCustomer:
    """The customer of the point as the register is to name it (A2, D3)."""

    name: str
    tax_number: TaxNumber
    address: Address
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The point was connected or disconnected (A1)."""

    connected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkToMeter:
    """The installed meter is read remotely from now on, or no longer (A19)."""

    remotely_read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedReading:
    """A reading of all registers of the meter of the day, reported with a change (A35, C5).

    As a change by itself it is the right one in the place of a wrong monthly reading (C6).
    """

    taken_on: date
    serial_number: SerialNumber
    obtained_by: ObtainedBy
    registers: tuple[RegisterValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePayer:
    """The network charge is paid by this side from now on, without a switch (A35).

    `written_notice_on` is when the operator told the supplier of its breach; `reading` None where
    the day's reading is on record, or is to be estimated.
    """

    payer: Payer
    ground: PayerGround
    written_notice_on: date | None
    reading: ReportedReading | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSupplier:
    """The first supplier of one direction, which comes with the contract of use (A38)."""

    direction: Direction
    supplier: Eic


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPoint:
    """A new accounting point, connected, with customer, meter and first suppliers (A38, D1, D2)."""

    delivery_point: DeliveryPoint
    self_supply: bool
    customer: PointCustomer
    meter: InstalledMeter
    suppliers: tuple[FirstSupplier, ...]


Change = (
    MeterExchange
    | PointCustomer
    | Connection
    | LinkToMeter
    | ChargePayer
    | ReportedReading
    | NewPoint
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedChange:
    """A change at an accounting point, from 00:00 of `effective_on` (D3)."""

    header: Header
    point: PointReference
    effective_on: date
    change: Change

    @property
    def kind(self) -> RegisterChangeKind:
        """What a notice of it says has changed (A32)."""
        return _KINDS[type(self.change)]


_KINDS: dict[type[Change], RegisterChangeKind] = {
    MeterExchange: RegisterChangeKind.METER,
    PointCustomer: RegisterChangeKind.CUSTOMER,
    Connection: RegisterChangeKind.CONNECTION,
    LinkToMeter: RegisterChangeKind.READING_METHOD,
    ChargePayer: RegisterChangeKind.PAYER,
    ReportedReading: RegisterChangeKind.BILLING_DATA,
    NewPoint: RegisterChangeKind.NEW_POINT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterChanged:
    """A reported change was entered in the register: a record of the journal, of no case (D3)."""

    at: datetime
    change: ReportedChange
    rules_version: str


InboundMessage = Message | ReportedChange


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTold:
    """Who was told of a change at a point that came of no case, and what (A32, A35, D4).

    It stands in the journal without a case; a notice that is lost is made again from it.
    """

    at: datetime
    point: Gsrn
    change: RegisterChangeKind
    effective_on: date
    notices: tuple[RegisterChangeNotice, ...]
    settlements: tuple[FinalSettlement, ...]
