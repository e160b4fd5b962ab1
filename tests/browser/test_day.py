"""A day of waiting decisions, every kind of them worked by keyboard alone; and who hears of it."""

from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from broker.clock import SystemClock
from tests.browser.conftest import ROW, Open, Served, post, tab_to

SOUTH, NORTH, EAST = "28XJUG-ELEKTRIKB", "28XSEVER-ENERGI8", "28XVZHOD-DOBAVAQ"
Fill = Callable[[Page], None]


def choose(page: Page, action: str) -> None:
    """Open the form of an action of the case, by its name."""
    for _ in range(12):
        tab_to(page, ".action summary")
        if page.evaluate("document.activeElement.textContent") == action:
            break
    page.keyboard.press("Enter")
    expect(page.locator(".action[open] .consequence")).to_be_visible()


def because(page: Page) -> None:
    """Say why."""
    tab_to(page, ".action[open] textarea")
    page.keyboard.type("Preverjeno po telefonu.")


def on_the_first_day_possible(page: Page) -> None:
    """Name the first day that the form takes, as this browser writes days, and say why."""
    tab_to(page, ".action[open] [name=day]")
    first = page.evaluate("document.activeElement.min")
    page.keyboard.type(f"{datetime.fromisoformat(first):%m%d%Y}")
    because(page)


def with_ten_a_day(page: Page) -> None:
    """Type what the meter shows now: the last value and ten for each day since."""
    last = page.locator("aside .readings tbody tr").first
    taken = last.locator("time").get_attribute("datetime") or ""
    value = last.locator("td").nth(1).inner_text().split()[0]
    days = (SystemClock().now() - datetime.fromisoformat(taken)).days
    tab_to(page, ".action[open] [inputmode=decimal]")
    page.keyboard.type(str(int(value) + 10 * days))


def with_a_code(page: Page) -> None:
    """Choose the first code and say why."""
    tab_to(page, ".action[open] [name=code]")
    page.keyboard.press("Space")
    because(page)


DAY: dict[str, tuple[str, str, Fill, str, dict[str, str]]] = {
    # Point, action, how its form is filled, where the case stands then, who gets what.
    "doubt": (
        "383199900000000093",
        "Odobri zahtevo",
        because,
        "čaka na odčitek",
        {SOUTH: "Obvestilo o odobritvi"},  # nobody supplies it, so nobody loses it
    ),
    "doubt refused": (
        "383199900000000529",
        "Zavrni zahtevo",
        with_a_code,
        "zahteva zavrnjena",
        {EAST: "Obvestilo o zavrnitvi"},
    ),
    "objection": (
        "383199900000000307",
        "Zavrni ugovore",
        because,
        "čaka na odčitek",
        {SOUTH: "Odločitev o ugovoru", NORTH: "Odločitev o ugovoru"},
    ),
    "doubtful reading": (
        "383199900000000178",
        "Sprejmi odčitek",
        because,
        "menjava izvedena",
        {SOUTH: "Menjava izvedena", NORTH: "Menjava izvedena"},
    ),
    "visit": (
        "383199900000000277",
        "Določi dan obiska",
        on_the_first_day_possible,
        "čaka na odčitek",
        {SOUTH: "Napoved obiska", NORTH: "Napoved obiska"},
    ),
    "inaccessible meter": (
        "383199900000000284",
        "Vpiši odčitek operaterja",
        with_ten_a_day,
        "menjava izvedena",
        {EAST: "Menjava izvedena", NORTH: "Menjava izvedena"},
    ),
}


def mailed(page: Page, party: str) -> list[str]:
    """The documents that wait for a party, each with its case."""
    page.goto(f"/mailboxes/{party}?waiting=1")
    return [
        f"{row.locator('a.strong').inner_text()} {row.locator('a.number').get_attribute('href')}"
        for row in page.locator(ROW).all()
    ]


@pytest.mark.parametrize("kind", DAY)
def test_every_kind_of_decision_is_worked_by_keyboard_alone(open_as: Open, kind: str) -> None:
    point, action, fill, phase, told = DAY[kind]
    page = open_as("nada", f"/?point={point}")
    tab_to(page, f"{ROW} a")
    link = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(point)
    choose(page, action)
    fill(page)
    tab_to(page, ".action[open] button.primary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(phase)
    for party, document in told.items():
        assert f"{document} {link}" in mailed(page, party)


def test_what_was_decided_is_gone_and_stands_in_the_history(open_as: Open, served: Served) -> None:
    post(served, "request-in-doubt.xml")
    page = open_as("nada")
    row = page.locator(ROW, has_text="Katarina Poskus Kranjc")
    expect(row).to_contain_text("V roku")
    link = row.locator("a").get_attribute("href")
    tab_to(page, f'a[href="{link}"]')
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Zahteva v dvomu")
    choose(page, "Odobri zahtevo")
    expect(page.locator(".action[open] .consequence")).to_contain_text("Odstop od zahteve ni več")
    because(page)
    tab_to(page, ".action[open] button.primary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("čaka na odčitek")
    expect(page.locator(ROW, has_text="Katarina Poskus Kranjc")).to_have_count(0)
    page.goto(link)
    expect(page.locator(".history")).to_contain_text("Nada Zgled (nada): Preverjeno po telefonu.")
