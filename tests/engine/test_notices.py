"""Who is told what about a switch, and what nobody is told (A12-A17, A26-A29)."""

from dataclasses import replace
from typing import get_args

import pytest

from broker.engine.decide import decide
from broker.engine.decision import Decision
from broker.engine.facts import Facts
from broker.messages.codes import Direction, Role
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import Event, ReadingReceived
from broker.messages.identifiers import Eic
from broker.messages.notices import (
    ApprovalNotice,
    ApprovalNoticeToOldSupplier,
    Notice,
    ReadingOrder,
    ReadingRejection,
    RejectionNotice,
    SupplyConfirmationInvitation,
    SwitchCompleted,
    WithdrawalConfirmation,
)
from broker.messages.requests import SwitchRequest
from broker.store.codec import encode
from tests.engine.builders import (
    FED_IN,
    METERING_CENTRE,
    NEW,
    OLD,
    OLD_OF_PRODUCTION,
    OPERATOR,
    RECEIVED_AT,
    RULES,
    TAKEN,
    but,
    facts,
    reading,
    remote_reading,
    request,
    request_for_two,
    shows,
    supply,
    two_directions,
)
from tests.engine.ways_through_the_process import (
    LATER,
    a_reading,
    a_request,
    a_withdrawal,
    after,
    awaiting_approval,
    awaiting_reading,
    reached,
    reading_under_review,
    refusal_by_the_operator,
    rejection_by_the_operator,
)

TWO = two_directions(facts())
ONE_OF_TWO = but(request_for_two(), "chosen.1.supplier", OLD_OF_PRODUCTION)


def notices(case: object, event: Event, known: Facts | None = None) -> tuple[Notice, ...]:
    """The notices of the decision on an event."""
    now = RECEIVED_AT if case is None else LATER
    outcome = decide(case, event, facts=known or facts(), now=now, rules=RULES)
    assert isinstance(outcome, Decision), outcome
    return outcome.notices


def told(given: tuple[Notice, ...]) -> list[tuple[str, Eic]]:
    """Kind and recipient of each notice."""
    return [(type(notice).__name__, notice.to.party) for notice in given]


def test_an_approval_is_told_to_the_new_and_to_the_old_supplier() -> None:
    to_new, to_old = notices(None, a_request())
    assert isinstance(to_new, ApprovalNotice)
    assert isinstance(to_old, ApprovalNoticeToOldSupplier)
    assert (to_new.to.party, to_old.to.party) == (NEW, OLD)
    assert to_new.to.reference == request().header.message_id
    assert to_old.to.reference is None
    assert to_new.new_supplier.name == "Južna elektrika"
    assert to_new.serial_number == "ZGL-100001"
    assert to_new.last_reading is not None
    assert to_new.last_reading.registers == (shows(TAKEN, "14650"),)
    assert to_old.expected_date == to_new.expected_date
    assert NEW not in encode(to_old).decode()


def test_an_approval_without_a_reading_on_record_has_none() -> None:
    to_new, _ = notices(None, a_request(), but(facts(), "point.last_reading", None))
    assert isinstance(to_new, ApprovalNotice)
    assert to_new.last_reading is None


def test_a_last_reading_without_a_register_of_the_direction_is_none_for_it() -> None:
    known = but(TWO, "point.supplies", (supply(NEW), supply(OLD, direction=Direction.PRODUCTION)))
    known = but(known, "point.last_reading.registers", (shows(TAKEN, "14650"),))
    to_new, _ = notices(None, a_request(request_for_two()), known)
    assert isinstance(to_new, ApprovalNotice)
    assert to_new.new_supplier.directions == (Direction.PRODUCTION,)
    assert to_new.last_reading is None


def test_a_rejection_is_told_to_the_applicant_alone() -> None:
    (notice,) = notices(None, a_request(), but(facts(), "point.connected", False))
    assert isinstance(notice, RejectionNotice)
    assert notice.to.party == NEW
    assert [supplier.eic for supplier in notice.new_suppliers] == [NEW]
    assert [given.text for given in notice.reasons] == [None]


def test_a_rejection_of_an_unknown_point_names_the_suppliers_as_the_request_does() -> None:
    known = but(facts(), "point", None)
    (notice,) = notices(None, a_request(ONE_OF_TWO), known)
    assert isinstance(notice, RejectionNotice)
    assert [(s.eic, s.directions) for s in notice.new_suppliers] == [
        (NEW, (Direction.CONSUMPTION,)),
        (OLD_OF_PRODUCTION, (Direction.PRODUCTION,)),
    ]


def test_the_operators_rejection_carries_its_text_with_e14() -> None:
    (notice,) = notices(awaiting_approval(), rejection_by_the_operator())
    assert isinstance(notice, RejectionNotice)
    assert [given.text for given in notice.reasons] == ["Podpis na pogodbi ni čitljiv."]


def test_a_withdrawal_is_confirmed_to_the_applicant_alone() -> None:
    (notice,) = notices(awaiting_approval(), a_withdrawal())
    assert isinstance(notice, WithdrawalConfirmation)
    assert notice.to.party == NEW


def test_completion_names_to_each_supplier_only_itself() -> None:
    given = notices(awaiting_reading(), a_reading())
    assert told(given) == [
        ("SwitchCompleted", NEW),
        ("SwitchCompleted", OLD),
        ("FinalSettlement", OLD),
        ("RegisterChangeNotice", OLD),
        ("SwitchExecuted", OPERATOR),
    ]
    to_new, to_old, *more_to_old, _to_the_operator = given
    assert isinstance(to_new, SwitchCompleted)
    assert isinstance(to_old, SwitchCompleted)
    assert to_new.new_supplier is not None
    assert to_new.old_supplier is None
    assert to_old.new_supplier is None
    assert to_old.old_supplier is not None
    assert to_old.old_supplier.eic == OLD
    assert to_old.registers == to_new.registers == reading().registers
    assert OLD not in encode(to_new).decode()
    for notice in (to_old, *more_to_old):
        assert NEW not in encode(notice).decode()
        assert notice.to.reference is None


def test_a_failure_is_told_to_new_and_old() -> None:
    given = notices(awaiting_reading(), reached(DeadlineKind.END_OF_READING_PERIOD))
    assert told(given) == [("SwitchFailed", NEW), ("SwitchFailed", OLD)]
    assert NEW not in encode(given[1]).decode()


def test_a_reading_refused_after_review_is_told_to_its_sender() -> None:
    (notice,) = notices(reading_under_review(), refusal_by_the_operator())
    assert isinstance(notice, ReadingRejection)
    assert notice.to.party == NEW
    assert notice.to.reference == reading().header.message_id


def test_a_remote_reading_refused_after_review_is_told_to_the_metering_centre() -> None:
    remote = but(facts(), "point.remotely_read", True)
    case = after(None, a_request(), RECEIVED_AT, known=remote)
    departing = replace(remote_reading(value="20000"), departure_reason="Gradnja.")
    event = ReadingReceived(reading=departing, sender_role=Role.METERING_CENTRE, received_at=LATER)
    case = after(case, event, known=remote)
    refused, ordered = notices(case, refusal_by_the_operator(), remote)
    assert isinstance(refused, ReadingRejection)
    assert isinstance(ordered, ReadingOrder)
    assert refused.to.reference == departing.header.message_id
    # and at once asked for another one
    assert ordered.order_number == 2
    for notice in (refused, ordered):
        assert (notice.to.party, notice.to.role) == (METERING_CENTRE, Role.METERING_CENTRE)
        assert NEW not in encode(notice).decode()


def test_a_point_without_supplier_is_switched_without_notices_to_an_old_one() -> None:
    nobody = but(facts(), "point.supplies", ())
    assert told(notices(None, a_request(), nobody)) == [("ApprovalNotice", NEW)]
    case = after(None, a_request(), RECEIVED_AT, known=nobody)
    assert told(notices(case, a_reading(), nobody)) == [
        ("SwitchCompleted", NEW),
        ("SwitchExecuted", OPERATOR),
    ]
    failed = notices(case, reached(DeadlineKind.END_OF_READING_PERIOD), nobody)
    assert told(failed) == [("SwitchFailed", NEW)]


def test_from_emergency_supply_the_operator_is_the_old_supplier() -> None:
    emergency = but(facts(), "point.supplies", (supply(OPERATOR),))
    assert told(notices(None, a_request(), emergency))[1] == (
        "ApprovalNoticeToOldSupplier",
        OPERATOR,
    )


class TestTwoDirections:
    """Each supplier is told of its own direction alone (interpretation 13)."""

    read = replace(reading(), registers=(shows(TAKEN, "15050"), shows(FED_IN, "12050")))

    def case(self, asked: SwitchRequest) -> object:
        """The approved case of this request."""
        return after(None, a_request(asked), RECEIVED_AT, known=TWO)

    def test_old_suppliers_learn_of_each_other_nothing(self) -> None:
        to_new, to_old, to_old_of_production = notices(None, a_request(request_for_two()), TWO)
        assert isinstance(to_new, ApprovalNotice)
        assert to_new.new_supplier.directions == (Direction.CONSUMPTION, Direction.PRODUCTION)
        for notice, own, other, direction in (
            (to_old, OLD, OLD_OF_PRODUCTION, Direction.CONSUMPTION),
            (to_old_of_production, OLD_OF_PRODUCTION, OLD, Direction.PRODUCTION),
        ):
            assert isinstance(notice, ApprovalNoticeToOldSupplier)
            assert notice.to.party == own
            assert notice.old_supplier.directions == (direction,)
            assert other not in encode(notice).decode()

    def test_completion_carries_the_registers_of_the_own_direction(self) -> None:
        case = self.case(request_for_two())
        given = notices(case, a_reading(self.read), TWO)
        to_new, to_old, to_old_of_production = given[:3]
        assert isinstance(to_new, SwitchCompleted)
        assert isinstance(to_old, SwitchCompleted)
        assert isinstance(to_old_of_production, SwitchCompleted)
        assert to_new.registers == self.read.registers
        assert to_old.registers == (shows(TAKEN, "15050"),)
        assert to_old_of_production.registers == (shows(FED_IN, "12050"),)

    def test_who_keeps_its_direction_hears_nothing(self) -> None:
        approved = notices(None, a_request(ONE_OF_TWO), TWO)
        assert [party for _, party in told(approved)] == [NEW, OLD]
        case = self.case(ONE_OF_TWO)
        completed = notices(case, a_reading(self.read), TWO)
        assert told(completed) == [
            ("SwitchCompleted", NEW),
            ("SwitchCompleted", OLD),
            ("FinalSettlement", OLD),
            ("RegisterChangeNotice", OLD),
            ("SwitchExecuted", OPERATOR),
        ]
        for notice in completed[:2]:
            assert isinstance(notice, SwitchCompleted)
            assert notice.registers == (shows(TAKEN, "15050"),)
        failed = notices(case, reached(DeadlineKind.END_OF_READING_PERIOD), TWO)
        assert [party for _, party in told(failed)] == [NEW, OLD]

    def test_an_old_supplier_of_both_directions_gets_one_notice_of_each_kind(self) -> None:
        same = but(
            TWO,
            "point.supplies",
            (supply(OLD), supply(OLD, direction=Direction.PRODUCTION)),
        )
        approved = notices(None, a_request(request_for_two()), same)
        assert [party for _, party in told(approved)] == [NEW, OLD]
        case = after(None, a_request(request_for_two()), RECEIVED_AT, known=same)
        failed = notices(case, reached(DeadlineKind.END_OF_READING_PERIOD), same)
        assert [party for _, party in told(failed)] == [NEW, OLD]


@pytest.mark.parametrize("kind", get_args(Notice))
def test_no_notice_has_a_share_or_a_contract_but_its_recipients_own(kind: type) -> None:
    names = set(kind.__dataclass_fields__)
    own = {"share", "contract"} if kind is SupplyConfirmationInvitation else set()
    assert {"share", "contract", "shares", "request", "changes"} & names == own
