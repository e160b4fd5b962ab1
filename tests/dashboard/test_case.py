"""A case on its page: what can be done in each phase, by whom, and what comes of it."""

from datetime import UTC, datetime, timedelta

import pytest

from broker.clock import VirtualClock
from broker.engine.decide import OF_SWITCHES
from broker.usecases.operator_verbs import CODES_FOR, EVENTS, Verb, codes_for
from tests.dashboard.visitors import Visitor
from tests.web.letters import (
    OPERATOR,
    SOUTH,
    doubtful_request,
    reading,
    sample_point,
    switch_request,
    undoing,
)
from tests.web.running import Broker

POINT = sample_point(1)


async def in_doubt(broker: Broker) -> str:
    """A case that waits for approval."""
    return (await broker.post(doubtful_request("D-1", POINT), SOUTH)).case


def test_every_decision_the_table_knows_has_its_verb() -> None:
    rows = [row for process in OF_SWITCHES for row in process.values()]
    listed = {trigger for row in rows for trigger in row if trigger in EVENTS.values()}
    assert listed == set(EVENTS.values())
    assert set(EVENTS) == set(Verb)


@pytest.mark.parametrize("verb", CODES_FOR)
def test_a_verb_that_needs_codes_has_some(verb: Verb) -> None:
    assert len(codes_for(verb)) > 1


async def test_the_actions_are_those_of_the_phase(broker: Broker, clerk: Visitor) -> None:
    text = (await clerk.get(f"/cases/{await in_doubt(broker)}")).text
    assert text.count('<details class="action"') == 2
    assert "Odobri zahtevo" in text
    assert "Zavrni zahtevo" in text
    assert "Ime se razlikuje od evidence" in text


async def test_a_case_that_waits_for_nobody_has_no_actions(broker: Broker, clerk: Visitor) -> None:
    case = (await broker.post(switch_request("R-1", POINT), SOUTH)).case
    text = (await clerk.get(f"/cases/{case}")).text
    assert '<details class="action"' not in text
    assert "Konec obdobja za odčitek" in text


async def test_a_rejection_goes_out_with_its_codes(broker: Broker, clerk: Visitor) -> None:
    case = await in_doubt(broker)
    fields = {"why": "druga oseba", "code": "260:E14", "text": "Stranka se je odselila."}
    page = await clerk.fill(f"/cases/{case}/reject", fields, on=f"/cases/{case}")
    assert "zahteva zavrnjena" in page.text
    assert await broker.mailbox(SOUTH) == ["RejectionNotice"]
    (notice,) = await broker.documents(SOUTH)
    assert "Stranka se je odselila." in notice.body.decode()


async def test_who_decided_when_and_why_stays_with_the_case(
    broker: Broker, clerk: Visitor, viewer: Visitor
) -> None:
    case = await in_doubt(broker)
    assert isinstance(broker.clock, VirtualClock)
    broker.clock.move_to(broker.clock.now() + timedelta(minutes=5))
    await clerk.fill(f"/cases/{case}/approve", {"why": "priimek po poroki"}, on=f"/cases/{case}")
    text = (await viewer.get(f"/cases/{case}")).text
    assert "Nada Zgled (nada): <q>priimek po poroki</q>" in text
    assert "24. 4. 2026 ob 10.05" in text


@pytest.mark.parametrize(
    ("verb", "fields", "status"),
    [
        ("reject", {"why": "x"}, 422),
        ("reject", {"why": "x", "code": "260:E19"}, 422),
        ("reject", {"why": "x", "code": "260:E14"}, 422),
        ("reject", {"why": "x", "code": "nonsense"}, 400),
        ("accept-reading", {"why": "x"}, 422),
        ("approve", {"why": "  "}, 400),
        ("approve", {}, 400),
        ("nonsense", {"why": "x"}, 400),
    ],
)
async def test_what_cannot_be_decided_so_changes_nothing(
    broker: Broker, clerk: Visitor, verb: str, fields: dict[str, object], status: int
) -> None:
    case = await in_doubt(broker)
    before = broker.count("journal")
    assert (await clerk.fill(f"/cases/{case}/{verb}", fields, on=f"/cases/{case}")).status == status
    assert broker.count("journal") == before


async def test_a_case_that_changed_meanwhile_is_looked_at_again(
    broker: Broker, clerk: Visitor
) -> None:
    case = await in_doubt(broker)
    before = broker.count("journal")
    page = await clerk.fill(
        f"/cases/{case}/approve", {"why": "po poroki", "seen": "1"}, on=f"/cases/{case}"
    )
    assert page.status == 409
    assert "Zadeva se je medtem spremenila" in page.text
    assert "po poroki</textarea>" in page.text
    assert broker.count("journal") == before


async def test_what_is_decided_already_is_told(broker: Broker, clerk: Visitor) -> None:
    case = await in_doubt(broker)
    await clerk.fill(f"/cases/{case}/approve", {"why": "x"}, on=f"/cases/{case}")
    page = await clerk.fill(f"/cases/{case}/approve", {"why": "x"}, on=f"/cases/{case}")
    assert page.status == 409
    assert "čaka na odčitek" in page.text


@pytest.mark.parametrize("beginning", ["case", "point", "site", "message"])
async def test_a_case_is_found_by_the_beginning_of_a_number(
    broker: Broker, viewer: Visitor, beginning: str
) -> None:
    case = await in_doubt(broker)
    typed = {"case": case[:30], "point": POINT.number[:17], "site": POINT.site, "message": "D-"}
    page = await viewer.get(f"/found?q={typed[beginning]}")
    assert page.path == f"/cases/{case}"


@pytest.mark.parametrize("typed", ["", "%25", "_", "zzz", "\U0010ffff"])
async def test_nothing_is_found_by_what_begins_no_number(
    broker: Broker, viewer: Visitor, typed: str
) -> None:
    await in_doubt(broker)
    page = await viewer.get(f"/found?q={typed}")
    assert (page.status, "se ne začne tako" in page.text) == (200, True)


async def test_a_switch_and_its_correction_show_each_other(broker: Broker, clerk: Visitor) -> None:
    switch = (await broker.post(switch_request("R-1", POINT), SOUTH)).case
    broker.clock.move_to(datetime(2026, 4, 27, 8, 0, tzinfo=UTC))
    taken = reading("R-2", POINT, taken_at="2026-04-27T07:00:00+02:00", value="14920", case=switch)
    assert (await broker.post(taken, SOUTH)).status == 200
    correction = (await broker.post(undoing("R-3", POINT, switch), OPERATOR)).case
    await clerk.sign_in("nada")
    text = (await clerk.get(f"/cases/{correction}")).text
    assert f'href="/cases/{switch}"' in text
    assert "menjava razveljavljena" in text
    assert 'class="action"' not in text
    assert f'href="/cases/{correction}"' in (await clerk.get(f"/cases/{switch}")).text
    found = (await clerk.get(f"/found?q={POINT.number}")).text
    row_of = {
        case: found.partition(f"/cases/{case}")[2].partition("</tr>")[0]
        for case in (switch, correction)
    }
    assert ("popravek" in row_of[correction], "popravek" in row_of[switch]) == (True, False)
    assert "popravek" in (await clerk.get(f"/points/{POINT.number}")).text
