"""Every place that a finding names is an element of the schema, so that a sender can find it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from broker.engine.decide import decide
from broker.engine.decision import Refused
from broker.engine.examination import examine_request
from broker.messages.events import ReadingReceived, WithdrawalReceived
from tests.engine.builders import (
    RECEIVED_AT,
    RULES,
    but,
    facts,
    request_check_of_two,
    withdrawal,
)
from tests.engine.cases_of_reading_rules import OF_READING_RULES
from tests.engine.cases_of_request_rules import OF_REQUEST_RULES, RuleCase
from tests.engine.test_rules import found
from tests.engine.ways_through_the_process import a_reading as reading_event
from tests.engine.ways_through_the_process import awaiting_approval, period_over_under_review

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = etree.parse(ROOT / "xsd" / "switch-1.xsd").getroot()
XS = {"xs": "http://www.w3.org/2001/XMLSchema"}
# What stands in the f-strings of the engine for the number of an element or for its parent.
PARTS = {
    "check.chosen_place(chosen)": "/SwitchRequest/ChosenSupplier[1]",
    "self.request.chosen.index(chosen) + 1": "1",
    "index + 1": "1",
    "kind": "Objection",
}


def elements_of(type_name: str) -> dict[str, str]:
    """The child elements of a complex type or a group of the schema, with their types."""
    found = SCHEMA.find(f"xs:complexType[@name='{type_name}']", XS)
    if found is None:
        found = SCHEMA.find(f"xs:group[@name='{type_name}']", XS)
    if found is None:
        return {}
    bases = [e.get("base") for e in found.iterfind(".//xs:extension", XS)]
    bases += [e.get("ref") for e in found.iterfind(".//xs:group", XS)]
    inherited = {k: v for base in bases for k, v in elements_of(str(base)).items()}
    return inherited | {e.get("name"): e.get("type") for e in found.iterfind(".//xs:element", XS)}


def is_in_the_schema(place: str) -> bool:
    """Whether the path, indexes aside, leads to an element of the schema."""
    first, *steps = re.sub(r"\[\d+\]", "", place).removeprefix("/").split("/")
    root = SCHEMA.find(f"xs:element[@name='{first}']", XS)
    if root is None:
        return False
    type_name = root.get("type")
    for step in steps:
        children = elements_of(str(type_name))
        if step not in children:
            return False
        type_name = children[step]
    return True


def written_places() -> Iterator[str]:
    """Every path written in the engine, with the parts of f-strings put in."""
    for path in sorted((ROOT / "broker" / "engine").glob("*.py")):
        inside: set[int] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                inside |= {id(part) for part in node.values}
                text = "".join(map(_text, node.values))
            elif isinstance(node, ast.Constant) and id(node) not in inside:
                text = str(node.value)
            else:
                continue
            if text.startswith("/"):
                yield text


def _text(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    return PARTS.get(ast.unparse(part.value), "{" + ast.unparse(part.value) + "}")


@pytest.mark.parametrize("place", sorted(set(written_places())))
def test_a_place_written_in_the_engine_is_in_the_schema(place: str) -> None:
    assert is_in_the_schema(place)


def test_the_places_were_found() -> None:
    places = set(written_places())
    assert "/SwitchRequest/ChosenSupplier[1]/Contract/Attachment" in places
    assert "/MeterReading/Register[1]/Value" in places
    assert len(places) > 20


@pytest.mark.parametrize("case", OF_REQUEST_RULES + OF_READING_RULES, ids=lambda case: case.name)
def test_the_places_of_findings_are_in_the_schema(case: RuleCase) -> None:
    places = [finding.place for finding in found(case.rule(case.check))]
    assert [place for place in places if place and not is_in_the_schema(place)] == []


def refusals(state: Any, event: WithdrawalReceived | ReadingReceived) -> tuple[Any, ...]:
    """What the case says to an event it refuses."""
    outcome = decide(state, event, facts=facts(), now=RECEIVED_AT, rules=RULES)
    assert isinstance(outcome, Refused)
    return outcome.refusals


def test_the_places_of_refused_messages_are_in_the_schema() -> None:
    of_another = but(withdrawal(), "point.metering_site", "7-0000002")
    event = WithdrawalReceived(withdrawal=of_another, received_at=RECEIVED_AT)
    refused = (
        *refusals(awaiting_approval(), event),
        *refusals(period_over_under_review(), reading_event()),
    )
    assert [r.place for r in refused] == ["/Withdrawal/Point", "/MeterReading/TakenAt"]
    assert all(is_in_the_schema(r.place) for r in refused)


def test_an_unknown_place_is_told_apart() -> None:
    assert not is_in_the_schema("/SwitchRequest/Authorisation/SignedOn")
    assert not is_in_the_schema("/Unknown")


def test_chosen_suppliers_are_counted_from_one() -> None:
    check = but(request_check_of_two(), "request.chosen.1.contract", None)
    refusals_found, _ = examine_request(check)
    assert [r.place for r in refusals_found] == ["/SwitchRequest/ChosenSupplier[2]/Contract"]
