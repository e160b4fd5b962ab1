"""Lists that are found or looked up are files as well, whole and not by the page."""

import csv
import io

import pytest

from tests.dashboard.visitors import Visitor
from tests.web.letters import NORTH, SOUTH, doubtful_request, sample_point
from tests.web.running import Broker


async def rows(visitor: Visitor, address: str) -> list[dict[str, str]]:
    """The lines of a file, by the names of its columns."""
    page = await visitor.get(address)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    text = io.StringIO(page.text.removeprefix("\ufeff"), newline="")
    return list(csv.DictReader(text, delimiter=";"))


async def test_points_are_saved_beyond_those_that_are_shown(viewer: Visitor) -> None:
    assert "/points.csv?q=3831" in (await viewer.get("/points?q=3831")).text
    points = await rows(viewer, "/points.csv?q=3831")
    assert len(points) == 64
    assert points[0] == {
        "Merilna točka": sample_point(1).number,
        "Merilno mesto": "7-0000001",
        "Prevzemno-predajno mesto": "DP-0001",
        "Uporabnik": "Ana Zgled",
    }


async def test_every_party_is_saved(viewer: Visitor) -> None:
    assert 'href="/suppliers.csv"' in (await viewer.get("/suppliers")).text
    parties = {one["EIC"]: one for one in await rows(viewer, "/suppliers.csv")}
    assert parties[SOUTH]["Ime"] == "Južna elektrika"
    assert parties[NORTH]["Pogodba o omrežnini"] == "da"
    assert len(parties) == (await viewer.get("/suppliers")).text.count("<tr>") - 1


async def test_found_cases_and_the_deadlines_of_a_day_are_saved(
    broker: Broker, viewer: Visitor
) -> None:
    for index in (1, 15):
        await broker.post(doubtful_request(f"D-{index}", sample_point(index)), SOUTH)
    assert "/found.csv?q=3831" in (await viewer.get("/found?q=3831")).text
    found = await rows(viewer, "/found.csv?q=3831")
    assert {one["Merilna točka"] for one in found} == {
        sample_point(1).number,
        sample_point(15).number,
    }
    assert {one["Stanje"] for one in found} == {"čaka na odobritev"}
    (day,) = {one["Naš rok"][:10].strip() for one in await rows(viewer, "/today.csv")}
    assert day == "5. 5. 2026"
    assert "/flow/day.csv?day=2026-05-05" in (await viewer.get("/flow/day?day=2026-05-05")).text
    due = await rows(viewer, "/flow/day.csv?day=2026-05-05")
    assert {(one["Zadeva"], one["Naš rok"]) for one in due} == {
        (one["Zadeva"], "5. 5. 2026 ob 22.00") for one in found
    }


@pytest.mark.parametrize(
    ("address", "status"), [("/flow/day.csv", 400), ("/flow/day.csv?day=soon", 400)]
)
async def test_a_file_of_nothing_that_is_known_is_refused(
    viewer: Visitor, address: str, status: int
) -> None:
    assert (await viewer.get(address)).status == status


async def test_a_file_of_nothing_found_has_its_head_alone(viewer: Visitor) -> None:
    assert await rows(viewer, "/found.csv") == []
    assert await rows(viewer, "/points.csv?q=zzz") == []
