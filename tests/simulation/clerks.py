"""What is done about a case: by its suppliers, the metering centre and the operator's staff."""

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from tests.simulation.applicants import GOOD
from tests.simulation.audit.auditor import Auditor, Case
from tests.simulation.audit.facts import Point
from tests.simulation.audit.legal_days import DAY, LAW, at_hour, end, local, midnight
from tests.simulation.letters import (
    Header,
    PointName,
    ReadingText,
    confirmation,
    correction,
    objection,
    report,
    withdrawal,
)
from tests.simulation.play import Play, Step

SECOND = timedelta(seconds=1)
OBJECTIONS = ("SB:S44", "SB:S44", "SB:S45", "SB:S46", "SB:S47", "260:E14")


class Clerks:
    """Chooses what is done about a case next."""

    def __init__(
        self, play: Play, rng: random.Random, pace: timedelta, name: Callable[[], str]
    ) -> None:
        self._play = play
        self._auditor: Auditor = play.auditor
        self._rng = rng
        self._pace = pace
        self._name = name
        self._silent: set[str] = set()

    def step(self, case: Case | None) -> Step:
        """Something right or wrong about the case."""
        rng = self._rng
        if case is None or case.point.index < -1 or not case.point.number:
            return self.later(do="pass")
        if rng.random() < 0.15:
            return self._wait_for(case)
        match case.state:
            case "doubt" | "hold" | "stuck" | "collecting":
                return self._before_approval(case)
            case "asked" | "objected":
                return self._of_suppliers_asked(case)
            case "awaiting" | "review" | "over_review":
                return self._after_approval(case)
        if case.carried_out is not None and rng.random() < 0.7:
            return self.correction(case)
        return rng.choice(
            [self._withdrawal, self._report, self._reading, self._decide, self._answer]
        )(case)

    # Time

    def at(self, after: timedelta, **what: object) -> Step:
        """A step some time from now."""
        at = self._play.now + after
        return {"at": (at.replace(microsecond=0) if after else at).isoformat(), **what}

    def later(self, **what: object) -> Step:
        """A step some while from now."""
        gap = self._rng.expovariate(1.0) * self._pace
        return self.at(max(SECOND, gap), **what)

    def soon(self) -> datetime:
        """When the next thing is sent."""
        gap = max(SECOND, self._rng.expovariate(1.0) * self._pace)
        return (self._play.now + gap).replace(microsecond=0)

    def _wait_for(self, case: Case) -> Step:
        """To the very second before, at or after what falls due next."""
        due = case.due()
        if due is None or due[0] <= self._play.now:
            return self.later(do="pass")
        at = due[0] + self._rng.choice([-SECOND, timedelta(0), SECOND])
        return {"at": max(at, self._play.now).isoformat(), "do": "pass"}

    def _at_limit(self, limit: datetime | None) -> datetime:
        """Soon, or at the very second of a limit."""
        at = self.soon()
        if limit is None or self._rng.random() > 0.3:
            return at
        return max(at, limit + self._rng.choice([-SECOND, timedelta(0), 2 * SECOND]))

    # By the state of the case

    def _before_approval(self, case: Case) -> Step:
        choice = self._rng.random()
        if choice < 0.35:
            return self._withdrawal(case)
        if choice < 0.75 and case.state not in ("hold", "collecting"):
            return self._decide(case)
        if choice < 0.8:
            return self._reading(case)
        return self._wait_for(case)

    def _of_suppliers_asked(self, case: Case) -> Step:
        choice = self._rng.random()
        if choice < 0.06:
            return self._withdrawal(case)
        if choice < 0.1 or (case.state == "objected" and choice < 0.6):
            return self._decide(case)
        if choice < 0.25:
            return self._wait_for(case)
        return self._answer(case)

    def _after_approval(self, case: Case) -> Step:
        rng = self._rng
        if case.number in self._silent:
            return self._wait_for(case)
        choice = rng.random()
        if choice < 0.08:
            self._silent.add(case.number)
            return self._wait_for(case)
        if choice < 0.14:
            return self._withdrawal(case)
        if choice < 0.16:
            return self._answer(case)
        if choice < 0.24:
            return self._report(case)
        if choice < 0.34 or (case.review is not None and choice < 0.7):
            return self._decide(case)
        return self._reading(case)

    def _decide(self, case: Case) -> Step:
        rng = self._rng
        if case.state == "objected" and rng.random() < 0.9:
            verb = rng.choice(["dismiss-objections", "dismiss-objections", "uphold-objection"])
        elif case.approved is None:
            verb = rng.choice(["approve", "approve", "reject", "dismiss-objections"])
        else:
            verb = rng.choice(
                ["accept-reading", "refuse-reading", "accept-reading", "site-inaccessible"]
            )
        codes = {"reject": ["SB:S01"], "refuse-reading": ["SB:S08"]}.get(verb, [])
        step = self.later(do="decide", case=case.message, verb=verb, codes=codes, why="checked")
        if verb == "uphold-objection":
            objectors = [eic for eic, code in case.answers.items() if code]
            step["objector"] = rng.choice(objectors or GOOD) if rng.random() < 0.9 else GOOD[0]
        return step

    # Letters

    def _header(self, kind: str, sender: str, at: datetime) -> Header:
        register = self._auditor.register
        role = {register.operator: "DDM", register.metering_centre: "DDE"}.get(sender, "DDQ")
        return Header(kind, self._name(), at.astimezone(LAW), sender, role, register.operator)

    def _letter(self, case: Case, header: Header, xml: str, at: datetime) -> Step:
        return {
            "at": at.isoformat(),
            "do": "post",
            "name": header.number,
            "party": header.sender,
            "case": case.message,
            "xml": xml,
        }

    def _named(self, number: str, site: str) -> PointName:
        return PointName(number, site, self._auditor.register.area)

    def _point_of(self, case: Case, sender: str) -> PointName:
        """The point as this party names it, in a division at times by its own number."""
        own = case.application_of(sender)
        number = (own.point if own else case.point).number
        if case.division and case.approved is not None and self._rng.random() < 0.6:
            number = case.numbers.get(sender, case.meter_at.number)
            if self._rng.random() < 0.05:
                number = self._rng.choice([*case.numbers.values(), number])
        return self._named(number, case.point.site)

    def _withdrawal(self, case: Case) -> Step:
        rng = self._rng
        at = self._at_limit(case.claims_end)
        sender = rng.choice(case.applications or [case.first]).request.sender
        if rng.random() < 0.1:
            sender = rng.choice(GOOD)
        own = case.application_of(sender) or case.first
        header = self._header("Withdrawal", sender, at)
        point = self._named(own.point.number, case.point.site)
        return self._letter(case, header, withdrawal(header, point), at)

    def _report(self, case: Case) -> Step:
        rng = self._rng
        at = self.soon()
        if case.approved is not None and rng.random() < 0.4:
            calendar = self._auditor.calendar
            last = end(calendar.not_before_working(local(case.approved) + 5 * DAY))
            at = max(at, last + rng.choice([-SECOND, timedelta(0), 2 * SECOND]))
        news = [one.supplier for one in case.request.chosen]
        sender = rng.choice(GOOD) if rng.random() < 0.1 else news[0]
        header = self._header("InaccessibilityReport", sender, at)
        return self._letter(case, header, report(header, self._point_of(case, sender)), at)

    def _answer(self, case: Case) -> Step:
        """A supplier named confirms or objects; at times one that is not, or a second time."""
        rng = self._rng
        at = self._at_limit(case.answers_end)
        waiting = [eic for eic in case.asked if eic not in case.answers]
        sender = rng.choice(waiting or case.asked or GOOD)
        if rng.random() < 0.12:
            sender = rng.choice(case.asked or GOOD)
        if rng.random() < 0.05:
            sender = rng.choice(GOOD)
        point = self._named(case.point.number, case.point.site)
        if rng.random() < (0.7 if sender not in case.answers else 0.5):
            header = self._header("SupplyConfirmation", sender, at)
            return self._letter(case, header, confirmation(header, point), at)
        header = self._header("Objection", sender, at)
        code = rng.choice(OBJECTIONS) if rng.random() < 0.93 else rng.choice(["SB:S01", "260:E50"])
        text = "signed in error" if (code == "260:E14") != (rng.random() < 0.04) else ""
        return self._letter(case, header, objection(header, point, code, text), at)

    # Readings

    def _reading(self, case: Case) -> Step:
        rng = self._rng
        at = self._moment(case)
        register = self._auditor.register
        method = case.judged.method or "customer"
        if rng.random() < 0.08:
            method = rng.choice(["customer", "remote", "visit"])
        if method == "remote" and case.order > 1 and rng.random() < 0.3:
            method = "visit"
        sender, by = {
            "customer": (rng.choice(case.news or [GOOD[0]]), "2"),
            "remote": (register.metering_centre, "3"),
            "visit": (register.operator, "1"),
        }[method]
        if rng.random() < 0.04:
            sender = rng.choice(GOOD)
        header = self._header("MeterReading", sender, at)
        taken = self._taken(case, at, remote=by == "3")
        reading = self._read(case, header, sender, taken, by)
        reading.reason = "the house stood empty" if rng.random() < 0.3 else ""
        # A party that gives no number of a case names the point that the case is for.
        reading.names_case = rng.random() < 0.85 or case.division
        if rng.random() < 0.05:
            reading.serial += "9"
        if rng.random() < 0.05:
            reading.values.pop(next(iter(reading.values)))
            reading.values["1-0:1.8.3"] = "12"
        return self._letter(case, header, reading.xml(), at)

    def _read(
        self, case: Case, header: Header, sender: str, taken: datetime, by: str
    ) -> ReadingText:
        meter = case.meter_at.meter(local(taken))
        return ReadingText(
            header=header,
            point=self._point_of(case, sender),
            serial=meter.serial if meter else "NONE-1",
            taken=taken.astimezone(LAW),
            by=by,
            values=self._values(case.meter_at, taken) if meter else {"1-0:1.8.0": "1"},
        )

    def _moment(self, case: Case) -> datetime:
        """Soon, or when the reading can be taken, or at the very limits of the period."""
        rng, now, judged = self._rng, self._play.now, case.judged
        soon = self.soon()
        if judged.first == date.min or judged.first.year > 2100:
            return soon
        begin, over = midnight(judged.first), end(judged.last)
        if judged.method == "remote":
            begin = max(begin, midnight(judged.expected))
        choice = rng.random()
        if choice < 0.06:
            return max(now, over - SECOND)
        if choice < 0.12:
            return max(now, over)
        if choice < 0.16:
            return max(now, begin - SECOND)
        return max(soon, begin + timedelta(minutes=rng.randint(0, 600)))

    def _taken(self, case: Case, at: datetime, *, remote: bool) -> datetime:
        rng, judged = self._rng, case.judged
        if remote and rng.random() < 0.93 and judged.expected.year > 1900:
            return midnight(judged.expected)
        choice = rng.random()
        if choice < 0.7:
            return max(at - timedelta(minutes=rng.randint(0, 300)), midnight(local(at)))
        if choice < 0.78 and judged.first.year > 1900:
            return at_hour(judged.first - DAY, time(12))
        if choice < 0.82:
            return at + timedelta(hours=2)
        if judged.first.year > 1900:
            days = max(0, (local(at) - judged.first).days)
            return min(at, at_hour(judged.first + rng.randint(0, days) * DAY, time(0, 30)))
        return at

    def _values(self, point: Point, taken: datetime) -> dict[str, str]:
        """What the meter shows: mostly what was expected, sometimes far from it."""
        rng = self._rng
        day = local(taken)
        meter, last = point.meter(day), point.last_reading()
        assert meter is not None
        factor = rng.choice(["1", "1", "1", "1", "1.3", "0.7", "0.03", "9", "-0.5"])
        values = {}
        for obis, register in meter.registers.items():
            direction = "production" if ":2.8." in obis else "consumption"
            old = last.values.get(obis, Decimal(0)) if last and last.serial == meter.serial else 0
            days = max(0, (day - local(last.taken)).days) if last else 10
            average = point.average(direction, day) or Decimal(10)
            tariffs = [
                one for one in meter.registers if one[4] == obis[4] and not one.endswith(".8.0")
            ]
            part = 1 if obis.endswith(".8.0") else len(tariffs)
            used = average * days / register.multiplier / part * Decimal(factor)
            value = (Decimal(old) + used).quantize(Decimal("0.1"))
            value = max(Decimal(0), value) % (Decimal(10) ** register.digits)
            values[obis] = str(value)
        return values

    # Corrections

    def correction(self, case: Case) -> Step:
        """A switch is put right: undone, or with another reading, at times too late or wrongly."""
        rng, done = self._rng, case.carried_out
        assert done is not None
        at = self.soon()
        if rng.random() < 0.15:
            at = max(at, end(done.taken_on + 30 * DAY) + rng.choice([-SECOND, timedelta(0)]))
        header = self._header("Correction", self._auditor.register.operator, at)
        point = self._named(case.point.number, case.point.site)
        if rng.random() < 0.05:
            point = self._named(case.point.number, "7-0000099")
        reading = None
        if rng.random() < 0.6:
            reading = self._right_reading(case, header, at)
        return self._letter(case, header, correction(header, point, reading), at)

    def _right_reading(self, case: Case, header: Header, at: datetime) -> ReadingText:
        rng, done = self._rng, case.carried_out
        assert done is not None
        wrong = done.reading
        taken = wrong.taken
        if rng.random() < 0.5:
            days = rng.choice([-3, -1, 1, 2, 5])
            taken = midnight(done.taken_on + days * DAY)
            taken = min(taken, at) if wrong.by == "3" else min(taken + timedelta(hours=9), at)
        by = wrong.by if rng.random() < 0.93 else rng.choice(["1", "2", "3", "4"])
        reading = self._read(case, header, header.sender, taken, by)
        reading.values = {
            obis: str(max(Decimal(0), value + rng.choice([-3, -1, 0, 1, 4, 10])))
            for obis, value in wrong.values.items()
        }
        if rng.random() < 0.04:
            reading.serial += "9"
        if rng.random() < 0.05:
            reading.values = dict.fromkeys(reading.values, "0")
        return reading
