"""What the operator has set for the service as a whole: sweep stopped or not, days, tokens.

Each change is also a row of the journal without a case.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from sqlite3 import Connection

from broker.messages.codes import DocumentKind
from broker.messages.deadlines import DeadlineKind
from broker.messages.identifiers import CaseId, DocumentId, Eic
from broker.store import codec, deadlines, instants, journal, outbox

# Stop the sweep; where it is stopped already, the first reason stays.
_STOP = "INSERT INTO sweep (sweep_id, stopped_at, why) VALUES (1, ?, ?) ON CONFLICT DO NOTHING"

# Let the sweep go on.
_GO_ON = "DELETE FROM sweep"

# Whether the sweep is stopped, since when and why.
_STOPPED = "SELECT stopped_at, why FROM sweep"

# The announced one-off work-free days in force.
_DAYS = "SELECT day FROM one_off_days ORDER BY day"

# Take back every announced day, before the new ones are set.
_CLEAR_DAYS = "DELETE FROM one_off_days"

# Set an announced day.
_ADD_DAY = "INSERT INTO one_off_days (day) VALUES (?)"


class ClockFault(Enum):
    """What is wrong with the clock: it jumped, or it is behind the last entry of the journal."""

    JUMPED = "jumped"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTrouble:
    """What the clock shows, and what speaks against it: what was due, or the last entry."""

    fault: ClockFault
    shown: datetime
    known: datetime

    def __str__(self) -> str:
        """In words, for logs and programs."""
        if self.fault is ClockFault.JUMPED:
            return f"the clock jumped: {self.shown} where {self.known} was due"
        return f"the clock shows {self.shown}, the journal ends at {self.known}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepStopped:
    """The sweep over due deadlines stopped by itself, for this reason.

    `trouble` says the same in parts; None in records from before it was kept.
    """

    at: datetime
    why: str
    trouble: ClockTrouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepWentOn:
    """A person let the sweep go on."""

    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOffDaysSet:
    """The announced one-off work-free days are these from now on."""

    at: datetime
    by: str
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedTriedAgain:
    """A person lets the parked deadlines of this case be handled again."""

    at: datetime
    by: str
    why: str
    case_id: CaseId
    kinds: tuple[DeadlineKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSentAgain:
    """A person put this document of a case back into its mailbox, to be fetched again."""

    at: datetime
    by: str
    why: str
    case_id: CaseId
    document_id: DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeMadeAgain:
    """A person had a notice made that was owed and lay in no mailbox.

    `in_place_of` is the number of one that is gone, None for one that had never been written.
    """

    at: datetime
    by: str
    why: str
    case_id: CaseId | None
    kind: DocumentKind
    party: Eic | None
    owed_since: datetime
    in_place_of: DocumentId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesErased:
    """The contents of these cases were erased, by whom and why."""

    at: datetime
    by: str
    why: str
    cases: tuple[CaseId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentsErased:
    """So many contents were erased that were of no case."""

    at: datetime
    by: str
    why: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerErased:
    """A customer was erased from the register; `customer` is the key its empty row keeps."""

    at: datetime
    by: str
    why: str
    customer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued:
    """A person issued a token by which this party may speak, until it expires if it does."""

    at: datetime
    by: str
    why: str
    eic: Eic
    label: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked:
    """A person ended the party's token with this label."""

    at: datetime
    by: str
    why: str
    eic: Eic
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRegistered:
    """A person registered a client certificate by which this party may speak, until it expires."""

    at: datetime
    by: str
    why: str
    eic: Eic
    label: str
    fingerprint: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRevoked:
    """A person ended the party's certificate with this label."""

    at: datetime
    by: str
    why: str
    eic: Eic
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationGranted:
    """A person put on record that a supplier lets a service provider act for it.

    From the first day up to the day `until_day`, which is not of it; `mailbox` says whether the
    provider may read and acknowledge the supplier's documents.
    """

    at: datetime
    by: str
    why: str
    number: str
    provider: Eic
    supplier: Eic
    kinds: tuple[DocumentKind, ...]
    mailbox: bool
    from_day: date
    until_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationEnded:
    """A person ended a delegation before its period was over."""

    at: datetime
    by: str
    why: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractOpened:
    """A person opened the supply contract with this hash, from this case."""

    at: datetime
    by: str
    case_id: CaseId
    sha256: str


def note_opened(connection: Connection, opened: ContractOpened) -> None:
    """Put it on record that a contract was opened."""
    journal.append(connection, case_id=None, at=opened.at, record=opened)


def stop_sweep(connection: Connection, *, at: datetime, trouble: ClockTrouble) -> bool:
    """Stop the sweep, with a row in the journal; False and nothing where it is stopped already."""
    record = SweepStopped(at=at, why=str(trouble), trouble=trouble)
    stopped = connection.execute(_STOP, (instants.to_text(at), record.why)).rowcount == 1
    if stopped:
        journal.append(connection, case_id=None, at=at, record=record)
    return stopped


def let_sweep_go_on(connection: Connection, *, at: datetime, by: str, why: str) -> bool:
    """Let the sweep go on, with a row in the journal; False and nothing where it runs."""
    went_on = connection.execute(_GO_ON).rowcount == 1
    if went_on:
        journal.append(connection, case_id=None, at=at, record=SweepWentOn(at=at, by=by, why=why))
    return went_on


def sweep_stopped(connection: Connection) -> SweepStopped | None:
    """Since when and why the sweep is stopped, None while it runs."""
    row = connection.execute(_STOPPED).fetchone()
    return None if row is None else SweepStopped(at=instants.from_text(row[0]), why=row[1])


def how_sweep_stopped(connection: Connection) -> SweepStopped | None:
    """The same with its trouble, which the journal keeps; None while the sweep runs."""
    stopped = sweep_stopped(connection)
    if stopped is None:
        return None
    content = journal.latest_of_no_case(connection, SweepStopped.__name__)
    return stopped if content is None else codec.decode(content, SweepStopped)


def try_parked_again(
    connection: Connection, case_id: CaseId, *, at: datetime, by: str, why: str
) -> int:
    """Let the sweep take the case's parked deadlines again, with a row in the journal.

    Gives how many; with none nothing is written.
    """
    parked = [one for one in deadlines.of_case(connection, case_id) if one.parked is not None]
    for one in parked:
        deadlines.unpark(connection, one.deadline_id)
    if parked:
        kinds = tuple(one.deadline.kind for one in parked)
        record = ParkedTriedAgain(at=at, by=by, why=why, case_id=case_id, kinds=kinds)
        journal.append(connection, case_id=None, at=at, record=record)
    return len(parked)


class StillWaiting(Exception):
    """The document waits to be fetched, or the case has none of this number: nothing was done."""


def send_again(
    connection: Connection,
    case_id: CaseId,
    document_id: DocumentId,
    *,
    at: datetime,
    by: str,
    why: str,
) -> None:
    """Let a document of the case wait in its mailbox again, with a row in the journal.

    Raises StillWaiting; the savepoint of the event takes the row in the journal back then.
    """
    record = DocumentSentAgain(at=at, by=by, why=why, case_id=case_id, document_id=document_id)
    recorded = journal.append(connection, case_id=None, at=at, record=record)
    if not outbox.let_wait_again(connection, case_id, document_id, at=at, recorded=recorded):
        raise StillWaiting(document_id)


def set_one_off_days(
    connection: Connection, days: Iterable[date], *, at: datetime, by: str
) -> bool:
    """Make these the announced days, with a row in the journal; False where they are already."""
    wanted = tuple(sorted(set(days)))
    if wanted == one_off_days(connection):
        return False
    connection.execute(_CLEAR_DAYS)
    connection.executemany(_ADD_DAY, [(day.isoformat(),) for day in wanted])
    journal.append(connection, case_id=None, at=at, record=OneOffDaysSet(at=at, by=by, days=wanted))
    return True


def one_off_days(connection: Connection) -> tuple[date, ...]:
    """The announced one-off work-free days in force, in order."""
    return tuple(date.fromisoformat(day) for (day,) in connection.execute(_DAYS))
