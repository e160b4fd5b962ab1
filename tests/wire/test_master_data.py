"""Requests for data are read whole, answers written with what was asked for and no more (A4).

Method: the samples are read and written; a changed sample shows each refusal.
"""

from dataclasses import replace
from datetime import date

import pytest
from lxml import etree

from broker.engine.calendar import quarter_hours_in
from broker.messages.codes import Direction, EntitlementKind, Purpose, WantedData
from broker.messages.identifiers import Gsrn
from broker.messages.master_data import DailyBlocks, MasterData
from broker.messages.reasons import Reason
from broker.messages.requests import MasterDataRequest
from broker.wire.document import UnableToWriteValidDocument
from broker.wire.read import ReadMessage, read
from broker.wire.schema import TAG_PREFIX
from tests.wire.samples import ASKED_FOR, FIXTURES, MASTER_DATA, NEW, OLD, told

REQUESTS = FIXTURES / "MasterDataRequest"
FOR_A_QUOTE = (REQUESTS / "for-a-quote.xml").read_bytes()
QUARTER_HOURS = MASTER_DATA["MasterDataResponse/quarter-hours-of-days-of-92-96-and-100"]


def texts_in(document: bytes, path: str) -> list[str | None]:
    """What stands at a path below the root."""
    steps = "/".join(TAG_PREFIX + step for step in path.split("/"))
    return [element.text for element in etree.fromstring(document).iterfind(f".//{steps}")]


def request_in(data: bytes) -> MasterDataRequest:
    """The request in these bytes."""
    result = read(data)
    assert isinstance(result, ReadMessage), result
    assert (result.wrong_identifiers, result.attachments) == ((), ())
    assert isinstance(result.message, MasterDataRequest)
    return result.message


def test_a_request_for_data_is_read_whole() -> None:
    request = request_in(FOR_A_QUOTE)
    assert request.header.sender == NEW
    assert request.point.accounting_point == Gsrn("383199900000000017")
    assert (request.point.metering_site, request.point.area) == ("7-0000001", "7")
    assert request.contracting_party.name == "Ana Zgled"
    assert request.contracting_party.tax_number == "12345679"
    assert request.entitlement.kind is EntitlementKind.AUTHORISATION
    assert request.entitlement.signed_on == date(2026, 4, 20)
    assert request.purpose is Purpose.QUOTE
    assert request.wanted == (WantedData.MASTER_DATA, WantedData.BILLED_QUANTITIES)


@pytest.mark.parametrize("purpose", Purpose, ids=lambda purpose: purpose.value)
@pytest.mark.parametrize("kind", EntitlementKind, ids=lambda kind: kind.value)
def test_the_three_purposes_and_both_entitlements_are_read(
    purpose: Purpose, kind: EntitlementKind
) -> None:
    changed = FOR_A_QUOTE.replace(b">quote<", f">{purpose.value}<".encode())
    changed = changed.replace(b">authorisation<", f">{kind.value}<".encode())
    request = request_in(changed)
    assert (request.purpose, request.entitlement.kind) == (purpose, kind)


@pytest.mark.parametrize(
    ("was", "becomes", "place"),
    [
        (b">quote<", b">marketing<", "/MasterDataRequest/Purpose"),
        (b"<Purpose>quote</Purpose>", b"", "/MasterDataRequest/Wanted[1]"),
        (b">authorisation<", b">hearsay<", "/MasterDataRequest/Entitlement/Kind"),
        (b">billed_quantities<", b">master_data<", "/MasterDataRequest/Wanted[2]"),
        (b">master_data<", b">readings<", "/MasterDataRequest/Wanted[1]"),
        (b">E10<", b">392<", "/MasterDataRequest/Header/DocumentType"),
        (b">E30<", b">E03<", "/MasterDataRequest/Header/BusinessReason"),
        (b'<MeteringSite schemeAgency="NSI">7-0000001</MeteringSite>', b"", None),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_another_purpose_or_form_is_refused(was: bytes, becomes: bytes, place: str | None) -> None:
    assert was in FOR_A_QUOTE
    refusals = read(FOR_A_QUOTE.replace(was, becomes, 1))
    assert isinstance(refusals, tuple)
    assert {one.reason for one in refusals} == {Reason.NOT_VALID_AGAINST_SCHEMA}
    assert place is None or refusals[0].place == place


def test_a_wrong_tax_number_is_found_by_its_check_digit() -> None:
    result = read(FOR_A_QUOTE.replace(b"12345679", b"12345678"))
    assert isinstance(result, ReadMessage)
    assert [one.place for one in result.wrong_identifiers] == [
        "/MasterDataRequest/ContractingParty/TaxNumber"
    ]


def test_an_answer_names_no_case_and_no_supplier_but_the_asker() -> None:
    for response in MASTER_DATA.values():
        document = told(response)
        assert texts_in(document, "CaseNumber") == []
        assert texts_in(document, "Reference") == [response.reference]
        assert OLD.encode() not in document
        assert texts_in(document, "Recipient/Identification") == [NEW]


def test_days_have_as_many_values_as_quarter_hours() -> None:
    document = told(QUARTER_HOURS)
    days = [date.fromisoformat(text or "") for text in texts_in(document, "Day/Date")]
    values = [(text or "").split(" ") for text in texts_in(document, "Day/KilowattHours")]
    assert [len(one) for one in values] == [100, 96, 92] == [quarter_hours_in(day) for day in days]
    assert values[0][0] == "0.100"
    assert texts_in(document, "QuarterHours/Direction") == ["consumption", "production"]


@pytest.mark.parametrize("count", [0, 1, 91, 93, 97, 101])
def test_another_number_of_values_is_never_sent(count: int) -> None:
    day = DailyBlocks(
        direction=Direction.CONSUMPTION, day=date(2026, 4, 1), watt_hours=tuple(range(count))
    )
    with pytest.raises(UnableToWriteValidDocument):
        told(replace(QUARTER_HOURS, quarter_hours=(day,)))


def test_a_full_year_of_both_directions_is_sent_and_a_day_more_is_not() -> None:
    year = tuple(
        DailyBlocks(direction=direction, day=date(2026, 4, 1), watt_hours=96 * (12345678,))
        for direction in Direction
        for _ in range(366)
    )
    document = told(replace(QUARTER_HOURS, quarter_hours=year))
    assert len(texts_in(document, "Day")) == 732
    with pytest.raises(UnableToWriteValidDocument):
        told(replace(QUARTER_HOURS, quarter_hours=(year[0], *year)))


def test_a_point_without_meter_is_told_without_one() -> None:
    assert isinstance(ASKED_FOR.master_data, MasterData)
    bare = replace(ASKED_FOR.master_data, meter=None, metering_site_gsrn=Gsrn("383199901000000182"))
    document = told(replace(ASKED_FOR, master_data=bare, billed=()))
    assert texts_in(document, "Meter") == []
    assert texts_in(document, "MeteringSiteGsrn") == ["383199901000000182"]
    assert texts_in(document, "BilledQuantities/Quantity") == []
