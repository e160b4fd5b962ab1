"""What a party may see of a case: its state, history and deadlines, each with its article.

Applicant and new supplier see the whole of their own case, but of claims and answers their own
alone; a claimant from its claim on until it takes it back (B1, interpretation 9). The old supplier
sees nothing before its first notice, and then what its own notices said and no more (design 14).
"""

from datetime import date
from sqlite3 import Connection

from broker.engine.addressees import own_application, point_named_by
from broker.engine.calendar import local_day
from broker.engine.state import Case, Phase, SwitchCase
from broker.messages.answers import CaseView, HistoryEntry
from broker.messages.identifiers import CaseId, Eic, Gsrn
from broker.messages.records import ClaimRecorded, ClaimWithdrawn
from broker.messages.records_of_confirmation import SupplyConfirmed, SupplyObjected
from broker.store import cases, deadlines, journal, outbox, register
from broker.store.cases import Capacity, UnableToLoadErased

ARTICLES = {
    "RequestRecorded": "002 a.194",
    "RequestCheckedAgain": "002 a.195(1)",
    "ClaimRecorded": "002 a.192(1)",
    "ClaimWithdrawn": "002 a.195(5)",
    "ClocksStarted": "002 a.195(4)",
    "ConfirmationAsked": "002 a.192(3)",
    "SupplyConfirmed": "002 a.192(3)",
    "SupplyObjected": "002 a.192(3)",
    "ObjectionsLeftToOperator": "002 a.192(3)",
    "ObjectionsDismissed": "002 a.192(3)",
    "ObjectionUpheld": "002 a.192(3)",
    "RequestApproved": "002 a.195(4)",
    "RequestRejected": "002 a.195(6)",
    "RequestWithdrawn": "002 a.195(5)",
    "ReadingOrdered": "002 a.199(1)",
    "SiteVisitAnnounced": "002 a.199(1)",
    "SiteVisitPlanned": "002 a.199(1)",
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
    "RejectionNotice": "002 a.192(1)",
    "SwitchExecuted": "002 a.200(4)",
    "ReadingOrder": "002 a.199(1)",
    "ReadingRejection": "002 a.200(2)",
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
    entries = _own_entries(case, party, journal.entries_of(connection, case_id))
    # A claimant that has taken its claim back is no longer told how the case goes on.
    out = "ClaimWithdrawn" in {e.kind for e in entries} and not _applies(case, party)
    return CaseView(
        case_id=case_id,
        state=Phase.WITHDRAWN.value if out else case.phase.value,
        accounting_point=_own_point(case, party),
        expected_date=None if out else _expected_date(case),
        history=tuple(
            HistoryEntry(at=entry.at, what=entry.kind, article=ARTICLES[entry.kind])
            for entry in entries
        ),
        deadlines=()
        if out
        else tuple(one.deadline for one in deadlines.of_case(connection, case_id)),
        corrects=case.corrects,
        corrected_by=cases.corrected_by(connection, case_id),
    )


def _expected_date(case: Case) -> date | None:
    """The expected switch date once it is set; a correction expects none."""
    return case.plan.expected_date if isinstance(case, SwitchCase) and case.plan else None


def _applies(case: Case, party: Eic) -> bool:
    """Whether an application of the party stands in the case."""
    return isinstance(case, SwitchCase) and own_application(case, party) is not None


def _own_point(case: Case, party: Eic) -> Gsrn:
    """The point as the party named it; of a correction the one it got, else the one named."""
    if isinstance(case, SwitchCase):
        return point_named_by(case, party).accounting_point
    own = (one.accounting_point for one in case.changes.begins if one.supplier == party)
    return next(own, case.accounting_point)


def _own_entries(
    case: Case, party: Eic, entries: tuple[journal.Entry, ...]
) -> tuple[journal.Entry, ...]:
    """The history without claims and answers of others, of a claimant while its claim stands."""
    of_claims = bool(entries) and entries[0].kind == "ClaimRecorded"
    own: list[journal.Entry] = []
    takes_part = not of_claims
    for entry in entries:
        by = _sender_of(entry)
        if entry.kind == "ClaimRecorded" and by == party:
            takes_part = True
        everything = not of_claims and party == case.applicant
        if takes_part and (everything or by in (None, party)):
            own.append(entry)
        if entry.kind == "ClaimWithdrawn" and by == party:
            takes_part = False
    return tuple(own)


def _sender_of(entry: journal.Entry) -> Eic | None:
    """Who sent the claim, its withdrawal or the answer that was recorded; None for the rest."""
    match entry.record:
        case ClaimRecorded(claim=message) | ClaimWithdrawn(withdrawal=message):
            return message.header.sender
        case SupplyConfirmed(confirmation=answer) | SupplyObjected(objection=answer):
            return answer.header.sender
        case _:
            return None


def _point_of_old_supplier(connection: Connection, party: Eic, case: Case) -> Gsrn:
    """The old supplier's own point: one that the switch ends, else one it supplied there (B3)."""
    named = case.accounting_point
    day = local_day(case.ended_at or case.received_at)
    point = register.point_facts(connection, named, day)
    own = [one.accounting_point for one in case.changes.ends if one.supplier == party]
    if point is not None:
        there = point.supplies_at_delivery_point
        own += [one.accounting_point for one in there if one.supplier == party]
    return own[0] if own else named


def _as_told(connection: Connection, party: Eic, case: Case) -> CaseView:
    """What the old supplier's own notices said, and no more (A16)."""
    told = outbox.documents_of_case(connection, case.case_id, party)
    approved = any(document.kind == "ApprovalNotice" for document in told)
    return CaseView(
        case_id=case.case_id,
        state=_STATE_TOLD[told[-1].kind],
        accounting_point=_point_of_old_supplier(connection, party, case),
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
