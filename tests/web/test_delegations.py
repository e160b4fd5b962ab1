"""A service provider acts for a supplier: who, for whom, which kinds, how long; else 403."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from broker.clock import VirtualClock
from broker.messages.codes import DocumentKind
from broker.usecases.admission import MAY_BE_DELEGATED
from tests.web.letters import (
    INACTIVE,
    METERING_CENTRE,
    NORTH,
    OPERATOR,
    PROVIDER,
    SOUTH,
    reading,
    sample_point,
    switch_request,
    withdrawal,
)
from tests.web.running import Answered, Broker

POINT = sample_point(1)
BECAUSE = {"by": "Nada Zgled", "why": "mandate of 20 April"}
DAYS = {"from_day": "2026-04-24", "until_day": "2026-04-27"}
AFTER = datetime(2026, 4, 26, 22, tzinfo=UTC)
"""Midnight of 27 April in Ljubljana."""


async def grant(
    broker: Broker, *kinds: str, mailbox: bool = False, asked_by: str = OPERATOR, **other: object
) -> Answered:
    """Ask for a delegation of the supplier in the south; on its first days where not said."""
    body = {"provider": PROVIDER, "supplier": SOUTH, "kinds": kinds, "mailbox": mailbox}
    body |= {**DAYS, **BECAUSE, **other}
    return await broker.ask("POST", "/operator/delegations", asked_by, json.dumps(body).encode())


async def end(broker: Broker, granted: Answered) -> int:
    """End a delegation."""
    path = f"/operator/delegations/{json.loads(granted.body)['delegation']}"
    return (await broker.ask("DELETE", path, OPERATOR, json.dumps(BECAUSE).encode())).status


def at(broker: Broker, instant: datetime) -> None:
    assert isinstance(broker.clock, VirtualClock)
    broker.clock.move_to(instant)


def outcome(answer: Answered) -> tuple[int, list[str]]:
    return answer.status, answer.codes


async def test_its_message_is_the_suppliers_and_the_inbox_says_who_handed_it_in(
    broker: Broker,
) -> None:
    await grant(broker, "SwitchRequest")
    message = switch_request("D-1", POINT)
    answer = await broker.post(message, PROVIDER)
    assert outcome(answer) == (200, [])
    assert broker.rows("SELECT party, submitter FROM inbox") == [(SOUTH, PROVIDER)]
    assert await broker.mailbox(SOUTH) == ["ApprovalNotice"]
    assert await broker.mailbox(PROVIDER) == []
    assert (await broker.get(f"/cases/{answer.case}", SOUTH)).status == 200
    assert (await broker.get(f"/cases/{answer.case}", PROVIDER)).status == 404
    # Whoever sends it again gets the same answer: it is the supplier's identification.
    assert (await broker.post(message, SOUTH)).body == answer.body
    assert (await broker.post(message, PROVIDER)).body == answer.body
    assert (await broker.get("/messages/D-1", SOUTH)).texts("HttpStatus") == ["200"]


async def test_of_the_suppliers_messages_it_sees_those_it_handed_in(broker: Broker) -> None:
    await grant(broker, "SwitchRequest")
    handed_in = await broker.post(switch_request("D-1", POINT), PROVIDER)
    own = await broker.post(switch_request("S-1", sample_point(3)), SOUTH)
    for number in ("D-1", handed_in.receipt):
        seen = await broker.get(f"/messages/{number}?for={SOUTH}", PROVIDER)
        assert seen.texts("ReceiptNumber") == [handed_in.receipt]
        assert (await broker.get(f"/messages/{number}", PROVIDER)).status == 404
    for number in ("S-1", own.receipt, "none"):
        assert (await broker.get(f"/messages/{number}?for={SOUTH}", PROVIDER)).status == 404


async def test_only_what_a_supplier_sends_can_be_delegated(broker: Broker) -> None:
    granted = {kind: (await grant(broker, kind.value)).status for kind in DocumentKind}
    assert granted == {kind: 200 if kind in MAY_BE_DELEGATED else 422 for kind in DocumentKind}


async def test_each_refusal_has_its_code_and_changes_nothing(broker: Broker) -> None:
    request = switch_request("D-1", POINT)
    never = await broker.post(request, PROVIDER)
    nobody = await broker.post(
        switch_request("D-1", POINT, changes={"Header/Sender/Identification": "28XTUJEC-------0"}),
        PROVIDER,
    )
    assert outcome(never) == outcome(nobody) == (403, ["SB:T10"])
    await grant(broker, "Withdrawal", from_day="2026-04-25")
    assert outcome(await broker.post(request, PROVIDER)) == (403, ["SB:T30"])
    await grant(broker, "Withdrawal")
    assert outcome(await broker.post(request, PROVIDER)) == (403, ["SB:T31"])
    ended = await grant(broker, "SwitchRequest")
    assert await end(broker, ended) == 200
    assert outcome(await broker.post(request, PROVIDER)) == (403, ["SB:T31"])
    assert (broker.count("cases"), await broker.mailbox(SOUTH)) == (0, [])
    assert set(broker.rows("SELECT party, submitter FROM inbox")) == {(PROVIDER, PROVIDER)}
    # It is a provider's own attempt, and may be sent again once it has been delegated.
    assert (await broker.get("/messages/D-1", PROVIDER)).texts("HttpStatus") == ["403"] * 5
    await grant(broker, "SwitchRequest")
    assert (await broker.post(request, PROVIDER)).status == 200


async def test_it_sends_nothing_in_its_own_name(broker: Broker) -> None:
    await grant(broker, *(kind.value for kind in MAY_BE_DELEGATED), mailbox=True)
    own = switch_request("P-1", POINT, new=PROVIDER)
    assert outcome(await broker.post(own, PROVIDER)) == (403, ["SB:T12"])
    assert (await broker.get("/mailbox", PROVIDER)).status == 204


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        ("UPDATE participants SET active = 0 WHERE eic = ?", "SB:T11"),
        ("DELETE FROM participant_roles WHERE eic = ?", "SB:T12"),
    ],
)
@pytest.mark.parametrize("party", [PROVIDER, SOUTH])
async def test_both_must_still_be_what_they_were(
    broker: Broker, spoilt: str, code: str, party: str
) -> None:
    await grant(broker, "SwitchRequest", mailbox=True)
    broker.damage(spoilt, party)
    assert outcome(await broker.post(switch_request("D-1", POINT), PROVIDER)) == (403, [code])
    status = (await broker.get(f"/mailbox?for={SOUTH}", PROVIDER)).status
    assert status == (403 if party == PROVIDER else 204)


async def test_it_sends_as_the_supplier_and_in_no_other_role_of_it(broker: Broker) -> None:
    await grant(broker, "MeterReading")
    broker.damage("INSERT INTO participant_roles (eic, role) VALUES (?, 'DDE')", SOUTH)
    as_centre: dict[str, str | None] = {"Header/Sender/Role": "DDE"}
    taken = {"taken_at": "2026-04-24T09:00:00+02:00", "value": "14700"}
    message = reading("D-1", POINT, changes=as_centre, **taken)
    assert outcome(await broker.post(message, PROVIDER)) == (403, ["SB:T31"])
    assert outcome(await broker.post(message, SOUTH)) == (422, ["260:E47"])


async def test_the_clock_at_receipt_says_whether_it_is_in_force(broker: Broker) -> None:
    await grant(broker, "SwitchRequest", mailbox=True)
    at(broker, AFTER - timedelta(seconds=1))
    assert (await broker.post(switch_request("D-1", POINT), PROVIDER)).status == 200
    assert (await broker.get(f"/mailbox?for={SOUTH}", PROVIDER)).status == 200
    at(broker, AFTER)
    message = switch_request("D-2", sample_point(3))
    assert outcome(await broker.post(message, PROVIDER)) == (403, ["SB:T30"])
    for path in ("/mailbox", "/messages/D-1"):
        answer = await broker.get(f"{path}?for={SOUTH}", PROVIDER)
        assert outcome(answer) == (403, ["SB:T30"])


async def test_the_mailbox_is_the_suppliers_where_that_is_delegated(broker: Broker) -> None:
    await grant(broker, "SwitchRequest")
    case = (await broker.post(switch_request("D-1", POINT), PROVIDER)).case
    (number,) = (await broker.get("/mailbox?limit=9", SOUTH)).texts("DocumentNumber")
    theirs = ("/mailbox", "/mailbox?limit=9", f"/mailbox/{number}", f"/cases/{case}")
    acting = [f"{path}{'&' if '?' in path else '?'}for={SOUTH}" for path in theirs]
    for path in acting:
        assert outcome(await broker.get(path, PROVIDER)) == (403, ["SB:T31"])
    for path in (f"/mailbox?id={number}&for={SOUTH}", f"/mailbox/{number}?for={SOUTH}"):
        assert outcome(await broker.ask("DELETE", path, PROVIDER)) == (403, ["SB:T31"])
    await grant(broker, mailbox=True)
    for path, same in zip(acting, theirs, strict=True):
        seen = await broker.get(path, PROVIDER)
        assert seen.status == 200
        assert seen.body == (await broker.get(same, SOUTH)).body
    assert (await broker.ask("DELETE", f"/mailbox/{number}?for={SOUTH}", PROVIDER)).status == 204
    assert (await broker.get("/mailbox", SOUTH)).status == 204
    # For another supplier it is not.
    assert outcome(await broker.get(f"/mailbox?for={NORTH}", PROVIDER)) == (403, ["SB:T10"])


async def test_for_whom_nothing_was_delegated_cannot_be_told_from_nobody(broker: Broker) -> None:
    await grant(broker, mailbox=True)
    told = {
        (answer.status, answer.body)
        for eic in (NORTH, OPERATOR, INACTIVE, "28XTUJEC-------0", "", "ž")
        for answer in [await broker.get(f"/mailbox?for={eic}", PROVIDER)]
    }
    assert len(told) == 1
    for party in (NORTH, METERING_CENTRE, OPERATOR):
        assert outcome(await broker.get(f"/mailbox?for={SOUTH}", party)) == (403, ["SB:T10"])


async def test_one_that_sends_for_another_withdraws_it_too(broker: Broker) -> None:
    await grant(broker, "SwitchRequest", "Withdrawal")
    changes: dict[str, str | None] = {
        "ContractingParty/Name": "Ana Drugačna",
        "ChosenSupplier/Contract/Parties/CustomerName": "Ana Drugačna",
    }
    case = (await broker.post(switch_request("D-1", POINT, changes=changes), PROVIDER)).case
    assert (await broker.post(withdrawal("D-2", POINT, case), PROVIDER)).status == 200
    assert await broker.mailbox(SOUTH) == ["WithdrawalConfirmation"]


async def test_it_is_listed_and_kept_with_who_and_why(broker: Broker) -> None:
    granted = await grant(broker, "SwitchRequest", "MeterReading", mailbox=True)
    assert await end(broker, granted) == 200
    assert await end(broker, granted) == 404
    answer = await broker.get("/operator/delegations", OPERATOR)
    (listed,) = json.loads(answer.body)["delegations"]
    assert (listed["kinds"], listed["mailbox"]) == (["SwitchRequest", "MeterReading"], True)
    assert (date.fromisoformat(listed["until_day"]), bool(listed["ended_at"])) == (
        date(2026, 4, 27),
        True,
    )
    kept = broker.rows("SELECT kind, content FROM journal JOIN payloads USING (payload_id)")
    assert [kind for kind, _ in kept] == ["DelegationGranted", "DelegationEnded"]
    assert all(json.loads(content)["why"] == BECAUSE["why"] for _, content in kept)


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"provider": NORTH}, 422),
        ({"provider": "28XTUJEC-------0"}, 422),
        ({"supplier": PROVIDER}, 422),
        ({"supplier": METERING_CENTRE}, 422),
        ({"supplier": INACTIVE}, 422),
        ({"supplier": OPERATOR}, 422),  # a supplier too, but its mailbox is the staff's
        ({"kinds": [], "mailbox": False}, 422),
        ({"until_day": "2026-04-24"}, 422),
        ({"from_day": "2026-04-01", "until_day": "2026-04-24"}, 422),
        ({"until_day": None}, 400),
        ({"from_day": "tomorrow"}, 400),
        ({"kinds": ["Anything"]}, 400),
        ({"by": " "}, 400),
        ({"why": ""}, 400),
        ({"mood": "good"}, 400),
    ],
)
async def test_what_cannot_be_delegated_is_said_and_nothing_kept(
    broker: Broker, other: dict[str, object], status: int
) -> None:
    answer = await grant(broker, "SwitchRequest", **other)
    assert answer.status == status, answer.body
    assert json.loads(answer.body)["error"]
    assert (broker.count("delegations"), broker.count("journal")) == (0, 0)
