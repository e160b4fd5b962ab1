"""Documents are posted to endpoints: signed, in order, again until accepted, nobody held up.

Method: the real service and real endpoints on loopback ports, a virtual clock that the tests move,
and waits that are as long as they may be.
"""

import asyncio
import hmac
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from broker.engine.apply import replay
from broker.messages.identifiers import CaseId, DocumentId
from broker.store.connection import open_for_reading
from broker.store.verify import verify
from broker.usecases.deliver_notices import DeliverNotices
from tests.delivery.conftest import Certificate
from tests.delivery.delivering import (
    SECOND,
    approvals,
    deliver,
    delivering,
    endpoint,
    operator,
    push_to,
    standing,
    waiting,
)
from tests.service.test_outages import locked
from tests.web.letters import NORTH, SOUTH, sample_point, switch_request
from tests.web.running import FRIDAY


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What a party works out by itself."""
    return (
        "sha256=" + hmac.digest(secret.encode(), timestamp.encode() + b"." + body, "sha256").hex()
    )


async def test_a_document_arrives_signed_with_the_bytes_of_the_mailbox(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        secret = await push_to(broker, south.address)
        (number,) = await approvals(broker, 1)
        document = await broker.get(f"/mailbox/{number}", SOUTH)
        await deliver(broker)
    (taken,) = south.taken
    assert taken.body == document.body
    assert taken.number == number == document.text("Header/Identification")
    assert taken.headers["Document-Kind"] == "ApprovalNotice"
    assert taken.headers["Content-Type"] == "application/xml"
    timestamp = taken.headers["Delivery-Timestamp"]
    assert int(timestamp) == int(FRIDAY.timestamp())
    assert taken.headers["Delivery-Signature"] == signature(secret, timestamp, taken.body)


async def test_what_was_accepted_is_acknowledged_and_stays_readable(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        await push_to(broker, south.address)
        (number,) = await approvals(broker, 1)
        await deliver(broker)
        assert await waiting(broker) == []
        assert (await broker.get(f"/mailbox/{number}", SOUTH)).body == south.taken[0].body
        handed = broker.rows(
            "SELECT what FROM handovers JOIN outbox ON outbox.position = outbox_position"
            " WHERE document_id = ? ORDER BY handovers.position",
            number,
        )
        await deliver(broker, SECOND)
        assert len(await waiting(broker, NORTH)) == 1, "who has no channel has its mailbox"
    assert handed == [("fetched",), ("acknowledged",)]
    assert south.numbers == [number]
    connection = open_for_reading(database)
    assert list(verify(connection, replay)) == []
    connection.close()


async def test_what_waits_at_the_set_up_goes_too_and_in_order(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        numbers = await approvals(broker, 1, 11, 12)
        await push_to(broker, south.address)
        await deliver(broker)
        later = await approvals(broker, 15, 16)
        await deliver(broker)
    assert south.numbers == [*numbers, *later]
    assert len(set(south.numbers)) == 5


async def test_nothing_overtakes_a_document_that_was_not_accepted(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        south.answers.extend([503, 503])
        await push_to(broker, south.address)
        first, second = await approvals(broker, 1, 11)
        await deliver(broker)
        assert south.numbers == [first]
        await deliver(broker, 2 * SECOND)
        assert south.numbers == [first, first]
        await deliver(broker, 4 * SECOND)
    assert south.numbers == [first, first, first, second]
    assert len({one.body for one in south.taken[:3]}) == 1


async def test_the_waits_grow_until_the_circuit_opens_and_then_it_is_probed(
    database: Path,
) -> None:
    async with delivering(database) as broker, endpoint() as south:
        south.answers.extend([500] * 7)
        await push_to(broker, south.address)
        await approvals(broker, 1, 11)
        waits = [0, 2, 4, 8, 16, 60, 120]
        for tries, wait in enumerate(waits):
            if wait:
                await deliver(broker, (wait - 1) * SECOND)
                assert len(south.taken) == tries, "nothing goes before the wait is over"
            await deliver(broker, SECOND if wait else timedelta(0))
            assert len(south.taken) == tries + 1
            assert ((await standing(broker))["circuit_open_since"] is not None) == (tries >= 4)
        assert (await standing(broker))["failures"] == 7
        await deliver(broker, 240 * SECOND)  # the probe is accepted, and the next one goes at once
        assert len(south.taken) == 9
        closed = await standing(broker)
    assert [closed[name] for name in ("failures", "failing_since", "circuit_open_since")] == [
        *(0, None, None)
    ]


FAULTS = {
    302: "not_there",
    307: "not_there",
    401: "unwelcome",
    403: "unwelcome",
    404: "not_there",
    405: "not_there",
    408: "busy",
    429: "busy",
    500: "failing",
    502: "failing",
    503: "busy",
    504: "failing",
}


async def test_answers_that_are_the_endpoints_fault_hold_the_document_back(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south, endpoint() as elsewhere:
        south.headers = {"Location": elsewhere.address}
        await push_to(broker, south.address)
        numbers = await approvals(broker, 1, 11)
        for status, fault in FAULTS.items():
            south.answers.append(status)
            await deliver(broker, timedelta(minutes=15))
            told = await standing(broker)
            assert (told["last_fault"], str(status) in str(told["last_why"])) == (fault, True)
        assert (told["put_aside"], told["failures"]) == (0, len(FAULTS))
        assert south.numbers == [numbers[0]] * len(FAULTS)
        await deliver(broker, timedelta(minutes=15))
        assert await waiting(broker) == []
    assert elsewhere.taken == []


async def test_an_endpoint_that_is_gone_is_left_alone_at_once(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        south.answers.append(410)
        await push_to(broker, south.address)
        await approvals(broker, 1)
        await deliver(broker)
        told = await standing(broker)
        assert (told["last_fault"], told["circuit_open_since"] is not None) == ("gone", True)
        await deliver(broker, timedelta(minutes=14))
        assert len(south.taken) == 1
        await deliver(broker, timedelta(minutes=1))
        assert len(south.taken) == 2


async def test_retry_after_is_respected_within_reason(database: Path) -> None:
    cases = [("90", 90), ("999999999", 3600), ("soon", 8), ("-5", 16), ("", 32)]
    async with delivering(database, failures_to_open=9) as broker, endpoint() as south:
        await push_to(broker, south.address)
        await approvals(broker, 1)
        south.answers.extend([429] * len(cases))
        wait = 0
        for tries, (asked, waits) in enumerate(cases):
            south.headers = {"Retry-After": asked}
            if wait:
                await deliver(broker, (wait - 1) * SECOND)
                assert len(south.taken) == tries
            await deliver(broker, SECOND)
            assert len(south.taken) == tries + 1
            wait = waits


async def test_a_dead_endpoint_is_told_and_goes_on_when_it_lives_again(database: Path) -> None:
    async with endpoint() as south:
        address = south.address
        port = int(address.rpartition(":")[2].partition("/")[0])
    async with delivering(database) as broker:
        await push_to(broker, address)
        numbers = await approvals(broker, 1)
        await deliver(broker)
        told = await standing(broker)
        assert (told["last_fault"], told["failures"]) == ("unreachable", 1)
        async with endpoint(port=port) as south:
            await deliver(broker, 2 * SECOND)
            assert south.numbers == numbers


async def test_no_answer_in_time_is_a_failure(database: Path) -> None:
    async with delivering(database, within_seconds=0.2) as broker, endpoint() as south:
        south.hangs = asyncio.Event()
        await push_to(broker, south.address)
        await approvals(broker, 1)
        await deliver(broker)
        told = await standing(broker)
        south.hangs.set()
    assert (told["last_fault"], told["last_why"]) == ("unreachable", "no answer within 0.2 s")


async def test_an_endless_answer_is_not_read(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        south.pours = True
        await push_to(broker, south.address)
        numbers = await approvals(broker, 1, 11)
        await deliver(broker)
        assert await waiting(broker) == []
    assert south.numbers == numbers


GARBAGE = (
    b"",
    b"\x00" * 5000,
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"HTTP/1.1 abc\r\n\r\n",
    b"HTTP/1.1 99999 OK\r\n\r\n",
    b"HTTP/1.1 204 OK\r\nX: " + b"y" * 100_000,
    b"HTTP/1.1 204 OK\r\nA: b\r\n" * 3,
    b"HTTP/1.1 500 \r\nContent-Length: -1\r\n\r\n",
    b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
)


async def test_garbage_in_place_of_an_answer_is_a_failure_and_no_fault_of_ours(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spoken = list(GARBAGE)

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100_000)
        writer.write(spoken[0])
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with delivering(database, within_seconds=1.0) as broker, server:
        await push_to(broker, f"http://127.0.0.1:{port}/")
        await approvals(broker, 1)
        for failures in range(1, len(GARBAGE) + 1):
            await deliver(broker, timedelta(minutes=15))
            told = await standing(broker)
            assert told["failures"] == failures, spoken[0][:40]
            assert told["last_fault"] in ("failing", "unreachable", "not_there")
            assert len(str(told["last_why"])) <= 300
            spoken.pop(0)
    assert "failed" not in caplog.text


async def test_an_endpoint_that_hangs_delays_nobody_else(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south, endpoint() as north:
        south.hangs = asyncio.Event()
        await push_to(broker, south.address, SOUTH)
        await push_to(broker, north.address, NORTH)
        await approvals(broker, 1)
        assert await broker.service.delivery.deliver_due() == 2
        await south.asked.wait()
        await approvals(broker, 11)
        async with asyncio.timeout(5):
            while len(await waiting(broker, NORTH)):  # it is served while the other one hangs
                await broker.service.delivery.deliver_due()
                await asyncio.sleep(0)
        assert (len(south.taken), len(north.taken)) == (1, 2)
        south.hangs.set()
        await broker.service.delivery.settle()


async def test_those_that_fail_take_no_place_from_the_others(database: Path) -> None:
    async with (
        delivering(database, at_once=2) as broker,
        endpoint() as south,
        endpoint() as north,
    ):
        south.answers.append(500)
        await push_to(broker, south.address, SOUTH)
        await push_to(broker, north.address, NORTH)
        await approvals(broker, 1)
        await deliver(broker)
        south.hangs = asyncio.Event()
        south.asked.clear()
        await approvals(broker, 11)
        broker.clock.move_to(broker.clock.now() + 2 * SECOND)
        await broker.service.delivery.deliver_due()
        await south.asked.wait()
        async with asyncio.timeout(5):
            while len(await waiting(broker, NORTH)):
                await broker.service.delivery.deliver_due()
                await asyncio.sleep(0)
        south.hangs.set()
        await broker.service.delivery.settle()


async def test_a_refused_document_is_put_aside_and_the_next_ones_go_on(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        await push_to(broker, south.address)
        first, second, third = await approvals(broker, 1, 11, 12)
        south.refused_numbers = {first}
        for wait in (0, 2, 4, 8):
            await deliver(broker, wait * SECOND)
        assert south.numbers == [first] * 4
        await deliver(broker, 16 * SECOND)
        assert south.numbers == [first] * 5 + [second, third]
        assert await waiting(broker) == [first]
        (aside,) = (await standing(broker))["documents"]
        assert (aside["document_id"], aside["refusals"]) == (first, 5)
        assert aside["why"] == "answered 422 Unprocessable Entity"
        await deliver(broker, timedelta(hours=2))
        assert len(south.taken) == 7
        south.refused_numbers = set()
        again = await operator(broker, "POST", f"participants/{SOUTH}/channel/try-again")
        assert again == {"status": 200, "put_aside_tried_again": 1}
        await deliver(broker)
        assert south.numbers[7:] == [first]
        assert await waiting(broker) == []
        assert (await standing(broker))["documents"] == []


async def test_who_refuses_everything_has_its_circuit_opened(database: Path) -> None:
    async with delivering(database, refusals_to_put_aside=1) as broker, endpoint() as south:
        await push_to(broker, south.address)
        numbers = await approvals(broker, 1, 11, 12, 15, 16)
        south.refuses_all = True
        for _ in range(12):
            await deliver(broker, timedelta(minutes=15))
        told = await standing(broker)
        assert (told["put_aside"], told["circuit_open_since"] is not None) == (3, True)
        south.refuses_all = False
        await deliver(broker, timedelta(minutes=15))
        assert await waiting(broker) == numbers[:3]
        assert (await standing(broker))["circuit_open_since"] is None


async def test_what_is_acknowledged_in_the_mailbox_is_pushed_no_more(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        await push_to(broker, south.address)
        first, second, third = await approvals(broker, 1, 11, 12)
        south.answers.extend([500])
        await deliver(broker)
        assert (await broker.ask("DELETE", f"/mailbox/{first}", SOUTH)).status == 204
        assert (await broker.ask("DELETE", f"/mailbox/{second}", SOUTH)).status == 204
        await deliver(broker, 2 * SECOND)
    assert south.numbers == [first, third]


async def test_a_document_put_aside_is_off_the_list_once_its_party_has_it(database: Path) -> None:
    async with delivering(database, refusals_to_put_aside=1) as broker, endpoint() as south:
        await push_to(broker, south.address)
        (number,) = await approvals(broker, 1)
        south.refuses_all = True
        await deliver(broker)
        assert (await standing(broker))["put_aside"] == 1
        await broker.ask("DELETE", f"/mailbox/{number}", SOUTH)
        told = await standing(broker)
        assert (told["put_aside"], told["documents"]) == (0, [])


async def test_a_document_that_a_person_sends_again_is_pushed_again(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        await push_to(broker, south.address)
        case = (await broker.post(switch_request("M-1", sample_point(1)), SOUTH)).case
        await approvals(broker, 11)
        await deliver(broker)
        first = south.taken[0]
        mailbox = DeliverNotices(
            reader=broker.service.reader, writer=broker.service.writer, clock=broker.clock
        )
        number = DocumentId(first.number)
        await mailbox.send_again(CaseId(case), number, by="Nada", why="lost")
        await deliver(broker, SECOND)
    assert south.numbers[2:] == [first.number]
    assert south.taken[2].body == first.body


async def test_a_restart_goes_on_where_it_was(database: Path) -> None:
    async with endpoint() as south:
        south.answers.extend([500] * 5)
        async with delivering(database) as broker:
            await push_to(broker, south.address)
            numbers = await approvals(broker, 1, 11)
            for wait in (0, 2, 4, 8, 16):
                await deliver(broker, wait * SECOND)
            stopped_at = broker.clock.now()
        async with delivering(database, at=stopped_at) as broker:
            await deliver(broker, 59 * SECOND)
            assert south.numbers == [numbers[0]] * 5
            await deliver(broker, SECOND)
        assert south.numbers == [numbers[0]] * 6 + [numbers[1]]


async def test_a_clock_set_back_makes_nobody_wait_for_long(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        south.answers.append(500)
        await push_to(broker, south.address)
        await approvals(broker, 1)
        await deliver(broker)
        broker.clock.jump_to(FRIDAY - timedelta(hours=2))
        await deliver(broker)
    assert len(south.taken) == 2


async def test_while_a_new_secret_is_introduced_both_sign(database: Path) -> None:
    async with delivering(database) as broker, endpoint() as south:
        old = await push_to(broker, south.address)
        renewed = await operator(broker, "POST", f"participants/{SOUTH}/channel/secret")
        new = str(renewed["secret"])
        await approvals(broker, 1)
        await deliver(broker)
        await approvals(broker, 11)
        await deliver(broker, timedelta(days=7, hours=14))
    both, alone = (
        (one.headers["Delivery-Signature"].split(", "), one.headers["Delivery-Timestamp"], one.body)
        for one in south.taken
    )
    assert both[0] == [signature(new, *both[1:]), signature(old, *both[1:])]
    assert alone[0] == [signature(new, *alone[1:])]
    assert old != new


async def test_tls_is_checked(database: Path, certificate: Certificate) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate.certificate, certificate.key)
    async with delivering(database) as broker, endpoint(tls) as south:
        await push_to(broker, south.address)
        await approvals(broker, 1)
        await deliver(broker)
        told = await standing(broker)
    assert (told["last_fault"], "certificate" in str(told["last_why"])) == ("insecure", True)
    assert south.taken == []


async def test_tls_by_an_authority_that_is_trusted(database: Path, trusted: Certificate) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(trusted.certificate, trusted.key)
    async with delivering(database) as broker, endpoint(tls) as south:
        await push_to(broker, south.address)
        numbers = await approvals(broker, 1)
        await deliver(broker)
    assert south.numbers == numbers


async def test_a_name_that_leads_inside_is_not_followed(
    database: Path, trusted: Certificate
) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(trusted.certificate, trusted.key)
    async with delivering(database) as broker, endpoint(tls) as south:
        await push_to(broker, south.address.replace("127.0.0.1", "localhost"))
        await approvals(broker, 1)
        await deliver(broker)
        told = await standing(broker)
    assert "no public address" in str(told["last_why"])
    assert south.taken == []


async def test_a_host_taken_off_the_settings_is_reached_no_more(database: Path) -> None:
    async with endpoint() as south:
        async with delivering(database) as broker:
            await push_to(broker, south.address)
        async with delivering(database, inside_hosts=()) as broker:
            await approvals(broker, 1)
            await deliver(broker)
            assert (await standing(broker))["last_fault"] == "not_there"
        assert south.taken == []


async def test_a_disk_that_is_full_makes_nobody_get_a_document_every_second(
    database: Path,
) -> None:
    async with delivering(database) as broker, endpoint() as south:
        await push_to(broker, south.address)
        numbers = await approvals(broker, 1)
        with locked(database):
            await deliver(broker)
            await deliver(broker, SECOND)
        assert south.numbers == numbers
        assert await waiting(broker) == numbers
        await deliver(broker, 58 * SECOND)
        assert south.numbers == numbers
        await deliver(broker, SECOND)
        assert south.numbers == numbers * 2
        assert await waiting(broker) == []


async def test_the_timer_delivers_by_itself(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broker.service._SECONDS_BETWEEN_DELIVERIES", 0.05)
    async with delivering(database, with_timer=True) as broker, endpoint() as south:
        await push_to(broker, south.address)
        await approvals(broker, 1)
        async with asyncio.timeout(10):
            await south.asked.wait()
    assert len(south.taken) == 1
