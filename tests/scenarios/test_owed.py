"""A notice that `decide` forgets is found missing, whichever kind it is, and can be made.

Method: for each kind one scenario that owes it, played with a `decide` that leaves it out. That no
notice is missing where nothing is forgotten, each scenario is looked at for by itself.
"""

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broker.config import Config
from broker.engine import decide as engine
from broker.engine.decision import Decision, Refused
from broker.engine.owed import OWED
from broker.ids import Ids
from broker.messages.codes import DocumentKind
from broker.scenarios.files import SCENARIOS, Scenario, read_scenario, scenario_paths
from broker.scenarios.run import run_scenario
from broker.store import register
from broker.store.connection import open_for_writing
from broker.usecases import handle_event
from broker.usecases.handle_event import Desk
from broker.usecases.owed_notices import find_missing, make_again
from broker.wire.write_notice import kind_of_notice

KINDS = sorted({kind for _, kind, _, _ in OWED}, key=lambda kind: kind.value)
LATER = datetime(2099, 1, 1, tzinfo=UTC)


def first_that_owes(kind: DocumentKind) -> Scenario:
    """The shortest scenario that expects a document of this kind."""
    named = f'kind = "{kind.value}"'
    texts = {path: path.read_text(encoding="utf-8") for path in scenario_paths([SCENARIOS])}
    return read_scenario(min((p for p in texts if named in texts[p]), key=lambda p: len(texts[p])))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
async def test_a_forgotten_kind_is_found_and_made(
    kind: DocumentKind, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = first_that_owes(kind)

    def forgetful(state: Any, event: Any, **circumstances: Any) -> Decision | Refused:
        outcome = engine.decide(state, event, **circumstances)
        if isinstance(outcome, Refused):
            return outcome
        left = tuple(one for one in outcome.notices if kind_of_notice(one) is not kind)
        return replace(outcome, notices=left)

    monkeypatch.setattr(handle_event, "decide", forgetful)
    report = await run_scenario(scenario, template=template, folder=tmp_path)
    assert f": {kind.value}" in " ".join(one for one in report.failures if "missing by" in one)
    assert await asyncio.to_thread(made, tmp_path / "scenario.sqlite", scenario) == {kind}


def made(database: Path, scenario: Scenario) -> set[DocumentKind]:
    """The kinds of what was missing, all of it made; each is valid against the schema."""
    with closing(open_for_writing(database)) as connection:
        desk = Desk(
            rules=Config(rules=scenario.settings).rulebook(),
            ids=Ids(lambda: LATER),
            operator=register.operator(connection).eic,
        )
        missing = find_missing(connection)
        for one in missing:
            number = make_again(
                connection, one, now=LATER, by="Nada Zgled", why="forgotten", desk=desk
            )
            assert number is not None
            again = make_again(
                connection, one, now=LATER, by="Nada Zgled", why="forgotten", desk=desk
            )
            assert again is None or missing.count(one) > 1
        assert find_missing(connection) == ()
    return {one.kind for one in missing}
