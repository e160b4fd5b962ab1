"""An answer goes out only after what it acknowledges has been forced to the disk."""

import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from broker.store import connection
from broker.store.connection import UnableToOpenDurably, open_for_writing
from tests.service.process import Process, serving
from tests.web.letters import SOUTH, Point, switch_request

MESSAGES = 24
AT_ONCE = 6
SYNCHRONOUS_FULL = 2
CALLS = "trace=pwrite64,fdatasync,fsync,sendto,sendmsg,write,writev"
# Long enough for a page of the log and for an answer, so that both can be told by their message.
TEXT_MAX = "5000"

PROCESS = r"^(?:\[pid +)?(?P<thread>\d+)\]? +"
BEGUN = re.compile(PROCESS + r"(?P<call>\w+)\((?P<rest>.*)")
RESUMED = re.compile(PROCESS + r"<\.\.\. (?P<call>\w+) resumed>(?P<rest>.*)")
MESSAGE_ID = re.compile(r"\bSYNC-\d{3}\b")


def test_every_commit_waits_for_the_disk(database: Path) -> None:
    opened = open_for_writing(database)
    assert opened.execute("PRAGMA synchronous").fetchone() == (SYNCHRONOUS_FULL,)
    assert opened.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    opened.close()


def test_a_start_that_would_not_wait_for_the_disk_is_refused(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was set is read back: another value than the one that is needed ends the start."""
    monkeypatch.setattr(connection, "_FULL", SYNCHRONOUS_FULL + 1)
    with pytest.raises(UnableToOpenDurably, match="synchronous 2"):
        open_for_writing(database)


def test_each_answer_follows_the_sync_of_its_message(
    large: tuple[Path, tuple[Point, ...]],
) -> None:
    """Seen from the system: a message into the log, the log forced to the disk, its answer out.

    Where nothing can be traced, the tests above are all there is to see.
    """
    if not may_trace():
        return
    database, points = large
    trace = traced(database, points)
    assert sorted(trace.answered) == [f"SYNC-{n:03}" for n in range(MESSAGES)]
    assert trace.too_early == []


@dataclass
class Trace:
    """What the service did, as the system saw it."""

    written: dict[str, int] = field(default_factory=dict)
    """When each message first went into the log, as the number of a line."""
    syncs: list[tuple[int, int]] = field(default_factory=list)
    """When the log was forced to the disk: from which line to which."""
    answered: list[str] = field(default_factory=list)
    too_early: list[str] = field(default_factory=list)

    def answer(self, message_id: str, line: int) -> None:
        """An answer goes out: its message is in the log, which has been forced since."""
        self.answered.append(message_id)
        written = self.written.get(message_id)
        if written is None or not any(
            written < begun and done < line for begun, done in self.syncs
        ):
            self.too_early.append(message_id)


def may_trace() -> bool:
    tracer = shutil.which("strace")
    tried = tracer and subprocess.run([tracer, "true"], capture_output=True, check=False)
    return bool(tried) and tried.returncode == 0


def traced(database: Path, points: tuple[Point, ...]) -> Trace:
    """What the service did while messages came over several connections at once."""
    out = database.with_name("trace")
    tracer = (
        "strace",
        "-D",
        "-f",
        "--seccomp-bpf",
        "-y",
        "-q",
        "-s",
        TEXT_MAX,
        "-e",
        CALLS,
        "-o",
        str(out),
    )
    with serving(database, "2026-04-24T10:00:00+02:00", under=tracer) as process:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            sent = [pool.submit(post, process, n, points[n]) for n in range(MESSAGES)]
        assert [one.result() for one in sent] == [200] * MESSAGES
        assert process.stop() == 0
    return read_trace(whole(out))


def whole(out: Path) -> list[str]:
    """The lines of the trace, once the tracer, which outlives the service, has written them."""
    for _ in range(200):
        lines = out.read_text(encoding="utf-8").splitlines()
        if lines and lines[-1].endswith("+++ exited with 0 +++"):
            return lines
        time.sleep(0.05)
    raise AssertionError(lines[-1:])


def post(process: Process, number: int, point: Point) -> int:
    return process.post(switch_request(f"SYNC-{number:03}", point), SOUTH).status


def read_trace(lines: list[str]) -> Trace:
    trace = Trace()
    syncing: dict[str, int] = {}
    for number, line in enumerate(lines):
        begun, resumed = BEGUN.match(line), RESUMED.match(line)
        if begun is not None and "-wal>" in begun["rest"][:400] and begun["call"] == "pwrite64":
            for message_id in MESSAGE_ID.findall(line):
                trace.written.setdefault(message_id, number)
        elif begun is not None and begun["call"] in ("fdatasync", "fsync"):
            if "-wal>" in begun["rest"]:
                syncing[begun["thread"]] = number
            if "unfinished" not in line and begun["thread"] in syncing:
                trace.syncs.append((syncing.pop(begun["thread"]), number))
        elif resumed is not None and resumed["call"] in ("fdatasync", "fsync"):
            if resumed["thread"] in syncing:
                trace.syncs.append((syncing.pop(resumed["thread"]), number))
        elif begun is not None and "socket:" in begun["rest"][:60]:
            for message_id in sorted(set(MESSAGE_ID.findall(line))):
                trace.answer(message_id, number)
    return trace
