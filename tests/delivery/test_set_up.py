"""Channels are set up, listed, tried out and ended by the operator alone, with who and why."""

import json
from pathlib import Path

import pytest

from broker.__main__ import main
from broker.delivery.webhook import UnfitAddress, fit_address
from tests.delivery.delivering import (
    approvals,
    deliver,
    delivering,
    endpoint,
    operator,
    push_to,
    standing,
    waiting,
)
from tests.service.process import serving
from tests.service.test_command_line import FRIDAY
from tests.web.letters import OPERATOR, SOUTH
from tests.web.running import Broker, token_of

CHANNEL = f"participants/{SOUTH}/channel"


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("http://supplier.example/notices", "https:// is needed"),
        ("ftp://supplier.example/", "begins with https"),
        ("supplier.example", "begins with https"),
        ("https:///notices", "begins with https"),
        ("", "begins with https"),
        ("https://nada:geslo@supplier.example/", "no user"),
        ("https://supplier.example/#there", "fragment"),
        ("https://10.0.0.1/", "not public"),
        ("https://127.0.0.2/", "not public"),
        ("https://169.254.169.254/latest", "not public"),
        ("https://[::1]/", "not public"),
        ("https://[::ffff:127.0.0.1]/", "not public"),
        ("https://[fe80::1]/", "not public"),
        ("https://127.1/", "not public"),
        ("https://2130706433/", "not public"),
        ("https://0/", "not public"),
        ("https://[64:ff9b::10.0.0.1]/", "not public"),
        ("https://[2002:a00:1::]/", "not public"),
        ("https://[::1/", "not an address"),
        ("https://supplier example/", "begins with https"),
        ("https://supplier.example/\nx", "begins with https"),
    ],
)
def test_nothing_is_posted_to_such_an_address(address: str, complaint: str) -> None:
    with pytest.raises(UnfitAddress, match=complaint):
        fit_address(address, ("127.0.0.1",))


@pytest.mark.parametrize(
    "address",
    [
        "https://supplier.example/notices?for=broker",
        "https://supplier.example:8443/",
        "https://9.9.9.9/",
        "http://127.0.0.1:1234/",
    ],
)
def test_such_an_address_is_fit(address: str) -> None:
    assert fit_address(address, ("127.0.0.1",)) == address


def journal(broker: Broker) -> list[tuple[str, dict[str, object]]]:
    """What the journal says of channels."""
    rows = broker.rows(
        "SELECT kind, content FROM journal JOIN payloads USING (payload_id) ORDER BY position"
    )
    return [(kind, json.loads(content)) for kind, content in rows]


async def test_who_did_what_and_why_is_in_the_journal_and_no_secret(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        secrets = [await push_to(broker, south.address)]
        secrets.append(str((await operator(broker, "POST", f"{CHANNEL}/secret"))["secret"]))
        await operator(broker, "POST", f"{CHANNEL}/try-again")
        assert (await operator(broker, "DELETE", CHANNEL))["status"] == 200
        told = journal(broker)
    assert [kind for kind, _ in told] == [
        *("ChannelSet", "ChannelSecretRenewed", "DeliveryTriedAgain", "ChannelEnded")
    ]
    assert {(one["by"], one["why"], one["eic"]) for _, one in told} == {("Nada", "agreed", SOUTH)}
    assert told[0][1]["address"] == south.address
    assert not any(secret in str(told) for secret in secrets)


async def test_a_secret_is_shown_once(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        secret = await push_to(broker, south.address)
        listed = await broker.get("/operator/channels", OPERATOR)
        assert south.address.encode() in listed.body
        assert secret.encode() not in listed.body
        assert len(secret) >= 43


async def test_another_set_up_takes_the_place_of_the_first(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as first, endpoint() as second:
        old = await push_to(broker, first.address)
        await approvals(broker, 1)
        await deliver(broker)
        assert await push_to(broker, second.address) != old
        await approvals(broker, 11)
        await deliver(broker)
        assert (len(first.taken), len(second.taken)) == (1, 1)
        await operator(broker, "DELETE", CHANNEL)
        await approvals(broker, 12)
        await deliver(broker)
        assert (len(await waiting(broker)), len(second.taken)) == (1, 1)
        assert await standing(broker) == {}


FAULTY = (
    ("POST", CHANNEL, {"kind": "webhook", "address": "http://supplier.example"}, 422),
    ("POST", CHANNEL, {"kind": "mail", "address": "a@supplier.example"}, 422),
    ("POST", CHANNEL, {"kind": "pigeon", "address": "loft"}, 400),
    ("POST", CHANNEL, {"kind": "webhook", "address": "https://a.example", "why": " "}, 400),
    ("POST", CHANNEL, {"kind": "webhook", "address": "https://a.example", "x": 1}, 400),
    ("POST", CHANNEL, {"kind": "webhook", "address": "https://a.example/" + "x" * 500}, 422),
    (
        "POST",
        "participants/28XNIHCE-------X/channel",
        {"kind": "webhook", "address": "https://a.example"},
        422,
    ),
    ("DELETE", CHANNEL, {}, 404),
    ("DELETE", CHANNEL, {"by": ""}, 400),
    ("POST", f"{CHANNEL}/secret", {}, 404),
    ("POST", f"{CHANNEL}/try-again", {}, 404),
    ("POST", f"{CHANNEL}/test", {}, 404),
)


async def test_what_cannot_be_done_changes_nothing(database: Path) -> None:
    async with delivering(database) as broker:
        for method, path, body, status in FAULTY:
            told = await operator(broker, method, path, **body)
            assert told["status"] == status, (path, body, told)
        assert (journal(broker), broker.count("channels")) == ([], 0)


ADDRESSES = (
    ("GET", "channels"),
    ("POST", CHANNEL),
    ("DELETE", CHANNEL),
    ("POST", f"{CHANNEL}/secret"),
    ("POST", f"{CHANNEL}/test"),
    ("POST", f"{CHANNEL}/try-again"),
)


async def test_a_party_cannot_even_see_its_own(database: Path) -> None:
    async with delivering(database) as broker:
        for method, path in ADDRESSES:
            assert (await broker.ask(method, f"/operator/{path}", SOUTH, b"{}")).status == 404


async def test_a_test_is_sent_signed_and_changes_nothing(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        await push_to(broker, south.address)
        before = await standing(broker)
        assert (await operator(broker, "POST", f"{CHANNEL}/test"))["accepted"] is True
        (taken,) = south.taken
        assert (taken.headers["Document-Kind"], taken.body) == ("Test", b"")
        assert taken.headers["Delivery-Signature"].startswith("sha256=")
        south.answers.append(401)
        failed = await operator(broker, "POST", f"{CHANNEL}/test")
        assert failed == {"status": 422, "error": "answered 401 Unauthorized", "fault": "unwelcome"}
        assert await standing(broker) == before


def test_the_command_line_does_it_beside_the_running_service(
    database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BROKER_TOKEN", token_of(OPERATOR))

    def channel(*arguments: str, person: bool = True) -> tuple[int, str, str]:
        said = ("--by", "Nada", "--why", "agreed") if person else ()
        code = main(["channel", *arguments, *said, "--url", process.address])
        return code, *capsys.readouterr()

    with serving(database, FRIDAY) as process:
        assert channel("webhook", SOUTH, "https://10.0.0.1/")[0] == 1
        address = "https://supplier.invalid/notices"
        code, told, _ = channel("webhook", SOUTH, address)
        assert (code, len(json.loads(told)["secret"])) == (0, 43)
        (listed,) = json.loads(channel("list", person=False)[1])["channels"]
        assert listed["channel"]["address"] == address
        assert channel("secret", SOUTH)[0] == 0
        assert channel("try-again", SOUTH)[0] == 0
        code, _, complained = channel("mail", SOUTH, "a@supplier.example")
        assert (code, "no mail server" in complained) == (1, True)
        assert channel("none", SOUTH)[0] == 0
        assert channel("test", SOUTH, person=False)[0] == 1
