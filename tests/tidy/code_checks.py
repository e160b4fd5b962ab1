"""Checks over one module of the package; each takes a Source and returns its findings as lines.

They read the syntax tree only and import nothing of the package, so they also run on half of it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.tidy.sources import Source

FUNCTION_LINES_MAX = 60
FUNCTION_LINES_MEDIAN_MAX = 10
MODULE_LINES_MAX = 400
POSITIONAL_ARGUMENTS_MAX = 5
VAGUE_NAMES = frozenset({"base", "common", "core", "helper", "misc", "manager", "util"})
# The writer runs the work it is handed, and a timer only says that time has come.
NARROW_MODULES = {
    "broker/store/writer.py": ("broker.engine", "broker.wire"),
    "broker/timers.py": ("broker.engine",),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = Function | ast.ClassDef

# Upper or lower case throughout: "Delete from the mailbox" is a sentence, not a statement.
SQL_STATEMENT = re.compile(
    r"""\s*(--[^\n]*\n\s*)*(
      SELECT\s | INSERT\s+(OR\s+\w+\s+)?INTO\s | REPLACE\s+INTO\s | UPDATE\s+\S+\s+SET\s
    | DELETE\s+FROM\s | CREATE\s+(\w+\s+){0,2}(TABLE|INDEX|TRIGGER|VIEW)\s
    | (ALTER|DROP)\s+(TABLE|INDEX|TRIGGER|VIEW)\s | WITH\s+(RECURSIVE\s+)?\w+(\s*\([^)]*\))?\s+AS\s
    | BEGIN(\s+(IMMEDIATE|DEFERRED|EXCLUSIVE|TRANSACTION))?\s*;?\s*$ | (COMMIT|ROLLBACK)\b\s*;?\s*$
    | SAVEPOINT\s | RELEASE\s | ROLLBACK\s+TO\s | PRAGMA\s | VACUUM\b | ATTACH\s | ANALYZE\s*;?\s*$
    | select\s.*\sfrom\s | insert\s+(or\s+\w+\s+)?into\s | update\s+\S+\s+set\s | delete\s+from\s
    | create\s+(\w+\s+){0,2}(table|index|trigger|view)\s | (alter|drop)\s+(table|index)\s
    | begin\s+(immediate|deferred|exclusive) | savepoint\s+\w+$ | pragma\s+\w+
    )""",
    re.VERBOSE | re.DOTALL,
)
RULE_NUMBER = re.compile(r"\b([A-I]\d{1,2})\b")
ARTICLE = re.compile(r"\b00[0-4] a\.\d+")


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function and method, however deep."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines from `def` to the last, docstring included, decorators not."""
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def _name(expression: ast.expr) -> str:
    """The last name of a decorator or a callee: `dataclass` for `@dataclasses.dataclass(...)`."""
    if isinstance(expression, ast.Call):
        return _name(expression.func)
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def _decorated(node: Documented, *names: str) -> bool:
    return any(_name(decorator) in names for decorator in node.decorator_list)


def _in_package(source: Source, *packages: str) -> bool:
    return source.path.startswith(tuple(f"broker/{package}/" for package in packages))


def unfrozen_dataclasses(source: Source) -> list[str]:
    """Dataclasses of engine and messages that can be changed after they are made."""
    if not _in_package(source, "engine", "messages"):
        return []
    return [
        f"{source.path}:{node.lineno} dataclass {node.name} is not frozen"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if _name(decorator) == "dataclass" and not _is_frozen(decorator)
    ]


def _is_frozen(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and any(
        keyword.arg == "frozen"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is True
        for keyword in decorator.keywords
    )


def oversize(source: Source) -> list[str]:
    """Modules and functions too long to read at once."""
    lines = len(source.text.splitlines())
    found = [f"{source.path} has {lines} lines"] if lines > MODULE_LINES_MAX else []
    return found + [
        f"{source.path}:{function.lineno} {function.name} has {length(function)} lines"
        for function in functions(source.tree)
        if length(function) > FUNCTION_LINES_MAX
    ]


def too_many_positional_arguments(source: Source) -> list[str]:
    """Functions whose call cannot be read: name the arguments instead. `self` does not count."""
    found = []
    for function in functions(source.tree):
        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        count = len(names) - (names[:1] in (["self"], ["cls"]))
        if count > POSITIONAL_ARGUMENTS_MAX:
            found.append(
                f"{source.path}:{function.lineno} {function.name} takes {count} by position"
            )
    return found


def missing_docstrings(source: Source) -> list[str]:
    """The module, and its public classes, functions and methods, without a docstring."""
    found = [] if ast.get_docstring(source.tree) else [f"{source.path}:1 module has no docstring"]
    return found + [
        f"{source.path}:{node.lineno} {node.name} has no docstring"
        for node in _public(source.tree.body)
        if not ast.get_docstring(node)
    ]


def _public(body: list[ast.stmt]) -> Iterator[Documented]:
    """What a caller sees; overloads, setters and overrides are explained where they begin."""
    for node in body:
        if not isinstance(node, Documented) or node.name.startswith("_"):
            continue
        if not _decorated(node, "overload", "override", "setter"):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from _public(node.body)


def vague_names(source: Source) -> list[str]:
    """Modules and packages whose name does not say what belongs in them."""
    parts = PurePosixPath(source.path).with_suffix("").parts
    words = {word.removesuffix("s") for part in parts for word in part.strip("_").split("_")}
    return [f"{source.path} is named {word}" for word in sorted(words & VAGUE_NAMES)]


def periods_in_code(source: Source) -> list[str]:
    """Lengths in days outside the calendar: legal periods are dated rows."""
    if source.path == "broker/engine/calendar.py":
        return []
    return [
        f"{source.path}:{node.lineno} counts days by timedelta"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and _name(node.func) == "timedelta"
        and (node.args or {"days", "weeks"} & {keyword.arg for keyword in node.keywords})
    ]


def sql_outside_store(source: Source) -> list[str]:
    """SQL statements anywhere but under broker/store."""
    if _in_package(source, "store"):
        return []
    tree = source.tree
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | Documented)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        f"{source.path}:{node.lineno} holds SQL"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documentation
        and SQL_STATEMENT.match(node.value)
    ]


def forbidden_imports(source: Source) -> list[str]:
    """Imports that the layers allow but the module's own task does not."""
    forbidden = NARROW_MODULES.get(source.path, ())
    return [
        f"{source.path}:{node.lineno} imports {name}"
        for node in ast.walk(source.tree)
        for name in _imported(node)
        if any(name == module or name.startswith(f"{module}.") for module in forbidden)
    ]


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def rules_without_source(source: Source, known_rules: frozenset[str]) -> list[str]:
    """Rules whose docstring lacks `Source: A12 (002 a.195(4))`, or names a rule that is unknown."""
    if not PurePosixPath(source.path).match("broker/engine/rules_*.py"):
        return []
    found = []
    for rule in source.tree.body:
        if not isinstance(rule, Function) or not _is_rule(rule):
            continue
        where = f"{source.path}:{rule.lineno} {rule.name}"
        _, _, after = (ast.get_docstring(rule) or "").partition("Source:")
        cited = after.partition("\n\n")[0]
        numbers = set(RULE_NUMBER.findall(cited))
        if not numbers or not ARTICLE.search(cited):
            found.append(f"{where} has no `Source:` with a rule and an article")
        found += [
            f"{where} cites {number}, which docs/rules.md does not have"
            for number in sorted(numbers - known_rules)
        ]
    return found


def _is_rule(function: Function) -> bool:
    """Public and returning a finding; what takes `rules` runs them and is none itself."""
    if function.name.startswith("_") or function.returns is None:
        return False
    arguments = {a.arg for a in (*function.args.args, *function.args.kwonlyargs)}
    returned = set(re.findall(r"\w+", ast.unparse(function.returns)))
    return bool(returned & {"Refusal", "Doubt", "Finding"}) and "rules" not in arguments
