"""The write-ahead log as a crash or a bad disk leaves it: what SQLite forgives, and what it hides.

SQLite ends its log at the first frame that is not whole, and says nothing of what came after. A
seal that was noted elsewhere does.
"""

import random
import re
import shutil
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.engine.apply import replay
from broker.store import seals
from broker.store.connection import open_for_reading, open_for_writing
from broker.store.seals import NotedSeal, Seal
from broker.store.verify import Finding, verify
from tests.store.samples import document_id, later, put_document

BATCHES = 12
LOG_HEADER, FRAME_HEADER, PAGE = 32, 24, 4096
CHANCE = random.Random(1)


@pytest.fixture
def committed(writing: Connection) -> list[Seal]:
    """Batches of one document each that lie in the log alone, and their seals."""
    writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    writing.execute("PRAGMA wal_autocheckpoint = 0")
    made = []
    for number in range(1, BATCHES + 1):
        writing.execute("BEGIN IMMEDIATE")
        put_document(writing, number)
        made.append(seals.seal(writing, later(hours=number)))
        writing.execute("COMMIT")
    return [one for one in made if one is not None]


@pytest.fixture
def crashed(committed: list[Seal], path: Path, tmp_path: Path) -> Path:
    """The file and its log as a power cut leaves them."""
    folder = tmp_path / "crashed"
    folder.mkdir()
    for name in (path.name, f"{path.name}-wal"):
        shutil.copy(path.with_name(name), folder / name)
    return folder / path.name


def log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def verified(path: Path, noted: Seal) -> list[Finding]:
    """What is found in the reopened file, given a seal that was noted elsewhere."""
    with closing(open_for_writing(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with closing(open_for_reading(path)) as connection:
        last = NotedSeal(number=noted.seal_id, value=noted.value)
        return verify(connection, replay, last_seal=last)


def documents(path: Path) -> list[str]:
    with closing(open_for_reading(path)) as connection:
        rows = connection.execute("SELECT document_id FROM outbox ORDER BY position")
        return [one for (one,) in rows]


def garbage(log: bytes, kind: str) -> bytes:
    """What may lie behind the last commit."""
    frame = FRAME_HEADER + PAGE
    match kind:
        case "zeros":
            return bytes(frame)
        case "noise":
            return CHANCE.randbytes(3 * frame)
        case "part of a frame":
            return log[LOG_HEADER : LOG_HEADER + frame // 2]
        case "an old frame":
            return log[LOG_HEADER : LOG_HEADER + frame]
        case _:
            raise ValueError(kind)


@pytest.mark.parametrize("kind", ["zeros", "noise", "part of a frame", "an old frame"])
def test_garbage_behind_the_last_commit_loses_nothing(
    crashed: Path, committed: list[Seal], kind: str
) -> None:
    log = log_of(crashed)
    log.write_bytes(log.read_bytes() + garbage(log.read_bytes(), kind))
    assert verified(crashed, committed[-1]) == []
    assert documents(crashed) == [document_id(n) for n in range(1, BATCHES + 1)]


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.95])
def test_a_damaged_committed_frame_is_proved_by_the_seal_noted_elsewhere(
    crashed: Path, committed: list[Seal], part: float
) -> None:
    damage_frame(log_of(crashed), part)
    found = verified(crashed, committed[-1])
    kept = len(documents(crashed))
    assert kept < BATCHES
    (one,) = found
    assert one.where in {f"seal {BATCHES}", "seals"}
    if kept:
        lost = re.search(r"here is (\d+) of (\S+): (\d+) batches", one.what)
        assert lost is not None
        at = committed[kept - 1].at.isoformat()
        assert lost.groups() == (str(kept), at, str(BATCHES - kept))


def test_without_a_noted_seal_nothing_shows(crashed: Path, committed: list[Seal]) -> None:
    """Why the last seal has to be kept elsewhere: what is left is in itself sound."""
    damage_frame(log_of(crashed), 0.5)
    with closing(open_for_writing(crashed)) as connection:
        assert verify(connection, replay) == []
        last = seals.last_seal(connection)
        assert last is not None
    assert verified(crashed, last) == []
    assert last.seal_id < BATCHES


def damage_frame(log: Path, part: float) -> None:
    """Change a byte of the page in the frame that lies so far into the log."""
    content = bytearray(log.read_bytes())
    frame = FRAME_HEADER + PAGE
    number = int(part * ((len(content) - LOG_HEADER) // frame))
    content[LOG_HEADER + number * frame + FRAME_HEADER + 2000] ^= 1
    log.write_bytes(content)
