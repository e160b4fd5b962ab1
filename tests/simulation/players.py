"""Who plays: suppliers, customers, the metering centre, the operator's staff, the machine.

They choose by the seed what happens next: mostly what is right, often what is late, silent,
doubled, contradictory or wrong. They look at the auditor's model to know what there is to do.
"""

import random
import re
from datetime import datetime, timedelta

from tests.simulation.applicants import Applicants
from tests.simulation.audit.auditor import Auditor, Case
from tests.simulation.audit.facts import Point
from tests.simulation.audit.legal_days import DAY, LAW, local
from tests.simulation.clerks import SECOND, Clerks
from tests.simulation.letters import Header, PointName, change, customer
from tests.simulation.play import Play, Step, share_of

LEFT_OUT = frozenset({34, 36, 37, 56, 57, 58, 60})
"""Sample points that the rules leave open here: production never supplied, supply yet to begin or
to end by itself, meters exchanged where the average is from before."""
SAMPLE_POINTS = 64
_NUMBER = re.compile(r"(?<=>)\d{18}(?=<)")


class Players:
    """Chooses the steps of a play."""

    def __init__(self, play: Play, rng: random.Random, pace: timedelta) -> None:
        self._play = play
        self._auditor: Auditor = play.auditor
        self._rng = rng
        self._aside = random.Random(str(rng.getstate()))
        self._pace = pace
        self._count = 0
        self._applicants = Applicants(play.auditor, rng, self._name)
        self._clerks = Clerks(play, rng, pace, self._name)
        self._points = [
            one
            for one in self._auditor.register.by_index
            if one.index % SAMPLE_POINTS + 1 not in LEFT_OUT
        ]

    @property
    def requests(self) -> int:
        """How many requests and claims were made."""
        return self._applicants.requests

    def next_step(self) -> Step:
        """What happens next."""
        rng, clerks = self._rng, self._clerks
        if not self._play.world.is_up:
            return clerks.at(rng.random() * timedelta(hours=30), do="up")
        running = self._auditor.running
        choice = rng.random()
        if running and choice < 0.62:
            of_several = [
                one for one in running if one.state in ("collecting", "asked", "objected")
            ]
            step = self._of_case(
                rng.choice(of_several if rng.random() < 0.3 else running)
                if of_several
                else rng.choice(running)
            )
        elif choice < 0.66:
            step = clerks.step(rng.choice(list(self._auditor.cases.values()) or [None]))
        elif choice < 0.68 and (done := self._lately_carried_out()):
            step = clerks.correction(rng.choice(done))
        elif choice < 0.90:
            step = self._request_step()
        elif choice < 0.92:
            step = self._change()
        elif choice < 0.96 and self._play.sent:
            name = rng.choice(list(self._play.sent)[-40:])
            step = clerks.later(do=rng.choice(["again", "again", "otherwise"]), name=name)
        elif choice < 0.985:
            step = clerks.later(do=rng.choice(["kill", "restart", "down"]))
        else:
            step = clerks.later(do="pass")
        if step["do"] in ("post", "together") and rng.random() < 0.08:
            step["crash"] = self._crash()
        elif rng.random() < 0.03:
            step["sweep"] = self._crash()
        elif step["do"] == "post" and self._aside.random() < 0.25:
            step["late"] = True
        for one in step.get("messages", [step]):
            if "xml" in one:
                one["xml"] = _NUMBER.sub(self._by_share, one["xml"])
        return step

    def _by_share(self, number: re.Match[str]) -> str:
        """The metering point of a share by the case it was made in, for a play with fewer steps."""
        made = self._auditor.books.issued.get(number[0])
        return share_of(*made) if made else number[0]

    def _crash(self) -> Step:
        rng = self._rng
        crash: Step = {"statement": rng.choice([rng.randint(1, 12), rng.randint(1, 90), 9999])}
        if rng.random() < 0.4:
            crash["torn"] = round(rng.uniform(0.01, 1), 3)
        if rng.random() < 0.3:
            crash["stay"] = rng.choice([1, 10, 60, 600, 3000])
        return crash

    def _name(self) -> str:
        self._count += 1
        return f"S-{self._count:05d}"

    def _of_case(self, case: Case) -> Step:
        if case.state == "collecting" and self._rng.random() < 0.6:
            at = self._clerks.soon()
            if self._rng.random() < 0.1 and case.claims_end:
                at = max(at, case.claims_end + self._rng.choice([-SECOND, timedelta(0)]))
            claim = self._applicants.next_claim(case, at)
            return {"at": at.isoformat(), "do": "post", **claim}
        return self._clerks.step(case)

    def _lately_carried_out(self) -> list[Case]:
        """Switches that may still be put right, or just no more."""
        since = local(self._play.now) - 33 * DAY
        return [
            case
            for case in list(self._auditor.cases.values())[-60:]
            if case.carried_out and case.carried_out.taken_on >= since
        ]

    # Requests

    def _request_step(self) -> Step:
        rng = self._rng
        point = self._a_point()
        gap = max(SECOND, rng.expovariate(1.0) * self._pace)
        if rng.random() < 0.05:
            gap = timedelta(0)
        at = (self._play.now + gap).replace(microsecond=0) if gap else self._play.now
        if rng.random() < 0.05:
            messages = [self._request(point, at) for _ in range(rng.randint(2, 3))]
            return {"at": at.isoformat(), "do": "together", "messages": messages}
        copies = 3 if rng.random() < 0.03 else 1
        return {"at": at.isoformat(), "do": "post", "copies": copies, **self._request(point, at)}

    def _a_point(self) -> Point:
        """Any, or one where something is in progress, or the metering point of a share.

        Or one whose supplier pays for the network, which few do.
        """
        rng = self._rng
        paid = [one for one in self._points if one.payer != "customer"]
        if paid and self._aside.random() < 0.08:
            return self._aside.choice(paid)
        running = [one.point for one in self._auditor.running if one.point.index >= 0]
        choice = rng.random()
        if running and choice < 0.12:
            return rng.choice(running)
        if choice < 0.22:
            today = local(self._play.now)
            register = self._auditor.register
            shared = [
                one
                for one in list(register.points.values())[len(register.by_index) :]
                if one.suppliers("consumption", today)
            ]
            if shared:
                one = rng.choice(shared)
                return rng.choice([one, register.measuring(one)])
        return rng.choice(self._points)

    def _request(self, point: Point, at: datetime) -> dict[str, str]:
        choice = self._rng.random()
        if choice < 0.16:
            return self._applicants.first_claim(point, at)
        if choice < 0.28:
            return self._applicants.shared(point, at)
        return self._applicants.request(point, at)

    # The back office

    def _change(self) -> Step:
        """The back office reports that a point was (dis)connected, or its customer renamed."""
        rng, register = self._rng, self._auditor.register
        dividing = {
            one.point.delivery for one in self._auditor.running if one.division and one.approved
        }
        whole = [
            one
            for one in self._points
            if len(register.key(one)) == 1 and _undivided(one) and one.delivery not in dividing
        ]
        running = [one.point for one in self._auditor.running if one.point in whole]
        point = rng.choice(running if running and rng.random() < 0.6 else whole)
        at = self._clerks.soon()
        off = [one for one in whole if not one.connected and one.meters]
        if off and rng.random() < 0.4:
            point = rng.choice(off)
        what = f"<Connected>{'false' if point.connected else 'true'}</Connected>"
        if point.customer and rng.random() < 0.4:
            name = rng.choice(["Neznana Oseba", register.customers[point.customer] + " mlajši"])
            what = customer(name, point.customer)
        header = Header(
            "RegisterChange",
            self._name(),
            at.astimezone(LAW),
            register.operator,
            "DDM",
            register.operator,
        )
        day = local(at) + rng.choice([0, 0, 0, 0, 1]) * DAY
        named = PointName(point.number, point.site, register.area)
        return {
            "at": at.isoformat(),
            "do": "post",
            "name": header.number,
            "party": register.operator,
            "xml": change(header, named, day, what),
        }


def _undivided(point: Point) -> bool:
    """Whether one supplier has the whole, of which a change is told to it alone."""
    return all(one.share == 1 for one in point.supplies)
