"""What of the operator's a case waits for, in every phase; each kind runs out by a deadline."""

from dataclasses import replace

import pytest

from broker.engine.state import RUNS_OUT, Phase, SwitchCase, WaitsFor
from broker.messages.records import Doubt, DoubtKind
from tests.engine.ways_of_shared_supply import IN_EVERY_PHASE as IN_PHASE

WAITING = {
    Phase.AWAITING_OBJECTION_DECISION: WaitsFor.OBJECTION,
    Phase.READING_UNDER_REVIEW: WaitsFor.READING_IN_DOUBT,
    Phase.PERIOD_OVER_UNDER_REVIEW: WaitsFor.READING_IN_DOUBT,
}


def in_phase(phase: Phase) -> SwitchCase:
    """A case in this phase."""
    case = IN_PHASE[phase]()
    assert case is not None
    return case


def with_doubts(case: SwitchCase, *doubts: Doubt) -> SwitchCase:
    """The case with its first application in doubt of these, the others in none."""
    of_each = (doubts, *((),) * (len(case.applications) - 1))
    applications = tuple(
        replace(one, doubts=of_one) for one, of_one in zip(case.applications, of_each, strict=True)
    )
    return replace(case, applications=applications)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.NEW])
def test_what_a_case_without_doubts_waits_for(phase: Phase) -> None:
    case = with_doubts(in_phase(phase))
    assert case.waits_for is WAITING.get(phase)
    assert case.needs_operator is (phase in WAITING)


@pytest.mark.parametrize("kind", DoubtKind)
def test_a_doubt_waits_for_the_operator(kind: DoubtKind) -> None:
    doubts = (Doubt(kind=DoubtKind.NAME_DIFFERS, rule="A5"), Doubt(kind=kind, rule="A5"))
    case = with_doubts(in_phase(Phase.AWAITING_APPROVAL), *doubts)
    passed = kind is DoubtKind.PERIOD_PASSED_BEFORE_APPROVAL
    assert case.waits_for is (WaitsFor.PERIOD_PASSED if passed else WaitsFor.REQUEST_IN_DOUBT)


def test_every_kind_of_decision_runs_out_by_a_deadline() -> None:
    assert set(RUNS_OUT) == set(WaitsFor)
