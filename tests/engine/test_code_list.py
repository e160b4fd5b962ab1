"""The published code list is complete, in both languages, and its codes are unique (A11)."""

import re

import pytest

from broker.engine.code_list import CODE_LIST, Use
from broker.engine.refusals import texts, unfit_objection, unfit_reasons
from broker.messages.codes import DocumentKind
from broker.messages.events import GivenReason
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import Objection
from tests.engine.builders import CASE, header, point_reference
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
@pytest.mark.parametrize("use", [Use.REQUEST, Use.READING, Use.OBJECTION], ids=lambda use: use.name)
def test_a_person_gives_only_reasons_meant_for_the_use(reason: Reason, use: Use) -> None:
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


def objection(reason: Reason, text: str | None) -> Objection:
    """An objection on this ground."""
    return Objection(
        header=header(DocumentKind.OBJECTION),
        case_id=CASE,
        point=point_reference(),
        reason=reason,
        text=text,
    )


def test_a_supplier_objects_on_the_grounds_published_for_objections() -> None:
    grounds = {reason for reason, entry in CODE_LIST.items() if Use.OBJECTION in entry.uses}
    assert grounds == {
        Reason.OTHER,
        Reason.CONTRACT_STILL_BINDING,
        Reason.CUSTOMER_HAS_NOT_MOVED_OUT,
        Reason.NOTICE_TOO_LATE,
        Reason.NO_CONTRACT_WITH_CUSTOMER,
    }
    for reason in grounds:
        text = "V zmoti." if reason is Reason.OTHER else None
        assert unfit_objection(objection(reason, text)) == ()


@pytest.mark.parametrize(
    ("reason", "text", "found"),
    [
        (Reason.OBJECTION_UPHELD, None, "SB S43"),
        (Reason.CONTRACT_STILL_BINDING, "besedilo", "SB S44"),
        (Reason.OTHER, None, "260 E14"),
        (Reason.OTHER, " ", "260 E14"),
    ],
    ids=str,
)
def test_an_objection_on_another_ground_is_refused(
    reason: Reason, text: str | None, found: str
) -> None:
    refusal = Refusal(reason=Reason.REASON_NOT_FOR_THIS_USE, place="/Objection/Ground", found=found)
    assert unfit_objection(objection(reason, text)) == (refusal,)


def test_what_an_objection_says_may_be_repeated_where_it_is_upheld() -> None:
    for entry in CODE_LIST.values():
        if Use.OBJECTION in entry.uses:
            assert Use.DIVISION in entry.uses
