"""The auditor: a second model of the rules, written from docs/rules.md and the schema alone.

It reads what goes in and what comes out as bytes, keeps its own register and its own cases, and
raises a Finding at the first thing that is not as the rules say. It imports nothing of the broker.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from lxml import etree

from tests.simulation.audit import (
    changes,
    claims,
    confirmation,
    corrections,
    readings,
    requests,
    said,
)
from tests.simulation.audit.approval import approve
from tests.simulation.audit.books import Books, Case, Settings, either
from tests.simulation.audit.facts import Point, Register
from tests.simulation.audit.owed import Came, Finding
from tests.simulation.audit.request_rules import ANY

__all__ = ["Auditor", "Case", "Settings"]

MAY_SEND = {
    "SwitchRequest": ("DDQ", "DDM"),
    "ShareClaim": ("DDQ",),
    "SharedSupplyRequest": ("DDM",),
    "SupplyConfirmation": ("DDQ",),
    "Objection": ("DDQ",),
    "Withdrawal": ("DDQ", "DDM"),
    "MeterReading": ("DDQ", "DDE", "DDM"),
    "InaccessibilityReport": ("DDQ",),
    "RegisterChange": ("DDM",),
    "Correction": ("DDM",),
}
OPENS = {
    "SwitchRequest": requests.open_request,
    "ShareClaim": claims.open_claim,
    "SharedSupplyRequest": confirmation.open_shared,
}
REACH: dict[str, Callable[[Books, Case, datetime], None]] = {
    "decide": requests.reach_decide,
    "claims_over": claims.reach_claims_over,
    "answers_over": confirmation.reach_answers_over,
    "objections_over": confirmation.reach_objections_over,
    "order": readings.reach_order,
    "end": readings.reach_end,
    "review": readings.reach_review,
}


class Auditor:
    """All that must be so, step after step."""

    def __init__(self, register: Register, settings: Settings) -> None:
        self.books = Books(register, settings)
        self.register = register
        self.settings = settings
        self.calendar = self.books.calendar
        self.cases = self.books.cases
        self.debts = self.books.debts
        self.answers: dict[tuple[str, str], tuple[bytes, bytes]] = {}
        self.seen: dict[tuple[str, str], bytes] = {}
        self.review_of: Callable[[str], str] = lambda _: ""
        """What the service made of a reading where the rules leave it open: told by the play."""
        self._names = {
            eic: (eic, party.name)
            for eic, party in register.parties.items()
            if eic not in (register.operator, register.metering_centre)
        }

    @property
    def running(self) -> list[Case]:
        """The cases in progress."""
        return list(self.books.running.values())

    # Time

    def next_due(self) -> datetime | None:
        """The next instant at which something must happen by itself."""
        dues = [due[0] for case in self.books.running.values() if (due := case.due())]
        latest = self.debts.next_latest()
        return min([*dues, *([latest] if latest else [])], default=None)

    def reach(self, until: datetime, now: datetime, delivery: str | None = None) -> None:
        """What falls due until then happens, by the clock at which it is handled."""
        while True:
            dues = [
                (*due, case)
                for case in self.books.running.values()
                if (due := case.due())
                and due[0] <= until
                and (delivery is None or case.point.delivery == delivery)
            ]
            if not dues:
                return
            _, what, case = min(dues, key=lambda one: one[0])
            REACH[what](self.books, case, now)

    # Messages

    def message(
        self, data: bytes, party: str, *, received: datetime, status: int, body: bytes
    ) -> None:
        """A message was answered. Raises Finding."""
        root = said.parse(data)
        key = (party, said.text(root, "Header/Identification"))
        if key in self.answers:
            self._repeated(key, data, status, body)
            return
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
        _compare(key, expected, may, status, came)
        if status == 200:
            self.answers[key] = (data, body)

    def _repeated(self, key: tuple[str, str], data: bytes, status: int, body: bytes) -> None:
        first, answer = self.answers[key]
        if first != data:
            codes = said.codes(said.parse(body), "Finding/Code")
            _compare(key, {"SB:T13"}, set(), status, codes, wanted_status=409)
        elif (status, body) != (200, answer):
            raise Finding("repeat gets another answer", f"{key}: {status}")

    def _door(self, root: etree._Element, party: str) -> tuple[set[str], set[str]]:
        """Who may send what to whom; nothing where the matter is to be looked at."""
        if said.text(root, "Header/Sender/Identification") != party:
            return {"SB:T10"}, set()
        known = self.register.parties[party]
        role = said.text(root, "Header/Sender/Role")
        if not known.active:
            return {"SB:T11"}, set()
        if role not in known.roles or role not in MAY_SEND[said.kind(root)]:
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
        if kind in OPENS:
            if status == 200:
                self._open(kind, root, received, answer)
            return set(), set()
        if kind == "RegisterChange":
            assert point is not None
            return changes.changed(self.books, root, point, received, came)
        if kind == "Correction":
            return corrections.corrected(self.books, root, answer, came, received)
        case = self._case_of(root, kind, point)
        sender = said.text(root, "Header/Sender/Identification")
        if case is None or not self._is_of(case, sender, kind):
            knows = case is not None and sender in case.told and case.chosen(sender)
            # Who was told of the case may be told why it cannot speak in it.
            others = ("SB:S10", "SB:S12", "SB:S06") if knows else ()
            return either(came, "260:E47", *others), set()
        if point is None or point.delivery != case.point.delivery:
            self.reach(received, received, case.point.delivery)
        if not self._names_point(case, sender, kind, root):
            # Where the case stands may be said before the point is looked at.
            stands = [] if case.open else ["SB:S10"]
            if kind == "InaccessibilityReport" and readings.not_to_be_read_now(case):
                stands.append("SB:S12")
            if kind == "MeterReading" and (case.approved is None or case.state == "over_review"):
                stands += ["SB:S06", "SB:S12"]
            return either(came, "260:E10", *stands), set(ANY)
        return self._about(case, kind, root, received, came)

    def _open(
        self, kind: str, root: etree._Element, received: datetime, answer: etree._Element
    ) -> None:
        case = OPENS[kind](self.books, root, received, answer)
        if kind == "SwitchRequest" and case.state == "asked":
            confirmation.ask(self.books, case, received, answer)

    def _about(
        self, case: Case, kind: str, root: etree._Element, received: datetime, came: list[str]
    ) -> tuple[set[str], set[str]]:
        """A message of a party of the case, which names its point."""
        sender = said.text(root, "Header/Sender/Identification")
        if kind == "Withdrawal":
            take_back = claims.withdraw_claim if case.way == "claims" else requests.withdraw
            return take_back(self.books, case, sender, came, received), set()
        if kind in ("SupplyConfirmation", "Objection"):
            return confirmation.answered(self.books, case, root, came, received), set()
        if kind == "InaccessibilityReport":
            return readings.inaccessible(self.books, case, received), set()
        return readings.reading_came(
            self.books,
            case,
            said.reading_of(root),
            received,
            came,
            under_review=lambda: "review" in self.review_of(case.number),
        )

    def _case_of(self, root: etree._Element, kind: str, point: Point | None) -> Case | None:
        """The case a message names; a reading without a number is for the one in progress."""
        number = said.text(root, "CaseNumber")
        if kind == "MeterReading" and not number and point is not None:
            return next(
                (
                    one
                    for one in self.books.at_delivery(point.delivery)
                    if one.point is point
                    or (one.division and point.measured_at == one.meter_at.number)
                ),
                None,
            )
        return self.cases.get(number)

    def _is_of(self, case: Case, sender: str, kind: str) -> bool:
        """Whether a party may speak in the case."""
        if kind == "MeterReading" and sender in (
            self.register.operator,
            self.register.metering_centre,
        ):
            return True
        if kind in ("SupplyConfirmation", "Objection"):
            return sender in case.asked
        applicant = (
            sender == self.register.operator
            if case.first.request.by_customer
            else case.application_of(sender) is not None
        )
        if kind == "Withdrawal":
            return applicant
        return applicant or (case.approved is not None and sender in case.news)

    def _names_point(self, case: Case, sender: str, kind: str, root: etree._Element) -> bool:
        """Whether a message names the point of the case, or its sender's own in a division."""
        number = said.text(root, "Point/AccountingPoint")
        if said.text(root, "Point/MeteringSite") != case.point.site:
            return False
        own = case.application_of(sender)
        right = {case.point.number if own is None else own.point.number}
        if case.division and kind != "Withdrawal":
            right |= {case.meter_at.number, case.numbers.get(sender, "")}
        return number in right

    # The operator

    def decided(self, number: str, step: dict[str, str], came: list[str], now: datetime) -> None:
        """The operator decided, and `came` is what speaks against it. Raises Finding."""
        case = self.cases[number]
        self.reach(now, now, case.point.delivery)
        must = self._decide(case, step, now)
        if must is None:
            return
        if bool(must) != bool(came) or not must <= set(came):
            verb = step["verb"]
            raise Finding("decision", f"{verb} of {number}: {came}, right are {sorted(must)}")

    def _decide(self, case: Case, step: dict[str, str], now: datetime) -> set[str] | None:
        if not case.open:
            return {"SB:S10"}
        match step["verb"]:
            case "approve" | "reject" if case.state not in ("doubt", "hold", "stuck"):
                return {"SB:S12"}
            case "reject":
                requests.reject_with(self.books, case, {"SB:S01"}, now)
                return set()
            case "approve":
                judged = requests.judge_case(self.books, case, now)
                if not judged.must:
                    approve(self.books, case, judged, now)
                return judged.must
            case "dismiss-objections":
                return confirmation.dismiss(self.books, case, step["why"], now)
            case "uphold-objection":
                return confirmation.uphold(self.books, case, step["objector"], now)
            case "site-inaccessible":
                return readings.site_inaccessible(self.books, case, now)
            case "accept-reading":
                return readings.accept(self.books, case, now)
            case _:
                return readings.refuse(self.books, case, now)

    # Documents

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
            self.books.came[key] = (came.kind, said.text(came.root, "Header/CaseNumber"))
            if datetime.fromisoformat(said.text(came.root, "Header/Creation")) not in (now, also):
                raise Finding("day of the notice", f"{came.kind} is dated otherwise than {now}")
            self._secrecy(came)
            self.debts.settle(came, now)
        self.debts.overdue(now)

    def _secrecy(self, came: Came) -> None:
        """A16, interpretation 9: no supplier is told of another, nor of its contract."""
        if came.to == self.register.operator:
            return
        case = self.cases.get(said.text(came.root, "Header/CaseNumber"))
        applications = [case.first, *case.applications] if case else []
        own = {
            one.supplier
            for application in applications
            if application.request.sender == came.to and came.kind == "RejectionNotice"
            for one in application.request.chosen
        }
        told = came.content.decode()
        for eic, names in self._names.items():
            if eic not in (came.to, *own) and any(name in told for name in names):
                raise Finding("secrecy", f"{came.kind} to {came.to} names {eic}")
        for application in applications:
            for one in application.request.chosen:
                may = came.kind == "SupplyConfirmationInvitation" and one.supplier == came.to
                if one.contract and one.contract.reference in told and not may:
                    raise Finding("secrecy", f"{came.kind} to {came.to} shows a contract")

    # The register

    def supplies(
        self, on_record: dict[str, list[tuple[str, str, str, str, str]]], *, touched: bool = False
    ) -> None:
        """The register's history is the one the rules give: no gap, no overlap. Raises Finding."""
        points = self.register.points
        for number in sorted(self.books.touched) if touched else list(points):
            right = sorted(
                (
                    one.direction,
                    one.supplier,
                    str(one.share.normalize()),
                    one.since.isoformat(),
                    one.until.isoformat() if one.until else "",
                )
                for one in points[number].supplies
                if one.until is None or one.since < one.until
            )
            came = sorted(on_record.get(number, []))
            if came != right:
                raise Finding("register", f"{number}: {came}, right is {right}")
        self.books.touched.clear()

    def two_at_once(self) -> None:
        """Never two cases in progress at one delivery point (A7). Raises Finding."""
        deliveries = [one.point.delivery for one in self.books.running.values() if one.open]
        if len(deliveries) != len(set(deliveries)):
            raise Finding("two cases at one delivery point", str(deliveries))


def _compare(
    key: tuple[str, str],
    must: set[str],
    may: set[str],
    status: int,
    came: list[str],
    wanted_status: int | None = None,
) -> None:
    if wanted_status is None:
        at_the_door = must & {"SB:T10", "SB:T11", "SB:T12"}
        wanted_status = 200 if not must else 403 if at_the_door else 422
    if status != wanted_status:
        raise Finding("answer", f"{key} got {status} {came}, right is {wanted_status} {must}")
    if not must <= set(came) or ("*" not in may and not set(came) <= must | may):
        raise Finding("codes", f"{key} got {came}, right are {sorted(must)}")
