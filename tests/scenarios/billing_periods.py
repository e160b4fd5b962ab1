"""What must hold of the documents of every scenario: periods join (H1), points are named (H2).

Keeps a model of its own of what each register last closed with: from the sample register, from
messages taken in, from settlements given out. Knows nothing of the engine.
"""

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal

from lxml import etree

from broker.scenarios.files import REGISTER
from broker.scenarios.run import Happening
from broker.wire.schema import TAG_PREFIX

Register = tuple[str, str]
"""Serial number of the meter, which serves all points of a division (B9), and OBIS code."""


def without_both_numbers(happenings: Iterable[Happening]) -> list[str]:
    """Documents that do not carry accounting point and metering site number (H2)."""
    return [
        f"{document.kind} to {document.to.name}"
        for happening in happenings
        for document in happening.notices
        if not all(
            next(etree.fromstring(document.content).iter(TAG_PREFIX + name), None) is not None
            for name in ("AccountingPoint", "MeteringSite")
        )
    ]


def periods_that_do_not_join(happenings: Iterable[Happening]) -> list[str]:
    """Registers settled from another value than the one their previous period closed with (H1).

    A settlement that is cancelled or replaced is as if it had never been (D3).
    """
    closed, wrong = _closing_values_of_the_sample(), []
    opened: dict[str, dict[Register, Decimal | None]] = {}
    for happening in happenings:
        for message in happening.taken_in:
            closed |= _reported(etree.fromstring(message))
        settlements = [
            etree.fromstring(document.content)
            for document in happening.notices
            if document.kind == "FinalSettlement"
        ]
        for root in settlements:
            closed |= opened.get(_text(root, "Header/Corrects/DocumentNumber"), {})
        before = dict(closed)
        for root in settlements:
            if _text(root, "Header/Corrects/Function") == "1":
                continue
            settled = tuple(_settled(root))
            opened[_text(root, "Header/Identification")] = {one: at for one, at, _ in settled}
            for register, opening, closing in settled:
                # Several suppliers of one meter are settled for the same period (B11).
                if opening not in (before.get(register), closed.get(register)):
                    wrong.append(f"{register}: {opening} after {before.get(register)}")
                closed[register] = closing
    return wrong


def _closing_values_of_the_sample() -> dict[Register, Decimal | None]:
    """The latest value of each register in the sample, whose rows stand in order of time."""
    with (REGISTER / "readings.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["taken_at"])
    return {(row["serial_number"], row["register"]): Decimal(row["value"]) for row in rows}


def _reported(root: etree._Element) -> dict[Register, Decimal | None]:
    """Values with which a period begins from a message: of a new meter, of a corrected reading."""
    found: dict[Register, Decimal | None] = {}
    for path in ("MeterExchange/NewMeter", "NewPoint/Meter", "CorrectedReading"):
        for meter in root.iterfind(_path(path)):
            for one in meter.iterfind(_path("Register")):
                key = (_text(meter, "SerialNumber"), _text(one, "Obis"))
                found[key] = Decimal(_text(one, "Value"))
    return found


def _settled(root: etree._Element) -> Iterator[tuple[Register, Decimal | None, Decimal]]:
    """Each register of a settlement with opening and closing value, of every meter."""
    for meter in (*root.iterfind(_path("RemovedMeter")), root):
        for one in meter.iterfind(_path("Register")):
            opening = one.findtext(_path("Opening"))
            yield (
                (_text(meter, "SerialNumber"), _text(one, "Obis")),
                None if opening is None else Decimal(opening),
                Decimal(_text(one, "Closing")),
            )


def _text(element: etree._Element, path: str) -> str:
    return element.findtext(_path(path)) or ""


def _path(path: str) -> str:
    return "/".join(TAG_PREFIX + part for part in path.split("/"))
