"""A valid RegisterChange as its type (D3, D4, A35, A38)."""

from lxml import etree

from broker.messages.codes import Direction, ObtainedBy, Payer, PayerGround
from broker.messages.identifiers import DeliveryPoint, Eic, ObisCode, SerialNumber, TaxNumber
from broker.messages.reported_changes import (
    Change,
    ChargePayer,
    Connection,
    FirstSupplier,
    InstalledMeter,
    InstalledRegister,
    LinkToMeter,
    MeterExchange,
    NewPoint,
    PointCustomer,
    ReportedChange,
    ReportedReading,
)
from broker.wire.elements import (
    address_of,
    all_named,
    day_of,
    decimal_of,
    parts_of,
    point_of,
    register_values_of,
    text_of,
    truth_of,
)
from broker.wire.envelope import header_of


def register_change_of(root: etree._Element) -> ReportedChange:
    """The change of a valid tree (D3)."""
    parts = parts_of(root)
    return ReportedChange(
        header=header_of(root),
        point=point_of(parts["Point"]),
        effective_on=day_of(parts["EffectiveOn"]),
        change=_change(parts),
    )


def _change(parts: dict[str, etree._Element]) -> Change:
    if "MeterExchange" in parts:
        return _exchange(parts["MeterExchange"])
    if "Customer" in parts:
        return _customer(parts["Customer"])
    if "Connected" in parts:
        return Connection(connected=truth_of(parts["Connected"]))
    if "RemotelyRead" in parts:
        return LinkToMeter(remotely_read=truth_of(parts["RemotelyRead"]))
    if "CorrectedReading" in parts:
        return _reading(parts["CorrectedReading"])
    if "PayerChange" in parts:
        return _payer_change(parts["PayerChange"])
    return _new_point(parts["NewPoint"])


def _payer_change(element: etree._Element) -> ChargePayer:
    parts = parts_of(element)
    noticed, reading = parts.get("WrittenNoticeOn"), parts.get("Reading")
    return ChargePayer(
        payer=Payer(text_of(parts["NetworkChargePayer"])),
        ground=PayerGround(text_of(parts["Ground"])),
        written_notice_on=None if noticed is None else day_of(noticed),
        reading=None if reading is None else _reading(reading),
    )


def _reading(element: etree._Element) -> ReportedReading:
    parts = parts_of(element)
    return ReportedReading(
        taken_on=day_of(parts["TakenOn"]),
        serial_number=SerialNumber(text_of(parts["SerialNumber"])),
        obtained_by=ObtainedBy(text_of(parts["ObtainedBy"])),
        registers=register_values_of(element),
    )


def _exchange(element: etree._Element) -> MeterExchange:
    parts = parts_of(element)
    old = parts["OldMeter"]
    return MeterExchange(
        old_serial_number=SerialNumber(text_of(parts_of(old)["SerialNumber"])),
        closing=register_values_of(old),
        new=_meter(parts["NewMeter"]),
    )


def _meter(element: etree._Element) -> InstalledMeter:
    parts = parts_of(element)
    return InstalledMeter(
        serial_number=SerialNumber(text_of(parts["SerialNumber"])),
        remotely_read=truth_of(parts["RemotelyRead"]),
        registers=tuple(_register(one) for one in all_named(element, "Register")),
    )


def _register(element: etree._Element) -> InstalledRegister:
    parts = parts_of(element)
    return InstalledRegister(
        register=ObisCode(text_of(parts["Obis"])),
        digits=int(text_of(parts["Digits"])),
        decimals=int(text_of(parts["Decimals"])),
        multiplier=decimal_of(parts["Multiplier"]),
        value=decimal_of(parts["Value"]),
    )


def _customer(element: etree._Element) -> PointCustomer:
    parts = parts_of(element)
    email = parts.get("Email")
    return PointCustomer(
        name=text_of(parts["Name"]),
        tax_number=TaxNumber(text_of(parts["TaxNumber"])),
        address=address_of(parts["Address"]),
        email=None if email is None else text_of(email),
    )


def _new_point(element: etree._Element) -> NewPoint:
    parts = parts_of(element)
    return NewPoint(
        delivery_point=DeliveryPoint(text_of(parts["DeliveryPoint"])),
        self_supply=truth_of(parts["SelfSupply"]),
        customer=_customer(parts["Customer"]),
        meter=_meter(parts["Meter"]),
        suppliers=tuple(
            FirstSupplier(
                direction=Direction(text_of(first["Direction"])),
                supplier=Eic(text_of(first["Supplier"])),
            )
            for first in map(parts_of, all_named(element, "FirstSupplier"))
        ),
    )
