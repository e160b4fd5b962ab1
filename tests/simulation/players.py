"""Who plays: suppliers, customers, the metering centre, the operator's staff, the machine.

They choose by the seed what happens next: mostly what is right, often what is late, silent,
doubled, contradictory or wrong. They look at the auditor's model to know what there is to do.
"""

import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from tests.simulation.auditor import Auditor, Case
from tests.simulation.facts import Point
from tests.simulation.legal_days import DAY, LAW, at_hour, end, local, midnight
from tests.simulation.letters import (
    ChosenText,
    ContractText,
    Header,
    PointName,
    ReadingText,
    RequestText,
    change,
    customer,
    report,
    withdrawal,
)
from tests.simulation.play import Play, Step

NORTH, SOUTH, SUN, EAST = (
    "28XSEVER-ENERGI8",
    "28XJUG-ELEKTRIKB",
    "28XSONCNA-ODDAJ9",
    "28XVZHOD-DOBAVAQ",
)
INACTIVE, NO_GROUP = "28XZAHOD-NEAKTIY", "28XBREZ-SKUPINES"
GOOD = (NORTH, SOUTH, SUN, EAST)
LEFT_OUT = frozenset({14, 19, 20, 34, 36, 37, 48, 49, 50, 51, 56, 57, 58, 60})
"""Sample points that are shared, or that the rules leave open here: production never supplied,
supply yet to begin or to end by itself, meters exchanged where the average is from before."""
SAMPLE_POINTS = 64
SECOND = timedelta(seconds=1)


class Players:
    """Chooses the steps of a play."""

    def __init__(self, play: Play, rng: random.Random, pace: timedelta) -> None:
        self._play = play
        self._auditor: Auditor = play.auditor
        self._rng = rng
        self._pace = pace
        self._count = 0
        self._points = [
            one
            for one in self._auditor.register.by_index
            if one.index % SAMPLE_POINTS + 1 not in LEFT_OUT
        ]
        self._silent: set[str] = set()
        self.requests = 0

    def next_step(self) -> Step:
        """What happens next."""
        rng = self._rng
        if not self._play.world.is_up:
            return self._at(rng.random() * timedelta(hours=30), do="up")
        running = self._auditor.running
        choice = rng.random()
        if running and choice < 0.62:
            step = self._of_case(rng.choice(running))
        elif choice < 0.66:
            step = self._of_case(rng.choice(list(self._auditor.cases.values()) or [None]))
        elif choice < 0.90:
            step = self._request_step()
        elif choice < 0.92:
            step = self._change()
        elif choice < 0.96 and self._play.sent:
            name = rng.choice(list(self._play.sent)[-40:])
            step = self._later(do=rng.choice(["again", "again", "otherwise"]), name=name)
        elif choice < 0.985:
            step = self._machine()
        else:
            step = self._later(do="pass")
        if step["do"] in ("post", "together") and rng.random() < 0.08:
            step["crash"] = self._crash()
        elif rng.random() < 0.03:
            step["sweep"] = self._crash()
        return step

    def _crash(self) -> Step:
        rng = self._rng
        crash: Step = {"statement": rng.choice([rng.randint(1, 12), rng.randint(1, 90), 9999])}
        if rng.random() < 0.4:
            crash["torn"] = round(rng.uniform(0.01, 1), 3)
        if rng.random() < 0.3:
            crash["stay"] = rng.choice([1, 10, 60, 600, 3000])
        return crash

    def _at(self, after: timedelta, **what: object) -> Step:
        at = self._play.now + after
        return (
            {"at": at.replace(microsecond=0).isoformat(), **what}
            if after
            else {"at": at.isoformat(), **what}
        )

    def _later(self, **what: object) -> Step:
        gap = self._rng.expovariate(1.0) * self._pace
        return self._at(max(SECOND, gap), **what)

    def _name(self) -> str:
        self._count += 1
        return f"S-{self._count:05d}"

    def _machine(self) -> Step:
        do = self._rng.choice(["kill", "restart", "down"])
        return self._later(do=do)

    # Requests

    def _request_step(self) -> Step:
        rng = self._rng
        point = rng.choice(self._points)
        running = self._auditor.running
        if running and rng.random() < 0.12:
            point = rng.choice(running).point
            if point.index < 0:
                point = rng.choice(self._points)
        gap = max(SECOND, rng.expovariate(1.0) * self._pace)
        if rng.random() < 0.05:
            gap = timedelta(0)
        at = (self._play.now + gap).replace(microsecond=0) if gap else self._play.now
        if rng.random() < 0.05:
            messages = [self._request(point, at) for _ in range(rng.randint(2, 3))]
            return {"at": at.isoformat(), "do": "together", "messages": messages}
        copies = 3 if rng.random() < 0.03 else 1
        return {"at": at.isoformat(), "do": "post", "copies": copies, **self._request(point, at)}

    def _request(self, point: Point, at: datetime) -> Step:
        self.requests += 1
        rng, register = self._rng, self._auditor.register
        today = local(at)
        name = self._name()
        by_customer = rng.random() < 0.2
        supplier = rng.choice(GOOD if rng.random() < 0.96 else (INACTIVE, NO_GROUP))
        present = {d: point.suppliers(d, today) for d in point.directions}
        if any(supplier == one.supplier for ones in present.values() for one in ones) and (
            rng.random() < 0.85
        ):
            supplier = rng.choice([one for one in GOOD if one != supplier])
        customer = point.customer or "12345679"
        request = RequestText(
            header=Header(
                "SwitchRequest",
                name,
                at.astimezone(LAW),
                register.operator if by_customer else supplier,
                "DDM" if by_customer else "DDQ",
                register.operator,
            ),
            point=PointName(point.number, point.site, register.area, point.site_gsrn),
            name=register.customers[customer],
            tax=customer,
            authorised=None if by_customer else today - rng.randint(0, 300) * DAY,
            served=self._served(today) if by_customer else None,
            wanted=self._wanted(today),
        )
        self._choose(request, point, supplier, present, name, today)
        if supplier == NORTH and rng.random() < 0.3:
            request.payer, request.consent = "supplier", today - 3 * DAY
        if rng.random() < 0.3:
            self._spoil(request, today)
        party = INACTIVE if request.header.sender == INACTIVE else request.header.sender
        return {"name": name, "party": party, "xml": request.xml()}

    def _served(self, today: date) -> date | None:
        return today - self._rng.randint(0, 2) * DAY if self._rng.random() < 0.4 else None

    def _wanted(self, today: date) -> date | None:
        rng = self._rng
        if rng.random() < 0.5:
            return None
        return today + rng.choice([0, 0, 1, rng.randint(0, 30), rng.randint(0, 180)]) * DAY

    def _choose(
        self,
        request: RequestText,
        point: Point,
        supplier: str,
        present: dict[str, list],
        name: str,
        today: date,
    ) -> None:
        rng, register = self._rng, self._auditor.register
        both = rng.random() < 0.6 or point.self_supply or not request.authorised
        for direction in sorted(point.directions):
            now = present[direction]
            chosen = supplier
            if direction == "production" and not both and now:
                chosen = now[0].supplier
            share = ""
            if now and now[0].share != 1:
                shares = [str(one.share) for one in now]
                near = str(now[0].share + Decimal("0.000001"))
                share = rng.choice([*shares, *shares, "1", "0.123456", near, near])
                if len(set(shares)) != len(shares) and shares.count(share) > 1:
                    share = "0.5"
                if len(now) == 1 and share == "1":
                    share = shares[0]
            elif rng.random() < 0.05:
                share = rng.choice(["1", "0.5"]) if direction == "consumption" else "1"
            changes = chosen not in [one.supplier for one in now] or len(now) > 1
            contract = ContractText(
                reference=f"P-{name}-{direction[0]}",
                customer=request.name,
                tax=request.tax,
                supplier=chosen,
                since=today - rng.randint(0, 60) * DAY,
                until=today + rng.randint(600, 900) * DAY if rng.random() < 0.5 else None,
                point=point.number,
                site=point.site,
                signed=today - rng.randint(0, 60) * DAY,
                self_supply=point.self_supply,
            )
            if rng.random() < 0.06:
                contract.since = today + rng.randint(1, 40) * DAY
            if rng.random() < 0.04:
                contract.until = today + rng.randint(-5, 25) * DAY
                contract.since = min(contract.since, contract.until)
            request.chosen.append(
                ChosenText(
                    direction,
                    chosen,
                    register.parties[chosen].name,
                    share,
                    contract if changes else None,
                )
            )

    def _spoil(self, request: RequestText, today: date) -> None:
        """One thing is wrong, or open."""
        rng = self._rng
        contract = next((one.contract for one in request.chosen if one.contract), None)
        match rng.choice(
            [
                "name",
                "name",
                "name",
                "spaces",
                "tax",
                "wanted",
                "late",
                "site",
                "area",
                "contract",
                "unsigned",
                "payer",
                "directions",
                "self_supply",
                "authorised",
                "served",
            ]
        ):
            case "name":
                request.name = "Neznana Oseba"
                for one in request.chosen:
                    if one.contract:
                        one.contract.customer = request.name
            case "spaces":
                request.name = request.name.upper().replace(" ", "  ") + "."
            case "tax":
                request.tax = "12345687" if request.tax != "12345687" else "12345679"
                for one in request.chosen:
                    if one.contract:
                        one.contract.tax = request.tax
            case "wanted":
                request.wanted = today - rng.randint(1, 9) * DAY
            case "late":
                request.wanted = today + rng.randint(182, 190) * DAY
            case "site":
                request.point = replace(request.point, site="7-0000099", site_gsrn="")
            case "area":
                request.point = replace(request.point, area="8")
            case "contract" if contract:
                contract.tax = "12345695"
            case "unsigned" if contract:
                contract.signed = today + DAY
            case "payer":
                request.payer = "supplier"
                request.consent = None if rng.random() < 0.5 else today - 3 * DAY
            case "directions":
                other = {"consumption", "production"} - {one.direction for one in request.chosen}
                if len(request.chosen) == 2:
                    request.chosen.pop()
                elif other:
                    first = request.chosen[0]
                    request.chosen.append(replace(first, direction=other.pop(), share=""))
            case "self_supply" if contract:
                contract.self_supply = (
                    not contract.self_supply if len(request.chosen) > 1 else (contract.self_supply)
                )
            case "authorised" if request.authorised:
                request.authorised = today + DAY
            case _:
                pass

    # The back office

    def _change(self) -> Step:
        """The back office reports that a point was (dis)connected, or its customer renamed."""
        rng, register = self._rng, self._auditor.register
        running = [one.point for one in self._auditor.running if one.point.index >= 0]
        point = rng.choice(running if running and rng.random() < 0.6 else self._points)
        at = self._soon()
        off = [one for one in self._points if not one.connected and one.meters]
        if off and rng.random() < 0.4:
            point = rng.choice(off)
        what = f"<Connected>{'false' if point.connected else 'true'}</Connected>"
        if point.customer and rng.random() < 0.4:
            name = rng.choice(["Neznana Oseba", register.customers[point.customer] + " mlajši"])
            what = customer(name, point.customer)
        header = self._header("RegisterChange", register.operator, "DDM", at)
        day = local(at) + rng.choice([0, 0, 0, 0, 1]) * DAY
        return {
            "at": at.isoformat(),
            "do": "post",
            "name": header.number,
            "party": register.operator,
            "xml": change(header, self._point(point), day, what),
        }

    # What is done about a case

    def _of_case(self, case: Case | None) -> Step:
        rng = self._rng
        if case is None or case.point.index < 0:
            return self._later(do="pass")
        if rng.random() < 0.15:
            return self._wait_for(case)
        match case.state:
            case "doubt" | "hold" | "stuck":
                return self._before_approval(case)
            case "awaiting" | "review" | "over_review":
                return self._after_approval(case)
        return rng.choice([self._withdrawal, self._report, self._reading, self._decide])(case)

    def _wait_for(self, case: Case) -> Step:
        """To the very second before, at or after what falls due next."""
        due = case.due()
        if due is None or due[0] <= self._play.now:
            return self._later(do="pass")
        at = due[0] + self._rng.choice([-SECOND, timedelta(0), SECOND])
        return {"at": max(at, self._play.now).isoformat(), "do": "pass"}

    def _before_approval(self, case: Case) -> Step:
        rng = self._rng
        choice = rng.random()
        if choice < 0.35:
            return self._withdrawal(case)
        if choice < 0.75 and case.state != "hold":
            return self._decide(case)
        if choice < 0.8:
            return self._reading(case)
        return self._wait_for(case)

    def _after_approval(self, case: Case) -> Step:
        rng = self._rng
        if case.number in self._silent:
            return self._wait_for(case)
        choice = rng.random()
        if choice < 0.08:
            self._silent.add(case.number)
            return self._wait_for(case)
        if choice < 0.16:
            return self._withdrawal(case)
        if choice < 0.24:
            return self._report(case)
        if choice < 0.34 or (case.review is not None and choice < 0.7):
            return self._decide(case)
        return self._reading(case)

    def _decide(self, case: Case) -> Step:
        verb = self._rng.choice(
            ["approve", "approve", "reject"]
            if case.approved is None
            else ["accept-reading", "refuse-reading", "accept-reading", "site-inaccessible"]
        )
        codes = {"reject": ["SB:S01"], "refuse-reading": ["SB:S08"]}.get(verb, [])
        return self._later(do="decide", case=case.message, verb=verb, codes=codes)

    def _header(self, kind: str, sender: str, role: str, at: datetime) -> Header:
        operator = self._auditor.register.operator
        return Header(kind, self._name(), at.astimezone(LAW), sender, role, operator)

    def _letter(self, case: Case, header: Header, xml: str, at: datetime) -> Step:
        return {
            "at": at.isoformat(),
            "do": "post",
            "name": header.number,
            "party": header.sender,
            "case": case.message,
            "xml": xml,
        }

    def _soon(self) -> datetime:
        gap = max(SECOND, self._rng.expovariate(1.0) * self._pace)
        return (self._play.now + gap).replace(microsecond=0)

    def _point(self, point: Point) -> PointName:
        return PointName(point.number, point.site, self._auditor.register.area)

    def _withdrawal(self, case: Case) -> Step:
        at = self._soon()
        sender = case.request.sender
        if self._rng.random() < 0.1:
            sender = self._rng.choice(GOOD)
        role = "DDM" if sender == self._auditor.register.operator else "DDQ"
        header = self._header("Withdrawal", sender, role, at)
        return self._letter(case, header, withdrawal(header, self._point(case.point)), at)

    def _report(self, case: Case) -> Step:
        at = self._soon()
        if case.approved is not None and self._rng.random() < 0.4:
            calendar = self._auditor.calendar
            last = end(calendar.not_before_working(local(case.approved) + 5 * DAY))
            at = max(at, last + self._rng.choice([-SECOND, timedelta(0), 2 * SECOND]))
        news = [one.supplier for one in case.request.chosen]
        sender = self._rng.choice(GOOD) if self._rng.random() < 0.1 else news[0]
        header = self._header("InaccessibilityReport", sender, "DDQ", at)
        return self._letter(case, header, report(header, self._point(case.point)), at)

    def _reading(self, case: Case) -> Step:
        rng, point = self._rng, case.point
        at = self._moment(case)
        register = self._auditor.register
        news = [
            one.supplier for one in case.request.chosen if one.direction in case.judged.changes
        ] or [GOOD[0]]
        method = case.judged.method or "customer"
        if rng.random() < 0.08:
            method = rng.choice(["customer", "remote", "visit"])
        if method == "remote" and case.order > 1 and rng.random() < 0.3:
            method = "visit"
        sender, role, by = {
            "customer": (news[0], "DDQ", "2"),
            "remote": (register.metering_centre, "DDE", "3"),
            "visit": (register.operator, "DDM", "1"),
        }[method]
        if rng.random() < 0.04:
            sender, role = rng.choice(GOOD), "DDQ"
        taken = self._taken(case, at, remote=by == "3")
        meter = point.meter(local(taken))
        header = self._header("MeterReading", sender, role, at)
        reading = ReadingText(
            header=header,
            point=self._point(point),
            serial=meter.serial if meter else "NONE-1",
            taken=taken.astimezone(LAW),
            by=by,
            values=self._values(point, taken) if meter else {"1-0:1.8.0": "1"},
            reason="the house stood empty" if rng.random() < 0.3 else "",
            names_case=rng.random() < 0.85,
        )
        if rng.random() < 0.05:
            reading.serial += "9"
        if rng.random() < 0.05:
            reading.values.pop(next(iter(reading.values)))
            reading.values["1-0:1.8.3"] = "12"
        return self._letter(case, header, reading.xml(), at)

    def _moment(self, case: Case) -> datetime:
        """Soon, or when the reading can be taken, or at the very limits of the period."""
        rng, now, judged = self._rng, self._play.now, case.judged
        soon = self._soon()
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
