"""What a deliberate bug is: a change of one text in one file."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A bug: what it is about, in which file, which text becomes which."""

    name: str
    file: str
    old: str
    new: str
