"""Every rule in scope is shown by a scenario, and the page that says so is right."""

import pytest

from broker.engine.examination import OF_MASTER_DATA, OF_READING, OF_READING_C1, OF_REQUEST
from broker.engine.handle_register_change import OF_REGISTER_CHANGE
from broker.scenarios import coverage
from broker.scenarios.files import Scenario

RULES = coverage.rules_of_the_digest()
SCENARIOS = coverage.all_scenarios()


PLACES = coverage.places()
REFUSALS_GIVEN = {"RejectionNotice", "SwitchFailed", "ReadingRejection"}
REFUSING = sorted(
    {
        rule
        for function in (
            *OF_REQUEST,
            *OF_READING,
            *OF_READING_C1,
            *OF_MASTER_DATA,
            *OF_REGISTER_CHANGE,
        )
        for rule in coverage.rules_in((function.__doc__ or "").partition("Source:")[2])
        if rule[0] in "ACD" and rule in coverage.IN_SCOPE
    }
)
"""Rules of parts A, C and D that a rule function of the engine names as its source."""


def refuses(scenario: Scenario) -> bool:
    """Whether something is refused in it: an answer with codes, or a notice of a refusal."""
    return any(
        step.codes or REFUSALS_GIVEN & {notice["kind"] for notice in step.notices}
        for step in scenario.steps
    )


@pytest.mark.parametrize("rule", coverage.IN_SCOPE)
def test_a_rule_in_scope_has_a_scenario_and_a_place_in_the_code(rule: str) -> None:
    assert rule in RULES
    assert any(rule in scenario.rules for scenario in SCENARIOS)
    assert any(rule in place.rules for place in PLACES)


@pytest.mark.parametrize("part", ["A", "C", "D"])
def test_every_rule_of_the_switch_the_readings_and_the_register_is_in_scope(part: str) -> None:
    digest = {rule for rule in RULES if rule.startswith(part) and rule[1:].isdigit()}
    assert digest
    assert digest <= set(coverage.IN_SCOPE)


@pytest.mark.parametrize("rule", REFUSING)
def test_a_rule_that_can_refuse_is_shown_refusing(rule: str) -> None:
    assert any(rule in scenario.rules and refuses(scenario) for scenario in SCENARIOS)


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
