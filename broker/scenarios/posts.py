"""The messages of a scenario: a good one from fixtures/messages with a few fields changed."""

import copy
import csv
import re
import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from lxml import etree

from broker.engine.calendar import LJUBLJANA
from broker.scenarios.files import LOCAL_TIME, MESSAGES, REGISTER, FaultyScenario, Step, instant_of
from broker.wire.schema import TAG_PREFIX

_PART = re.compile(r"(\w+)(\[\d+\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A participant of the sample register as messages name it."""

    eic: str
    name: str


def message_of(
    step: Step, *, sender: Party | None, case_id: str | None, message_id: str, now: datetime
) -> bytes:
    """The bytes that this step posts. Raises FaultyScenario."""
    root = _base(step.post or "")
    if step.point is not None:
        _move_to_point(root, step.point)
    if sender is not None:
        _replace_sender(root, sender)
    if step.shares:
        _name_suppliers(root, step.shares)
    change(root, "Header/Identification", message_id)
    change(root, "Header/Creation", local_text(now))
    if case_id is not None:
        _change_where_there(root, "CaseNumber", case_id)
    for path in step.remove:
        _drop(root, path)
    for path, value in step.set.items():
        local = LOCAL_TIME.fullmatch(value)
        change(root, path, local_text(instant_of(value)) if local else value)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def sender_of(base: str) -> Party:
    """Who sends a base message as it stands. Raises FaultyScenario."""
    return party_named(value_at(_base(base), "Header/Sender/Identification"))


def kind_of(data: bytes) -> str:
    """The name of the document's root."""
    return str(etree.QName(etree.fromstring(data)).localname)


def value_at(root: etree._Element, path: str) -> str:
    """What stands at this path, several values with commas, nothing for nothing.

    A code is given with its list agency, as 260:E10.
    """
    return ", ".join(_value(one) for one in root.iterfind(_qualified(path)))


def local_text(instant: datetime) -> str:
    """The instant as messages write it, by the clock of the law."""
    return instant.astimezone(LJUBLJANA).isoformat()


def change(root: etree._Element, path: str, value: str) -> None:
    """Set the element or the attribute at this path; `Name+Share` is a new Share after Name.

    Raises FaultyScenario.
    """
    parent_path, _, last = path.rpartition("/")
    before, plus, new = path.partition("+")
    if plus:
        element = etree.Element(TAG_PREFIX + new)
        element.text = value
        _only(root, before).addnext(element)
        return
    if last.startswith("@"):
        _only(root, parent_path).set(last[1:], value)
        return
    found = list(root.iterfind(_qualified(path)))
    if len(found) > 1:
        raise FaultyScenario(f"{path} names {len(found)} elements")
    element = found[0] if found else etree.SubElement(_only(root, parent_path), TAG_PREFIX + last)
    element.text = value


def _base(name: str) -> etree._Element:
    path = MESSAGES / f"{name}.xml"
    try:
        return etree.fromstring(path.read_bytes())
    except OSError as error:
        raise FaultyScenario(f"there is no message {path}") from error


def _only(root: etree._Element, path: str) -> etree._Element:
    if not path:
        return root
    found = list(root.iterfind(_qualified(path)))
    if len(found) != 1:
        raise FaultyScenario(f"{path} names {len(found)} elements")
    return found[0]


def _drop(root: etree._Element, path: str) -> None:
    parent_path, _, last = path.rpartition("/")
    parent = _only(root, parent_path)
    if last.startswith("@"):
        del parent.attrib[last[1:]]
    else:
        parent.remove(_only(root, path))


def _qualified(path: str) -> str:
    parts = []
    for part in path.split("/"):
        matched = _PART.fullmatch(part)
        if matched is None:
            raise FaultyScenario(f"{path!r} is no path such as Register[2]/Value")
        parts.append(TAG_PREFIX + matched[1] + (matched[2] or ""))
    return "/".join(parts)


def _value(element: etree._Element) -> str:
    text = (element.text or "").strip()
    return f"{element.get('listAgency')}:{text}" if element.tag == TAG_PREFIX + "Code" else text


def _name_suppliers(root: etree._Element, shares: dict[str, str]) -> None:
    """One chosen supplier after another as the first of the base, with its share."""
    found = root.findall(_qualified("ChosenSupplier"))
    if not found:
        raise FaultyScenario("the message names no suppliers")
    for base in found[1:]:
        root.remove(base)
    for text, share in reversed(shares.items()):
        named = copy.deepcopy(found[0])
        _rename(named, value_at(named, "Supplier"), party_named(text))
        change(named, "Share", share)
        found[0].addnext(named)
    root.remove(found[0])


def _replace_sender(root: etree._Element, sender: Party) -> None:
    """Wherever the base names its sender it names this party."""
    _rename(root, value_at(root, "Header/Sender/Identification"), sender)


def _rename(root: etree._Element, old: str, party: Party) -> None:
    names = {one.name for one in parties() if one.eic == old}
    for element in root.iter():
        if element.text == old:
            element.text = party.eic
        elif element.text in names:
            element.text = party.name


@cache
def parties() -> tuple[Party, ...]:
    """The participants of the sample register."""
    text = (REGISTER / "participants.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["participant"]
    return tuple(Party(eic=row["eic"], name=row["name"]) for row in rows)


def party_named(text: str) -> Party:
    """The participant whose name begins so, or with this EIC. Raises FaultyScenario."""
    found = [one for one in parties() if one.name.startswith(text) or one.eic == text]
    if len(found) != 1:
        raise FaultyScenario(f"{text!r} names {len(found)} participants")
    return found[0]


def _move_to_point(root: etree._Element, number: int) -> None:
    """The same message about another point: its numbers, its customer, its meter."""
    points = _rows("accounting_points.csv")
    if not 1 <= number <= len(points):
        raise FaultyScenario(f"the sample register has no point {number}")
    point = points[number - 1]
    values = {
        "AccountingPoint": point["accounting_point"],
        "MeteringSite": point["metering_site"],
    }
    for customer in _rows("customers.csv"):
        if customer["tax_number"] == point["customer"]:
            values |= dict.fromkeys(("TaxNumber", "CustomerTaxNumber"), customer["tax_number"])
            values |= {"CustomerName": customer["name"]}
            _change_where_there(root, "ContractingParty/Name", customer["name"])
    for meter in _rows("meters.csv"):
        if meter["accounting_point"] == point["accounting_point"] and not meter["removed_on"]:
            values["SerialNumber"] = meter["serial_number"]
    for name, value in values.items():
        for element in root.iter(TAG_PREFIX + name):
            element.text = value
    for site in _rows("metering_sites.csv"):
        if site["metering_site"] == point["metering_site"] and site["gsrn"]:
            gsrn = etree.Element(TAG_PREFIX + "MeteringSiteGsrn", schemeAgency="9")
            gsrn.text = site["gsrn"]
            _only(root, "Point/MeteringSite").addnext(gsrn)


def _change_where_there(root: etree._Element, path: str, value: str) -> None:
    """Set the element at this path in a message that has it."""
    if root.find(_qualified(path)) is not None:
        change(root, path, value)


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with (REGISTER / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
