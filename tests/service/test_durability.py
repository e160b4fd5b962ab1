"""An answer goes out only after what it acknowledges has been forced to the disk."""

import re
import shutil
import subprocess
import time
from pathlib import Path

from broker.store.connection import open_for_writing
from tests.service.process import serving
from tests.web.letters import SOUTH, sample_point, switch_request

POINTS = (1, 11, 12, 15, 16)
SYNCHRONOUS_FULL = 2
CALLS = "trace=fdatasync,fsync,recvfrom,sendto,sendmsg"


def test_every_commit_waits_for_the_disk(database: Path) -> None:
    connection = open_for_writing(database)
    assert connection.execute("PRAGMA synchronous").fetchone() == (SYNCHRONOUS_FULL,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_before_each_answer_lies_a_sync(database: Path) -> None:
    """Seen from the system: request in, log forced to the disk, answer out, one after another.

    Where nothing can be traced, the test above is all there is to see.
    """
    if may_trace():
        steps = steps_of(database)
        assert steps[steps.index("POST") :] == ["POST", "fdatasync", "200"] * len(POINTS)


def may_trace() -> bool:
    tracer = shutil.which("strace")
    tried = tracer and subprocess.run([tracer, "true"], capture_output=True, check=False)
    return bool(tried) and tried.returncode == 0


def steps_of(database: Path) -> list[str]:
    """What the service did while messages came, in order; the same twice in a row counts once."""
    trace = database.with_name("trace")
    tracer = ("strace", "-D", "-f", "-qq", "-s", "24", "-e", CALLS, "-o", str(trace))
    with serving(database, "2026-04-24T10:00:00+02:00", under=tracer) as process:
        for n in POINTS:
            assert process.post(switch_request(f"S-{n}", sample_point(n)), SOUTH).status == 200
        process.kill()
    for _ in range(100):
        if "+++ killed by SIGKILL +++" in trace.read_text(encoding="utf-8"):
            break
        time.sleep(0.05)
    pattern = r'recvfrom\(.*"(POST)|(fdatasync)\(|"HTTP/1\.1 (200)'
    seen = ["".join(groups) for groups in re.findall(pattern, trace.read_text(encoding="utf-8"))]
    return [step for n, step in enumerate(seen) if n == 0 or seen[n - 1] != step]
