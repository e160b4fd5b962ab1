"""Each check finds what it is for, shown on a bad snippet, and leaves the good one beside it."""

from textwrap import dedent

import pytest

from tests.tidy import code_checks, text_checks
from tests.tidy.sources import Source

DOCUMENTED = '"""What this module is for."""\n'


def source(text: str, path: str = "broker/engine/decide.py") -> Source:
    return Source(path=path, text=dedent(text))


@pytest.mark.parametrize(
    ("decorator", "findings"),
    [
        ("@dataclass", 1),
        ("@dataclass(slots=True)", 1),
        ("@dataclasses.dataclass(frozen=False)", 1),
        ("@dataclass(frozen=True, slots=True)", 0),
        ("@dataclasses.dataclass(frozen=True)", 0),
        ("@final", 0),
    ],
)
def test_a_dataclass_that_can_be_changed_is_found(decorator: str, findings: int) -> None:
    text = f"{decorator}\nclass State:\n    at: int\n"
    assert len(code_checks.unfrozen_dataclasses(source(text))) == findings
    assert code_checks.unfrozen_dataclasses(source(text, "broker/web/door.py")) == []


def test_a_long_function_is_found() -> None:
    body = "    x = 1\n" * (code_checks.FUNCTION_LINES_MAX - 1)
    assert code_checks.oversize(source(f"def f():\n{body}")) == []
    assert len(code_checks.oversize(source(f"def f():\n{body}    x = 2\n"))) == 1
    indented = f"class C:\n    async def f(self):\n{body.replace('    x', '        x')}"
    assert len(code_checks.oversize(source(f"{indented}        x = 2\n"))) == 1


def test_a_long_module_is_found() -> None:
    text = "x = 1\n" * code_checks.MODULE_LINES_MAX
    assert code_checks.oversize(source(text)) == []
    assert len(code_checks.oversize(source(f"{text}x = 2\n"))) == 1


@pytest.mark.parametrize(
    ("arguments", "findings"),
    [
        ("a, b, c, d, e", 0),
        ("a, b, c, d, e, f", 1),
        ("a, b, /, c, d, e, f", 1),
        ("self, a, b, c, d, e", 0),
        ("a, b, c, d, e, *, f, g", 0),
    ],
)
def test_too_many_positional_arguments_are_found(arguments: str, findings: int) -> None:
    found = code_checks.too_many_positional_arguments(source(f"def f({arguments}): ..."))
    assert len(found) == findings


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("", 1),
        (f"import os\n{DOCUMENTED}", 1),
        (DOCUMENTED, 0),
        (f"{DOCUMENTED}def decide(): ...", 1),
        (f"{DOCUMENTED}def _step(): ...", 0),
        (f"{DOCUMENTED}class Case:\n    def close(self): ...", 2),
        (f"{DOCUMENTED}class _Case:\n    def close(self): ...", 0),
        (f'{DOCUMENTED}class Case:\n    """One."""\n    def __init__(self): ...', 0),
        (f'{DOCUMENTED}class Case:\n    """One."""\n    @override\n    def close(self): ...', 0),
    ],
)
def test_a_missing_docstring_is_found(text: str, findings: int) -> None:
    assert len(code_checks.missing_docstrings(source(text))) == findings


@pytest.mark.parametrize(
    ("path", "findings"),
    [
        ("broker/utils.py", 1),
        ("broker/wire/_helpers.py", 1),
        ("broker/common/names.py", 1),
        ("broker/store/case_manager.py", 1),
        ("broker/store/database.py", 0),
        ("broker/__main__.py", 0),
    ],
)
def test_a_vague_name_is_found(path: str, findings: int) -> None:
    assert len(code_checks.vague_names(source("", path))) == findings


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("timedelta(days=5)", 1),
        ("datetime.timedelta(weeks=2)", 1),
        ("timedelta(5)", 1),
        ("timedelta(hours=24)", 0),
    ],
)
def test_a_length_in_days_is_found(text: str, findings: int) -> None:
    assert len(code_checks.periods_in_code(source(text))) == findings
    assert code_checks.periods_in_code(source(text, "broker/engine/calendar.py")) == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM inbox",
        "\n        SELECT id\n        FROM inbox",
        "-- the oldest first --\nSELECT id FROM inbox",
        "select id from inbox",
        "INSERT OR IGNORE INTO inbox VALUES (?)",
        "UPDATE cases SET state = ?",
        "DELETE FROM outbox",
        "CREATE UNIQUE INDEX one ON cases (point)",
        "WITH due AS (SELECT 1) SELECT * FROM due",
        "BEGIN IMMEDIATE",
        "COMMIT",
        "PRAGMA journal_mode=WAL",
        "SAVEPOINT event",
    ],
)
def test_sql_outside_the_store_is_found(statement: str) -> None:
    text = f"run({statement!r})"
    assert len(code_checks.sql_outside_store(source(text))) == 1
    assert code_checks.sql_outside_store(source(text, "broker/store/inbox.py")) == []


@pytest.mark.parametrize(
    "text",
    [
        'method = "DELETE"',
        'say("Delete from the mailbox what was read")',
        'say("Update the register")',
        'say("BEGINNING of supply")',
        'say("Selected from the list")',
        '"""Select the supplier from the register."""',
        'def f():\n    """CREATE TABLE is what migrations do."""',
    ],
)
def test_a_sentence_is_no_sql(text: str) -> None:
    assert code_checks.sql_outside_store(source(text)) == []


def test_sql_in_a_formatted_string_is_found() -> None:
    assert len(code_checks.sql_outside_store(source('f"SELECT {column} FROM cases"'))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import broker.engine.decide",
        "from broker.engine import decide",
        "from broker import engine",
        "def f():\n    from broker.wire.schema import validate",
    ],
)
def test_an_import_beyond_a_modules_task_is_found(text: str) -> None:
    assert len(code_checks.forbidden_imports(source(text, "broker/store/writer.py"))) == 1
    assert code_checks.forbidden_imports(source(text, "broker/usecases/receive_message.py")) == []


@pytest.mark.parametrize(
    ("docstring", "findings"),
    [
        ("The point is connected.\n\n    Source: A1 (002 a.190(1)).", 0),
        ("The point is connected.\n\n    Source: A1, interpretation 7\n    (002 a.190(1)).", 0),
        ("The point is connected.", 1),
        ("The point is connected.\n\n    Source: A1", 1),
        ("The point is connected.\n\n    Source: 002 a.190(1)", 1),
        ("The point is connected.\n\n    Source: A1\n\n    002 a.190(1)", 1),
        ("The point is connected.\n\n    Source: A99 (002 a.190(1)).", 1),
    ],
)
def test_a_rule_without_source_is_found(docstring: str, findings: int) -> None:
    text = f'def the_point_is_connected(check) -> Refusal | None:\n    """{docstring}"""\n'
    known = frozenset({"A1"})
    rules = source(text, "broker/engine/rules_parties.py")
    assert len(code_checks.rules_without_source(rules, known)) == findings
    assert code_checks.rules_without_source(source(text), known) == []


@pytest.mark.parametrize(
    "signature",
    [
        "_same(a, b) -> Refusal | None",
        "direction_of(code) -> Direction | None",
        "run(rules, check) -> tuple[Refusal | Doubt, ...]",
    ],
)
def test_what_is_no_rule_needs_no_source(signature: str) -> None:
    text = source(f"def {signature}: ...", "broker/engine/rules_parties.py")
    assert code_checks.rules_without_source(text, frozenset()) == []


# Bad words are put together here, so that this file does not hold them.
@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "X" * 3])
def test_a_leftover_is_found(word: str) -> None:
    assert len(text_checks.leftovers("a.py", f"x = 1\n# {word}: later")) == 1
    assert text_checks.leftovers("a.py", f"{word}S") == []


@pytest.mark.parametrize(
    "parts",
    [
        ("", "work", "main"),
        ("", "root", ".cache"),
        ("", "home", "ana", "broker"),
        ("~", ".py" + "env", "shims"),
        ("", "opt", "wh" + "eels"),
        ("https:", "", "pypi" + ".org", "simple"),
        ("https:", "", "files.pythonhosted" + ".org"),
        ("https:", "", "registry.npmjs" + ".org"),
    ],
)
def test_a_path_of_a_machine_or_a_registry_host_is_found(parts: tuple[str, ...]) -> None:
    assert len(text_checks.machine_traces("a.md", f"see `{'/'.join(parts)}`")) == 1


@pytest.mark.parametrize(
    "text", ["docs/" + "work/plan", "the work/life of a homeowner", "/schemas/1", "/cases/{id}"]
)
def test_other_paths_are_none(text: str) -> None:
    assert text_checks.machine_traces("a.md", text) == []


@pytest.mark.parametrize(
    "words",
    [
        ("Cla", "ude"),
        ("Copi", "lot"),
        ("a large language ", "model"),
        ("AI", "-generated"),
        ("the age", "nt wrote"),
        ("left for the next ", "session"),
    ],
)
def test_a_word_about_the_making_is_found(words: tuple[str, ...]) -> None:
    assert len(text_checks.foreign_words("a.md", "".join(words))) == 1


@pytest.mark.parametrize(
    "text", ["listAgencyIdentifier", "User-Agent: curl", "aiohttp.ClientSession", "a login session"]
)
def test_words_of_the_trade_are_left(text: str) -> None:
    assert text_checks.foreign_words("a.md", text) == []
