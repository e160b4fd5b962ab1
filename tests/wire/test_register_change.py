"""Changes for the register are read whole, each kind from its sample; notices of no case."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from broker.messages.codes import Direction, Payer, PayerGround, RegisterChangeKind
from broker.messages.notices import RegisterChangeNotice
from broker.messages.reported_changes import (
    ChargePayer,
    Connection,
    LinkToMeter,
    MeterExchange,
    NewPoint,
    PointCustomer,
    ReportedChange,
    ReportedReading,
)
from broker.wire.read import ReadMessage, read
from broker.wire.write_notice import write_notice
from tests.wire.samples import AT, DOCUMENT, FIXTURES, OPERATOR, POINT, TO_OLD


def change_in(name: str) -> ReportedChange:
    """The change of this sample."""
    message = read((FIXTURES / "RegisterChange" / f"{name}.xml").read_bytes())
    assert isinstance(message, ReadMessage), message
    assert message.wrong_identifiers == ()
    assert isinstance(message.message, ReportedChange)
    return message.message


@pytest.mark.parametrize(
    ("name", "kind", "what"),
    [
        ("meter-exchanged", RegisterChangeKind.METER, MeterExchange),
        ("customer-renamed", RegisterChangeKind.CUSTOMER, PointCustomer),
        ("disconnected", RegisterChangeKind.CONNECTION, Connection),
        ("read-remotely", RegisterChangeKind.READING_METHOD, LinkToMeter),
        ("payer", RegisterChangeKind.PAYER, ChargePayer),
        ("new-point", RegisterChangeKind.NEW_POINT, NewPoint),
        ("reading-corrected", RegisterChangeKind.BILLING_DATA, ReportedReading),
    ],
)
def test_each_kind_of_change_is_read(name: str, kind: RegisterChangeKind, what: type) -> None:
    change = change_in(name)
    assert change.kind is kind
    assert isinstance(change.change, what)
    day = date(2026, 3, 31) if what is ReportedReading else date(2026, 4, 27)
    assert change.effective_on == day


def test_an_exchange_is_read_whole() -> None:
    exchange = change_in("meter-exchanged").change
    assert isinstance(exchange, MeterExchange)
    assert [one.value for one in exchange.closing] == [Decimal(14920)]
    (register,) = exchange.new.registers
    assert (register.digits, register.decimals, register.multiplier) == (6, 0, Decimal(1))
    assert (exchange.old_serial_number, exchange.new.serial_number) == ("ZGL-100001", "ZGL-900001")


def test_a_new_point_is_read_whole() -> None:
    new = change_in("new-point").change
    assert isinstance(new, NewPoint)
    assert new.delivery_point == "DP-9000"
    assert [one.direction for one in new.suppliers] == [Direction.CONSUMPTION]
    assert new.customer.email == "nika@example.com"
    assert not new.self_supply


def test_flags_and_codes_are_read() -> None:
    assert change_in("disconnected").change == Connection(connected=False)
    assert change_in("read-remotely").change == LinkToMeter(remotely_read=True)


def test_a_change_of_payer_is_read_with_its_reading() -> None:
    change = change_in("payer").change
    assert isinstance(change, ChargePayer)
    assert (change.payer, change.ground) == (Payer.SUPPLIER, PayerGround.AGREED)
    assert change.written_notice_on is None
    assert change.reading is not None
    assert change.reading.taken_on == date(2026, 4, 27)
    assert [one.value for one in change.reading.registers] == [Decimal(14920)]
    breach = change_in("payer-breach").change
    assert isinstance(breach, ChargePayer)
    assert (breach.ground, breach.reading) == (PayerGround.BREACH, None)
    assert breach.written_notice_on == date(2026, 4, 20)


def test_a_notice_of_no_case_gives_master_data_as_its_reason() -> None:
    notice = RegisterChangeNotice(
        to=replace(TO_OLD, case_id=None),
        point=POINT,
        change=RegisterChangeKind.METER,
        effective_on=date(2026, 4, 27),
    )
    data = write_notice(notice, document_id=DOCUMENT, created_at=AT, operator=OPERATOR)
    root = etree.fromstring(data)
    assert root.findtext("{*}Header/{*}BusinessReason") == "E32"
    assert root.find("{*}Header/{*}CaseNumber") is None
