"""The customer as the applicant: told through the operator's mailbox (A6, A10, A13, A29, A37)."""

from dataclasses import replace
from datetime import date

import pytest

from broker.engine.decide import decide
from broker.engine.decision import Decision
from broker.engine.facts import Facts
from broker.engine.state import Phase, SwitchCase
from broker.messages.codes import Direction, Role
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import Event
from broker.messages.notices import (
    ApprovalNotice,
    Customer,
    Notice,
    ReceiptConfirmation,
    RejectionNotice,
    SwitchFailed,
)
from broker.messages.reasons import Reason
from broker.messages.requests import CustomerApplication
from tests.engine.builders import (
    ADDRESS,
    INACTIVE,
    NEW,
    OLD,
    OLD_OF_PRODUCTION,
    OPERATOR,
    RECEIVED_AT,
    RECEIVED_ON,
    RULES,
    at,
    but,
    customers_request,
    facts,
    request_check_of_the_customer,
    request_check_of_two,
)
from tests.engine.ways_through_the_process import (
    LATER,
    a_reading,
    a_request,
    a_withdrawal,
    after,
    reached,
    site_found_inaccessible,
    taken_over,
)

PERIOD = reached(DeadlineKind.END_OF_READING_PERIOD)
APPLIED = a_request(customers_request())


def notices(
    case: SwitchCase | None, event: Event, known: Facts | None = None
) -> tuple[Notice, ...]:
    """The notices of the decision on an event."""
    now = RECEIVED_AT if case is None else LATER
    outcome = decide(case, event, facts=known or facts(), now=now, rules=RULES)
    assert isinstance(outcome, Decision), outcome
    return outcome.notices


def told(given: tuple[Notice, ...]) -> list[tuple[str, str]]:
    """Kind of each notice and its recipient, the customer by name."""
    return [(type(n).__name__, n.to.customer.name if n.to.customer else n.to.party) for n in given]


def approved() -> SwitchCase:
    """The customer's request is approved."""
    return after(None, APPLIED, RECEIVED_AT)


def in_doubt() -> SwitchCase:
    """The customer's request waits for the operator."""
    asked = but(customers_request(), "contracting_party.name", "Anica Zgled")
    return after(None, a_request(asked), RECEIVED_AT)


def test_receipt_and_approval_are_told_to_the_customer_too() -> None:
    given = notices(None, APPLIED)
    assert told(given) == [
        ("ReceiptConfirmation", "Ana Zgled"),
        ("ApprovalNotice", NEW),
        ("ApprovalNotice", "Ana Zgled"),
        ("ApprovalNoticeToOldSupplier", OLD),
    ]
    receipt, to_new, to_customer, to_old = given
    assert isinstance(receipt, ReceiptConfirmation)
    assert receipt.received_on == RECEIVED_ON
    assert isinstance(to_new, ApprovalNotice)
    assert isinstance(to_customer, ApprovalNotice)
    # the same contents, to another recipient
    assert replace(to_customer, to=to_new.to) == to_new
    assert (to_customer.to.party, to_customer.to.role) == (OPERATOR, Role.GRID_OPERATOR)
    # the request is named where it was sent, through the operator's staff, and nowhere else
    assert receipt.to.reference == to_customer.to.reference == APPLIED.request.header.message_id
    assert to_new.to.reference is to_old.to.reference is None


def test_a_supplier_that_applied_has_its_answer_and_no_confirmation() -> None:
    assert not [n for n in notices(None, a_request()) if isinstance(n, ReceiptConfirmation)]


def test_while_the_request_is_in_doubt_the_customer_has_its_confirmation_alone() -> None:
    asked = but(customers_request(), "contracting_party.name", "Anica Zgled")
    given = notices(None, a_request(asked))
    assert told(given) == [("ReceiptConfirmation", "Ana Zgled")]


def test_a_rejection_is_told_to_the_customer_alone() -> None:
    given = notices(None, APPLIED, but(facts(), "point.connected", False))
    assert told(given) == [("ReceiptConfirmation", "Ana Zgled"), ("RejectionNotice", "Ana Zgled")]


def test_a_withdrawal_is_confirmed_to_the_customer_alone() -> None:
    assert told(notices(in_doubt(), a_withdrawal())) == [("WithdrawalConfirmation", "Ana Zgled")]


def test_completion_is_owed_to_suppliers_alone() -> None:
    *given, to_back_office = notices(approved(), a_reading())
    assert told((to_back_office,)) == [("SwitchExecuted", OPERATOR)]
    assert [n.to.customer for n in given] == [None] * len(given)
    assert told(tuple(given)) == [
        ("SwitchCompleted", NEW),
        ("SwitchCompleted", OLD),
        ("FinalSettlement", OLD),
        ("RegisterChangeNotice", OLD),
    ]


class TestLegalRemedies:
    """Owed with the failure, only in the copy of the customer that applied itself (A29, A37)."""

    def test_they_stand_in_the_customers_copy_alone(self) -> None:
        given = notices(approved(), PERIOD)
        assert told(given) == [
            ("SwitchFailed", NEW),
            ("SwitchFailed", OLD),
            ("SwitchFailed", "Ana Zgled"),
        ]
        remedies = [n.legal_remedies for n in given if isinstance(n, SwitchFailed)]
        assert remedies == [None, None, facts().legal_remedies]

    def test_without_the_operators_wording_that_copy_is_not_sent(self) -> None:
        given = notices(approved(), PERIOD, replace(facts(), legal_remedies=None))
        assert told(given) == [("SwitchFailed", NEW), ("SwitchFailed", OLD)]

    def test_a_customer_that_did_not_apply_is_not_told(self) -> None:
        given = notices(taken_over(), site_found_inaccessible())
        assert told(given) == [("SwitchFailed", NEW), ("SwitchFailed", OLD)]

    def test_a_rejected_request_has_none(self) -> None:
        assert "legal_remedies" not in RejectionNotice.__dataclass_fields__


class TestAddress:
    """The customer is reached at its address in the register (A37)."""

    elsewhere = replace(ADDRESS, street="Druga ulica 2")

    def customer(self, known: Facts) -> Customer | None:
        """Whom the confirmation of receipt goes to."""
        asked = but(customers_request(), "contracting_party.address", self.elsewhere)
        return notices(None, a_request(asked), known)[0].to.customer

    def test_the_register_holds_it(self) -> None:
        known = but(facts(), "point.customer.email", "ana@example.org")
        assert self.customer(known) == Customer(
            name="Ana Zgled", address=ADDRESS, email="ana@example.org"
        )

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("point", None),
            ("point.customer", None),
            ("point.customer.tax_number", "12345687"),
        ],
    )
    def test_a_stranger_is_answered_where_it_says_and_learns_nothing_of_the_register(
        self, path: str, value: object
    ) -> None:
        known = but(but(facts(), "point.customer.name", "Janez Vzorec"), path, value)
        assert self.customer(known) == Customer(
            name="Ana Zgled", address=self.elsewhere, email=None
        )


class TestChoice:
    """The customer chooses whom it likes (A37, interpretation 13)."""

    def check(self) -> SwitchCase:
        """A request of the customer for two new suppliers."""
        check = request_check_of_two()
        asked = replace(
            check.request,
            header=customers_request().header,
            authorised_on=None,
            customer_application=CustomerApplication(served_on=None),
        )
        asked = but(asked, "chosen.1.supplier", OLD)
        asked = but(asked, "chosen.1.contract.supplier", OLD)
        known = but(check.facts, "point.supplies.0.supplier", OLD_OF_PRODUCTION)
        return after(None, a_request(asked), RECEIVED_AT, known=known)

    def test_two_new_suppliers_are_asked_to_confirm(self) -> None:
        case = self.check()
        assert case.phase is Phase.AWAITING_CONFIRMATION
        assert case.asked == (NEW, OLD)

    def test_the_supplier_chosen_must_be_registered_all_the_same(self) -> None:
        check = but(request_check_of_the_customer(), "request.chosen.0.supplier", INACTIVE)
        case = after(None, a_request(check.request), RECEIVED_AT)
        assert Reason.UNAUTHORISED_SUPPLIER in {given.reason for given in case.grounds}

    def test_the_operator_is_no_new_supplier_by_entering_the_request(self) -> None:
        assert {one.supplier for one in approved().changes.begins} == {NEW}
        assert {one.direction for one in approved().changes.begins} == {Direction.CONSUMPTION}


def test_periods_run_from_the_day_a_written_request_was_served() -> None:
    served_on = date(2026, 4, 22)
    served = replace(
        a_request(but(customers_request(), "customer_application.served_on", served_on)),
        received_at=at(served_on, 23, 59),
    )
    case = after(None, served, RECEIVED_AT)
    assert case.plan is not None
    # the 21st day from service, but the reading from the day of the approval
    assert (case.plan.reading_from, case.plan.reading_to) == (RECEIVED_ON, date(2026, 5, 13))
    receipt = next(n for n in notices(None, served) if isinstance(n, ReceiptConfirmation))
    assert receipt.received_on == served_on
    doubtful = replace(served, request=but(served.request, "contracting_party.name", "Anica Zgled"))
    waiting = after(None, doubtful, RECEIVED_AT)
    assert waiting.deadlines[0].act_at == at(date(2026, 4, 30), 22)
