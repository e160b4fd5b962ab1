"""What has been kept long enough is erased: each day by the periods set, or when a person says so.

A case goes as a whole, with its contracts unless another case has the same. What is still needed
stays, whoever asks: see `Hindrance`. Erasing goes through the writer in small works, so that it
holds up no message; at the end the log beside the file is emptied, so that nothing is left there.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import TypeVar

from broker.clock import Clock
from broker.engine.calendar import at_hour, local_day, plus_days, plus_months, start_of
from broker.engine.legal_periods import PeriodName
from broker.engine.rulebook import Rulebook
from broker.engine.state import Phase, SwitchCase
from broker.messages.identifiers import CaseId, TaxNumber
from broker.store import cases, journal, operations, retained
from broker.store.connection import empty_log, one_moment, open_for_reading
from broker.store.operations import CasesErased, ContentsErased, CustomerErased
from broker.store.retained import Old
from broker.store.writer import Writer, ends_the_transaction
from broker.usecases.find_person import Person, contents_naming
from broker.usecases.owed_notices import missing_in_case

T = TypeVar("T")

_log = logging.getLogger(__name__)

_CASES_AT_ONCE = 10
_CONTENTS_AT_ONCE = 50
_CUSTOMERS_AT_ONCE = 200
_LONGEST_SILENCE_DAYS = 35
_TRIES_TO_EMPTY = 20
_SECONDS_BETWEEN_TRIES = 0.5


class Hindrance(Enum):
    """Why a case may not be erased yet."""

    OPEN = "open"
    DEADLINE_RUNS = "deadline_runs"
    SETTLEMENT_OWED = "settlement_owed"
    NOTICE_MISSING = "notice_missing"
    DOCUMENT_WAITS = "document_waits"
    CORRECTION_POSSIBLE = "correction_possible"
    CORRECTION_RUNS = "correction_runs"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionTerms:
    """For how long what is kept, in months; 0: without end. `at` is the hour of the daily run."""

    cases_months: int
    no_case_months: int
    customers_months: int
    mails_days: int
    at: time
    sessions: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person wants erased: one case, all of one customer, or all that ended before a day."""

    case_id: CaseId | None = None
    customer: TaxNumber | None = None
    before: date | None = None


@dataclass(slots=True, kw_only=True)
class Erased:
    """What went, or would go; and what stays, with the reasons."""

    cases: list[CaseId] = field(default_factory=list)
    held: dict[CaseId, tuple[Hindrance, ...]] = field(default_factory=dict)
    contents: int = 0
    customers: int = 0
    customer_has_a_point: bool = False


class Retain:
    """Erases by period each day, and by command; reads on connections of its own, in threads."""

    def __init__(
        self,
        *,
        database: Path,
        writer: Writer,
        clock: Clock,
        rules: Rulebook,
        terms: RetentionTerms,
    ) -> None:
        self._database = database
        self._writer = writer
        self._clock = clock
        self._rules = rules
        self._terms = terms
        self._ran_on: date | None = None

    async def run_daily(self) -> int:
        """What the timer calls: once a day, from its hour on. Gives how many cases went."""
        now = self._clock.now()
        today = local_day(now)
        if self._ran_on == today or now < at_hour(today, self._terms.at):
            return 0
        if not await self._read(partial(_may_trust, now=now)):
            _log.warning("nothing is erased by period: the sweep stands, or the clock leapt ahead")
            return 0
        erased = await self.erase_by_period()
        self._ran_on = today
        return len(erased.cases)

    async def erase_by_period(self) -> Erased:
        """Erase what the periods set say is kept no longer. Raises UnableToWrite."""
        now, terms, erased = self._clock.now(), self._terms, Erased()
        today, by, why = local_day(now), "the broker", "kept as long as [retention] says"
        for some in _chunks(await self._read(_left_or_back), _CUSTOMERS_AT_ONCE):
            await self._writer.submit(partial(retained.note_left_or_back, keys=some, at=now))
            await asyncio.sleep(0)
        if terms.cases_months:
            before = start_of(plus_months(today, -terms.cases_months))
            await self._cases(partial(retained.ended_before, before=before), erased, by, why)
        if terms.no_case_months:
            before = start_of(plus_months(today, -terms.no_case_months))
            await self._contents(partial(_old, before=before), erased, by, why)
        if terms.customers_months:
            before = start_of(plus_months(today, -terms.customers_months))
            await self._customers(partial(retained.left_before, before=before), erased, by, why)
        await self._writer.submit(
            partial(
                retained.forget_sessions_and_mails,
                sessions_before=now - terms.sessions,
                mails_before=start_of(plus_days(today, -terms.mails_days)),
            )
        )
        await self._finish(erased)
        return erased

    async def erase(self, wanted: Wanted, *, by: str, why: str) -> Erased:
        """Erase what a person wants erased, as far as it may go. Raises UnableToWrite."""
        erased = Erased()
        await self._cases(partial(self._wanted_cases, wanted=wanted), erased, by, why)
        await self._contents(partial(self._wanted_contents, wanted=wanted), erased, by, why)
        if wanted.customer is not None:
            await self._customers(partial(_customer_alone, wanted=wanted), erased, by, why)
            erased.customer_has_a_point = await self._read(partial(_has_a_point, wanted=wanted))
        await self._finish(erased)
        return erased

    async def would_erase(self, wanted: Wanted) -> Erased:
        """What `erase` would do at this moment; nothing is changed."""
        return await self._read(partial(self._would_erase, wanted, local_day(self._clock.now())))

    def _would_erase(self, wanted: Wanted, today: date, connection: Connection) -> Erased:
        erased = Erased()
        for case_id in self._wanted_cases(connection, wanted=wanted):
            self._sort(connection, case_id, today, erased)
        erased.contents = sum(1 for _ in self._wanted_contents(connection, wanted=wanted))
        erased.customers = len(_customer_alone(connection, wanted))
        erased.customer_has_a_point = _has_a_point(connection, wanted)
        return erased

    def _wanted_cases(self, connection: Connection, *, wanted: Wanted) -> Iterator[CaseId]:
        if wanted.case_id is not None:
            yield wanted.case_id
        if wanted.customer is not None:
            yield from retained.cases_naming(connection, wanted.customer)
        if wanted.before is not None:
            yield from retained.ended_before(connection, start_of(wanted.before))

    def _wanted_contents(self, connection: Connection, *, wanted: Wanted) -> Iterator[Old]:
        if wanted.customer is not None:
            known = retained.customer(connection, wanted.customer)
            name, street = (known.name, known.street) if known else (wanted.customer,) * 2
            person = Person(tax_number=wanted.customer, name=name, street=street)
            yield from contents_naming(connection, person)
        if wanted.before is not None:
            yield from _old(connection, start_of(wanted.before))

    async def _cases(
        self, find: Callable[[Connection], Iterable[CaseId]], erased: Erased, by: str, why: str
    ) -> None:
        found = await self._read(lambda connection: tuple(find(connection)))
        for some in _chunks(found, _CASES_AT_ONCE):
            await self._writer.submit(partial(self._erase_cases, some, erased, by, why))
            await asyncio.sleep(0)

    def _erase_cases(
        self,
        some: Sequence[CaseId],
        erased: Erased,
        by: str,
        why: str,
        connection: Connection,
    ) -> None:
        now, these = self._clock.now(), Erased()
        for case_id in some:
            self._sort(connection, case_id, local_day(now), these)
        for case_id in these.cases:
            retained.erase_case(connection, case_id, now)
        if these.cases:
            record = CasesErased(at=now, by=by, why=why, cases=tuple(these.cases))
            journal.append(connection, case_id=None, at=now, record=record)
        erased.cases += these.cases
        erased.held |= these.held

    def _sort(self, connection: Connection, case_id: CaseId, today: date, erased: Erased) -> None:
        """Put the case with those that go or with those that stay; one that has gone is neither."""
        found = hindrances(connection, case_id, today, self._rules)
        if found:
            erased.held[case_id] = found
        elif found is not None:
            erased.cases.append(case_id)

    async def _contents(
        self, find: Callable[[Connection], Iterable[Old]], erased: Erased, by: str, why: str
    ) -> None:
        found = await self._read(lambda connection: tuple(find(connection)))
        for some in _chunks(found, _CONTENTS_AT_ONCE):
            await self._writer.submit(partial(self._erase_contents, some, by, why))
            erased.contents += len(some)
            await asyncio.sleep(0)

    def _erase_contents(
        self, some: Sequence[Old], by: str, why: str, connection: Connection
    ) -> None:
        now = self._clock.now()
        retained.erase_old(connection, some, now)
        record = ContentsErased(at=now, by=by, why=why, number=len(some))
        journal.append(connection, case_id=None, at=now, record=record)

    async def _customers(
        self, find: Callable[[Connection], Iterable[int]], erased: Erased, by: str, why: str
    ) -> None:
        for customer in await self._read(lambda connection: tuple(find(connection))):
            gone = await self._writer.submit(partial(self._erase_customer, customer, by, why))
            erased.customers += gone

    def _erase_customer(self, customer: int, by: str, why: str, connection: Connection) -> bool:
        now = self._clock.now()
        if not retained.erase_customer(connection, customer, now):
            return False
        record = CustomerErased(at=now, by=by, why=why, customer=customer)
        journal.append(connection, case_id=None, at=now, record=record)
        return True

    async def _finish(self, erased: Erased) -> None:
        """Let nothing be left of it in the log beside the file."""
        _log.info(
            "erased: %d cases, %d contents of no case, %d customers; %d cases stay",
            len(erased.cases),
            erased.contents,
            erased.customers,
            len(erased.held),
        )
        for _ in range(_TRIES_TO_EMPTY):
            if await asyncio.to_thread(empty_log, self._database):
                return
            await asyncio.sleep(_SECONDS_BETWEEN_TRIES)
        _log.warning("what was erased may stand in the log of the file until it is emptied")

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.to_thread(self._at_once, work)

    def _at_once(self, work: Callable[[Connection], T]) -> T:
        with closing(open_for_reading(self._database)) as connection, one_moment(connection):
            return work(connection)


def hindrances(
    connection: Connection, case_id: CaseId, today: date, rules: Rulebook
) -> tuple[Hindrance, ...] | None:
    """Why the case may not be erased yet; None where it has been. Raises LookupError.

    A switch may be put right for as long as D3 works back, and needs all its contents for it.
    Source: D3, A24, A29 (002 a.136(2), a.139(3), a.200(1), a.202).
    """
    standing = retained.standing(connection, case_id)
    if standing is None:
        raise LookupError(f"there is no case {case_id}")
    if standing.erased:
        return None
    try:
        case = cases.load(connection, case_id)
        missing = missing_in_case(connection, case_id)
    except Exception as error:
        if ends_the_transaction(error):
            raise
        _log.exception("case %s stays: what is on record of it cannot be read", case_id)
        return (Hindrance.UNREADABLE,)
    reading = case.carried_out if isinstance(case, SwitchCase) else None
    possible = False
    if reading is not None and not standing.corrected:
        switched = local_day(reading.taken_at)
        possible = today <= rules.last_day(PeriodName.CHANGE_BACK, start=switched, begun=today)
    found = {
        Hindrance.OPEN: standing.ended_at is None,
        Hindrance.DEADLINE_RUNS: standing.deadlines_run,
        Hindrance.SETTLEMENT_OWED: standing.phase is Phase.COMPLETED_UNSETTLED,
        Hindrance.NOTICE_MISSING: bool(missing),
        Hindrance.DOCUMENT_WAITS: standing.waiting > 0,
        Hindrance.CORRECTION_POSSIBLE: possible,
        Hindrance.CORRECTION_RUNS: standing.correction_runs,
    }
    return tuple(one for one, holds in found.items() if holds)


def _may_trust(connection: Connection, now: datetime) -> bool:
    """Whether the clock may be trusted to erase by: what it erases never comes back.

    Not while the sweep stands, and not when nothing has happened for longer than is likely.
    """
    last = journal.last_entry_at(connection)
    leapt = last is not None and local_day(now) > plus_days(local_day(last), _LONGEST_SILENCE_DAYS)
    return operations.sweep_stopped(connection) is None and not leapt


def _old(connection: Connection, before: datetime) -> Iterator[Old]:
    """What is of no case and older."""
    yield from retained.old_messages(connection, before)
    yield from retained.old_documents(connection, before)
    yield from retained.old_records(connection, before)


def _left_or_back(connection: Connection) -> tuple[int, ...]:
    return tuple(retained.left_or_back(connection))


def _customer_alone(connection: Connection, wanted: Wanted) -> tuple[int, ...]:
    """The customer wanted, where no point or site refers to it any more."""
    known = retained.customer(connection, wanted.customer) if wanted.customer else None
    return () if known is None or known.referred_to else (known.customer,)


def _has_a_point(connection: Connection, wanted: Wanted) -> bool:
    known = retained.customer(connection, wanted.customer) if wanted.customer else None
    return known is not None and known.referred_to


def _chunks(whole: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (whole[start : start + size] for start in range(0, len(whole), size))
