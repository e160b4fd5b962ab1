"""Where the tidy tests find what they look at: the package's modules and the tracked files."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Source:
    """One Python module: its path from the root of the repository, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The parsed module."""
        return ast.parse(self.text, filename=self.path)


def broker_modules() -> list[Source]:
    """Every module of the package, in order of path."""
    paths = sorted((ROOT / "broker").rglob("*.py"))
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths]


def tracked_paths() -> list[str]:
    """Every file that git tracks and that still exists."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [path for path in listing.split("\0") if path and (ROOT / path).is_file()]


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Path and text of every tracked file that is text."""
    for path in tracked_paths():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content:
            yield path, content.decode("utf-8", errors="replace")
