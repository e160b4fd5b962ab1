"""A message comes in: read, checked level by level, answered, and kept with its answer (design 10).

Every answer of 200 has its effects in the same commit. What an authenticated party sent is kept
with hash and answer, also what could not be read; an outage is never answered as a refusal.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from sqlite3 import Connection
from typing import TypeVar

from broker.engine.decision import Decision, Refused
from broker.engine.refusals import texts
from broker.messages.answers import Acknowledgement, Outcome
from broker.messages.codes import Role
from broker.messages.deadlines import Deadline
from broker.messages.events import (
    CorrectionReceived,
    Event,
    ShareClaimReceived,
    ShareClaimRefused,
)
from broker.messages.identifiers import CaseId, MessageId, ReceiptNumber
from broker.messages.reasons import Reason, Refusal
from broker.messages.reported_changes import ReportedChange
from broker.messages.requests import MasterDataRequest
from broker.store import inbox, register, retained
from broker.store.participants import Participant
from broker.store.writer import Place, UnableToWrite, Writer
from broker.usecases.admission import acting_for, refuse_identifiers, refuse_sender
from broker.usecases.answer_master_data import answer_master_data
from broker.usecases.case_of_message import event_of
from broker.usecases.change_register import change_register
from broker.usecases.handle_event import Desk, handle_event
from broker.usecases.reach_deadlines import ReachDeadlines, UnableToGoBefore
from broker.wire.envelope import HeaderFacts, header_facts
from broker.wire.explain import explain
from broker.wire.read import ReadMessage, read
from broker.wire.write_acknowledgement import write_acknowledgement

T = TypeVar("T")

_log = logging.getLogger(__name__)

_EXPLAINING_MAX = 20
# Larger messages are read beside the event loop, where 8 MiB take up to half a second.
READ_AT_ONCE_BYTES_MAX = 64 * 1024
_READERS = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP: the status and the acknowledgement as XML; what speaks against."""

    status: int
    body: bytes
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at sending: who, what, when, under which receipt number.

    `submitter` is who handed it in for the party: for the operator a member of its staff, for a
    supplier a service provider; None where the party did so itself.
    """

    data: bytes
    party: Participant
    received_at: datetime
    receipt: ReceiptNumber
    message_id: MessageId | None = None
    kind: str | None = None
    submitter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is answered: status, and either the case with its deadlines or the refusals."""

    status: int
    case_id: CaseId | None = None
    deadlines: tuple[Deadline, ...] = ()
    refusals: tuple[Refusal, ...] = ()


class ReceiveMessage:
    """The way of a message from its bytes to its answer."""

    def __init__(self, *, writer: Writer, deadlines: ReachDeadlines, desk: Desk) -> None:
        self._writer = writer
        self._deadlines = deadlines
        self._desk = desk
        self._explainer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="explain")
        self._explaining = 0
        self._readers = ThreadPoolExecutor(max_workers=_READERS, thread_name_prefix="read")

    async def receive(
        self,
        data: bytes,
        party: Participant,
        received_at: datetime,
        submitter: str | None = None,
    ) -> Answer:
        """The answer to these bytes of the authenticated party; raises nothing of its own.

        `submitter` is the member of staff that hands it in on a page, for the operator.
        No await lies between receipt and the writer's queue, where a message that is read in a
        thread keeps its place, so that events enter the writer in order of receipt (design 4).
        """
        attempt = replace(self._attempt(data, party, received_at), submitter=submitter)
        return await self._answered(attempt, self._read(attempt))

    async def refuse_media_type(
        self, data: bytes, party: Participant, received_at: datetime
    ) -> Answer:
        """Bytes sent as something else than XML: 415, kept like any other attempt."""
        attempt = self._attempt(data, party, received_at)
        verdict = Verdict(status=415, refusals=(Refusal(reason=Reason.UNSUPPORTED_MEDIA_TYPE),))
        conclude = partial(self._conclude, attempt, verdict)
        return await self._answered(attempt, self._writer.submit(conclude))

    def _attempt(self, data: bytes, party: Participant, received_at: datetime) -> Attempt:
        receipt = self._desk.ids.receipt_number()
        return Attempt(data=data, party=party, received_at=received_at, receipt=receipt)

    async def _answered(self, attempt: Attempt, answer: Awaitable[Answer]) -> Answer:
        """The answer, or what is said where there can be none: retry (503), or our bug (500)."""
        try:
            return await answer
        except (UnableToWrite, UnableToGoBefore):
            _log.warning("a message of %s was not written: retry", attempt.party.eic)
            return self._unkept(attempt, 503, Reason.TRY_AGAIN)
        except Exception:  # noqa: BLE001 - our bug: told as such, never as a refusal
            _log.exception("ALARM: message with receipt number %s failed", attempt.receipt)
            return await self._keep_failed(attempt)

    async def _read(self, attempt: Attempt) -> Answer:
        if len(attempt.data) <= READ_AT_ONCE_BYTES_MAX:
            found = read(attempt.data)
            if isinstance(found, ReadMessage):
                return await self._take(attempt, found)
            return await self._refuse_structure(attempt, found)
        with self._writer.place(attempt.received_at) as place:
            found = await self._beside(read, attempt.data)
            if isinstance(found, ReadMessage):
                return await self._take(attempt, found, place)
        # What is refused changes nothing, so it need not go before what was received after it.
        return await self._refuse_structure(attempt, found)

    async def _beside(self, work: Callable[[bytes], T], data: bytes) -> T:
        """What this gives of a large message, in a thread: a parser lets the event loop go on."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, work, data)

    async def _refuse_structure(self, attempt: Attempt, found: tuple[Refusal, ...]) -> Answer:
        """Level structure: 400, or 413 for attachments that are too large."""
        if any(one.reason is Reason.NOT_VALID_AGAINST_SCHEMA for one in found):
            found = await self._explained(attempt.data) or found
        facts = await self._facts(attempt.data)
        attempt = _with_header(attempt, facts.message_id, None)
        status = 413 if any(one.reason is Reason.TOO_LARGE for one in found) else 400
        verdict = Verdict(status=status, refusals=found)
        return await self._writer.submit(partial(self._conclude, attempt, verdict))

    async def _facts(self, data: bytes) -> HeaderFacts:
        if len(data) <= READ_AT_ONCE_BYTES_MAX:
            return header_facts(data)
        return await self._beside(header_facts, data)

    async def _explained(self, data: bytes) -> tuple[Refusal, ...]:
        """What the schema says to a person; nothing where too many wait for it already."""
        if self._explaining >= _EXPLAINING_MAX:
            return ()
        self._explaining += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._explainer, explain, data)
        finally:
            self._explaining -= 1

    async def _take(
        self, attempt: Attempt, read_message: ReadMessage, place: Place | None = None
    ) -> Answer:
        header = read_message.message.header
        attempt = _with_header(attempt, header.message_id, header.kind.value)
        own = header.sender == attempt.party.eic
        return await self._writer.submit(
            partial(self._judge if own else self._judge_for_supplier, attempt, read_message),
            received_at=attempt.received_at,
            place=place,
        )

    def _judge_for_supplier(
        self, attempt: Attempt, message: ReadMessage, connection: Connection
    ) -> Answer:
        """A message of another sender: it may be a supplier that has delegated it (design 12).

        What is let in is the supplier's message, handed in by the caller; what is not stays the
        caller's own attempt.
        """
        header, provider = message.message.header, attempt.party
        supplier = acting_for(
            connection,
            provider,
            header.sender,
            at=attempt.received_at,
            allows=lambda delegation: (
                header.kind in delegation.kinds and header.sender_role is Role.SUPPLIER
            ),
        )
        if isinstance(supplier, Reason):
            refused = Refusal(reason=supplier, place=f"/{header.kind.value}/Header/Sender")
            return self._conclude(attempt, Verdict(status=403, refusals=(refused,)), connection)
        attempt = replace(attempt, party=supplier, submitter=provider.eic)
        return self._judge(attempt, message, connection)

    def _judge(self, attempt: Attempt, message: ReadMessage, connection: Connection) -> Answer:
        """Levels values (sender, id, recipient, check digits) and domain, in the transaction."""
        header = message.message.header
        refused = refuse_sender(message.message, attempt.party)
        if refused is not None:
            return self._conclude(attempt, Verdict(status=403, refusals=(refused,)), connection)
        earlier = inbox.accepted_answer(connection, attempt.party.eic, header.message_id)
        if earlier is not None:
            if earlier.sha256 == _sha256(attempt.data) and earlier.answer is not None:
                return Answer(earlier.http_status, earlier.answer)
            conflict = Refusal(
                reason=Reason.MESSAGE_ID_USED_WITH_OTHER_CONTENT,
                place=f"/{header.kind.value}/Header/Identification",
                found=header.message_id,
            )
            return self._conclude(attempt, Verdict(status=409, refusals=(conflict,)), connection)
        wrong = refuse_identifiers(header, message.wrong_identifiers, self._desk.operator)
        verdict = (
            Verdict(status=422, refusals=wrong)
            if wrong
            else self._decide(attempt, message, connection)
        )
        return self._conclude(attempt, verdict, connection)

    def _decide(self, attempt: Attempt, message: ReadMessage, connection: Connection) -> Verdict:
        """Level domain: what the case, the register or the one asked for data makes of it."""
        at, named = attempt.received_at, message.message.point.accounting_point
        place = register.delivery_point_of(connection, named)
        if place is not None:
            self._deadlines.reach_at(connection, place, until=at)
        if isinstance(message.message, MasterDataRequest):
            told = answer_master_data(connection, message.message, received_at=at, desk=self._desk)
            refused = told if isinstance(told, tuple) else ()
            return Verdict(status=422 if refused else 200, refusals=refused)
        if isinstance(message.message, ReportedChange):
            refused = change_register(connection, message.message, now=at, desk=self._desk)
            return Verdict(status=422 if refused else 200, refusals=refused)
        found = event_of(connection, message.message, attempt.party, at, self._desk.ids)
        if isinstance(found, Refusal):
            return Verdict(status=422, refusals=(found,))
        case_id, event = found
        outcome = self._put(connection, case_id, event, now=at)
        if isinstance(outcome, Decision):
            for sha256, content in message.attachments:
                inbox.keep_contract(connection, sha256, content, at)
                retained.note_contracts(connection, outcome.state.case_id, (sha256,))
            return Verdict(status=200, case_id=outcome.state.case_id, deadlines=outcome.deadlines)
        opens = isinstance(event, CorrectionReceived)
        return Verdict(status=422, case_id=None if opens else case_id, refusals=outcome.refusals)

    def _put(
        self, connection: Connection, case_id: CaseId, event: Event, *, now: datetime
    ) -> Decision | Refused:
        """Put the event to its case; a claim that one refuses is a case of its own (B1)."""
        opens = getattr(event, "case_id", None) == case_id
        outcome = handle_event(
            connection, None if opens else case_id, event, now=now, desk=self._desk
        )
        if isinstance(event, ShareClaimReceived) and isinstance(outcome, Refused):
            refused = ShareClaimRefused(
                case_id=event.case_id,
                claim=event.claim,
                received_at=event.received_at,
                refusals=outcome.refusals,
            )
            return handle_event(connection, None, refused, now=now, desk=self._desk)
        return outcome

    def _conclude(self, attempt: Attempt, verdict: Verdict, connection: Connection) -> Answer:
        """Write the acknowledgement and keep it beside the bytes it answers."""
        body = self._acknowledgement(attempt, verdict, attempt.receipt)
        inbox.record(connection, _received(attempt, verdict.status, verdict.case_id, body))
        return Answer(verdict.status, body, verdict.refusals)

    async def _keep_failed(self, attempt: Attempt) -> Answer:
        """A bug of ours: 500; the bytes are kept where that is possible, the answer never.

        They are kept under the message's id, so that the sender can find what became of it.
        """
        facts = await self._facts(attempt.data)
        attempt = _with_header(attempt, facts.message_id, attempt.kind)
        received = _received(attempt, 500, None, None)
        try:
            await self._writer.submit(lambda connection: inbox.record(connection, received))
        except Exception:  # noqa: BLE001 - the answer is 500 either way
            _log.exception("the bytes of %s could not be kept", attempt.receipt)
        return self._unkept(attempt, 500, Reason.INTERNAL_ERROR)

    def _unkept(self, attempt: Attempt, status: int, reason: Reason) -> Answer:
        verdict = Verdict(status=status, refusals=(Refusal(reason=reason),))
        receipt = attempt.receipt if status == 500 else None
        return Answer(status, self._acknowledgement(attempt, verdict, receipt), verdict.refusals)

    def _acknowledgement(
        self, attempt: Attempt, verdict: Verdict, receipt: ReceiptNumber | None
    ) -> bytes:
        acknowledgement = Acknowledgement(
            outcome=Outcome.REFUSED if verdict.refusals else Outcome.ACCEPTED,
            receipt=receipt,
            received_at=attempt.received_at,
            recipient=attempt.party.eic,
            reference=attempt.message_id,
            case_id=verdict.case_id,
            deadlines=verdict.deadlines,
            refusals=verdict.refusals,
        )
        return write_acknowledgement(acknowledgement, operator=self._desk.operator, texts=texts)


def _with_header(attempt: Attempt, message_id: MessageId | None, kind: str | None) -> Attempt:
    return replace(attempt, message_id=message_id, kind=kind)


def _received(
    attempt: Attempt, status: int, case_id: CaseId | None, answer: bytes | None
) -> inbox.Received:
    return inbox.Received(
        receipt=attempt.receipt,
        party=attempt.party.eic,
        submitter=attempt.submitter or attempt.party.eic,
        message_id=attempt.message_id,
        received_at=attempt.received_at,
        http_status=status,
        kind=attempt.kind,
        case_id=case_id,
        content=attempt.data,
        answer=answer,
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
