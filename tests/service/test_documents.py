"""Everything that goes out is valid against the published schema, for two validators."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

from broker.wire.places import SCHEMA_FILE
from tests.web.letters import (
    MESSAGES,
    NORTH,
    OPERATOR,
    SOUTH,
    doubtful_request,
    reading,
    sample_point,
    switch_request,
    withdrawal,
)
from tests.web.running import SCHEMA, Broker, running

SECOND_SCHEMA = xmlschema.XMLSchema(str(SCHEMA_FILE), allow="local")
POINTS = (1, 11, 12, 15, 16, 18)
NOBODYS = sample_point(23)
DEPARTURE = b"<DepartureReason>Pekarna je bila zaprta.</DepartureReason></MeterReading>"


def assert_valid(document: bytes) -> None:
    root = etree.fromstring(document)
    assert SCHEMA.validate(root), SCHEMA.error_log
    errors = list(SECOND_SCHEMA.iter_errors(root))
    assert errors == []


async def decided(broker: Broker, case: str, decision: str) -> None:
    body = f'{{"by": "Nada", "why": "so it is", {decision}}}'.encode()
    answer = await broker.ask("POST", f"/operator/cases/{case}/decision", OPERATOR, body)
    assert answer.status == 200, answer.body


async def every_way_to_end(broker: Broker) -> list[bytes]:
    """Lead cases to every end; the answers on the way."""
    clock, answers = broker.clock, []
    cases = {}
    for n in POINTS:
        asked = await broker.post(doubtful_request(f"D-{n}", sample_point(n)), SOUTH)
        cases[n] = asked.case
        answers.append(asked.body)
    answers.append((await broker.post(withdrawal("W", sample_point(1), cases[1]), SOUTH)).body)
    other_ground = '"decision": "reject", "codes": ["260:E14"], "text": "Ni podpisa <&> \u2028"'
    await decided(broker, cases[11], other_ground)
    for n in (12, 15, 16, 18):
        await decided(broker, cases[n], '"decision": "approve"')
    clock.move_to(datetime(2026, 4, 27, 9, 0, tzinfo=UTC))
    sent = [
        reading(f"R-{n}", sample_point(n), taken_at="2026-04-27T10:00:00+02:00", value=value)
        for n, value in ((12, "25920"), (15, "140"), (16, "9999"))
    ]
    sent.append(sent[2].replace(b"</MeterReading>", DEPARTURE))
    sent += [b"<no", switch_request("E", sample_point(4)), switch_request("F", NOBODYS)]
    answers += [(await broker.post(message, SOUTH)).body for message in sent]
    await decided(broker, cases[16], '"decision": "refuse-reading", "codes": ["SB:S08"]')
    clock.move_to(datetime(2026, 5, 15, 22, 0, tzinfo=UTC))
    await broker.service.deadlines.reach_deadlines(clock.now())
    asked_for = [f"/cases/{case}" for case in cases.values()]
    asked_for += ["/mailbox?limit=100", "/messages/D-1", "/messages/none", "/codes"]
    for party in (SOUTH, NORTH):
        answers += [(await broker.get(path, party)).body for path in asked_for]
    return answers


async def test_what_goes_out_is_valid(database: Path) -> None:
    async with running(database) as broker:
        answers = await every_way_to_end(broker)
        for answer in answers:
            assert_valid(answer)
        documents = broker.rows("SELECT kind, content FROM outbox JOIN payloads USING (payload_id)")
    for _, content in documents:
        assert_valid(content)
    assert {kind for kind, _ in documents} >= {
        "ApprovalNotice",
        "ReadingRejection",
        "RejectionNotice",
        "SwitchCompleted",
        "SwitchFailed",
        "WithdrawalConfirmation",
    }


@pytest.mark.parametrize("sample", sorted(MESSAGES.rglob("*.xml")), ids=lambda path: path.stem)
def test_every_published_sample_is_valid(sample: Path) -> None:
    assert_valid(sample.read_bytes())
