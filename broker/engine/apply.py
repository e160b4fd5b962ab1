"""Applying a record to a case: the only place where its state changes.

Replay is this function alone, so it must stay able to apply every record ever written.
"""

from dataclasses import replace
from datetime import datetime
from functools import reduce

from broker.engine.apply_correction import apply_correction
from broker.engine.state import Case, Phase, Review, SwitchCase
from broker.messages.deadlines import DeadlineKind
from broker.messages.records import (
    CorrectionCarriedOut,
    DeadlinesRedated,
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
    SwitchCarriedOut,
    SwitchHasFailed,
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
    if isinstance(record, RequestRecorded):
        if state is not None:
            raise RecordOutOfPlace("a case is recorded once")
        return _begin(record)
    if state is None:
        raise RecordOutOfPlace(f"{type(record).__name__} before RequestRecorded")
    return _go_on(state, record)


def _begin(record: RequestRecorded) -> SwitchCase:
    return SwitchCase(
        case_id=record.case_id,
        phase=Phase.AWAITING_APPROVAL,
        request=record.request,
        received_at=record.received_at,
        delivery_point=record.delivery_point,
        changes=record.changes,
        plan=record.plan,
        doubts=record.doubts,
        deadlines=(record.decision,) if record.hold is None else (record.hold, record.decision),
    )


def _go_on(state: SwitchCase, record: Record) -> SwitchCase:
    match record:
        case RequestCheckedAgain():
            return replace(state, doubts=record.doubts, deadlines=record.still_due)
        case RequestApproved():
            return replace(
                state,
                phase=Phase.AWAITING_READING,
                changes=record.changes,
                plan=record.plan,
                doubts=(),
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
            return replace(state, deadlines=record.deadlines)
        case _:
            return _review(state, record)


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
        case OperatorTookOverReading():
            return replace(state, plan=record.plan, taken_over=True)
        case PointChangeNoted():
            if not record.reads_anew:
                return state
            read_anew = _without(state, DeadlineKind.REMOTE_READING)
            return replace(read_anew, plan=record.plan, orders=0)
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
    return replace(state, phase=phase, doubts=(), deadlines=(), review=None, ended_at=at)
