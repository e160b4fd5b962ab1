"""Draws docs/processes.md from the transition tables, so that picture and program cannot part."""

import sys
from pathlib import Path

from broker.engine.decision import Process, Trigger
from broker.engine.process_claims import CLAIMS
from broker.engine.process_confirmation import CONFIRMATION
from broker.engine.process_correction import CORRECTION
from broker.engine.process_switch import SWITCH
from broker.engine.state import Phase
from broker.messages.deadlines import DeadlineKind

PAGE = Path(__file__).resolve().parents[2] / "docs" / "processes.md"

_HEAD = """# Processes

Drawn by `scripts/draw_processes` from the tables in `broker/engine/process_*.py`; do not edit.
What no table lists is refused by name and changes nothing; a message that a rule refuses leaves the
case where it is, without an arrow here.
"""
_PARTS: tuple[tuple[str, Process], ...] = (
    (
        """## Change of supplier
A case begins with a request. A customer's for two new suppliers first goes on in the third table.
""",
        SWITCH,
    ),
    (
        """## Claims of several suppliers for one delivery point
A case begins with the first claim. When the claims add up to exactly one it goes on in the first
table.
""",
        CLAIMS,
    ),
    (
        """## A customer's request that suppliers confirm
A case begins with the request. When it counts as confirmed it goes on in the first table.
""",
        CONFIRMATION,
    ),
    (
        """## Correction of a switch
A case begins with a correction that is taken. The switch stays where it ended.
""",
        CORRECTION,
    ),
)


def page() -> str:
    """The whole page."""
    lines = [_HEAD]
    for words, process in _PARTS:
        lines += [words, "```mermaid", *_diagram(process), "```", "", *_table(process), ""]
    return "\n".join(lines)


def _diagram(process: Process) -> list[str]:
    labels: dict[tuple[Phase, Phase], list[str]] = {}
    for phase, transitions in process.items():
        for trigger, transition in transitions.items():
            for after in transition.to:
                labels.setdefault((phase, after), []).append(_name(trigger))
    arrows = [
        f"    {before.value} --> {after.value}: {', '.join(names)}"
        for (before, after), names in labels.items()
    ]
    ends = [
        f"    {phase.value} --> [*]" for phase, transitions in process.items() if not transitions
    ]
    return ["stateDiagram-v2", f"    [*] --> {next(iter(process)).value}", *arrows, *ends]


def _table(process: Process) -> list[str]:
    rows = ["| state | event | what the broker does | then |", "| --- | --- | --- | --- |"]
    for phase, transitions in process.items():
        for trigger, transition in transitions.items():
            after = ", ".join(f"`{one.value}`" for one in transition.to)
            does = (transition.handler.__doc__ or "").partition("\n")[0]
            rows.append(f"| `{phase.value}` | {_name(trigger)} | {does} | {after} |")
        if not transitions:
            rows.append(f"| `{phase.value}` | | the end | |")
    return rows


def _name(trigger: Trigger) -> str:
    if isinstance(trigger, DeadlineKind):
        return f"deadline {trigger.value}"
    return trigger.__name__


def main(arguments: list[str]) -> int:
    """Write the page, or with --check compare it: 1 where it differs."""
    if arguments == ["--check"]:
        same = PAGE.exists() and PAGE.read_text("utf-8") == page()
        print(
            f"{PAGE.name} is " + ("as the tables are" if same else "stale: scripts/draw_processes")
        )
        return 0 if same else 1
    if arguments:
        print("usage: draw_processes [--check]", file=sys.stderr)
        return 2
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
