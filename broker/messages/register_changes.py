"""What the engine asks the register to record."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from broker.messages.codes import Direction, ObtainedBy, Payer
from broker.messages.identifiers import CaseId, Eic, Gsrn, SerialNumber
from broker.messages.reported_changes import InstalledMeter, NewPoint, PointCustomer
from broker.messages.requests import PointReference, RegisterValue


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyChanged:
    """From 00:00 of `on`, `new` supplies this direction of the point, without end date (A27)."""

    accounting_point: Gsrn
    direction: Direction
    old: Eic | None
    new: Eic
    share: Decimal
    on: date
    case_id: CaseId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyEnded:
    """From 00:00 of `on` the supplier no longer supplies this direction of the point (A27)."""

    accounting_point: Gsrn
    direction: Direction
    supplier: Eic
    on: date
    case_id: CaseId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyBegun:
    """From 00:00 of `on` the supplier supplies this direction with this share, no end (A27)."""

    accounting_point: Gsrn
    direction: Direction
    supplier: Eic
    share: Decimal
    on: date
    case_id: CaseId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyBeginningTakenBack:
    """The supply that began on `on` and has no end is as if it had never been (D3)."""

    accounting_point: Gsrn
    direction: Direction
    supplier: Eic
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyEndTakenBack:
    """The supply that ended on `on` goes on as if it had not (D3).

    One that had begun on that very day was forgotten when it ended, and begins again with `share`.
    """

    accounting_point: Gsrn
    direction: Direction
    supplier: Eic
    share: Decimal
    on: date
    case_id: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteringPointCreated:
    """A metering point for one supplier's share: consumption alone, measured elsewhere (B9, D1).

    It lies at the delivery point and the metering site of `divided_from`, has its customer and is
    measured by the meter that measures it. It is connected only when the division is carried out.
    """

    accounting_point: Gsrn
    divided_from: Gsrn
    case_id: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRecorded:
    """The switch reading goes on record as a reading of this meter (A24)."""

    accounting_point: Gsrn
    serial_number: SerialNumber
    taken_at: datetime
    obtained_by: ObtainedBy
    registers: tuple[RegisterValue, ...]
    case_id: CaseId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerChanged:
    """From 00:00 of `on` the network charge of the point is paid by this side (A31, A35)."""

    accounting_point: Gsrn
    payer: Payer
    on: date
    case_id: CaseId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRecorded:
    """The point is connected, or is not (A1)."""

    accounting_point: Gsrn
    connected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReached:
    """A reading was obtained at the site on this day: it is no longer inaccessible (A21)."""

    accounting_point: Gsrn
    on: date


RegisterChange = (
    SupplyChanged
    | SupplyEnded
    | SupplyBegun
    | SupplyBeginningTakenBack
    | SupplyEndTakenBack
    | MeteringPointCreated
    | ReadingRecorded
    | PayerChanged
    | ConnectionRecorded
    | SiteReached
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerTakenBack:
    """The change of the payer on `on` is as if it had never been: `payer` pays as before (D3)."""

    accounting_point: Gsrn
    payer: Payer
    on: date
    case_id: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingWithdrawn:
    """The reading that came with the case `of_case` no longer stands, from `on` (C5, C6)."""

    accounting_point: Gsrn
    of_case: CaseId
    on: date


TakenBack = PayerTakenBack | ReadingWithdrawn
EntryOfCase = RegisterChange | TakenBack
"""What a case decides for the register, which is entered all together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterRemoved:
    """The meter is no longer at the point from 00:00 of `on` (D4)."""

    accounting_point: Gsrn
    serial_number: SerialNumber
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterInstalled:
    """From 00:00 of `on` this meter is at the point (D4)."""

    accounting_point: Gsrn
    meter: InstalledMeter
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRecorded:
    """The customer of the point is this one, with these data (A2)."""

    accounting_point: Gsrn
    customer: PointCustomer


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecorded:
    """The meter of the point is read remotely, or is not (A19)."""

    accounting_point: Gsrn
    remotely_read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRecorded:
    """A new connected point at its site and delivery point, its numbers given out (D1, D2)."""

    point: PointReference
    new: NewPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingCancelled:
    """The reading of this meter on that day was wrong and no longer stands, from `on` (C6)."""

    accounting_point: Gsrn
    serial_number: SerialNumber
    taken_on: date
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityBilledAnew:
    """The quantity billed for a period was cancelled on this day and made anew (C6)."""

    accounting_point: Gsrn
    direction: Direction
    from_day: date
    to_day: date
    cancelled_kwh: int
    kwh: int
    on: date


ReportedEntry = (
    MeterRemoved
    | MeterInstalled
    | CustomerRecorded
    | LinkRecorded
    | PointRecorded
    | ReadingCancelled
    | QuantityBilledAnew
)
RegisterEntry = EntryOfCase | ReportedEntry
