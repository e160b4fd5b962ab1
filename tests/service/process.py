"""The service as a process: started, killed or stopped, and spoken to over HTTP."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.web.letters import ROOT
from tests.web.running import Answered, token_of


class Process:
    """A service in a process of its own."""

    def __init__(self, database: Path, at: str, log: Path, under: tuple[str, ...] = ()) -> None:
        command = [*under, sys.executable, "-m", "tests.service.serves_at", str(database), at]
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("the broker listens on "), log.read_text(encoding="utf-8")
        self.address = line.split()[-1]

    def ask(
        self,
        method: str,
        path: str,
        party: str,
        data: bytes | None = None,
        *,
        content_type: str = "application/xml",
    ) -> Answered:
        """One request of this party, and its answer."""
        request = urllib.request.Request(
            self.address + path,
            method=method,
            data=data,
            headers={
                "Authorization": f"Bearer {token_of(party)}",
                "Content-Type": content_type,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return Answered(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answered(error.code, dict(error.headers), error.read())

    def post(self, message: bytes, party: str) -> Answered:
        """Post a message as this party."""
        return self.ask("POST", "/messages", party, message)

    def kill(self) -> None:
        """End it between two instructions."""
        self._process.kill()
        self._end()

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        self.terminate()
        return self.wait()

    def terminate(self) -> None:
        """Ask it to end and wait for nothing."""
        self._process.send_signal(signal.SIGTERM)

    def hang_up(self) -> None:
        """Tell it that its certificate may be a new one."""
        self._process.send_signal(signal.SIGHUP)

    def wait(self) -> int:
        """Wait for its end; its exit code."""
        self._end()
        return self._process.returncode

    def _end(self) -> None:
        try:
            self._process.wait(30)
        finally:
            self._process.kill()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._log.close()

    def close(self) -> None:
        """End it if it still runs."""
        if not self._log.closed:
            self.kill()


@contextmanager
def serving(database: Path, at: str, under: tuple[str, ...] = ()) -> Iterator[Process]:
    """The service on this file from this instant on, until the block ends at the latest.

    `under` is the command that runs it, where it is to be watched.
    """
    process = Process(database, at, database.with_name("service.log"), under)
    try:
        yield process
    finally:
        process.close()


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line; what it said and its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "broker", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def as_json(text: str) -> dict[str, object]:
    """What a command printed as JSON."""
    value: dict[str, object] = json.loads(text)
    return value
