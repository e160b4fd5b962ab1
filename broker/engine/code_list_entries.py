"""What a line of the published code list says: texts in both languages, and where it may appear."""

from dataclasses import dataclass
from enum import Enum


class Use(Enum):
    """Where a reason may appear."""

    REQUEST = "ground for rejecting a request"
    READING = "ground for refusing a reading"
    FAILURE = "ground on which a switch fails"
    DIVISION = "ground for rejecting a division"
    OBJECTION = "ground of an objection"
    MESSAGE = "refusal of a message about a case"
    MASTER_DATA = "refusal of a request for data of a point"
    DOOR = "technical refusal at the door"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the code list: the texts in both languages and the uses of the code."""

    english: str
    slovene: str
    uses: tuple[Use, ...]
