"""The meters in the field, as the metering centre reads them: what each register shows when.

A register grows evenly from a value on file, so a centre started anew reads the same as before.
"""

import csv
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from pathlib import Path

from broker.otherside.exchange import UnableToTakePart

_SECONDS_A_DAY = 24 * 60 * 60


class UnableToReadMeter(Exception):
    """There is no such meter, no such register, or no value to go on from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """One register of a meter: its value at an instant, what it adds a day, how far it counts."""

    digits: int
    taken_at: datetime
    value: Decimal
    per_day: Decimal

    def shows(self, at: datetime) -> Decimal:
        """The value at this instant, with as many decimals as the first; rolls over."""
        return grown(self.value, self.per_day, self.taken_at, at) % Decimal(10**self.digits)


def grown(value: Decimal, per_day: Decimal, taken_at: datetime, at: datetime) -> Decimal:
    """What stood at this value has grown by so much a day until then, decimals kept."""
    days = Decimal((at - taken_at).total_seconds()) / _SECONDS_A_DAY
    return (value + per_day * days).quantize(value, rounding=ROUND_DOWN)


class Meters:
    """All meters of a file with the columns serial_number, register, digits, taken_at, value
    and per_day."""

    def __init__(self, dials: dict[tuple[str, str], Dial]) -> None:
        self._dials = dials

    def read(
        self, serial_number: str, registers: tuple[str, ...], at: datetime
    ) -> tuple[tuple[str, Decimal], ...]:
        """What these registers of the meter show at this instant. Raises UnableToReadMeter."""
        try:
            return tuple((code, self._dials[serial_number, code].shows(at)) for code in registers)
        except KeyError as error:
            raise UnableToReadMeter(f"no meter {serial_number} with registers {registers}") from (
                error
            )


def meters_of(path: Path) -> Meters:
    """The meters of a file. Raises UnableToTakePart."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return Meters(
                {
                    (row["serial_number"], row["register"]): Dial(
                        digits=int(row["digits"]),
                        taken_at=datetime.fromisoformat(row["taken_at"]),
                        value=Decimal(row["value"]),
                        per_day=Decimal(row["per_day"]),
                    )
                    for row in csv.DictReader(file)
                }
            )
    except (OSError, KeyError, ValueError, InvalidOperation) as error:
        raise UnableToTakePart(f"{path} holds no meters: {error!r}") from error
