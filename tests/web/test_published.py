"""What everybody may read without a token: schemas, the code list, health."""

import pytest
from lxml import etree

from broker.messages.reasons import Reason
from tests.web.letters import ROOT
from tests.web.raw_http import Line, head
from tests.web.running import Broker


async def test_the_schema_is_published_as_it_is_in_use(broker: Broker) -> None:
    listing = await broker.get("/schemas", None)
    assert listing.body == b"/schemas/switch-1.xsd\n"
    schema = await broker.get("/schemas/switch-1.xsd", None)
    assert schema.body == (ROOT / "xsd" / "switch-1.xsd").read_bytes()
    etree.XMLSchema(etree.fromstring(schema.body))


@pytest.mark.parametrize(
    "path",
    [
        "/schemas/../pyproject.toml",
        "/schemas/../broker/__main__.py",
        "/schemas/%2e%2e/pyproject.toml",
        "/schemas/..%2fpyproject.toml",
        "/schemas/..%5cpyproject.toml",
        "/schemas/%2fetc%2fpasswd",
        "/schemas//etc/passwd",
        "/schemas/switch-1.xsd%00",
        "/schemas/switch-1.xsd/",
        "/schemas/SWITCH-1.XSD",
        "/schemas/*.xsd",
        "/schemas/",
        "/schemas/.",
        "//schemas/switch-1.xsd",
        "/schemasx",
        "/codes/x",
    ],
)
async def test_nothing_else_is_published(broker: Broker, line: Line, path: str) -> None:
    await line.send(head("GET", path))
    answer = await line.answer()
    assert answer.status in (401, 404)
    assert answer.codes in (["SB:T09"], ["SB:T19"])


async def test_every_code_is_published_in_both_languages(broker: Broker) -> None:
    codes = await broker.get("/codes", None)
    assert len(codes.texts("Code")) == len(Reason)
    assert len(codes.texts("TextEnglish")) == len(codes.texts("TextSlovene")) == len(Reason)


async def test_health_says_whether_messages_can_be_taken(broker: Broker) -> None:
    assert (await broker.get("/health/live", None)).body == b'{"live": true}'
    ready = await broker.get("/health/ready", None)
    assert ready.status == 200
    assert b'"sweep": "running"' in ready.body
