"""What is erased is gone from every byte of the file; what is still needed stays; seals hold.

Method: the running service with real messages of one person who exists nowhere else, on a virtual
clock; then the file itself is searched.
"""

import asyncio
import base64
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from broker.clock import VirtualClock
from broker.engine.apply import replay
from broker.messages.identifiers import CaseId, TaxNumber
from broker.store.connection import open_for_reading
from broker.store.verify import FindingKind, verify
from broker.usecases.retain import Hindrance, Wanted
from tests.usecases.file_search import where_it_stands
from tests.web.letters import (
    MESSAGES,
    NORTH,
    OPERATOR,
    SOUTH,
    Point,
    names,
    reading,
    sample_point,
    switch_request,
    with_fields,
)
from tests.web.running import FRIDAY, Broker, running, until

NAME, STREET, MAIL, TAX = (
    "Ksenija Pozabljiva",
    "Pozabna steza 77",
    "ksenija.pozabljiva@example.org",
    "50000004",
)
CONTRACT = (
    b"%PDF-1.4\n% Pogodba o dobavi, podpisala Ksenija Pozabljiva \x00\x01 XQ77-ZAPRTO\n%%EOF\n"
)
TEXTS = (NAME, STREET, MAIL, TAX, CONTRACT, b"XQ77-ZAPRTO", "pozabljiva", "Pozabna")
BY = {"by": "Nada Zgled", "why": "the customer asked for it"}
PERSON = Wanted(customer=TaxNumber(TAX))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample register in a file, made once."""
    from tests.web.running import new_database

    path = tmp_path_factory.mktemp("template") / "broker.sqlite"
    new_database(path)
    return path


@pytest.fixture
async def broker(template: Path, tmp_path: Path) -> AsyncIterator[Broker]:
    """A running service on Friday 24 April 2026 at 10:00, where the person has moved in."""
    path = Path(shutil.copy(template, tmp_path / "broker.sqlite"))
    async with running(path, clock=VirtualClock(FRIDAY)) as started:
        assert (
            await started.post(moves_in("IN-1", NAME, STREET, MAIL, TAX), OPERATOR)
        ).status == 200
        yield started


def moves_in(message_id: str, name: str, street: str, mail: str, tax_number: str) -> bytes:
    """The back office reports another customer of the first point."""
    return with_fields(
        (MESSAGES / "RegisterChange/customer-renamed.xml").read_bytes(),
        {
            "Header/Identification": message_id,
            "EffectiveOn": "2026-04-20",
            "Customer/Name": name,
            "Customer/TaxNumber": tax_number,
            "Customer/Address/Street": street,
            "Customer/Email": mail,
        },
    )


def persons_point() -> Point:
    point = sample_point(1)
    return Point(point.number, point.site, point.area, TAX, NAME, point.serial_number)


def with_contract(request: bytes) -> bytes:
    """The request with the contract that names the person."""
    attached = base64.b64encode(CONTRACT)
    return re.sub(
        rb"(<Attachment[^>]*>).*?(</Attachment>)",
        rb"\1" + attached + rb"\2",
        request,
        flags=re.DOTALL,
    )


def request_of(message_id: str, point: Point) -> bytes:
    changes = {"ContractingParty/Address/Street": STREET} if point.tax_number == TAX else {}
    return with_contract(switch_request(message_id, point, changes=changes))


async def switched(broker: Broker, message_id: str, point: Point, value: str) -> CaseId:
    """A switch carried out with the contract of the person; everything is fetched."""
    answer = await broker.post(request_of(message_id, point), SOUTH)
    assert answer.status == 200, answer.body
    read = reading(f"{message_id}-R", point, taken_at="2026-04-27T00:00:00+02:00", value=value)
    broker.clock.move_to(datetime(2026, 4, 27, 9, tzinfo=UTC))
    done = await broker.post(read, SOUTH)
    assert done.status == 200, done.body
    await acknowledge_all(broker)
    return CaseId(answer.case)


async def acknowledge_all(broker: Broker) -> None:
    for party in names():
        listing = await broker.get("/mailbox?limit=1000", party)
        for number in listing.texts("DocumentNumber") if listing.status == 200 else ():
            assert (await broker.ask("DELETE", f"/mailbox/{number}", party)).status == 204


async def traffic_of_the_person(broker: Broker) -> CaseId:
    """Messages of every kind that keep something of the person, in a case and of none."""
    point = persons_point()
    asked = with_fields(
        (MESSAGES / "MasterDataRequest/for-a-quote.xml").read_bytes(),
        {"ContractingParty/Name": NAME, "ContractingParty/TaxNumber": TAX},
    )
    assert (await broker.post(asked, SOUTH)).status == 200
    refused = switch_request(
        "M-REFUSED", point, changes={"ContractingParty/Address/Street": STREET}
    )
    assert (
        await broker.post(refused.replace(b"<RequestedDate>", b"<Requested>"), SOUTH)
    ).status == 400
    case = await switched(broker, "M-1", point, "14800")
    again = await broker.post(request_of("M-2", point), SOUTH)
    assert again.status == 200
    await acknowledge_all(broker)
    moved = moves_in("OUT-1", "Ana Zgled", "Zgledna ulica 1", "ana@example.com", "12345679")
    assert (await broker.post(moved, OPERATOR)).status == 200
    await acknowledge_all(broker)
    return case


def damaged(broker: Broker) -> list[str]:
    with closing(open_for_reading(broker.path)) as connection:
        found = verify(connection, replay)
    return [f"{one.where}: {one.what}" for one in found if one.kind is not FindingKind.ERASED]


async def test_nothing_of_an_erased_person_is_left_in_any_byte(broker: Broker) -> None:
    await traffic_of_the_person(broker)
    assert where_it_stands(broker.path, (NAME, STREET, MAIL, TAX, CONTRACT)) != []
    broker.clock.move_to(broker.clock.now() + timedelta(days=60))
    erased = await broker.service.retain.erase(PERSON, **BY)
    assert (erased.held, erased.customer_has_a_point) == ({}, False)
    assert len(erased.cases) == 2
    assert erased.customers == 1
    assert where_it_stands(broker.path, TEXTS) == []
    assert damaged(broker) == []


QUOTED = 'Kmetija "Pri Kseniji" \\ sin & hči'


async def test_a_name_with_signs_that_are_written_otherwise_is_found(broker: Broker) -> None:
    """Documents and the journal tell the customer of a change without its tax number (A35)."""
    written = "Kmetija &quot;Pri Kseniji&quot; \\ sin &amp; hči"
    moved = moves_in("IN-2", "NAME", STREET, MAIL, TAX).replace(b">NAME<", f">{written}<".encode())
    assert (await broker.post(moved, OPERATOR)).status == 200
    for day, name, said in (
        (datetime(2026, 4, 28, 9, tzinfo=UTC), "payer", {"PayerChange/Ground": "contract_start"}),
        (
            datetime(2026, 5, 4, 9, tzinfo=UTC),
            "payer-breach",
            {"PayerChange/WrittenNoticeOn": "2026-04-29"},
        ),
    ):
        broker.clock.move_to(day)
        change = (MESSAGES / f"RegisterChange/{name}.xml").read_bytes()
        assert (await broker.post(with_fields(change, said), OPERATOR)).status == 200
    out = moves_in("OUT-2", "Ana Zgled", "Zgledna ulica 1", "ana@example.com", "12345679")
    assert (await broker.post(out, OPERATOR)).status == 200
    await acknowledge_all(broker)
    assert broker.rows("SELECT name FROM customers WHERE tax_number = ?", TAX) == [(QUOTED,)]
    told = "SELECT content FROM journal JOIN payloads USING (payload_id) WHERE kind = 'ChangeTold'"
    assert b"Pri Kseniji" in b"".join(content for (content,) in broker.rows(told))
    await broker.service.retain.erase(PERSON, **BY)
    assert where_it_stands(broker.path, ("Pri Kseniji", STREET, TAX)) == []


def by_reference(text: str) -> str:
    return "".join(f"&#x{ord(sign):x};" for sign in text)


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII"])
@pytest.mark.parametrize("named", ["by tax number", "by name and street", "in a comment"])
async def test_a_message_is_found_however_it_is_written(
    broker: Broker, encoding: str, named: str
) -> None:
    """One taken, one refused, one cut off; signs as references, and texts around a comment."""
    asked = with_fields(
        (MESSAGES / "MasterDataRequest/for-a-quote.xml").read_bytes(),
        {
            "Header/Identification": "ID",
            "ContractingParty/Name": NAME,
            "ContractingParty/TaxNumber": TAX,
        },
    ).decode()
    taken = asked.replace("UTF-8", encoding).replace(">ID<", ">TAKEN<")
    taken = taken.replace(TAX, f"{TAX[:3]}<!-- -->{by_reference(TAX[3:])}")
    refused = taken.replace(">TAKEN<", ">REFUSED<").replace("</Header>", "</Header><No/>")
    if named != "by tax number":
        start, end = refused.index("<TaxNumber"), refused.index("</TaxNumber>")
        refused = f"{refused[:start]}<TaxNumber>{refused[end:]}"
        said = f"<Street>{by_reference(STREET.upper())}</Street>"
        refused = refused.replace(
            "<No/>", said if named == "by name and street" else f"<!-- SI{TAX} -->"
        )
    cut_off = refused.replace("</MasterDataRequest>", "").replace("<!-- -->", "")
    statuses = [
        (await broker.post(one.encode(encoding, "xmlcharrefreplace"), SOUTH)).status
        for one in (taken, refused, cut_off)
    ]
    assert statuses == [200, 400, 400]
    await acknowledge_all(broker)
    await broker.service.retain.erase(PERSON, **BY)
    left = "SELECT message_id, http_status FROM inbox JOIN payloads ON payload_id = bytes_payload"
    assert broker.rows(f"{left} WHERE content IS NOT NULL") == []


async def test_a_message_of_another_stays(broker: Broker) -> None:
    """One of the same name elsewhere, in whose numbers the tax number stands."""
    others = moves_in("IN-3", NAME, f"{STREET}1", MAIL, "12345792")
    others = others.replace(b"<Header>", f"<Header><!-- 1{TAX}9 -->".encode())
    assert (await broker.post(others, OPERATOR)).status == 200
    await acknowledge_all(broker)
    await broker.service.retain.erase(PERSON, **BY)
    left = "SELECT message_id FROM inbox JOIN payloads ON payload_id = bytes_payload"
    assert broker.rows(f"{left} WHERE content IS NOT NULL") == [("IN-3",)]


async def test_the_search_finds_what_is_there(broker: Broker) -> None:
    """Else finding nothing would prove nothing: each text, the contract inside XML too."""
    await traffic_of_the_person(broker)
    found = " ".join(where_it_stands(broker.path, TEXTS))
    for text in TEXTS:
        plain = text.encode() if isinstance(text, str) else text
        assert f"{plain!r} in" in found
    assert re.search(r"ZAPRTO' in \S+ as base64", found)


async def test_a_dry_run_says_what_would_go_and_changes_nothing(broker: Broker) -> None:
    await traffic_of_the_person(broker)
    broker.clock.move_to(broker.clock.now() + timedelta(days=60))
    before = broker.rows("SELECT count(*), count(content) FROM payloads")
    would = await broker.service.retain.would_erase(PERSON)
    assert broker.rows("SELECT count(*), count(content) FROM payloads") == before
    erased = await broker.service.retain.erase(PERSON, **BY)
    assert (would.cases, would.contents, would.customers) == (
        erased.cases,
        erased.contents,
        erased.customers,
    )
    assert would.contents > 4


async def test_who_and_why_stand_in_the_journal_without_the_person(broker: Broker) -> None:
    case = await switched(broker, "M-1", persons_point(), "14800")
    broker.clock.move_to(broker.clock.now() + timedelta(days=60))
    await broker.service.retain.erase(Wanted(case_id=case), **BY)
    rows = broker.rows(
        "SELECT kind, content FROM journal JOIN payloads USING (payload_id)"
        " WHERE kind LIKE '%Erased'"
    )
    assert [
        (kind, b"Nada Zgled" in content, case.encode() in content) for kind, content in rows
    ] == [("CasesErased", True, True)]


async def test_a_contract_stays_until_the_last_case_that_has_it_goes(broker: Broker) -> None:
    first = await switched(broker, "M-1", persons_point(), "14800")
    second = await broker.post(request_of("M-2", sample_point(2)), SOUTH)
    rejected = await broker.post(request_of("M-3", sample_point(2)), SOUTH)
    assert (second.status, rejected.status) == (200, 200)
    await acknowledge_all(broker)
    broker.clock.move_to(broker.clock.now() + timedelta(days=60))
    await broker.service.deadlines.reach_deadlines(broker.clock.now())
    await acknowledge_all(broker)
    retain = broker.service.retain
    for case, left in ((first, 1), (CaseId(second.case), 1), (CaseId(rejected.case), 0)):
        assert (await retain.erase(Wanted(case_id=case), **BY)).cases == [case]
        assert broker.count("contract_documents") == left
        assert damaged(broker) == []
    assert where_it_stands(broker.path, (CONTRACT,)) == []


async def hindrances_of(broker: Broker, case: str) -> tuple[Hindrance, ...]:
    would = await broker.service.retain.would_erase(Wanted(case_id=CaseId(case)))
    return would.held.get(CaseId(case), ())


async def test_what_is_still_needed_stays(broker: Broker) -> None:
    point = persons_point()
    case = (await broker.post(request_of("M-1", point), SOUTH)).case
    assert await hindrances_of(broker, case) == (
        Hindrance.OPEN,
        Hindrance.DEADLINE_RUNS,
        Hindrance.DOCUMENT_WAITS,
    )
    read = reading("M-1-R", point, taken_at="2026-04-27T00:00:00+02:00", value="14800")
    broker.clock.move_to(datetime(2026, 4, 27, 9, tzinfo=UTC))
    assert (await broker.post(read, SOUTH)).status == 200
    held = (Hindrance.DOCUMENT_WAITS, Hindrance.CORRECTION_POSSIBLE)
    assert await hindrances_of(broker, case) == held
    broker.clock.move_to(datetime(2026, 5, 27, 21, 59, tzinfo=UTC))  # the 30th day after (D3)
    assert await hindrances_of(broker, case) == held
    broker.clock.move_to(datetime(2026, 5, 27, 22, 1, tzinfo=UTC))
    assert await hindrances_of(broker, case) == (Hindrance.DOCUMENT_WAITS,)
    erased = await broker.service.retain.erase(Wanted(case_id=CaseId(case)), **BY)
    assert erased.cases == []
    await acknowledge_all(broker)
    assert await hindrances_of(broker, case) == ()


async def test_a_case_that_owes_a_notice_stays(broker: Broker) -> None:
    case = await switched(broker, "M-1", persons_point(), "14800")
    broker.clock.move_to(broker.clock.now() + timedelta(days=60))
    broker.damage("DELETE FROM outbox WHERE kind = 'SwitchCompleted' AND party = ?", NORTH)
    assert await hindrances_of(broker, case) == (Hindrance.NOTICE_MISSING,)


async def test_a_damaged_case_stays_and_holds_up_no_other(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = (await broker.post(request_of("M-1", persons_point()), SOUTH)).case
    sound = (await broker.post(request_of("M-2", sample_point(2)), SOUTH)).case
    broker.clock.move_to(broker.clock.now() + timedelta(days=60))
    await broker.service.deadlines.reach_deadlines(broker.clock.now())
    await acknowledge_all(broker)
    first = "SELECT min(position) FROM journal WHERE case_id = ?"
    broker.damage(f"DELETE FROM journal WHERE position = ({first})", damaged)
    erased = await broker.service.retain.erase(Wanted(before=date(2026, 7, 1)), **BY)
    assert erased.held == {CaseId(damaged): (Hindrance.UNREADABLE,)}
    assert erased.cases == [CaseId(sound)]
    assert f"case {damaged} stays" in caplog.text


async def test_a_document_of_who_no_longer_takes_part_holds_nothing_up(broker: Broker) -> None:
    case = (await broker.post(request_of("M-1", persons_point()), SOUTH)).case
    broker.clock.move_to(broker.clock.now() + timedelta(days=60))
    await broker.service.deadlines.reach_deadlines(broker.clock.now())
    assert await hindrances_of(broker, case) == (Hindrance.DOCUMENT_WAITS,)
    broker.damage("UPDATE participants SET active = 0 WHERE eic IN (?, ?)", SOUTH, NORTH)
    assert await hindrances_of(broker, case) == ()


async def test_the_customer_of_a_point_stays(broker: Broker) -> None:
    erased = await broker.service.retain.erase(PERSON, **BY)
    assert (erased.customers, erased.customer_has_a_point) == (0, True)
    assert where_it_stands(broker.path, (NAME,)) != []


async def test_a_customer_who_is_back_meanwhile_stays(broker: Broker) -> None:
    retain, writer = broker.service.retain, broker.service.writer
    [(customer,)] = broker.rows("SELECT customer FROM customers WHERE tax_number = ?", TAX)
    await retain.erase(PERSON, **BY)  # contents of no case; the customer has a point
    broker.damage("UPDATE accounting_points SET customer = NULL WHERE customer = ?", customer)
    back = "UPDATE accounting_points SET customer = ? WHERE accounting_point = ?"
    with writer.place(broker.clock.now()) as place:
        erasing = asyncio.create_task(retain.erase(PERSON, **BY))
        await until(lambda: writer.waiting_count() == 2)
        point = sample_point(1).number
        await writer.submit(lambda conn: conn.execute(back, (customer, point)), place=place)
    erased = await erasing
    assert (erased.customers, erased.customer_has_a_point) == (0, True)
    assert broker.rows("SELECT tax_number FROM customers WHERE customer = ?", customer) == [(TAX,)]
    assert broker.rows("SELECT 1 FROM journal WHERE kind = 'CustomerErased'") == []


async def test_each_day_what_is_old_goes_and_figures_stay(broker: Broker) -> None:
    await traffic_of_the_person(broker)
    flow = broker.rows("SELECT * FROM case_flow")
    retain, clock = broker.service.retain, broker.clock
    clock.move_to(FRIDAY + timedelta(days=365))
    await busy(broker, "M-10")
    await retain.erase_by_period()  # notes who has left
    assert await retain.run_daily() == 0  # not before its hour
    for year in (2, 3, 4, 5):
        clock.move_to(FRIDAY + timedelta(days=365 * year + 40))
        await busy(broker, f"M-1{year}")
        went = await retain.run_daily()
        assert (went, await retain.run_daily()) == ((2, 0) if year == 5 else (0, 0))
    assert where_it_stands(broker.path, TEXTS) == []
    assert set(flow) <= set(broker.rows("SELECT * FROM case_flow"))
    assert damaged(broker) == []


async def busy(broker: Broker, message_id: str) -> None:
    """Something happens, so that the clock is seen to be right."""
    answer = await broker.post(switch_request(message_id, sample_point(3)), SOUTH)
    assert answer.status == 200
    await acknowledge_all(broker)


async def test_others_write_while_it_is_noted_who_has_left(broker: Broker) -> None:
    added = (
        "INSERT INTO customers (tax_number, name, street, postal_code, city, country)"
        " WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 900)"
        " SELECT 20000000 + n, 'Stranka ' || n, 'Pot 1', '3999', 'Zgledovo', 'SI' FROM numbers"
    )
    broker.damage(added)
    count = "SELECT count(left_at) FROM customers WHERE tax_number LIKE '20000%'"
    erasing, seen = asyncio.create_task(broker.service.retain.erase_by_period()), set()
    while not erasing.done():
        seen.add(await broker.service.writer.submit(lambda conn: conn.execute(count).fetchone()[0]))
    assert broker.rows(count) == [(900,)]
    assert seen - {0, 900}
    again = "UPDATE accounting_points SET customer = (SELECT max(customer) FROM customers)"
    broker.damage(f"{again} WHERE accounting_point = ?", sample_point(1).number)
    await broker.service.retain.erase_by_period()
    assert broker.rows(count) == [(899,)]


async def test_a_clock_that_leaps_erases_nothing(broker: Broker) -> None:
    await switched(broker, "M-1", persons_point(), "14800")
    broker.clock.move_to(FRIDAY + timedelta(days=3650))
    assert await broker.service.retain.run_daily() == 0
    assert where_it_stands(broker.path, (NAME,)) != []


async def test_what_ended_before_a_day_goes(broker: Broker) -> None:
    await traffic_of_the_person(broker)
    broker.clock.move_to(broker.clock.now() + timedelta(days=60))
    erased = await broker.service.retain.erase(Wanted(before=date(2026, 4, 24)), **BY)
    assert (erased.cases, erased.held, erased.contents) == ([], {}, 0)
    erased = await broker.service.retain.erase(Wanted(before=date(2026, 5, 24)), **BY)
    assert (len(erased.cases), erased.held, erased.customers) == (2, {}, 0)
    # Its row in the register is not of that day, and goes when nothing has needed it for long.
    assert where_it_stands(broker.path, (CONTRACT,)) == []
