"""Which notices are owed for what happened to a case, to whom: one table, by rule.

It is read from records and states alone and knows nothing of the functions that decide and that
make notices, so that a notice which those forget is still found missing. What only the register
of the day can say (who else supplies the delivery point, B3; whether the operator has set a wording
of legal remedies, A37) is not in it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from broker.engine.apply import apply, replay
from broker.engine.apply_correction import apply_correction
from broker.engine.state import Case, CorrectionCase, SwitchCase
from broker.messages.codes import BillingReason, DocumentKind
from broker.messages.identifiers import Eic
from broker.messages.records import (
    ClaimWithdrawn,
    CorrectionCarriedOut,
    PointChangeNoted,
    ReadingOrdered,
    ReadingRefusedAfterReview,
    Record,
    RequestApproved,
    RequestRecorded,
    RequestRejected,
    RequestWithdrawn,
    SettlementDelivered,
    SiteVisitAnnounced,
    SiteVisitPlanned,
    Supply,
    SwitchCarriedOut,
    SwitchHasFailed,
)
from broker.messages.records_of_confirmation import (
    ConfirmationAsked,
    ObjectionsDismissed,
    ObjectionUpheld,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A notice that is owed: its kind, the rule, to whom; None: whoever reads meters remotely."""

    kind: DocumentKind
    rule: str
    party: Eic | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A record with the state before and after it, and who the operator is, in whose mailbox
    lies what is owed to customers.
    """

    record: Record
    before: Case | None
    after: Case
    operator: Eic

    @property
    def switch(self) -> SwitchCase:
        """The case after the record, for what happens to switches alone."""
        if not isinstance(self.after, SwitchCase):
            raise AssertionError(f"case {self.after.case_id} is no switch")
        return self.after


To = tuple[Eic | None, ...]
Whom = Callable[[Happened], To]


def _of(supplies: tuple[Supply, ...]) -> tuple[Eic, ...]:
    """Each supplier once for each of its points."""
    return tuple(
        supplier
        for supplier, _ in dict.fromkeys((one.supplier, one.accounting_point) for one in supplies)
    )


def _new(it: Happened) -> To:
    return _of(it.after.changes.begins)


def _old(it: Happened) -> To:
    return _of(it.after.changes.ends)


def _old_and_kept(it: Happened) -> To:
    """A supplier of consumption that stays is told where the payer changed (A35)."""
    settlement = it.after.settlement
    kept = settlement is not None and settlement.reason is BillingReason.CHANGE_OF_PAYER
    return (*_old(it), *(_of(it.after.changes.stays) if kept else ()))


def _both_once(it: Happened) -> To:
    changes = it.after.changes
    return tuple(dict.fromkeys(one.supplier for one in (*changes.begins, *changes.ends)))


def _applies_itself(it: Happened) -> bool:
    return it.switch.request.customer_application is not None


def _customer(it: Happened) -> To:
    return (it.operator,) if _applies_itself(it) else ()


def _customer_of_each(it: Happened) -> To:
    """A copy of what each new supplier is told, to a customer that applied itself (A37)."""
    return tuple(it.operator for _ in _new(it)) if _applies_itself(it) else ()


def _asked(it: Happened) -> To:
    return it.switch.asked


def _rejected(it: Happened) -> To:
    applicants = (party for party, _ in it.switch.applicants)
    told = dict.fromkeys((*(() if _applies_itself(it) else applicants), *it.switch.asked))
    return (*_customer(it), *told)


def _withdrew(it: Happened) -> To:
    if isinstance(it.record, RequestWithdrawn | ClaimWithdrawn):
        return _customer(it) or (it.record.withdrawal.header.sender,)
    return ()


def _whose_reading(it: Happened) -> To:
    review = it.before.review if isinstance(it.before, SwitchCase) else None
    return (review.reading.header.sender,) if review else ()


def _visited(it: Happened) -> To:
    """Nobody of a visit in the customer's place (A22)."""
    return () if it.switch.taken_over else (*_both_once(it), it.operator)


def _reads_anew(it: Happened) -> To:
    noted = isinstance(it.record, PointChangeNoted) and it.record.reads_anew
    return (*_new(it), *_customer_of_each(it)) if noted else ()


def _settled_at_once(it: Happened) -> To:
    """Where power is measured the settlement comes later, and is a record of its own (A24)."""
    match it.record:
        case SwitchCarriedOut(settle_by=None) | CorrectionCarriedOut(settle_by=None):
            return () if it.after.settlement is None else _old_and_kept(it)
        case _:
            return ()


def _new_of_undone(it: Happened) -> To:
    undone = isinstance(it.after, CorrectionCase) and it.after.settlement is None
    return _new(it) if undone else ()


def _operator(it: Happened) -> To:
    return (it.operator,)


def _metering_centre(_: Happened) -> To:
    return (None,)


_K = DocumentKind
OWED: tuple[tuple[type[Record], DocumentKind, str, Whom], ...] = (
    (RequestRecorded, _K.RECEIPT_CONFIRMATION, "A10, A37", _customer),
    (ConfirmationAsked, _K.SUPPLY_CONFIRMATION_INVITATION, "B6", _asked),
    (ObjectionsDismissed, _K.OBJECTION_DECISION, "B7", _asked),
    (ObjectionUpheld, _K.OBJECTION_DECISION, "B7", _asked),
    (RequestApproved, _K.APPROVAL_NOTICE, "A12, A15, B4", _new),
    (RequestApproved, _K.APPROVAL_NOTICE, "A12, A16, B8", _old),
    (RequestApproved, _K.APPROVAL_NOTICE, "A12, A15, A37", _customer_of_each),
    (RequestRejected, _K.REJECTION_NOTICE, "A14, A17, B3, B7", _rejected),
    (RequestWithdrawn, _K.WITHDRAWAL_CONFIRMATION, "A13", _withdrew),
    (RequestWithdrawn, _K.WITHDRAWAL_NOTICE, "A13", _asked),
    (ClaimWithdrawn, _K.WITHDRAWAL_CONFIRMATION, "A13, B2", _withdrew),
    (ReadingOrdered, _K.READING_ORDER, "A19", _metering_centre),
    (SiteVisitAnnounced, _K.SITE_VISIT_NOTICE, "A21", _visited),
    (SiteVisitPlanned, _K.SITE_VISIT_NOTICE, "A21", _visited),
    (PointChangeNoted, _K.APPROVAL_NOTICE, "A15, D4", _reads_anew),
    (ReadingRefusedAfterReview, _K.READING_REJECTION, "A26", _whose_reading),
    (SwitchCarriedOut, _K.SWITCH_COMPLETED, "A28", _new),
    (SwitchCarriedOut, _K.SWITCH_COMPLETED, "A28", _old),
    (SwitchCarriedOut, _K.FINAL_SETTLEMENT, "A24, A30, A35", _settled_at_once),
    (SwitchCarriedOut, _K.REGISTER_CHANGE_NOTICE, "A32, A35", _old_and_kept),
    (SwitchCarriedOut, _K.SWITCH_EXECUTED, "A27", _operator),
    (SettlementDelivered, _K.FINAL_SETTLEMENT, "A24, A30, A35", _old_and_kept),
    (SwitchHasFailed, _K.SWITCH_FAILED, "A29", _both_once),
    (CorrectionCarriedOut, _K.SWITCH_COMPLETED, "A28, D3", _new),
    (CorrectionCarriedOut, _K.SWITCH_COMPLETED, "A28, D3", _old),
    (CorrectionCarriedOut, _K.FINAL_SETTLEMENT, "A30, D3", _settled_at_once),
    (CorrectionCarriedOut, _K.REGISTER_CHANGE_NOTICE, "A32, D3", _new_of_undone),
    (CorrectionCarriedOut, _K.SWITCH_EXECUTED, "A27, D3", _operator),
)
"""Of what happens to a case, what is owed for it, by which rules, to whom."""


def owed_for(it: Happened) -> Iterator[Owed]:
    """What is owed for one record."""
    for record, kind, rule, whom in OWED:
        if isinstance(it.record, record):
            yield from (Owed(kind=kind, rule=rule, party=party) for party in whom(it))


def happenings(records: tuple[Record, ...], operator: Eic) -> Iterator[Happened]:
    """Each record of a case with the states around it, from the first on."""
    before: Case | None = None
    for record in records:
        after = replay((record,)) if before is None else _next(before, record)
        yield Happened(record=record, before=before, after=after, operator=operator)
        before = after


def _next(state: Case, record: Record) -> Case:
    if isinstance(state, CorrectionCase):
        return apply_correction(state, record)
    return apply(state, record)
