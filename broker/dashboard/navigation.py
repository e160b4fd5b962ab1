"""The pages that the bar at the top leads to, in its order."""

from typing import NamedTuple


class Entry(NamedTuple):
    """A page of the bar: its name, under which `texts/layout.toml` calls it, and its path.

    `beneath` are the beginnings of the paths of pages that belong to it.
    """

    name: str
    path: str
    beneath: tuple[str, ...]


NAVIGATION = (
    Entry("today", "/", ("/cases/", "/found")),
    Entry("flow", "/flow", ("/flow/",)),
    Entry("messages", "/messages", ("/messages/", "/mailboxes", "/documents/")),
    Entry("points", "/points", ("/points/",)),
    Entry("suppliers", "/suppliers", ("/suppliers/",)),
)


def section_of(path: str) -> Entry | None:
    """The page of the bar that the page at this path is, or belongs to."""
    return next(
        (one for one in NAVIGATION if path == one.path or path.startswith(one.beneath)), None
    )
