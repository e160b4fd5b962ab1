"""Every alarm is described: in the log, at `/health/ready`, above the list of *Today*."""

import ast
import re
from collections.abc import Iterator

from tests.docs.pages import ROOT, text_of

OPERATIONS = text_of("docs/operations.md")
PLACE = "…"


def alarms_logged() -> Iterator[str]:
    """What the broker logs as an alarm, with `…` where a value stands."""
    for path in sorted((ROOT / "broker").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and str(node.value).startswith("ALARM: "):
                yield re.sub(r"%[a-z]", PLACE, str(node.value))


def signs() -> list[str]:
    """The signs in the table of the handbook."""
    return re.findall(r"`(ALARM: [^`]+)`", OPERATIONS)


def test_every_alarm_that_is_logged_is_described_and_no_other() -> None:
    logged = set(alarms_logged())
    assert len(logged) > 5
    assert set(signs()) == logged


def test_every_part_of_the_answer_to_ready_is_described() -> None:
    source = (ROOT / "broker/web/published.py").read_text("utf-8")
    ready = source.partition("async def ready")[2]
    keys = re.findall(r'^            "(\w+)":', ready, re.MULTILINE)
    assert {"ready", "sweep", "parked"} <= set(keys)
    assert [key for key in keys if f"`{key}`" not in OPERATIONS] == []


def test_every_alarm_of_today_is_described() -> None:
    described = {
        "today.stopped_title": "the sweep that stands",
        "today.parked_title": "deadlines put aside",
        "today.mails_title": "mails not sent",
        "today.overdue": "decisions overdue",
        "today.missing_title": "notices missing",
        "channels.alarm": "channels that want a person",
    }
    template = (ROOT / "broker/dashboard/templates/today.html").read_text("utf-8")
    alarms = re.findall(r'class="alarm"[^{]*{{ \w+\("([\w.]+)"', template)
    assert set(alarms) == set(described)
    assert [words for words in described.values() if words not in OPERATIONS] == []
