"""Writes an invented register of any size, right in every check digit, for tests and measurements.

Every number is counted up from a first one, so that registers that begin elsewhere have nothing in
common. Parties and operator are those of a register that is there already.
"""

import csv
import shutil
from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path

from stdnum.exceptions import ValidationError
from stdnum.si import ddv

from broker.messages.identifiers import Gsrn, TaxNumber, gsrn_with_check_digit

_PREFIX = "38319990"
_SUPPLIERS = ("28XSEVER-ENERGI8", "28XJUG-ELEKTRIKB", "28XSONCNA-ODDAJ9")
_REMOTE_EVERY = 3
_TWO_TARIFFS_EVERY = 10

Rows = Iterable[tuple[object, ...]]


def gsrn_of(number: int) -> Gsrn:
    """The accounting point with this number, at most nine digits."""
    return gsrn_with_check_digit(f"{_PREFIX}{number:09d}")


def tax_numbers(first: int) -> Iterator[TaxNumber]:
    """Tax numbers in order, from the first that begins with these seven digits."""
    for seven in count(first):
        try:
            yield TaxNumber(f"{seven:07d}{ddv.calc_check_digit(f'{seven:07d}')}")
        except ValidationError:
            continue  # no digit makes this one right


def write_register(folder: Path, points: int, *, parties: Path, first: int = 200_000_001) -> int:
    """Write a register of so many points into the folder; how many rows the CSV files have.

    `parties` is a register's folder whose TOML files are taken over.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("operator.toml", "participants.toml"):
        shutil.copy(parties / name, folder / name)
    numbers = range(first, first + points)
    customers = [
        tax
        for tax in islice(tax_numbers(2_000_000 + first % 1_000_000), points + points // 5 + 20)
        if len(tax) == 8 and ddv.is_valid(tax)
    ][:points]
    return sum(
        _write(folder / name, header, rows)
        for name, header, rows in (
            *_parties_and_points(numbers, customers),
            *_metering(numbers),
        )
    )


def _write(path: Path, header: str, rows: Rows) -> int:
    """One CSV file; how many rows it has."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        written = 0
        for row in rows:
            writer.writerow(row)
            written += 1
    return written


def _parties_and_points(
    numbers: range, customers: list[TaxNumber]
) -> Iterator[tuple[str, str, Rows]]:
    owners = dict(zip(numbers, customers, strict=True))
    yield (
        "customers.csv",
        "tax_number,name,street,postal_code,city,country,email",
        (
            (owners[n], f"Oseba {n}", f"Pot {n % 500}", "3999", "Zgledovo", "SI", "")
            for n in numbers
        ),
    )
    yield (
        "metering_sites.csv",
        "metering_site,area_code,gsrn,owner",
        ((_site(n), "7", "", owners[n]) for n in numbers),
    )
    yield (
        "accounting_points.csv",
        (
            "accounting_point,delivery_point,metering_site,directions,connected,self_supply,"
            "remotely_read,customer"
        ),
        (
            (gsrn_of(n), f"DP-{n}", _site(n), "consumption", "yes", "no", _remote(n), owners[n])
            for n in numbers
        ),
    )
    yield (
        "supply.csv",
        "accounting_point,direction,supplier,share,from_day,to_day",
        (
            (gsrn_of(n), "consumption", _SUPPLIERS[n % len(_SUPPLIERS)], "1", "2024-01-01", "")
            for n in numbers
        ),
    )


def _metering(numbers: range) -> Iterator[tuple[str, str, Rows]]:
    yield (
        "meters.csv",
        "accounting_point,serial_number,installed_from,removed_on",
        ((gsrn_of(n), f"INV-{n}", "2023-11-20", "") for n in numbers),
    )
    yield (
        "meter_registers.csv",
        "accounting_point,serial_number,register,digits,decimals,multiplier",
        (
            (gsrn_of(n), f"INV-{n}", register, 6, 0, 1)
            for n in numbers
            for register in _registers(n)
        ),
    )
    yield (
        "readings.csv",
        "accounting_point,serial_number,taken_at,obtained_by,register,value",
        (
            (gsrn_of(n), f"INV-{n}", f"{year}-03-31T08:00:00+02:00", 1, register, value + n % 9_000)
            for n in numbers
            for year, value in ((2025, 11_000), (2026, 14_650))
            for register in _registers(n)
        ),
    )
    yield (
        "billed_quantities.csv",
        "accounting_point,direction,from_day,to_day,kwh",
        (
            (gsrn_of(n), "consumption", f"{year}-03-31", f"{year + 1}-03-31", kwh)
            for n in numbers
            for year, kwh in ((2024, 4_015), (2025, 3_650))
        ),
    )


def _site(number: int) -> str:
    """The metering site of a point."""
    return f"7-{number % 10_000_000}"


def _remote(number: int) -> str:
    return "yes" if number % _REMOTE_EVERY == 0 else "no"


def _registers(number: int) -> tuple[str, ...]:
    """One register, or now and then one for each of two tariffs."""
    return ("1-0:1.8.1", "1-0:1.8.2") if number % _TWO_TARIFFS_EVERY == 0 else ("1-0:1.8.0",)
