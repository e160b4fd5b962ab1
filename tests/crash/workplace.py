"""Where rounds are run: processes of their own, each with a disk of its own."""

import multiprocessing
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from broker.scenarios.stage import make_template
from tests.crash.disk import small_disk
from tests.crash.harness import Job, Round, Undisturbed, run_round, undisturbed

_SPAWNED = multiprocessing.get_context("spawn")


class Workplace:
    """Runs what it is given on the workers there are."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def undisturbed(self, paths: list[Path]) -> Iterator[Undisturbed]:
        """Each of these scenarios with nothing in its way, in this order."""
        return self._pool.map(_undisturbed, paths)

    def rounds(self, jobs: list[Job]) -> Iterator[Round]:
        """What came of these rounds, in this order."""
        return self._pool.map(_round, jobs)


@contextmanager
def workplace(workers: int) -> Iterator[Workplace]:
    """So many workers, with the sample register in a file to copy from."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        template = make_template(folder / "template.sqlite")
        disks = _SPAWNED.SimpleQueue()
        for _ in range(workers):
            disks.put(opened.enter_context(small_disk()))
        pool = ProcessPoolExecutor(workers, _SPAWNED, _settle, (template, disks))
        try:
            yield Workplace(pool)
        finally:
            pool.shutdown(cancel_futures=True)


def _settle(template: Path, disks: "multiprocessing.SimpleQueue[Path]") -> None:
    """A worker takes its place."""
    global _template, _disk
    _template, _disk = template, disks.get()


def _undisturbed(path: Path) -> Undisturbed:
    return undisturbed(path, _template, _disk)


def _round(job: Job) -> Round:
    return run_round(job, _template, _disk)
