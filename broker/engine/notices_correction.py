"""Who is told that a switch was put right: each party that had been told of it, of its own only.

A document of a correction cancels or replaces one of the corrected switch and names it. So nobody
learns more than its first documents said (A16, A28, interpretation 9).
"""

from dataclasses import replace

from broker.engine.correction_check import reading_of, switch_date_of
from broker.engine.facts import CorrectedSwitch, Facts
from broker.engine.notices_back_office import execution
from broker.engine.notices_settlement import (
    final_settlements,
    register_change_to_new,
    register_changes,
)
from broker.engine.notices_switch import completion
from broker.engine.state import CorrectionCase, SwitchCase
from broker.messages.codes import DocumentKind, Function, RegisterChangeKind, Role
from broker.messages.notices import (
    Addressee,
    CorrectedDocument,
    FinalSettlement,
    Notice,
    RegisterChangeNotice,
    SwitchCompleted,
    SwitchExecuted,
)

_KINDS: dict[type, DocumentKind] = {
    SwitchCompleted: DocumentKind.SWITCH_COMPLETED,
    FinalSettlement: DocumentKind.FINAL_SETTLEMENT,
    RegisterChangeNotice: DocumentKind.REGISTER_CHANGE_NOTICE,
    SwitchExecuted: DocumentKind.SWITCH_EXECUTED,
}


def undone(case: CorrectionCase, corrected: CorrectedSwitch, facts: Facts) -> tuple[Notice, ...]:
    """What was told of the switch is cancelled; the new supplier loses sight of the point.

    Source: A28, A30, A32, D3 (002 a.141, a.201, a.203).
    """
    switch = corrected.switch
    on = switch_date_of(switch)
    told = (
        *completion(switch, reading_of(switch), facts),
        *final_settlements(switch, facts),
        *register_changes(switch, on, facts),
        execution(switch, reading_of(switch), facts),
    )
    cancelled = _referring(told, Function.CANCELLATION, case, corrected)
    lost = register_change_to_new(switch, RegisterChangeKind.SUPPLIER, on, facts)
    return (
        *(one for one in cancelled if one.to.corrects is not None),
        *(replace(one, to=_of_correction(one.to, case)) for one in lost),
    )


def switched_rightly(
    case: CorrectionCase, right: SwitchCase, corrected: CorrectedSwitch, facts: Facts
) -> tuple[Notice, ...]:
    """What was told of the switch is replaced; `right` is the switch with its right reading.

    Source: A24, A28, A30, A32, D3 (002 a.141, a.200(1), a.201, a.203).
    """
    on = switch_date_of(right)
    moved = on != case.switch_date
    notices = (
        *completion(right, reading_of(right), facts),
        *(() if case.deadlines else final_settlements(right, facts)),
        *(register_changes(right, on, facts) if moved else ()),
        execution(right, reading_of(right), facts),
    )
    return _referring(notices, Function.REPLACEMENT, case, corrected)


def settled(case: CorrectionCase, corrected: CorrectedSwitch, facts: Facts) -> tuple[Notice, ...]:
    """The right settlement, where it had to wait for the end of the month.

    Source: A24, interpretation 10 (002 a.200(1)).
    """
    right = replace(corrected.switch, settlement=case.settlement)
    return _referring(final_settlements(right, facts), Function.REPLACEMENT, case, corrected)


def _referring(
    notices: tuple[Notice, ...],
    function: Function,
    case: CorrectionCase,
    corrected: CorrectedSwitch,
) -> tuple[Notice, ...]:
    """Each notice under the correction, naming the document of its kind that its party had.

    A party with two documents of a kind was sent them in this same order. What was not sent before
    is no replacement but the first of its kind.
    """
    left = list(corrected.documents)
    referring: list[Notice] = []
    for notice in notices:
        key = (notice.to.party, _KINDS[type(notice)])
        before = next((one for one in left if (one.party, one.kind) == key), None)
        corrects = None
        if before is not None:
            left.remove(before)
            corrects = CorrectedDocument(
                function=function,
                document_id=before.document_id,
                case_id=case.corrects if notice.to.case_id else None,
            )
        to = replace(_of_correction(notice.to, case), corrects=corrects)
        referring.append(replace(notice, to=to))
    return tuple(referring)


def _of_correction(to: Addressee, case: CorrectionCase) -> Addressee:
    """The same party, told under the correction; only the back office sent what is answered.

    Who is no party of the switch is none of the correction either (interpretation 9).
    """
    if to.case_id is None:
        return to
    back_office = to.role is Role.GRID_OPERATOR
    reference = case.correction.header.message_id if back_office else None
    return replace(to, case_id=case.case_id, reference=reference)
