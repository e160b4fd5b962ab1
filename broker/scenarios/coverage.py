"""Which rule is kept where, and which scenarios show it: the page docs/rules-coverage.md.

Made from the digest of the rules, the docstrings of the code and the files of the scenarios;
whoever changes one of them writes the page anew.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from broker.scenarios.files import ROOT, SCENARIOS, Scenario, read_scenario, scenario_paths

PAGE = ROOT / "docs" / "rules-coverage.md"
RULES = ROOT / "docs" / "rules.md"
COUNTING_TIME = "counting time"

_PACKAGES = ("broker/engine", "broker/messages", "broker/usecases", "broker/wire")
_PARTS_IN_SCOPE = {
    "A": tuple(range(1, 39)),
    "B": tuple(range(1, 12)),
    "C": (1, 2, 3, 4, 5, 6),
    "D": (1, 2, 3, 4),
    "H": (1, 2),
    "interpretation ": tuple(range(1, 16)),
}
IN_SCOPE = (
    *(f"{part}{number}" for part, numbers in _PARTS_IN_SCOPE.items() for number in numbers),
    COUNTING_TIME,
)
"""Rules that must be shown by a scenario, each as far as it reaches; the others come later."""

_RULE_LINE = re.compile(r"^- ([A-I]\d{1,2}) (.*)$", re.MULTILINE)
_SECOND_ON_LINE = re.compile(r", ([A-I]\d{1,2}) (.*)$")
_INTERPRETATION_LINE = re.compile(r"^(\d{1,2})\. (.*)$", re.MULTILINE)
_NUMBER = re.compile(r"\b[A-I]\d{1,2}\b")
_INTERPRETATIONS = re.compile(r"interpretations? (\d+(?:(?:, and |, | and )\d+)*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Something in the code that cites rules: a function, a type or a row of a legal period."""

    path: str
    name: str
    rules: frozenset[str]


def rules_of_the_digest() -> dict[str, str]:
    """Every rule by its number, with its first sentence, in the order of the digest."""
    text = RULES.read_text(encoding="utf-8")
    rules: dict[str, str] = {}
    for number, words in _RULE_LINE.findall(text):
        rules[number] = _first_sentence(words)
        second = _SECOND_ON_LINE.search(words.partition(";")[0])
        if second is not None:
            rules[second[1]] = _first_sentence(second[2])
    rules[COUNTING_TIME] = "The clock of the law is Europe/Ljubljana; how days and hours count."
    interpretations = text.partition("## Interpretations")[2]
    for number, words in _INTERPRETATION_LINE.findall(interpretations):
        rules[f"interpretation {number}"] = _first_sentence(words.replace("*", ""))
    return rules


def places() -> tuple[Place, ...]:
    """Everything in the code that speaks of rules and cites one."""
    found: list[Place] = []
    for package in _PACKAGES:
        for path in sorted((ROOT / package).glob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found += _places_in(path.relative_to(ROOT).as_posix(), tree)
    return tuple(found)


def _places_in(path: str, tree: ast.Module) -> Iterator[Place]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            cited = rules_in(ast.get_docstring(node) or "")
            name = "module" if isinstance(node, ast.Module) else node.name
            if cited:
                yield Place(path=path, name=name, rules=cited)
        elif isinstance(node, ast.Call):
            given = {one.arg: one.value for one in node.keywords}
            rule, kind = given.get("rule"), given.get("name") or given.get("kind")
            if isinstance(rule, ast.Constant) and isinstance(kind, ast.Attribute):
                yield Place(path=path, name=ast.unparse(kind), rules=rules_in(str(rule.value)))


def rules_in(text: str) -> frozenset[str]:
    """The rules that a text cites."""
    words = " ".join(text.split())
    found = set(_NUMBER.findall(words))
    for numbers in _INTERPRETATIONS.findall(words):
        found |= {f"interpretation {number}" for number in re.findall(r"\d+", numbers)}
    if COUNTING_TIME in words.lower():
        found.add(COUNTING_TIME)
    return frozenset(found)


def all_scenarios() -> tuple[Scenario, ...]:
    """Every scenario of the repository. Raises FaultyScenario."""
    return tuple(read_scenario(path) for path in scenario_paths([SCENARIOS]))


def page() -> str:
    """The page as it must be. Raises FaultyScenario."""
    rules, cited, scenarios = rules_of_the_digest(), places(), all_scenarios()
    lines = [
        "# Rules, code and scenarios",
        "",
        "Made by `python -m broker coverage` from [rules.md](rules.md), the code and",
        "`fixtures/scenarios`; not written by hand. A rule in scope has at least one scenario.",
        "",
    ]
    for rule, words in rules.items():
        if rule in IN_SCOPE:
            lines += [f"## {rule[0].upper()}{rule[1:]}", "", words, ""]
            lines += [*_code_lines(rule, cited), *_scenario_lines(rule, scenarios), ""]
    lines += ["## Later", "", "Not in scope yet, or only in passing:", ""]
    for rule, words in rules.items():
        if rule not in IN_SCOPE:
            shown = sum(rule in scenario.rules for scenario in scenarios)
            passing = f" ({shown} scenarios in passing)" if shown else ""
            lines.append(f"- {rule}{passing}: {words}")
    return "\n".join(lines) + "\n"


def _code_lines(rule: str, cited: tuple[Place, ...]) -> list[str]:
    by_path: dict[str, list[str]] = {}
    for place in cited:
        if rule in place.rules:
            by_path.setdefault(place.path, []).append(f"`{place.name}`")
    return [
        f"- [{path}](../{path}): {', '.join(dict.fromkeys(names))}"
        for path, names in by_path.items()
    ]


def _scenario_lines(rule: str, scenarios: tuple[Scenario, ...]) -> list[str]:
    return [
        f"- Scenario: [{scenario.title}](../{scenario.path.relative_to(ROOT).as_posix()})"
        for scenario in scenarios
        if rule in scenario.rules
    ]


def _first_sentence(words: str) -> str:
    """The first sentence, without the articles in brackets that stand before it."""
    plain = words.replace("*", "")
    depth = 0
    for at, sign in enumerate(plain):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and sign not in "(),":
            plain = plain[at:].lstrip()
            break
    return re.split(r"(?<=[a-z0-9)])\. ", plain, maxsplit=1)[0].rstrip(".") + "."


def write_page(path: Path, *, only_check: bool) -> bool:
    """Write the page, or only say whether it stands as it must. Raises FaultyScenario."""
    wanted = page()
    if only_check:
        return path.is_file() and path.read_text(encoding="utf-8") == wanted
    path.write_text(wanted, encoding="utf-8")
    return True
