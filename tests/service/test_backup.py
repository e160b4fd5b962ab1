"""Backups made while messages come, and what is left after one has been put in the file's place."""

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Event

import pytest

from broker.engine.apply import replay
from broker.messages.identifiers import Eic
from broker.store import backup, gsrns, journal, participants, seals
from broker.store.backup import DatabaseRestored, UnableToBackUp
from broker.store.connection import (
    UnableToOpenHeldDatabase,
    hold,
    open_for_reading,
    open_for_writing,
)
from broker.store.operations import TokenRevoked
from broker.store.seals import NotedSeal
from broker.store.verify import verify
from tests.service.process import Process, serving
from tests.service.test_command_line import command
from tests.web.letters import SOUTH, Point, sample_point, switch_request

FRIDAY = "2026-04-24T10:00:00+02:00"
LATER = datetime(2026, 4, 24, 12, tzinfo=UTC)
EVENING = "2026-04-24T20:00:00+02:00"
CONNECTIONS = 4
BY = ("--by", "Nada Zgled", "--why", "the disk broke")


def accept(connection: sqlite3.Connection) -> None:
    """Take a copy as it is."""


def restored(source: Path, database: Path) -> backup.Restored:
    return backup.restore(source, database, check=accept, by="N", why="w", at=LATER)


class Traffic:
    """Parties that post on several connections until they are told to stop."""

    def __init__(self, process: Process, points: tuple[Point, ...]) -> None:
        self._process = process
        self._points = iter(points)
        self._stop = Event()
        self._pool = ThreadPoolExecutor(CONNECTIONS)
        self.accepted: dict[str, bytes] = {}
        self.posted: dict[str, bytes] = {}
        self._numbers = count(1)
        self._running = [self._pool.submit(self._post) for _ in range(CONNECTIONS)]

    def _post(self) -> None:
        while not self._stop.is_set():
            name = f"B-{next(self._numbers)}"
            self.posted[name] = switch_request(name, next(self._points))
            answer = self._process.post(self.posted[name], SOUTH)
            assert answer.status == 200
            self.accepted[name] = answer.body

    def wait_for(self, number: int) -> None:
        """Until so many are accepted."""
        while len(self.accepted) < number:
            for one in self._running:
                assert one.running(), one.exception()

    def stop(self) -> None:
        """Until nothing is under way."""
        self._stop.set()
        self._pool.shutdown()
        for one in self._running:
            one.result()


def test_a_backup_under_traffic_is_whole_and_the_service_goes_on_from_it(
    large: tuple[Path, tuple[Point, ...]], tmp_path: Path
) -> None:
    database, points = large
    copy = tmp_path / "copy.sqlite"
    with serving(database, FRIDAY) as process:
        traffic = Traffic(process, points)
        traffic.wait_for(20)
        before = dict(traffic.accepted)
        done = command("--database", str(database), "backup", str(copy))
        traffic.wait_for(len(traffic.accepted) + 20)
        traffic.stop()
        assert process.stop() == 0
    assert done.returncode == 0, done.stderr
    noted = seals.noted_from(done.stdout.rpartition("last seal: ")[2].split()[0])

    result = restored(copy, database)
    assert result.lost is not None
    (lost,) = result.lost.messages
    kept = answers(database)
    assert set(before) <= set(kept)
    assert (lost.party, lost.number) == (SOUTH, len(traffic.accepted) - len(kept))
    assert lost.number >= 20
    assert damage(database, noted) == []
    assert result.replaced is not None
    assert damage(result.replaced, noted) == []

    with serving(database, EVENING) as process:
        for name in (*list(before)[:3], *list(traffic.accepted)[-3:]):
            answer = process.post(traffic.posted[name], SOUTH)
            assert answer.status == 200
            assert (answer.body == traffic.accepted[name]) == (name in kept)
        assert process.stop() == 0
    assert damage(database, noted) == []


def answers(database: Path) -> dict[str, bytes]:
    """The answer on record of each message that was accepted."""
    with closing(open_for_reading(database)) as connection:
        return dict(
            connection.execute(
                "SELECT message_id, content FROM inbox JOIN payloads"
                " ON payload_id = answer_payload WHERE http_status = 200"
            )
        )


def damage(database: Path, noted: NotedSeal | None = None) -> list[object]:
    with closing(open_for_reading(database)) as connection:
        return list(verify(connection, replay, last_seal=noted))


@pytest.fixture(scope="module")
def sealed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed file with a case in it, of a service that is stopped; made once."""
    database = Path(shutil.copy(template, tmp_path_factory.mktemp("sealed") / "broker.sqlite"))
    with serving(database, FRIDAY) as process:
        assert process.post(switch_request("S-1", sample_point(1)), SOUTH).status == 200
        assert process.stop() == 0
    return database


@pytest.fixture
def file(sealed: Path, tmp_path: Path) -> Path:
    """The file of this test."""
    return Path(shutil.copy(sealed, tmp_path / "broker.sqlite"))


def test_the_commands_say_what_they_did(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copies" / "one.sqlite"
    copy.parent.mkdir()
    at = ("--database", str(file))
    made = command(*at, "backup", str(copy))
    assert made.returncode == 0, made.stderr
    assert f"{copy}: {copy.stat().st_size} bytes, verified" in made.stdout
    sealed = command(*at, "last-seal").stdout
    assert f"last seal: {sealed}" in made.stdout
    assert copy.stat().st_mode & 0o777 == 0o600

    refused = command(*at, "backup", str(copy))
    assert (refused.returncode, "--overwrite" in refused.stderr) == (1, True)
    assert command(*at, "backup", "--overwrite", "--no-verify", str(copy)).returncode == 0
    assert [one.name for one in copy.parent.iterdir()] == ["one.sqlite"]

    put_back = command(*at, "restore", str(copy), *BY)
    assert put_back.returncode == 0, put_back.stderr
    assert f"restored up to seal {sealed}" in put_back.stdout
    assert "lost: 0 documents" in put_back.stdout
    verified = command(*at, "verify", "--last-seal", sealed.split()[0])
    assert (verified.returncode, verified.stdout) == (0, "verified: 0 damaged, 0 erased\n")
    wrong = f"{10**6}:{sealed.split()[0].partition(':')[2][::-1]}"
    lost = command(*at, "verify", "--last-seal", wrong)
    assert (lost.returncode, "batches committed after that are lost" in lost.stdout) == (1, True)


def test_a_folder_of_backups_keeps_the_newest(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    for name in ("broker-20250101T020000Z.sqlite", "broker-20250102T020000Z.sqlite", "other.txt"):
        (folder / name).touch()
    done = command("--database", str(file), "backup", "--keep", "2", str(folder))
    assert done.returncode == 0, done.stderr
    left = sorted(one.name for one in folder.iterdir())
    assert left[:1] + left[2:] == ["broker-20250102T020000Z.sqlite", "other.txt"]
    assert f"removed {folder}/broker-20250101T020000Z.sqlite" in done.stdout
    assert damage(folder / left[1]) == []


def test_a_restore_is_a_row_of_the_journal(file: Path, tmp_path: Path) -> None:
    copied = backup.back_up(file, tmp_path / "copy", check=accept)
    restored(tmp_path / "copy", file)
    with closing(open_for_reading(file)) as connection:
        kind, content = connection.execute(
            "SELECT kind, content FROM journal JOIN payloads USING (payload_id)"
            " ORDER BY position DESC"
        ).fetchone()
    assert kind == DatabaseRestored.__name__
    assert str(copied.seal).encode() in content


def test_a_damaged_file_is_not_copied_and_a_damaged_copy_not_restored(
    file: Path, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    backup.back_up(file, good, check=accept)
    bad.write_bytes(good.read_bytes().replace(b"<ApprovalNotice", b"<approvalNotice"))
    assert bad.read_bytes() != good.read_bytes()
    before = file.read_bytes()
    put_back = command("--database", str(file), "restore", str(bad), *BY)
    assert put_back.returncode == 1
    assert "damaged\tdocument " in put_back.stdout
    assert file.read_bytes() == before
    made = command("--database", str(bad), "backup", str(tmp_path / "worse"))
    assert (made.returncode, (tmp_path / "worse").exists()) == (1, False)


@pytest.mark.parametrize("what", ["nothing", "a letter", "another database"])
def test_what_is_no_backup_is_refused_and_changes_nothing(
    file: Path, tmp_path: Path, what: str
) -> None:
    source, before = tmp_path / "source", file.read_bytes()
    if what == "a letter":
        source.write_bytes(b"Dobro jutro! " * 1000)
    elif what == "another database":
        with closing(sqlite3.connect(source)) as connection:
            connection.execute("CREATE TABLE bookmarks (url TEXT)")
    done = command("--database", str(file), "restore", str(source), *BY)
    assert done.returncode == 1
    assert done.stderr.startswith("broker: ")
    assert file.read_bytes() == before
    assert not [one for one in file.parent.iterdir() if "part" in one.name]


def test_a_restore_is_refused_while_a_service_holds_the_file(file: Path, tmp_path: Path) -> None:
    backup.back_up(file, tmp_path / "copy", check=accept)
    with hold(file), pytest.raises(UnableToOpenHeldDatabase):
        restored(tmp_path / "copy", file)


def test_a_backup_is_not_written_over_a_database_in_use(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    backup.back_up(file, target, check=accept)
    with closing(open_for_writing(target)) as connection:
        connection.execute("UPDATE sweep SET why = ''")
        with pytest.raises(UnableToBackUp, match="in use"):
            backup.back_up(file, target, check=accept, overwrite=True)


def test_the_log_of_the_replaced_file_is_not_applied_to_the_restored_one(
    file: Path, tmp_path: Path
) -> None:
    """As after a power cut: the file before has a log of its own, which goes aside with it."""
    backup.back_up(file, tmp_path / "copy", check=accept)
    with closing(open_for_writing(file)) as connection:
        connection.execute("INSERT INTO one_off_days VALUES ('2026-08-14')")
        seals.seal(connection, LATER)
        crashed = tmp_path / "crashed.sqlite"
        for beside in ("", "-wal"):
            source = file.with_name(file.name + beside)
            crashed.with_name(crashed.name + beside).write_bytes(source.read_bytes())
    result = restored(tmp_path / "copy", crashed)
    assert result.replaced is not None
    assert days(result.replaced) == ["2026-08-14"]
    assert days(crashed) == []
    assert damage(crashed) == []


def days(database: Path) -> list[str]:
    with closing(open_for_reading(database)) as connection:
        return [day for (day,) in connection.execute("SELECT day FROM one_off_days")]


@pytest.mark.parametrize("old_file", ["is there", "is gone"])
def test_no_number_is_given_out_twice(file: Path, tmp_path: Path, old_file: str) -> None:
    """D1: what was given out after the backup stays given out, known or not."""
    backup.back_up(file, tmp_path / "copy", check=accept)
    with closing(open_for_writing(file)) as connection:
        given = gsrns.free_numbers(connection, 3)
        for number in given:
            gsrns.give_out(connection, number)
        seals.seal(connection, LATER)
    if old_file == "is gone":
        file.unlink()
    restored(tmp_path / "copy", file)
    with closing(open_for_writing(file)) as connection:
        assert not set(given) & set(gsrns.free_numbers(connection, 5))
        known = connection.execute("SELECT count(*) FROM issued_gsrns WHERE gsrn > ?", (given[0],))
        assert (known.fetchone()[0] >= len(given) - 1) == (old_file == "is there")


def test_what_staff_did_after_the_backup_is_told(file: Path, tmp_path: Path) -> None:
    """A token that was revoked since counts again after a restore: staff must know."""
    copy = tmp_path / "copy"
    backup.back_up(file, copy, check=accept)
    with closing(open_for_writing(file)) as connection:
        record = TokenRevoked(at=LATER, by="Nada", why="lost", eic=Eic(SOUTH), label="test")
        participants.revoke(connection, Eic(SOUTH), "test", LATER)
        journal.append(connection, case_id=None, at=LATER, record=record)
        seals.seal(connection, LATER)
    done = command("--database", str(file), "restore", str(copy), *BY)
    assert f'lost: {LATER.isoformat()} TokenRevoked {{"by": "Nada"' in done.stdout
    with closing(open_for_reading(file)) as connection:
        (token,) = participants.credentials(connection, Eic(SOUTH))
    assert token.revoked_at is None
