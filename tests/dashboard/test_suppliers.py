"""Parties with their status; tokens issued once, listed without value, revoked."""

import json
import re
from pathlib import Path

import pytest

from tests.dashboard.visitors import Visitor
from tests.web.certificates import FAR_OFF, LONG_AGO, TestCa
from tests.web.letters import (
    INACTIVE,
    NORTH,
    OPERATOR,
    PROVIDER,
    SOUTH,
    sample_point,
    switch_request,
)
from tests.web.running import Broker

PAGE = f"/suppliers/{SOUTH}"
BECAUSE = {"by": "Nada Zgled", "why": "letter"}
ISSUE, REVOKE = f"{PAGE}/tokens", f"{PAGE}/tokens/revoke"


async def test_every_party_is_listed_with_its_status(viewer: Visitor) -> None:
    text = (await viewer.get("/suppliers")).text
    for eic in (NORTH, SOUTH, OPERATOR, INACTIVE):
        assert f'href="/suppliers/{eic}"' in text
    assert text.count("ni več dejaven") == 1
    assert "v nobeni" in text
    assert "povezana družba" in text


async def test_a_party_is_shown_with_what_is_on_record(viewer: Visitor) -> None:
    text = (await viewer.get(f"/suppliers/{NORTH}")).text
    assert "Severna energija" in text
    assert "28XBILANCNA-SKAK" in text
    assert "Peter Sever" in text
    assert "test</span>" in text


async def test_a_stranger_of_the_market_is_not_found(viewer: Visitor) -> None:
    assert (await viewer.get("/suppliers/28XNIHCE-------X")).status == 404


async def test_a_token_is_shown_once_and_opens_the_door(broker: Broker, clerk: Visitor) -> None:
    fields = {"label": "nova", "days": "30", "why": "menjava ključev"}
    page = await clerk.fill(ISSUE, fields, on=PAGE)
    (token,) = re.findall(r'<code class="token">([^<]+)</code>', page.text)
    answer = await broker.ask("GET", "/mailbox", None, headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 204  # let in; the mailbox is empty
    again = (await clerk.get(PAGE)).text
    assert token not in again
    assert "nova" in again
    assert "24. 5. 2026 ob 24.00" in again
    assert token.encode() not in broker.path.read_bytes()


async def test_who_issued_and_revoked_stands_in_the_journal(broker: Broker, clerk: Visitor) -> None:
    await clerk.fill(ISSUE, {"label": "nova", "days": "", "why": "prva"}, on=PAGE)
    await clerk.fill(REVOKE, {"label": "nova", "why": "izgubljena"}, on=PAGE)
    kept = broker.rows(
        "SELECT kind, content FROM journal JOIN payloads USING (payload_id)"
        " WHERE kind IN ('TokenIssued', 'TokenRevoked') ORDER BY position"
    )
    assert [kind for kind, _ in kept] == ["TokenIssued", "TokenRevoked"]
    assert all(b"Nada Zgled (nada)" in content for _, content in kept)
    assert b"izgubljena" in kept[1][1]


async def test_a_revoked_token_opens_nothing_any_more(broker: Broker, clerk: Visitor) -> None:
    page = await clerk.fill(REVOKE, {"label": "test", "why": "izgubljena"}, on=PAGE)
    assert (page.path, "preklicana" in page.text) == (PAGE, True)
    assert (await broker.get("/mailbox", SOUTH)).status == 401


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        (ISSUE, {"label": "test", "why": "x"}, 422),
        (ISSUE, {"label": "", "why": "x"}, 400),
        (ISSUE, {"label": "a", "why": " "}, 400),
        (ISSUE, {"label": "a\nb", "why": "x"}, 400),
        (ISSUE, {"label": "a" * 61, "why": "x"}, 400),
        (ISSUE, {"label": "a", "days": "0", "why": "x"}, 400),
        (ISSUE, {"label": "a", "days": "3651", "why": "x"}, 400),
        (ISSUE, {"label": "a", "days": "ten", "why": "x"}, 400),
        (ISSUE, {"label": "a", "days": "-1", "why": "x"}, 400),
        (REVOKE, {"label": "none", "why": "x"}, 422),
        (REVOKE, {"label": "test", "why": ""}, 400),
        (REVOKE, {"why": "x"}, 400),
    ],
)
async def test_what_cannot_be_done_so_changes_nothing(
    broker: Broker, clerk: Visitor, path: str, fields: dict[str, object], status: int
) -> None:
    before = broker.count("journal"), broker.rows("SELECT * FROM credentials ORDER BY sha256")
    assert (await clerk.fill(path, fields, on=PAGE)).status == status
    assert (
        broker.count("journal"),
        broker.rows("SELECT * FROM credentials ORDER BY sha256"),
    ) == before


async def test_a_token_for_nobody_is_refused(clerk: Visitor) -> None:
    path = "/suppliers/28XNIHCE-------X/tokens"
    assert (await clerk.fill(path, {"label": "a", "why": "x"})).status == 404


async def test_a_viewer_sees_credentials_and_no_form(viewer: Visitor) -> None:
    text = (await viewer.get(PAGE)).text
    assert "Poverilnice izdajajo in preklicujejo referenti." in text
    assert f'action="{PAGE}' not in text


async def test_a_certificate_is_shown_with_its_fingerprint_and_revoked_alike(
    broker: Broker, clerk: Visitor, tmp_path: Path
) -> None:
    files = TestCa(tmp_path, since=LONG_AGO, until=FAR_OFF).client("south")
    body = {"label": "potrdilo", "certificate": files.certificate.read_text(), **BECAUSE}
    path = f"/operator/participants/{SOUTH}/certificates"
    answer = await broker.ask("POST", path, OPERATOR, json.dumps(body).encode())
    page = (await clerk.get(PAGE)).text
    assert "potrdilo odjemalca" in page
    assert json.loads(answer.body)["fingerprint"] in page
    page = (await clerk.fill(REVOKE, {"label": "potrdilo", "why": "izgubljeno"}, on=PAGE)).text
    assert "preklicana" in page
    kinds = [kind for (kind,) in broker.rows("SELECT kind FROM journal ORDER BY position")]
    assert kinds[-2:] == ["CertificateRegistered", "CertificateRevoked"]


async def test_who_acts_for_whom_is_shown_on_both_pages_and_with_the_message(
    broker: Broker, viewer: Visitor
) -> None:
    body = {"provider": PROVIDER, "supplier": SOUTH, "kinds": ["SwitchRequest"], "mailbox": True}
    body |= {"from_day": "2026-04-24", "until_day": "2026-05-01", **BECAUSE}
    await broker.ask("POST", "/operator/delegations", OPERATOR, json.dumps(body).encode())
    shown = (await viewer.get(PAGE)).text
    assert f'href="/suppliers/{PROVIDER}"' in shown
    for told in ("Storitve Zgled", "Zahteva za menjavo", "bere in potrjuje", "24. 4. 2026"):
        assert told in shown
    assert f'href="{PAGE}"' in (await viewer.get(f"/suppliers/{PROVIDER}")).text
    assert "Pooblastila" not in (await viewer.get(f"/suppliers/{NORTH}")).text
    receipt = (await broker.post(switch_request("D-1", sample_point(1)), PROVIDER)).receipt
    assert PROVIDER in (await viewer.get(f"/messages/{receipt}")).text
    (line,) = json.loads((await viewer.get("/api/messages")).text)["messages"]
    assert (line["party"], line["submitter"]) == (SOUTH, PROVIDER)
