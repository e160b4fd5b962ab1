"""Runs a service on the sample register, imports an invented one into it, and times the door."""

import http.client
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter, sleep

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from broker.scenarios.invented_register import write_register  # noqa: E402

OPERATOR, SUPPLIER = "28XOMREZJE-ZGLE0", "28XSEVER-ENERGI8"
MESSAGE = (ROOT / "fixtures/messages/MeterReading/by-the-customer.xml").read_bytes()
BROKER = (sys.executable, "-m", "broker")
PAUSE_SECONDS = 0.02
ALONE_SECONDS = 5


def main(points: int) -> None:
    """Print rows, seconds and the latencies of reads and messages, alone and during the import."""
    with TemporaryDirectory(prefix="bench-living-") as name:
        folder = Path(name)
        database = ("--database", str(folder / "living.sqlite"))
        sample = ROOT / "fixtures" / "register"
        rows = write_register(folder / "register", points, parties=sample)
        run(*database, "import", str(sample))
        operator = run(*database, "token", OPERATOR, "bench").strip()
        supplier = run(*database, "token", SUPPLIER, "bench").strip()
        with service(database) as port, Visitors(port, supplier) as visitors:
            sleep(ALONE_SECONDS)
            visitors.tell("alone")
            started = perf_counter()
            told = run(
                *("import", str(folder / "register"), "--url", f"http://127.0.0.1:{port}"),
                *("--token", operator),
            )
            seconds = perf_counter() - started
            visitors.tell("during the import")
        print(told.strip())
        print(f"{points} points, {rows} rows in {seconds:.1f} s, {rows / seconds:.0f} a second")


def run(*arguments: str) -> str:
    """One command of the broker; what it says. Raises CalledProcessError where it refuses."""
    done = subprocess.run([*BROKER, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


@contextmanager
def service(database: tuple[str, ...]) -> Iterator[int]:
    """A running service on a free port."""
    command = [*BROKER, *database, "serve", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        address = re.search(rb":(\d+)\s*$", process.stdout.readline())
        assert address is not None
        yield int(address[1])
    finally:
        process.terminate()
        process.wait()


class Visitors:
    """Ask the door all the time: one reads a mailbox, one posts messages that are written down."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self._stop = Event()
        self._took: dict[str, list[float]] = {"reading": [], "posting": []}
        self._threads = [
            Thread(target=self._visit, args=("reading", "GET", "/mailbox", None)),
            Thread(target=self._visit, args=("posting", "POST", "/messages", MESSAGE)),
        ]

    def __enter__(self) -> "Visitors":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def tell(self, when: str) -> None:
        """Print the latencies since the last time."""
        for what in tuple(self._took):
            taken, self._took[what] = self._took[what], []
            cuts = quantiles(taken, n=100)
            print(
                f"{when}: {what} {len(taken)} times, median {cuts[49] * 1000:.1f} ms,"
                f" 99 of 100 within {cuts[98] * 1000:.0f} ms, longest {max(taken) * 1000:.0f} ms",
                flush=True,
            )

    def _visit(self, what: str, method: str, path: str, body: bytes | None) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/xml"}
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as door:
            while not self._stop.is_set():
                started = perf_counter()
                door.request(method, path, body, headers)
                answer = door.getresponse()
                answer.read()
                assert answer.status < 500, answer.status
                self._took[what].append(perf_counter() - started)
                sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
