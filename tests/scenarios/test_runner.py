"""The runner fails what does not go as a scenario says, and says clearly what is wrong.

Method: small scenarios with one mistake each; the good one beside them passes.
"""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from broker.messages.requests import SwitchRequest
from broker.scenarios.expect import said_too_much
from broker.scenarios.files import FaultyScenario, Step, read_scenario, scenario_paths
from broker.scenarios.posts import message_of, party_named
from broker.scenarios.run import run_scenario
from broker.scenarios.stage import Delivered
from broker.scenarios.timeline import print_timeline
from broker.wire.read import ReadMessage, read

APPROVED = """
title = "A request is approved"
rules = ["A12"]

[[step]]
at = "2026-04-24 10:15"
post = "SwitchRequest/as-soon-as-possible"
case = "the switch"
deadlines = { end_of_reading_period = "2026-05-15 24:00" }
state = "awaiting_reading"
notices = [
    { to = "Južna", kind = "ApprovalNotice", "NewSupply/ExpectedDate" = "2026-05-15" },
    { to = "Severna", kind = "ApprovalNotice" },
]
"""
TO_OLD = '    { to = "Severna", kind = "ApprovalNotice" },\n'
STEP = '\n[[step]]\nat = "2026-04-24 11:00"\n'


def written(text: str, folder: Path) -> Path:
    path = folder / "one.toml"
    path.write_text(text, encoding="utf-8")
    return path


async def failures_of(text: str, template: Path, folder: Path) -> str:
    scenario = read_scenario(written(text, folder))
    return "\n".join((await run_scenario(scenario, template=template, folder=folder)).failures)


async def test_a_scenario_that_goes_as_it_says_has_no_failures(
    template: Path, tmp_path: Path
) -> None:
    assert await failures_of(APPROVED, template, tmp_path) == ""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (TO_OLD, "", "unexpected ApprovalNotice to Severna energija"),
        (TO_OLD, TO_OLD * 2, "expected ApprovalNotice to Severna"),
        (TO_OLD, TO_OLD.replace(" }", ', times = "2" }'), "expected ApprovalNotice to Severna"),
        (TO_OLD, TO_OLD.replace(" }", ', "Header/Creation" = "2026-04-24 10:16" }'), "10:16, came"),
        ('"2026-05-15" }', '"2026-05-16" }', "expected 2026-05-16, came 2026-05-15"),
        ("2026-05-15 24:00", "2026-05-15 23:00", "deadlines: expected"),
        ('"awaiting_reading"', '"completed"', "state: expected completed, came awaiting_reading"),
        ('case = "the switch"', 'case = "the switch"\nstatus = 422', "expected 422, came 200"),
        ('case = "the switch"', 'case = "the switch"\ncodes = ["260:E10"]', "codes: expected"),
        ('case = "the switch"', 'case = "the switch"\ndoubts = ["x"]', "doubts: expected ['x']"),
        (
            'case = "the switch"',
            'case = "the switch"\ntask = { phase = "x" }',
            "expected 1, came 0",
        ),
        ('case = "the switch"', 'case = "the switch"\nview = { State = "x" }', "State: expected x"),
    ],
)
async def test_what_goes_otherwise_fails_and_is_told(
    old: str, new: str, told: str, template: Path, tmp_path: Path
) -> None:
    assert old in APPROVED
    failures = await failures_of(APPROVED.replace(old, new), template, tmp_path)
    assert "one.toml: step 1 (2026-04-24 10:15): " in failures
    assert told in failures


async def test_a_notice_of_a_later_deadline_must_be_expected_too(
    template: Path, tmp_path: Path
) -> None:
    later = APPROVED + '\n[[step]]\nat = "2026-06-01 12:00"\n'
    failures = await failures_of(later, template, tmp_path)
    assert "unexpected SwitchFailed to Južna elektrika" in failures


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title = 1", "one.toml"),
        ("titel = ''", "one.toml"),
        (APPROVED.replace("A12", "rule 12"), "'rule 12' is no rule"),
        (
            APPROVED.replace("post =", "pots ="),
            r"step 1 \(2026-04-24 10:15\): Object contains unknown",
        ),
        (APPROVED.replace("10:15", "quarter past"), "is no local time|Invalid isoformat"),
        (APPROVED + STEP + 'post = "x"\nraw = "y"\n', "at most one of"),
        (APPROVED + STEP + 'bytes = "xy"', "non-hexadecimal"),
        (APPROVED.replace("kind", "kynd"), "names `to` and `kind`"),
        ("settings = { x = 1 }" + APPROVED, "has no setting 'x'"),
    ],
)
def test_a_faulty_file_is_told_with_file_and_step(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(FaultyScenario, match=told):
        read_scenario(written(text, tmp_path))


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ('post = "SwitchRequest/none"', "there is no message"),
        ('post = "Withdrawal/of-a-request"\nset = { "A b" = "x" }', "is no path"),
        ('post = "Withdrawal/of-a-request"\nset = { "Point/X/Y" = "x" }', "names 0 elements"),
        ('post = "Withdrawal/of-a-request"\npoint = 99', "has no point 99"),
        ('post = "Withdrawal/of-a-request"\nsender = "Nobody"', "names 0 participants"),
        ('again = "never"', "nothing is named 'never' yet"),
        ('decide = "approve"\ncase = "other"', "nothing is named 'other' yet"),
        ('raw = "x"', "who sends raw bytes"),
        ('bytes = "00"', "who sends raw bytes"),
        ('post = "SwitchRequest/as-soon-as-possible"\ncase = "the switch"', "two cases are named"),
    ],
)
async def test_a_step_that_cannot_be_done_is_told(
    step: str, told: str, template: Path, tmp_path: Path
) -> None:
    with pytest.raises(FaultyScenario, match=rf"step 2 .*{told}"):
        await failures_of(APPROVED + STEP + step, template, tmp_path)


async def test_steps_stand_in_order_of_time(template: Path, tmp_path: Path) -> None:
    with pytest.raises(FaultyScenario, match="in order of time"):
        await failures_of(APPROVED + STEP.replace("24", "23"), template, tmp_path)


def test_a_notice_that_names_another_supplier_is_found() -> None:
    old = party_named("Severna")
    content = "<a>Severna energija, Južna elektrika, Omrežje Zgled</a>".encode()
    notice = Delivered(to=old, number="1", kind="ApprovalNotice", content=content)
    assert said_too_much([notice]) == ["ApprovalNotice to Severna energija names Južna elektrika"]
    assert said_too_much([replace(notice, kind="RejectionNotice")]) == []


def test_a_customer_that_applied_itself_may_be_told_of_every_supplier() -> None:
    marks = (
        '<a xmlns="urn:supplier-switch:si:1"><Header><DeliverToCustomer><Name>Ana</Name>',
        "</DeliverToCustomer></Header>Južna elektrika</a>",
    )
    told = Delivered(
        to=party_named("Omrežje"),
        number="1",
        kind="ApprovalNotice",
        content="".join(marks).encode(),
    )
    unmarked = replace(told, content=told.content.replace(b"DeliverToCustomer", b"Other"))
    assert said_too_much([told]) == []
    assert said_too_much([unmarked]) == ["ApprovalNotice to Omrežje Zgled names Južna elektrika"]


async def test_the_operator_of_a_scenario_may_differ_from_the_samples(
    template: Path, tmp_path: Path
) -> None:
    other = APPROVED.replace("[[step]]", 'operator = { name = "Omrežje Drugo" }\n[[step]]')
    assert await failures_of(other, template, tmp_path) == ""
    written_anew = (tmp_path / "template.register" / "operator.toml").read_text("utf-8")
    assert 'name = "Omrežje Drugo"' in written_anew
    assert 'name = "Omrežje Zgled"' not in written_anew


def test_an_empty_folder_holds_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(FaultyScenario, match="there is no scenario"):
        scenario_paths([tmp_path])


async def test_the_timeline_tells_days_answers_notices_and_rules(
    template: Path, tmp_path: Path
) -> None:
    scenario = read_scenario(written(APPROVED.replace('2026-05-15" }', '2026-05-16" }'), tmp_path))
    report = await run_scenario(scenario, template=template, folder=tmp_path)
    text = StringIO()
    print_timeline(report, Console(file=text, width=200))
    for piece in (
        "Fri 24 Apr 2026 10:15",
        "Južna elektrika posts SwitchRequest/as-soon-as-possible of the switch  →  200",
        "end_of_reading_period: Fri 15 May 2026 24:00  (A23, A26; 002 a.199(2), a.200(2))",
        "ApprovalNotice to Severna energija: ExpectedDate 2026-05-15  (A12, A16; 002 a.195(4)",
        "expected 2026-05-16, came 2026-05-15",
    ):
        assert piece in text.getvalue()


def posted(values: dict[str, object]) -> bytes:
    """The bytes that a step with these values posts."""
    step = msgspec.convert({"at": "2026-04-24 10:15", **values}, Step)
    return message_of(step, sender=None, case_id=None, message_id="M-0001", now=step.instant)


def test_a_shared_request_names_the_suppliers_a_step_gives() -> None:
    shares = {"Severna": "0.5", "Južna": "0.25", "Sončna": "0.25"}
    data = posted({"post": "SharedSupplyRequest/two-suppliers", "shares": shares})
    message = read(data)
    assert isinstance(message, ReadMessage)
    assert isinstance(message.message, SwitchRequest)
    chosen = message.message.chosen
    assert [(one.name, str(one.share)) for one in chosen] == [
        (party_named(name).name, share) for name, share in shares.items()
    ]
    for one in chosen:
        assert one.supplier == party_named(one.name).eic
        assert one.contract is not None
        assert one.contract.supplier == one.supplier


def test_shares_go_with_messages_that_name_suppliers() -> None:
    with pytest.raises(FaultyScenario):
        posted({"post": "Withdrawal/of-a-request", "shares": {"Južna": "1"}})
