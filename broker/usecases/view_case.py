"""What a party may see of a case: its state, history and deadlines, each with its article.

Applicant and new supplier see the whole of their own case; the old supplier sees nothing before
its first notice, and then what its own notices said and no more (design 14).
"""

from datetime import date
from sqlite3 import Connection

from broker.engine.state import Case, Phase, SwitchCase
from broker.messages.answers import CaseView, HistoryEntry
from broker.messages.identifiers import CaseId, Eic
from broker.store import cases, deadlines, journal, outbox
from broker.store.cases import Capacity, UnableToLoadErased

ARTICLES = {
    "RequestRecorded": "002 a.194",
    "RequestCheckedAgain": "002 a.195(1)",
    "RequestApproved": "002 a.195(4)",
    "RequestRejected": "002 a.195(6)",
    "RequestWithdrawn": "002 a.195(5)",
    "ReadingOrdered": "002 a.199(1)",
    "SiteVisitAnnounced": "002 a.199(1)",
    "OperatorTookOverReading": "002 a.199(1)",
    "ReadingPutUnderReview": "002 a.153(2)",
    "ReadingRefusedAfterReview": "002 a.200(2)",
    "ReadingPeriodEnded": "002 a.199(2)",
    "SwitchCarriedOut": "002 a.200(1)",
    "SettlementDelivered": "002 a.200(1)",
    "SettlementLeftToCorrection": "002 a.139(3)",
    "CorrectionCarriedOut": "002 a.139(3)",
    "SwitchHasFailed": "002 a.200(2)",
    "PointChangeNoted": "002 a.149(2)",
    "DeadlinesRedated": "002 a.195(4)",
    "ApprovalNotice": "002 a.196(2)",
    "SiteVisitNotice": "002 a.199(1)",
    "SwitchCompleted": "002 a.201",
    "FinalSettlement": "002 a.203",
    "RegisterChangeNotice": "002 a.141",
    "SwitchFailed": "002 a.202",
    "SwitchExecuted": "002 a.200(4)",
    "ReadingOrder": "002 a.199(1)",
    "ReadingRejection": "002 a.200(2)",
    "RejectionNotice": "002 a.195(6)",
    "WithdrawalConfirmation": "002 a.195(5)",
    "ReceiptConfirmation": "002 a.194",
}
"""The article behind every kind of record and of notice."""
_STATE_TOLD = {
    "ReceiptConfirmation": Phase.AWAITING_APPROVAL.value,
    "RejectionNotice": Phase.REJECTED.value,
    "WithdrawalConfirmation": Phase.WITHDRAWN.value,
    "ApprovalNotice": "approved",
    "SiteVisitNotice": "approved",
    "ReadingOrder": "approved",
    "ReadingRejection": "approved",
    "SwitchCompleted": Phase.COMPLETED.value,
    "FinalSettlement": Phase.COMPLETED.value,
    "RegisterChangeNotice": Phase.COMPLETED.value,
    "SwitchExecuted": Phase.COMPLETED.value,
    "SwitchFailed": Phase.FAILED.value,
}
"""What each kind of notice says of the state: the operator's own mailbox may hold any of them."""


def view_case(connection: Connection, party: Eic, case_id: CaseId) -> CaseView | None:
    """The party's own view of the case, None where it has none."""
    as_what = cases.capacities(connection, case_id, party)
    if not as_what:
        return None
    try:
        case = cases.load(connection, case_id)
    except UnableToLoadErased:
        return None
    if case is None:
        return None
    if as_what <= {Capacity.OLD_SUPPLIER}:
        return _as_told(connection, party, case)
    return CaseView(
        case_id=case_id,
        state=case.phase.value,
        accounting_point=case.accounting_point,
        expected_date=_expected_date(case),
        history=tuple(
            HistoryEntry(at=entry.at, what=entry.kind, article=ARTICLES[entry.kind])
            for entry in journal.entries_of(connection, case_id)
        ),
        deadlines=tuple(one.deadline for one in deadlines.of_case(connection, case_id)),
        corrects=case.corrects,
        corrected_by=cases.corrected_by(connection, case_id),
    )


def _expected_date(case: Case) -> date | None:
    """The expected switch date once it is set; a correction expects none."""
    return case.plan.expected_date if isinstance(case, SwitchCase) and case.plan else None


def _as_told(connection: Connection, party: Eic, case: Case) -> CaseView:
    """What the old supplier's own notices said, and no more (A16)."""
    told = outbox.documents_of_case(connection, case.case_id, party)
    approved = any(document.kind == "ApprovalNotice" for document in told)
    return CaseView(
        case_id=case.case_id,
        state=_STATE_TOLD[told[-1].kind],
        accounting_point=case.accounting_point,
        expected_date=_expected_date(case) if approved else None,
        history=tuple(
            HistoryEntry(
                at=document.created_at, what=document.kind, article=ARTICLES[document.kind]
            )
            for document in told
        ),
        deadlines=(),
        corrects=case.corrects,
        corrected_by=cases.corrected_by(connection, case.case_id),
    )
