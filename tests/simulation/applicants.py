"""What suppliers and customers apply for: mostly right, often wrong in one thing."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from tests.simulation.audit.auditor import Auditor, Case
from tests.simulation.audit.facts import Held, Point
from tests.simulation.audit.legal_days import DAY, LAW, local
from tests.simulation.letters import ChosenText, ContractText, Header, PointName, RequestText

NORTH, SOUTH, SUN, EAST = (
    "28XSEVER-ENERGI8",
    "28XJUG-ELEKTRIKB",
    "28XSONCNA-ODDAJ9",
    "28XVZHOD-DOBAVAQ",
)
INACTIVE, NO_GROUP = "28XZAHOD-NEAKTIY", "28XBREZ-SKUPINES"
GOOD = (NORTH, SOUTH, SUN, EAST)
DIVISIONS = (
    ("0.6", "0.4"),
    ("0.5", "0.5"),
    ("0.25", "0.75"),
    ("0.333333", "0.666667"),
    ("0.333333", "0.333333", "0.333334"),
    ("0.25", "0.25", "0.5"),
    ("0.1", "0.2", "0.3", "0.4"),
)
NOT_ONE = (("0.6", "0.399999"), ("0.333333", "0.333333", "0.333333"), ("0.6", "0.5"))
SPOILT = (
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
)


class Applicants:
    """Writes requests, claims, and requests for several suppliers."""

    def __init__(self, auditor: Auditor, rng: random.Random, name: Callable[[], str]) -> None:
        self._auditor = auditor
        self._rng = rng
        self._name = name
        self.requests = 0

    def request(self, point: Point, at: datetime) -> dict[str, str]:
        """A switch request for one point."""
        rng = self._rng
        today = local(at)
        by_customer = rng.random() < 0.2
        supplier = rng.choice(GOOD if rng.random() < 0.96 else (INACTIVE, NO_GROUP))
        present = {
            d: self._auditor.register.present(point, d, today) for d in sorted(point.directions)
        }
        if supplier in _suppliers(present) and rng.random() < 0.85:
            others = [one for one in GOOD if one not in _suppliers(present)]
            supplier = rng.choice(others or [one for one in GOOD if one != supplier])
        request = self._empty("SwitchRequest", point, at, "" if by_customer else supplier)
        self._choose(request, point, supplier, present, today)
        if supplier == NORTH and rng.random() < 0.3:
            request.payer, request.consent = "supplier", today - 3 * DAY
        return self._sent(request, today, rng.choice(SPOILT))

    def claim(self, point: Point, at: datetime, supplier: str, share: str) -> dict[str, str]:
        """A supplier's claim of its share."""
        request = self._empty("ShareClaim", point, at, supplier)
        request.chosen = [self._chosen(request, point, "consumption", supplier, share, local(at))]
        spoil = self._rng.choice([one for one in SPOILT if one not in ("served", "directions")])
        return self._sent(request, local(at), spoil)

    def shared(self, point: Point, at: datetime) -> dict[str, str]:
        """A customer's request for several suppliers."""
        rng = self._rng
        shares = rng.choice(DIVISIONS if rng.random() < 0.85 else NOT_ONE)
        suppliers = rng.sample(GOOD, len(shares))
        if rng.random() < 0.04:
            suppliers[0] = rng.choice((INACTIVE, NO_GROUP))
        request = self._empty("SharedSupplyRequest", point, at, "")
        request.chosen = [
            self._chosen(request, point, "consumption", eic, share, local(at))
            for eic, share in zip(suppliers, shares, strict=True)
        ]
        spoil = rng.choice([one for one in SPOILT if one not in ("authorised", "directions")])
        return self._sent(request, local(at), spoil)

    def first_claim(self, point: Point, at: datetime) -> dict[str, str]:
        """What opens a collection."""
        rng = self._rng
        supplier = rng.choice(GOOD if rng.random() < 0.96 else (INACTIVE, NO_GROUP))
        share = rng.choice([*rng.choice(DIVISIONS), "1" if rng.random() < 0.3 else "0.5"])
        return self.claim(point, at, supplier, share)

    def next_claim(self, case: Case, at: datetime) -> dict[str, str]:
        """What mostly completes a collection, and sometimes leaves it short, or goes beyond."""
        rng = self._rng
        rest = 1 - sum((one.request.chosen[0].share or Decimal(0)) for one in case.applications)
        claimed = [one.request.sender for one in case.applications]
        others = [one for one in GOOD if one not in claimed]
        supplier = rng.choice(others or GOOD) if rng.random() < 0.93 else rng.choice(claimed)
        share = rest if rest > 0 and rng.random() < 0.75 else Decimal(rng.choice(["0.1", "0.25"]))
        if rng.random() < 0.06 and share > Decimal("0.000001"):
            share -= Decimal("0.000001")
        point = case.point
        if rng.random() < 0.3:
            beside = [one for one in self._auditor.register.key(point) if one.index >= 0]
            point = rng.choice(beside or [point])
        return self.claim(point, at, supplier, str(share.normalize()))

    # Parts

    def _empty(self, kind: str, point: Point, at: datetime, supplier: str) -> RequestText:
        """A request without chosen suppliers; the customer's own where it is nobody's else."""
        rng, register = self._rng, self._auditor.register
        today = local(at)
        customer = point.customer or "12345679"
        return RequestText(
            header=Header(
                kind,
                self._name(),
                at.astimezone(LAW),
                supplier or register.operator,
                "DDQ" if supplier else "DDM",
                register.operator,
            ),
            point=PointName(point.number, point.site, register.area, point.site_gsrn),
            name=register.customers[customer],
            tax=customer,
            authorised=today - rng.randint(0, 300) * DAY if supplier else None,
            served=None if supplier else self._served(today),
            wanted=self._wanted(today),
        )

    def _sent(self, request: RequestText, today: date, spoil: str) -> dict[str, str]:
        self.requests += 1
        if self._rng.random() < 0.3:
            self._spoil(request, today, spoil)
        sender = request.header.sender
        return {"name": request.header.number, "party": sender, "xml": request.xml()}

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
        present: dict[str, list[Held]],
        today: date,
    ) -> None:
        rng = self._rng
        both = rng.random() < 0.6 or point.self_supply
        for direction, now in present.items():
            chosen = supplier
            if direction == "production" and not both and now:
                chosen = now[0].supply.supplier
                if not request.authorised:
                    chosen = rng.choice(GOOD)
            share = self._share(point, direction, now)
            changes = chosen not in [one.supply.supplier for one in now] or len(now) > 1
            one = self._chosen(request, point, direction, chosen, share, today)
            if not changes:
                one.contract = None
            request.chosen.append(one)

    def _share(self, point: Point, direction: str, now: list[Held]) -> str:
        rng = self._rng
        if direction == "production":
            return ""
        if len(now) > 1:
            shares = [str(one.supply.share) for one in now if one.point is point]
            own = [one for one in shares if shares.count(one) == 1]
            near = str(now[0].supply.share + Decimal("0.000001"))
            if own and len(point.directions) == 1:
                return rng.choice([*own, *own, *own, "1", "1", "0.123456", near])
            return rng.choice(["1", "1", "1", "0.123456"])
        if rng.random() < 0.05:
            return rng.choice(["1", "0.5", "0.999999"])
        return ""

    def _chosen(
        self,
        request: RequestText,
        point: Point,
        direction: str,
        supplier: str,
        share: str,
        today: date,
    ) -> ChosenText:
        rng = self._rng
        contract = ContractText(
            reference=f"P-{request.header.number}-{supplier[3:6]}-{direction[0]}",
            customer=request.name,
            tax=request.tax,
            supplier=supplier,
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
        if request.header.kind == "ShareClaim" and rng.random() < 0.1:
            contract.until = today + rng.randint(1, 8) * DAY  # over before the others claim
        name = self._auditor.register.parties[supplier].name
        return ChosenText(direction, supplier, name, share, contract)

    def _spoil(self, request: RequestText, today: date, what: str) -> None:
        """One thing is wrong, or open."""
        rng = self._rng
        contracts = [one.contract for one in request.chosen if one.contract]
        match what:
            case "name":
                request.name = "Neznana Oseba"
                number = int(request.header.number[-3:])
                for contract in contracts:
                    contract.customer = request.name
                    if number % 2:  # over before the operator has to decide
                        contract.until = today + (1 + number % 8) * DAY
                        contract.since = min(contract.since, contract.until)
            case "spaces":
                request.name = request.name.upper().replace(" ", "  ") + "."
            case "tax":
                request.tax = "12345687" if request.tax != "12345687" else "12345679"
                for contract in contracts:
                    contract.tax = request.tax
            case "wanted":
                request.wanted = today - rng.randint(1, 9) * DAY
            case "late":
                request.wanted = today + rng.randint(182, 190) * DAY
            case "site":
                request.point = replace(request.point, site="7-0000099", site_gsrn="")
            case "area":
                request.point = replace(request.point, area="8")
            case "contract" if contracts:
                contracts[0].tax = "12345695"
            case "unsigned" if contracts:
                contracts[0].signed = today + DAY
            case "payer":
                request.payer = "supplier"
                request.consent = None if rng.random() < 0.5 else today - 3 * DAY
            case "directions":
                self._other_directions(request)
            case "self_supply" if contracts and len(request.chosen) > 1:
                contracts[0].self_supply = not contracts[0].self_supply
            case "authorised" if request.authorised:
                request.authorised = today + DAY
            case _:
                pass

    def _other_directions(self, request: RequestText) -> None:
        other = {"consumption", "production"} - {one.direction for one in request.chosen}
        if len(request.chosen) == 2:
            request.chosen.pop()
        elif other:
            first = request.chosen[0]
            request.chosen.append(replace(first, direction=other.pop(), share=""))


def _suppliers(present: dict[str, list[Held]]) -> set[str]:
    return {one.supply.supplier for ones in present.values() for one in ones}
