"""What becomes of an approved switch: readings, review, completion, failure (A20-A29, C1)."""

from decimal import Decimal

from broker.engine.apply import apply
from broker.engine.calendar import local_day
from broker.engine.code_list import Use
from broker.engine.decision import Circumstances, Decision, Refused
from broker.engine.examination import examine_reading, examine_reviewed_reading
from broker.engine.facts import PointFacts
from broker.engine.handle_request import redated
from broker.engine.notices_back_office import execution
from broker.engine.notices_switch import (
    completion,
    failure,
    final_settlements,
    refused_reading,
    register_changes,
)
from broker.engine.reading_by_operator import order_reading
from broker.engine.refusals import unfit_reasons
from broker.engine.rules_reading import ReadingCheck
from broker.engine.settle import settlement_of
from broker.engine.state import Review, SwitchCase
from broker.messages.codes import (
    BillingReason,
    Direction,
    ObtainedBy,
    Payer,
    ReadingMethod,
)
from broker.messages.deadlines import Deadline, DeadlineKind
from broker.messages.events import (
    DeadlineReached,
    GivenReason,
    OneOffDaysChanged,
    ReadingAcceptedByOperator,
    ReadingReceived,
    ReadingRefusedByOperator,
    SiteFoundInaccessible,
)
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import (
    DecidedBy,
    Plan,
    ReadingPeriodEnded,
    ReadingPutUnderReview,
    ReadingRefusedAfterReview,
    SwitchCarriedOut,
    SwitchHasFailed,
)
from broker.messages.register_changes import (
    PayerChanged,
    ReadingRecorded,
    RegisterChange,
    SiteReached,
    SupplyChanged,
)

Person = tuple[str, str] | tuple[None, None]


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
        return _carry_out(case, check, DecidedBy.STRAIGHT_THROUGH, at, (None, None))
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
    return _carry_out(case, check, DecidedBy.OPERATOR, at, (event.by, event.why))


def order_again(case: SwitchCase, _: DeadlineReached, at: Circumstances) -> Decision | Refused:
    """The remote reading has not come in time: it is ordered again, and the operator is told.

    Without a meter there is nothing to order, which a person must look into.
    Source: A19, interpretation 14 (002 a.199(1)).
    """
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
    moved = _review_deadline(case, at)
    deadlines = tuple(moved if d.kind is DeadlineKind.READING_REVIEW else d for d in case.deadlines)
    return redated(case, event, deadlines, at)


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
    )


def _carry_out(
    case: SwitchCase,
    check: ReadingCheck,
    decided_by: DecidedBy,
    at: Circumstances,
    person: Person,
) -> Decision:
    """The switch takes effect at 00:00 of the day of the reading (A24, A25, A27)."""
    reading = check.reading
    record = SwitchCarriedOut(
        at=at.now,
        switch_date=check.taken_on,
        reading=reading,
        settlement=settlement_of(check, _billing_reason(case, check.point.payer)),
        payer_before=check.point.payer,
        settle_by=at.rules.settlement_deadline(check.taken_on, local_day(case.received_at))
        if check.point.measured_power
        else None,
        decided_by=decided_by,
        by=person[0],
        why=person[1],
        rules_version=at.rules.version,
    )
    carried_out = apply(case, record)
    settled_now = () if record.settle_by else final_settlements(carried_out, at.facts)
    return Decision(
        state=carried_out,
        records=(record,),
        notices=(
            *completion(case, reading, at.facts),
            *settled_now,
            *register_changes(carried_out, record.switch_date, at.facts),
            execution(case, reading, at.facts),
        ),
        register_changes=_register_changes(case, record, check.point),
    )


def _billing_reason(case: SwitchCase, before: Payer) -> BillingReason:
    """Why the supplier of consumption is settled: whether it changes, or the payer, or both.

    A supplier that pays in the place of one that paid is another payer.
    Source: A24, A35, interpretation 13 (002 a.132, a.200(1)).
    """
    payer = case.request.network_charge_payer
    if all(change.direction is not Direction.CONSUMPTION for change in case.changes):
        same = payer is before
        return BillingReason.CHANGE_OF_SUPPLIER if same else BillingReason.CHANGE_OF_PAYER
    if payer is before is Payer.CUSTOMER:
        return BillingReason.CHANGE_OF_SUPPLIER
    return BillingReason.CHANGE_OF_SUPPLIER_AND_PAYER


def _register_changes(
    case: SwitchCase, record: SwitchCarriedOut, before: PointFacts
) -> tuple[RegisterChange, ...]:
    """Supply, payer and reading; who has read on the spot has reached the meter (A21, A27, A35)."""
    shares = {c.direction: c.share for c in case.request.chosen}
    point = case.request.point.accounting_point
    changes: list[RegisterChange] = [
        SupplyChanged(
            accounting_point=point,
            direction=change.direction,
            old=change.old,
            new=change.new,
            share=shares[change.direction] or Decimal(1),
            on=record.switch_date,
            case_id=case.case_id,
        )
        for change in case.changes
    ]
    if case.request.network_charge_payer is not before.payer:
        changes.append(
            PayerChanged(
                accounting_point=point,
                payer=case.request.network_charge_payer,
                on=record.switch_date,
                case_id=case.case_id,
            )
        )
    reading = record.reading
    changes.append(
        ReadingRecorded(
            accounting_point=point,
            serial_number=reading.serial_number,
            taken_at=reading.taken_at,
            obtained_by=reading.obtained_by,
            registers=reading.registers,
            case_id=case.case_id,
        )
    )
    on_the_spot = reading.obtained_by in (ObtainedBy.OPERATOR, ObtainedBy.CUSTOMER)
    if on_the_spot and before.inaccessible_since is not None:
        changes.append(SiteReached(accounting_point=point, on=record.switch_date))
    return tuple(changes)


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
