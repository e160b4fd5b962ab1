"""What the engine may know besides the case itself: the register and the participants of this day.

Facts are read inside the transaction by the store and nowhere else, as of the local day of the
event; the engine never asks for more.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from broker.engine.state import SwitchCase
from broker.messages.codes import Direction, DocumentKind, Payer
from broker.messages.identifiers import (
    AreaCode,
    AreaNumber,
    CaseId,
    DeliveryPoint,
    DocumentId,
    Eic,
    Gsrn,
    ObisCode,
    SerialNumber,
    TaxNumber,
)
from broker.messages.requests import Address, PointReference, RegisterValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    """The customer the register records for the point, owner or not (A2, A5)."""

    name: str
    tax_number: TaxNumber
    address: Address
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyFacts:
    """Who supplies one direction of an accounting point on the day of the facts, which share."""

    accounting_point: Gsrn
    direction: Direction
    supplier: Eic
    share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFacts:
    """One register of the installed meter: digits before the decimal point, kWh per unit shown."""

    register: ObisCode
    digits: int
    multiplier: Decimal

    def energy_kwh(self, opening: Decimal, closing: Decimal) -> Decimal:
        """Energy between two values in kWh, a lower one taken as a rollover (C5)."""
        counted = closing - opening
        if counted < 0:
            counted += Decimal(10) ** self.digits
        return counted * self.multiplier


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFacts:
    """The meter installed on the day of the facts, with all its registers (C5)."""

    serial_number: SerialNumber
    registers: tuple[RegisterFacts, ...]

    def register(self, code: ObisCode) -> RegisterFacts | None:
        """The register with this code, None where the meter has none."""
        return next((one for one in self.registers if one.register == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOnRecord:
    """A reading on record of one meter (A15, C5)."""

    taken_on: date
    registers: tuple[RegisterValue, ...]

    def value(self, code: ObisCode) -> Decimal | None:
        """What the register with this code showed, None where it was not read."""
        return next((one.value for one in self.registers if one.register == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedMeter:
    """A meter that gave way to another since the previous period ended (D4, H1).

    `opening` is its last reading before the closing one, None where there is none on record.
    """

    meter: MeterFacts
    removed_on: date
    opening: ReadingOnRecord | None
    closing: ReadingOnRecord


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
    had a supplier on that day or before (A38). `measured_at` is the accounting point of the same
    delivery point whose meter measures this one, mostly itself (B9, B11); meter, readings and
    averages are those of that point. `supplies` are its own, `supplies_at_delivery_point` those
    of all accounting points of its delivery point, its own among them (interpretation 7).
    `last_reading` is that of the meter of the day, `removed_meters` those in whose place it came
    since the reading before, oldest first (D4), and `closing` the values with which it was itself
    removed later (C5).
    """

    accounting_point: Gsrn
    measured_at: Gsrn
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
    payer: Payer
    supplies: tuple[SupplyFacts, ...]
    supplies_at_delivery_point: tuple[SupplyFacts, ...]
    ever_supplied: tuple[Direction, ...]
    meter: MeterFacts | None
    last_reading: ReadingOnRecord | None
    averages: tuple[AverageFacts, ...]
    removed_meters: tuple[RemovedMeter, ...] = ()
    closing: ReadingOnRecord | None = None

    def is_named_by(self, named: PointReference) -> bool:
        """Whether all the numbers of a reference are this point's (D1, D2)."""
        return (
            self.accounting_point == named.accounting_point
            and self.metering_site == named.metering_site
            and self.area == named.area
            and named.metering_site_gsrn in (None, self.metering_site_gsrn)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierFacts:
    """A participant as the register of participants knows it (A33).

    `pays_network_charge`: it has a contract with the operator by which it may pay (A34).
    """

    eic: Eic
    name: str
    active: bool
    supplier: bool
    in_balance_group: bool
    pays_network_charge: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyPeriod:
    """Supply of one direction of a point by one supplier, half-open [from_day, to_day)."""

    accounting_point: Gsrn
    direction: Direction
    supplier: Eic
    from_day: date
    to_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldDocument:
    """A document that a party was sent in a case."""

    party: Eic
    kind: DocumentKind
    document_id: DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedSwitch:
    """What is known of the switch that a correction names (D3).

    `corrected_by` is a correction of it that was carried out before; `since` the supply of its
    points that began on the switch date or later, and of the other points of its meter what began
    after it; `payer_changed_since` that the payer changed
    after that date. `point` is the point as of the day on which the reading was or should have
    been taken, its last reading the one before the switch's own, with the meters since; after it
    `next_reading` is the first of the point that is no value a meter came or went with, of
    another meter its day alone.
    """

    switch: SwitchCase
    corrected_by: CaseId | None
    since: tuple[SupplyPeriod, ...]
    payer_changed_since: bool
    point: PointFacts
    next_reading: ReadingOnRecord | None
    documents: tuple[ToldDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the engine may know for one event.

    `legal_remedies` is the operator's wording, None where it has set none (A37);
    `metering_centre` is who reads remotely (the operator itself where there is no such party),
    `point` is None when no accounting point has the number asked for; `parties` holds the parties
    the event or the case names, as far as they are participants; `other_case` is another case in
    progress at the same delivery point (A7, interpretation 7). `further_points` are the other
    accounting points of the delivery point that are supplied or that claims name. `free_numbers`
    are the next GSRNs of the operator that were never given out, as many as a division that is not
    yet approved may need, fewer where there are no more (B9, D1). `point_when_read` is the point
    with the meter that was installed on the day of the reading the event is about, where that was
    another one than now (C5); `corrected` is the completed switch that a correction names, None
    for an unknown one.
    """

    operator: Eic
    legal_remedies: str | None
    point: PointFacts | None
    metering_centre: Eic
    parties: tuple[SupplierFacts, ...]
    other_case: CaseId | None
    further_points: tuple[PointFacts, ...] = ()
    free_numbers: tuple[Gsrn, ...] = ()

    @property
    def points(self) -> tuple[PointFacts, ...]:
        """The point asked for and the further ones, as far as they are on record."""
        return (() if self.point is None else (self.point,)) + self.further_points

    def supplies_at_meter(self, point: PointFacts) -> tuple[SupplyFacts, ...]:
        """Who supplies consumption by the meter that measures this point (B10, B11).

        In order of accounting point and supplier, the order in which energy is divided.
        """
        there = {
            one.accounting_point for one in self.points if one.measured_at == point.measured_at
        }
        of_others = (
            one
            for one in point.supplies_at_delivery_point
            if one.accounting_point in there - {point.accounting_point}
        )
        found = (
            one for one in (*point.supplies, *of_others) if one.direction is Direction.CONSUMPTION
        )
        return tuple(sorted(found, key=lambda one: (one.accounting_point, one.supplier)))

    point_when_read: PointFacts | None = None
    corrected: CorrectedSwitch | None = None

    def party(self, eic: Eic) -> SupplierFacts | None:
        """The participant with this EIC, None for a stranger."""
        return next((p for p in self.parties if p.eic == eic), None)
