"""What becomes of an approved switch: readings, review, completion, failure (A20-A29, C1)."""

from broker.engine.addressees import own_application
from broker.engine.apply import apply
from broker.engine.calendar import end_of, local_day
from broker.engine.carry_out import Person, carry_out
from broker.engine.code_list import Use
from broker.engine.decision import Circumstances, Decision, Refused
from broker.engine.examination import examine_reading, examine_reviewed_reading
from broker.engine.facts import PointFacts
from broker.engine.handle_request import redated
from broker.engine.notices_switch import failure, refused_reading
from broker.engine.reading_by_operator import order_reading
from broker.engine.refusals import unfit_reasons
from broker.engine.rules_reading import ReadingCheck
from broker.engine.state import Review, SwitchCase
from broker.messages.codes import ReadingMethod, Role
from broker.messages.deadlines import Deadline
from broker.messages.events import (
    DeadlineReached,
    GivenReason,
    OneOffDaysChanged,
    ReadingAcceptedByOperator,
    ReadingReceived,
    ReadingRefusedByOperator,
    SiteFoundInaccessible,
)
from broker.messages.identifiers import Gsrn
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import (
    DecidedBy,
    Plan,
    ReadingPeriodEnded,
    ReadingPutUnderReview,
    ReadingRefusedAfterReview,
    SwitchHasFailed,
)


def take_in(case: SwitchCase, event: ReadingReceived, at: Circumstances) -> Decision | Refused:
    """A valid reading carries the switch out; one that leaves a question goes to the operator.

    Source: A24, A26, C1, C5 (002 a.200(1), a.153(2)).
    """
    check = _check(case, event, at)
    if isinstance(check, Refused):
        return check
    refusals, doubts = examine_reading(check)
    if refusals:
        return Refused(refusals)
    if not doubts:
        return carry_out(case, check, DecidedBy.STRAIGHT_THROUGH, at, (None, None))
    record = ReadingPutUnderReview(
        at=at.now,
        reading=event.reading,
        sender_role=event.sender_role,
        doubts=doubts,
        review=_review_deadline(case, at),
        rules_version=at.rules.version,
    )
    return Decision(state=apply(case, record), records=(record,), notices=(), register_changes=())


def take_in_another(
    case: SwitchCase, event: ReadingReceived, at: Circumstances
) -> Decision | Refused:
    """While one reading is under review another may come; if valid it carries the switch out.

    Source: A26 (002 a.200(2)).
    """
    outcome = take_in(case, event, at)
    if isinstance(outcome, Decision) and outcome.switch.review is not None:
        return Refused((Refusal(reason=Reason.READING_ALREADY_UNDER_REVIEW),))
    return outcome


def operator_accepts(
    case: SwitchCase, event: ReadingAcceptedByOperator, at: Circumstances
) -> Decision | Refused:
    """The operator accepts the reading under review; C5 must still hold.

    Source: C1, A26 (002 a.153(2), a.200(2)).
    """
    review = _review(case)
    received = ReadingReceived(
        reading=review.reading, sender_role=review.sender_role, received_at=review.received_at
    )
    check = _check(case, received, at)
    if isinstance(check, Refused):
        return check
    refusals = examine_reviewed_reading(check)
    if refusals:
        return Refused(refusals)
    return carry_out(case, check, DecidedBy.OPERATOR, at, (event.by, event.why))


def order_again(case: SwitchCase, event: DeadlineReached, at: Circumstances) -> Decision | Refused:
    """The remote reading has not come in time: it is ordered again, and the operator is told.

    After an outage beyond the reading period nothing is: the switch fails. Without a meter there is
    nothing to order, which a person must look into.
    Source: A19, A26, interpretation 14 (002 a.199(1), a.200(2)).
    """
    if at.now >= end_of(_plan(case).reading_to):
        return fail_without(case, event, at)
    meter = at.facts.point.meter if at.facts.point else None
    if meter is None:
        return Refused((Refusal(reason=Reason.METER_NOT_IDENTIFIABLE),))
    return order_reading(case, meter, at)


def operator_refuses(
    case: SwitchCase, event: ReadingRefusedByOperator, at: Circumstances
) -> Decision | Refused:
    """The operator refuses the reading; its sender is told, another may follow or is ordered.

    Source: A19, A26 (002 a.153(2), a.199(1), a.200(2)).
    """
    refused = _refuse(case, event, at)
    meter = at.facts.point.meter if at.facts.point else None
    if isinstance(refused, Refused) or meter is None:
        return refused
    if _plan(case).reading_method is not ReadingMethod.REMOTE:
        return refused
    return refused.then(order_reading(refused.switch, meter, at))


def _refuse(
    case: SwitchCase, event: ReadingRefusedByOperator, at: Circumstances
) -> Decision | Refused:
    """The reading under review is refused with codes, and its sender told.

    Source: A26 (002 a.153(2), a.200(2)).
    """
    unfit = unfit_reasons(event.reasons, Use.READING)
    if unfit:
        return Refused(unfit)
    record = ReadingRefusedAfterReview(at=at.now, by=event.by, why=event.why, reasons=event.reasons)
    return Decision(
        state=apply(case, record),
        records=(record,),
        notices=refused_reading(case, _review(case), event.reasons),
        register_changes=(),
    )


def operator_refuses_at_last(
    case: SwitchCase, event: ReadingRefusedByOperator, at: Circumstances
) -> Decision | Refused:
    """The operator refuses the reading after the period has ended: the switch fails.

    Source: A26, A29 (002 a.200(2), a.202).
    """
    refused = _refuse(case, event, at)
    if isinstance(refused, Refused):
        return refused
    failed = _fail(
        refused.switch,
        Reason.READING_NOT_ACCEPTED,
        DecidedBy.OPERATOR,
        at,
        (event.by, event.why),
    )
    return refused.then(failed)


def fail_without(case: SwitchCase, _: DeadlineReached, at: Circumstances) -> Decision | Refused:
    """The period ended without a valid reading: the operator rejects the switch.

    Source: A26, A29 (002 a.200(2), a.202).
    """
    return _fail(
        case,
        Reason.NO_READING_WITHIN_PERIOD,
        DecidedBy.BROKER_AT_THE_DEADLINE,
        at,
        (None, None),
    )


def fail_inaccessible(
    case: SwitchCase, event: SiteFoundInaccessible, at: Circumstances
) -> Decision | Refused:
    """The operator came to read and could not: it rejects the switch.

    Source: A26, A29 (002 a.200(3), a.202).
    """
    if not case.awaits_visit:
        return Refused((Refusal(reason=Reason.NOT_POSSIBLE_IN_THIS_STATE),))
    person = (event.by, event.why)
    return _fail(case, Reason.SITE_INACCESSIBLE, DecidedBy.OPERATOR, at, person)


def close_period(case: SwitchCase, _: DeadlineReached, at: Circumstances) -> Decision | Refused:
    """The period ended with a reading under review, which the operator still decides.

    Source: A26 (002 a.200(2)).
    """
    record = ReadingPeriodEnded(at=at.now)
    return Decision(state=apply(case, record), records=(record,), notices=(), register_changes=())


def fail_unaccepted(case: SwitchCase, _: DeadlineReached, at: Circumstances) -> Decision | Refused:
    """Nobody accepted the reading under review in time: the switch fails.

    Source: A26, A29 (002 a.200(2), a.202).
    """
    return _fail(
        case, Reason.READING_NOT_ACCEPTED, DecidedBy.BROKER_AT_THE_DEADLINE, at, (None, None)
    )


def redate_review(
    case: SwitchCase, event: OneOffDaysChanged, at: Circumstances
) -> Decision | Refused:
    """A newly announced one-off day moves the hour by which a review must be decided.

    Source: Counting time, A29 (002 a.202(1)).
    """
    return redated(case, event, _review_deadline(case, at), at)


def _check(case: SwitchCase, event: ReadingReceived, at: Circumstances) -> ReadingCheck | Refused:
    point = at.facts.point_when_read or at.facts.point
    if point is None or point.meter is None:
        return Refused((Refusal(reason=Reason.METER_NOT_IDENTIFIABLE),))
    return ReadingCheck(
        reading=event.reading,
        sender_role=event.sender_role,
        received_at=event.received_at,
        plan=_plan(case),
        point=point,
        meter=point.meter,
        rules=at.rules,
        numbers=_numbers_known_to(case, event, point),
    )


def _numbers_known_to(
    case: SwitchCase, event: ReadingReceived, point: PointFacts
) -> tuple[Gsrn, ...]:
    """By which numbers the sender may name the point: its own, and the one that has the meter."""
    sender = event.reading.header.sender
    own = own_application(case, sender)
    begun = [one.accounting_point for one in case.changes.begins if one.supplier == sender]
    if event.sender_role is not Role.SUPPLIER:
        begun.append(point.measured_at)
    return (*begun, (own or case.request).point.accounting_point)


def _fail(
    case: SwitchCase, ground: Reason, decided_by: DecidedBy, at: Circumstances, person: Person
) -> Decision:
    record = SwitchHasFailed(
        at=at.now,
        ground=GivenReason(reason=ground),
        decided_by=decided_by,
        by=person[0],
        why=person[1],
    )
    return Decision(
        state=apply(case, record),
        records=(record,),
        notices=failure(case, record.ground, at.facts),
        register_changes=(),
    )


def _review_deadline(case: SwitchCase, at: Circumstances) -> Deadline:
    plan = _plan(case)
    return at.rules.review_deadline(
        max(plan.expected_date, plan.reading_to), local_day(case.received_at)
    )


def _plan(case: SwitchCase) -> Plan:
    if case.plan is None:
        raise AssertionError("an approved switch has a plan")
    return case.plan


def _review(case: SwitchCase) -> Review:
    if case.review is None:
        raise AssertionError("no reading is under review")
    return case.review
