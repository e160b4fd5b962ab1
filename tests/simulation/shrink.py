"""A finding made small: the fewest steps that still lead to it, and a scenario file of them."""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime

from lxml import etree

from broker.scenarios.files import MESSAGES
from tests.simulation.audit import said
from tests.simulation.audit.facts import Register
from tests.simulation.audit.legal_days import LAW
from tests.simulation.play import Step, share_of
from tests.simulation.register import rows
from tests.simulation.simulate import Found, Theatre, play_again

_TRIES_MAX = 400
_SERVICE = {"kill": "killed", "restart": "restart", "down": "down", "up": "up"}


def shrink(theatre: Theatre, found: Found) -> list[Step]:
    """Steps left out by halves, then one by one, while the same check still finds it."""
    steps, tries = list(found.steps), 0
    size = max(1, len(steps) // 2)
    while tries < _TRIES_MAX:
        at, before = 0, len(steps)
        while at < len(steps) and tries < _TRIES_MAX:
            fewer = steps[:at] + steps[at + size :]
            tries += 1
            if fewer and _finds(theatre, found, fewer):
                steps = fewer
            else:
                at += size
        if size == 1 and len(steps) == before:
            break
        size = max(1, size // 2)
    return [_without_extras(theatre, found, steps, index) for index in range(len(steps))]


def _finds(theatre: Theatre, found: Found, steps: list[Step]) -> bool:
    finding, _ = asyncio.run(play_again(theatre, found, steps))
    return finding is not None and finding.check == found.check


def _without_extras(theatre: Theatre, found: Found, steps: list[Step], index: int) -> Step:
    """The step without its crash, and without the messages beside one, where they do not matter."""
    for fewer in _fewer_extras(steps[index]):
        if _finds(theatre, found, [*steps[:index], fewer, *steps[index + 1 :]]):
            steps[index] = fewer
            return _without_extras(theatre, found, steps, index)
    return steps[index]


def _fewer_extras(step: Step) -> list[Step]:
    bare = {k: v for k, v in step.items() if k not in ("crash", "sweep", "copies", "late")}
    fewer = [bare] if bare != step else []
    messages = step.get("messages", [])
    if len(messages) > 1:
        fewer += [{**step, "messages": [one for one in messages if one is not left]}
                  for left in messages]  # fmt: skip
    return fewer


def scenario_of(theatre: Theatre, found: Found, steps: Sequence[Step]) -> str:
    """The steps as a scenario file of the sample register, as far as a scenario can say them."""
    settings = found.settings
    lines = [
        f'title = "Found by simulation, world {found.seed}: {found.check}"',
        'rules = ["A7"]  # those it shows',
        (
            f"settings = {{ decision_hour = {settings.hour.isoformat()},"
            f" hold_hours_customer = {settings.hold_customer},"
            f" hold_hours_remote = {settings.hold_remote},"
            f" one_off_days = [{', '.join(map(str, settings.one_off))}] }}"
        ),
    ]
    samples = _back_to_the_sample(theatre)
    _, play = asyncio.run(play_again(theatre, found, list(steps)))
    samples |= {
        share_of(opened_by, supplier): number
        for number, (opened_by, supplier) in play.auditor.books.issued.items()
    }
    opened: dict[str, str] = {}
    for name, number in play.cases.items():
        opened.setdefault(number, name)  # several claims are of the case that the first one opened
    first = {name: opened[number] for name, number in play.cases.items()}
    for step in steps:
        for one in step.get("messages", [step]):
            as_one = {**one, "at": step["at"], "do": step["do"]}
            as_one["case"] = first.get(one.get("case", one.get("name")), one.get("name", ""))
            lines += ["", *_step_lines(as_one, samples)]
    return "\n".join(lines)


def _back_to_the_sample(theatre: Theatre) -> dict[str, str]:
    """Numbers and names of each copy of a point to those of the sample point."""
    register = Register(theatre.register)
    count = len(rows(MESSAGES.parent / "register", "accounting_points"))
    found: dict[str, str] = {}
    for point in register.by_index[count:]:
        own = register.by_index[point.index % count]
        found |= {point.number: own.number, point.site: own.site, point.customer: own.customer}
        found |= {point.site_gsrn: own.site_gsrn}
        found |= {one.serial: two.serial for one, two in zip(point.meters, own.meters, strict=True)}
    found.pop("", None)
    return found


def _step_lines(step: Step, samples: dict[str, str]) -> list[str]:
    at = datetime.fromisoformat(step["at"]).astimezone(LAW)
    lines = ["[[step]]", f'at = "{at:%Y-%m-%d %H:%M:%S}"']
    match step["do"]:
        case "post" | "together":
            lines += _post_lines(step, samples)
        case "decide":
            lines += [f'case = "{step["case"]}"', f'decide = "{step["verb"]}"']
            lines += [f"reasons = {step['codes']}"] if step["codes"] else []
            lines += [f'objector = "{step["objector"]}"'] if "objector" in step else []
            lines += [f'why = "{step["why"]}"'] if "why" in step else []
        case "again":
            lines += [f'again = "{step["name"]}"', "same_answer = true"]
        case "kill" | "restart" | "down" | "up":
            lines += [f'service = "{_SERVICE[step["do"]]}"']
    if "crash" in step or "sweep" in step:
        lines.append(f"# a crash no scenario can tell: {step.get('crash') or step['sweep']}")
    return lines


def _post_lines(step: Step, samples: dict[str, str]) -> list[str]:
    xml = step["xml"]
    for copy, sample in samples.items():
        xml = xml.replace(f">{copy}<", f">{sample}<")
    root = said.parse(xml.replace("{case}", "CASE").encode())
    base = min(
        sorted((MESSAGES / said.kind(root)).glob("*.xml")),
        key=lambda path: len(_differences(said.parse(path.read_bytes()), root)[0]),
    )
    wanted, gone = _differences(said.parse(base.read_bytes()), root)
    wanted = {path: value for path, value in wanted.items() if not _filled_in(path)}
    lines = [
        f'name = "{step["name"]}"',
        f'post = "{said.kind(root)}/{base.stem}"',
        f'case = "{step["case"]}"',
        *([f'opens = "{step["name"]}"'] if said.kind(root) == "Correction" else []),
        f"remove = {sorted(gone)}".replace("'", '"'),
    ]
    pairs = ", ".join(f'"{path}" = "{value}"' for path, value in wanted.items())
    return [*lines, f"set = {{ {pairs} }}"]


def _filled_in(path: str) -> bool:
    return path in ("Header/Identification", "Header/Creation", "CaseNumber")


def _differences(base: etree._Element, wanted: etree._Element) -> tuple[dict[str, str], set[str]]:
    """The fields to set in the base, and those to take out of it."""
    had, has = dict(_leaves(base)), dict(_leaves(wanted))
    changed = {path: value for path, value in has.items() if had.get(path) != value}
    return changed, {path for path in had if path not in has}


def _leaves(root: etree._Element, path: str = "") -> list[tuple[str, str]]:
    found = []
    for child in root:
        name = re.sub(r"^\{.*\}", "", child.tag)
        same = [one for one in root if one.tag == child.tag]
        number = f"[{same.index(child) + 1}]" if len(same) > 1 else ""
        here = f"{path}{name}{number}"
        if len(child):
            found += _leaves(child, f"{here}/")
        else:
            found.append((here, (child.text or "").strip()))
    return found
