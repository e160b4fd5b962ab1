"""The measurement of the door runs and says what it has measured; no figure is judged."""

import re
import subprocess
import sys

from tests.web.letters import ROOT


def test_a_short_measurement() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/bench.py", "--seconds", "0.3", "--connections", "4"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    first, *figures, ratio, latency = done.stdout.splitlines()
    assert re.fullmatch(r"\d+ requests of \d+ bytes, 4 connections", first)
    assert [re.split(r"\s{2,}", line)[0] for line in figures][:2] == [
        "bare aiohttp echo",
        "lxml parse + validate",
    ]
    assert figures[2].startswith("SQLite, groups of ")
    assert [line[:24].strip() for line in figures[3:]] == ["the three together", "service"]
    assert re.fullmatch(r"service / floors together: \d+\.\d\d", ratio)
    assert latency.startswith("latency: median ")
