"""Every rule in scope is shown by a scenario, and the page that says so is right."""

import pytest

from broker.scenarios import coverage

RULES = coverage.rules_of_the_digest()
SCENARIOS = coverage.all_scenarios()


PLACES = coverage.places()


@pytest.mark.parametrize("rule", coverage.IN_SCOPE)
def test_a_rule_in_scope_has_a_scenario_and_a_place_in_the_code(rule: str) -> None:
    assert rule in RULES
    assert any(rule in scenario.rules for scenario in SCENARIOS)
    assert any(rule in place.rules for place in PLACES)


def test_a_rule_that_a_scenario_shows_is_in_scope() -> None:
    shown = {rule for scenario in SCENARIOS for rule in scenario.rules}
    assert shown - set(coverage.IN_SCOPE) == set()


def test_a_scenario_names_rules_that_exist() -> None:
    named = {rule for scenario in SCENARIOS for rule in scenario.rules}
    assert named - set(RULES) == set()


def test_titles_of_scenarios_differ() -> None:
    titles = [scenario.title for scenario in SCENARIOS]
    assert sorted(titles) == sorted(set(titles))


def test_the_page_is_as_written_anew() -> None:
    right = coverage.write_page(coverage.PAGE, only_check=True)
    assert right, "stale: run `python -m broker coverage`"


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("Source: A12, A16 (002 a.195(4)).", {"A12", "A16"}),
        ("interpretations 1 and 3", {"interpretation 1", "interpretation 3"}),
        ("as of C5 and\n    interpretation 14", {"C5", "interpretation 14"}),
        ("Source: Counting time, A29", {"counting time", "A29"}),
        ("nothing of the kind", set()),
    ],
)
def test_rules_cited_in_a_text_are_found(text: str, rules: set[str]) -> None:
    assert coverage.rules_in(text) == rules
