"""Staff are added, listed, given passwords and removed by the running service."""

import json
from contextlib import closing
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest

from broker.engine.apply import replay
from broker.store.connection import open_for_reading
from broker.store.verify import verify
from tests.service.process import Process, serving
from tests.service.test_command_line import FRIDAY, staff

PASSWORD = "correct horse battery"
ADD = ("staff", "add", "nada", "--full-name", "Nada Zgled", "--role", "clerk", "--by", "Vodja")


def typed(process: Process, password: str, *arguments: str) -> tuple[int, str, str]:
    """A command with a password on standard input."""
    with patch("sys.stdin", StringIO(f"{password}\n")):
        return staff(process, *arguments)


def test_staff_are_managed_beside_the_running_service(database: Path) -> None:
    with serving(database, FRIDAY) as process:
        assert typed(process, PASSWORD, *ADD)[0] == 0
        code, said, _ = staff(process, "staff", "list")
        (member,) = json.loads(said)["staff"]
        assert (code, member["name"], member["role"]) == (0, "nada", "clerk")
        assert "hash" not in said
        given = typed(
            process, "another horse battery", "staff", "password", "nada", "--by", "Vodja"
        )
        assert given[0] == 0
        assert staff(process, "staff", "remove", "nada", "--by", "Vodja")[0] == 0
        assert json.loads(staff(process, "staff", "list")[1]) == {"staff": []}
        assert typed(process, PASSWORD, *ADD)[0] == 0  # the name is free again
    with closing(open_for_reading(database)) as connection:
        kinds = [kind for (kind,) in connection.execute("SELECT kind FROM journal")]
        assert kinds == ["StaffAdded", "StaffPasswordSet", "StaffRemoved", "StaffAdded"]
        assert verify(connection, replay) == []


@pytest.mark.parametrize(
    ("password", "arguments", "complaint"),
    [
        ("short", ADD, "12 to 1000 characters"),
        (PASSWORD, ("staff", "add", "Na Da", *ADD[3:]), "a-z 0-9"),
        (PASSWORD, (*ADD[:4], " ", *ADD[5:]), "full name"),
        (PASSWORD, (*ADD[:4], "Na\nda", *ADD[5:]), "printable"),
        (PASSWORD, (*ADD[:-1], " "), "who changes the staff"),
        (PASSWORD, ("staff", "password", "nobody", "--by", "Vodja"), "nobody"),
        ("short", ("staff", "password", "nobody", "--by", "Vodja"), "characters"),
        ("", ("staff", "remove", "nobody", "--by", "Vodja"), "nobody"),
    ],
)
def test_what_cannot_be_is_told(
    database: Path, password: str, arguments: tuple[str, ...], complaint: str
) -> None:
    with serving(database, FRIDAY) as process:
        code, _, complained = typed(process, password, *arguments)
    assert code == 1
    assert complaint in complained


def test_a_name_is_one_persons(database: Path) -> None:
    with serving(database, FRIDAY) as process:
        assert typed(process, PASSWORD, *ADD)[0] == 0
        code, _, complained = typed(process, PASSWORD, *ADD)
    assert (code, "already" in complained) == (1, True)
