"""What a rule may look at when a change for the register is checked."""

from dataclasses import dataclass
from datetime import date

from broker.engine.calendar import start_of
from broker.engine.facts import (
    MeterFacts,
    PointFacts,
    ReadingOnRecord,
    SupplierFacts,
    SupplyFacts,
)
from broker.engine.rulebook import Rulebook
from broker.engine.rules_reading import ReadingCheck
from broker.messages.codes import Direction, ObtainedBy, ReadingMethod, Role
from broker.messages.identifiers import (
    AreaCode,
    AreaNumber,
    DeliveryPoint,
    Eic,
    Gsrn,
    SerialNumber,
)
from broker.messages.records import Plan
from broker.messages.reported_changes import (
    ChargePayer,
    InstalledMeter,
    MeterExchange,
    NewPoint,
    ReportedChange,
    ReportedReading,
)
from broker.messages.requests import MeterReading, RegisterValue


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """A metering site that is in the register already, with its GSRN where it has one (D2)."""

    metering_site: AreaNumber
    gsrn: Gsrn | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledPeriod:
    """What was billed for one direction of the point for [from_day, to_day) (C6)."""

    direction: Direction
    from_day: date
    to_day: date
    kwh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedReading:
    """The reading on record that a correction is about, with what stands around it (C6).

    `before` and `after` are the readings of the same meter next to it, `billed` the periods that
    end or begin with it, `supplies` those by the same meter in them.
    """

    reading: ReadingOnRecord
    obtained_by: ObtainedBy
    of_a_case: bool
    before: ReadingOnRecord | None
    after: ReadingOnRecord | None
    billed: tuple[BilledPeriod, ...]
    supplies: tuple[SupplyFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    """What the register says of a reported change, as of the day from which it holds.

    `meter_since` and `meter_until` are when the meter of that day was installed and removed,
    `measured` the directions of all points that it measures (B9);
    `given_out` those of the named numbers that were given out before (D1), `site` the metering
    site if it is known, `serial_taken` that a meter with the new serial number is installed
    somewhere or was at this point; `suppliers` the parties the change or the point names,
    `concerned` the supplies of the day of receipt which the change concerns, those of the point
    first (A32), `concerned_then` those of the day from which it holds, `corrected` the reading on
    record that a correction is about (C6).
    """

    operator: Eic
    area: AreaCode
    gsrn_prefix: str
    point: PointFacts | None
    meter_since: date | None
    meter_until: date | None
    measured: tuple[Direction, ...]
    given_out: tuple[Gsrn, ...]
    site: SiteFacts | None
    serial_taken: bool
    suppliers: tuple[SupplierFacts, ...]
    concerned: tuple[SupplyFacts, ...]
    concerned_then: tuple[SupplyFacts, ...]
    corrected: CorrectedReading | None = None

    def supplier(self, eic: Eic) -> SupplierFacts | None:
        """The participant with this EIC, None for a stranger."""
        return next((one for one in self.suppliers if one.eic == eic), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterCheck:
    """What a rule may look at: the change, the day it came, the facts."""

    change: ReportedChange
    received_on: date
    facts: ChangeFacts
    rules: Rulebook

    @property
    def point(self) -> PointFacts | None:
        """The point in the register, where all its numbers name the same one."""
        point, named = self.facts.point, self.change.point
        if point is None or (point.metering_site, point.area) != (named.metering_site, named.area):
            return None
        if named.metering_site_gsrn not in (None, point.metering_site_gsrn):
            return None
        return point

    @property
    def exchange(self) -> MeterExchange | None:
        """The exchange of the meter, None for another change."""
        return self.change.change if isinstance(self.change.change, MeterExchange) else None

    @property
    def new_point(self) -> NewPoint | None:
        """The new point, None for another change."""
        return self.change.change if isinstance(self.change.change, NewPoint) else None

    @property
    def payer_change(self) -> ChargePayer | None:
        """The change of the payer, None for another change."""
        return self.change.change if isinstance(self.change.change, ChargePayer) else None

    @property
    def whole_supply(self) -> SupplyFacts | None:
        """Who supplies all consumption at the meter on that day, None where it is shared (B11).

        The payer is that of the meter: of whose share the point named is makes no difference.
        """
        shares = [
            one for one in self.facts.concerned_then if one.direction is Direction.CONSUMPTION
        ]
        return shares[0] if len(shares) == 1 else None

    @property
    def corrected(self) -> ReportedReading | None:
        """The right reading in the place of a wrong one, None for another change."""
        return self.change.change if isinstance(self.change.change, ReportedReading) else None

    @property
    def meter(self) -> MeterFacts | None:
        """The meter that is at the point on the day from which the change holds."""
        return self.point.meter if self.point else None

    @property
    def installed(self) -> tuple[InstalledMeter, str] | None:
        """The meter that is installed, and its place in the message."""
        match self.change.change:
            case MeterExchange() as exchange:
                return exchange.new, "/RegisterChange/MeterExchange/NewMeter"
            case NewPoint() as new:
                return new.meter, "/RegisterChange/NewPoint/Meter"
            case _:
                return None

    @property
    def delivery_point(self) -> DeliveryPoint | None:
        """The delivery point, of a new point the one it is to be at."""
        if self.new_point is not None:
            return self.new_point.delivery_point
        return self.point.delivery_point if self.point else None


def as_reading(
    check: RegisterCheck,
    *,
    serial_number: SerialNumber,
    registers: tuple[RegisterValue, ...],
    taken_on: date,
    obtained_by: ObtainedBy,
) -> ReadingCheck | None:
    """Values reported with a change as the reading they are, for the rules of C5.

    None where the point has no meter to be read.
    """
    point = check.point
    if point is None or point.meter is None:
        return None
    reading = MeterReading(
        header=check.change.header,
        case_id=None,
        point=check.change.point,
        serial_number=serial_number,
        taken_at=start_of(taken_on),
        obtained_by=obtained_by,
        registers=registers,
        departure_reason=None,
    )
    return ReadingCheck(
        reading=reading,
        sender_role=Role.GRID_OPERATOR,
        received_at=start_of(check.received_on),
        plan=Plan(
            expected_date=taken_on,
            reading_method=ReadingMethod.VISIT,
            reading_from=taken_on,
            reading_to=taken_on,
        ),
        point=point,
        meter=point.meter,
        rules=check.rules,
    )
