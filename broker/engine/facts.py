"""What the engine may know besides the case itself: the register and the participants of this day.

Facts are read inside the transaction by the store and nowhere else, as of the local day of the
event; the engine never asks for more.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from broker.messages.codes import Direction
from broker.messages.identifiers import (
    AreaCode,
    AreaNumber,
    CaseId,
    DeliveryPoint,
    Eic,
    Gsrn,
    ObisCode,
    SerialNumber,
    TaxNumber,
)
from broker.messages.requests import RegisterValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    """The customer the register records for the point, owner or not (A2, A5)."""

    name: str
    tax_number: TaxNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyFacts:
    """Who supplies one direction of the point on the day of the facts, with which share."""

    direction: Direction
    supplier: Eic
    share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFacts:
    """One register of the installed meter: digits before the decimal point, kWh per unit shown."""

    register: ObisCode
    digits: int
    multiplier: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFacts:
    """The meter installed on the day of the facts, with all its registers (C5)."""

    serial_number: SerialNumber
    registers: tuple[RegisterFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOnRecord:
    """The last reading on record of the installed meter (A15, C5)."""

    taken_on: date
    registers: tuple[RegisterValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AverageFacts:
    """Average daily energy of the previous billing period, in kWh a day, for one direction (C1)."""

    direction: Direction
    kwh_per_day: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PointFacts:
    """What the register says of an accounting point on the day of the facts (D1, D2).

    `inaccessible_since` is the day since which no reading could be obtained at the site (A21),
    `measured_power` that its power is measured (A24); `ever_supplied` are the directions that
    had a supplier on that day or before (A38).
    """

    accounting_point: Gsrn
    delivery_point: DeliveryPoint
    metering_site: AreaNumber
    metering_site_gsrn: Gsrn | None
    area: AreaCode
    connected: bool
    customer: CustomerFacts | None
    directions: tuple[Direction, ...]
    self_supply: bool
    remotely_read: bool
    inaccessible_since: date | None
    measured_power: bool
    supplies: tuple[SupplyFacts, ...]
    ever_supplied: tuple[Direction, ...]
    meter: MeterFacts | None
    last_reading: ReadingOnRecord | None
    averages: tuple[AverageFacts, ...]

    def supplier_of(self, direction: Direction) -> Eic | None:
        """The single supplier of this direction, None where there is none or several."""
        suppliers = [s.supplier for s in self.supplies if s.direction is direction]
        return suppliers[0] if len(suppliers) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierFacts:
    """A participant as the register of participants knows it (A33)."""

    eic: Eic
    name: str
    active: bool
    supplier: bool
    in_balance_group: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the engine may know for one event.

    `point` is None when no accounting point has the number asked for; `parties` holds the parties
    the event or the case names, as far as they are participants; `other_case` is another case in
    progress at the same delivery point (A7, interpretation 7).
    """

    point: PointFacts | None
    parties: tuple[SupplierFacts, ...]
    other_case: CaseId | None

    def party(self, eic: Eic) -> SupplierFacts | None:
        """The participant with this EIC, None for a stranger."""
        return next((p for p in self.parties if p.eic == eic), None)
