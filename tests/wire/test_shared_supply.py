"""Claims, shared requests, confirmations and objections are read whole; who is told of what.

Method: the samples are read and compared with what they say; one changed field shows each refusal.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from broker.messages.codes import Direction, DocumentKind, Role
from broker.messages.events import GivenReason
from broker.messages.identifiers import TaxNumber
from broker.messages.notices import (
    ApprovalNotice,
    ObjectionDecision,
    RejectionNotice,
    SupplyConfirmationInvitation,
)
from broker.messages.reasons import Reason
from broker.messages.requests import (
    CustomerApplication,
    Objection,
    SupplyConfirmation,
    SwitchRequest,
)
from broker.store.participants import Participant
from broker.usecases.admission import refuse_sender
from broker.wire.document import UnableToWriteValidDocument
from broker.wire.explain import explain
from broker.wire.read import ReadMessage, read
from broker.wire.schema import TAG_PREFIX
from tests.wire.samples import CASE, FIXTURES, NEW, NOTICES, OLD, OPERATOR, written

CLAIM = (FIXTURES / "ShareClaim" / "of-a-part.xml").read_bytes()
SHARED = (FIXTURES / "SharedSupplyRequest" / "two-suppliers.xml").read_bytes()
CONFIRMATION = (FIXTURES / "SupplyConfirmation" / "of-a-share.xml").read_bytes()
OBJECTION = (FIXTURES / "Objection" / "contract-still-binding.xml").read_bytes()
IN_WORDS = (FIXTURES / "Objection" / "another-ground-in-words.xml").read_bytes()
CODE = b'<Code listAgency="SB">S44</Code>'


def message_in(data: bytes) -> ReadMessage:
    result = read(data)
    assert isinstance(result, ReadMessage), result
    assert result.wrong_identifiers == ()
    return result


def request_in(data: bytes) -> SwitchRequest:
    message = message_in(data).message
    assert isinstance(message, SwitchRequest)
    return message


def objection_in(data: bytes) -> Objection:
    message = message_in(data).message
    assert isinstance(message, Objection)
    return message


def place_and_code(data: bytes) -> list[tuple[str | None, Reason]]:
    result = read(data)
    assert isinstance(result, tuple), result
    assert any(one.reason is Reason.NOT_VALID_AGAINST_SCHEMA for one in (*result, *explain(data)))
    return [(one.place, one.reason) for one in result]


def chosen_suppliers(data: bytes) -> list[bytes]:
    """The chosen suppliers of a document, as they stand in it."""
    end = b"</ChosenSupplier>"
    parts = data.split(b"  <ChosenSupplier>")[1:]
    return [b"  <ChosenSupplier>" + one[: one.index(end) + len(end)] + b"\n" for one in parts]


def values_at(document: bytes, path: str) -> list[str | None]:
    qualified = "/".join(TAG_PREFIX + name for name in path.split("/"))
    return [element.text for element in etree.fromstring(document).iterfind(qualified)]


def test_a_claim_is_read_whole_with_its_own_share() -> None:
    result = message_in(CLAIM)
    claim = request_in(CLAIM)
    assert claim.header.kind is DocumentKind.SHARE_CLAIM
    assert (claim.authorised_on, claim.customer_application) == (date(2026, 2, 27), None)
    (chosen,) = claim.chosen
    assert (chosen.direction, chosen.supplier) == (Direction.CONSUMPTION, NEW)
    assert chosen.share == Decimal("0.6")
    assert chosen.contract is not None
    assert [sha256 for sha256, _ in result.attachments] == [chosen.contract.document.sha256]


def test_a_shared_request_names_all_suppliers_and_shares() -> None:
    request = request_in(SHARED)
    assert request.header.kind is DocumentKind.SHARED_SUPPLY_REQUEST
    assert (request.authorised_on, request.customer_application) == (
        None,
        CustomerApplication(served_on=None),
    )
    assert [(one.supplier, str(one.share)) for one in request.chosen] == [
        (NEW, "0.6"),
        (OLD, "0.4"),
    ]
    assert all(one.contract and one.contract.supplier == one.supplier for one in request.chosen)


def test_a_shared_request_carries_twenty_contracts_and_no_more() -> None:
    first, second = chosen_suppliers(SHARED)
    eics = [b"28X%03d-ZGLED----K" % number for number in range(19)]
    more = [first.replace(b"28XJUG-ELEKTRIKB", eic[:15] + b"A") for eic in eics]
    twenty = SHARED.replace(second, b"".join(more))
    result = read(twenty)
    assert isinstance(result, ReadMessage)
    assert isinstance(result.message, SwitchRequest)
    assert len(result.message.chosen) == 20
    assert all(one.contract for one in result.message.chosen)
    assert place_and_code(SHARED.replace(second, b"".join(more) + second))


@pytest.mark.parametrize(
    "share",
    ["0", "0.0", "-0.5", "1.1", "2", "0.1234567", ".5", "1e-1", "0,5", "50 %", "NaN", "", "00.5"],
)
def test_a_share_is_an_exact_decimal_above_zero_and_at_most_one(share: str) -> None:
    changed = CLAIM.replace(b">0.6<", f">{share}<".encode())
    assert place_and_code(changed) == [
        ("/ShareClaim/ChosenSupplier/Share", Reason.NOT_VALID_AGAINST_SCHEMA)
    ]


@pytest.mark.parametrize("share", ["1", "1.000000", "0.000001", "0.999999", "0.333333"])
def test_a_share_travels_exactly(share: str) -> None:
    (chosen,) = request_in(CLAIM.replace(b">0.6<", f">{share}<".encode())).chosen
    assert str(chosen.share) == share


def without(data: bytes, name: str) -> bytes:
    """The document without the first element of this name."""
    start, end = f"<{name}>".encode(), f"</{name}>".encode()
    return data[: data.index(start)] + data[data.index(end) + len(end) :]


APPLICATION = b"<CustomerApplication/>"
AUTHORISATION = b"<Authorisation><GivenOn>2026-02-27</GivenOn></Authorisation>"


@pytest.mark.parametrize(
    "data",
    [
        without(CLAIM, "Share"),
        without(CLAIM, "Contract"),
        without(CLAIM, "RequestedDate"),
        without(CLAIM, "Authorisation"),
        CLAIM.replace(b"<Direction>consumption<", b"<Direction>production<"),
        CLAIM.replace(chosen_suppliers(CLAIM)[0], 2 * chosen_suppliers(CLAIM)[0]),
        without(CLAIM, "Authorisation").replace(
            b"  <ChosenSupplier>", APPLICATION + b"  <ChosenSupplier>"
        ),
        without(SHARED, "Share"),
        without(SHARED, "Contract"),
        without(SHARED, "ChosenSupplier"),
        SHARED.replace(APPLICATION, b""),
        SHARED.replace(APPLICATION, AUTHORISATION),
        SHARED.replace(
            b'<Supplier schemeAgency="305">28XSEVER-ENERGI8',
            b'<Supplier schemeAgency="305">28XJUG-ELEKTRIKB',
        ),
        without(OBJECTION, "Ground"),
        OBJECTION.replace(CODE, b""),
        OBJECTION.replace(CODE, 2 * CODE),
        without(CONFIRMATION, "CaseNumber"),
        CONFIRMATION.replace(b"</SupplyConfirmation>", b"<Ground/></SupplyConfirmation>"),
    ],
    ids=[
        "claim without share",
        "claim without contract",
        "claim without date",
        "claim without authorisation",
        "claim of production",
        "claim of two suppliers",
        "claim of a customer",
        "a share left out",
        "a contract left out",
        "one supplier alone",
        "no application",
        "authorisation instead",
        "one supplier twice",
        "objection without ground",
        "ground without code",
        "two codes",
        "confirmation without case",
        "confirmation with ground",
    ],
)
def test_what_must_be_said_and_what_may_not_is_told_by_the_schema(data: bytes) -> None:
    assert place_and_code(data)


def test_a_confirmation_is_read_whole() -> None:
    confirmation = message_in(CONFIRMATION).message
    assert isinstance(confirmation, SupplyConfirmation)
    assert confirmation.case_id == CASE
    assert confirmation.point.area == "7"
    assert (confirmation.header.kind, confirmation.header.sender) == (
        DocumentKind.SUPPLY_CONFIRMATION,
        NEW,
    )


def test_an_objection_is_read_whole() -> None:
    objection = objection_in(OBJECTION)
    assert (objection.case_id, objection.header.sender) == (CASE, OLD)
    assert (objection.reason, objection.text) == (Reason.CONTRACT_STILL_BINDING, None)
    in_words = objection_in(IN_WORDS)
    assert in_words.reason is Reason.OTHER
    assert in_words.text == "Uporabnik je pogodbo sklenil v zmoti."


def test_a_published_code_is_left_to_the_rules_whatever_its_use() -> None:
    """Use and words are judged by engine/refusals.unfit_objection, with the matter itself."""
    assert objection_in(OBJECTION.replace(b"S44", b"S01")).reason is (
        Reason.CONTRACTING_PARTY_MISMATCH
    )
    wordless = objection_in(OBJECTION.replace(CODE, b'<Code listAgency="260">E14</Code>'))
    assert (wordless.reason, wordless.text) == (Reason.OTHER, None)


@pytest.mark.parametrize("code", [b'"SB">S99', b'"260">S44', b'"SB">E14'])
def test_a_code_of_no_list_is_refused_while_reading(code: bytes) -> None:
    result = read(OBJECTION.replace(b'"SB">S44', code))
    assert isinstance(result, tuple)
    (refusal,) = result
    assert refusal.reason is Reason.REASON_NOT_FOR_THIS_USE
    assert refusal.place == "/Objection/Ground/Code"
    assert refusal.line == OBJECTION[: OBJECTION.index(CODE)].count(b"\n") + 1
    assert refusal.found == code.decode().replace('"', "").replace(">", " ")


def participant(message: ReadMessage, role: Role) -> Participant:
    """The sender of the message, active, in this role."""
    return Participant(
        eic=message.message.header.sender,
        name="Zgled",
        roles=(role,),
        active=True,
        tax_number=TaxNumber("87654342"),
        registration_number="6123473",
        message_address="https://zgled.example.com/sporocila",
        balance_group=None,
        credential_manager_name="Jana Zgled",
        credential_manager_email="jana@zgled.example.com",
        affiliate=False,
        network_charge_contract=False,
    )


@pytest.mark.parametrize(
    ("data", "role", "refused"),
    [
        (CLAIM, Role.SUPPLIER, False),
        (CLAIM, Role.GRID_OPERATOR, True),
        (CLAIM, Role.METERING_CENTRE, True),
        (SHARED, Role.GRID_OPERATOR, False),
        (SHARED, Role.SUPPLIER, True),
        (SHARED, Role.METERING_CENTRE, True),
        (CONFIRMATION, Role.SUPPLIER, False),
        (CONFIRMATION, Role.GRID_OPERATOR, True),
        (CONFIRMATION, Role.METERING_CENTRE, True),
        (OBJECTION, Role.SUPPLIER, False),
        (OBJECTION, Role.GRID_OPERATOR, True),
        (OBJECTION, Role.METERING_CENTRE, True),
    ],
)
def test_suppliers_claim_confirm_and_object_and_staff_file_for_customers(
    data: bytes, role: Role, *, refused: bool
) -> None:
    sender = data.index(b'<Role listAgency="260">') + len(b'<Role listAgency="260">')
    message = message_in(data[:sender] + role.value.encode() + data[sender + 3 :])
    found = refuse_sender(message.message, participant(message, role))
    assert (found is not None) == refused
    if found is not None:
        assert found.reason is Reason.ROLE_MAY_NOT_SEND_THIS
        assert found.place == f"/{message.message.header.kind.value}/Header/Sender/Role"


INVITATION = NOTICES["SupplyConfirmationInvitation/of-a-share"]
UPHELD = NOTICES["ObjectionDecision/upheld"]
DISMISSED = NOTICES["ObjectionDecision/dismissed-to-who-objected"]
SHARES_NOT_ONE = NOTICES["RejectionNotice/shares-not-one"]
TO_OLD_SUPPLIER = NOTICES["RejectionNotice/shares-not-one-to-the-old-supplier"]
OF_A_SHARE = NOTICES["ApprovalNotice/of-a-share"]


def test_types_and_reasons_are_those_of_the_field() -> None:
    assert [
        (
            values_at(written(NOTICES[name]), "Header/DocumentType"),
            values_at(written(NOTICES[name]), "Header/BusinessReason"),
        )
        for name in (
            "SupplyConfirmationInvitation/of-a-share",
            "ObjectionDecision/upheld",
            "WithdrawalNotice/to-a-supplier-named",
        )
    ] == [(["392"], ["E03"]), (["414"], ["E03"]), (["E67"], ["E05"])]


@pytest.mark.parametrize(
    ("share", "text"),
    [("0.4", "0.4"), ("1", "1"), ("0.333333", "0.333333"), ("0.500000", "0.500"), ("5E-1", "0.5")],
)
def test_an_invitation_tells_the_share_exactly(share: str, text: str) -> None:
    assert isinstance(INVITATION, SupplyConfirmationInvitation)
    document = written(replace(INVITATION, share=Decimal(share)))
    assert values_at(document, "Share") == [text]


def test_a_share_that_is_none_never_goes_out() -> None:
    assert isinstance(INVITATION, SupplyConfirmationInvitation)
    for share in ("0", "1.1", "0.1234567", "-0.1"):
        with pytest.raises(UnableToWriteValidDocument):
            written(replace(INVITATION, share=Decimal(share)))


def test_a_decision_has_grounds_where_upheld_and_words_where_not() -> None:
    assert isinstance(UPHELD, ObjectionDecision)
    assert isinstance(DISMISSED, ObjectionDecision)
    assert values_at(written(UPHELD), "Decision") == ["upheld"]
    assert values_at(written(UPHELD), "Ground/Code") == ["S43"]
    assert values_at(written(DISMISSED), "Decision") == ["dismissed"]
    assert values_at(written(DISMISSED), "Header/Reference") == ["SEV-2026-000033"]
    assert values_at(written(replace(DISMISSED, explanation=None)), "Explanation") == []
    for broken in (
        replace(UPHELD, reasons=()),
        replace(UPHELD, explanation="Ker tako."),
        replace(DISMISSED, reasons=UPHELD.reasons),
        replace(UPHELD, reasons=(GivenReason(reason=Reason.OTHER),)),
    ):
        with pytest.raises(UnableToWriteValidDocument):
            written(broken)


def test_the_further_steps_are_explained_in_both_languages_and_only_where_owed() -> None:
    assert isinstance(SHARES_NOT_ONE, RejectionNotice)
    for language in ("TextEnglish", "TextSlovene"):
        (text,) = values_at(written(SHARES_NOT_ONE), f"FurtherSteps/{language}")
        assert text is not None
        assert "162" in text
        assert not text.endswith("…")
    without_steps = written(replace(SHARES_NOT_ONE, explains_disconnection=False))
    assert values_at(without_steps, "FurtherSteps") == []


def test_a_supplier_that_did_not_apply_is_told_no_new_one() -> None:
    document = written(TO_OLD_SUPPLIER)
    assert values_at(document, "NewSupplier") == []
    assert NEW.encode() not in document
    assert OPERATOR.encode() in document


def test_each_supplier_is_told_the_number_of_its_own_metering_point() -> None:
    assert isinstance(OF_A_SHARE, ApprovalNotice)
    number = values_at(written(OF_A_SHARE), "NewSupply/MeteringPoint")
    assert number == [OF_A_SHARE.metering_point]
    undivided = written(replace(OF_A_SHARE, metering_point=None))
    assert values_at(undivided, "NewSupply/MeteringPoint") == []
