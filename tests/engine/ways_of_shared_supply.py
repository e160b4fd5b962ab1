"""Cases of several suppliers at one delivery point, and an event for each transition of theirs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from broker.engine.facts import Facts
from broker.engine.state import Phase, SwitchCase
from broker.messages.codes import DocumentKind
from broker.messages.deadlines import DeadlineKind
from broker.messages.events import (
    ConfirmationReceived,
    Event,
    ObjectionReceived,
    ObjectionsDismissedByOperator,
    ObjectionUpheldByOperator,
    ShareClaimReceived,
    ShareClaimRefused,
    SharedSupplyRequestReceived,
    WithdrawalReceived,
)
from broker.messages.identifiers import CaseId, Eic
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import Objection, SupplyConfirmation, SwitchRequest
from tests.engine.builders import (
    CASE,
    NEW,
    OLD,
    OLD_OF_PRODUCTION,
    OTHER_CASE,
    RECEIVED_AT,
    at,
    but,
    claim,
    customers_division,
    customers_request,
    facts,
    header,
    point_reference,
    request_for_two,
    two_directions,
    withdrawal,
)
from tests.engine.ways_through_the_process import (
    ANNOUNCED,
    DISCONNECTED,
    EVENTS,
    GOOD,
    HELD,
    IN_PHASE,
    LATER,
    RENAMED,
    WAYS,
    Way,
    a_point_change,
    a_request,
    after,
    one_off_days,
    reached,
)

THIRD = OLD_OF_PRODUCTION
NEXT_DAY = at(date(2026, 4, 25))
NEW_IS_INACTIVE = but(facts(), "parties.0.active", False)


def a_claim(
    of: SwitchRequest | None = None, received_at: datetime = RECEIVED_AT, case_id: CaseId = CASE
) -> ShareClaimReceived:
    """The good claim, or this one, is received."""
    return ShareClaimReceived(case_id=case_id, claim=of or claim(), received_at=received_at)


def another_claim(supplier: Eic = OLD, share: str = "0.4") -> ShareClaimReceived:
    """A further claim is received, under a number of its own."""
    return a_claim(claim(supplier, share), NEXT_DAY, OTHER_CASE)


def a_doubtful_claim(supplier: Eic = OLD, share: str = "0.4") -> ShareClaimReceived:
    """A further claim whose contracting party is named differently."""
    doubtful = but(claim(supplier, share), "contracting_party.name", "Anica Zgled")
    return a_claim(doubtful, NEXT_DAY, OTHER_CASE)


def a_refused_claim() -> ShareClaimRefused:
    """A claim that the collection could not take."""
    refusal = Refusal(reason=Reason.SECOND_CLAIM_OF_SUPPLIER)
    return ShareClaimRefused(
        case_id=CASE, claim=claim(), received_at=RECEIVED_AT, refusals=(refusal,)
    )


def a_withdrawal_of(supplier: Eic) -> WithdrawalReceived:
    """This claimant takes its claim back."""
    own = replace(withdrawal(), header=header(DocumentKind.WITHDRAWAL, supplier))
    return WithdrawalReceived(withdrawal=own, received_at=NEXT_DAY)


def a_division(of: SwitchRequest | None = None) -> SharedSupplyRequestReceived:
    """The customer's good request for two suppliers, or this one, is received."""
    return SharedSupplyRequestReceived(
        case_id=CASE, request=of or customers_division(), received_at=RECEIVED_AT
    )


def a_confirmation(supplier: Eic = NEW) -> ConfirmationReceived:
    """A supplier confirms."""
    said = SupplyConfirmation(
        header=header(DocumentKind.SUPPLY_CONFIRMATION, supplier),
        case_id=CASE,
        point=point_reference(),
    )
    return ConfirmationReceived(confirmation=said, received_at=NEXT_DAY)


def an_objection(
    supplier: Eic = OLD, reason: Reason = Reason.CONTRACT_STILL_BINDING, text: str | None = None
) -> ObjectionReceived:
    """A supplier objects."""
    said = Objection(
        header=header(DocumentKind.OBJECTION, supplier),
        case_id=CASE,
        point=point_reference(),
        reason=reason,
        text=text,
    )
    return ObjectionReceived(objection=said, received_at=NEXT_DAY)


def objections_dismissed() -> ObjectionsDismissedByOperator:
    """The operator rejects the objections."""
    return ObjectionsDismissedByOperator(by="Nada Zgled", why="Pogodba je potekla.")


def objection_upheld(supplier: Eic = OLD) -> ObjectionUpheldByOperator:
    """The operator finds the objection justified."""
    return ObjectionUpheldByOperator(by="Nada Zgled", why="Pogodba velja.", supplier=supplier)


def collecting() -> SwitchCase:
    """The first claim, of 0.6, waits for others."""
    return after(None, a_claim(), RECEIVED_AT)


def beyond_one(last: ShareClaimReceived | None = None) -> SwitchCase:
    """Claims of 0.6, 0.5 and 0.4: more than one, until the second is taken back."""
    two = after(collecting(), another_claim(OLD, "0.5"), NEXT_DAY)
    return after(two, last or another_claim(THIRD), NEXT_DAY)


def beyond_one_in_doubt() -> SwitchCase:
    """The same with a doubt about one of those that stay."""
    return beyond_one(a_doubtful_claim(THIRD))


def three_short_of_one() -> SwitchCase:
    """Claims of 0.6, 0.1 and 0.1."""
    two = after(collecting(), another_claim(OLD, "0.1"), NEXT_DAY)
    return after(two, another_claim(THIRD, "0.1"), NEXT_DAY)


def whole_in_doubt() -> SwitchCase:
    """Claims that add up, one of them in doubt."""
    return after(collecting(), a_doubtful_claim(), NEXT_DAY)


def asked() -> SwitchCase:
    """The suppliers named by the customer, with 0.6 and 0.4, are asked to confirm."""
    return after(None, a_division(), RECEIVED_AT)


def asked_in_doubt() -> SwitchCase:
    """The same where the customer is named differently."""
    doubtful = but(customers_division(), "contracting_party.name", "Anica Zgled")
    return after(None, a_division(doubtful), RECEIVED_AT)


def once_confirmed(case: Callable[[], SwitchCase] = asked) -> SwitchCase:
    """The first supplier has confirmed."""
    return after(case(), a_confirmation(), NEXT_DAY)


def once_confirmed_in_doubt() -> SwitchCase:
    """The same in doubt."""
    return once_confirmed(asked_in_doubt)


def once_objected() -> SwitchCase:
    """The second supplier has objected, the first is silent."""
    return after(asked(), an_objection(), NEXT_DAY)


def objected_to(case: Callable[[], SwitchCase] = asked) -> SwitchCase:
    """One has confirmed, the other objected: the operator decides."""
    return after(once_confirmed(case), an_objection(), NEXT_DAY)


def objected_to_in_doubt() -> SwitchCase:
    """The same in doubt."""
    return objected_to(asked_in_doubt)


def objected_to_twice() -> SwitchCase:
    """Both have objected."""
    return after(once_objected(), an_objection(NEW), NEXT_DAY)


def of_two_new_suppliers() -> SwitchRequest:
    """The customer names one new supplier of consumption and another of production."""
    both = replace(
        request_for_two(),
        header=customers_request().header,
        authorised_on=None,
        customer_application=customers_request().customer_application,
    )
    both = but(both, "chosen.0.supplier", THIRD)
    return but(both, "chosen.0.contract.supplier", THIRD)


def _ways(
    frm: Phase,
    event: Event,
    case: Callable[[], SwitchCase | None],
    *to: tuple[Phase, Facts],
    now: datetime = NEXT_DAY,
) -> tuple[Way, ...]:
    """One event with facts that lead to several phases."""
    return tuple(Way(frm, event, phase, case, known, now) for phase, known in to)


def new() -> None:
    """No case yet."""


COLLECTING, ASKED = Phase.COLLECTING_CLAIMS, Phase.AWAITING_CONFIRMATION
OBJECTED, WAITING = Phase.AWAITING_OBJECTION_DECISION, Phase.AWAITING_APPROVAL
READING, REJECTED = Phase.AWAITING_READING, Phase.REJECTED
OF_CLAIMS = (
    *_ways(Phase.NEW, a_claim(), new, (COLLECTING, GOOD), (REJECTED, DISCONNECTED)),
    Way(Phase.NEW, a_claim(claim(NEW, "1")), READING, new, GOOD, RECEIVED_AT),
    Way(Phase.NEW, a_claim(claim(NEW, "1")), WAITING, new, RENAMED, RECEIVED_AT),
    Way(Phase.NEW, a_claim(claim(NEW, "1")), WAITING, new, GOOD, RECEIVED_AT, HELD),
    Way(Phase.NEW, a_refused_claim(), REJECTED, new, GOOD, RECEIVED_AT),
    Way(COLLECTING, another_claim(OLD, "0.1"), COLLECTING, collecting, GOOD, NEXT_DAY),
    Way(COLLECTING, another_claim(), READING, collecting, GOOD, NEXT_DAY),
    Way(COLLECTING, a_doubtful_claim(), WAITING, collecting, GOOD, NEXT_DAY),
    Way(COLLECTING, another_claim(), REJECTED, collecting, NEW_IS_INACTIVE, NEXT_DAY),
    Way(COLLECTING, a_withdrawal_of(OLD), COLLECTING, three_short_of_one, GOOD, NEXT_DAY),
    Way(COLLECTING, a_withdrawal_of(OLD), READING, beyond_one, GOOD, NEXT_DAY),
    Way(COLLECTING, a_withdrawal_of(OLD), WAITING, beyond_one_in_doubt, GOOD, NEXT_DAY),
    Way(COLLECTING, a_withdrawal_of(OLD), REJECTED, beyond_one, NEW_IS_INACTIVE, NEXT_DAY),
    Way(COLLECTING, a_withdrawal_of(NEW), Phase.WITHDRAWN, collecting, GOOD, NEXT_DAY),
    Way(COLLECTING, reached(DeadlineKind.END_OF_CLAIMS), REJECTED, collecting, GOOD),
    *_ways(
        COLLECTING, a_point_change(), collecting, (COLLECTING, RENAMED), (REJECTED, DISCONNECTED)
    ),
    Way(COLLECTING, one_off_days(), COLLECTING, collecting, GOOD, NEXT_DAY, ANNOUNCED),
    Way(WAITING, a_withdrawal_of(NEW), COLLECTING, whole_in_doubt, GOOD, NEXT_DAY),
    Way(WAITING, a_withdrawal_of(NEW), REJECTED, whole_in_doubt, GOOD, LATER),
)
OF_CONFIRMATION = (
    Way(
        Phase.NEW,
        a_request(of_two_new_suppliers()),
        ASKED,
        new,
        two_directions(facts()),
        RECEIVED_AT,
    ),
    *_ways(Phase.NEW, a_division(), new, (ASKED, GOOD), (REJECTED, DISCONNECTED)),
    Way(ASKED, a_confirmation(), ASKED, asked, GOOD, NEXT_DAY),
    *_ways(ASKED, a_confirmation(OLD), once_confirmed, (READING, GOOD), (REJECTED, DISCONNECTED)),
    Way(ASKED, a_confirmation(OLD), WAITING, once_confirmed_in_doubt, GOOD, NEXT_DAY),
    Way(ASKED, a_confirmation(), OBJECTED, once_objected, GOOD, NEXT_DAY),
    Way(ASKED, an_objection(), ASKED, asked, GOOD, NEXT_DAY),
    Way(ASKED, an_objection(), OBJECTED, once_confirmed, GOOD, NEXT_DAY),
    Way(ASKED, a_withdrawal_of(NEW), Phase.WITHDRAWN, asked, GOOD, NEXT_DAY),
    *_ways(
        ASKED,
        reached(DeadlineKind.END_OF_OBJECTIONS),
        asked,
        (READING, GOOD),
        (WAITING, RENAMED),
        (REJECTED, DISCONNECTED),
    ),
    Way(ASKED, reached(DeadlineKind.END_OF_OBJECTIONS), OBJECTED, once_objected, GOOD),
    *_ways(ASKED, a_point_change(), asked, (ASKED, RENAMED), (REJECTED, DISCONNECTED)),
    Way(ASKED, one_off_days(), ASKED, asked, GOOD, NEXT_DAY, ANNOUNCED),
    Way(OBJECTED, a_confirmation(), OBJECTED, objected_to_twice, GOOD, NEXT_DAY),
    *_ways(
        OBJECTED,
        a_confirmation(OLD),
        objected_to,
        (READING, GOOD),
        (WAITING, RENAMED),
        (REJECTED, DISCONNECTED),
    ),
    *_ways(
        OBJECTED,
        objections_dismissed(),
        objected_to,
        (READING, GOOD),
        (WAITING, RENAMED),
        (REJECTED, DISCONNECTED),
    ),
    Way(OBJECTED, objections_dismissed(), WAITING, objected_to_in_doubt, GOOD, NEXT_DAY),
    Way(OBJECTED, objection_upheld(), REJECTED, objected_to, GOOD, NEXT_DAY),
    Way(OBJECTED, reached(DeadlineKind.OBJECTION_DECISION), REJECTED, objected_to, GOOD),
    Way(OBJECTED, a_withdrawal_of(NEW), Phase.WITHDRAWN, objected_to, GOOD, NEXT_DAY),
    *_ways(OBJECTED, a_point_change(), objected_to, (OBJECTED, RENAMED), (REJECTED, DISCONNECTED)),
    Way(OBJECTED, one_off_days(), OBJECTED, objected_to, GOOD, NEXT_DAY, ANNOUNCED),
)

EVERY_WAY = (*WAYS, *OF_CLAIMS, *OF_CONFIRMATION)
IN_EVERY_PHASE: dict[Phase, Callable[[], SwitchCase | None]] = {
    **IN_PHASE,
    COLLECTING: collecting,
    ASKED: asked,
    OBJECTED: objected_to,
}
EVERY_EVENT: tuple[Event, ...] = (
    *EVENTS,
    a_claim(),
    a_refused_claim(),
    a_division(),
    a_confirmation(),
    an_objection(),
    objections_dismissed(),
    objection_upheld(),
)
