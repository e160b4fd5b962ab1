"""A disk that can be filled up and freed: a small file system of its own.

Where this user may mount none, the process that fills it limits how long its own files may become
instead. SQLite hears another error then (too large, not full), and must do the same.
"""

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SIZE_BYTES = 16 * 1024 * 1024
_BALLAST = "ballast"
_BLOCKS = (65_536, 4096)


@contextmanager
def small_disk() -> Iterator[Path]:
    """A folder on a file system of its own, in memory; a plain one where none may be mounted."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ("mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", folder)
        mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
        try:
            yield Path(folder)
        finally:
            if mounted:
                subprocess.run(("umount", "--lazy", folder), check=True)


def is_small(folder: Path) -> bool:
    """Whether the folder lies on a file system that may be filled up."""
    disk = os.statvfs(folder)
    return disk.f_blocks * disk.f_frsize <= SIZE_BYTES


def fill(database: Path) -> None:
    """Leave no space to the file and its log, to be called by the process that writes them."""
    if not is_small(database.parent):
        log = database.with_name(database.name + "-wal")
        _limit_files(log.stat().st_size)
        return
    with (database.parent / _BALLAST).open("ab", buffering=0) as ballast:
        for block in _BLOCKS:
            with suppress(OSError):
                while ballast.write(bytes(block)) == block:
                    pass


def free(database: Path) -> None:
    """Give the space back."""
    (database.parent / _BALLAST).unlink(missing_ok=True)
    _limit_files(resource.getrlimit(resource.RLIMIT_FSIZE)[1])


def _limit_files(size: int) -> None:
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
