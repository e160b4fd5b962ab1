"""The auditor: a second model of the rules, written from docs/rules.md and the schema alone.

It reads what goes in and what comes out as bytes, keeps its own register and its own cases, and
raises a Finding at the first thing that is not as the rules say. It imports nothing of the broker.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from lxml import etree

from tests.simulation import said
from tests.simulation.facts import Point, Reading, Register, Supply, day_of
from tests.simulation.legal_days import (
    DAY,
    LAW,
    Calendar,
    at_hour,
    end,
    end_of_month,
    local,
    midnight,
)
from tests.simulation.owed import Came, Debts, Finding, Owed
from tests.simulation.reading_rules import judge_reading, quantity
from tests.simulation.request_rules import ANY, Judged, judge

ENDED = frozenset({"completed", "failed", "rejected", "withdrawn"})
HOURS_24 = timedelta(hours=24)
_TIES = Decimal("0.5")


@dataclass(frozen=True)
class Settings:
    """What the operator has set (interpretations 2, 3)."""

    hour: time = time(22)
    hold_customer: int = 0
    hold_remote: int = 0
    one_off: tuple[date, ...] = ()


@dataclass
class Case:
    """A request, from receipt to its one outcome."""

    number: str
    request: said.Request
    message: str
    received: datetime
    point: Point
    state: str = "doubt"
    decide_at: datetime | None = None
    last_hour: datetime | None = None
    judged: Judged = field(default_factory=Judged)
    approved: datetime | None = None
    end_at: datetime | None = None
    order: int = 0
    order_at: datetime | None = None
    review: said.Reported | None = None
    review_at: datetime | None = None
    reported: bool = False
    outcome: str = ""

    @property
    def open(self) -> bool:
        """Whether it has no outcome yet."""
        return self.state not in ENDED

    def due(self) -> tuple[datetime, str] | None:
        """What falls due next."""
        timers = {
            "doubt": [(self.decide_at, "decide")],
            "hold": [(self.decide_at, "decide")],
            "awaiting": [(self.end_at, "end"), (self.order_at, "order")],
            "review": [(self.end_at, "end")],
            "over_review": [(self.review_at, "review")],
        }.get(self.state, [])
        return min(((at, what) for at, what in timers if at is not None), default=None)


class Auditor:
    """All that must be so, step after step."""

    def __init__(self, register: Register, settings: Settings) -> None:
        self.register = register
        self.settings = settings
        self.calendar = Calendar(settings.one_off)
        self.cases: dict[str, Case] = {}
        self.debts = Debts()
        self.answers: dict[tuple[str, str], tuple[bytes, bytes]] = {}
        self.seen: dict[tuple[str, str], bytes] = {}
        self._running: dict[str, Case] = {}
        self._names = {
            eic: (eic, party.name)
            for eic, party in register.parties.items()
            if eic not in (register.operator, register.metering_centre)
        }

    # Time

    def next_due(self) -> datetime | None:
        """The next instant at which something must happen by itself."""
        dues = [due[0] for case in self._running.values() if (due := case.due())]
        latest = self.debts.next_latest()
        return min([*dues, *([latest] if latest else [])], default=None)

    def reach(self, until: datetime, now: datetime, delivery: str | None = None) -> None:
        """What falls due until then happens, by the clock at which it is handled."""
        while True:
            dues = [
                (*due, case)
                for case in self._running.values()
                if (due := case.due())
                and due[0] <= until
                and (delivery is None or case.point.delivery == delivery)
            ]
            if not dues:
                return
            _, what, case = min(dues, key=lambda one: one[0])
            getattr(self, f"_reach_{what}")(case, now)

    def _reach_decide(self, case: Case, now: datetime) -> None:
        """Interpretations 2 and 3: the checks run again, and no ground means approval."""
        judged = self._judge(case, now)
        if case.state == "hold" and judged.doubt and not judged.must and case.last_hour:
            case.state, case.decide_at = "doubt", case.last_hour
        elif "SB:S17" in judged.must:
            case.decide_at = None
            case.state = "stuck"
        elif judged.must:
            self._reject(case, now, codes=judged)
        else:
            self._approve(case, judged, now)

    def _reach_order(self, case: Case, now: datetime) -> None:
        """Interpretation 14: ordered again, until the reading period ends."""
        assert case.end_at is not None
        if now >= case.end_at:
            case.order_at = None
            return
        self._order(case, now)

    def _reach_end(self, case: Case, now: datetime) -> None:
        """A26: the period ends without a valid reading; one under review waits for the operator."""
        if case.review is None:
            self._fail(case, "SB:S05", now)
            return
        case.state = "over_review"
        counted_from = max(case.judged.expected, case.judged.last)
        last = self.calendar.working_day_after(counted_from, 5)
        case.review_at = at_hour(last, self.settings.hour)

    def _reach_review(self, case: Case, now: datetime) -> None:
        self._fail(case, "SB:S08", now)

    # Messages

    def message(
        self, data: bytes, party: str, *, received: datetime, status: int, body: bytes
    ) -> str | None:
        """A message was answered; the case it opened, if it did. Raises Finding."""
        root = said.parse(data)
        key = (party, said.text(root, "Header/Identification"))
        if key in self.answers:
            return self._repeated(key, data, status, body)
        answer = said.parse(body)
        if status != 200 and not said.every(answer, "Finding"):
            raise Finding("answer without finding", f"{status} to {key}")
        at = datetime.fromisoformat(said.text(answer, "ReceivedAt"))
        if at != received:
            raise Finding("time of receipt", f"{at} where it was received {received}")
        came = said.codes(answer, "Finding/Code")
        expected, may = self._door(root, party)
        if not expected:
            expected, may = self._matter(root, received, status, answer, came)
        self._compare(key, expected, may, status, came)
        if status == 200:
            self.answers[key] = (data, body)
        return None

    def _repeated(self, key: tuple[str, str], data: bytes, status: int, body: bytes) -> None:
        first, answer = self.answers[key]
        if first != data:
            codes = said.codes(said.parse(body), "Finding/Code")
            self._compare(key, {"SB:T13"}, set(), status, codes, wanted_status=409)
        elif (status, body) != (200, answer):
            raise Finding("repeat gets another answer", f"{key}: {status}")

    def _compare(
        self,
        key: tuple[str, str],
        must: set[str],
        may: set[str],
        status: int,
        came: list[str],
        wanted_status: int | None = None,
    ) -> None:
        if wanted_status is None:
            wanted_status = (
                200 if not must else 403 if must & {"SB:T10", "SB:T11", "SB:T12"} else 422
            )
        if status != wanted_status:
            raise Finding("answer", f"{key} got {status} {came}, right is {wanted_status} {must}")
        if not must <= set(came) or ("*" not in may and not set(came) <= must | may):
            raise Finding("codes", f"{key} got {came}, right are {sorted(must)}")

    def _door(self, root: etree._Element, party: str) -> tuple[set[str], set[str]]:
        """Who may send what to whom; nothing where the matter is to be looked at."""
        if said.text(root, "Header/Sender/Identification") != party:
            return {"SB:T10"}, set()
        known = self.register.parties[party]
        role = said.text(root, "Header/Sender/Role")
        if not known.active:
            return {"SB:T11"}, set()
        may_send = {
            "SwitchRequest": ("DDQ", "DDM"),
            "Withdrawal": ("DDQ", "DDM"),
            "MeterReading": ("DDQ", "DDE", "DDM"),
            "InaccessibilityReport": ("DDQ",),
            "RegisterChange": ("DDM",),
        }
        if role not in known.roles or role not in may_send[said.kind(root)]:
            return {"SB:T12"}, set()
        if said.text(root, "Header/Recipient/Identification") != self.register.operator:
            return {"SB:T14"}, {"SB:T15"}
        return set(), set()

    def _matter(
        self,
        root: etree._Element,
        received: datetime,
        status: int,
        answer: etree._Element,
        came: list[str],
    ) -> tuple[set[str], set[str]]:
        kind = said.kind(root)
        point = self.register.points.get(said.text(root, "Point/AccountingPoint"))
        if point is not None:
            self.reach(received, received, point.delivery)
        if kind == "SwitchRequest":
            if status == 200:
                self._open(root, received, answer)
            return set(), set()
        if kind == "RegisterChange":
            return self._change(root, point, received, came)
        number = said.text(root, "CaseNumber")
        sender = said.text(root, "Header/Sender/Identification")
        case = self.cases.get(number)
        if kind == "MeterReading" and not number and point is not None:
            case = next(
                (one for one in self._running.values() if one.point is point and one.open), None
            )
        if case is None or not self._is_of(case, sender, kind):
            return {"260:E47"}, set()
        if point is not case.point or said.text(root, "Point/MeteringSite") != case.point.site:
            return {"260:E10"}, set(ANY)
        if kind == "Withdrawal":
            return self._withdraw(case, came, received), set()
        if kind == "InaccessibilityReport":
            return self._inaccessible(case, received), set()
        return self._reading(case, said.reading_of(root), received, came)

    def _is_of(self, case: Case, sender: str, kind: str) -> bool:
        """Whether a party may speak in the case."""
        if kind == "MeterReading" and sender in (
            self.register.operator,
            self.register.metering_centre,
        ):
            return True
        new = {one.supplier for one in case.request.chosen if one.direction in case.judged.changes}
        applicant = sender == case.request.sender
        if kind == "Withdrawal":
            return applicant
        return applicant or (case.approved is not None and sender in new)

    # The register

    def _change(
        self, root: etree._Element, point: Point | None, now: datetime, came: list[str]
    ) -> tuple[set[str], set[str]]:
        """D3, A32: entered at once, told to the point's suppliers; an open request is held against
        it again (A11, A1, A5).
        """
        assert point is not None
        day = said.day(said.text(root, "EffectiveOn"))
        connected, name = said.text(root, "Connected"), said.text(root, "Customer/Name")
        known = self.register.customers.get(point.customer, "")
        if day is None or day > local(now):
            return {"SB:S30"}, set(ANY)
        if (name and name == known) or (connected and (connected == "true") == point.connected):
            return {"SB:S31"}, set()
        if came == ["SB:S30"]:  # what came since is not followed here
            return {"SB:S30"}, set()
        if connected:
            point.connected = connected == "true"
        else:
            self.register.customers[point.customer] = name
        suppliers = [one.supplier for d in point.directions for one in point.suppliers(d, day)]
        for eic in dict.fromkeys(suppliers):
            self._owe_change(point, eic, "connection" if connected else "customer", day, now)
        for case in self.running:
            if case.point is point and case.approved is None:
                self._check_again(case, now)
        return set(), set()

    def _owe_change(self, point: Point, eic: str, what: str, day: date, now: datetime) -> None:
        """A32: what affects the network charge is told to the point's supplier within 8 days."""
        self.debts.owe(
            Owed(
                to=eic,
                kind="RegisterChangeNotice",
                case="",
                rule="A32",
                earliest=now,
                latest=end(local(now) + 8 * DAY),
                fields={
                    "Change": what,
                    "EffectiveOn": day.isoformat(),
                    "Point/AccountingPoint": point.number,
                },
            )
        )

    def _check_again(self, case: Case, now: datetime) -> None:
        judged = self._judge(case, now)
        if judged.must - {"SB:S17"}:
            self._reject(case, now, codes=judged)
        elif case.state == "doubt" and not judged.doubt and not judged.must:
            self._approve(case, judged, now)

    # Requests

    def _open(self, root: etree._Element, received: datetime, answer: etree._Element) -> None:
        request = said.request_of(root)
        number = said.text(answer, "Header/CaseNumber")
        if not number or number in self.cases:
            raise Finding("case number", f"{number!r} is none, or was given before")
        if request.served_on is not None:
            served = end(request.served_on) - timedelta(microseconds=1)
            received_for_law = min(received, served)
        else:
            received_for_law = received
        point = self.register.points.get(request.point)
        message = said.text(root, "Header/Identification")
        unknown = point if point is not None else _UNKNOWN
        case = Case(number, request, message, received_for_law, unknown)
        self.cases[number] = case
        if request.by_customer:
            self._owe_customer(
                case,
                "ReceiptConfirmation",
                "A10, A37",
                received,
                {"ReceivedOn": local(received_for_law).isoformat()},
            )
        judged = self._judge(case, received)
        case.judged = judged
        if judged.must:
            self._reject(case, received, codes=judged)
            return
        self._running[number] = case
        limit_day = self.calendar.working_day_after(local(received_for_law), 5)
        decide_at = at_hour(limit_day, self.settings.hour)
        case.last_hour = decide_at
        hold = self.settings.hold_remote if point and point.remote else self.settings.hold_customer
        if judged.doubt:
            case.decide_at = decide_at
        elif hold:
            case.state = "hold"
            case.decide_at = min(decide_at, received_for_law + timedelta(hours=hold))
        else:
            self._approve(case, judged, received)
            return
        self._check_deadline(answer, case.decide_at, end(limit_day))

    def _check_deadline(self, answer: etree._Element, decide_at: datetime, limit: datetime) -> None:
        """The acknowledgement tells the hour of decision; A12, A14: within the 5th working day."""
        told = [
            (said.text(one, "ActAt"), said.text(one, "Limit"))
            for one in said.every(answer, "Deadline")
        ]
        right = (decide_at, limit)
        if not any(
            datetime.fromisoformat(act_at) == right[0] and datetime.fromisoformat(last) <= right[1]
            for act_at, last in told
        ):
            raise Finding("deadline of the answer", f"{told} where {right} is right")

    def _judge(self, case: Case, now: datetime) -> Judged:
        others = [
            one
            for one in self._running.values()
            if one is not case and one.open and one.point.delivery == case.point.delivery
        ]
        return judge(
            case.request,
            self.register,
            received=local(case.received),
            today=local(now),
            in_progress=bool(others),
        )

    def _end(self, case: Case, outcome: str) -> None:
        if case.outcome:
            raise Finding("one outcome", f"case {case.number}: {case.outcome}, then {outcome}")
        case.state = case.outcome = outcome
        self._running.pop(case.number, None)

    def _reject(self, case: Case, now: datetime, *, codes: Judged) -> None:
        self._end(case, "rejected")

        def grounds(root: etree._Element) -> str:
            came = set(said.codes(root, "Ground/Code"))
            right = codes.must <= came and ("*" in codes.may or came <= codes.must | codes.may)
            return "" if right else f"grounds {sorted(came)}, right are {sorted(codes.must)}"

        self._owe_applicant(
            case,
            "RejectionNotice",
            "A14, A17",
            now,
            {"Point/AccountingPoint": case.request.point},
            [grounds],
        )

    def _approve(self, case: Case, judged: Judged, now: datetime) -> None:
        """A12, A15, A16, A18: everybody is told what the rule lists."""
        case.judged = judged
        case.approved = now
        case.state = "awaiting"
        case.decide_at = None
        case.end_at = end(judged.last)
        told = self._approval_fields(case, now)
        news = self._news(case)
        for eic in dict.fromkeys([case.request.sender, *news]):
            if eic == self.register.operator and case.request.by_customer:
                self._owe_customer(case, "ApprovalNotice", "A15, A37", now, told, _no_more_than_a15)
            else:
                self._owe(case, eic, "ApprovalNotice", "A12, A15", now, told)
        for eic in self._olds(case):
            self._owe(
                case,
                eic,
                "ApprovalNotice",
                "A12, A16",
                now,
                {
                    "OldSupply/Point/AccountingPoint": case.point.number,
                    "OldSupply/OldSupplier/Identification": eic,
                    "OldSupply/ExpectedDate": judged.expected.isoformat(),
                },
            )
        if judged.method == "remote":
            self._order(case, now)
        if judged.method == "visit":
            self._announce_visit(case, now)

    def _approval_fields(self, case: Case, now: datetime) -> dict[str, str]:
        judged, point = case.judged, case.point
        meter = point.meter(local(now))
        last = point.last_reading()
        return {
            "NewSupply/Point/AccountingPoint": point.number,
            "NewSupply/Point/MeteringSite": point.site,
            "NewSupply/NewSupplier/Identification": next(iter(self._news(case)), ""),
            "NewSupply/ExpectedDate": judged.expected.isoformat(),
            "NewSupply/ReadingMethod": judged.method,
            "NewSupply/ReadingPeriod/From": judged.first.isoformat(),
            "NewSupply/ReadingPeriod/To": judged.last.isoformat(),
            "NewSupply/SerialNumber": meter.serial if meter else "",
            "NewSupply/LastReading/TakenOn": day_of(last).isoformat() if last else "",
        }

    def _news(self, case: Case) -> list[str]:
        return list(
            dict.fromkeys(
                one.supplier for one in case.request.chosen if one.direction in case.judged.changes
            )
        )

    def _olds(self, case: Case) -> list[str]:
        return list(dict.fromkeys(old for olds in case.judged.changes.values() for old in olds))

    def _order(self, case: Case, now: datetime) -> None:
        """A19: ordered for 00:00 of the expected date, to be there within 24 hours.

        They run from the order, or from that midnight where the requested date is later
        (interpretation 2); no answer is due before there is anything to read.
        """
        case.order += 1
        read_for = midnight(case.judged.expected)
        later = case.request.wanted is not None and case.request.wanted > local(now)
        answer_by = now + HOURS_24
        if later or answer_by <= read_for:
            answer_by = read_for + HOURS_24
        case.order_at = answer_by
        meter = case.point.meter(local(now))
        self._owe(
            case,
            self.register.metering_centre,
            "ReadingOrder",
            "A19",
            now,
            {
                "SerialNumber": meter.serial if meter else "",
                "OrderNumber": str(case.order),
            },
            [_instant("ReadFor", read_for), _instant("AnswerBy", answer_by)],
        )

    def _announce_visit(self, case: Case, now: datetime) -> None:
        """A21: customer, old and new supplier, by the 3rd working day after approval."""
        latest = end(self.calendar.working_day_after(local(now), 3))
        fields = {"Point/AccountingPoint": case.point.number}
        for eic in dict.fromkeys([*self._news(case), *self._olds(case)]):
            self._owe(case, eic, "SiteVisitNotice", "A21", now, fields, latest=latest)
        self._owe_customer(case, "SiteVisitNotice", "A21", now, fields, latest=latest)

    def _withdraw(self, case: Case, came: list[str], now: datetime) -> set[str]:
        """A13: until the approval notice is issued."""
        if not case.open:
            return _either(came, "SB:S10", *(["SB:S09"] if case.approved else []))
        if case.approved:
            return {"SB:S09"}
        self._end(case, "withdrawn")
        self._owe_applicant(case, "WithdrawalConfirmation", "A13", now, {})
        return set()

    def _inaccessible(self, case: Case, now: datetime) -> set[str]:
        """A22: by the 5th calendar day after approval, moved to the next working day."""
        if not case.open:
            return {"SB:S10"}
        if case.approved is None:
            return {"SB:S12"}
        if case.state in ("review", "over_review"):
            return {"SB:S12"}
        if case.judged.method != "customer":
            return {"SB:S11"}
        last = self.calendar.not_before_working(local(case.approved) + 5 * DAY)
        if now >= end(last):
            return {"SB:S19"}
        case.judged.method = "visit"
        return set()

    # Readings

    def _reading(
        self, case: Case, reported: said.Reported, now: datetime, came: list[str]
    ) -> tuple[set[str], set[str]]:
        if not case.open:
            return {"SB:S10"}, set()
        if case.approved is None or case.state == "over_review":
            return _either(came, "SB:S06", "SB:S12"), set(ANY)
        if wrong_way := self._route(case, reported):
            return wrong_way, set(ANY)
        must: set[str] = set()
        judged = case.judged
        taken, today = local(reported.taken), local(now)
        if not judged.first <= taken <= judged.last or today > judged.last:
            must.add("SB:S06")
        at_midnight = reported.taken == midnight(taken)
        if judged.method == "remote" and reported.by == "3" and not at_midnight:
            must.add("SB:S06")
        if must:
            return must, set(ANY)
        verdict = judge_reading(case.point, reported, now=now)
        if verdict.codes and not verdict.unsure:
            of_another_meter = verdict.codes & {"260:E61", "260:E62"}
            return set(verdict.codes), set(ANY) if of_another_meter else set()
        review = verdict.review
        if verdict.unsure and not came:
            review = "review" in self.review_of(case.number)
        if verdict.unsure and came:
            return set(came), set()
        if review:
            if case.review is not None:
                return {"SB:S07"}, set()
            case.review = reported
            case.state = "review"
            return set(), set()
        self._carry_out(case, reported, now)
        return set(), set()

    review_of: Callable[[str], str] = staticmethod(lambda _: "")
    """What the service made of a reading where the rules leave it open: told by the play."""

    def _route(self, case: Case, reported: said.Reported) -> set[str]:
        """A19 to A22: who may bring the reading."""
        operator = reported.role == "DDM" and reported.by == "1"
        right = {
            "customer": reported.role == "DDQ" and reported.by == "2",
            "remote": (reported.role == "DDE" and reported.by == "3") or operator,
            "visit": operator,
        }[case.judged.method]
        return set() if right else {"SB:S11"}

    def _carry_out(self, case: Case, reported: said.Reported, now: datetime) -> None:
        """A24 to A28, A30, A32: register, completion, settlement, the notice of the change."""
        self._end(case, "completed")
        day = local(reported.taken)
        point = case.point
        opening = point.last_reading()
        if reported.by != "3":  # somebody was at the meter (A21)
            point.inaccessible_since = None
        news, olds = self._news(case), self._olds(case)
        for direction, former in case.judged.changes.items():
            self._switch(case, direction, former, day)
        before = self._paying(point, day - DAY)
        point.payer = case.request.payer
        payer_changes = before != self._paying(point, day)
        for eic in news:
            fields = {
                "NewSupply/SwitchDate": day.isoformat(),
                "NewSupply/NewSupplier/Identification": eic,
                "NewSupply/ObtainedBy": reported.by,
            }
            checks = [_registers("NewSupply/Register", reported)]
            self._owe(case, eic, "SwitchCompleted", "A28", now, fields, checks)
        for eic in olds:
            fields = {
                "OldSupply/SwitchDate": day.isoformat(),
                "OldSupply/OldSupplier/Identification": eic,
                "OldSupply/ObtainedBy": reported.by,
            }
            checks = [_registers("OldSupply/Register", reported)]
            self._owe(case, eic, "SwitchCompleted", "A28", now, fields, checks)
            self._owe(
                case,
                eic,
                "RegisterChangeNotice",
                "A32",
                now,
                {"Change": "supplier", "EffectiveOn": day.isoformat()},
                latest=end(local(now) + 8 * DAY),
            )
            self._owe_settlement(case, eic, reported, opening, now, payer_changes=payer_changes)
        if payer_changes and "consumption" not in case.judged.changes:
            for supply in point.suppliers("consumption", day):
                self._owe_settlement(case, supply.supplier, reported, opening, now, only_payer=True)
                self._owe_change(point, supply.supplier, "payer", day, now)
        self._owe(
            case,
            self.register.operator,
            "SwitchExecuted",
            "A27",
            now,
            {"SwitchDate": day.isoformat(), "NetworkChargePayer": case.request.payer},
        )
        point.readings.append(
            Reading(reported.serial, reported.taken, reported.by, reported.values)
        )

    def _paying(self, point: Point, day: date) -> str:
        """Who pays the network charge on a day (A34, A35): "supplier" is that of consumption."""
        if point.payer == "customer":
            return "customer"
        return "".join(one.supplier for one in point.suppliers("consumption", day))

    def _switch(self, case: Case, direction: str, former: list[str], day: date) -> None:
        """The old supplier's last day is the day before; the new one has no end (A27)."""
        point = case.point
        share = case.judged.shares[direction]
        for supply in point.suppliers(direction, day):
            if supply.supplier in former or share == 1:
                supply.until = day
        new = next(one.supplier for one in case.request.chosen if one.direction == direction)
        point.supplies.append(Supply(direction, new, share, day, None))

    def _owe_settlement(
        self,
        case: Case,
        eic: str,
        reported: said.Reported,
        opening: Reading | None,
        now: datetime,
        *,
        payer_changes: bool = False,
        only_payer: bool = False,
    ) -> None:
        """A24, A30, interpretation 10; H1: it opens where the period before closed."""
        day = local(reported.taken)
        point = case.point
        earliest = now
        if point.measured:
            month = end_of_month(day)
            earliest = max(now, end(month))
            latest = end(self.calendar.working_day_after(month, 5))
            latest = max(latest, now + timedelta(microseconds=1))
        else:
            latest = min(end(self.calendar.working_day_after(day, 5)), end(day + 8 * DAY))
            latest = max(latest, now + timedelta(microseconds=1))
        meter = point.meter(day)
        assert meter is not None
        own = {one for one, olds in case.judged.changes.items() if eic in olds}
        if only_payer:
            own = {"consumption"}
        shared = any(
            case.judged.shares.get(one, 1) != 1 or len(case.judged.changes.get(one, ())) > 1
            for one in own
        )

        def quantities(root: etree._Element) -> str:
            for node in said.every(root, "Register"):
                obis = said.text(node, "Obis")
                direction = "production" if ":2.8." in obis else "consumption"
                if direction not in own:
                    return f"{obis} is not of this supplier's directions"
                closing = Decimal(said.text(node, "Closing"))
                if closing != reported.values[obis]:
                    return f"{obis} closes at {closing}, read was {reported.values[obis]}"
                if opening is None or opening.serial != reported.serial or shared:
                    continue
                if Decimal(said.text(node, "Opening") or -1) != opening.values[obis]:
                    return f"{obis} opens otherwise than the last reading"
                register = meter.registers[obis]
                exact = quantity(
                    closing, opening.values[obis], register.digits, register.multiplier
                )
                whole = exact.quantize(Decimal(1), ROUND_HALF_UP)
                told = Decimal(said.text(node, "Quantity") or -1)
                if told != whole and exact % 1 != _TIES:
                    return f"{obis}: {told} kWh, right is {whole}"
            return ""

        reason = "11" if only_payer else "14" if payer_changes and "consumption" in own else "16"
        self.debts.owe(
            Owed(
                to=eic,
                kind="FinalSettlement",
                case="" if only_payer else case.number,
                rule="A24, A30",
                earliest=earliest,
                latest=latest,
                checks=[quantities],
                fields={
                    "Period/Until": day.isoformat(),
                    "Reason": reason,
                    "ObtainedBy": reported.by,
                    "OldSupplier/Identification": "" if only_payer else eic,
                },
            )
        )

    def _fail(self, case: Case, ground: str, now: datetime) -> None:
        """A29: applicant, old and new supplier."""
        self._end(case, "failed")
        fields = {"Point/AccountingPoint": case.point.number}

        def check(root: etree._Element) -> str:
            came = said.codes(root, "Ground/Code")
            remedies = bool(said.text(root, "LegalRemedies"))
            customer = bool(said.every(root, "Header/DeliverToCustomer"))
            if came != [ground]:
                return f"ground {came}, right is {ground}"
            return "" if remedies == customer else "legal remedies are the customer's alone (A37)"

        parties = [] if case.request.by_customer else [case.request.sender]
        for eic in dict.fromkeys([*parties, *self._news(case), *self._olds(case)]):
            self._owe(case, eic, "SwitchFailed", "A29", now, fields, [check])
        if case.request.by_customer:
            self._owe_customer(case, "SwitchFailed", "A29, A37", now, fields, [check])
        self.debts.cancel(case.number, "SiteVisitNotice")

    # The operator

    def decided(self, number: str, verb: str, codes: list[str], now: datetime) -> None:
        """The operator decided, and `codes` say what speaks against it."""
        case = self.cases[number]
        self.reach(now, now, case.point.delivery)
        must = self._decide(case, verb, now)
        if must is None:
            return
        if bool(must) != bool(codes) or not must <= set(codes):
            raise Finding("decision", f"{verb} of {number}: {codes}, right are {sorted(must)}")

    def _decide(self, case: Case, verb: str, now: datetime) -> set[str] | None:
        if not case.open:
            return {"SB:S10"}
        if verb in ("approve", "reject"):
            if case.state not in ("doubt", "hold", "stuck"):
                return {"SB:S12"}
            if verb == "reject":
                self._reject(case, now, codes=Judged(must={"SB:S01"}))
                return set()
            judged = self._judge(case, now)
            if judged.must:
                return judged.must
            self._approve(case, judged, now)
            return set()
        if verb == "site-inaccessible":
            if case.approved is None or case.judged.method != "visit" or case.review:
                return {"SB:S12"} if case.state != "review" else None
            self._fail(case, "SB:S14", now)
            return set()
        if case.review is None:
            return {"SB:S12"}
        reading, case.review = case.review, None
        if verb == "accept-reading":
            self._carry_out(case, reading, now)
            return set()
        self._owe(
            case,
            reading.sender,
            "ReadingRejection",
            "A26",
            now,
            {"TakenOn": local(reading.taken).isoformat()},
        )
        if case.state == "over_review":
            self._fail(case, "SB:S08", now)
        else:
            case.state = "awaiting"
            if case.judged.method == "remote":
                self._order(case, now)
        return set()

    # Documents

    def _owe(
        self,
        case: Case,
        eic: str,
        kind: str,
        rule: str,
        earliest: datetime,
        fields: dict[str, str],
        checks: list | None = None,
        *,
        latest: datetime | None = None,
        customer: bool = False,
    ) -> None:
        self.debts.owe(
            Owed(
                to=eic,
                kind=kind,
                case=case.number,
                rule=rule,
                earliest=earliest,
                latest=latest or earliest,
                customer=customer,
                fields=fields,
                checks=checks or [],
            )
        )

    def _owe_customer(
        self,
        case: Case,
        kind: str,
        rule: str,
        at: datetime,
        fields: dict[str, str],
        checks: list | None = None,
        *,
        latest: datetime | None = None,
    ) -> None:
        self._owe(
            case,
            self.register.operator,
            kind,
            rule,
            at,
            fields,
            checks,
            latest=latest,
            customer=True,
        )

    def _owe_applicant(
        self,
        case: Case,
        kind: str,
        rule: str,
        at: datetime,
        fields: dict[str, str],
        checks: list | None = None,
    ) -> None:
        if case.request.by_customer:
            self._owe_customer(case, kind, f"{rule}, A37", at, fields, checks)
        else:
            self._owe(case, case.request.sender, kind, rule, at, fields, checks)

    def documents(
        self, new: Sequence[Came], now: datetime, *, also: datetime | None = None
    ) -> None:
        """What came into the mailboxes in this step: each owed, each to whom it is. Raises."""
        for came in new:
            key = (came.to, came.number)
            if key in self.seen:
                if self.seen[key] != came.content:
                    raise Finding("document changed", f"{key}")
                continue
            self.seen[key] = came.content
            if datetime.fromisoformat(said.text(came.root, "Header/Creation")) not in (now, also):
                raise Finding("day of the notice", f"{came.kind} is dated otherwise than {now}")
            self._secrecy(came)
            self.debts.settle(came, now)
        self.debts.overdue(now)

    def _secrecy(self, came: Came) -> None:
        """A16, interpretation 9: no supplier is told of another, nor of its contract."""
        if came.to == self.register.operator or came.kind == "RejectionNotice":
            return
        told = came.content.decode()
        for eic, names in self._names.items():
            if eic != came.to and any(name in told for name in names):
                raise Finding("secrecy", f"{came.kind} to {came.to} names {eic}")
        case = self.cases.get(said.text(came.root, "Header/CaseNumber"))
        if case is not None:
            for one in case.request.chosen:
                if one.contract and one.contract.reference in told:
                    raise Finding("secrecy", f"{came.kind} to {came.to} shows a contract")

    def supplies(self, on_record: dict[str, list[tuple[str, str, str, str, str]]]) -> None:
        """The register's history is the one the rules give: no gap, no overlap. Raises Finding."""
        for number, point in self.register.points.items():
            right = sorted(
                (
                    one.direction,
                    one.supplier,
                    str(one.share.normalize()),
                    one.since.isoformat(),
                    one.until.isoformat() if one.until else "",
                )
                for one in point.supplies
                if one.until is None or one.since < one.until
            )
            came = sorted(on_record.get(number, []))
            if came != right:
                raise Finding("register", f"{number}: {came}, right is {right}")

    def two_at_once(self) -> None:
        """Never two cases in progress at one delivery point (A7). Raises Finding."""
        deliveries = [one.point.delivery for one in self._running.values() if one.open]
        if len(deliveries) != len(set(deliveries)):
            raise Finding("two cases at one delivery point", str(deliveries))

    @property
    def running(self) -> list[Case]:
        """The cases in progress."""
        return list(self._running.values())


_UNKNOWN = Point("", -1, "", "", "", frozenset(), False, False, False, "", False, None)
_no_more_than_a15: list = []


def _either(came: list[str], *codes: str) -> set[str]:
    """Where several codes say it, the one that came."""
    return {next((code for code in codes if code in came), codes[0])}


def _instant(path: str, right: datetime):
    def check(root: etree._Element) -> str:
        came = datetime.fromisoformat(said.text(root, path))
        return "" if came == right else f"{path} is {came.astimezone(LAW)}, right is {right}"

    return check


def _registers(path: str, reported: said.Reported):
    def check(root: etree._Element) -> str:
        came = said.values(root, path)
        wrong = {obis for obis, value in came.items() if reported.values.get(obis) != value}
        return f"values of {sorted(wrong)}" if wrong or not came else ""

    return check
