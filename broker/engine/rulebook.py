"""What the operator has set: the choices the law and the interpretations leave to it."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from broker.engine.calendar import (
    WorkingDays,
    at_hour,
    end_of,
    end_of_month,
    local_day,
    plus_hours,
)
from broker.engine.legal_periods import (
    PERIODS,
    RULES_VERSION,
    LegalPeriod,
    PeriodName,
    legal_period,
)
from broker.messages.codes import Direction, ReadingMethod
from broker.messages.deadlines import Deadline, DeadlineKind


@dataclass(frozen=True, slots=True)
class Comparison:
    """Energy since the last reading and the band it may lie in, in kWh; None is not known (C1)."""

    direction: Direction
    energy: Decimal | None
    expected: Decimal | None
    lowest: Decimal | None
    highest: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausibility:
    """When a reading departs from the average (C1, interpretation 8); energies in kWh."""

    lowest_factor: Decimal = Decimal("0.2")
    highest_factor: Decimal = Decimal(5)
    small_below_kwh: Decimal = Decimal(50)
    small_highest_kwh: Decimal = Decimal(250)

    def highest(self, expected_kwh: Decimal) -> Decimal:
        """The most energy that does not depart from the expected consumption."""
        if expected_kwh < self.small_below_kwh:
            return self.small_highest_kwh
        return expected_kwh * self.highest_factor

    def lowest(self, expected_kwh: Decimal) -> Decimal:
        """The least energy that does not depart from the expected consumption."""
        if expected_kwh < self.small_below_kwh:
            return Decimal(0)
        return expected_kwh * self.lowest_factor

    def compare(
        self, direction: Direction, energy: Decimal | None, expected: Decimal | None
    ) -> Comparison:
        """What was used beside what may have been, which depends on what was expected."""
        if expected is None:
            return Comparison(direction, energy, None, None, None)
        return Comparison(
            direction, energy, expected, self.lowest(expected), self.highest(expected)
        )


_NO_ONE_OFF_DAYS = WorkingDays()
_DEFAULT_PLAUSIBILITY = Plausibility()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """The operator's settings and the calendar; with the legal periods, all that rules need.

    `decision_hour` is when the broker decides on the last day (interpretation 3), the holds are
    hours a clean request is kept open to withdrawal (interpretation 2), `warning_hours` how long
    before the hour to act a person is warned.
    """

    working_days: WorkingDays = _NO_ONE_OFF_DAYS
    decision_hour: time = time(22, 0)
    hold_hours_customer: int = 0
    hold_hours_remote: int = 0
    warning_hours: int = 24
    plausibility: Plausibility = _DEFAULT_PLAUSIBILITY
    periods: tuple[LegalPeriod, ...] = PERIODS
    version: str = RULES_VERSION

    def hold_hours(self, method: ReadingMethod) -> int:
        """How long a clean request of this reading method is held."""
        return (
            self.hold_hours_remote if method is ReadingMethod.REMOTE else self.hold_hours_customer
        )

    def last_day(self, name: PeriodName, *, start: date, begun: date) -> date:
        """The last day of a period that starts with this day, in a case begun on that day."""
        return self._row(name, begun).last_day(start, self.working_days)

    def first_day(self, name: PeriodName, *, end: date) -> date:
        """The first day of a period that reaches back from this day, by the rules of that day."""
        return self._row(name, end).first_day(end)

    def last_reading_day(
        self, *, start: date, approved_on: date, begun: date, customer_reads: bool
    ) -> date:
        """The last day of the reading period (A23); where the row says so, never so short that
        the customer has less time to read than the law leaves it (C2, interpretation 15).

        A period that passed before the approval stays passed (interpretation 1).
        """
        last = self.last_day(PeriodName.READING_PERIOD, start=start, begun=begun)
        row = self._row(PeriodName.READING_PERIOD, begun)
        if not (row.lengthened_for_customer and customer_reads) or approved_on > last:
            return last
        begins = max(approved_on, start)
        return max(last, self.last_day(PeriodName.CUSTOMER_READING, start=begins, begun=begun))

    def decision_deadline(self, counted_from: datetime, begun: date | None = None) -> Deadline:
        """When a request must be decided: the hour set, on the 5th working day (A12, A14).

        Counted from receipt, or from what interpretation 11 puts in its place in a case begun
        earlier.
        """
        start = local_day(counted_from)
        last = self.last_day(PeriodName.DECISION, start=start, begun=begun or start)
        row = self._row(PeriodName.DECISION, begun or start)
        return self._by_the_hour(DeadlineKind.DECISION, last, row.rule, row.article)

    def claims_deadline(self, first_received_at: datetime) -> Deadline:
        """The end of the days within which all claims must have come (B2)."""
        return self._end_of_days(
            DeadlineKind.END_OF_CLAIMS, PeriodName.COLLECTION_OF_CLAIMS, first_received_at, None
        )

    def objections_deadline(self, notified_at: datetime, begun: date) -> Deadline:
        """The end of the days within which a supplier named may object (B6)."""
        return self._end_of_days(
            DeadlineKind.END_OF_OBJECTIONS, PeriodName.OBJECTION, notified_at, begun
        )

    def objection_decision_deadline(self, last_day_to_object: date, begun: date) -> Deadline:
        """When the operator must have decided on objections (interpretation 4)."""
        name = PeriodName.DECISION_ON_OBJECTIONS
        last = self.last_day(name, start=last_day_to_object, begun=begun)
        row = self._row(name, begun)
        return self._by_the_hour(DeadlineKind.OBJECTION_DECISION, last, row.rule, row.article)

    def hold_deadline(
        self, counted_from: datetime, method: ReadingMethod, begun: date | None = None
    ) -> Deadline:
        """When the hold of a clean request ends (interpretation 2)."""
        decision = self.decision_deadline(counted_from, begun)
        ends_at = min(plus_hours(counted_from, self.hold_hours(method)), decision.act_at)
        return Deadline(
            kind=DeadlineKind.END_OF_HOLD,
            act_at=ends_at,
            limit=decision.limit,
            warn_at=None,
            rule="interpretation 2",
            article=decision.article,
        )

    def reading_period_deadline(self, last_day: date, begun: date) -> Deadline:
        """The end of the reading period (A23, A26)."""
        row = self._row(PeriodName.READING_PERIOD, begun)
        return Deadline(
            kind=DeadlineKind.END_OF_READING_PERIOD,
            act_at=end_of(last_day),
            limit=end_of(last_day),
            warn_at=None,
            rule=f"{row.rule}, A26",
            article=f"{row.article}, a.200(2)",
        )

    def remote_reading_deadline(self, counted_from: datetime, begun: date) -> Deadline:
        """When a remote reading must have come, else it is ordered again (A19)."""
        row = self._row(PeriodName.REMOTE_READING, begun)
        limit = row.last_instant(counted_from)
        return Deadline(
            kind=DeadlineKind.REMOTE_READING,
            act_at=limit,
            limit=limit,
            warn_at=None,
            rule=row.rule,
            article=row.article,
        )

    def review_deadline(self, counted_from: date, begun: date) -> Deadline:
        """When a reading under review must be decided (A26, A29)."""
        last = self.last_day(PeriodName.NOTICE_OF_FAILURE, start=counted_from, begun=begun)
        row = self._row(PeriodName.NOTICE_OF_FAILURE, begun)
        return self._by_the_hour(DeadlineKind.READING_REVIEW, last, f"A26, {row.rule}", row.article)

    def settlement_deadline(self, switch_date: date, begun: date) -> Deadline:
        """When the settlement of measured power follows: after the month of the switch (A24)."""
        month_ends = end_of_month(switch_date)
        row = self._row(PeriodName.SETTLEMENT_OF_MEASURED_POWER, begun)
        return Deadline(
            kind=DeadlineKind.FINAL_SETTLEMENT,
            act_at=end_of(month_ends),
            limit=end_of(row.last_day(month_ends, self.working_days)),
            warn_at=None,
            rule=row.rule,
            article=row.article,
        )

    def _row(self, name: PeriodName, begun: date) -> LegalPeriod:
        return legal_period(name, begun, self.periods)

    def _end_of_days(
        self, kind: DeadlineKind, name: PeriodName, start: datetime, begun: date | None
    ) -> Deadline:
        """The end of a period in days that binds a party, at which the broker acts."""
        row = self._row(name, begun or local_day(start))
        limit = end_of(row.last_day(local_day(start), self.working_days))
        return Deadline(
            kind=kind, act_at=limit, limit=limit, warn_at=None, rule=row.rule, article=row.article
        )

    def _by_the_hour(self, kind: DeadlineKind, day: date, rule: str, article: str) -> Deadline:
        act_at = at_hour(day, self.decision_hour)
        return Deadline(
            kind=kind,
            act_at=act_at,
            limit=end_of(day),
            warn_at=plus_hours(act_at, -self.warning_hours),
            rule=rule,
            article=article,
        )
