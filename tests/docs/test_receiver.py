"""The receiver of the suppliers' guide takes what the broker sends, once, and nothing else.

Method: the code of the page runs as it stands, with the test's clock, secret and folder.
"""

import re
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from broker.delivery.webhook import sign
from tests.delivery.delivering import (
    SECOND,
    approvals,
    deliver,
    delivering,
    operator,
    push_to,
    standing,
    waiting,
)
from tests.docs.pages import text_of
from tests.web.letters import SOUTH
from tests.web.running import FRIDAY, new_database

CODE = re.findall(
    r"^```python\n(.*?)^```$", text_of("docs/supplier-guide.md"), re.MULTILINE | re.DOTALL
)


@pytest.fixture
def receiver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[dict[str, Any], str]]:
    """The names of the page's code, and where it listens."""
    monkeypatch.setenv("BROKER_SECRET", "none yet")
    (code,) = CODE
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(code, "docs/supplier-guide.md", "exec"), names)  # the page's own code
    names["time"] = SimpleNamespace(time=FRIDAY.timestamp)
    names["FOLDER"] = tmp_path
    names["Receiver"].log_message = lambda *_: None
    server = ThreadingHTTPServer(("127.0.0.1", 0), names["Receiver"])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield names, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_it_keeps_each_document_once_and_answers_so(
    tmp_path: Path, receiver: tuple[dict[str, Any], str]
) -> None:
    names, address = receiver
    database = tmp_path / "broker.sqlite"
    new_database(database)
    async with delivering(database) as broker:
        names["SECRETS"] = [b"wrong"]
        secret = await push_to(broker, address)
        (number,) = await approvals(broker, 1)
        await deliver(broker)
        assert (await standing(broker))["last_fault"] == "unwelcome"
        assert kept(tmp_path) == []
        names["SECRETS"] = [secret.encode()]
        tested = await operator(broker, "POST", f"participants/{SOUTH}/channel/test")
        assert tested["status"] == 200
        await deliver(broker, 2 * SECOND)
        assert await waiting(broker) == []
        content = (await broker.get(f"/mailbox/{number}", SOUTH)).body
    (file,) = kept(tmp_path)
    assert (file.stem, file.read_bytes()) == (number, content)
    file.write_bytes(b"as it was worked on")
    assert await post(address, secret, number, content) == 204
    assert file.read_bytes() == b"as it was worked on"


async def test_it_takes_nothing_that_is_not_the_brokers(
    tmp_path: Path, receiver: tuple[dict[str, Any], str]
) -> None:
    names, address = receiver
    names["SECRETS"] = [b"old", b"new"]
    number = "01890000-0000-7000-8000-000000000000"
    content = f"<Identification>{number}</Identification>".encode()
    assert await post(address, "new", number, content) == 204
    for changed in (
        {"Delivery-Signature": "sha256=ž"},
        {"Delivery-Signature": ""},
        {"Delivery-Timestamp": "soon"},
        {"Delivery-Timestamp": str(int(FRIDAY.timestamp()) + 1)},
    ):
        assert await post(address, "new", number, content, **changed) == 401
    assert await post(address, "new", number, content, late=301) == 401
    assert await post(address, "new", "../../etc/passwd", content) == 400
    assert await post(address, "new", number.replace("7000", "7001"), content) == 400
    assert [one.stem for one in kept(tmp_path)] == [number]


def kept(folder: Path) -> list[Path]:
    """The documents that the receiver has kept."""
    return list(folder.glob("*.xml"))


async def post(
    address: str, secret: str, number: str, content: bytes, *, late: int = 0, **changed: str
) -> int:
    """Post as the broker does, with headers changed; the status of the answer."""
    timestamp = int(FRIDAY.timestamp()) - late
    headers = {
        "Document-Number": number,
        "Document-Kind": "ApprovalNotice",
        "Delivery-Timestamp": str(timestamp),
        "Delivery-Signature": f"sha256={sign(secret, timestamp, content)}",
        **changed,
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(address, data=content, headers=headers) as answer,
    ):
        return answer.status
