"""Notices that are owed and lie in no mailbox: found, and made again by a person (lesson 15).

Two checks that know nothing of each other. The list of what was written names what is gone from
the mailboxes; the table of `engine/owed`, read against the journal, names what was never written.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from sqlite3 import Connection

from broker.engine.calendar import local_day
from broker.engine.decision import Circumstances
from broker.engine.facts import Facts, SupplyFacts
from broker.engine.handle_register_change import notices_of_change
from broker.engine.notices_again import UnableToMakeAgain, notices_of
from broker.engine.owed import Happened, happenings, owed_for
from broker.engine.state import Case
from broker.messages.codes import DocumentKind, Function, RegisterChangeKind
from broker.messages.events import OneOffDaysChanged
from broker.messages.identifiers import CaseId, DocumentId, Eic, ReceiptNumber
from broker.messages.notices import CorrectedDocument, Notice
from broker.messages.reported_changes import ChangeTold
from broker.messages.requests import MasterDataRequest
from broker.store import cases, codec, journal, operations, owed, register, supply
from broker.store.metering import LeftOut, metering_on
from broker.store.outbox import Owed
from broker.usecases.answer_master_data import answer_master_data
from broker.usecases.gather_facts import gather_facts
from broker.usecases.handle_event import Desk, put_into_mailbox, send
from broker.wire.read import ReadMessage, read
from broker.wire.write_notice import kind_of_notice, write_notice

_log = logging.getLogger(__name__)

_ALWAYS_TOLD = frozenset(
    {
        RegisterChangeKind.CUSTOMER,
        RegisterChangeKind.CONNECTION,
        RegisterChangeKind.READING_METHOD,
        RegisterChangeKind.PAYER,
        RegisterChangeKind.NEW_POINT,
    }
)
"""The changes of which the suppliers concerned are told whatever else holds (A32)."""


_NAME_NO_OTHER = frozenset(
    {
        DocumentKind.READING_ORDER,
        DocumentKind.SUPPLY_CONFIRMATION_INVITATION,
        DocumentKind.WITHDRAWAL_CONFIRMATION,
        DocumentKind.WITHDRAWAL_NOTICE,
    }
)
"""Kinds of which the schema has none that replaces another; their case says which one it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A notice that is owed since `at` and lies in no mailbox.

    `document_id` is the number of one that was written and is gone, None for one that never was;
    `rule` then says by what it is owed. `party` None: whoever reads meters remotely. `recorded` is
    where the journal says what it tells of, `receipt` the request for data it answers, where that
    was of no case.
    """

    at: datetime
    case_id: CaseId | None
    kind: DocumentKind
    party: Eic | None
    document_id: DocumentId | None = None
    rule: str | None = None
    recorded: int | None = None
    receipt: ReceiptNumber | None = None


def find_in_lists(
    connection: Connection, since: owed.Ends = owed.BEGINNING, known: Iterable[Missing] = ()
) -> tuple[Missing, ...]:
    """What was written and is gone, and what was asked for and not answered: of what has come
    since, and of what is known to be missing what is so still.
    """
    still = (one for one in known if _is_in_lists(connection, one))
    gone = map(_gone, owed.lost(connection, since))
    return (*still, *gone, *map(_not_answered, owed.unanswered(connection, since)))


def find_missing(
    connection: Connection,
    *,
    after: int = 0,
    until: int | None = None,
    in_lists: Iterable[Missing] | None = None,
) -> tuple[Missing, ...]:
    """Everything that is missing. What was never written is looked for in what the journal says
    happened after one position up to another, all of it where none are given; the lists are gone
    through from their beginning where `in_lists` does not say what is found there.
    """
    end = owed.end_of_journal(connection) if until is None else until
    operator = register.operator(connection).eic
    found = list(find_in_lists(connection) if in_lists is None else in_lists)
    for case_id in owed.cases_touched(connection, after, end):
        try:
            found += _never_written(connection, case_id, operator)
        except Exception:  # noqa: BLE001 - what damage does is the finding of `verify`
            _log.exception("what case %s owes cannot be worked out", case_id)
    found += _never_told(connection, after, end)
    return tuple(found)


def missing_in_case(connection: Connection, case_id: CaseId) -> tuple[Missing, ...]:
    """What is missing in one case."""
    operator = register.operator(connection).eic
    gone = [_gone(one) for one in owed.lost_of_case(connection, case_id)]
    return (*gone, *_never_written(connection, case_id, operator))


def make_again(
    connection: Connection, missing: Missing, *, now: datetime, by: str, why: str, desk: Desk
) -> DocumentId | None:
    """Make a missing notice again and put it into its mailbox; None where it is not missing now.

    Its journal row says who had it made and why. Raises UnableToMakeAgain.
    """
    if not _is_missing(connection, missing):
        return None
    record = operations.NoticeMadeAgain(
        at=now,
        by=by,
        why=why,
        case_id=missing.case_id,
        kind=missing.kind,
        party=missing.party,
        owed_since=missing.at,
        in_place_of=missing.document_id,
    )
    recorded = journal.append(connection, case_id=None, at=now, record=record)
    because = Owed(since=missing.at, in_place_of=missing.document_id, recorded=recorded)
    if missing.kind is DocumentKind.MASTER_DATA_RESPONSE:
        return _answer_again(connection, missing, because, now, desk)
    if missing.case_id is None:
        notice = _told_again(connection, missing)
        return put_into_mailbox(
            connection, _in_place(notice, missing), now=now, desk=desk, owed=because
        )
    state, notice = _made_again(connection, missing.case_id, missing, desk)
    return send(connection, state, _in_place(notice, missing), now=now, desk=desk, owed=because)


def _is_missing(connection: Connection, missing: Missing) -> bool:
    """Whether it is missing still, looked at closely."""
    if missing.case_id is not None:
        return missing in missing_in_case(connection, missing.case_id)
    if missing.document_id is None and missing.recorded is not None:
        told = _never_told(connection, missing.recorded - 1, missing.recorded)
        return missing in tuple(told)
    return _is_in_lists(connection, missing)


def _is_in_lists(connection: Connection, missing: Missing) -> bool:
    """Whether it is gone, or a request is not answered, still."""
    if missing.document_id is not None:
        return owed.is_lost(connection, missing.document_id)
    return missing.receipt is not None and owed.is_unanswered(connection, missing.receipt)


def _gone(one: owed.OwedNotice) -> Missing:
    return Missing(
        at=one.at,
        case_id=one.case_id,
        kind=one.kind,
        party=one.party,
        document_id=one.document_id,
        recorded=one.recorded,
    )


def _not_answered(one: owed.Unanswered) -> Missing:
    return Missing(
        at=one.at,
        case_id=None,
        kind=DocumentKind.MASTER_DATA_RESPONSE,
        party=one.party,
        rule="A4",
        receipt=one.receipt,
    )


def _never_written(connection: Connection, case_id: CaseId, operator: Eic) -> Iterator[Missing]:
    """What the table says is owed for what happened to the case, beyond what was written then."""
    written = Counter((one.at, one.kind, one.party) for one in owed.of_case(connection, case_id))
    to_anybody = Counter((one.at, one.kind) for one in owed.of_case(connection, case_id))
    for at, it in _happened(connection, case_id, operator):
        for one in owed_for(it):
            if one.party is None:
                enough, key = to_anybody[at, one.kind] > 0, (at, one.kind)
                to_anybody[key] -= 1
            else:
                enough = written[at, one.kind, one.party] > 0
                written[at, one.kind, one.party] -= 1
            if not enough:
                yield Missing(at=at, case_id=case_id, kind=one.kind, party=one.party, rule=one.rule)


def _happened(
    connection: Connection, case_id: CaseId, operator: Eic
) -> Iterator[tuple[datetime, Happened]]:
    """What happened to the case with the time it was written; nothing of an erased one."""
    entries = journal.entries_of(connection, case_id)
    records = tuple(one.record for one in entries if one.record is not None)
    if len(records) < len(entries):
        return
    for entry, it in zip(entries, happenings(records, operator), strict=True):
        yield entry.at, it


def _never_told(connection: Connection, after: int, until: int) -> Iterator[Missing]:
    """Changes in the register of which a supplier that they concern was not told (A32).

    A switch put right since has changed who supplied there then, so nothing is said of it.
    """
    for position, content in journal.of_no_case(connection, ChangeTold.__name__, after, until):
        told = codec.decode(content, ChangeTold)
        if told.change not in _ALWAYS_TOLD or cases.put_right_since(
            connection, told.point, told.at
        ):
            continue
        known = {one.to.party for one in told.notices} | owed.made_again_for(connection, position)
        for supplier in dict.fromkeys(one.supplier for one in _concerned(connection, told)):
            if supplier not in known:
                yield Missing(
                    at=told.at,
                    case_id=None,
                    kind=DocumentKind.REGISTER_CHANGE_NOTICE,
                    party=supplier,
                    rule="A32",
                    recorded=position,
                )


def _made_again(
    connection: Connection, case_id: CaseId, missing: Missing, desk: Desk
) -> tuple[Case, Notice]:
    """The state that the record left and the notice it owes, as of then."""
    states: list[Case] = []
    candidates: list[Notice] = []
    for at, it in _happened(connection, case_id, desk.operator):
        if at == missing.at:
            facts = _facts_of_then(connection, it.after, at)
            states.append(it.after)
            candidates += (
                one
                for one in notices_of(it, Circumstances(facts=facts, now=at, rules=desk.rules))
                if kind_of_notice(one) is missing.kind and missing.party in (None, one.to.party)
            )
    for document in owed.present(connection, case_id, missing.at, missing.kind, missing.party):
        same = [
            one
            for one in candidates
            if document.content
            == write_notice(
                one,
                document_id=document.document_id,
                created_at=document.created_at,
                operator=desk.operator,
            )
        ]
        if candidates:
            candidates.remove((same or candidates)[0])
    if not candidates:
        raise UnableToMakeAgain(f"nothing says what {missing.kind.value} said")
    return states[-1], candidates[0]


def _facts_of_then(connection: Connection, state: Case, at: datetime) -> Facts:
    """What the register says of that day, without what the case itself has brought since (A15)."""
    facts = gather_facts(connection, state, OneOffDaysChanged(days=()), at)
    if facts.point is None:
        return facts
    left_out = LeftOut(of_case=state.case_id, after=at)
    metering = metering_on(connection, facts.point.measured_at, local_day(at), left_out)
    return replace(facts, point=replace(facts.point, last_reading=metering.last_reading))


def _told_again(connection: Connection, missing: Missing) -> Notice:
    """A notice that was of no case, from what the journal says was told."""
    content = journal.content_at(connection, missing.recorded or 0)
    if content is None:
        raise UnableToMakeAgain("what was told has been erased")
    told = codec.decode(content, ChangeTold)
    notices: tuple[Notice, ...] = (*told.notices, *told.settlements)
    for one in notices:
        if kind_of_notice(one) is missing.kind and one.to.party == missing.party:
            return one
    point = register.point_facts(connection, told.point, local_day(told.at))
    if point is None or missing.party is None:
        raise UnableToMakeAgain("the point is not in the register any more")
    own = [one for one in _concerned(connection, told) if one.supplier == missing.party]
    again = notices_of_change(point.metering_site, told.change, told.effective_on, own)
    if not again:
        raise UnableToMakeAgain("the register does not say any more that it concerns this party")
    return again[0]


def _concerned(connection: Connection, told: ChangeTold) -> tuple[SupplyFacts, ...]:
    """The supplies of the day of the change which it concerns (A32)."""
    return supply.supplies_concerned(connection, told.point, told.change, local_day(told.at))


def _answer_again(
    connection: Connection, missing: Missing, because: Owed, now: datetime, desk: Desk
) -> DocumentId:
    """The answer to a request for data, from the request as it was received (A4)."""
    content = owed.request_answered_at(connection, missing.party, missing.at)
    message = None if content is None else read(content)
    if not isinstance(message, ReadMessage) or not isinstance(message.message, MasterDataRequest):
        raise UnableToMakeAgain("the request has been erased")
    answered = answer_master_data(
        connection,
        message.message,
        received_at=missing.at,
        desk=desk,
        owed=because,
        created_at=now,
    )
    if isinstance(answered, tuple):
        codes = ", ".join(one.reason.value for one in answered)
        raise UnableToMakeAgain(f"what was asked for may not be told any more: {codes}")
    return answered


def _in_place(notice: Notice, missing: Missing) -> Notice:
    """The notice as a replacement of the one that is gone, where that had been numbered.

    One that itself puts another right goes on naming that one.
    """
    named = missing.kind not in _NAME_NO_OTHER and notice.to.corrects is None
    if missing.document_id is None or not named:
        return notice
    corrects = CorrectedDocument(
        function=Function.REPLACEMENT,
        document_id=missing.document_id,
        case_id=notice.to.case_id,
    )
    return replace(notice, to=replace(notice.to, corrects=corrects))
