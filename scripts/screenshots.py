"""Pictures of the dashboard: the two of the README, or into a folder every page at both widths.

With a folder, `sl` or `en` after it chooses the language of its pictures.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# Pages by a name for their picture; a point with a divided supply and one whose switch is done.
PAGES = {
    "today": "/",
    "today-chosen-none": "/?point=none",
    "found": "/found?q=01",
    "found-nothing": "/found?q=none",
    "flow": "/flow",
    "flow-one-supplier": "/flow?weeks=4&supplier=28XSONCNA-ODDAJ9",
    "messages": "/messages",
    "messages-unreadable": "/messages?outcome=unreadable",
    "mailboxes": "/mailboxes",
    "mailbox": "/mailboxes/28XSEVER-ENERGI8",
    "register": "/points?q=7-000001",
    "register-nothing": "/points?q=none",
    "point": "/points/383199900000000147",
    "point-switched": "/points/383199900000000185",
    "suppliers": "/suppliers",
    "supplier": "/suppliers/28XJUG-ELEKTRIKB",
    "no-such-page": "/cases/none",
}
# Pages that the first link of its kind on another page leads to.
FIRST = {
    "flow-day": ("/flow", ".heat a"),
    "message": ("/messages", "table.list tbody a.strong"),
    "message-unreadable": ("/messages?outcome=unreadable", "table.list tbody a.strong"),
    "document": ("/mailboxes/28XSEVER-ENERGI8", "table.list tbody a.strong"),
    "case-in-doubt": ("/?kind=request_in_doubt", "table.list tbody a"),
    "case-objection": ("/?kind=objection", "table.list tbody a"),
    "case-reading-in-doubt": ("/?kind=reading_in_doubt", "table.list tbody a"),
    "case-site-visit": ("/?kind=site_visit", "table.list tbody a"),
    "case-inaccessible": ("/?kind=meter_inaccessible", "table.list tbody a"),
    "case-remote-late": ("/?kind=remote_reading_late", "table.list tbody a"),
    "case-done": ("/points/383199900000000185", "#cases + ul a"),
}


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """The demo served by a process of its own: its dashboard, and the clerk's password."""
    command = [sys.executable, "-m", "broker", "serve", "--demo", "--alone", "--port", "0"]
    service = subprocess.Popen(
        [*command, "--demo-folder", str(folder / "demo")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    assert service.stdout is not None
    told = ""
    try:
        for line in service.stdout:
            told += line
            if line.startswith("the dashboard is at"):
                break
        (address,) = re.findall(r"the dashboard is at (\S+)", told)
        (password,) = re.findall(r"^  nada +(\S+)  clerk$", told, re.MULTILINE)
        yield address, password
    finally:
        service.terminate()
        service.wait(timeout=20)


def signed_in(
    browser: Browser, served_at: tuple[str, str], size: dict[str, int], language: str = "en"
) -> Page:
    """A page of the clerk's at this size, in this language."""
    address, password = served_at
    page = browser.new_context(viewport=size, base_url=address).new_page()
    page.goto("/")
    page.locator(f"button[name=language][value={language}]").click()
    page.wait_for_selector(f'html[lang="{language}"]')
    page.fill("[name=name]", "nada")
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_selector(".member-name")
    return page


def pictures(page: Page, folder: Path, width: int) -> None:
    """Every page at this width, whole, into the folder."""

    def take(name: str) -> None:
        page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)

    for name, path in PAGES.items():
        page.goto(path)
        take(name)
    for name, (path, link) in FIRST.items():
        page.goto(path)
        links = page.locator(link)
        if not links.count():
            print(f"{name}: the demo has none", file=sys.stderr)
            continue
        page.goto(links.first.get_attribute("href") or "/")
        take(name)
        if name.startswith("case"):
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            take(f"{name}-open")
    page.goto("/points")
    page.fill("#words", "zgled")
    page.keyboard.press("Enter")
    page.wait_for_selector("table.list")
    take("customers")
    page.goto("/suppliers/28XVZHOD-DOBAVAQ")
    page.fill(".fill [name=label]", f"strežnik {width}")
    page.fill(".fill [name=why]", "nov strežnik")
    page.locator(".fill button.primary").click()
    page.wait_for_selector("code.token")
    take("token")
    page.locator(".member button").click()
    page.wait_for_selector("[name=password]")
    take("sign-in")


def main() -> None:
    """Draw the README's pictures; with a folder as argument all of them there."""
    everywhere = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    language = sys.argv[2] if len(sys.argv) > 2 else "en"
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as served_at,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for size, width in ((WIDE, 1440), (PHONE, 390)):
            page = signed_in(browser, served_at, size, language)
            target = everywhere or IMAGES
            target.mkdir(parents=True, exist_ok=True)
            if everywhere is None:
                page.screenshot(path=target / f"today-{width}.png")
            else:
                pictures(page, target, width)
        browser.close()


if __name__ == "__main__":
    main()
