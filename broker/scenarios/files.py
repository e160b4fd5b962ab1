"""Scenario files: what they may say, and a clear word where one says something else.

A file has a title, the rules it shows, settings of the operator where they matter, values that the
register has for the operator in place of the sample's, and steps in order of time. A step has a
local time and at most one action; one without action lets the clock move on. What a step does not
say it expects, it does not check, except for two things: the answer (200 without findings) and the
notices: every document that a step brings into any mailbox must be listed.
"""

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Literal

import msgspec

from broker.config import RuleSettings, UnableToReadConfig, config_of
from broker.engine.calendar import LJUBLJANA, end_of
from broker.usecases.operator_verbs import Verb

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "fixtures" / "scenarios"
MESSAGES = ROOT / "fixtures" / "messages"
REGISTER = ROOT / "fixtures" / "register"

LOCAL_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}(?::\d{2})?)")
RULE = re.compile(r"[A-I]\d{1,2}|interpretation \d{1,2}|counting time")
ACTIONS = (
    "post",
    "raw",
    "bytes",
    "again",
    "decide",
    "look",
    "acknowledge",
    "read_again",
    "service",
)


class FaultyScenario(Exception):
    """The file says what no scenario may say; the text names file and step."""


class Step(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One step: when, what is done, what is expected. All but `at` may be left out.

    Actions: `post` a message made from a base under fixtures/messages, `raw` text or `bytes` in
    hexadecimal, `again` what the step with that name posted, `decide` as the operator, `look` at a
    case as a party, `acknowledge` or `read_again` a party's mailbox, `service` down, up, restarted
    or killed.
    """

    at: str
    note: str = ""
    name: str | None = None
    case: str | None = None
    """The case that the step is about; a request opens it, and anything later names it."""
    opens: str | None = None
    """The name of the case that the correction of `case` opens."""

    post: str | None = None
    raw: str | None = None
    bytes: str | None = None
    again: str | None = None
    decide: Verb | None = None
    look: str | None = None
    acknowledge: str | None = None
    read_again: str | None = None
    service: Literal["down", "up", "restart", "killed"] | None = None

    sender: str | None = None
    """The party that sends it; in a message, in place of the sender of the base."""
    point: int | None = None
    """The message is about this point of the sample register, with its customer and meter."""
    set: dict[str, str] = {}
    """Fields changed, by path below the root. An element that is missing is put last, with
    `Name+Share` right after Name; an attribute is `Attachment/@mediaType`.
    """
    remove: list[str] = []
    shares: dict[str, str] = {}
    """The suppliers that a SharedSupplyRequest names, each with its share, in place of the base's.
    """
    id: str | None = None
    media_type: str = "application/xml"
    times: int = 1
    """Sent so many times at once, each with an identification of its own."""
    copies: int = 1
    """The same bytes sent so many times at once."""
    unswept: bool = False
    """Nothing swept what fell due before: the step itself must see to that."""

    person: str = "Nada Zgled"
    why: str = "checked with the customer"
    reasons: list[str] = []
    objector: str | None = None
    """Whose objection the operator upholds."""
    text: str | None = None
    day: str | None = None

    settings: dict[str, Any] = {}

    status: int = 200
    codes: list[str] = []
    same_answer: bool = False
    """The answer is byte for byte the one that the step named by `again` got."""
    deadlines: dict[str, str] | None = None
    """All deadlines of the answer: kind and when the broker acts."""
    state: str | None = None
    doubts: list[str] | None = None
    """What the operator is asked about the case, as kinds."""
    task: dict[str, str] | None = None
    """Fields of the operator's task about the case; an empty table: there is none."""
    view: dict[str, str] = {}
    """Fields of the case as the applicant sees it, or the party that looks."""
    notices: list[dict[str, str]] = []
    """Every new document: `to`, `kind`, perhaps `at`, and fields by path; `times` for several."""

    @property
    def action(self) -> str | None:
        """What is done, None where only time passes."""
        return next((name for name in ACTIONS if getattr(self, name) is not None), None)

    @property
    def instant(self) -> datetime:
        """When it happens, UTC."""
        return instant_of(self.at)


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    title: str
    rules: list[str]
    note: str = ""
    settings: dict[str, Any] = {}
    operator: dict[str, str] = {}
    start: str | None = None
    step: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario as its file has it, checked."""

    path: Path
    title: str
    rules: tuple[str, ...]
    note: str
    settings: RuleSettings
    operator: dict[str, str]
    start: datetime
    steps: tuple[Step, ...]

    def step_name(self, number: int) -> str:
        """How a step is named to a person: file, number, time."""
        return f"{self.path}: step {number} ({self.steps[number - 1].at})"


def scenario_paths(paths: list[Path]) -> list[Path]:
    """The scenario files among files and folders, in order. Raises FaultyScenario for none."""
    found: list[Path] = []
    for path in paths:
        here = sorted(path.rglob("*.toml")) if path.is_dir() else [path]
        if not here:
            raise FaultyScenario(f"{path}: there is no scenario")
        found += here
    return found


def read_scenario(path: Path) -> Scenario:
    """The scenario in this file. Raises FaultyScenario."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        file = msgspec.convert(values, _File)
    except (OSError, ValueError) as error:
        raise FaultyScenario(f"{path}: {error}") from error
    for rule in file.rules:
        if not RULE.fullmatch(rule):
            raise FaultyScenario(f"{path}: {rule!r} is no rule; write A12 or interpretation 3")
    if not file.rules or not file.step:
        raise FaultyScenario(f"{path}: a scenario names the rules it shows and has steps")
    steps = tuple(_step(path, number, one) for number, one in enumerate(file.step, start=1))
    return Scenario(
        path=path,
        title=file.title,
        rules=tuple(file.rules),
        note=file.note,
        settings=settings_of(file.settings, str(path)),
        operator=file.operator,
        start=instant_of(file.start) if file.start else steps[0].instant,
        steps=steps,
    )


def _step(path: Path, number: int, values: dict[str, Any]) -> Step:
    where = f"{path}: step {number} ({values.get('at', 'no time')})"
    try:
        step = msgspec.convert(values, Step)
        _ = step.instant, bytes.fromhex(step.bytes or "")
        for notice in step.notices:
            if not {"to", "kind"} <= set(notice):
                raise ValueError(f"a notice names `to` and `kind`: {notice}")
    except ValueError as error:
        raise FaultyScenario(f"{where}: {error}") from error
    if sum(getattr(step, name) is not None for name in ACTIONS) > 1:
        raise FaultyScenario(f"{where}: a step has at most one of {', '.join(ACTIONS)}")
    return step


def settings_of(values: dict[str, Any], source: str) -> RuleSettings:
    """Settings of the operator as its own settings file has them. Raises FaultyScenario."""
    try:
        return config_of({"rules": values}, source).rules
    except UnableToReadConfig as error:
        raise FaultyScenario(str(error)) from error


def instant_of(text: str) -> datetime:
    """`2026-04-24 10:15` by the clock of the law, 24:00 for the end of a day, or with an offset.

    Raises ValueError.
    """
    local = LOCAL_TIME.fullmatch(text)
    if local is None:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError(f"{text!r} is no local time such as 2026-04-24 10:15")
        return instant.astimezone(UTC)
    day, hour = date.fromisoformat(local[1]), local[2]
    if hour == "24:00":
        return end_of(day)
    return datetime.combine(day, time.fromisoformat(hour), LJUBLJANA).astimezone(UTC)
