"""A clerk's day in a real browser: by keyboard alone, on a phone, in both languages."""

import re
import urllib.error
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, ROW, WIDE, Open, Served, post, tab_to

SERIOUS = {"serious", "critical"}
COLOURS = ["color-contrast", "link-in-text-block"]
ENGLISH_DATE = re.compile(r"^\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d$")
OF_THE_REGISTER = [
    *("/points", "/points?q=7-", "/points?q=none", "/points/383199900000000222"),
    *("/points/383199900000000598", "/suppliers", "/suppliers/28XJUG-ELEKTRIKB"),
]
MAILBOX = "/mailboxes/28XSEVER-ENERGI8"
FIGURES_AND_MESSAGES = ("/flow", "/flow/day?day=2026-05-05", "/messages", "/mailboxes", MAILBOX)


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe-core finds of some weight, by all of its rules or by these."""
    options = {"runOnly": {"type": "rule", "values": rules}} if rules else None
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in SERIOUS]


def test_a_doubtful_reading_is_decided_by_keyboard_beside_its_plot(open_as: Open) -> None:
    page = open_as("nada", "/?kind=reading_in_doubt&point=383199900000000222")
    tab_to(page, f"{ROW} a")
    page.keyboard.press("Enter")
    expect(page.locator(".timeline.wide")).to_be_visible()
    expect(page.locator(".timeline.tall")).to_be_hidden()
    expect(page.locator(".plot .band")).to_be_visible()
    expect(page.locator(".plot .bar-asked")).to_be_visible()
    tab_to(page, ".exchanged summary")
    page.keyboard.press("Enter")
    expect(page.locator(".exchanged[open] .fields").first).to_contain_text("Glava sporočila")
    tab_to(page, ".exchanged[open] .links a")
    page.keyboard.press("Enter")
    expect(page.locator("pre").first).to_contain_text("<SwitchRequest")
    assert violations(page) == []
    page.get_by_role("link", name="Nazaj na zadevo").click()
    page.set_viewport_size(NARROW)
    expect(page.locator(".timeline.tall")).to_be_visible()
    expect(page.locator(".timeline.wide")).to_be_hidden()
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_what_cannot_be_decided_so_is_told_and_nothing_typed_is_lost(open_as: Open) -> None:
    page = open_as("nada", "/?kind=reading_in_doubt&point=383199900000000222")
    page.locator(ROW, has_text="383199900000000222").locator("a").first.click()
    page.locator(".action summary", has_text="Zavrni odčitek").click()
    page.locator("details[open] textarea").fill("Ni mogoče.")
    page.locator("details[open] button.primary").click()
    expect(page.get_by_role("alert")).to_contain_text("Odločitve ni bilo mogoče sprejeti")
    expect(page.locator("details[open] textarea")).to_have_value("Ni mogoče.")
    page.locator("details[open] [value='260:E90']").check()
    page.locator("details[open] button.primary").click()
    expect(page.get_by_role("status")).to_contain_text("čaka na odčitek")


def test_a_viewer_looks_and_may_not_decide(open_as: Open) -> None:
    page = open_as("vid")
    page.locator(f"{ROW} a").first.click()
    expect(page.get_by_text("Odloča lahko le referent.")).to_be_visible()
    expect(page.locator(".action summary")).to_have_count(0)
    token = page.locator("[name=form_token]").first.get_attribute("value")
    fields = {"form_token": token or "", "why": "x"}
    assert page.request.post(f"{page.url}/approve", form=fields).status == 403


def test_the_language_is_switched(open_as: Open) -> None:
    page = open_as("vid")
    expect(page.locator("h1")).to_contain_text("Danes")
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_contain_text("Today")
    expect(page.locator(f"{ROW} time").first).to_have_text(ENGLISH_DATE)
    page.get_by_role("button", name="Slovenščina").click()
    expect(page.locator("h1")).to_contain_text("Danes")


def test_the_list_is_exported(open_as: Open, tmp_path: Path) -> None:
    page = open_as("vid")
    with page.expect_download() as download:
        page.get_by_text("Izvozi CSV").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    lines = path.read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("Stanje;Odločitev;Zadeva;")
    assert len(lines) == 1 + page.locator(ROW).count()


def shown_whole(page: Page, path: str) -> None:
    """Open the page, with everything in it that can be opened."""
    page.goto(path)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


def test_no_page_has_a_serious_finding_or_scrolls_sideways(open_as: Open) -> None:
    """Each page once: at both widths, by all rules, and by those of colours in the dark."""
    page = open_as("nada")
    paths = ["/", page.locator(f"{ROW} a").first.get_attribute("href") or "", "/found?q=01"]
    paths += ["/found?q=nothing", "/cases/none", *OF_THE_REGISTER, *FIGURES_AND_MESSAGES]
    page.goto("/messages")
    paths.append(page.locator(f"{ROW} a.strong").first.get_attribute("href") or "")
    found, wide = [], []
    for path in paths:
        shown_whole(page, path)
        found += violations(page)
        page.emulate_media(color_scheme="dark")
        found += violations(page, rules=COLOURS)
        page.emulate_media(color_scheme="light")
        for size in (NARROW, WIDE):
            page.set_viewport_size(size)
            if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                wide.append((path, size["width"]))
    stranger = open_as(None)
    found += violations(stranger)
    assert found == []
    assert wide == []


def test_the_pages_work_without_scripts(open_as: Open) -> None:
    page = open_as("nada", java_script_enabled=False)
    page.locator(f"{ROW} a").first.click()
    page.locator(".action summary").first.click()
    expect(page.locator("details[open] textarea")).to_be_visible()


def test_a_customer_is_found_by_keyboard_and_the_words_stand_in_no_address(
    open_as: Open,
) -> None:
    page = open_as("vid", "/points")
    expect(page.locator("h1")).to_contain_text("Evidenca")
    tab_to(page, "#words")
    page.keyboard.type("olga zgled")
    page.keyboard.press("Enter")
    row = page.locator(ROW)
    expect(row).to_contain_text("Olga Zgled")
    assert "olga" not in page.url
    row.locator("a").click()
    expect(page.locator("h1")).to_contain_text("383199900000000185")
    expect(page.locator("#cases + ul")).to_contain_text("menjava izvedena")


def test_a_credential_is_issued_once_and_revoked(open_as: Open) -> None:
    page = open_as("nada", "/suppliers/28XVZHOD-DOBAVAQ", java_script_enabled=False)
    page.fill(".fill [name=label]", "poskus")
    page.fill(".fill [name=why]", "menjava ključev")
    page.locator(".fill button.primary").click()
    token = page.locator("code.token").inner_text()
    assert len(token) > 30
    page.goto("/suppliers/28XVZHOD-DOBAVAQ")
    expect(page.locator("main")).not_to_contain_text(token)
    page.get_by_text("Prekliči poskus").click()
    page.locator("details[open] [name=why]").fill("konec poskusa")
    page.locator("details[open] button").click()
    expect(page.locator("#tokens + ul")).to_contain_text("preklicana")
    viewer = open_as("vid", "/suppliers/28XVZHOD-DOBAVAQ")
    expect(viewer.locator("main form")).to_have_count(0)


def test_the_flow_leads_to_the_cases_of_a_day_without_scripts(open_as: Open) -> None:
    page = open_as("vid", "/flow", java_script_enabled=False)
    expect(page.locator("h1")).to_contain_text("Potek")
    expect(page.locator(".chart svg")).to_have_count(4)
    page.locator("summary").first.click()
    expect(page.locator("details[open] li").last).to_contain_text("Zahteve")
    page.locator(".heat a").first.click()
    expect(page.locator("h1")).to_contain_text("Roki dneva")
    page.locator(f"{ROW} a").first.click()
    expect(page).to_have_url(re.compile("/cases/"))


def test_a_refused_message_is_found_read_and_saved(
    open_as: Open, served: Served, tmp_path: Path
) -> None:
    sent = served.folder / "request-broken.xml"
    with pytest.raises(urllib.error.HTTPError, match="400"):
        post(served, sent.name)
    page = open_as("vid", "/messages")
    page.get_by_label("Izid").select_option(label="neberljivo")
    page.get_by_role("button", name="Prikaži").click()
    page.locator(f"{ROW} a.strong").first.click()
    expect(page.locator("pre").first).to_contain_text("neighbour")
    with page.expect_download() as download:
        page.get_by_text("Prenesi prvotne zloge").click()
    download.value.save_as(tmp_path / "saved.xml")
    assert (tmp_path / "saved.xml").read_bytes() == sent.read_bytes()


def test_a_contract_is_saved_from_its_case(open_as: Open, tmp_path: Path) -> None:
    page = open_as("vid", "/?kind=request_in_doubt")
    page.locator(f"{ROW} a").first.click()
    with page.expect_download() as download:
        page.locator("#contracts + ul a").first.click()
    assert download.value.suggested_filename.endswith(".pdf")
    download.value.save_as(tmp_path / "saved.pdf")
    assert (tmp_path / "saved.pdf").read_bytes().startswith(b"%PDF")


def test_a_case_is_printed_whole_and_without_what_only_a_screen_needs(open_as: Open) -> None:
    page = open_as("vid", "/?kind=remote_reading_late")
    page.locator(f"{ROW} a").first.click()
    expect(page.locator(".timeline.wide")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator(".bar")).to_be_hidden()
    expect(page.locator(".exchanged .fields").first).to_be_visible()
    expect(page.locator(".timeline.wide")).to_be_visible()
    expect(page.locator(".timeline.tall")).to_be_hidden()


def test_a_suppliers_mailbox_is_seen_to_change(open_as: Open, served: Served) -> None:
    page = open_as("vid", "/mailboxes")
    row = page.locator(ROW, has_text="Južna elektrika")
    before = row.inner_text()
    post(served, "request.xml")
    page.reload()
    assert row.inner_text() != before
    row.get_by_role("link").nth(1).click()
    expect(page.locator(ROW).first).to_contain_text("Obvestilo o odobritvi")
    expect(page.locator(ROW).first).to_contain_text("še ne")
