"""The pages that the bar at the top leads to, in its order."""

from typing import NamedTuple


class Entry(NamedTuple):
    """A page of the bar: its name, under which `texts/layout.toml` calls it, and its path."""

    name: str
    path: str


NAVIGATION = (
    Entry("today", "/"),
    Entry("points", "/points"),
    Entry("suppliers", "/suppliers"),
)
