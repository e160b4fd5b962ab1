"""The documents people read, and the shell blocks of the README with what they are to print."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
ANYTHING = "…"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class ShellBlock(NamedTuple):
    """Commands to run, and what the page shows of their output, None where it shows nothing."""

    commands: str
    shown: str | None


def text_of(name: str) -> str:
    """The text of a page, by its path from the root."""
    return (ROOT / name).read_text("utf-8")


def shell_blocks(text: str) -> list[ShellBlock]:
    """Each `sh` block of a page; a `text` block right after it shows its output."""
    blocks = _BLOCK.findall(text)
    followed = [*blocks[1:], ("", "")]
    return [
        ShellBlock(content, after if next_kind == "text" else None)
        for (kind, content), (next_kind, after) in zip(blocks, followed, strict=True)
        if kind == "sh"
    ]


def as_pattern(shown: str) -> re.Pattern[str]:
    """What shown output matches: `…` alone is any lines, `…` in a line any text of that line."""
    lines = []
    for line in shown.splitlines():
        if line == ANYTHING:
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*".join(map(re.escape, line.split(ANYTHING))) + r"\n")
    return re.compile("".join(lines))
