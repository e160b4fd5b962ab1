"""A party's own view of a case, and the silence towards everybody else."""

from datetime import UTC, datetime

from tests.web.letters import (
    METERING_CENTRE,
    NORTH,
    OPERATOR,
    SOUTH,
    doubtful_request,
    names,
    reading,
    sample_point,
    switch_request,
    undoing,
)
from tests.web.running import Broker

POINT = sample_point(1)
NO_CASE = "0195a1c0-0001-7000-8000-00000000ffff"
SUNNY = "28XSONCNA-ODDAJ9"


async def test_the_applicant_sees_state_history_and_deadlines(broker: Broker) -> None:
    asked = await broker.post(doubtful_request("D-1", POINT), SOUTH)
    view = await broker.get(f"/cases/{asked.case}", SOUTH)
    assert view.text("State") == "awaiting_approval"
    assert view.text("AccountingPoint") == POINT.number
    assert view.text("ExpectedDate") == "2026-05-15"
    assert view.texts("What") == ["RequestRecorded"]
    assert view.text("Deadline/ActAt") == "2026-05-05T20:00:00Z"
    assert view.text("Deadline/Article") == "002 a.195(4), a.195(6)"


async def test_strangers_see_what_is_not_there(broker: Broker) -> None:
    asked = await broker.post(doubtful_request("D-1", POINT), SOUTH)
    for party in (NORTH, SUNNY, METERING_CENTRE, OPERATOR):
        foreign = await broker.get(f"/cases/{asked.case}", party)
        missing = await broker.get(f"/cases/{NO_CASE}", party)
        assert foreign.status == missing.status == 404
        assert foreign.body == missing.body


async def test_the_old_supplier_sees_a_case_from_its_first_notice_on(broker: Broker) -> None:
    asked = await broker.post(doubtful_request("D-1", POINT), SOUTH)
    assert (await broker.get(f"/cases/{asked.case}", NORTH)).status == 404
    assert (await broker.get("/mailbox", NORTH)).status == 204
    broker.clock.move_to(datetime(2026, 5, 5, 20, 0, tzinfo=UTC))
    await broker.service.deadlines.reach_deadlines(broker.clock.now())
    view = await broker.get(f"/cases/{asked.case}", NORTH)
    assert (view.status, view.text("State")) == (200, "approved")
    assert view.texts("What") == ["ApprovalNotice"]
    assert view.texts("Deadline") == []


async def test_the_old_supplier_never_learns_who_is_new(broker: Broker) -> None:
    asked = await broker.post(switch_request("D-1", POINT), SOUTH)
    seen = [await broker.get(f"/cases/{asked.case}", NORTH)]
    broker.clock.move_to(datetime(2026, 4, 27, 8, 0, tzinfo=UTC))
    taken = reading(
        "D-2", POINT, taken_at="2026-04-27T07:00:00+02:00", value="14920", case=asked.case
    )
    assert (await broker.post(taken, SOUTH)).status == 200
    seen.append(await broker.get(f"/cases/{asked.case}", NORTH))
    assert [view.text("State") for view in seen] == ["approved", "completed"]
    seen += await broker.documents(NORTH)
    seen.append(await broker.get("/mailbox?limit=10", NORTH))
    assert [document.root.tag.rpartition("}")[2] for document in seen[2:]] == [
        "ApprovalNotice",
        "SwitchCompleted",
        "FinalSettlement",
        "RegisterChangeNotice",
        "MailboxListing",
    ]
    for document in seen:
        for secret in (SOUTH, names()[SOUTH], "D-1", "D-2", "SE-2026", POINT.customer):
            assert secret.encode() not in document.body
        assert all(SOUTH not in f"{name}{value}" for name, value in document.headers.items())


async def test_a_switch_and_its_correction_show_each_other(broker: Broker) -> None:
    asked = await broker.post(switch_request("D-1", POINT), SOUTH)
    broker.clock.move_to(datetime(2026, 4, 27, 8, 0, tzinfo=UTC))
    taken = reading(
        "D-2", POINT, taken_at="2026-04-27T07:00:00+02:00", value="14920", case=asked.case
    )
    assert (await broker.post(taken, SOUTH)).status == 200
    corrected = await broker.post(undoing("C-1", POINT, asked.case), OPERATOR)
    assert (corrected.status, corrected.case != asked.case) == (200, True)
    for party in (SOUTH, NORTH):
        view = await broker.get(f"/cases/{asked.case}", party)
        assert (view.text("State"), view.text("CorrectedBy")) == ("completed", corrected.case)
    for party in (SOUTH, NORTH, OPERATOR):
        view = await broker.get(f"/cases/{corrected.case}", party)
        assert (view.text("State"), view.text("Corrects")) == ("completed", asked.case)
        assert view.text("ExpectedDate") is None
    assert (await broker.get(f"/cases/{corrected.case}", SUNNY)).status == 404


async def test_of_a_correction_the_old_supplier_learns_its_own_alone(broker: Broker) -> None:
    asked = await broker.post(switch_request("D-1", POINT), SOUTH)
    broker.clock.move_to(datetime(2026, 4, 27, 8, 0, tzinfo=UTC))
    taken = reading(
        "D-2", POINT, taken_at="2026-04-27T07:00:00+02:00", value="14920", case=asked.case
    )
    assert (await broker.post(taken, SOUTH)).status == 200
    sent = {one.text("Header/Identification") for one in await broker.documents(NORTH)}
    corrected = await broker.post(undoing("C-1", POINT, asked.case), OPERATOR)
    told = [
        one
        for one in await broker.documents(NORTH)
        if one.text("Header/CaseNumber") == corrected.case
    ]
    assert len(told) == 3
    assert {one.text("Header/Corrects/DocumentNumber") for one in told} < sent
    for document in (*told, await broker.get(f"/cases/{corrected.case}", NORTH)):
        for secret in (SOUTH, names()[SOUTH], "D-1", "C-1", "not_agreed", POINT.customer):
            assert secret.encode() not in document.body


async def test_a_rejected_request_is_nobodys_business_but_the_applicants(broker: Broker) -> None:
    rejected = await broker.post(switch_request("D-1", sample_point(4)), SOUTH)
    view = await broker.get(f"/cases/{rejected.case}", SOUTH)
    assert (view.text("State"), view.texts("Deadline")) == ("rejected", [])
    assert (await broker.get(f"/cases/{rejected.case}", NORTH)).status == 404
    assert await broker.mailbox(NORTH) == []


async def test_the_operator_as_old_supplier_sees_what_its_own_mailbox_said(broker: Broker) -> None:
    """Its mailbox also holds what its back office books of the switch (A38)."""
    supplied_by_it = sample_point(10)
    asked = await broker.post(switch_request("E-1", supplied_by_it), SOUTH)
    broker.clock.move_to(datetime(2026, 4, 27, 8, 0, tzinfo=UTC))
    taken = reading(
        "E-2", supplied_by_it, taken_at="2026-04-27T07:00:00+02:00", value="23920", case=asked.case
    )
    assert (await broker.post(taken, SOUTH)).status == 200
    view = await broker.get(f"/cases/{asked.case}", OPERATOR)
    assert (view.status, view.text("State")) == (200, "completed")
    assert view.texts("What")[-1] == "SwitchExecuted"
