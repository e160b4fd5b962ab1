"""What the engine asks the register to record."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from broker.messages.codes import Direction, ObtainedBy, Payer
from broker.messages.identifiers import CaseId, Eic, Gsrn, SerialNumber
from broker.messages.requests import RegisterValue


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyChanged:
    """From 00:00 of `on`, `new` supplies this direction of the point, without end date (A27)."""

    accounting_point: Gsrn
    direction: Direction
    old: Eic | None
    new: Eic
    share: Decimal
    on: date
    case_id: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRecorded:
    """The switch reading goes on record as a reading of this meter (A24)."""

    accounting_point: Gsrn
    serial_number: SerialNumber
    taken_at: datetime
    obtained_by: ObtainedBy
    registers: tuple[RegisterValue, ...]
    case_id: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerChanged:
    """From 00:00 of `on` the network charge of the point is paid by this side (A31, A35)."""

    accounting_point: Gsrn
    payer: Payer
    on: date
    case_id: CaseId


RegisterChange = SupplyChanged | ReadingRecorded | PayerChanged
