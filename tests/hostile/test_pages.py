"""The dashboard with hostile text in every field it shows: pages, files and log stay ours.

Method: a register whose texts are markup and formulas, cases about it with more of the same in
every text that a message may carry, staff and labels too; then texts that no import lets in, put
into the file behind the service's back. Every link is followed from every address.
"""

import csv
import io
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from lxml import html

from broker.dashboard.routes import ADDRESSES
from broker.store.connection import open_for_writing
from broker.store.staff import StaffRole
from broker.usecases.manage_staff import ManageStaff
from tests.dashboard.visitors import Page, Visitor
from tests.hostile.harness import LogWatch, Seen
from tests.web.letters import (
    MESSAGES,
    NORTH,
    OPERATOR,
    SOUTH,
    doubtful_request,
    reading,
    sample_point,
    switch_request,
    withdrawal,
)
from tests.web.running import Broker, new_database, running

MARKUP = "\"'><hostile onload=x()>&amp;{{7*7}}</script>"
FORMULA = "=cmd|' /C calc'!A0" + MARKUP
LINE = "\r\n2026-01-01 CRITICAL broker: forged\u202e" + MARKUP
TEXTS = {
    "participants": ("name", "message_address", "credential_manager_name"),
    "operator": ("name", "legal_remedies"),
    "customers": ("name", "street", "city", "country", "email", "postal_code"),
    "meters": ("serial_number",),
    "credentials": ("label",),
}
LATER = {**TEXTS, "staff": ("full_name",), "sweep": ("why",)}
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
SOME_OF_EACH = 5
PATTERNS = {
    one.path: re.compile(re.sub(r"\{\w+\}", "[^/?]+", one.path) + r"(\?.*)?")
    for one in ADDRESSES
    if one.method == "GET"
}
PASSWORD = "correct horse battery"


def spoil(path: Path, fields: dict[str, tuple[str, ...]], text: str) -> None:
    """Put this text, and what tells its rows apart, into these columns of every row."""
    with closing(open_for_writing(path)) as connection:
        for table, columns in fields.items():
            key = connection.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchone()[0]
            for column in columns:
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || hex({key}) WHERE {column} IS NOT NULL",
                    (text,),
                )


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    """A service on a spoilt register, with cases of every sort and people to look at them."""
    path = tmp_path / "broker.sqlite"
    new_database(path)
    spoil(
        path,
        {table: TEXTS[table] for table in ("participants", "operator", "credentials")},
        FORMULA,
    )
    spoil(path, {"customers": ("street", "city", "email")}, FORMULA)
    async with running(path) as started:
        manage = ManageStaff(
            reader=started.service.reader, writer=started.service.writer, clock=started.clock
        )
        await manage.add("nada", FORMULA, StaffRole.CLERK, PASSWORD, by=FORMULA)
        await _cases(started)
        spoil(path, LATER, LINE)
        yield started


async def _cases(broker: Broker) -> None:
    """In doubt, under review, withdrawn, rejected by a person; refused and unreadable."""
    point, other, third = sample_point(1), sample_point(11), sample_point(12)
    names = {"ContractingParty/Name": FORMULA, "ContractingParty/Address/Street": MARKUP}
    posted = (
        doubtful_request("D-1", point, changes=names),
        doubtful_request("D-2", other, changes={"ContractingParty/Name": MARKUP}),
        switch_request("R-1", third),
    )
    doubtful, refused, reviewed = [(await broker.post(one, SOUTH)).case for one in posted]
    far = reading("M-1", third, taken_at="2026-04-24T09:00:00+02:00", value="90000", case=reviewed)
    why = f"<DepartureReason>{FORMULA.replace('&', '&amp;').replace('<', '&lt;')}</DepartureReason>"
    far = far.replace(b"</MeterReading>", why.encode() + b"</MeterReading>")
    assert (await broker.post(far, SOUTH)).status in (200, 422)
    decided = {"decision": "reject", "by": FORMULA, "why": LINE, "codes": ["260:E14"]}
    for case, text in ((refused, FORMULA), (refused, MARKUP)):
        path = f"/operator/cases/{case}/decision"
        answer = await broker.session.post(
            broker.address + path,
            json={**decided, "text": text},
            headers={"Authorization": f"Bearer token-of-{OPERATOR.lower()}"},
        )
        assert answer.status in (200, 422)
    assert (await broker.post(withdrawal("W-1", point, doubtful), SOUTH)).status == 200
    for sample in sorted(MESSAGES.glob("*/*.xml")):
        data = sample.read_bytes()
        for party in (SOUTH, NORTH, OPERATOR):
            if party.encode() in data[:1500]:
                await broker.post(_spoilt(data), party)
    await broker.post(b"<" + FORMULA.encode() + b">", SOUTH)
    await broker.post(f"<a b='{MARKUP[2:]}'".encode(), SOUTH, {"Content-Type": "text/html"})


def _spoilt(message: bytes) -> bytes:
    """The message with hostile text wherever free text may stand."""
    for name in ("Name", "CustomerName", "Street", "City", "Why", "Remark", "DepartureReason"):
        free = FORMULA.replace("&", "&amp;").replace("<", "&lt;").encode()
        tag = name.encode()
        message = re.sub(
            rb"<%s>[^<]*" % tag, lambda _, tag=tag, free=free: b"<%s>%s" % (tag, free), message
        )
    return message


async def everything(visitor: Visitor) -> dict[str, Page]:
    """What links lead to from every address without a place to fill, some of each address."""
    waiting = [one.path for one in ADDRESSES if one.method == "GET" and "{" not in one.path]
    waiting += [f"/found?number={text}" for text in ("3831", "%3Chostile%3E")]
    waiting += [f"/points/{sample_point(number).number}" for number in (1, 11)]
    waiting += [f"/api/mailboxes/{SOUTH}", "/api/deadlines?day=2026-05-05"]
    seen: dict[str, Page] = {}
    of_address: Counter[str] = Counter()
    while waiting:
        path = waiting.pop(0)
        address = next((one for one in PATTERNS if PATTERNS[one].fullmatch(path)), None)
        if path in seen or address is None or of_address[address] >= SOME_OF_EACH:
            continue
        page = seen[path] = await visitor.get(path)
        of_address[address] += page.status == 200
        if "html" in page.headers["Content-Type"]:
            links = html.fromstring(page.text).iterfind(".//a[@href]")
            waiting += [link.get("href") for link in links]
    assert [one for one in PATTERNS if not of_address[one]] == []
    return seen


async def test_no_field_speaks_for_us(broker: Broker) -> None:
    seen = Seen()
    watch = LogWatch(seen)
    logging.getLogger().addHandler(watch)
    visitor = Visitor(broker)
    try:
        await visitor.sign_in("nada", PASSWORD)
        pages = await everything(visitor)
    finally:
        logging.getLogger().removeHandler(watch)
        await visitor.session.close()
    assert seen.faults == []
    shown = 0
    for path, page in pages.items():
        assert page.status in (200, 400), path
        assert page.headers["X-Content-Type-Options"] == "nosniff", path
        kind = page.headers["Content-Type"].partition(";")[0]
        shown += "hostile onload" in page.text
        CHECKS[kind](path, page)
    assert shown > 20


def _check_page(path: str, page: Page) -> None:
    assert "<hostile" not in page.text, path
    for element in html.fromstring(page.text).iter():
        if isinstance(element.tag, str):
            assert element.tag != "hostile", path
            assert not [name for name in element.attrib if name.startswith("on")], path
            for name in ("href", "src", "action"):
                assert element.get(name, "/")[:1] in "/#?", (path, element.get(name))


def _check_csv(path: str, page: Page) -> None:
    head, *rows = csv.reader(io.StringIO(page.text.removeprefix("\ufeff")), delimiter=";")
    for row in rows:
        assert len(row) == len(head), (path, row)
        for cell in row:
            assert not cell.startswith(BEGINS_A_FORMULA), (path, cell)


def _check_download(path: str, page: Page) -> None:
    """What a party sent, byte for byte: to be saved, never shown as a page of ours."""
    assert page.headers["Content-Disposition"].startswith("attachment"), path
    assert "default-src 'none'" in page.headers["Content-Security-Policy"], path


def _check_data(path: str, page: Page) -> None:
    """Data for programs: told as such, so that no browser reads markup in it."""
    assert not page.text.lstrip().startswith("<"), path


CHECKS = {
    "text/html": _check_page,
    "text/csv": _check_csv,
    "application/octet-stream": _check_download,
    "application/pdf": _check_download,
    "application/json": _check_data,
    "text/plain": _check_data,
}
