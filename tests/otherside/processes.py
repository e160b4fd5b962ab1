"""Simulated parties as processes, and waiting for what they bring about."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.web.letters import ROOT
from tests.web.running import token_of

WAITED_SECONDS_MAX = 60.0


def command(role: str, party: str, url: str, folder: Path, *more: str) -> list[str]:
    """How a simulated party is started; its token is put into the folder."""
    token = folder / f"{party}.token"
    token.write_text(f"{token_of(party)}\n", "utf-8")
    meters = ["--meters", str(folder / "meters.csv")] if role == "metering-centre" else []
    named = ["--url", url, "--token-file", str(token), "--every", "1s"]
    return [sys.executable, "-m", "broker", "otherside", role, *named, *meters, *more]


@asynccontextmanager
async def at_work(
    role: str, party: str, url: str, folder: Path, *more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A simulated party in a process of its own until the block ends.

    What it says of itself is shown with a test that fails.
    """
    log = folder / f"{party}.log"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *command(role, party, url, folder, *more),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=stderr,
        )
    try:
        yield process
    except BaseException:
        print(f"{party} said:\n{log.read_text('utf-8', 'replace')}")
        raise
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ended(process: asyncio.subprocess.Process) -> int:
    """Ask it to end; its exit code."""
    process.terminate()
    return await asyncio.wait_for(process.wait(), WAITED_SECONDS_MAX)


async def until(there: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is so, a bounded time."""
    async with asyncio.timeout(WAITED_SECONDS_MAX):
        while True:
            if await there():
                return
            await asyncio.sleep(0.1)


def children_of(process_id: int) -> list[int]:
    """The processes that this one has started and that still run."""
    path = Path(f"/proc/{process_id}/task/{process_id}/children")
    return [int(number) for number in path.read_text("ascii").split()]


def runs(process_id: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        os.kill(process_id, 0)
        status = Path(f"/proc/{process_id}/stat").read_text("utf-8")
    except (ProcessLookupError, FileNotFoundError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
