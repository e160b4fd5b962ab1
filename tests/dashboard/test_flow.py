"""The pages of the flow: figures as they are, the calendar, charts that can be read as words."""

import csv
import io
import re

import pytest

from broker.clock import VirtualClock
from broker.dashboard.charts import Column, bar_chart
from tests.dashboard.test_today import doubt
from tests.dashboard.visitors import Page, Visitor
from tests.web.letters import SOUTH, sample_point, switch_request
from tests.web.running import FRIDAY, Broker


def tiles(page: Page) -> dict[str, str]:
    """The figures at the top, by their names."""
    return dict(re.findall(r'class="card"><dt>(.*?)</dt><dd>(.*?)</dd>', page.text))


async def test_what_is_not_measured_is_never_a_hundred(broker: Broker, viewer: Visitor) -> None:
    page = await viewer.get("/flow")
    shown = tiles(page)
    assert shown["Zahteve"] == "0"
    assert shown["Delež odločenih brez posredovanja"] == "ni izmerjeno"
    assert shown["Povprečni čas do odločitve"] == "ni izmerjeno"
    assert "100 %<" not in page.text.partition('class="charts"')[0]
    equal = page.text.partition('id="equal"')[2].partition("</section>")[0]
    assert "%" not in equal
    assert equal.count("ni izmerjeno") == 12


async def test_the_figures_and_the_chart_say_the_same(broker: Broker, clerk: Visitor) -> None:
    await broker.post(switch_request("A-1", sample_point(18)), SOUTH)
    await broker.post(switch_request("A-2", sample_point(4)), SOUTH)
    (case,) = await doubt(broker, 15)
    await clerk.fill(f"/cases/{case}/approve", {"why": "po poroki"}, on=f"/cases/{case}")
    page = await clerk.get("/flow?weeks=4")
    shown = tiles(page)
    assert (shown["Zahteve"], shown["Odobrene"], shown["Zavrnjene"]) == ("3", "2", "1")
    assert shown["Delež odločenih brez posredovanja"] == "66,6 %"
    told = "20. 4. 2026: Zahteve 3, Odobrene 2, Zavrnjene 1, Umaknjene 0, Brez odločitve 0"
    assert f"<title>{told}</title>" in page.text
    assert f"<li>{told}</li>" in page.text
    assert "260 E81" in page.text
    nobody = await clerk.get("/flow?weeks=4&supplier=28XNOBODY")
    assert tiles(nobody)["Zahteve"] == "0"
    rows = list(
        csv.DictReader(io.StringIO((await clerk.get("/flow.csv?weeks=4")).text[1:]), delimiter=";")
    )
    assert [(row["Teden"], row["Dobavitelj"], row["Zahteve"]) for row in rows] == [
        ("2026-04-20", SOUTH, "3")
    ]
    assert rows[0]["Delež odločenih brez posredovanja"] == "0.6667"
    assert rows[0]["Povprečni čas do izvedbe"] == ""


async def test_equal_treatment_parts_the_own_from_all_others(
    broker: Broker, viewer: Visitor
) -> None:
    await broker.post(switch_request("A-1", sample_point(18)), SOUTH)
    for affiliate, cells in ((0, ("0", "1")), (1, ("1", "0"))):
        broker.damage("UPDATE participants SET affiliate = ? WHERE eic = ?", affiliate, SOUTH)
        equal = (await viewer.get("/flow")).text.partition('id="equal"')[2]
        assert re.findall(r"Zahteve</th><td>(\d+)</td><td>(\d+)</td>", equal) == [cells]


async def test_a_day_of_the_calendar_leads_to_its_cases(
    broker: Broker, viewer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broker.dashboard.pages.flow._LINES_ON_A_PAGE", 1)
    cases = await doubt(broker, 1, 15)
    calendar = (await viewer.get("/flow")).text.partition('class="heat"')[2]
    (link,) = re.findall(r'<td class="shade_4"><a href="([^"]+)"', calendar)
    assert link == "/flow/day?day=2026-05-05"
    first = (await viewer.get(link)).text
    (following,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = (await viewer.get(following.replace("&amp;", "&"))).text
    found = [re.findall(r'class="strong" href="/cases/([\w-]+)"', one) for one in (first, second)]
    assert found == [[cases[0]], [cases[1]]]
    assert 'rel="next"' not in second
    assert "5. 5. 2026 ob 24.00" in first


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/flow/day", 400),
        ("/flow/day?day=yesterday", 400),
        ("/flow/day?day=2026-05-05&after=nonsense", 200),
        ("/flow?weeks=0&to=nonsense", 200),
        ("/flow?weeks=999999999", 200),
        ("/flow?to=0001-01-01", 400),
    ],
)
async def test_an_odd_address_is_no_fault(viewer: Visitor, path: str, status: int) -> None:
    assert (await viewer.get(path)).status == status


async def test_an_earlier_week_is_looked_back_at(broker: Broker, viewer: Visitor) -> None:
    await broker.post(switch_request("A-1", sample_point(18)), SOUTH)
    assert isinstance(broker.clock, VirtualClock)
    broker.clock.move_to(FRIDAY.replace(month=4, day=28))
    await viewer.sign_in("vid")
    assert tiles(await viewer.get("/flow?weeks=1"))["Zahteve"] == "0"
    assert tiles(await viewer.get("/flow?weeks=1&to=2026-04-26"))["Zahteve"] == "1"


def test_bars_stand_on_each_other_and_fill_the_chart() -> None:
    columns = [
        Column(label="a", values={"one": 1, "two": 3}, told="a"),
        Column(label="b", values=None, told="b"),
        Column(label="c", values={"one": 0, "two": 2}, told="c"),
    ]
    chart = bar_chart(columns, tick=lambda value: f"{value:g}")
    assert [tick.label for tick in chart.ticks] == ["0", "2", "4"]
    one, two = chart.bars[0].parts
    assert one.y + one.height == chart.baseline
    assert two.y + two.height == one.y
    assert two.y == chart.ticks[-1].y
    assert (chart.bars[1].measured, chart.bars[1].parts) == (False, ())
    assert [part.name for part in chart.bars[2].parts] == ["two"]


@pytest.mark.parametrize(
    ("greatest", "top"), [(0, "2"), (2, "2"), (3, "4"), (7, "8"), (11, "20"), (2300, "4000")]
)
def test_an_axis_ends_at_a_round_number(greatest: float, top: str) -> None:
    columns = [Column(label="", values={"a": greatest}, told="")]
    assert bar_chart(columns, tick=lambda value: f"{value:g}").ticks[-1].label == top
