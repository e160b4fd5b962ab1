"""Everything that is on record of one accounting point, from its first day on, for staff.

Reads on the connection it is given; decides nothing. Of each kind the latest rows are given, the
newest first, up to a limit.
"""

from dataclasses import dataclass
from datetime import date, datetime
from sqlite3 import Connection
from typing import Any

from broker.engine.state import Phase
from broker.messages.codes import Direction, ObtainedBy, Payer
from broker.messages.identifiers import CaseId, Eic, Gsrn
from broker.store import instants
from broker.store.supply import measuring_point

ROWS_MAX = 200
"""How many rows of each kind are given at most."""

# Who supplied the point, in which direction, with what share, from when until when.
_SUPPLY = """
    SELECT direction, supplier, coalesce(name, supplier), share, from_day, to_day, case_id
    FROM supply LEFT JOIN participants ON eic = supplier WHERE accounting_point = ?
    ORDER BY from_day DESC, direction, supplier LIMIT ?"""

# The meters that were at the point.
_METERS = """
    SELECT meter, serial_number, installed_from, removed_on FROM meters
    WHERE accounting_point = ? ORDER BY installed_from DESC LIMIT ?"""

# The registers of a meter, with digits and decimals.
_REGISTERS = """
    SELECT register, digits, decimals, multiplier FROM meter_registers WHERE meter = ?
    ORDER BY register"""

# What was read at the point, cancelled readings too.
_READINGS = """
    SELECT reading, serial_number, taken_at, obtained_by, case_id, cancelled_on
    FROM meters CROSS JOIN readings USING (meter) WHERE accounting_point = ?
    ORDER BY taken_at DESC, reading DESC LIMIT ?"""

# What each register showed at a reading.
_VALUES = "SELECT register, value FROM reading_values WHERE reading = ? ORDER BY register"

# What was billed at the point, and what of it was cancelled since.
BILLED = """
    SELECT direction, from_day, to_day, kwh, NULL FROM billed_quantities
    WHERE accounting_point = :point
    UNION ALL SELECT direction, from_day, to_day, kwh, cancelled_on FROM cancelled_quantities
    WHERE accounting_point = :point
    ORDER BY 2 DESC, 1, 5 LIMIT :limit"""

# Who paid the network charge of the point from which day on; before the first it is the customer.
_PAYERS = """
    SELECT payer, from_day, case_id FROM network_charge_payers WHERE accounting_point = ?
    ORDER BY from_day DESC LIMIT ?"""

# The cases about the point.
_CASES = """
    SELECT case_id, phase, applicant, coalesce(name, applicant), opened_at, ended_at,
        process = 'correction' FROM cases
    LEFT JOIN participants ON eic = applicant WHERE accounting_point = ?
    ORDER BY opened_at DESC LIMIT ?"""

QUERIES = (_SUPPLY, _METERS, _READINGS, _PAYERS, _CASES)
"""Every query that takes a point and a limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplySpell:
    """A supplier of one direction with its share, in [from_day, to_day)."""

    direction: Direction
    supplier: Eic
    name: str
    share: str
    from_day: date
    to_day: date | None
    case_id: CaseId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterRegister:
    """A register of a meter: its digits before the point and behind it, what a unit stands for."""

    register: str
    digits: int
    decimals: int
    multiplier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSpell:
    """A meter that was at the point, in [installed_from, removed_on)."""

    serial_number: str
    installed_from: date
    removed_on: date | None
    registers: tuple[MeterRegister, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastReading:
    """What a meter showed; `cancelled_on` where the reading was found wrong and stands no more."""

    serial_number: str
    taken_at: datetime
    obtained_by: ObtainedBy
    case_id: CaseId | None
    cancelled_on: date | None
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastQuantity:
    """What was billed for [from_day, to_day); `cancelled_on` where it was made anew since."""

    direction: Direction
    from_day: date
    to_day: date
    kwh: int
    cancelled_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerSince:
    """Who pays the network charge from this day on."""

    payer: Payer
    from_day: date
    case_id: CaseId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCase:
    """A case about the point."""

    case_id: CaseId
    phase: Phase
    applicant: Eic
    applicant_name: str
    opened_at: datetime
    ended_at: datetime | None
    correction: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PointHistory:
    """All that is on record of a point, the newest first in each list."""

    supplies: tuple[SupplySpell, ...]
    meters: tuple[MeterSpell, ...]
    readings: tuple[PastReading, ...]
    quantities: tuple[PastQuantity, ...]
    payers: tuple[PayerSince, ...]
    cases: tuple[PastCase, ...]


def history_of(connection: Connection, accounting_point: Gsrn) -> PointHistory:
    """What is on record of the point."""
    wanted = (accounting_point, ROWS_MAX)
    of_meter = (measuring_point(connection, accounting_point), ROWS_MAX)
    return PointHistory(
        supplies=tuple(_supply(*row) for row in connection.execute(_SUPPLY, wanted)),
        meters=tuple(_meter(connection, *row) for row in connection.execute(_METERS, wanted)),
        readings=tuple(_reading(connection, *row) for row in connection.execute(_READINGS, wanted)),
        quantities=tuple(
            _quantity(*row)
            for row in connection.execute(BILLED, {"point": accounting_point, "limit": ROWS_MAX})
        ),
        payers=tuple(
            PayerSince(payer=Payer(payer), from_day=date.fromisoformat(day), case_id=case_id)
            for payer, day, case_id in connection.execute(_PAYERS, of_meter)
        ),
        cases=tuple(_case(*row) for row in connection.execute(_CASES, wanted)),
    )


def _supply(direction: str, supplier: str, name: str, share: str, *rest: str) -> SupplySpell:
    from_day, to_day, case_id = rest
    return SupplySpell(
        direction=Direction(direction),
        supplier=Eic(supplier),
        name=name,
        share=share,
        from_day=date.fromisoformat(from_day),
        to_day=_day(to_day),
        case_id=CaseId(case_id) if case_id else None,
    )


def _meter(
    connection: Connection, meter: int, serial_number: str, installed: str, removed: str | None
) -> MeterSpell:
    return MeterSpell(
        serial_number=serial_number,
        installed_from=date.fromisoformat(installed),
        removed_on=_day(removed),
        registers=tuple(
            MeterRegister(register=name, digits=digits, decimals=decimals, multiplier=multiplier)
            for name, digits, decimals, multiplier in connection.execute(_REGISTERS, (meter,))
        ),
    )


def _reading(
    connection: Connection, reading: int, serial_number: str, taken_at: str, *rest: str
) -> PastReading:
    obtained_by, case_id, cancelled_on = rest
    return PastReading(
        serial_number=serial_number,
        taken_at=instants.from_text(taken_at),
        obtained_by=ObtainedBy(obtained_by),
        case_id=CaseId(case_id) if case_id else None,
        cancelled_on=_day(cancelled_on),
        values=tuple(connection.execute(_VALUES, (reading,))),
    )


def _quantity(direction: str, from_day: str, to_day: str, kwh: int, cancelled: str) -> PastQuantity:
    return PastQuantity(
        direction=Direction(direction),
        from_day=date.fromisoformat(from_day),
        to_day=date.fromisoformat(to_day),
        kwh=kwh,
        cancelled_on=_day(cancelled),
    )


def _case(case_id: str, phase: str, applicant: str, name: str, *rest: Any) -> PastCase:
    opened_at, ended_at, correction = rest
    return PastCase(
        case_id=CaseId(case_id),
        phase=Phase(phase),
        applicant=Eic(applicant),
        applicant_name=name,
        opened_at=instants.from_text(opened_at),
        ended_at=instants.from_text_or_none(ended_at),
        correction=bool(correction),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
