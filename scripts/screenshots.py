"""Pictures of the dashboard: the two of the README, or into a folder every page at both widths."""

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
# Each page by a name for its picture; a point with a divided supply and one whose switch is done.
PAGES = {
    "today": "/",
    "register": "/points?q=7-000001",
    "point": "/points/383199900000000147",
    "point-switched": "/points/383199900000000185",
    "suppliers": "/suppliers",
    "supplier": "/suppliers/28XJUG-ELEKTRIKB",
    "found": "/found?q=01",
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


def signed_in(browser: Browser, served_at: tuple[str, str], size: dict[str, int]) -> Page:
    """A page of the clerk's at this size, in English."""
    address, password = served_at
    page = browser.new_context(viewport=size, base_url=address).new_page()
    page.goto("/")
    page.fill("[name=name]", "nada")
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_selector(".member-name")
    page.get_by_role("button", name="English").click()
    page.wait_for_selector('html[lang="en"]')
    return page


def main() -> None:
    """Draw the README's pictures; with a folder as argument all of them there."""
    everywhere = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as served_at,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for size, width in ((WIDE, 1440), (PHONE, 390)):
            page = signed_in(browser, served_at, size)
            if everywhere is None:
                IMAGES.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=IMAGES / f"today-{width}.png")
                continue
            case = page.locator("table.list tbody tr a").nth(1).get_attribute("href")
            for name, path in {**PAGES, "case": case or "/"}.items():
                page.goto(path)
                picture = everywhere / f"{name}-{width}.png"
                page.screenshot(path=picture, full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
