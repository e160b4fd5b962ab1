"""Deliberate defects, each of which a harness must find: the proof that it looks.

Each is one or two changes of a text, made in a copy of the broker. One that survives fails the run,
and so does one whose text is no longer there.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_COPIED = ("broker", "tests", "fixtures", "xsd", "pyproject.toml")

ROUNDS = ("-m", "tests.crash", "--brief", "--seed", "1", "--rounds")
POINTS = ("-m", "tests.crash", "--brief", "--write-points")
SYNCS = ("-m", "pytest", "-q", "-x", "tests/service/test_durability.py", "-k")
STOPS = ("-m", "pytest", "-q", "-x", "tests/service/test_kill.py", "-k", "told_to_stop")
_ONE = "--only=readings/review-accepted"
_WITH_A_DEADLINE = "--only=remote/late-then-ordered-again"


@dataclass(frozen=True, slots=True)
class Edit:
    """A text in a file of the broker, and what it becomes."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A defect: what it is, the harness that must find it, the changes."""

    name: str
    harness: tuple[str, ...]
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Hunt:
    """What became of a mutant."""

    mutant: Mutant
    caught: bool
    told: str


# The transaction of a reached deadline ends in the middle, and another takes over its savepoints.
_MARK = Edit(
    "usecases/handle_event.py",
    "    event = DeadlineReached(",
    '    globals()["reached"] = True\n    event = DeadlineReached(',
)
_CUT = (
    '        for one in ("COMMIT", "BEGIN IMMEDIATE", "SAVEPOINT work", "SAVEPOINT step"):\n'
    "            connection.execute(one)\n"
)

MUTANTS = (
    Mutant(
        "an answer goes out before the commit",
        (*POINTS, _ONE),
        (
            Edit(
                "store/writer.py",
                "            self._before_commit(self._connection)\n"
                "            await self._commit()\n",
                "            for waiting, outcome in outcomes:\n"
                "                _deliver(waiting.result, outcome)\n"
                "            self._before_commit(self._connection)\n"
                "            await asyncio.sleep(0.005)\n"
                "            await self._commit()\n",
            ),
        ),
    ),
    Mutant(
        "a notice is written after its message, in a transaction of its own, and may be lost",
        (*POINTS, _ONE),
        (
            Edit(
                "store/outbox.py",
                "    connection.execute(_PUT, row)\n",
                "",
            ),
            Edit(
                "store/outbox.py",
                "    note(connection, noted, in_place_of=owed.in_place_of)\n",
                "    LATER.append(lambda: (\n"
                "        connection.execute(_PUT, row),\n"
                "        note(connection, noted, in_place_of=owed.in_place_of),\n"
                "    ))\n\n\n"
                "LATER: list = []\n",
            ),
            Edit(
                "store/writer.py",
                "            await self._commit()\n",
                "            await self._commit()\n"
                "            from broker.store.outbox import LATER\n"
                "            if LATER:\n"
                "                await self._begin()\n"
                "                for one in LATER:\n"
                "                    one()\n"
                "                LATER.clear()\n"
                "                self._before_commit(self._connection)\n"
                "                await self._commit()\n",
            ),
        ),
    ),
    Mutant(
        "a deadline's notices are written before the rest, and may be doubled",
        (*POINTS, _WITH_A_DEADLINE),
        (
            _MARK,
            Edit(
                "usecases/handle_event.py",
                "    state = decision.state\n    cases.save(connection, state)\n",
                "    state = decision.state\n"
                '    cut = globals().pop("reached", False)\n'
                "    for notice in decision.notices if cut else ():\n"
                "        send(connection, state, notice, now=now, desk=desk)\n"
                f"    if cut:\n{_CUT}"
                "    cases.save(connection, state)\n",
            ),
            Edit(
                "usecases/handle_event.py",
                "    for notice in decision.notices:\n",
                "    for notice in () if cut else decision.notices:\n",
            ),
        ),
    ),
    Mutant(
        "a deadline is closed after its effects, and may act twice",
        (*POINTS, _WITH_A_DEADLINE),
        (
            _MARK,
            Edit(
                "usecases/handle_event.py",
                "    closed = deadlines.replace(",
                f'    if globals().pop("reached", False):\n{_CUT}    closed = deadlines.replace(',
            ),
        ),
    ),
    Mutant(
        "a repeat is known by memory alone",
        (*POINTS, _ONE),
        (
            Edit(
                "usecases/receive_message.py",
                "        if earlier is not None:\n",
                '        seen = globals().setdefault("_seen", set())\n'
                "        earlier = earlier if header.message_id in seen else None\n"
                "        seen.add(header.message_id)\n"
                "        if earlier is not None:\n",
            ),
        ),
    ),
    Mutant(
        "what the full disk did not take is answered as if it had",
        (*ROUNDS, "30", "--kind=DISK_FULL", _ONE),
        (
            Edit(
                "store/writer.py",
                "            self._roll_back()\n            _refuse(self._batch, error)\n",
                "            self._roll_back()\n"
                "            for waiting, outcome in outcomes:\n"
                "                _deliver(waiting.result, outcome)\n",
            ),
        ),
    ),
    Mutant(
        "a file that another has locked is answered as a bug of ours",
        (*ROUNDS, "30", "--kind=LOCKED", _ONE),
        (
            Edit(
                "usecases/receive_message.py",
                "        except (UnableToWrite, UnableToGoBefore):\n",
                "        except UnableToGoBefore:\n",
            ),
        ),
    ),
    Mutant(
        "a clock that jumps is trusted",
        (*ROUNDS, "10", "--kind=CLOCK_JUMPS", _ONE),
        (
            Edit(
                "usecases/clock_watch.py",
                "        if abs(now - due) >= _TOLERANCE:\n",
                "        if now is None:\n",
            ),
        ),
    ),
    Mutant(
        "a clock behind the journal is trusted",
        (*ROUNDS, "20", "--kind=CLOCK_BEHIND", _ONE),
        (
            Edit(
                "usecases/clock_watch.py",
                "        if last_entry_at is not None and now + _STEP_BACK < last_entry_at:\n",
                "        if now is None:\n",
            ),
        ),
    ),
    Mutant(
        "told to stop, it drops what waits",
        STOPS,
        (
            Edit(
                "__main__.py",
                "            await stop.wait()\n",
                "            await stop.wait()\n            os._exit(0)\n",
            ),
        ),
    ),
    Mutant(
        "synchronous is OFF, and the start does not look",
        (*SYNCS, "sync"),
        (
            Edit("store/connection.py", '"PRAGMA synchronous = FULL"', '"PRAGMA synchronous = 0"'),
            Edit("store/connection.py", "_FULL = 2\n", "_FULL = 0\n"),
        ),
    ),
    Mutant(
        "synchronous is NORMAL, and the start does not look",
        (*SYNCS, "sync"),
        (
            Edit("store/connection.py", '"PRAGMA synchronous = FULL"', '"PRAGMA synchronous = 1"'),
            Edit("store/connection.py", "_FULL = 2\n", "_FULL = 1\n"),
        ),
    ),
    Mutant(
        "synchronous is OFF, and the start looks",
        (*SYNCS, "sync"),
        (Edit("store/connection.py", '"PRAGMA synchronous = FULL"', '"PRAGMA synchronous = 0"'),),
    ),
    Mutant(
        "an answer goes out before it is on the disk",
        (*SYNCS, "sync"),
        (
            Edit(
                "store/writer.py",
                "            self._before_commit(self._connection)\n"
                "            await self._commit()\n",
                "            for waiting, outcome in outcomes:\n"
                "                _deliver(waiting.result, outcome)\n"
                "            self._before_commit(self._connection)\n"
                "            await asyncio.sleep(0)\n"
                "            await self._commit()\n",
            ),
        ),
    ),
)


def hunt(mutant: Mutant) -> Hunt:
    """Let the harness loose on a copy of the broker with this defect."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in _COPIED:
            _copy(ROOT / name, copy / name)
        for edit in mutant.edits:
            path = copy / "broker" / edit.file
            text = path.read_text("utf-8")
            if text.count(edit.old) != 1:
                return Hunt(mutant, False, f"{edit.old!r} is {text.count(edit.old)} times there")
            path.write_text(text.replace(edit.old, edit.new), "utf-8")
        ran = subprocess.run(
            [sys.executable, *mutant.harness],
            cwd=copy,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": "."},
            check=False,
        )
    sign = _sign(mutant.harness, ran.stdout.splitlines())
    caught = ran.returncode == 1 and sign is not None
    return Hunt(mutant, caught, sign or (ran.stdout + ran.stderr)[-200:])


def _sign(harness: tuple[str, ...], lines: list[str]) -> str | None:
    """The line that says what is wrong: an assertion, or what follows the name of a round.

    What is wrong where nothing happened to the service proves nothing.
    """
    if "pytest" in harness:
        return next((line[1:].strip() for line in lines if line.startswith("E  ")), None)
    told = (line.strip() for before, line in pairwise(["", *lines]) if before.endswith("):"))
    return next(told, None)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def hunt_all(jobs: int, named: str = "") -> list[Hunt]:
    """Every mutant whose name has this in it, several at once."""
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(hunt, [one for one in MUTANTS if named in one.name]))
