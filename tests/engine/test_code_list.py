"""The published code list is complete, in both languages, and its codes are unique (A11)."""

import re

import pytest

from broker.engine.code_list import CODE_LIST, Use
from broker.engine.refusals import texts, unfit_reasons
from broker.messages.events import GivenReason
from broker.messages.reasons import Reason
from tests.engine.cases_of_request_rules import OF_REQUEST_RULES

OF_REQUESTS = [reason for reason, entry in CODE_LIST.items() if Use.REQUEST in entry.uses]


def test_every_reason_stands_in_the_list_once() -> None:
    assert set(CODE_LIST) == set(Reason)


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
def test_an_entry_has_texts_and_uses(reason: Reason) -> None:
    entry = CODE_LIST[reason]
    assert texts(reason) == (entry.english, entry.slovene)
    for text in texts(reason):
        assert text == text.strip()
        assert text.endswith(".")
        assert "  " not in text
    assert entry.english != entry.slovene
    assert entry.uses
    assert len(set(entry.uses)) == len(entry.uses)


def test_no_text_stands_for_two_reasons() -> None:
    assert len({entry.english for entry in CODE_LIST.values()}) == len(CODE_LIST)
    assert len({entry.slovene for entry in CODE_LIST.values()}) == len(CODE_LIST)


def test_codes_are_unique_and_of_their_list() -> None:
    # an enumeration silently makes a second name of an equal value an alias of the first
    assert len(Reason.__members__) == len(list(Reason))
    assert len({reason.code for reason in Reason}) == len(list(Reason))
    for reason in Reason:
        pattern = r"E\d\d" if reason.agency == "260" else r"[ST]\d\d"
        assert reason.agency in {"260", "SB"}
        assert re.fullmatch(pattern, reason.code)


def test_codes_of_the_door_are_used_at_the_door_only() -> None:
    for reason, entry in CODE_LIST.items():
        at_the_door = reason.agency == "SB" and reason.code.startswith("T")
        assert (entry.uses == (Use.DOOR,)) == at_the_door


def test_every_ground_for_rejecting_a_request_is_found_by_a_rule_or_given_by_a_person() -> None:
    by_rules = {found for case in OF_REQUEST_RULES for found in case.finds}
    by_persons = {Reason.OTHER, Reason.PERIOD_HAS_PASSED}
    assert set(OF_REQUESTS) <= by_rules | by_persons


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
@pytest.mark.parametrize("use", [Use.REQUEST, Use.READING], ids=lambda use: use.name)
def test_the_operator_gives_only_reasons_meant_for_the_decision(reason: Reason, use: Use) -> None:
    text = "Podpis ni čitljiv." if reason is Reason.OTHER else None
    unfit = unfit_reasons((GivenReason(reason=reason, text=text),), use)
    assert (unfit == ()) == (use in CODE_LIST[reason].uses)
    assert {refusal.reason for refusal in unfit} <= {Reason.REASON_NOT_FOR_THIS_USE}


@pytest.mark.parametrize(
    "given",
    [
        GivenReason(reason=Reason.OTHER),
        GivenReason(reason=Reason.OTHER, text=""),
        GivenReason(reason=Reason.OTHER, text="  "),
        GivenReason(reason=Reason.CONTRACTING_PARTY_MISMATCH, text="besedilo"),
    ],
    ids=str,
)
def test_free_text_goes_with_e14_alone(given: GivenReason) -> None:
    assert unfit_reasons((given,), Use.REQUEST)


def test_a_decision_needs_a_reason() -> None:
    assert unfit_reasons((), Use.REQUEST)
