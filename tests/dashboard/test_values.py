"""Numbers, days and instants as people write them, wherever the wire has them otherwise."""

import re
from decimal import Decimal

import pytest

from broker.dashboard import values
from broker.dashboard.texts import TEXTS
from tests.dashboard.test_case_page import approved, in_doubt, to_be_visited
from tests.dashboard.visitors import Visitor
from tests.web.letters import SOUTH, reading, sample_point
from tests.web.running import Broker

POINT = sample_point(1)


@pytest.mark.parametrize(
    ("text", "sl", "en"),
    [
        ("2026-05-06", "6. 5. 2026", "6 May 2026"),
        ("2026-05-05/2026-05-12", "5. 5. 2026 – 12. 5. 2026", "5 May 2026 – 12 May 2026"),
        ("<2026-05-06", "< 6. 5. 2026", "< 6 May 2026"),
        ("<= 2026-05-06", "≤ 6. 5. 2026", "≤ 6 May 2026"),
        ("2026-05-05T22:00:00Z", "6. 5. 2026 ob 0.00", "6 May 2026, 00:00"),
        ("2026-05-06T00:00:00+02:00", "6. 5. 2026 ob 0.00", "6 May 2026, 00:00"),
        ("18400.50", "18400,50", "18400.50"),
        (">=18400.5", "≥ 18400,5", "≥ 18400.5"),
        ("<1000000", "< 1000000", "< 1000000"),
        ("210.5 kWh", "210,5 kWh", "210.5 kWh"),
        ("105.25..421 kWh", "105,25 – 421 kWh", "105.25 – 421 kWh"),
        ("0012345", "0012345", "0012345"),
        ("1-0:1.8.0", "1-0:1.8.0", "1-0:1.8.0"),
        ("Podjetje 2.0 d.o.o.", "Podjetje 2.0 d.o.o.", "Podjetje 2.0 d.o.o."),
        ("2026-02-30", "2026-02-30", "2026-02-30"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("", "", ""),
    ],
)
def test_what_the_wire_says_is_said_as_people_write_it(text: str, sl: str, en: str) -> None:
    assert (values.said(text, TEXTS["sl"]), values.said(text, TEXTS["en"])) == (sl, en)


@pytest.mark.parametrize(
    ("value", "places", "sl"),
    [
        (Decimal(100), None, "100"),
        (Decimal("1E+2"), None, "100"),
        (Decimal("0.500"), None, "0,5"),
        ("0.333333", None, "0,333333"),
        (Decimal("12.04"), 1, "12"),
        (Decimal("12.36"), 1, "12,4"),
    ],
)
def test_numbers_have_the_sign_of_the_language_and_no_exponent(
    value: Decimal | str, places: int | None, sl: str
) -> None:
    assert values.number(value, TEXTS["sl"], places) == sl
    assert values.number(value, TEXTS["en"], places) == sl.replace(",", ".")


async def test_a_multiplier_and_readings_are_told_alike_on_the_pages_of_case_and_point(
    broker: Broker, viewer: Visitor
) -> None:
    broker.damage("UPDATE meter_registers SET multiplier = '100'")
    broker.damage("UPDATE reading_values SET value = '10000.5'")
    case = (await viewer.get(f"/cases/{await approved(broker)}")).text
    point = (await viewer.get(f"/points/{POINT.number}")).text
    for page in (case, point):
        assert "× 100" in page
        assert "1E+2" not in page
        assert "10000,5" in page
        assert "10000.5" not in page
        assert "odčital" in page


async def test_a_day_that_is_refused_is_told_as_every_other_day(
    broker: Broker, clerk: Visitor
) -> None:
    case = await to_be_visited(broker)
    fields = {"why": "obhod", "day": "2026-07-01"}
    page = await clerk.fill(f"/cases/{case}/plan-visit", fields, on=f"/cases/{case}")
    told = page.text[page.text.index("Odločitve ni bilo mogoče sprejeti") :].partition("</ul>")[0]
    assert "1. 7. 2026" in told
    assert "2026-07-01" not in told


async def test_a_doubt_and_a_document_have_the_decimal_sign_of_the_page(
    broker: Broker, viewer: Visitor
) -> None:
    case = await in_doubt(broker)
    page = (await viewer.get(f"/cases/{case}")).text
    doubt = page[page.index("Odčitek odstopa od povprečne porabe") :].partition("</li>")[0]
    assert re.search(r'<q class="found">[\d,]+ kWh</q>', doubt)
    assert re.search(r"<q>[\d,]+ – [\d,]+ kWh</q>", doubt)
    sent = reading("M-2", POINT, taken_at="2026-04-24T09:00:00+02:00", value="20000.5", case=None)
    await broker.post(sent, SOUTH)
    page = (await viewer.get(f"/cases/{case}")).text
    assert "<td>20000,5</td>" in page
