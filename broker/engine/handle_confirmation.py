"""What the suppliers named in a customer's request say to it, and what follows (B6-B8).

Silence counts as consent; an objection that stands goes to the operator.
"""

from broker.engine.apply import apply
from broker.engine.approval import reject, start_clocks, to_everybody
from broker.engine.calendar import just_before, local_day, plus_days
from broker.engine.decision import Circumstances, Decision, Refused
from broker.engine.handle_request import redated
from broker.engine.notices_application import grounds_of_upheld, objection_decision
from broker.engine.refusals import unfit_objection
from broker.engine.state import Consultation, SwitchCase
from broker.messages.deadlines import Deadline
from broker.messages.events import (
    ConfirmationReceived,
    DeadlineReached,
    GivenReason,
    ObjectionReceived,
    ObjectionsDismissedByOperator,
    ObjectionUpheldByOperator,
    OneOffDaysChanged,
)
from broker.messages.identifiers import Eic
from broker.messages.reasons import Reason, Refusal
from broker.messages.records import DecidedBy, Record
from broker.messages.records_of_confirmation import (
    ObjectionsDismissed,
    ObjectionsLeftToOperator,
    ObjectionUpheld,
    SupplyConfirmed,
    SupplyObjected,
)
from broker.messages.requests import Objection, SupplyConfirmation


def confirm(case: SwitchCase, event: ConfirmationReceived, at: Circumstances) -> Decision | Refused:
    """A supplier named confirms; so it may take its objection back. All confirmed: at once on.

    Source: B6, B8 (002 a.192(3)).
    """
    wrong = _not_an_answer(case, event.confirmation)
    sender, said = event.confirmation.header.sender, _said(case)
    if not wrong and sender in said.confirmed:
        wrong = (Refusal(reason=Reason.ALREADY_ANSWERED),)
    if wrong:
        return Refused(wrong)
    confirmed = _with(case, SupplyConfirmed(at=at.now, confirmation=event.confirmation))
    return _proceed_if_all_have_answered(confirmed, at)


def take_back(
    case: SwitchCase, event: ConfirmationReceived, at: Circumstances
) -> Decision | Refused:
    """Until it is decided an objection may be taken back by a confirmation; with the last, on.

    Source: B6, B7, B8 (002 a.192(3)).
    """
    wrong = _not_an_answer(case, event.confirmation)
    sender, said = event.confirmation.header.sender, _said(case)
    if not wrong and sender not in said.objectors:
        wrong = (answer_refused(case, sender),)
    if wrong:
        return Refused(wrong)
    confirmed = _with(case, SupplyConfirmed(at=at.now, confirmation=event.confirmation))
    if _said(confirmed.switch).objections:
        return confirmed
    return confirmed.then(start_clocks(confirmed.switch, at.now, at))


def object_to(case: SwitchCase, event: ObjectionReceived, at: Circumstances) -> Decision | Refused:
    """A supplier named objects, once, with a coded reason; its confirmation was final.

    Source: B6 (002 a.192(3)).
    """
    wrong = _not_an_answer(case, event.objection)
    said = _said(case)
    if not wrong and event.objection.header.sender not in said.silent:
        wrong = (Refusal(reason=Reason.ALREADY_ANSWERED),)
    wrong = wrong or unfit_objection(event.objection)
    if wrong:
        return Refused(wrong)
    objected = _with(case, SupplyObjected(at=at.now, objection=event.objection))
    return _proceed_if_all_have_answered(objected, at)


def end_objections(
    case: SwitchCase, event: DeadlineReached, at: Circumstances
) -> Decision | Refused:
    """The days to object are over: silence counts as consent, an objection goes to the operator.

    The request counts as confirmed when its last day ends, also where that is seen later.
    Source: B6, B7, B8, interpretation 11 (002 a.192(3)).
    """
    if _said(case).objections:
        return _leave_to_operator(case, at)
    return start_clocks(case, just_before(event.act_at), at)


def dismiss(
    case: SwitchCase, event: ObjectionsDismissedByOperator, at: Circumstances
) -> Decision | Refused:
    """The operator rejects the objections, giving reasons: the request counts as confirmed.

    Source: B7, interpretation 1 (002 a.192(3)).
    """
    record = ObjectionsDismissed(at=at.now, by=event.by, why=event.why)
    dismissed = Decision(
        state=apply(case, record),
        records=(record,),
        notices=objection_decision(case, None, event.why, at.facts),
        register_changes=(),
    )
    return dismissed.then(start_clocks(dismissed.switch, at.now, at))


def uphold(
    case: SwitchCase, event: ObjectionUpheldByOperator, at: Circumstances
) -> Decision | Refused:
    """The operator finds an objection justified: the request is rejected.

    Its reason is told to who objected and to the customer, to the others only that there is one.
    Source: B7, A14, A17 (002 a.192(3), a.195(6)).
    """
    objections = {one.header.sender: one for one in _said(case).objections}
    objection = objections.get(event.supplier)
    if objection is None:
        return Refused((Refusal(reason=Reason.NOT_POSSIBLE_IN_THIS_STATE, found=event.supplier),))
    grounds = grounds_of_upheld(objection)
    record = ObjectionUpheld(at=at.now, by=event.by, why=event.why, supplier=event.supplier)
    upheld = Decision(
        state=apply(case, record),
        records=(record,),
        notices=objection_decision(case, grounds, None, at.facts),
        register_changes=(),
    )
    person = (event.by, event.why)
    rejected = reject(upheld.switch, grounds(None), grounds, DecidedBy.OPERATOR, at, person=person)
    return upheld.then(rejected)


def reject_undecided(case: SwitchCase, _: DeadlineReached, at: Circumstances) -> Decision | Refused:
    """The operator has not decided on an objection in time: the request is rejected.

    Never as if the objection were upheld; the present supply stays.
    Source: B7, interpretation 4 (002 a.192(3)).
    """
    reason = GivenReason(reason=Reason.OBJECTION_NOT_DECIDED_IN_TIME)
    by = DecidedBy.BROKER_AT_THE_DEADLINE
    return reject(case, (reason,), to_everybody(reason), by, at)


def redate(case: SwitchCase, event: OneOffDaysChanged, at: Circumstances) -> Decision | Refused:
    """A newly announced one-off day may move the end of the days to object.

    Source: Counting time, B6 (002 a.192(3)).
    """
    return redated(case, event, _end_of_objections(case, at), at)


def redate_decision(
    case: SwitchCase, event: OneOffDaysChanged, at: Circumstances
) -> Decision | Refused:
    """A newly announced one-off day moves the hour by which objections must be decided.

    Source: Counting time, interpretation 4 (002 a.192(3)).
    """
    return redated(case, event, _decision(case, at), at)


def answer_refused(case: SwitchCase, sender: Eic) -> Refusal:
    """Why no answer of this supplier can be taken any more: it has answered, or it is late."""
    said = case.consultation
    if said is None or sender not in said.suppliers:
        return Refusal(reason=Reason.NO_ONGOING_SWITCH)
    late = sender in said.silent
    return Refusal(reason=Reason.ANSWER_TOO_LATE if late else Reason.ALREADY_ANSWERED)


def _proceed_if_all_have_answered(answered: Decision, at: Circumstances) -> Decision:
    """When nobody is left to answer the request goes on at once (B8), or to the operator."""
    said = _said(answered.switch)
    if said.silent:
        return answered
    if said.objections:
        return answered.then(_leave_to_operator(answered.switch, at))
    return answered.then(start_clocks(answered.switch, at.now, at))


def _leave_to_operator(case: SwitchCase, at: Circumstances) -> Decision:
    return _with(case, ObjectionsLeftToOperator(at=at.now, decision=_decision(case, at)))


def _decision(case: SwitchCase, at: Circumstances) -> Deadline:
    """When it must be decided: counted from the last day to object, also if all objected before."""
    last = plus_days(local_day(_end_of_objections(case, at).limit), -1)
    return at.rules.objection_decision_deadline(last, local_day(case.received_at))


def _end_of_objections(case: SwitchCase, at: Circumstances) -> Deadline:
    return at.rules.objections_deadline(_said(case).asked_at, local_day(case.received_at))


def _not_an_answer(case: SwitchCase, answer: SupplyConfirmation | Objection) -> tuple[Refusal, ...]:
    """What is wrong with the answer itself: not a supplier that was asked, another point."""
    kind, named, own = answer.header.kind.value, answer.point, case.request.point
    if answer.header.sender not in _said(case).suppliers:
        return (Refusal(reason=Reason.NO_ONGOING_SWITCH, place=f"/{kind}/CaseNumber"),)
    if (named.accounting_point, named.metering_site) != (own.accounting_point, own.metering_site):
        return (Refusal(reason=Reason.POINT_NOT_IDENTIFIABLE, place=f"/{kind}/Point"),)
    return ()


def _with(case: SwitchCase, record: Record) -> Decision:
    return Decision(state=apply(case, record), records=(record,), notices=(), register_changes=())


def _said(case: SwitchCase) -> Consultation:
    if case.consultation is None:
        raise AssertionError("nobody was asked to confirm")
    return case.consultation
