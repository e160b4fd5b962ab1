"""The pages say what the program does: settings, addresses, statuses, codes, words, links."""

import re
import tomllib
from dataclasses import fields
from enum import Enum
from pathlib import Path

import pytest
from aiohttp import web

from broker.__main__ import main
from broker.config import (
    Config,
    DashboardSettings,
    DeliverySettings,
    LimitSettings,
    MailSettings,
    RuleSettings,
    ServiceSettings,
    TlsSettings,
    config_of,
)
from broker.engine.code_list import CODE_LIST
from broker.engine.state import Phase
from broker.messages.codes import DocumentKind
from broker.messages.reasons import Reason
from broker.usecases.admission import MAY_SEND
from broker.web.routes import make_app
from tests.docs.pages import PAGES, ROOT, text_of

OPERATIONS = text_of("docs/operations.md")
GUIDE = text_of("docs/supplier-guide.md")
REGISTER_FORMAT = text_of("docs/register-format.md")
GLOSSARY = text_of("docs/glossary.md")
EXTERNAL = ("https://", "http://")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    after = text.partition(f"{heading}\n")[2]
    return re.split(rf"^#{{1,{level}}} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every row of the tables in a text, heads left out."""
    lines = text.splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("| ") and "---" not in line and "---" not in after
    ]


def as_toml(value: object) -> str:
    """A default as the settings file would hold it."""
    return "[]" if value == () else str(value)


@pytest.mark.parametrize(
    ("heading", "settings"),
    [
        ("### `[service]`", ServiceSettings()),
        ("### `[tls]`", TlsSettings()),
        ("### `[dashboard]`", DashboardSettings()),
        ("### `[limits]`", LimitSettings()),
        ("### `[mail]`", MailSettings()),
        ("### `[delivery]`", DeliverySettings()),
        ("### `[rules]`", RuleSettings()),
    ],
)
def test_every_setting_is_there_with_its_default(
    heading: str,
    settings: ServiceSettings
    | TlsSettings
    | DashboardSettings
    | LimitSettings
    | MailSettings
    | DeliverySettings
    | RuleSettings,
) -> None:
    shown = [
        (key.strip("`"), default.strip("`"))
        for key, default, _ in rows(section(OPERATIONS, heading))
    ]
    assert shown == [(one.name, as_toml(getattr(settings, one.name))) for one in fields(settings)]


def test_the_settings_shown_can_be_read() -> None:
    example = re.findall(r"^```toml\n(.*?)^```$", OPERATIONS, re.MULTILINE | re.DOTALL)
    assert len(example) == 1
    config = config_of(tomllib.loads(example[0]), "the example")
    assert config.service == Config().service
    assert config.rules.lowest_factor == RuleSettings().lowest_factor
    assert config.rules.one_off_days


class _NoDoor:
    """Stands in for the door: the addresses do not depend on it."""


def addresses() -> set[str]:
    """Every method and path of the door; HEAD goes with GET."""
    app: web.Application = make_app(_NoDoor())
    return {
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.method != "HEAD"
    }


def shown_addresses(text: str) -> set[str]:
    """The addresses a page speaks of, without what follows a question mark."""
    return set(re.findall(r"`((?:GET|POST|DELETE) /[\w/{}.-]+)", text))


def test_every_address_is_described() -> None:
    staff = shown_addresses(OPERATIONS) | shown_addresses(REGISTER_FORMAT)
    assert addresses() <= shown_addresses(GUIDE) | staff


def test_no_address_is_described_that_is_not_there() -> None:
    exact = {re.sub(r"/switch-1\.xsd$", "/{name}", one) for one in shown_addresses(GUIDE)}
    assert exact | shown_addresses(OPERATIONS) <= addresses()


def test_every_code_is_in_the_guide_with_its_text() -> None:
    should = [
        f"| {reason.agency} {reason.code} | {CODE_LIST[reason].english} |"
        f" {'; '.join(use.value for use in CODE_LIST[reason].uses)} |"
        for reason in Reason
    ]
    shown = [line for line in section(GUIDE, "## Codes").splitlines() if line.startswith("| ")]
    assert shown[2:] == should, "the rows should be\n" + "\n".join(should)


def test_documents_shown_in_the_guide_are_samples() -> None:
    shown = re.findall(r"^```xml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    samples = {path.read_text("utf-8") for path in (ROOT / "fixtures/messages").rglob("*.xml")}
    assert shown
    assert [document for document in shown if document not in samples] == []


def test_who_may_send_what_is_in_the_guide() -> None:
    sent, received = section(GUIDE, "## Messages").split("| you find in your mailbox | who |")
    shown = {row[0].strip("`"): set(row[1].split(", ")) for row in rows(sent)}
    assert list(shown) == [kind.value for kind in MAY_SEND]
    assert shown == {kind.value: {role.value for role in roles} for kind, roles in MAY_SEND.items()}
    kinds = {kind.value for kind in DocumentKind} - {kind.value for kind in MAY_SEND}
    assert {row[0].strip("`") for row in rows(received)} == kinds - {"Acknowledgement"}


@pytest.mark.parametrize("status", sorted({200, 204, 413, 415, 429, 500, 503}))
def test_every_status_is_in_the_guide(status: int) -> None:
    assert f"| {status} |" in GUIDE


def test_statuses_the_door_answers_are_in_the_guide() -> None:
    of_staff = {"operator.py", "imports.py", "staff.py", "channels.py"}
    sources = [one for one in (ROOT / "broker/web").glob("*.py") if one.name not in of_staff]
    sources.append(ROOT / "broker/usecases/receive_message.py")
    answered = {
        status
        for source in sources
        for status in re.findall(
            r"(?:status=|request, |, )([2-5]\d\d)\b", source.read_text("utf-8")
        )
    }
    assert answered >= {"400", "401", "404", "409", "422"}
    assert [status for status in sorted(answered) if f"| {status} |" not in GUIDE] == []


@pytest.mark.parametrize("word", [*DocumentKind, *Phase], ids=lambda word: str(word.value))
def test_every_document_and_state_is_in_the_glossary(word: Enum) -> None:
    assert f"| `{word.value}` |" in GLOSSARY


def test_the_glossary_has_the_terms_of_the_rules() -> None:
    terms = rows(section(text_of("docs/rules.md"), "## Terms"))
    words = {
        word for term, _ in terms for word in re.split(r", | / ", re.sub(r"\(.*?\)", "", term))
    }
    ours = {"mest", "oddaje", "dosedanji", "predvideni datum menjave"}  # second halves of pairs
    missing = sorted(word.strip() for word in words - ours if _stem(word) not in GLOSSARY)
    assert missing == []


def _stem(word: str) -> str:
    return word.strip().split(" ")[0][:7]


@pytest.mark.parametrize(
    "command",
    [
        "serve",
        "import",
        "token",
        "tokens",
        "issue",
        "revoke",
        "tasks",
        "decide",
        "go-on",
        "try-again",
        "verify",
        "last-seal",
        "backup",
        "restore",
        "staff",
        "channel",
    ],
)
def test_a_command_that_is_described_is_there(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert re.search(rf"-m broker (--\w+ \S+ )*{command}\b", OPERATIONS)
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(EXTERNAL):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        if anchor:
            assert anchor in _anchors(linked.read_text("utf-8")), target


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_scripts_that_are_named_are_there(page: Path) -> None:
    named = re.findall(
        r"`((?:broker|docs|scripts|tests|fixtures)/[\w./*-]+)", page.read_text("utf-8")
    )
    assert [name for name in named if not any(ROOT.glob(name.rstrip("./")))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_one_title(page: Path) -> None:
    outside = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert len(re.findall(r"^# ", outside, re.MULTILINE)) == 1
