"""The auditor is a second model: it knows nothing of the broker but what goes in and comes out."""

import ast
from pathlib import Path

AUDIT = Path(__file__).parent / "audit"
ALLOWED = frozenset(
    {"collections", "csv", "dataclasses", "datetime", "decimal", "functools", "holidays"}
    | {"lxml", "pathlib", "stdnum", "tests", "tomllib", "zoneinfo"}
)


def imported(path: Path) -> set[str]:
    """The modules that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, path.name
            found.add(node.module or "")
    return found


def test_the_auditor_imports_nothing_of_the_broker() -> None:
    modules = sorted(AUDIT.glob("*.py"))
    assert len(modules) > 10
    for path in modules:
        names = imported(path)
        assert {name.split(".")[0] for name in names} <= ALLOWED, path.name
        of_tests = {name for name in names if name.startswith("tests")}
        assert all(name.startswith("tests.simulation.audit") for name in of_tests), path.name
        assert "import_module" not in path.read_text("utf-8"), path.name
