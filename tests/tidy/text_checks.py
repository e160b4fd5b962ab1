"""Checks over the text of any tracked file; each takes path and text and returns its findings.

The patterns are written so that they do not match themselves.
"""

import re

LEFTOVER = re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X)\b")
MACHINE = re.compile(
    r"(?<![\w.])/w[o]rk/"
    r"|(?<![\w.])/r[o]ot/|(?<![\w.])/(home|Users)/\w"
    r"|\.pyen[v]\b|/opt/(pyp[i]|wheel[s])"
)
REGISTRY_HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com|(deb|security)\.debian\.org"
)
TOOL = re.compile(
    r"\b(cl[a]ude|anthr[o]pic|chat[g]pt|gpt-\d|open[a]i|cop[i]lot|ll[m]s?|language m[o]dels?)\b"
    r"|\bA[I][- ](generated|assist\w*|ag[e]nt\w*|tool\w*)\b"
    r"|(?<!user-)(?<!user )(?<!settlement )\bag[e]nts?\b"
    r"|\b(this|next|previous|earlier|later|another|developer'?s?) s[e]ssions?\b",
    re.IGNORECASE,
)


def leftovers(path: str, text: str) -> list[str]:
    """Work marked as undone: do it, or write it where work is planned."""
    return _found(LEFTOVER, path, text)


def machine_traces(path: str, text: str) -> list[str]:
    """Paths of one machine and hosts of package registries."""
    return _found(MACHINE, path, text) + _found(REGISTRY_HOST, path, text)


def foreign_words(path: str, text: str) -> list[str]:
    """Words about how the text came to be written: the project speaks of itself only."""
    return _found(TOOL, path, text)


def _found(pattern: re.Pattern[str], path: str, text: str) -> list[str]:
    return [
        f"{path}:{number} says {match.group()!r}"
        for number, line in enumerate(text.splitlines(), start=1)
        for match in pattern.finditer(line)
    ]
