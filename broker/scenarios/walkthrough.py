"""The documents of whole switches side by side: the page docs/walkthrough.md.

Each switch is a scenario, run through the real door; the page holds what was sent and what lay in
the mailboxes, field by field. Numbers that differ from run to run are left out.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from lxml import etree

from broker.engine.calendar import LJUBLJANA
from broker.scenarios.files import ROOT, SCENARIOS, FaultyScenario, instant_of, read_scenario
from broker.scenarios.posts import kind_of, party_named, value_at
from broker.scenarios.run import Happening, run_scenario
from broker.scenarios.stage import make_template

PAGE = ROOT / "docs" / "walkthrough.md"
SWITCHES = {
    "completed": SCENARIOS / "switch/requests/straight-through.toml",
    "failed": SCENARIOS / "switch/visits/site-inaccessible-to-the-operator.toml",
    "failed, the customer's own": SCENARIOS / "switch/customer/fails-with-legal-remedies.toml",
    "corrected": SCENARIOS / "correction/right-reading.toml",
    "undone": SCENARIOS / "correction/undone.toml",
}
"""What each column is called, and the scenario it tells."""

_HEAD = """# Walkthrough: the documents of a switch

Made by `python -m broker walkthrough` from scenarios; not written by hand. Each column is a
switch as it was run through the real door: what was sent, and what then lay in the mailboxes.
Identifications and case numbers are left out, since they differ each time; whole documents lie in
`fixtures/messages/`. A document that puts right one sent before says so as its function: 1 cancels
it, 5 replaces it.
"""
_LEFT_OUT = ("Header", "CaseNumber", "Attachment")
_TIME = "%a %d %b %Y %H:%M"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as the page shows it: what it is, who sends it to whom, its fields in order."""

    kind: str
    sender: str
    recipient: str
    fields: dict[str, str]

    @property
    def heading(self) -> str:
        """What the document is and whose it is, the same in every switch that has it."""
        return f"{self.kind}: {self.sender} to {self.recipient}"


def page() -> str:
    """The page as it must be. Raises FaultyScenario."""
    return asyncio.run(_page())


def write_walkthrough(path: Path, *, only_check: bool) -> bool:
    """Write the page, or only say whether it stands as it must. Raises FaultyScenario."""
    wanted = page()
    if only_check:
        return path.is_file() and path.read_text(encoding="utf-8") == wanted
    path.write_text(wanted, encoding="utf-8")
    return True


async def _page() -> str:
    switches: dict[str, list[Document]] = {}
    stories: list[str] = []
    with TemporaryDirectory() as folder:
        template = make_template(Path(folder) / "register.sqlite")
        for name, path in SWITCHES.items():
            scenario, own = read_scenario(path), Path(folder) / name
            own.mkdir()
            report = await run_scenario(scenario, template=template, folder=own)
            if report.failures:
                raise FaultyScenario("\n".join(report.failures))
            place = f"../{path.relative_to(ROOT).as_posix()}"
            stories.append(f"- **{name}**: [{scenario.title}]({place})")
            switches[name] = [one for told in report.happenings for one in _documents(told)]
    lines = [_HEAD, *stories, ""]
    for heading, number in _headings(switches):
        again = f" ({number + 1})" if number else ""
        columns = [_nth(of, heading, number) for of in switches.values()]
        lines += [f"## {heading}{again}", "", *_table(list(switches), columns), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _documents(told: Happening) -> Iterator[Document]:
    """What was sent in one happening and was taken in, then what it brought into mailboxes."""
    for content in told.taken_in:
        yield _document(content, told.at)
    for delivered in told.notices:
        yield _document(delivered.content, told.at)


def _document(content: bytes, at: datetime) -> Document:
    root = etree.fromstring(content)
    customer = value_at(root, "Header/DeliverToCustomer/Name")
    recipient = party_named(value_at(root, "Header/Recipient/Identification")).name
    fields = {"when": f"{at.astimezone(LJUBLJANA):{_TIME}}"}
    if customer:
        fields["deliver to"] = customer
    function = value_at(root, "Header/Corrects/Function")
    if function:
        fields["function"] = function
    for part in root:
        for path, value in _leaves(part, ""):
            fields[path] = f"{fields[path]}, {value}" if path in fields else value
    return Document(
        kind=kind_of(content),
        sender=party_named(value_at(root, "Header/Sender/Identification")).name,
        recipient=f"{recipient}, for the customer" if customer else recipient,
        fields=fields,
    )


def _leaves(element: etree._Element, above: str) -> Iterator[tuple[str, str]]:
    """Every value below an element with its path, codes with their agency."""
    name = str(etree.QName(element).localname)
    if name in _LEFT_OUT:
        return
    if not len(element):
        text = " ".join((element.text or "yes").split())
        yield (
            above + name,
            _local(f"{element.get('listAgency')} {text}" if name == "Code" else text),
        )
    for child in element:
        yield from _leaves(child, f"{above}{name}/")


def _local(text: str) -> str:
    """An instant by the clock of the law, anything else as it stands."""
    if "T" not in text or not text[:4].isdigit():
        return text
    return f"{instant_of(text).astimezone(LJUBLJANA):{_TIME}}"


def _headings(switches: dict[str, list[Document]]) -> list[tuple[str, int]]:
    """What there is to show, in order of the first switch that has it, repeats by number."""
    found: dict[tuple[str, int], None] = {}
    for documents in switches.values():
        seen: dict[str, int] = {}
        for document in documents:
            number = seen.get(document.heading, 0)
            seen[document.heading] = number + 1
            found[document.heading, number] = None
    return list(found)


def _nth(documents: list[Document], heading: str, number: int) -> Document | None:
    of_heading = [document for document in documents if document.heading == heading]
    return of_heading[number] if number < len(of_heading) else None


def _table(names: list[str], columns: list[Document | None]) -> list[str]:
    """A row for each field that any of the documents has."""
    paths = dict.fromkeys(path for one in columns if one for path in one.fields)
    lines = [f"| | {' | '.join(names)} |", f"| --- |{' --- |' * len(names)}"]
    for path in paths:
        cells = [one.fields.get(path, "–") if one else "" for one in columns]
        lines.append(f"| {path} | {' | '.join(cells)} |")
    return lines
