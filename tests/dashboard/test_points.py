"""Points by number with all that is on record of them, customers by words that are kept nowhere."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.dashboard.visitors import Visitor
from tests.web.letters import SOUTH, reading, sample_point, switch_request
from tests.web.running import Broker

POINT, OF_A_SITE_WITH_GSRN = sample_point(1), sample_point(18)
SHARED, EXCHANGED, INACCESSIBLE = sample_point(14), sample_point(22), sample_point(27)


@pytest.mark.parametrize(
    ("typed", "point"),
    [
        (POINT.number, POINT),
        ("7-0000001", POINT),
        ("DP-0001", POINT),
        ("38319990100000018", OF_A_SITE_WITH_GSRN),
    ],
)
async def test_a_point_is_found_by_the_beginning_of_its_numbers(
    viewer: Visitor, typed: str, point
) -> None:
    assert (await viewer.get(f"/points?q={typed}")).path == f"/points/{point.number}"


async def test_a_short_beginning_lists_the_points_in_order(viewer: Visitor) -> None:
    text = (await viewer.get("/points?q=7-000001")).text
    assert text.index(sample_point(10).number) < text.index(sample_point(19).number)
    assert sample_point(21).number not in text
    assert "Prikazanih je prvih 50" in (await viewer.get("/points?q=3831")).text


@pytest.mark.parametrize("typed", ["zzz", "%25", "_", "\U0010ffff"])
async def test_nothing_is_found_by_what_begins_no_number(viewer: Visitor, typed: str) -> None:
    page = await viewer.get(f"/points?q={typed}")
    assert (page.status, "se ne začne tako" in page.text) == (200, True)


async def test_a_point_shows_its_suppliers_with_shares(viewer: Visitor) -> None:
    text = (await viewer.get(f"/points/{SHARED.number}")).text
    assert "Severna energija" in text
    assert ">0,4<" in text
    assert ">0,6<" in text


async def test_a_point_shows_a_meter_that_was_exchanged_and_what_both_showed(
    viewer: Visitor,
) -> None:
    text = (await viewer.get(f"/points/{EXCHANGED.number}")).text
    assert "ZGL-090022" in text
    assert "10. 5. 2012 – 14. 11. 2025" in text
    assert text.count("14. 11. 2025") >= 3
    assert "Južna elektrika" in text  # the supplier before


async def test_a_point_shows_since_when_its_site_is_inaccessible(viewer: Visitor) -> None:
    text = (await viewer.get(f"/points/{INACCESSIBLE.number}")).text
    assert "10. 2. 2025" in text


@pytest.mark.parametrize(
    ("obtained_by", "taken_at", "shown"),
    [
        ("1", "2025-03-10T08:00:00.000000Z", False),
        ("2", "2025-03-10T08:00:00.000000Z", False),
        ("3", "2025-03-10T08:00:00.000000Z", True),
        ("4", "2025-03-10T08:00:00.000000Z", True),
        ("1", "2025-02-10T08:00:00.000000Z", True),
    ],
)
async def test_a_site_read_on_the_spot_since_is_not_shown_as_inaccessible(
    broker: Broker, viewer: Visitor, *, obtained_by: str, taken_at: str, shown: bool
) -> None:
    broker.damage(
        "INSERT INTO readings (meter, taken_at, obtained_by) SELECT meter, ?, ? FROM meters"
        " WHERE accounting_point = ?",
        *(taken_at, obtained_by, INACCESSIBLE.number),
    )
    page = await viewer.get(f"/points/{INACCESSIBLE.number}")
    assert ("Nedostopno od" in page.text) is shown


async def test_a_switch_stands_in_the_history_of_its_point(broker: Broker, viewer: Visitor) -> None:
    case = (await broker.post(switch_request("R-1", POINT), SOUTH)).case
    read = reading("M-1", POINT, taken_at="2026-04-24T09:00:00+02:00", value="14890")
    assert (await broker.post(read, SOUTH)).status == 200
    text = (await viewer.get(f"/points/{POINT.number}")).text
    assert text.count(f'href="/cases/{case}"') >= 3  # the case, its supply, its reading
    assert "menjava izvedena" in text
    assert "23. 4. 2026<" in text  # the old supplier's last day is the day before the switch
    assert ">14890<" in text


async def test_what_was_cancelled_is_shown_as_cancelled(broker: Broker, viewer: Visitor) -> None:
    broker.damage(
        "UPDATE readings SET cancelled_on = '2026-04-20' WHERE reading ="
        " (SELECT max(reading) FROM readings JOIN meters USING (meter) WHERE accounting_point = ?)",
        POINT.number,
    )
    broker.damage(
        "INSERT INTO cancelled_quantities"
        " (accounting_point, direction, from_day, to_day, kwh, cancelled_on)"
        " VALUES (?, 'consumption', '2025-03-31', '2026-03-31', 9999, '2026-04-21')",
        POINT.number,
    )
    text = (await viewer.get(f"/points/{POINT.number}")).text
    assert "razveljavljeno 20. 4. 2026" in text
    assert "razveljavljeno 21. 4. 2026" in text
    assert "9999 kWh" in text
    assert "3650 kWh" in text


async def test_a_point_that_an_import_has_not_shown_yet_is_not_there(
    broker: Broker, viewer: Visitor
) -> None:
    broker.damage(
        "INSERT INTO register_imports (import_id, number, begun_at)"
        " VALUES (1, 'x', '2026-04-24T08:00:00.000000Z')"
    )
    for table, key, value in (
        ("accounting_points", "accounting_point", POINT.number),
        ("customers", "tax_number", POINT.tax_number),
    ):
        broker.damage(f"UPDATE {table} SET brought_by = 1 WHERE {key} = ?", value)
    assert "se ne začne tako" in (await viewer.get(f"/points?q={POINT.number}")).text
    assert (await viewer.get(f"/points/{POINT.number}")).status == 404
    assert "Nihče v evidenci" in (await search(viewer, "Ana Zgled")).text


async def search(visitor: Visitor, words: str):
    """Search for these words as the form does."""
    return await visitor.fill("/points", {"words": words}, on="/points")


@pytest.mark.parametrize("letters", range(2, 9))
async def test_every_beginning_of_a_word_finds_it(viewer: Visitor, letters: int) -> None:
    assert "Zgledovo" in (await search(viewer, "zgledovo"[:letters])).text


@pytest.mark.parametrize(
    "words", ["Ana Zgled", "zgled ana", "  ANA   ulica 1 ", "an zgledna", "Ana 3999", "Ana-Zgled"]
)
async def test_a_customer_is_found_by_words_of_name_and_address(
    viewer: Visitor, words: str
) -> None:
    text = (await search(viewer, words)).text
    assert "Zgledna ulica 1, 3999 Zgledovo" in text
    assert f'href="/points/{POINT.number}"' in text


async def test_a_customer_is_found_by_the_whole_tax_number_alone(viewer: Visitor) -> None:
    number = POINT.tax_number
    for typed in (number, f"SI{number}", f" si {number[:4]} {number[4:]} "):
        assert "Zgledna ulica 1, 3999 Zgledovo" in (await search(viewer, typed)).text
    assert "Nihče v evidenci" in (await search(viewer, number[:7])).text


async def test_accents_make_no_difference(viewer: Visitor) -> None:
    assert "Vzorčna cesta 2" in (await search(viewer, "vzorcna")).text


@pytest.mark.parametrize(
    "words", ["nihče", "a", "", '"', "ana OR boris", "name:ana NOT", "*", "ana\x00", "('"]
)
async def test_no_search_is_a_fault(viewer: Visitor, words: str) -> None:
    assert (await search(viewer, words)).status == 200


async def test_what_was_searched_for_is_recorded_nowhere(
    broker: Broker, viewer: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = await search(viewer, "Neizbrisna Beseda")
    assert page.path == "/points"
    assert "Beseda" not in caplog.text
    files = [broker.path, *broker.path.parent.glob(f"{broker.path.name}-*")]
    assert [one for one in files if b"Beseda" in one.read_bytes()] == []


def words_of(database: Path) -> bytes:
    """Every byte that the index of customers' words holds."""
    with closing(sqlite3.connect(database)) as connection:
        return b"".join(b for (b,) in connection.execute("SELECT block FROM customer_words_data"))


ERASE = (
    "UPDATE customers SET erased_at = '2026-04-24T08:00:00.000000Z', name = NULL,"
    " tax_number = NULL, street = NULL, postal_code = NULL, city = NULL, country = NULL,"
    " email = NULL WHERE tax_number = ?"
)


async def test_an_erased_customer_is_found_no_more_and_leaves_no_word(
    broker: Broker, viewer: Visitor
) -> None:
    broker.damage(
        "UPDATE customers SET name = 'Qqedinstvena Zgled' WHERE tax_number = ?", POINT.tax_number
    )
    assert "Zgledna ulica 1" in (await search(viewer, "qqedinstvena")).text
    assert b"qqedinstvena" in words_of(broker.path)
    broker.damage(ERASE, POINT.tax_number)
    for words in ("qqedinstvena", POINT.tax_number):
        assert "Nihče v evidenci" in (await search(viewer, words)).text
    assert b"qqedinstvena" not in words_of(broker.path)
    assert "ni v evidenci" in (await viewer.get(f"/points/{POINT.number}")).text


async def test_a_customer_is_found_by_the_new_name_alone(broker: Broker, viewer: Visitor) -> None:
    broker.damage("UPDATE customers SET name = 'Iva Novak' WHERE tax_number = ?", POINT.tax_number)
    assert "Zgledna ulica 1" in (await search(viewer, "Iva Novak")).text
    assert "Nihče v evidenci" in (await search(viewer, "Ana Zgled")).text


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/points", 'href="/points" aria-current="page"'),
        (f"/points/{POINT.number}", 'href="/points" aria-current="true"'),
        ("/mailboxes", 'href="/messages" aria-current="true"'),
        ("/suppliers/28XJUG-ELEKTRIKB", 'href="/suppliers" aria-current="true"'),
    ],
)
async def test_the_bar_marks_where_one_is(viewer: Visitor, path: str, marked: str) -> None:
    text = (await viewer.get(path)).text
    assert (marked in text, text.count("aria-current")) == (True, 1)


async def test_what_a_form_was_answered_with_belongs_to_its_section(viewer: Visitor) -> None:
    text = (await search(viewer, "Ana Zgled")).text
    assert 'href="/points" aria-current="page"' in text
    assert '<input type="hidden" name="to" value="/points">' in text
