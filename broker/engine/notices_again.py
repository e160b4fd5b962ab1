"""The notices of something that happened, made again from its record: none decides anything anew.

They are made by the functions that made the first ones, from the state that the records give and
the register of that day.
"""

from dataclasses import replace

from broker.engine import (
    notices_application,
    notices_correction,
    notices_settlement,
    notices_switch,
)
from broker.engine.approval import ANOTHERS, examine, given
from broker.engine.calendar import local_day
from broker.engine.correction_check import CorrectionCheck
from broker.engine.decision import Circumstances
from broker.engine.notices_application import Grounds
from broker.engine.notices_back_office import execution
from broker.engine.owed import Happened
from broker.engine.request_check import RequestCheck
from broker.engine.state import CorrectionCase, SwitchCase
from broker.messages.notices import ApprovalNotice, Notice
from broker.messages.reasons import Reason
from broker.messages.records import (
    ClaimWithdrawn,
    CorrectionCarriedOut,
    DecidedBy,
    PointChangeNoted,
    ReadingOrdered,
    ReadingRefusedAfterReview,
    RequestApproved,
    RequestRecorded,
    RequestRejected,
    RequestWithdrawn,
    SettlementDelivered,
    SiteVisitAnnounced,
    SiteVisitPlanned,
    SwitchCarriedOut,
    SwitchHasFailed,
)
from broker.messages.records_of_confirmation import (
    ConfirmationAsked,
    ObjectionsDismissed,
    ObjectionUpheld,
)

_SHARES_FAIL = {Reason.CLAIM_PERIOD_OVER, Reason.SHARES_DO_NOT_ADD_UP}


class UnableToMakeAgain(Exception):
    """What a notice said cannot be worked out any more from the record and the register."""


def notices_of(it: Happened, at: Circumstances) -> tuple[Notice, ...]:
    """The notices of a record, in the order of the first ones; none for what owes none.

    Raises UnableToMakeAgain.
    """
    if isinstance(it.after, CorrectionCase):
        return _of_correction(it, it.after, at)
    notices = _of_application(it, at)
    return _of_approved(it, at) if notices is None else notices


def _of_application(it: Happened, at: Circumstances) -> tuple[Notice, ...] | None:
    """Until approval, None for what comes later."""
    case, facts = it.switch, at.facts
    match it.record:
        case RequestRecorded():
            return notices_switch.receipt(case, facts)
        case ConfirmationAsked():
            return notices_application.invitations(case, facts)
        case ObjectionsDismissed(why=why):
            return notices_application.objection_decision(_before(it), None, why, facts)
        case ObjectionUpheld(supplier=supplier):
            said = _before(it).consultation
            objections = said.objections if said else ()
            found = next((one for one in objections if one.header.sender == supplier), None)
            if found is None:
                raise UnableToMakeAgain("the objection is not on record")
            grounds = notices_application.grounds_of_upheld(found)
            return notices_application.objection_decision(_before(it), grounds, None, facts)
        case RequestRejected() as rejected:
            shares_fail = _shares_fail(_before(it), rejected, at)
            grounds = _grounds(it, rejected, at, shares_fail=shares_fail)
            return notices_application.rejection(
                _before(it), grounds, facts, shares_fail=shares_fail
            )
        case RequestWithdrawn(withdrawal=withdrawal) | ClaimWithdrawn(withdrawal=withdrawal):
            return notices_application.withdrawal(_before(it), withdrawal.header.sender, facts)
        case _:
            return None


def _shares_fail(case: SwitchCase, rejected: RequestRejected, at: Circumstances) -> bool:
    """Whether the further steps were explained: to a division that does not add up (B3)."""
    reasons = {one.reason for one in rejected.reasons}
    if Reason.CLAIM_PERIOD_OVER in reasons or Reason.SHARES_DO_NOT_ADD_UP not in reasons:
        return Reason.CLAIM_PERIOD_OVER in reasons
    day = local_day(case.received_at)
    check = RequestCheck(
        request=case.request, received_on=day, approved_on=day, facts=at.facts, rules=at.rules
    )
    return check.point is not None and check.divides


def _grounds(
    it: Happened, rejected: RequestRejected, at: Circumstances, *, shares_fail: bool
) -> Grounds:
    """What each party was told: its own grounds, as far as the record says whose they are."""
    before, reasons = _before(it), rejected.reasons
    said = before.consultation
    for one in said.objections if said else ():
        grounds = notices_application.grounds_of_upheld(one)
        if grounds(None) == reasons:
            return grounds
    by_operator = rejected.decided_by is DecidedBy.OPERATOR
    undecided = any(one.reason is Reason.OBJECTION_NOT_DECIDED_IN_TIME for one in reasons)
    if shares_fail:
        fail = tuple(one for one in reasons if one.reason in _SHARES_FAIL)
        return lambda eic: fail if eic else reasons
    if by_operator or undecided:
        return lambda _: reasons
    if len(before.applications) == 1:
        asked = set(before.asked)
        return lambda eic: ANOTHERS if eic in asked else reasons
    examined = examine(before, at)
    if given(examined.refusals) != reasons:
        raise UnableToMakeAgain("the register does not say any more whose grounds these were")
    return examined.grounds_of(before)


def _of_approved(it: Happened, at: Circumstances) -> tuple[Notice, ...]:
    """From approval to settlement."""
    case, facts, record = it.switch, at.facts, it.record
    match record:
        case RequestApproved(plan=plan):
            return _approval(case, at)
        case PointChangeNoted(reads_anew=True, plan=plan):
            notices, earlier = _approval(case, at), _before(it).plan
            if earlier is not None and plan.expected_date != earlier.expected_date:
                return notices
            return tuple(one for one in notices if isinstance(one, ApprovalNotice))
        case ReadingOrdered():
            meter = facts.point.meter if facts.point else None
            if meter is None:
                raise UnableToMakeAgain("there was no meter")
            return (notices_switch.reading_order(case, record, meter, facts),)
        case SiteVisitAnnounced() if case.plan:
            plan = case.plan
            return notices_switch.site_visit(
                case, facts, visit_from=plan.reading_from, visit_to=plan.reading_to
            )
        case SiteVisitPlanned(visit_on=day) if not case.taken_over:
            return notices_switch.site_visit(case, facts, visit_from=day, visit_to=day)
        case ReadingRefusedAfterReview(reasons=reasons):
            review = _before(it).review
            if review is None:
                raise UnableToMakeAgain("no reading was under review")
            return notices_switch.refused_reading(_before(it), review, reasons)
        case SwitchCarriedOut():
            settled = () if record.settle_by else notices_settlement.final_settlements(case, facts)
            return (
                *notices_switch.completion(_before(it), record.reading, facts),
                *settled,
                *notices_settlement.register_changes(case, record.switch_date, facts),
                execution(_before(it), record.reading, facts),
            )
        case SettlementDelivered():
            return notices_settlement.final_settlements(case, facts)
        case SwitchHasFailed(ground=ground):
            return notices_switch.failure(case, ground, facts)
        case _:
            return ()


def _approval(case: SwitchCase, at: Circumstances) -> tuple[Notice, ...]:
    point = at.facts.point
    if point is None or point.meter is None or case.plan is None:
        raise UnableToMakeAgain("there was no meter")
    return notices_switch.approval(case, case.plan, point, at.facts)


def _of_correction(it: Happened, case: CorrectionCase, at: Circumstances) -> tuple[Notice, ...]:
    """What was told of the corrected switch, cancelled or replaced (D3)."""
    corrected = at.facts.corrected
    if corrected is None:
        raise UnableToMakeAgain(f"the switch {case.corrects} cannot be read")
    if isinstance(it.record, SettlementDelivered):
        return notices_correction.settled(case, corrected, at.facts)
    if not isinstance(it.record, CorrectionCarriedOut):
        return ()
    reading = CorrectionCheck(
        correction=case.correction, received_at=case.received_at, facts=at.facts, rules=at.rules
    ).reading_check
    if reading is None:
        return notices_correction.undone(case, corrected, at.facts)
    right = replace(corrected.switch, carried_out=reading.reading, settlement=case.settlement)
    return notices_correction.switched_rightly(case, right, corrected, at.facts)


def _before(it: Happened) -> SwitchCase:
    if not isinstance(it.before, SwitchCase):
        raise UnableToMakeAgain("the case had not begun")
    return it.before
