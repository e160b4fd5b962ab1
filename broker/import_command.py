"""`broker import`: the first import into a file, or one into a living register over the service."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from broker.usecases import check_register


@contextmanager
def bar_on(stream: TextIO, *, wanted: bool) -> Iterator[check_register.Progress]:
    """What draws a bar for each step on this stream while the block runs, or does nothing."""
    if not wanted:
        yield check_register.no_progress
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(file=stream, force_terminal=True)
    ) as bar:

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=total)
            bar.update(tasks[step], completed=done, total=total)

        yield tell
