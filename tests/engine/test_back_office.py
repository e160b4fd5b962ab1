"""The operator's back office is told of a switch with all that it books (A27, A35)."""

from broker.engine.decide import decide
from broker.engine.decision import Decision
from broker.messages.codes import Direction, Payer, Role
from broker.messages.notices import SwitchExecuted
from broker.messages.records import SwitchCarriedOut
from tests.engine.builders import NEW, OLD, OPERATOR, RULES, facts
from tests.engine.ways_through_the_process import LATER, a_reading, awaiting_reading


def test_a_completed_switch_is_told_to_the_back_office_whole() -> None:
    outcome = decide(awaiting_reading(), a_reading(), facts=facts(), now=LATER, rules=RULES)
    assert isinstance(outcome, Decision)
    (record,) = [one for one in outcome.records if isinstance(one, SwitchCarriedOut)]
    (notice,) = [one for one in outcome.notices if isinstance(one, SwitchExecuted)]
    assert (notice.to.party, notice.to.role) == (OPERATOR, Role.GRID_OPERATOR)
    assert notice.to.reference is None
    (one,) = notice.directions
    assert (one.direction, one.old_supplier, one.new_supplier) == (Direction.CONSUMPTION, OLD, NEW)
    assert one.contract == "JE-2026-0001"
    assert notice.payer is Payer.CUSTOMER
    assert notice.switch_date == record.switch_date
    assert notice.registers == record.reading.registers
