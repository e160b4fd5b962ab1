"""The command line ends with a sentence and a code, never with a stack trace."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.__main__ import main
from broker.store import participants
from broker.store.connection import hold, open_for_reading

REGISTER = Path(__file__).resolve().parents[2] / "fixtures" / "register"
SUPPLIER = "28XJUG-ELEKTRIKB"
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A file with the sample register."""
    path = tmp_path / "broker.sqlite"
    assert main(["--database", str(path), "import", str(REGISTER)]) == 0
    return path


def speaks_for(database: Path, token: str) -> str | None:
    """Whose token this is."""
    with closing(open_for_reading(database)) as connection:
        party = participants.authenticate(connection, token, LATER)
    return party.eic if party else None


def test_a_token_speaks_for_its_party(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["--database", str(database), "token", SUPPLIER, "main"]) == 0
    assert speaks_for(database, capsys.readouterr().out.strip()) == SUPPLIER


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["token", SUPPLIER, "main"], "revoke it or take another"),
        (["token", "28X-NOBODY-----1", "main"], "no participant"),
        (["import", str(REGISTER)], "has a register already"),
        (["import", "no-such-folder"], "cannot be read"),
        (["tasks", "--url", "nonsense"], "unknown url type"),
        (["tasks", "--url", "http://127.0.0.1:1"], "does not answer"),
    ],
)
def test_what_cannot_be_done_is_told(
    database: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["--database", str(database), "token", SUPPLIER, "main"]) == 0
    assert main(["--database", str(database), *arguments]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("command", [["serve"], ["verify"], ["import", str(REGISTER)]])
def test_a_file_that_cannot_be_made_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    missing = tmp_path / "no-such-folder" / "broker.sqlite"
    assert main(["--database", str(missing), *command]) == 1
    assert str(missing) in capsys.readouterr().err


def test_nobody_writes_beside_the_service(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with hold(database):
        assert main(["--database", str(database), "token", SUPPLIER, "x"]) == 1
    assert "held by another process" in capsys.readouterr().err


def test_wrong_usage_ends_with_two() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sing"])
    assert ended.value.code == 2
