"""The real service with the demo's week, as a process, and Debian's Chromium to look at it.

Started once for all tests here, since both take seconds: each test takes a case of its own.
"""

import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.docs.pages import ROOT

CHROMIUM = Path("/usr/bin/chromium")
# Without these it fails to look up its maker's hosts at every start; tests run as root in places.
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
TIMEOUT_MS = 10_000
ROW = "table.list tbody tr"


@dataclass(frozen=True, slots=True)
class Served:
    """Where the demo is served, and who signs in by which password."""

    dashboard: str
    door: str
    passwords: dict[str, str]
    tokens: dict[str, str]
    folder: Path


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo, served by a process of its own on free ports."""
    folder = tmp_path_factory.mktemp("dashboard") / "demo"
    command = [sys.executable, "-m", "broker", "serve", "--demo", "--alone", "--port", "0"]
    service = subprocess.Popen(
        [*command, "--demo-folder", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert service.stdout is not None
    told = ""
    for line in service.stdout:
        told += line
        if line.startswith("the dashboard is at"):
            break
    yield Served(
        dashboard=re.findall(r"the dashboard is at (\S+)", told)[0],
        door=re.findall(r"the broker listens on (\S+)", told)[0],
        passwords=dict(re.findall(r"^  (\w+) +(\S+)  (?:clerk|viewer)$", told, re.MULTILINE)),
        tokens=dict(re.findall(r"^  (\w+_TOKEN) +(\S+) ", told, re.MULTILINE)),
        folder=folder,
    )
    service.terminate()
    assert service.wait(timeout=20) == 0
    service.stdout.close()


@pytest.fixture(scope="module")  # while it runs no other event loop can, also of later tests
def browser() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


Open = Callable[..., Page]


@pytest.fixture(scope="session")
def sessions() -> dict[str, dict[str, str]]:
    """The session of each who has signed in, by name: passwords are slow to check on purpose."""
    return {}


@pytest.fixture
def open_as(
    served: Served, browser: Browser, sessions: dict[str, dict[str, str]]
) -> Iterator[Open]:
    """Opens a page as this person (None: a stranger) in a browser of its own.

    The first time a person signs in by the form; after that the session goes on.
    """
    contexts = []
    faults: list[str] = []

    def opened(
        name: str | None, path: str = "/", *, size: dict[str, int] = WIDE, **more: object
    ) -> Page:
        context = browser.new_context(
            viewport=size, base_url=served.dashboard, reduced_motion="reduce", **more
        )
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if "Policy" in m.text else None)
        if name in sessions:
            context.add_cookies([sessions[name]])
        page.goto(path)
        if name is not None and name not in sessions:
            sign_in(page, name, served.passwords[name])
            (cookie,) = (one for one in context.cookies() if one["name"] == "session")
            sessions[name] = {
                "url": served.dashboard,
                **{key: cookie[key] for key in ("name", "value")},
            }
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def sign_in(page: Page, name: str, password: str) -> None:
    """Type name and password into the form, by keyboard: the first field has the focus."""
    expect(page.locator("[name=name]")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    expect(page.locator(".member-name")).to_be_visible()


def tab_to(page: Page, selector: str, most: int = 80) -> None:
    """Go on by the Tab key until the focus is on what the selector names."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by the Tab key")


def post(served: Served, name: str) -> None:
    """Post a message of the demo as the new supplier."""
    request = urllib.request.Request(
        f"{served.door}/messages",
        data=(served.folder / name).read_bytes(),
        headers={
            "Authorization": f"Bearer {served.tokens['NEW_SUPPLIER_TOKEN']}",
            "Content-Type": "application/xml",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
