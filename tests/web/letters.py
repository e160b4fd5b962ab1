"""Messages as parties send them: the published samples with changed fields.

A bad message is a good one with one changed field; what is common to all stands in the samples.
"""

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lxml import etree

from broker.wire.schema import TAG_PREFIX

ROOT = Path(__file__).resolve().parents[2]
REGISTER = ROOT / "fixtures" / "register"
MESSAGES = ROOT / "fixtures" / "messages"

OPERATOR = "28XOMREZJE-ZGLE0"
NORTH = "28XSEVER-ENERGI8"
SOUTH = "28XJUG-ELEKTRIKB"
INACTIVE = "28XZAHOD-NEAKTIY"
METERING_CENTRE = "28XMERILNI-CENTD"
PROVIDER = "28XSTORITVE-ZGLW"

Fields = dict[str, str | None]
"""Paths below the root with the text to stand there; None takes the element out."""


@dataclass(frozen=True, slots=True)
class Point:
    """An accounting point of the sample register, with what a request for it must say."""

    number: str
    site: str
    area: str
    tax_number: str
    customer: str
    serial_number: str


@cache
def sample_point(n: int) -> Point:
    """The nth point of the sample register (docs/register-format.md)."""
    row = _rows("accounting_points")[n - 1]
    customers = {customer["tax_number"]: customer["name"] for customer in _rows("customers")}
    meters = {m["accounting_point"]: m["serial_number"] for m in _rows("meters")}
    number = row["accounting_point"]
    area, _, _ = row["metering_site"].partition("-")
    tax_number = row["customer"]
    name = customers.get(tax_number, "Neznanec")
    return Point(number, row["metering_site"], area, tax_number, name, meters[number])


@cache
def names() -> dict[str, str]:
    """What each participant of the sample register is called."""
    parties = tomllib.loads((REGISTER / "participants.toml").read_text(encoding="utf-8"))
    return {party["eic"]: party["name"] for party in parties["participant"]}


def _rows(table: str) -> list[dict[str, str]]:
    with (REGISTER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def switch_request(
    message_id: str, point: Point, *, new: str = SOUTH, changes: Fields | None = None
) -> bytes:
    """A request of the new supplier, as soon as possible, that nothing speaks against."""
    contract = "ChosenSupplier/Contract/"
    fields = {
        **_header(message_id, new),
        **_point(point),
        "ContractingParty/Name": point.customer,
        "ContractingParty/TaxNumber": point.tax_number,
        "ChosenSupplier/Supplier": new,
        "ChosenSupplier/Name": names()[new],
        contract + "Parties/CustomerName": point.customer,
        contract + "Parties/CustomerTaxNumber": point.tax_number,
        contract + "Parties/Supplier": new,
        contract + "AccountingPoint": point.number,
        contract + "MeteringSite": point.site,
    }
    return _changed("SwitchRequest/as-soon-as-possible", fields | (changes or {}))


def doubtful_request(
    message_id: str, point: Point, *, new: str = SOUTH, changes: Fields | None = None
) -> bytes:
    """A request under another name than the register's, with its tax number: a doubt."""
    other: Fields = {
        "ContractingParty/Name": "Ana Drugačna",
        "ChosenSupplier/Contract/Parties/CustomerName": "Ana Drugačna",
    }
    return switch_request(message_id, point, new=new, changes=other | (changes or {}))


def customers_request(message_id: str, point: Point, *, changes: Fields | None = None) -> bytes:
    """A customer's request that staff enter: the operator sends it, Južna is to supply."""
    contract = "ChosenSupplier/Contract/"
    fields = {
        **_header(message_id, OPERATOR),
        **_point(point),
        "ContractingParty/Name": point.customer,
        "ContractingParty/TaxNumber": point.tax_number,
        contract + "Parties/CustomerName": point.customer,
        contract + "Parties/CustomerTaxNumber": point.tax_number,
        contract + "AccountingPoint": point.number,
        contract + "MeteringSite": point.site,
    }
    return _changed("SwitchRequest/by-the-customer", fields | (changes or {}))


def withdrawal(
    message_id: str, point: Point, case: str, *, new: str = SOUTH, changes: Fields | None = None
) -> bytes:
    """The withdrawal of a request."""
    fields = {**_header(message_id, new), **_point(point), "CaseNumber": case}
    return _changed("Withdrawal/of-a-request", fields | (changes or {}))


def reading(
    message_id: str,
    point: Point,
    *,
    taken_at: str,
    value: str,
    case: str | None = None,
    new: str = SOUTH,
    changes: Fields | None = None,
) -> bytes:
    """The customer's reading of a meter with one register, reported by the new supplier."""
    fields = {
        **_header(message_id, new),
        **_point(point),
        "CaseNumber": case,
        "SerialNumber": point.serial_number,
        "TakenAt": taken_at,
        "Register/Obis": "1-0:1.8.0",
        "Register/Value": value,
        "Register[2]": None,
        "DepartureReason": None,
    }
    return _changed("MeterReading/by-the-customer", fields | (changes or {}))


def undoing(message_id: str, point: Point, case: str) -> bytes:
    """The back office undoes a switch."""
    fields = {**_header(message_id, OPERATOR), **_point(point), "CaseNumber": case}
    return _changed("Correction/undo", fields)


def exchange(message_id: str, point: Point, *, on: str, value: str) -> bytes:
    """The back office reports another meter with one register, the old one removed with a value."""
    fields = {
        **_header(message_id, OPERATOR),
        **_point(point),
        "EffectiveOn": on,
        "MeterExchange/OldMeter/SerialNumber": point.serial_number,
        "MeterExchange/OldMeter/Register/Value": value,
    }
    return _changed("RegisterChange/meter-exchanged", fields)


def _header(message_id: str, sender: str) -> Fields:
    return {"Header/Identification": message_id, "Header/Sender/Identification": sender}


def _point(point: Point) -> Fields:
    return {
        "Point/AccountingPoint": point.number,
        "Point/MeteringSite": point.site,
        "Point/MeteringSiteGsrn": None,
        "Point/Area": point.area,
    }


def _changed(sample: str, fields: Fields) -> bytes:
    return with_fields((MESSAGES / f"{sample}.xml").read_bytes(), fields)


def with_fields(document: bytes, fields: Fields) -> bytes:
    """The document with these fields changed; what is to be taken out may be missing."""
    root = etree.fromstring(document)
    for path, text in fields.items():
        found = root.find("/".join(TAG_PREFIX + step for step in path.split("/")))
        if text is None:
            if found is not None:
                parent = found.getparent()
                assert parent is not None
                parent.remove(found)
            continue
        assert found is not None, path
        found.text = text
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
