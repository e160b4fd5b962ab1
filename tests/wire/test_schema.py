"""The published schema: valid everywhere, documented throughout, nothing unbounded inbound.

Method: the schema and the fixtures are put to lxml, xmlschema and the JDK; the schema is walked.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

from broker.messages.codes import DocumentKind
from broker.wire.forms import EXAMPLES
from broker.wire.places import SCHEMA_FILE
from broker.wire.schema import INBOUND_KINDS
from tests.wire.samples import FIXTURES

XS = "{http://www.w3.org/2001/XMLSchema}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
DOCUMENTED = ("schema", "element", "attribute", "simpleType", "complexType", "enumeration", "group")
FILES = sorted(FIXTURES.glob("*/*.xml"))
SCHEMA = etree.parse(SCHEMA_FILE).getroot()


@pytest.fixture(scope="module")
def slow_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SCHEMA_FILE))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def test_every_kind_of_document_has_a_sample() -> None:
    assert {kind.value for kind in DocumentKind} <= {path.parent.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_sample_is_valid_for_lxml_and_xmlschema(
    path: Path, slow_schema: xmlschema.XMLSchema
) -> None:
    etree.XMLSchema(SCHEMA).assertValid(etree.parse(path))
    slow_schema.validate(str(path))
    assert etree.QName(etree.parse(path).getroot()).localname == path.parent.name


@pytest.mark.skipif(shutil.which("java") is None, reason="needs a JDK")
def test_every_sample_is_valid_for_the_jdk() -> None:
    program = Path(__file__).with_name("ValidateWithJdk.java")
    run = subprocess.run(
        ["java", str(program), str(SCHEMA_FILE), *map(str, FILES)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_everything_is_documented_in_english_and_slovene() -> None:
    undocumented = []
    for node in SCHEMA.iter(*(XS + name for name in DOCUMENTED)):
        if node.get("ref") is not None:
            continue
        texts = {
            text.get(LANG): (text.text or "").strip()
            for text in node.findall(f"{XS}annotation/{XS}documentation")
        }
        if not (texts.get("en") and texts.get("sl")):
            undocumented.append((node.sourceline, node.get("name") or node.get("value")))
    assert undocumented == []


def types_reached_from(type_name: str) -> set[str]:
    """The names of the types and groups that a type is made of, itself included."""
    named = {
        node.get("name"): node
        for node in SCHEMA.iterchildren(XS + "complexType", XS + "simpleType", XS + "group")
    }
    reached: set[str] = set()
    waiting = [type_name]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in named:
            continue
        reached.add(name)
        for node in named[name].iter(etree.Element):
            waiting += [node.get(key, "") for key in ("type", "base", "ref")]
    return reached


@pytest.mark.parametrize("kind", INBOUND_KINDS, ids=lambda kind: kind.value)
def test_nothing_inbound_is_unbounded(kind: DocumentKind) -> None:
    reached = types_reached_from(kind.value)
    for node in SCHEMA.iterchildren(XS + "complexType", XS + "group"):
        if node.get("name") in reached:
            for part in node.iter(XS + "element", XS + "sequence", XS + "choice", XS + "group"):
                occurrences = part.get("maxOccurs", "1")
                assert occurrences != "unbounded"
                assert int(occurrences) <= 24


def test_every_string_has_a_length_and_a_pattern_or_is_a_list_of_values() -> None:
    for node in SCHEMA.iterchildren(XS + "simpleType"):
        restriction = node.find(XS + "restriction")
        facets = {etree.QName(facet).localname for facet in restriction}
        if restriction.get("base") == "xs:string" and facets != {"enumeration"}:
            assert "pattern" in facets, node.get("name")
            assert facets & {"length", "maxLength"}, node.get("name")


def test_nothing_is_open_to_any_content() -> None:
    for node in SCHEMA.iter(XS + "any", XS + "anyAttribute"):
        pytest.fail(f"line {node.sourceline}")
    assert all("anyType" not in node.get("type", "") for node in SCHEMA.iter(XS + "element"))


@pytest.mark.parametrize(("name", "example"), EXAMPLES.items())
def test_every_example_in_findings_is_a_right_value(
    name: str, example: str, slow_schema: xmlschema.XMLSchema
) -> None:
    assert slow_schema.types[name].is_valid(example)
