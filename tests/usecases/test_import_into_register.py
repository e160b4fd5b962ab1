"""Imports into a living register: added, changed or left alone as the record allows, all at once.

Method: the real service with the sample register on a free port; uploads go in as the command line
sends them, and what is on record is read back from the file.
"""

import asyncio
import io
import json
import sqlite3
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from lxml import etree

from broker.clock import VirtualClock
from broker.config import Config, ServiceSettings
from broker.ids import Ids
from broker.messages.identifiers import Eic, Gsrn, SerialNumber, gsrn_with_check_digit
from broker.messages.register_changes import ReadingCancelled
from broker.service import Service
from broker.store import corrections, participants, register, register_staging
from broker.store.connection import open_for_reading, open_for_writing
from broker.store.register_rows import RegisterRows
from broker.store.schema import migrate
from broker.store.writer import UnableToWrite
from broker.usecases import import_into_register
from broker.usecases.handle_event import Desk
from broker.usecases.import_into_register import ImportIntoRegister
from broker.usecases.import_register import import_register
from tests.store import samples

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"
NOON = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
TODAY = date(2026, 4, 1)
TOKEN = "aa" * 32
SUPPLIER_TOKEN = "bb" * 32
OPERATOR = Eic("28XOMREZJE-ZGLE0")
SEVERNA = Eic("28XSEVER-ENERGI8")
JUZNA = Eic("28XJUG-ELEKTRIKB")
CUSTOMER_14 = "12345792"
POINTS = (
    "accounting_point,delivery_point,metering_site,directions,connected,self_supply,"
    "remotely_read,customer"
)
SITES = "metering_site,area_code,gsrn,owner"
CUSTOMERS = "tax_number,name,street,postal_code,city,country,email"
SUPPLY = "accounting_point,direction,supplier,share,from_day,to_day"
METERS = "accounting_point,serial_number,installed_from,removed_on"
REGISTERS = "accounting_point,serial_number,register,digits,decimals,multiplier"
READINGS = "accounting_point,serial_number,taken_at,obtained_by,register,value"
BILLED = "accounting_point,direction,from_day,to_day,kwh"


def gsrn(number: int) -> Gsrn:
    """The number of a point, of the sample up to 64."""
    return gsrn_with_check_digit(f"38319990{number:09d}")


NEW = {
    "customers.csv": f"{CUSTOMERS}\n10000003,Nova Oseba,Pot 1,3999,Zgledovo,SI,\n",
    "metering_sites.csv": f"{SITES}\n7-0000101,7,383199902000000011,10000003\n",
    "accounting_points.csv": f"{POINTS}\n"
    f"{gsrn(101)},DP-0101,7-0000101,consumption,yes,no,no,10000003\n",
    "supply.csv": f"{SUPPLY}\n{gsrn(101)},consumption,28XSEVER-ENERGI8,1,2026-03-01,\n",
    "meters.csv": f"{METERS}\n{gsrn(101)},ZGL-100101,2026-03-01,\n",
    "meter_registers.csv": f"{REGISTERS}\n{gsrn(101)},ZGL-100101,1-0:1.8.0,6,0,1\n",
    "readings.csv": f"{READINGS}\n{gsrn(101)},ZGL-100101,2026-03-01T08:00:00+01:00,1,1-0:1.8.0,5\n",
}
"""A new point with all that belongs to it."""


def divided(first: int, second: int, place: str) -> dict[str, str]:
    """A new delivery point with a meter at its first point, and a second one measured there."""
    points = [
        f"{gsrn(second)},{place},7-0000101,consumption,yes,no,no,10000003,{gsrn(first)}",
        f"{gsrn(first)},{place},7-0000101,consumption,yes,no,no,10000003,",
    ]
    supply = [
        f"{gsrn(first)},consumption,28XSEVER-ENERGI8,0.4,2026-03-01,",
        f"{gsrn(second)},consumption,28XJUG-ELEKTRIKB,0.6,2026-03-01,",
    ]
    return {
        **NEW,
        "accounting_points.csv": "\n".join([f"{POINTS},measured_at", *points, ""]),
        "supply.csv": "\n".join([SUPPLY, *supply, ""]),
    }


@dataclass(frozen=True)
class Living:
    """A running service, and its file."""

    service: Service
    path: Path

    async def upload(self, files: Mapping[str, str] | bytes, query: str = "") -> dict[str, Any]:
        """Import these files; how it ended."""
        content = files if isinstance(files, bytes) else packed(files)
        status, told = await self.post(content, query)
        assert status == 202, told
        while True:
            _, now = await self.ask("GET", f"/operator/imports/{told['import']}")
            if now["state"] in ("done", "refused", "failed"):
                return now
            await asyncio.sleep(0.05)

    async def post(self, content: bytes, query: str = "") -> tuple[int, dict[str, Any]]:
        """Hand in an upload."""
        return await self.ask("POST", f"/operator/imports{query}", content)

    async def ask(
        self, method: str, path: str, content: bytes | None = None, token: str = TOKEN
    ) -> tuple[int, dict[str, Any]]:
        """Ask the service with a token."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/zip"}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                method, self.service.address + path, data=content, headers=headers
            ) as response,
        ):
            text = await response.text()
            return response.status, json.loads(text) if text.startswith("{") else {}

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the file says now."""
        with closing(open_for_reading(self.path)) as connection:
            return connection.execute(query, values).fetchall()

    def notices(self) -> Counter[tuple[str, ...]]:
        """The notices of changes in all mailboxes: to whom, which point, what, from when."""
        query = """
            SELECT party, content FROM outbox JOIN payloads USING (payload_id)
            WHERE kind = 'RegisterChangeNotice'"""
        found = Counter[tuple[str, ...]]()
        for party, content in self.rows(query):
            root = etree.fromstring(content)
            what = [root.findtext(f"{{*}}{name}") or "" for name in ("Change", "EffectiveOn")]
            found[party, root.findtext("{*}Point/{*}AccountingPoint") or "", *what] += 1
        return found

    def customer_of(self, number: int) -> str:
        """The name of the customer of a point that can be seen."""
        with closing(open_for_reading(self.path)) as connection:
            facts = register.point_facts(connection, gsrn(number), TODAY)
        assert facts is not None
        assert facts.customer is not None
        return facts.customer.name


def packed(files: Mapping[str, str]) -> bytes:
    """The files as one zip."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the sample register, tokens of the operator and a supplier."""
    path = tmp_path / "living.sqlite"
    with closing(open_for_writing(path)) as connection:
        migrate(connection)
        import_register(connection, SAMPLE)
        participants.issue_token(connection, OPERATOR, "staff", TOKEN, NOON)
        participants.issue_token(connection, SEVERNA, "test", SUPPLIER_TOKEN, NOON)
    return path


@pytest.fixture
async def living(path: Path) -> AsyncIterator[Living]:
    """The service on that file."""
    settings = ServiceSettings(database=path, port=0)
    service = Service(Config(service=settings), VirtualClock(NOON), with_timer=False)
    await service.start()
    yield Living(service, path)
    await service.stop()


class TestAdded:
    """What is not on record is added, and is seen once all of it is there."""

    async def test_a_new_point_with_all_that_belongs_to_it(self, living: Living) -> None:
        told = await living.upload(NEW)
        assert (told["state"], told["faults"], told["skipped"]) == ("done", [], [])
        assert told["added"]["points"] == 1
        assert told["added"]["readings"] == 1
        assert living.customer_of(101) == "Nova Oseba"
        [row] = living.rows("SELECT supplier FROM supply WHERE accounting_point = ?", gsrn(101))
        assert row == ("28XSEVER-ENERGI8",)
        issued = "SELECT count(*) FROM issued_gsrns WHERE gsrn IN (?, '383199902000000011')"
        assert living.rows(issued, gsrn(101)) == [(2,)]
        [kind] = living.rows("SELECT kind FROM journal WHERE case_id IS NULL")
        assert kind == ("RegisterImported",)

    async def test_what_is_on_record_already_is_passed_over(self, living: Living) -> None:
        names = [path.name for path in SAMPLE.iterdir()]
        told = await living.upload({name: (SAMPLE / name).read_text("utf-8") for name in names})
        assert (told["state"], told["faults"], told["skipped"]) == ("done", [], [])
        assert set(told["added"].values()) | set(told["changed"].values()) == {0}

    async def test_a_cancelled_reading_is_not_brought_back(self, living: Living) -> None:
        cancelled = ReadingCancelled(
            accounting_point=gsrn(1),
            serial_number=SerialNumber("ZGL-100001"),
            taken_on=date(2026, 3, 31),
            on=TODAY,
        )
        await living.service.writer.submit(
            lambda connection: corrections.cancel_reading(connection, cancelled)
        )
        told = await living.upload(
            {"readings.csv": (SAMPLE / "readings.csv").read_text(encoding="utf-8")}
        )
        assert (told["state"], set(told["added"].values())) == ("done", {0})

    async def test_again_is_harmless(self, living: Living) -> None:
        await living.upload(NEW)
        told = await living.upload(NEW)
        assert (told["state"], set(told["added"].values())) == ("done", {0})

    async def test_readings_quantities_and_a_meter_at_points_on_record(
        self, living: Living
    ) -> None:
        told = await living.upload(
            {
                "meters.csv": f"{METERS}\n{gsrn(1)},ZGL-100001,2023-11-20,2026-04-01\n"
                f"{gsrn(1)},ZGL-200001,2026-04-01,\n",
                "meter_registers.csv": f"{REGISTERS}\n{gsrn(1)},ZGL-200001,1-0:1.8.0,6,0,1\n",
                "readings.csv": f"{READINGS}\n"
                f"{gsrn(1)},ZGL-200001,2026-04-01T08:00:00+02:00,1,1-0:1.8.0,0\n",
                "billed_quantities.csv": f"{BILLED}\n"
                f"{gsrn(1)},consumption,2026-03-31,2026-04-01,9\n",
            }
        )
        assert (told["state"], told["faults"], told["skipped"]) == ("done", [], [])
        assert (told["changed"]["meters"], told["added"]["meters"]) == (1, 1)
        with closing(open_for_reading(living.path)) as connection:
            facts = register.point_facts(connection, gsrn(1), TODAY)
        assert facts is not None
        assert facts.meter is not None
        assert facts.meter.serial_number == "ZGL-200001"
        assert facts.last_reading is not None
        assert facts.averages[0].kwh_per_day == 9

    async def test_a_divided_delivery_point(self, living: Living) -> None:
        told = await living.upload(divided(101, 102, "DP-0101"))
        assert (told["state"], told["faults"], told["skipped"]) == ("done", [], [])
        with closing(open_for_reading(living.path)) as connection:
            facts = register.point_facts(connection, gsrn(102), TODAY)
        assert facts is not None
        assert facts.measured_at == gsrn(101)
        assert facts.meter is not None
        assert facts.meter.serial_number == "ZGL-100101"
        assert [str(one.share) for one in facts.supplies_at_delivery_point] == ["0.4", "0.6"]
        again = await living.upload(divided(101, 102, "DP-0101"))
        assert (again["state"], set(again["added"].values())) == ("done", {0})

    async def test_a_point_beside_one_that_is_supplied_whole(self, living: Living) -> None:
        point = f"{gsrn(103)},DP-0001,7-0000001,consumption,yes,no,no,,{gsrn(1)}"
        told = await living.upload({"accounting_points.csv": f"{POINTS},measured_at\n{point}\n"})
        assert (told["state"], told["faults"], told["skipped"]) == ("done", [], [])
        with closing(open_for_reading(living.path)) as connection:
            facts = register.point_facts(connection, gsrn(103), TODAY)
        assert facts is not None
        assert (facts.measured_at, facts.supplies) == (gsrn(1), ())
        told = await living.upload(
            {"supply.csv": f"{SUPPLY}\n{gsrn(103)},consumption,28XSEVER-ENERGI8,0.5,2026-03-01,\n"}
        )
        assert told["state"] == "refused"
        assert "add up to 1.5, not exactly one" in told["faults"][0]

    async def test_where_a_point_is_measured_does_not_change(self, living: Living) -> None:
        point = f"{gsrn(20)},DP-0019,7-0000019,consumption,yes,no,yes,12345857,"
        told = await living.upload({"accounting_points.csv": f"{POINTS},measured_at\n{point}\n"})
        assert told["state"] == "refused"
        assert f"measured_at: on record is {gsrn(19)}" in told["faults"][0]

    async def test_a_participant(self, living: Living) -> None:
        text = (SAMPLE / "participants.toml").read_text("utf-8")
        new = text.replace("28XSEVER-ENERGI8", "28XNOVA-DOBAVA-A").replace("Severna", "Nova")
        table = next(part for part in new.split("[[") if "28XNOVA-DOBAVA-A" in part)
        told = await living.upload({"participants.toml": "[[" + table})
        assert (told["state"], told["faults"]) == ("done", [])
        with closing(open_for_reading(living.path)) as connection:
            party = participants.participant(connection, Eic("28XNOVA-DOBAVA-A"))
        assert party is not None
        assert party.name == "Nova energija"


class TestChanged:
    """Master data on record may change, and nothing else of it."""

    async def test_customer_flags_and_site(self, living: Living) -> None:
        told = await living.upload(
            {
                "customers.csv": f"{CUSTOMERS}\n"
                "12345687,Boris Novak,Nova cesta 2,3999,Zgledovo,SI,boris@example.com\n",
                "accounting_points.csv": f"{POINTS},measured_power\n"
                f"{gsrn(4)},DP-0004,7-0000004,consumption,yes,no,yes,12345687,yes\n",
                "metering_sites.csv": f"{SITES},inaccessible_since\n"
                "7-0000004,7,,12345687,2025-01-15\n",
            }
        )
        assert (told["state"], told["faults"], told["skipped"]) == ("done", [], [])
        assert living.customer_of(2) == living.customer_of(4) == "Boris Novak"
        with closing(open_for_reading(living.path)) as connection:
            facts = register.point_facts(connection, gsrn(4), TODAY)
        assert facts is not None
        assert (facts.connected, facts.remotely_read, facts.measured_power) == (True, True, True)
        assert facts.inaccessible_since == date(2025, 1, 15)

    @pytest.mark.parametrize(
        ("file", "text", "column"),
        [
            (
                "accounting_points.csv",
                f"{POINTS}\n{gsrn(4)},DP-0005,7-0000004,consumption,no,no,no,12345709\n",
                "delivery_point",
            ),
            ("meters.csv", f"{METERS}\n{gsrn(4)},ZGL-100004,2023-11-21,\n", "installed_from"),
            (
                "readings.csv",
                f"{READINGS}\n{gsrn(4)},ZGL-100004,2026-03-31T08:00:00+02:00,1,1-0:1.8.0,17651\n",
                "value",
            ),
            (
                "billed_quantities.csv",
                f"{BILLED}\n{gsrn(4)},consumption,2026-03-01,2026-04-01,300\n",
                "from_day",
            ),
            (
                "metering_sites.csv",
                f"{SITES}\n7-0000102,7,383199901000000182,\n",
                "gsrn",
            ),
            ("operator.toml", (SAMPLE / "operator.toml").read_text("utf-8"), ""),
        ],
    )
    async def test_what_contradicts_the_record_refuses_all_of_it(
        self, living: Living, *, file: str, text: str, column: str
    ) -> None:
        if file == "operator.toml":
            text, column = text.replace('area_code = "7"', 'area_code = "8"'), "area_code"
        told = await living.upload(NEW | {file: text} if file not in NEW else {file: text})
        assert told["state"] == "refused"
        assert any(f.startswith(f"{file}:") and f" {column}:" in f for f in told["faults"])
        assert living.rows("SELECT count(*) FROM register_imports") == [(0,)]

    async def test_skipping_leaves_the_contradiction_out(self, living: Living) -> None:
        text = NEW["meters.csv"] + f"{gsrn(4)},ZGL-100004,2023-11-21,\n"
        told = await living.upload(NEW | {"meters.csv": text}, "?skip-faulty=yes")
        assert told["state"] == "done"
        assert [line.split(":")[0] for line in told["skipped"]] == ["meters.csv"]
        assert living.customer_of(101) == "Nova Oseba"


class TestLeftAlone:
    """Supply on record and points with a case in progress are not touched, and that is told."""

    async def test_supply_that_says_otherwise(self, living: Living) -> None:
        text = NEW["supply.csv"] + f"{gsrn(1)},consumption,28XJUG-ELEKTRIKB,1,2026-04-01,\n"
        told = await living.upload(NEW | {"supply.csv": text})
        assert told["state"] == "done"
        assert len(told["skipped"]) == 1
        assert told["skipped"][0].startswith("supply.csv:3 supplier: other supply is on record")
        assert living.customer_of(101) == "Nova Oseba"

    async def test_what_a_case_in_progress_began_with(self, living: Living) -> None:
        await begin_case(living, 1)
        await begin_case(living, 34)
        told = await living.upload(
            NEW
            | {
                "metering_sites.csv": f"{NEW['metering_sites.csv']}7-0000001,7,,\n",
                "accounting_points.csv": f"{POINTS},measured_power\n"
                f"{gsrn(101)},DP-0101,7-0000101,consumption,yes,no,no,10000003,no\n"
                f"{gsrn(1)},DP-0001,7-0000001,consumption,yes,no,no,12345679,yes\n"
                f"{gsrn(102)},DP-0001,7-0000101,consumption,yes,no,no,10000003,no\n",
                "supply.csv": f"{NEW['supply.csv']}"
                f"{gsrn(34)},production,28XSEVER-ENERGI8,1,2026-04-01,\n",
                "meters.csv": f"{NEW['meters.csv']}{gsrn(1)},ZGL-100001,2023-11-20,2026-04-01\n",
            }
        )
        assert (told["state"], told["faults"]) == ("done", [])
        assert [line.partition(" ")[0] for line in told["skipped"]] == [
            "accounting_points.csv:3",
            "accounting_points.csv:4",
            "metering_sites.csv:3",
            "meters.csv:3",
            "supply.csv:3",
        ]
        assert living.customer_of(101) == "Nova Oseba"


async def begin_case(living: Living, number: int) -> None:
    """A case in progress at the delivery point of a sample point, about another point there."""
    record = samples.recorded(number, delivery_point=f"DP-{number:04d}", received_at=NOON)
    await living.service.writer.submit(lambda connection: samples.write_case(connection, record))


class TestTold:
    """Suppliers are told what an import has changed at their points, as by a RegisterChange."""

    async def test_what_affects_the_network_charge(self, living: Living) -> None:
        told = await living.upload(
            {
                "customers.csv": f"{CUSTOMERS}\n"
                "12345687,Boris Novak,Nova cesta 2,3999,Zgledovo,SI,boris@example.com\n",
                "accounting_points.csv": f"{POINTS},measured_power\n"
                f"{gsrn(1)},DP-0001,7-0000001,consumption,no,no,yes,12345679,no\n"
                f"{gsrn(14)},DP-0014,7-0000014,consumption,yes,no,no,{CUSTOMER_14},yes\n",
            }
        )
        assert (told["state"], told["faults"], told["skipped"]) == ("done", [], [])
        assert living.notices() == {
            (SEVERNA, gsrn(1), "connection", "2026-04-01"): 1,
            (SEVERNA, gsrn(1), "reading_method", "2026-04-01"): 1,
            (JUZNA, gsrn(2), "customer", "2026-04-01"): 1,
            (SEVERNA, gsrn(14), "meter", "2026-04-01"): 1,
            (JUZNA, gsrn(14), "meter", "2026-04-01"): 1,
        }
        assert living.rows("SELECT count(*) FROM imported_changes") == [(0,)]

    @pytest.mark.parametrize(
        ("registers", "remotely_read", "notices"),
        [
            (("1-0:1.8.0",), "no", {}),
            (("1-0:1.8.0",), "yes", {(SEVERNA, gsrn(1), "meter", "2026-03-30"): 1}),
            (("1-0:1.8.1", "1-0:1.8.2"), "no", {(SEVERNA, gsrn(1), "meter", "2026-03-30"): 1}),
        ],
    )
    async def test_an_exchange_where_the_way_of_metering_changes(
        self,
        living: Living,
        *,
        registers: tuple[str, ...],
        remotely_read: str,
        notices: dict[tuple[str, ...], int],
    ) -> None:
        new = "".join(f"{gsrn(1)},ZGL-200001,{one},6,0,1\n" for one in registers)
        flags = f"consumption,yes,no,{remotely_read},12345679"
        told = await living.upload(
            {
                "accounting_points.csv": f"{POINTS}\n{gsrn(1)},DP-0001,7-0000001,{flags}\n",
                "meters.csv": f"{METERS}\n{gsrn(1)},ZGL-100001,2023-11-20,2026-03-30\n"
                f"{gsrn(1)},ZGL-200001,2026-03-30,\n",
                "meter_registers.csv": f"{REGISTERS}\n{new}",
            }
        )
        assert (told["state"], told["faults"]) == ("done", [])
        assert living.notices() == notices

    async def test_how_a_shared_meter_is_read_to_each_under_its_own_number(
        self, living: Living
    ) -> None:
        for number, measured_at in ((19, ""), (20, gsrn(19))):
            flags = f"consumption,yes,no,no,12345857,{measured_at}"
            point = f"{gsrn(number)},DP-0019,7-0000019,{flags}"
            files = {"accounting_points.csv": f"{POINTS},measured_at\n{point}\n"}
            told = await living.upload(files)
            assert (told["state"], told["changed"]["points"]) == ("done", 1)
            assert living.notices() == {
                (SEVERNA, gsrn(19), "reading_method", "2026-04-01"): 1,
                (JUZNA, gsrn(20), "reading_method", "2026-04-01"): 1,
            }

    async def test_nothing_of_what_is_new_or_not_theirs(self, living: Living) -> None:
        told = await living.upload(
            NEW
            | {
                "metering_sites.csv": f"{NEW['metering_sites.csv']}7-0000001,7,,\n",
                "billed_quantities.csv": f"{BILLED}\n"
                f"{gsrn(1)},consumption,2026-03-31,2026-04-01,9\n",
            }
        )
        assert (told["state"], told["skipped"]) == ("done", [])
        assert living.notices() == {}

    async def test_what_cannot_be_told_is_put_aside_and_holds_up_nobody(
        self, path: Path, living: Living
    ) -> None:
        await living.service.stop()
        with closing(open_for_writing(path)) as connection:
            for number, day in ((2, "9999-12-31"), (1, "2026-03-30")):
                change = "INSERT INTO imported_changes VALUES (NULL, ?, 'meter', ?, 1, 'broken')"
                connection.execute(change, (gsrn(number), day))
        await living.service.start()
        told = await living.upload({"billed_quantities.csv": f"{BILLED}\n"})
        assert told["state"] == "done"
        assert living.notices() == {(SEVERNA, gsrn(1), "meter", "2026-03-30"): 1}
        [(point, why)] = living.rows("SELECT accounting_point, parked FROM imported_changes")
        assert (point, why.partition(":")[0]) == (gsrn(2), "UnableToWriteValidDocument")

    async def test_what_is_left_is_told_once_the_file_can_be_written(
        self, path: Path, living: Living, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(import_into_register, "_TRY_AGAIN_SECONDS", 0.05)
        desk = Desk(rules=Config().rulebook(), ids=Ids(lambda: NOON), operator=OPERATOR)
        imports = ImportIntoRegister(
            writer=living.service.writer, clock=VirtualClock(NOON), desk=desk, database=path
        )
        with closing(open_for_writing(path)) as other:
            change = "INSERT INTO imported_changes VALUES (NULL, ?, 'meter', ?, 1, 'broken')"
            other.execute(change, (gsrn(1), "2026-03-30"))
            other.execute("BEGIN IMMEDIATE")
            imports.start()
            with pytest.raises(UnableToWrite):
                await living.service.writer.submit(lambda _: None)
            other.execute("ROLLBACK")
        for _ in range(200):
            if living.notices():
                break
            await asyncio.sleep(0.05)
        assert living.notices() == {(SEVERNA, gsrn(1), "meter", "2026-03-30"): 1}
        await imports.close()


class TestInterrupted:
    """Nothing of an interrupted import is seen; it is cleared away and can be repeated."""

    async def test_hidden_rows_are_removed_at_the_next_start(self, path: Path) -> None:
        with closing(open_for_writing(path)) as connection:
            before = dump(connection)
            connection.execute("BEGIN")
            import_id = register_staging.begin(connection, "n", NOON)
            register_staging.stage(connection, NEW_ROWS, import_id)
            connection.execute("COMMIT")
            assert register.point_facts(connection, gsrn(101), TODAY) is None
            assert participants.participant(connection, Eic("28XNOVA-DOBAVA-A")) is None
        settings = ServiceSettings(database=path, port=0)
        service = Service(Config(service=settings), VirtualClock(NOON), with_timer=False)
        await service.start()
        living = Living(service, path)
        try:
            told = await living.upload({"billed_quantities.csv": f"{BILLED}\n"})
            assert told["state"] == "done"
            with closing(open_for_reading(path)) as connection:
                assert dump(connection) == before
            assert (await living.upload(NEW))["state"] == "done"
            assert living.customer_of(101) == "Nova Oseba"
        finally:
            await service.stop()

    def test_a_key_is_removed_whole(self, path: Path) -> None:
        with closing(open_for_writing(path)) as connection:
            before = dump(connection)
            connection.execute("BEGIN")
            register_staging.stage(
                connection, NEW_ROWS, register_staging.begin(connection, "n", NOON)
            )
            connection.execute("COMMIT")
            left = True
            while left:
                connection.execute("BEGIN")
                left = register_staging.clear_abandoned(connection, 1)
                connection.execute("COMMIT")  # which half a key would not let pass
            assert dump(connection) == before

    async def test_a_stop_in_the_middle_leaves_nothing_visible(self, living: Living) -> None:
        status, _ = await living.post(packed(NEW))
        assert status == 202
        await living.service.stop()
        with closing(open_for_reading(living.path)) as connection:
            assert register.point_facts(connection, gsrn(101), TODAY) is None
        assert list(living.path.parent.glob("*.import-*")) == []
        await living.service.start()

    async def test_one_at_a_time(self, living: Living) -> None:
        assert (await living.post(packed(NEW)))[0] == 202
        assert (await living.post(packed(NEW)))[0] == 409


class TestDoor:
    """Only the operator may import, and only what can be an import."""

    async def test_a_supplier_finds_nothing_there(self, living: Living) -> None:
        status, _ = await living.ask("POST", "/operator/imports", packed(NEW), SUPPLIER_TOKEN)
        assert status == 404

    async def test_no_zip(self, living: Living) -> None:
        told = await living.upload(b"tax_number,name")
        assert (told["state"], len(told["faults"])) == ("refused", 1)
        told = await living.upload({"../customers.csv": CUSTOMERS})
        assert told["state"] == "refused"
        assert "must hold files of a register" in told["faults"][0]

    async def test_an_unknown_number(self, living: Living) -> None:
        assert (await living.ask("GET", "/operator/imports/none"))[0] == 404


NEW_ROWS = RegisterRows(
    participants=(
        (
            *("28XNOVA-DOBAVA-A", "Nova", 1, "10000003", "6123457", "n@example.com", None),
            *("N", "n@example.com", 0, 0),
        ),
    ),
    roles=(("28XNOVA-DOBAVA-A", "DDQ"),),
    gsrns=((gsrn(101),), (gsrn(102),), ("383199902000000011",)),
    customers=(("10000003", "Nova", "Pot 1", "3999", "Zgledovo", "SI", None),),
    sites=(("7-0000101", "7", "383199902000000011", None, "10000003"),),
    points=(
        (gsrn(101), "DP-0101", "7-0000101", 1, 0, 1, 0, 0, 0, None, "10000003"),
        (gsrn(102), "DP-0101", "7-0000101", 1, 0, 1, 0, 0, 0, gsrn(101), "10000003"),
    ),
    supplies=(
        (gsrn(101), "consumption", "28XNOVA-DOBAVA-A", "0.4", "2026-03-01", None),
        (gsrn(102), "consumption", "28XSEVER-ENERGI8", "0.6", "2026-03-01", None),
    ),
    meters=((gsrn(101), "ZGL-100101", "2026-03-01", None),),
    meter_registers=((gsrn(101), "ZGL-100101", "1-0:1.8.0", 6, 0, "1"),),
    readings=((gsrn(101), "ZGL-100101", "2026-03-01T07:00:00.000000Z", "1"),),
    values=((gsrn(101), "ZGL-100101", "2026-03-01T07:00:00.000000Z", "1-0:1.8.0", "5"),),
    billed=((gsrn(101), "consumption", "2026-03-01", "2026-03-31", 5),),
)


def dump(connection: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the register's tables."""
    tables = (
        *("participants", "participant_roles", "issued_gsrns", "customers", "metering_sites"),
        *("delivery_points", "accounting_points", "supply", "meters", "meter_registers"),
        *("readings", "reading_values", "billed_quantities", "daily_blocks"),
    )
    return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
