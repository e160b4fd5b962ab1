"""Where a person is named in what is of no case, however it is written there.

Sought are the texts, not the bytes: a message stands as it was received, in any encoding that the
door takes and with signs as references, and the journal is JSON.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from sqlite3 import Connection

from broker.engine.request_check import bare_name
from broker.messages.identifiers import TaxNumber
from broker.store import codec, retained
from broker.store.retained import Old
from broker.wire.texts import readings_of

_BETWEEN_TEXTS = "\0"  # no sign of any text, so that none runs on into the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """By what a person is found in contents of no case: tax number, or name and street together."""

    tax_number: TaxNumber
    name: str
    street: str

    def is_named_in(self, texts: Iterable[str]) -> bool:
        """Whether these texts name the person; case, spaces and dots aside, as names agree (A9)."""
        folded = _BETWEEN_TEXTS.join(texts).casefold()
        bare = bare_name(folded)
        return _stands_in(self.tax_number, folded, bare, part_of=r"\d") or all(
            _stands_in(one, folded, bare, part_of=r"\w") for one in (self.name, self.street)
        )


def contents_naming(connection: Connection, person: Person) -> Iterator[Old]:
    """Everything of no case that names the person and that nobody waits for."""
    for one, content in chain(retained.messages(connection), retained.documents(connection)):
        if any(map(person.is_named_in, readings_of(content))):
            yield one
    for one, content in retained.records(connection):
        if person.is_named_in(codec.texts_of(content)):
            yield one


def _stands_in(sought: str, folded: str, bare: str, *, part_of: str) -> bool:
    """Whether it stands in the text by itself, not as part of a longer number or word."""
    signs = bare_name(sought)
    if not signs or signs not in bare:  # most often, and found out a hundred times faster
        return False
    by_itself = r"[\s.]*".join(map(re.escape, signs))
    return re.search(f"(?<!{part_of}){by_itself}(?!{part_of})", folded) is not None
