"""The README's lines give what it shows: the demo is served and every shell block is run in order.

Method: one bash runs all blocks, so that variables last; a marker between them parts the output.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, ShellBlock, as_pattern, shell_blocks, text_of

BLOCKS = shell_blocks(text_of("README.md"))
MARKER = "=== end of block ==="


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the README's lines are run: with the demo served beside them, on a free port."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "broker").symlink_to(ROOT / "broker")
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', "utf-8")
    python.chmod(0o755)
    service = subprocess.Popen(
        [sys.executable, "-m", "broker", "serve", "--demo", "--port", "0"],
        cwd=folder,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert service.stdout is not None
    for line in service.stdout:
        if line.startswith("the broker listens on"):
            break
    yield folder
    service.terminate()
    assert service.wait(timeout=20) == 0
    service.stdout.close()


@pytest.fixture(scope="module")
def outputs(folder: Path) -> list[str]:
    """What each block printed."""
    script = "".join(f"{block.commands}echo '{MARKER}'\n" for block in BLOCKS)
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    *outputs, rest = done.stdout.split(f"{MARKER}\n")
    assert (done.returncode, rest) == (0, ""), done.stdout[-3000:]
    return outputs


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_prints_what_is_shown(outputs: list[str], number: int) -> None:
    block, output = BLOCKS[number], outputs[number]
    assert as_pattern(block.shown or "").fullmatch(output), f"{block.commands}\nprinted\n{output}"


def test_the_readme_shows_something() -> None:
    assert len([block for block in BLOCKS if block.shown]) > 10


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("a…c\n", "abc\n", True),
        ("a…c\n", "a\nc\n", False),
        ("…\nc\n", "a\nb\nc\n", True),
        ("…\nc\n", "c\n", True),
        ("a\n…\n", "a\n", True),
    ],
)
def test_how_output_is_compared(shown: str, printed: str, fits: bool) -> None:
    assert bool(as_pattern(shown).fullmatch(printed)) is fits


def test_output_belongs_to_the_block_before_it() -> None:
    text = "```sh\none\n```\n```text\n1\n```\n```console\n$ two\n```\n```sh\nthree\n```\n"
    assert shell_blocks(text) == [ShellBlock("one\n", "1\n"), ShellBlock("three\n", None)]
