"""A service killed while a document is on its way repeats that one, and loses none."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from broker.engine.apply import replay
from broker.store.connection import open_for_reading
from broker.store.verify import verify
from tests.service.process import Process, serving
from tests.service.test_kill import FRIDAY
from tests.web.letters import OPERATOR, SOUTH, sample_point, switch_request

SECONDS = 20


class Receiver(ThreadingHTTPServer):
    """Takes documents; kills the service, where it is told which, before it answers."""

    daemon_threads = True
    to_kill: Process | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.numbers: list[str] = []


class Handler(BaseHTTPRequestHandler):
    """One post."""

    server: Receiver

    def do_POST(self) -> None:
        """Keep the number and answer, or kill."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.numbers.append(self.headers["Document-Number"])
        if self.server.to_kill is not None:
            self.server.to_kill.kill()
            return
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A party's receiver on a free port."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_killed_while_a_document_is_on_its_way(database: Path, receiver: Receiver) -> None:
    with serving(database, FRIDAY) as process:
        for n in (1, 11, 12):
            assert process.post(switch_request(f"M-{n}", sample_point(n)), SOUTH).status == 200
        listed = process.ask("GET", "/mailbox?limit=10", SOUTH).texts("DocumentNumber")
        receiver.to_kill = process
        address = f"http://127.0.0.1:{receiver.server_port}/"
        told = {"kind": "webhook", "address": address, "by": "Nada", "why": "agreed"}
        path = f"/operator/participants/{SOUTH}/channel"
        assert process.ask("POST", path, OPERATOR, msgspec.json.encode(told)).status == 200
        wait_until(lambda: receiver.numbers == listed[:1])
        process.wait()
    receiver.to_kill = None
    with serving(database, FRIDAY) as process:
        wait_until(lambda: process.ask("GET", "/mailbox", SOUTH).status == 204)
        assert process.stop() == 0
    assert receiver.numbers == [listed[0], *listed]
    connection = open_for_reading(database)
    assert list(verify(connection, replay)) == []
    connection.close()


def wait_until(condition) -> None:
    """Wait for what happens in other threads and processes."""
    give_up_at = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
