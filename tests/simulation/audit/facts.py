"""What the auditor knows of register and parties, read by itself from the files of the register."""

import csv
import tomllib
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from tests.simulation.audit.legal_days import local


@dataclass
class Reading:
    """Values of all registers of a meter at an instant."""

    serial: str
    taken: datetime
    by: str
    values: dict[str, Decimal]


@dataclass(frozen=True)
class MeterRegister:
    """One register of a meter."""

    digits: int
    multiplier: Decimal


@dataclass
class Meter:
    """A meter at a point, from a day to the first day without it."""

    serial: str
    since: date
    until: date | None
    registers: dict[str, MeterRegister]


@dataclass
class Supply:
    """Who supplies a direction of a point, from a day to the first day no longer supplied."""

    direction: str
    supplier: str
    share: Decimal
    since: date
    until: date | None

    def on(self, day: date) -> bool:
        """Whether it holds on this day."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True)
class Billed:
    """Energy of a billing period of one direction."""

    direction: str
    since: date
    until: date
    kwh: Decimal


@dataclass
class Party:
    """A participant."""

    eic: str
    name: str
    roles: tuple[str, ...]
    active: bool
    group: str | None
    pays_network_charge: bool


@dataclass
class Point:
    """An accounting point as the register has it now."""

    number: str
    index: int
    delivery: str
    site: str
    site_gsrn: str
    directions: frozenset[str]
    connected: bool
    self_supply: bool
    remote: bool
    customer: str
    measured: bool
    inaccessible_since: date | None
    measured_at: str = ""
    """The point whose meter measures it, itself in most cases: a division has one meter (B11)."""
    payer: str = "customer"
    meters: list[Meter] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    billed: list[Billed] = field(default_factory=list)
    supplies: list[Supply] = field(default_factory=list)

    def suppliers(self, direction: str, day: date) -> list[Supply]:
        """Who supplies the direction on this day."""
        return [one for one in self.supplies if one.direction == direction and one.on(day)]

    def meter(self, day: date) -> Meter | None:
        """The meter installed on this day."""
        for one in self.meters:
            if one.since <= day and (one.until is None or day < one.until):
                return one
        return None

    def last_reading(self) -> Reading | None:
        """The latest reading on record."""
        return max(self.readings, key=lambda one: one.taken, default=None)

    def average(self, direction: str, day: date) -> Decimal | None:
        """Average daily energy of the last billing period that had ended by this day (C1)."""
        past = [one for one in self.billed if one.direction == direction and one.until <= day]
        last = max(past, key=lambda one: one.until, default=None)
        return None if last is None else last.kwh / (last.until - last.since).days


class Register:
    """All points, customers and parties."""

    def __init__(self, folder: Path) -> None:
        operator = tomllib.loads((folder / "operator.toml").read_text("utf-8"))
        self.operator: str = operator["eic"]
        self.area: str = operator["area_code"]
        people = tomllib.loads((folder / "participants.toml").read_text("utf-8"))["participant"]
        self.parties = {
            one["eic"]: Party(
                eic=one["eic"],
                name=one["name"],
                roles=tuple(one["roles"]),
                active=one["active"],
                group=one.get("balance_group"),
                pays_network_charge=one["network_charge_contract"],
            )
            for one in people
        }
        self.metering_centre = next(p.eic for p in self.parties.values() if "DDE" in p.roles)
        self.customers = {row["tax_number"]: row["name"] for row in _rows(folder, "customers")}
        self.points = {row.number: row for row in _points(folder)}
        _add_metering(folder, self.points)
        self.by_index = list(self.points.values())
        self._keys: dict[str, list[Point]] = {}
        for point in self.by_index:
            self._keys.setdefault(point.measured_at, []).append(point)
            if point.measured_at != point.number:
                at = self.points[point.measured_at]
                point.meters, point.readings, point.billed = at.meters, at.readings, at.billed

    def measuring(self, point: Point) -> Point:
        """The point whose meter measures it."""
        return self.points.get(point.measured_at, point)

    def key(self, point: Point) -> list[Point]:
        """The points that one meter measures: their shares of consumption add up (B10)."""
        return self._keys.get(point.measured_at, [point])

    def present(self, point: Point, direction: str, day: date) -> list["Held"]:
        """Who supplies on this day: of consumption all shares of the key, else the point."""
        points = self.key(point) if direction == "consumption" else [self.measuring(point)]
        return [Held(one, supply) for one in points for supply in one.suppliers(direction, day)]

    def add_metering_point(self, number: str, at: Point) -> Point:
        """A metering point of one share, beside those that the same meter measures (B9)."""
        point = replace(
            at, number=number, index=-1, directions=frozenset({"consumption"}), supplies=[]
        )
        self.points[number] = point
        self._keys[at.measured_at].append(point)
        return point


@dataclass(frozen=True)
class Held:
    """A supply and the point it is held at."""

    point: Point
    supply: Supply


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _points(folder: Path) -> list[Point]:
    sites = {row["metering_site"]: row for row in _rows(folder, "metering_sites")}
    return [
        Point(
            number=row["accounting_point"],
            index=index,
            delivery=row["delivery_point"],
            site=row["metering_site"],
            site_gsrn=sites[row["metering_site"]]["gsrn"],
            directions=frozenset(row["directions"].split("+")),
            connected=row["connected"] == "yes",
            self_supply=row["self_supply"] == "yes",
            remote=row["remotely_read"] == "yes",
            customer=row["customer"],
            measured=row["measured_power"] == "yes",
            inaccessible_since=_day(sites[row["metering_site"]]["inaccessible_since"]),
            measured_at=row["measured_at"] or row["accounting_point"],
        )
        for index, row in enumerate(_rows(folder, "accounting_points"))
    ]


def _add_metering(folder: Path, points: dict[str, Point]) -> None:
    for row in _rows(folder, "supply"):
        points[row["accounting_point"]].supplies.append(
            Supply(
                row["direction"],
                row["supplier"],
                Decimal(row["share"]),
                date.fromisoformat(row["from_day"]),
                _day(row["to_day"]),
            )
        )
    meters: dict[tuple[str, str], Meter] = {}
    for row in _rows(folder, "meters"):
        since = date.fromisoformat(row["installed_from"])
        meter = Meter(row["serial_number"], since, _day(row["removed_on"]), {})
        meters[row["accounting_point"], meter.serial] = meter
        points[row["accounting_point"]].meters.append(meter)
    for row in _rows(folder, "meter_registers"):
        meters[row["accounting_point"], row["serial_number"]].registers[row["register"]] = (
            MeterRegister(int(row["digits"]), Decimal(row["multiplier"]))
        )
    for row in _rows(folder, "readings"):
        readings = points[row["accounting_point"]].readings
        taken = datetime.fromisoformat(row["taken_at"])
        if not readings or (readings[-1].taken, readings[-1].serial) != (
            taken,
            row["serial_number"],
        ):
            readings.append(Reading(row["serial_number"], taken, row["obtained_by"], {}))
        readings[-1].values[row["register"]] = Decimal(row["value"])
    for row in _rows(folder, "billed_quantities"):
        points[row["accounting_point"]].billed.append(
            Billed(
                row["direction"],
                date.fromisoformat(row["from_day"]),
                date.fromisoformat(row["to_day"]),
                Decimal(row["kwh"]),
            )
        )


def day_of(reading: Reading) -> date:
    """The local day of a reading."""
    return local(reading.taken)
