"""All texts of the dashboard, in Slovene and English, from the files in `texts/`.

A file is a part of the dashboard, an entry of it a text in both languages:

    title = { sl = "Danes", en = "Today" }
    days = { sl = ["{n} dan", "{n} dneva", "{n} dnevi", "{n} dni"], en = ["{n} day", "{n} days"] }

The second kind is counted: Slovene has a form for one, for two, for three and four, and for the
rest; English for one and the rest. A text is named by file and entry, such as `today.title`.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("sl", "en")
"""The first is what a visitor gets who has not chosen."""

_FOLDER = Path(__file__).with_name("texts")

Entry = dict[str, str | list[str]]


class UnknownText(KeyError):
    """A text that no catalogue has was asked for."""


@cache
def catalogue() -> dict[str, Entry]:
    """Every text by its name, in all languages."""
    found: dict[str, Entry] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found[f"{path.stem}.{name}"] = entry
    return found


class Texts:
    """The texts in one language; called with a name it gives the text, its places filled."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, name: str, **places: object) -> str:
        """The text of this name. Raises UnknownText, and KeyError for a place left unfilled."""
        text = self._entry(name)
        if not isinstance(text, str):
            raise UnknownText(f"{name} is counted")
        return text.format(**places) if places else text

    def count(self, name: str, n: int, **places: object) -> str:
        """The text of this name in the form that the number asks for. Raises UnknownText."""
        forms = self._entry(name)
        if isinstance(forms, str):
            raise UnknownText(f"{name} is not counted")
        return forms[_form(self.language, n)].format(n=n, **places)

    def _entry(self, name: str) -> str | list[str]:
        try:
            return catalogue()[name][self.language]
        except KeyError:
            raise UnknownText(name) from None


def _form(language: str, n: int) -> int:
    """Which form a number takes: in Slovene 1, 101 · 2, 102 · 3, 4, 103 · 0, 5 to 100."""
    if language != "sl":
        return 0 if n == 1 else 1
    return {1: 0, 2: 1, 3: 2, 4: 2}.get(n % 100, 3)


TEXTS: Final = {language: Texts(language) for language in LANGUAGES}
"""The texts by language."""
