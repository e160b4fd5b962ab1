"""The operator's own reading, typed by its staff: the same message by the same way as any other."""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from broker.clock import Clock
from broker.engine.state import SwitchCase
from broker.messages.codes import DocumentKind, ObtainedBy, Role
from broker.messages.identifiers import Eic, SerialNumber
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import Header, MeterReading, RegisterValue
from broker.store import participants
from broker.usecases.handle_event import Desk
from broker.usecases.receive_message import ReceiveMessage
from broker.wire.document import UnableToWriteValidDocument
from broker.wire.write_reading import write_reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What a person read off the meter of a case, when, and what it has to say about it."""

    case: SwitchCase
    serial_number: SerialNumber
    taken_at: datetime
    registers: tuple[RegisterValue, ...]
    remark: str | None


class EnterReading:
    """Posts readings in the operator's name and role, handed in by a member of staff."""

    def __init__(
        self, *, reader: Connection, receive: ReceiveMessage, clock: Clock, desk: Desk
    ) -> None:
        self._reader = reader
        self._receive = receive
        self._clock = clock
        self._desk = desk

    async def enter(self, entered: Entered, *, by: str) -> tuple[Refusal, ...]:
        """Why the reading was not taken in, nothing where it was."""
        now = self._clock.now()
        operator = participants.participant(self._reader, self._desk.operator)
        if operator is None:
            raise LookupError(f"the operator {self._desk.operator} is no participant")
        try:
            message = write_reading(self._message(entered, now))
        except UnableToWriteValidDocument as error:
            return (Refusal(reason=Reason.NOT_VALID_AGAINST_SCHEMA, found=str(error)),)
        answer = await self._receive.receive(message, operator, now, submitter=by)
        return answer.refusals

    def _message(self, entered: Entered, now: datetime) -> MeterReading:
        operator: Eic = self._desk.operator
        return MeterReading(
            header=Header(
                kind=DocumentKind.METER_READING,
                message_id=self._desk.ids.message_id(),
                created_at=now,
                sender=operator,
                sender_role=Role.GRID_OPERATOR,
                recipient=operator,
            ),
            case_id=entered.case.case_id,
            point=entered.case.request.point,
            serial_number=entered.serial_number,
            taken_at=entered.taken_at,
            obtained_by=ObtainedBy.OPERATOR,
            registers=entered.registers,
            departure_reason=entered.remark,
        )
