"""One event, whoever it comes from: facts, decision, and everything that follows from it.

Runs inside a transaction of the writer. What is kept of one event is kept whole or not at all.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from broker.engine.decide import decide
from broker.engine.decision import Decision, Refused
from broker.engine.rulebook import Rulebook
from broker.engine.state import Case
from broker.ids import Ids
from broker.messages.codes import Role
from broker.messages.deadlines import Deadline
from broker.messages.events import DeadlineReached, Event
from broker.messages.identifiers import CaseId, DocumentId, Eic
from broker.messages.notices import Notice
from broker.messages.records import ClocksStarted, RequestRecorded
from broker.store import cases, deadlines, flow, journal, outbox, register_upkeep
from broker.store.cases import Capacity
from broker.store.deadlines import OpenDeadline
from broker.store.outbox import NOW, Owed
from broker.store.writer import UnableToWrite, savepoint
from broker.usecases.gather_facts import gather_facts
from broker.wire.write_notice import kind_of_notice, write_notice

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What handling an event needs besides it: the rulebook, numbers, who the operator is."""

    rules: Rulebook
    ids: Ids
    operator: Eic


def handle_event(
    connection: Connection, case_id: CaseId | None, event: Event, *, now: datetime, desk: Desk
) -> Decision | Refused:
    """What became of the event; `case_id` None for one that opens a case.

    Raises LookupError for an unknown case.
    """
    state = cases.load(connection, case_id) if case_id else None
    facts = gather_facts(connection, state, event, now)
    outcome = decide(state, event, facts=facts, now=now, rules=desk.rules)
    if isinstance(outcome, Decision):
        _keep(connection, outcome, now=now, desk=desk)
        for one in outcome.follow_ups:
            followed = handle_event(connection, one.case_id, one.event, now=now, desk=desk)
            if isinstance(followed, Refused):
                raise RuntimeError(f"{one.case_id} refuses what follows: {followed.refusals}")
    return outcome


def handle_deadline(
    connection: Connection, due: OpenDeadline, *, now: datetime, desk: Desk
) -> None:
    """Handle a due deadline, if it is still open as it was; park it where that fails."""
    if due not in deadlines.of_case(connection, due.case_id):
        return
    event = DeadlineReached(kind=due.deadline.kind, act_at=due.deadline.act_at)
    try:
        with savepoint(connection):
            outcome = handle_event(connection, due.case_id, event, now=now, desk=desk)
            if isinstance(outcome, Refused):
                raise RuntimeError(f"the case refuses its own deadline: {outcome.refusals}")
            if due in deadlines.of_case(connection, due.case_id):
                raise RuntimeError("the deadline was handled and is still open")
    except UnableToWrite:
        raise
    except Exception as error:  # noqa: BLE001 - parked with an alarm, it holds up nobody
        _log.exception("ALARM: deadline %s of case %s is parked", due.deadline.kind, due.case_id)
        deadlines.park(connection, due.deadline_id, f"{type(error).__name__}: {error}"[:500])


def _keep(connection: Connection, decision: Decision, *, now: datetime, desk: Desk) -> None:
    """Everything that follows from a decision: case, journal, deadlines, register, mailboxes."""
    state = decision.state
    cases.save(connection, state)
    for applicant, since in state.applicants:
        cases.add_party(connection, state.case_id, applicant, Capacity.APPLICANT, since=since)
    for record in decision.records:
        journal.append(connection, case_id=state.case_id, at=now, record=record)
    flow.note(connection, state, decision.records)
    closed = deadlines.replace(connection, state.case_id, state.delivery_point, decision.deadlines)
    flow.note_closed(connection, (*closed, *_closed_at_once(decision)), at=now)
    register_upkeep.enter_together(connection, decision.register_changes)
    for notice in decision.notices:
        send(connection, state, notice, now=now, desk=desk)


def _closed_at_once(decision: Decision) -> tuple[Deadline, ...]:
    """The deadline of a request decided with its receipt, which never came to be a row."""
    begun = [
        record.decision
        for record in decision.records
        if isinstance(record, RequestRecorded | ClocksStarted) and record.decision is not None
    ]
    still = {deadline.kind for deadline in decision.deadlines}
    return tuple(deadline for deadline in begun if deadline.kind not in still)


def put_into_mailbox(
    connection: Connection,
    notice: Notice,
    *,
    now: datetime,
    desk: Desk,
    comes_of: CaseId | None = None,
    owed: Owed = NOW,
) -> DocumentId:
    """Commit a notice to the mailbox of its addressee; `comes_of` is the case it is sent in.

    `owed` says more of why it is owed. Gives the number of the document.
    """
    document_id = desk.ids.document_id()
    outbox.put(
        connection,
        document_id=document_id,
        party=notice.to.party,
        kind=kind_of_notice(notice).value,
        case_id=notice.to.case_id,
        comes_of=comes_of,
        created_at=now,
        content=write_notice(
            notice, document_id=document_id, created_at=now, operator=desk.operator
        ),
        owed=owed,
    )
    return document_id


def send(
    connection: Connection,
    state: Case,
    notice: Notice,
    *,
    now: datetime,
    desk: Desk,
    owed: Owed = NOW,
) -> DocumentId:
    """Commit a notice to the mailbox of its addressee; a supplier may see the case from now on.

    A notice that names no case lets nobody see it (interpretation 9). Gives the number of the
    document.
    """
    document_id = put_into_mailbox(
        connection, notice, now=now, desk=desk, comes_of=state.case_id, owed=owed
    )
    if notice.to.role is Role.SUPPLIER and notice.to.case_id == state.case_id:
        _let_see(connection, state, notice.to.party, now)
    return document_id


def _let_see(connection: Connection, state: Case, party: Eic, now: datetime) -> None:
    """Whoever is told of the case may see it, in each of its capacities."""
    new = party in state.asked or party in {one.supplier for one in state.changes.begins}
    old = party in {one.supplier for one in state.changes.ends}
    applied = party in {one for one, _ in state.applicants}
    for capacity, is_it in (
        (Capacity.NEW_SUPPLIER, new),
        # Who neither applies nor is named can only be a present supplier (B3).
        (Capacity.OLD_SUPPLIER, old or not (new or applied)),
    ):
        if is_it:
            cases.add_party(connection, state.case_id, party, capacity, since=now)
