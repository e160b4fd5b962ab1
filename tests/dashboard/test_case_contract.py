"""Supply contracts of a case: saved as files and never opened as pages, each opening on record."""

import hashlib
import json

import pytest

from tests.dashboard.visitors import Visitor
from tests.web.letters import SOUTH, doubtful_request, sample_point
from tests.web.running import Broker

OTHER = "0" * 64


async def contract_of(broker: Broker, reference: str = "JE-2026-0001") -> tuple[str, str]:
    """A request in doubt with a contract of this reference: its case, the contract's hash."""
    fields = {"ChosenSupplier/Contract/Reference": reference}
    answer = await broker.post(doubtful_request("D-1", sample_point(1), changes=fields), SOUTH)
    ((sha256,),) = broker.rows("SELECT lower(hex(sha256)) FROM contract_documents")
    return answer.case, sha256


async def test_a_contract_is_saved_as_it_was_attached(broker: Broker, clerk: Visitor) -> None:
    case, sha256 = await contract_of(broker)
    page = (await clerk.get(f"/cases/{case}")).text
    assert f'href="/cases/{case}/contracts/{sha256}" download>JE-2026-0001</a>' in page
    async with clerk.session.get(
        f"{broker.service.dashboard_address}/cases/{case}/contracts/{sha256}"
    ) as answer:
        assert hashlib.sha256(await answer.read()).hexdigest() == sha256
        told = answer.headers
    assert told["Content-Type"] == "application/pdf"
    assert told["Content-Disposition"] == 'attachment; filename="JE-2026-0001.pdf"'
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Cache-Control"] == "no-store"


async def test_who_opened_a_contract_is_on_record(
    broker: Broker, clerk: Visitor, viewer: Visitor
) -> None:
    case, sha256 = await contract_of(broker)
    for visitor in (clerk, viewer):
        assert (await visitor.get(f"/cases/{case}/contracts/{sha256}")).status == 200
    told = [
        json.loads(content)
        for (content,) in broker.rows(
            "SELECT content FROM journal JOIN payloads USING (payload_id)"
            " WHERE kind = 'ContractOpened' ORDER BY position"
        )
    ]
    assert [one["by"] for one in told] == ["Nada Zgled (nada)", "Vid Vpogled (vid)"]
    assert {(one["case_id"], one["sha256"]) for one in told} == {(case, sha256)}


async def test_a_contract_is_told_from_its_own_case_alone(broker: Broker, clerk: Visitor) -> None:
    case, sha256 = await contract_of(broker)
    bare = (await broker.post(doubtful_request("D-2", sample_point(15)), SOUTH)).case
    assert (await clerk.get(f"/cases/{case}/contracts/{OTHER}")).status == 404
    assert (await clerk.get(f"/cases/{OTHER}/contracts/{sha256}")).status == 404
    broker.damage("DELETE FROM contract_documents")
    assert (await clerk.get(f"/cases/{bare}/contracts/{sha256}")).status == 404
    assert broker.rows("SELECT * FROM journal WHERE kind = 'ContractOpened'") == []


@pytest.mark.parametrize(
    ("reference", "name"),
    [("a/b\\c d", "a-b-c-d.pdf"), ("..", "{hash}.pdf"), ("Č 1/26", "1-26.pdf")],
)
async def test_no_reference_makes_a_strange_name(
    broker: Broker, clerk: Visitor, reference: str, name: str
) -> None:
    case, sha256 = await contract_of(broker, reference)
    page = await clerk.get(f"/cases/{case}/contracts/{sha256}")
    wanted = name.format(hash=sha256[:12])
    assert page.headers["Content-Disposition"] == f'attachment; filename="{wanted}"'
