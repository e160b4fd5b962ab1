"""The register of a simulation: the sample register, every point of it several times over.

The copies have numbers, customers, sites and meters of their own, so that each step at a copy can
be told as a step at the sample point it was made from.
"""

import csv
import shutil
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from stdnum.si import ddv

from broker.scenarios.files import REGISTER
from broker.scenarios.invented_register import gsrn_of, tax_numbers

_COPIES_FROM = 500_000_000
_SITES_FROM = 100_000_000
_FILES = (
    "accounting_points",
    "billed_quantities",
    "customers",
    "daily_blocks",
    "meter_registers",
    "metering_sites",
    "meters",
    "readings",
    "supply",
)


@dataclass(frozen=True)
class Names:
    """What the things of a sample point are called at one copy of it."""

    copy: int

    def gsrn(self, value: str) -> str:
        """The number of a point or site."""
        if not self.copy or not value:
            return value
        number = int(value[8:17])
        of_a_site = 500_000 if number >= _SITES_FROM else 0
        return gsrn_of(_COPIES_FROM + self.copy * 1_000_000 + of_a_site + number % _SITES_FROM)

    def site(self, value: str) -> str:
        """The area number of a site."""
        area, _, number = value.partition("-")
        return value if not self.copy else f"{area}-{self.copy}{int(number):06d}"

    def other(self, value: str) -> str:
        """A delivery point or a meter."""
        return value if not self.copy or not value else f"{value}-{self.copy}"


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a file of the register."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_copies(folder: Path, copies: int) -> None:
    """Write the sample register with every point `copies` times over."""
    folder.mkdir(parents=True)
    for name in ("operator.toml", "participants.toml"):
        shutil.copy(REGISTER / name, folder / name)
    taxes = _taxes([row["tax_number"] for row in rows(REGISTER, "customers")], copies)
    for name in _FILES:
        source = rows(REGISTER, name)
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(source[0]), lineterminator="\n")
            writer.writeheader()
            for copy in range(copies):
                names = Names(copy)
                writer.writerows(_copied(row, names, taxes) for row in source)


def _taxes(originals: list[str], copies: int) -> dict[tuple[int, str], str]:
    fresh = (t for t in tax_numbers(3_000_000) if len(t) == 8 and ddv.is_valid(t))
    fresh_ones = iter(list(islice(fresh, len(originals) * max(0, copies - 1))))
    return {
        (copy, tax): next(fresh_ones) if copy else tax
        for copy in range(copies)
        for tax in originals
    }


def _copied(row: dict[str, str], names: Names, taxes: dict[tuple[int, str], str]) -> dict[str, str]:
    ways = {
        "accounting_point": names.gsrn,
        "measured_at": names.gsrn,
        "gsrn": names.gsrn,
        "metering_site": names.site,
        "delivery_point": names.other,
        "serial_number": names.other,
        "customer": lambda tax: tax and taxes[names.copy, tax],
        "owner": lambda tax: tax and taxes[names.copy, tax],
        "tax_number": lambda tax: taxes[names.copy, tax],
    }
    return {key: ways[key](value) if key in ways else value for key, value in row.items()}
