"""Ordering the reading of a remotely read meter from the metering centre (A19)."""

from broker.engine.apply import apply
from broker.engine.calendar import local_day, start_of
from broker.engine.decision import Circumstances, Decision
from broker.engine.notices_switch import reading_order
from broker.engine.state import SwitchCase
from broker.messages.records import Plan, ReadingOrdered


def order_reading(case: SwitchCase, at: Circumstances) -> Decision:
    """The reading of 00:00 of the expected date is ordered, or ordered again.

    The 24 hours run from the order, or from 00:00 of the expected date where that is later.
    Source: A19, interpretations 2 and 14 (002 a.199(1)).
    """
    plan = case.plan
    if not isinstance(plan, Plan) or at.facts.point is None or at.facts.point.meter is None:
        raise AssertionError("only an approved switch of a metered point is read remotely")
    read_for = start_of(plan.expected_date)
    record = ReadingOrdered(
        at=at.now,
        read_for=read_for,
        order_number=case.orders + 1,
        answer=at.rules.remote_reading_deadline(max(at.now, read_for), local_day(case.received_at)),
    )
    return Decision(
        state=apply(case, record),
        records=(record,),
        notices=(reading_order(case, record, at.facts.point.meter, at.facts),),
        register_changes=(),
    )
