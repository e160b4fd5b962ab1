"""Applying a record to a case: the only place where its state changes.

Replay is this function alone, so it must stay able to apply every record ever written.
"""

from dataclasses import replace
from datetime import datetime
from functools import reduce

from broker.engine.apply_correction import apply_correction
from broker.engine.state import Application, Case, Consultation, Phase, Review, SwitchCase
from broker.messages.deadlines import DeadlineKind
from broker.messages.records import (
    NOTHING_CHANGES,
    ClaimRecorded,
    ClaimWithdrawn,
    ClocksStarted,
    CorrectionCarriedOut,
    DeadlinesRedated,
    Doubt,
    OperatorTookOverReading,
    PointChangeNoted,
    ReadingOrdered,
    ReadingPeriodEnded,
    ReadingPutUnderReview,
    ReadingRefusedAfterReview,
    Record,
    RequestApproved,
    RequestCheckedAgain,
    RequestRecorded,
    RequestRejected,
    RequestWithdrawn,
    SettlementDelivered,
    SettlementLeftToCorrection,
    SiteVisitAnnounced,
    SiteVisitPlanned,
    SwitchCarriedOut,
    SwitchHasFailed,
)
from broker.messages.records_of_confirmation import (
    ConfirmationAsked,
    ObjectionsDismissed,
    ObjectionsLeftToOperator,
    ObjectionUpheld,
    SupplyConfirmed,
    SupplyObjected,
)


class RecordOutOfPlace(Exception):
    """A record stands where it cannot: a case begins with RequestRecorded and only with it."""


def replay(records: tuple[Record, ...]) -> Case:
    """The state a case's records leave; the first says of which process it is.

    Raises RecordOutOfPlace.
    """
    if not records:
        raise RecordOutOfPlace("a case has at least one record")
    if isinstance(records[0], CorrectionCarriedOut):
        correction = apply_correction(None, records[0])
        return reduce(apply_correction, records[1:], correction)
    state = apply(None, records[0])
    return reduce(apply, records[1:], state)


def apply(state: SwitchCase | None, record: Record) -> SwitchCase:
    """The state after this record. Raises RecordOutOfPlace."""
    if state is None:
        return _begin(record)
    if isinstance(record, RequestRecorded):
        raise RecordOutOfPlace("a case is recorded once")
    return _go_on(state, record)


def _begin(record: Record) -> SwitchCase:
    if isinstance(record, ClaimRecorded):
        return _begin_collection(record)
    if not isinstance(record, RequestRecorded):
        raise RecordOutOfPlace(f"{type(record).__name__} begins no case")
    return SwitchCase(
        case_id=record.case_id,
        phase=Phase.AWAITING_APPROVAL,
        applications=(
            Application(
                request=record.request, received_at=record.received_at, doubts=record.doubts
            ),
        ),
        received_at=record.received_at,
        delivery_point=record.delivery_point,
        changes=record.changes,
        plan=record.plan,
        deadlines=(record.decision,) if record.hold is None else (record.hold, record.decision),
    )


def _begin_collection(record: ClaimRecorded) -> SwitchCase:
    return SwitchCase(
        case_id=record.case_id,
        phase=Phase.COLLECTING_CLAIMS,
        applications=(_application(record),),
        received_at=record.received_at,
        delivery_point=record.delivery_point,
        changes=NOTHING_CHANGES,
        plan=None,
        deadlines=(record.end_of_claims,),
    )


def _application(record: ClaimRecorded) -> Application:
    return Application(request=record.claim, received_at=record.received_at, doubts=record.doubts)


def _go_on(state: SwitchCase, record: Record) -> SwitchCase:
    match record:
        case RequestCheckedAgain():
            return replace(_in_doubt(state, record.doubts), deadlines=record.still_due)
        case RequestApproved():
            return replace(
                _without_doubts(state),
                phase=Phase.AWAITING_READING,
                changes=record.changes,
                plan=record.plan,
                deadlines=(record.end_of_reading_period,),
                approved_at=record.at,
                approved_by=record.decided_by,
            )
        case RequestRejected():
            return replace(_end(state, Phase.REJECTED, record.at), grounds=record.reasons)
        case RequestWithdrawn():
            return _end(state, Phase.WITHDRAWN, record.at)
        case SwitchCarriedOut():
            phase = Phase.COMPLETED_UNSETTLED if record.settle_by else Phase.COMPLETED
            return replace(
                _end(state, phase, record.at),
                carried_out=record.reading,
                settlement=record.settlement,
                payer_before=record.payer_before,
                deadlines=(record.settle_by,) if record.settle_by else (),
            )
        case SettlementDelivered() | SettlementLeftToCorrection():
            return replace(state, phase=Phase.COMPLETED, deadlines=())
        case SwitchHasFailed():
            return replace(_end(state, Phase.FAILED, record.at), grounds=(record.ground,))
        case DeadlinesRedated():
            return _redated(state, record)
        case ClaimRecorded() | ClaimWithdrawn() | ClocksStarted():
            return _collect(state, record)
        case (
            ConfirmationAsked()
            | SupplyConfirmed()
            | SupplyObjected()
            | ObjectionsLeftToOperator()
            | ObjectionsDismissed()
            | ObjectionUpheld()
        ):
            return _consult(state, record)
        case _:
            return _review(state, record)


def _collect(
    state: SwitchCase, record: ClaimRecorded | ClaimWithdrawn | ClocksStarted
) -> SwitchCase:
    match record:
        case ClaimRecorded():
            return replace(state, applications=(*state.applications, _application(record)))
        case ClaimWithdrawn():
            gone = record.withdrawal.header.sender
            return replace(
                state,
                phase=Phase.COLLECTING_CLAIMS,
                applications=tuple(
                    one for one in state.applications if one.request.header.sender != gone
                ),
                plan=None,
                deadlines=(record.end_of_claims,),
                clocks_from=None,
            )
        case ClocksStarted():
            due = (record.decision,)
            return replace(
                _in_doubt(state, record.doubts),
                phase=Phase.AWAITING_APPROVAL,
                plan=record.plan,
                clocks_from=record.counted_from,
                deadlines=due if record.hold is None else (record.hold, *due),
            )


def _consult(
    state: SwitchCase,
    record: ConfirmationAsked
    | SupplyConfirmed
    | SupplyObjected
    | ObjectionsLeftToOperator
    | ObjectionsDismissed
    | ObjectionUpheld,
) -> SwitchCase:
    if isinstance(record, ConfirmationAsked):
        asked = Consultation(
            asked_at=record.at,
            suppliers=record.suppliers,
            end_of_objections=record.end_of_objections,
        )
        return replace(
            state,
            phase=Phase.AWAITING_CONFIRMATION,
            consultation=asked,
            deadlines=(record.end_of_objections,),
        )
    said = state.consultation
    if said is None:
        raise RecordOutOfPlace(f"{type(record).__name__} before ConfirmationAsked")
    match record:
        case SupplyConfirmed():
            sender = record.confirmation.header.sender
            left = tuple(one for one in said.objections if one.header.sender != sender)
            said = replace(said, confirmed=(*said.confirmed, sender), objections=left)
            return replace(state, consultation=said)
        case SupplyObjected():
            said = replace(said, objections=(*said.objections, record.objection))
            return replace(state, consultation=said)
        case ObjectionsLeftToOperator():
            phase = Phase.AWAITING_OBJECTION_DECISION
            return replace(state, phase=phase, deadlines=(record.decision,))
        case ObjectionsDismissed():
            return replace(state, consultation=replace(said, dismissed=True))
        case ObjectionUpheld():
            return state


def _redated(state: SwitchCase, record: DeadlinesRedated) -> SwitchCase:
    """The deadlines moved, also the one that the consultation goes on knowing."""
    state = replace(state, deadlines=record.deadlines)
    for moved in record.deadlines:
        if moved.kind is DeadlineKind.END_OF_OBJECTIONS and state.consultation:
            said = replace(state.consultation, end_of_objections=moved)
            state = replace(state, consultation=said)
    return state


def _review(state: SwitchCase, record: Record) -> SwitchCase:
    match record:
        case ReadingOrdered():
            ordered = _without(state, DeadlineKind.REMOTE_READING)
            return replace(
                ordered,
                orders=record.order_number,
                deadlines=(*ordered.deadlines, record.answer),
            )
        case SiteVisitAnnounced():
            return state
        case SiteVisitPlanned():
            return replace(state, visit_on=record.visit_on)
        case OperatorTookOverReading():
            return replace(state, plan=record.plan, taken_over=True)
        case PointChangeNoted():
            if not record.reads_anew:
                return state
            read_anew = _without(state, DeadlineKind.REMOTE_READING)
            return replace(read_anew, plan=record.plan, orders=0, visit_on=record.visit_on)
        case ReadingPutUnderReview():
            review = Review(
                received_at=record.at,
                reading=record.reading,
                sender_role=record.sender_role,
                doubts=record.doubts,
            )
            received = _without(state, DeadlineKind.REMOTE_READING)
            return replace(
                received,
                phase=Phase.READING_UNDER_REVIEW,
                review=review,
                deadlines=(*received.deadlines, record.review),
            )
        case ReadingRefusedAfterReview():
            return replace(
                _without(state, DeadlineKind.READING_REVIEW),
                phase=Phase.AWAITING_READING,
                review=None,
            )
        case ReadingPeriodEnded():
            return replace(
                _without(state, DeadlineKind.END_OF_READING_PERIOD),
                phase=Phase.PERIOD_OVER_UNDER_REVIEW,
            )
        case _:
            raise RecordOutOfPlace(type(record).__name__)


def _without(state: SwitchCase, kind: DeadlineKind) -> SwitchCase:
    return replace(state, deadlines=tuple(d for d in state.deadlines if d.kind is not kind))


def _end(state: SwitchCase, phase: Phase, at: datetime) -> SwitchCase:
    ended = _without_doubts(state)
    return replace(ended, phase=phase, deadlines=(), review=None, ended_at=at)


def _in_doubt(state: SwitchCase, doubts: tuple[tuple[Doubt, ...], ...]) -> SwitchCase:
    """The case with these doubts of each application."""
    both = zip(state.applications, doubts, strict=True)
    return replace(state, applications=tuple(replace(one, doubts=of) for one, of in both))


def _without_doubts(state: SwitchCase) -> SwitchCase:
    return _in_doubt(state, ((),) * len(state.applications))
