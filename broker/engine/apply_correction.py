"""Applying a record to a correction: the only place where its state changes.

Replay is this function alone, so it must stay able to apply every record ever written.
"""

from dataclasses import replace

from broker.engine.state import CorrectionCase, Phase
from broker.messages.records import (
    CorrectionCarriedOut,
    DeadlinesRedated,
    Record,
    SettlementDelivered,
)


class CorrectionRecordOutOfPlace(Exception):
    """A correction begins with CorrectionCarriedOut; only its settlement may follow or move."""


def apply_correction(state: CorrectionCase | None, record: Record) -> CorrectionCase:
    """The state after this record. Raises CorrectionRecordOutOfPlace."""
    match record:
        case CorrectionCarriedOut() if state is None:
            return CorrectionCase(
                case_id=record.case_id,
                phase=Phase.COMPLETED_UNSETTLED if record.settle_by else Phase.COMPLETED,
                correction=record.correction,
                received_at=record.received_at,
                delivery_point=record.delivery_point,
                changes=record.changes,
                switch_date=record.switch_date,
                settlement=record.settlement,
                deadlines=(record.settle_by,) if record.settle_by else (),
                ended_at=record.at,
            )
        case SettlementDelivered() if state is not None:
            return replace(state, phase=Phase.COMPLETED, deadlines=())
        case DeadlinesRedated() if state is not None:
            return replace(state, deadlines=record.deadlines)
        case _:
            raise CorrectionRecordOutOfPlace(type(record).__name__)
