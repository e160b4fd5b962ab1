"""A process killed while it writes: what it acknowledged is there, and the file is free again."""

import itertools
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from broker.engine.apply import replay
from broker.store.connection import UnableToOpenHeldDatabase, hold, open_for_writing
from broker.store.verify import verify

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("acknowledged_before_the_kill", [1, 40, 300])
def test_everything_acknowledged_survives_a_kill(
    path: Path, acknowledged_before_the_kill: int
) -> None:
    acknowledged = write_and_kill(path, after=acknowledged_before_the_kill)
    with hold(path), closing(open_for_writing(path)) as connection:
        kept = {row[0] for row in connection.execute("SELECT document_id FROM outbox")}
        assert [one for one in acknowledged if one not in kept] == []
        assert verify(connection, replay) == []


def write_and_kill(path: Path, *, after: int) -> list[str]:
    """Let a process write until it has acknowledged this many, kill it; all it acknowledged."""
    command = [sys.executable, "-m", "tests.store.writes_until_killed", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = list(itertools.islice(process.stdout, after))
        with pytest.raises(UnableToOpenHeldDatabase), hold(path):
            pass
        process.kill()
        lines += process.stdout.readlines()
    return [line.strip() for line in lines if line.endswith("\n")]
