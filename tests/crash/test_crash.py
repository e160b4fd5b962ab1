"""Crashes: a small seeded portion of what `scripts/crash` runs by the thousand."""

from pathlib import Path

import pytest

from broker.scenarios.stage import make_template
from tests.crash.harness import random_round, suitable, write_points

ROUNDS = 8


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample register in a file to copy from."""
    return make_template(tmp_path_factory.mktemp("crash") / "template.sqlite")


def test_scenarios_come_out_alike_though_the_service_is_killed(template: Path) -> None:
    rounds = [random_round(suitable(), template, seed) for seed in range(ROUNDS)]
    assert [(one.scenario.path, one.failures) for one in rounds if one.failures] == []
    assert sum(one.kills for one in rounds) >= ROUNDS


def test_every_write_of_a_switch_may_be_the_last(template: Path) -> None:
    (scenario,) = [one for one in suitable() if one.path.name == "review-accepted.toml"]
    rounds = list(write_points([scenario], template))
    assert [(kind, one.failures) for kind, one in rounds if one.failures] == []
    assert all(one.kills == 1 for _, one in rounds)
    assert len(rounds) > 20
