"""Data before a request through the real door (A4): told in the mailbox, refused in the answer.

Method: the service on the sample register and a clock that stands still; one field of a sample
message changed at a time. Quarter-hours are put on record before the service starts.
"""

import csv
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from broker.config import RuleSettings
from broker.engine.apply import replay
from broker.engine.calendar import plus_days, quarter_hours_in
from broker.messages.codes import Direction
from broker.messages.identifiers import Gsrn
from broker.messages.master_data import DailyBlocks
from broker.scenarios.files import MESSAGES, Step, instant_of
from broker.scenarios.posts import message_of, party_named, value_at
from broker.scenarios.stage import Reply, Stage, make_template, open_stage
from broker.store.connection import hold, open_for_reading, open_for_writing
from broker.store.verify import verify
from tests.store.samples import put_on_record
from tests.web.letters import REGISTER

NOW = instant_of("2026-04-24 09:00")
P6 = Gsrn("383199900000000062")
SHORT_DAY, LONG_DAY = date(2026, 3, 29), date(2025, 10, 26)
BEFORE, FIRST, LAST, TODAY = (
    date(2025, 4, 23),
    date(2025, 4, 24),
    date(2026, 4, 23),
    date(2026, 4, 24),
)
FOR_A_QUOTE = "MasterDataRequest/for-a-quote"
QUARTER_HOURS = "MasterDataRequest/quarter-hours-on-a-contract"
SAMPLES = [path.read_bytes() for path in sorted((MESSAGES / "MasterDataRequest").iterdir())]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample register with quarter-hours of some days of point 6."""
    path = make_template(tmp_path_factory.mktemp("template") / "register.sqlite")
    with hold(path), closing(open_for_writing(path)) as connection:
        days = (BEFORE, FIRST, LONG_DAY, SHORT_DAY, LAST, TODAY)
        put_on_record(connection, P6, [blocks(day) for day in days])
    return path


@pytest.fixture
async def stage(template: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    """The service on a copy of the register, at nine o'clock of 24 April 2026."""
    async with open_stage(template, tmp_path, RuleSettings(), NOW).opened() as opened:
        yield opened


def blocks(day: date) -> DailyBlocks:
    """The quarter-hours of a day, the first of 250 Wh, each later one a Wh more."""
    count = quarter_hours_in(day)
    return DailyBlocks(
        direction=Direction.CONSUMPTION,
        day=day,
        watt_hours=tuple(range(250, 250 + count)),
    )


def asked(
    base: str = FOR_A_QUOTE,
    *,
    sender: str = "Južna",
    point: int | None = None,
    message_id: str = "A4-1",
    **fields: str,
) -> bytes:
    """The sample request of this supplier, perhaps about another point, with fields changed."""
    paths = {name.replace("__", "/"): value for name, value in fields.items()}
    step = Step(at="", post=base, point=point, set=paths)
    return message_of(
        step, sender=party_named(sender), case_id=None, message_id=message_id, now=NOW
    )


async def post(stage: Stage, data: bytes, sender: str = "Južna") -> Reply:
    """Post as this supplier."""
    return await stage.post(party_named(sender), data, "application/xml")


def codes(reply: Reply) -> str:
    """The codes of the findings of an answer."""
    return value_at(etree.fromstring(reply.body), "Finding/Code")


async def told(stage: Stage, data: bytes, sender: str = "Južna") -> etree._Element:
    """What the asker finds in its mailbox after an answer of 200; nobody else finds anything."""
    reply = await post(stage, data, sender)
    assert (reply.status, codes(reply)) == (200, "")
    assert value_at(etree.fromstring(reply.body), "Header/CaseNumber") == ""
    (document,) = await stage.new_documents()
    assert document.to == party_named(sender)
    assert document.kind == "MasterDataResponse"
    return etree.fromstring(document.content)


async def refused(stage: Stage, data: bytes, sender: str = "Južna") -> str:
    """The codes of an answer of 422, after which no mailbox holds anything."""
    reply = await post(stage, data, sender)
    assert reply.status == 422
    assert await stage.new_documents() == []
    return codes(reply)


@pytest.mark.parametrize("data", SAMPLES, ids=("for-a-quote", "quarter-hours"))
async def test_the_samples_are_answered_as_they_stand(stage: Stage, data: bytes) -> None:
    document = await told(stage, data)
    assert value_at(document, "Header/Reference") == value_at(
        etree.fromstring(data), "Header/Identification"
    )


async def test_the_point_of_another_supplier_is_told_to_who_is_authorised(stage: Stage) -> None:
    document = await told(stage, asked())
    master_data = {
        "Area": "7",
        "Direction": "consumption",
        "Connected": "true",
        "SelfSupply": "false",
        "ReadingMethod": "customer",
        "ContractingParty/Name": "Ana Zgled",
        "ContractingParty/TaxNumber": "12345679",
        "Meter/SerialNumber": "ZGL-100001",
        "Meter/Register/Obis": "1-0:1.8.0",
        "Meter/Register/Digits": "6",
        "Meter/Register/Multiplier": "1",
    }
    for path, value in master_data.items():
        assert value_at(document, f"MasterData/{path}") == value, path
    assert value_at(document, "PastTwelveMonths/From") == "2025-04-24"
    assert value_at(document, "PastTwelveMonths/To") == "2026-04-23"
    assert value_at(document, "BilledQuantities/Quantity/From") == "2025-03-31"
    assert value_at(document, "BilledQuantities/Quantity/To") == "2026-03-30"
    assert value_at(document, "BilledQuantities/Quantity/KilowattHours") == "3650"
    assert value_at(document, "QuarterHours/Direction") == ""


async def test_nothing_of_the_present_supplier_is_told(stage: Stage) -> None:
    for number, point in enumerate((1, 6, 14, 19)):
        data = asked(point=point, message_id=f"A4-{number}")
        text = etree.tostring(await told(stage, data), encoding="unicode")
        for name in ("Severn", "SEVER", "Sončn", "SONCNA", "0.4", "0.6", "Supplier", "Share"):
            assert name not in text, (point, name)


@pytest.mark.parametrize(
    ("sender", "kwh"), [("Severna", "112, 120"), ("Južna", "168, 180"), ("Sončna", "280, 300")]
)
async def test_of_divided_energy_a_supplier_there_is_told_its_part_and_a_stranger_the_whole(
    stage: Stage, sender: str, kwh: str
) -> None:
    for point in (19, 20):
        data = asked(sender=sender, point=point, message_id=f"A4-{point}")
        document = await told(stage, data, sender)
        assert value_at(document, "BilledQuantities/Quantity/KilowattHours") == kwh
        assert value_at(document, "MasterData/Meter/SerialNumber") == "ZGL-100019"


async def test_the_customer_is_named_as_the_asker_named_it(stage: Stage) -> None:
    document = await told(stage, asked(ContractingParty__Name="ANA ZGLED."))
    assert value_at(document, "MasterData/ContractingParty/Name") == "ANA ZGLED."
    text = etree.tostring(document, encoding="unicode")
    for unasked in ("Ana Zgled", "Zgledna ulica", "3999", "example.com"):
        assert unasked not in text


async def test_days_of_92_and_of_100_quarter_hours_are_told(stage: Stage) -> None:
    document = await told(stage, asked(QUARTER_HOURS))
    days = value_at(document, "QuarterHours[1]/Day/Date").split(", ")
    values = value_at(document, "QuarterHours[1]/Day/KilowattHours").split(", ")
    assert days == [day.isoformat() for day in (FIRST, LONG_DAY, SHORT_DAY, LAST)]
    assert [len(one.split()) for one in values] == [96, 100, 92, 96]
    assert values[2].startswith("0.250 0.251 ")
    assert value_at(document, "QuarterHours/Direction") == "consumption, production"
    assert value_at(document, "QuarterHours[2]/Day/Date") == ""
    assert value_at(document, "MasterData/Area") == ""
    assert value_at(document, "BilledQuantities/Direction") == ""


async def test_watt_hours_of_the_files_are_told_as_kilowatt_hours(stage: Stage) -> None:
    document = await told(stage, asked(QUARTER_HOURS, point=46))
    days = value_at(document, "QuarterHours/Day/Date").split(", ")
    values = value_at(document, "QuarterHours/Day/KilowattHours").split(", ")
    with (REGISTER / "daily_blocks.csv").open(encoding="utf-8", newline="") as file:
        (point,) = document.iterfind("{*}Point/{*}AccountingPoint")
        rows = [row for row in csv.DictReader(file) if row["accounting_point"] == point.text]
    in_files = {row["day"]: list(map(int, row["watt_hours"].split())) for row in rows}
    assert days == sorted(in_files)
    for day, told_values in zip(days, values, strict=True):
        assert [Decimal(one) * 1000 for one in told_values.split()] == in_files[day]


@pytest.mark.parametrize("point", [4, 8, 9, 17, 22])
async def test_a_point_that_cannot_be_switched_now_is_told_all_the_same(
    stage: Stage, point: int
) -> None:
    document = await told(stage, asked(point=point))
    assert value_at(document, "MasterData/Connected") == ("false" if point == 4 else "true")


async def test_an_authorisation_of_exactly_six_months_ago_still_holds(stage: Stage) -> None:
    assert await told(stage, asked(Entitlement__SignedOn="2025-10-24")) is not None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Entitlement__SignedOn": "2025-10-23"}, "SB:S18"),
        ({"Entitlement__SignedOn": "2026-04-25"}, "SB:S15"),
        ({"Point__Area": "8"}, "260:E10"),
        ({"Point__AccountingPoint": "383199900000000994"}, "260:E10"),
        ({"Point__MeteringSite": "7-0000002"}, "260:E10"),
        ({"ContractingParty__TaxNumber": "12345687"}, "SB:S01"),
        ({"ContractingParty__Name": "Boris Vzorec"}, "SB:S01"),
        (
            {"ContractingParty__Name": "Boris Vzorec", "Entitlement__SignedOn": "2025-10-23"},
            "SB:S01, SB:S18",
        ),
    ],
    ids=str,
)
async def test_a_request_that_breaks_a_rule_is_refused_with_all_its_codes(
    stage: Stage, fields: dict[str, str], code: str
) -> None:
    assert await refused(stage, asked(**fields)) == code


async def test_a_supplier_without_balance_group_is_refused(stage: Stage) -> None:
    data = asked(sender="Dobava brez")
    assert await refused(stage, data, "Dobava brez") == "260:E18"


@pytest.mark.parametrize("sender", ["Zahodna", "Merilni"])
async def test_who_is_no_active_supplier_is_turned_away_at_the_door(
    stage: Stage, sender: str
) -> None:
    fields = {"Header__Sender__Role": "DDE"} if sender == "Merilni" else {}
    reply = await post(stage, asked(sender=sender, **fields), sender)
    assert (reply.status, codes(reply)) == (403, "SB:T12" if sender == "Merilni" else "SB:T11")


async def test_another_purpose_is_no_message_of_the_schema(stage: Stage) -> None:
    reply = await post(stage, asked(Purpose="marketing"))
    assert (reply.status, codes(reply)) == (400, "SB:T05")
    assert await stage.new_documents() == []


async def test_the_same_bytes_again_get_the_same_answer_and_no_second_document(
    stage: Stage,
) -> None:
    data = asked()
    first, again = await post(stage, data), await post(stage, data)
    assert first == again
    assert len(await stage.new_documents()) == 1
    other = await post(stage, asked(Purpose="contract_check"))
    assert (other.status, codes(other)) == (409, "SB:T13")


async def test_a_refused_request_may_be_mended_and_sent_under_its_id(stage: Stage) -> None:
    assert await refused(stage, asked(Entitlement__SignedOn="2025-10-23")) == "SB:S18"
    assert await told(stage, asked()) is not None


async def test_a_switch_is_not_held_up_and_no_case_is_opened(stage: Stage) -> None:
    await told(stage, asked())
    request = (MESSAGES / "SwitchRequest" / "as-soon-as-possible.xml").read_bytes()
    assert (await post(stage, request)).status == 200
    await stage.new_documents()
    await told(stage, asked(message_id="A4-2"))
    with closing(open_for_reading(stage.database)) as connection:
        assert verify(connection, replay) == []


async def test_an_answer_stays_as_it_was_for_its_asker_alone(stage: Stage) -> None:
    await told(stage, asked())
    (document,) = stage.delivered
    stage.clock.move_to(instant_of(f"{plus_days(TODAY, 1)} 09:00"))
    again = await stage.ask(party_named("Južna"), "GET", f"/mailbox/{document.number}")
    assert again.body == document.content
    other = await stage.ask(party_named("Severna"), "GET", f"/mailbox/{document.number}")
    assert other.status == 404
