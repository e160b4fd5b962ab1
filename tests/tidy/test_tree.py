"""The tree as it stands passes every check."""

import os
import re
import statistics
from collections.abc import Callable

import pytest

from tests.tidy import code_checks, text_checks
from tests.tidy.sources import ROOT, Source, broker_modules, tracked_paths, tracked_texts

EACH_MODULE = [
    code_checks.unfrozen_dataclasses,
    code_checks.oversize,
    code_checks.too_many_positional_arguments,
    code_checks.missing_docstrings,
    code_checks.vague_names,
    code_checks.periods_in_code,
    code_checks.sql_outside_store,
    code_checks.forbidden_imports,
]
EACH_TEXT = [
    text_checks.leftovers,
    text_checks.machine_traces,
    text_checks.foreign_words,
]


@pytest.mark.parametrize("check", EACH_MODULE, ids=lambda check: check.__name__)
def test_no_module_has(check: Callable[[Source], list[str]]) -> None:
    assert [finding for source in broker_modules() for finding in check(source)] == []


@pytest.mark.parametrize("check", EACH_TEXT, ids=lambda check: check.__name__)
def test_no_tracked_file_has(check: Callable[[str, str], list[str]]) -> None:
    assert [finding for path, text in tracked_texts() for finding in check(path, text)] == []


def test_the_median_function_is_short() -> None:
    lengths = [
        code_checks.length(function)
        for source in broker_modules()
        for function in code_checks.functions(source.tree)
    ]
    if not lengths:
        pytest.skip("no function yet")
    assert statistics.median(lengths) <= code_checks.FUNCTION_LINES_MEDIAN_MAX


def test_every_rule_names_its_source() -> None:
    known = known_rules()
    assert [
        finding
        for source in broker_modules()
        for finding in code_checks.rules_without_source(source, known)
    ] == []


def test_sql_files_lie_in_the_store() -> None:
    sql = [path for path in tracked_paths() if path.endswith(".sql")]
    assert [path for path in sql if path.startswith("broker/") and "/store/" not in path] == []


def test_scripts_can_be_run() -> None:
    scripts = [p for p in tracked_paths() if p.startswith("scripts/") and "." not in p]
    assert [path for path in [*scripts, ".ci/run"] if not os.access(ROOT / path, os.X_OK)] == []


def test_rules_are_read_from_the_digest() -> None:
    assert {"A1", "A38", "B11", "C5", "G2", "I2"} <= known_rules()
    assert "E14" not in known_rules()  # a code of the code list, not a rule


def known_rules() -> frozenset[str]:
    """The numbers that begin a line of docs/rules.md; one line holds two (G1 and G2)."""
    digest = (ROOT / "docs" / "rules.md").read_text("utf-8")
    first = re.findall(r"^- ([A-I]\d{1,2}) ", digest, re.MULTILINE)
    second = re.findall(r"^- [A-I]\d{1,2} [\w ]+, ([A-I]\d{1,2}) ", digest, re.MULTILINE)
    return frozenset(first + second)
