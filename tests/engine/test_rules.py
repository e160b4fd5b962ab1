"""Every rule finds what breaks it and lets pass what keeps it; the tables of cases say what."""

from collections.abc import Callable
from typing import Any

import pytest

from broker.engine import rules_contract, rules_division, rules_parties, rules_reading
from broker.engine.code_list import CODE_LIST, Use
from broker.engine.examination import (
    OF_READING,
    OF_READING_C1,
    OF_REQUEST,
    examine_reading,
    examine_request,
)
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import Doubt, DoubtKind
from tests.engine.cases_of_reading_rules import GOOD_READINGS, OF_READING_RULES
from tests.engine.cases_of_request_rules import GOOD_REQUESTS, OF_REQUEST_RULES, RuleCase

CASES = OF_REQUEST_RULES + OF_READING_RULES
RULES: tuple[Callable[[Any], Any], ...] = (*OF_REQUEST, *OF_READING, *OF_READING_C1)


def found(outcome: Any) -> tuple[Refusal | Doubt, ...]:
    """What a rule returned, as a tuple."""
    if outcome is None:
        return ()
    return outcome if isinstance(outcome, tuple) else (outcome,)


def names(findings: tuple[Refusal | Doubt, ...]) -> tuple[Reason | DoubtKind, ...]:
    """Reasons and kinds of doubt, in order."""
    return tuple(f.reason if isinstance(f, Refusal) else f.kind for f in findings)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_rule_finds(case: RuleCase) -> None:
    assert names(found(case.rule(case.check))) == case.finds


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_examination_reports_what_the_rule_finds(case: RuleCase) -> None:
    rules_of_c1 = case.rule in OF_READING_C1
    examine = examine_request if case.rule in OF_REQUEST else examine_reading
    refusals, doubts = examine(case.check)
    if not rules_of_c1 or not set(names(refusals)) - {Reason.READING_BEYOND_PLAUSIBILITY}:
        assert set(case.finds) <= set(names((*refusals, *doubts)))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_has_a_case_it_refuses_and_one_it_passes(rule: Callable[[Any], Any]) -> None:
    of_rule = [case for case in CASES if case.rule is rule]
    assert [case for case in of_rule if case.finds], "no case that breaks the rule"
    good = GOOD_REQUESTS if rule in OF_REQUEST else GOOD_READINGS
    for check in good:
        assert found(rule(check())) == ()


def test_no_case_stands_twice() -> None:
    seen = [(case.rule, case.of, case.path, case.value) for case in CASES]
    assert [case for index, case in enumerate(seen) if case in seen[:index]] == []


def test_every_public_function_of_the_rule_modules_is_examined() -> None:
    written = {
        value
        for module in (rules_parties, rules_contract, rules_division, rules_reading)
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
        and callable(value)
        and name.startswith(
            ("a_", "the_", "there_", "every_", "each_", "no_", "nothing_", "at_", "self_")
        )
    }
    assert written == set(RULES)


@pytest.mark.parametrize("good", GOOD_REQUESTS, ids=lambda good: good.__name__)
def test_a_good_request_raises_nothing(good: Callable[[], Any]) -> None:
    assert examine_request(good()) == ((), ())


@pytest.mark.parametrize("good", GOOD_READINGS, ids=lambda good: good.__name__)
def test_a_good_reading_raises_nothing(good: Callable[[], Any]) -> None:
    assert examine_reading(good()) == ((), ())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_reasons_are_published_for_this_use(case: RuleCase) -> None:
    uses = {Use.REQUEST} if case.rule in OF_REQUEST else {Use.READING, Use.MESSAGE}
    if case.rule is rules_division.no_supplier_claims_twice:
        uses = {Use.DIVISION}
    for finding in found(case.rule(case.check)):
        if isinstance(finding, Refusal):
            assert uses <= set(CODE_LIST[finding.reason].uses)
            assert finding.text is None
