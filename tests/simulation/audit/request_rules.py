"""What rules.md says of a request: the grounds that must be found, those that may be, doubts."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tests.simulation.audit.facts import Held, Point, Register, day_of
from tests.simulation.audit.legal_days import DAY, months_later
from tests.simulation.audit.said import Chosen, Request, normal

ONE = Decimal(1)
ANY = frozenset({"*"})
READING_DAYS = 21 * DAY


@dataclass(frozen=True)
class Ends:
    """A supply that ends.

    Its supplier is told as an old one also where it is a new one with another share: the
    energy of the old share is settled (B11, H1), and its point may be another.
    """

    point: Point
    direction: str
    supplier: str
    share: Decimal


@dataclass(frozen=True)
class Begins:
    """A supply that begins, at a point or, of a division, at a metering point of its own."""

    direction: str
    supplier: str
    share: Decimal
    point: Point | None = None


@dataclass
class Judged:
    """What the rules make of a request on a day."""

    must: set[str] = field(default_factory=set)
    may: set[str] = field(default_factory=set)
    doubt: bool = False
    ends: list[Ends] = field(default_factory=list)
    begins: list[Begins] = field(default_factory=list)
    first: date = date.min
    last: date = date.max
    expected: date = date.min
    method: str = ""
    own: dict[str, "Judged"] = field(default_factory=dict)
    """Of claims: what is said of each claimant's own."""

    @property
    def directions(self) -> set[str]:
        """The directions that change."""
        return {one.direction for one in self.begins}


def identified(request: Request, point: Point | None, register: Register) -> bool:
    """Whether the numbers of a request name one point (A9)."""
    return (
        point is not None
        and request.site == point.site
        and request.area == register.area
        and request.site_gsrn in ("", point.site_gsrn)
    )


def judge(
    request: Request,
    register: Register,
    *,
    received: date,
    today: date,
    starts: date,
    in_progress: bool,
) -> Judged:
    """Hold a request, received on one day, against the facts of this day.

    `starts` is the day from which the period for carrying out runs (interpretation 1).
    """
    judged = Judged()
    point = register.points.get(request.point)
    the_parties(judged, request, register)
    the_dates(judged, request, received)
    if point is None or not identified(request, point, register):
        judged.must = {"260:E10"}
        judged.may = set(ANY)
        return judged
    if in_progress:
        judged.must.add("260:E22")
    the_point(judged, request, register, point, today)
    if {one.direction for one in request.chosen} != point.directions:
        judged.must.add("SB:S03")
        judged.may |= {"260:E59", "SB:S02", "260:E16", "260:E36", "SB:S16", "260:E37", "260:E50"}
        judged.may.add("SB:S04")
    _the_changes(judged, request, register, point, today)
    for one in request.chosen:
        the_contract(judged, request, one, received, changes=one.direction in judged.directions)
    _the_payer(judged, request, register)
    the_period(judged, [request], today=today, starts=starts, wanted=request.wanted)
    the_expected_date(judged, register.measuring(point), request.wanted, today)
    return judged


def the_parties(judged: Judged, request: Request, register: Register) -> None:
    """A33: the chosen suppliers are active and in a balance group."""
    for one in request.chosen:
        party = register.parties.get(one.supplier)
        if party is None or not party.active or "DDQ" not in party.roles:
            judged.must.add("260:E16")
        elif party.group is None:
            judged.must.add("260:E18")


def the_dates(judged: Judged, request: Request, received: date) -> None:
    """Interpretation 6, and what is signed by the day of receipt."""
    if request.wanted and not received <= request.wanted <= months_later(received, 6):
        judged.must.add("260:E17")
        judged.may.add("260:E50")
    if request.authorised_on and request.authorised_on > received:
        judged.must.add("SB:S15")


def the_point(
    judged: Judged, request: Request, register: Register, point: Point, today: date
) -> None:
    """A1, A5: the point is connected and metered, and of this customer."""
    if not point.connected or point.meter(today) is None:
        judged.must.add("260:E81")
    if request.tax != point.customer:
        judged.must.add("SB:S01")
    elif normal(request.name) != normal(register.customers[point.customer]):
        judged.doubt = True


def _the_changes(
    judged: Judged, request: Request, register: Register, point: Point, today: date
) -> None:
    """Interpretations 7 and 13, A38."""
    for one in request.chosen:
        if one.direction not in point.directions:
            continue
        present = register.present(point, one.direction, today)
        olds = _olds(judged, one, point, present)
        if olds is None:
            continue
        judged.ends += [
            Ends(old.point, one.direction, old.supply.supplier, old.supply.share)
            for old in olds
        ]  # fmt: skip
        judged.begins.append(Begins(one.direction, one.supplier, one.share or ONE, point))
        if not ever_supplied(register, point, one.direction, today):
            judged.must.add("SB:S16")
        if not request.by_customer and one.supplier != request.sender:
            judged.must.add("260:E16")
    if not judged.begins and "SB:S04" not in judged.must:
        judged.must.add("260:E59")
    if point.self_supply:
        suppliers = {one.supplier for one in request.chosen}
        conditions = [
            one.contract.self_supply
            for one in request.chosen
            if one.direction in judged.directions and one.contract
        ]
        if len(suppliers) != 1 or not all(conditions):
            judged.must.add("260:E36")


def ever_supplied(register: Register, point: Point, direction: str, today: date) -> bool:
    """Whether the point had a supplier by this day: the first comes with the contract (A38)."""
    points = register.key(point) if direction == "consumption" else [point]
    return any(
        one.direction == direction and one.since <= today
        for each in points
        for one in each.supplies
    )


def _olds(judged: Judged, one: Chosen, point: Point, present: list[Held]) -> list[Held] | None:
    """The supplies of a direction that end, None where it does not change."""
    suppliers = [held.supply.supplier for held in present]
    share = one.share or ONE
    if len(present) <= 1 and (not present or present[0].supply.share == ONE):
        if share != ONE:
            judged.must.add("SB:S04")
            judged.may.add("260:E59")
        return None if suppliers == [one.supplier] else present
    if one.share is None:
        judged.may |= {"SB:S04", "260:E59"}
    if share == ONE:
        return present
    own = [held for held in present if held.point is point]
    # Several suppliers under one number: it has no recorded share to be switched by.
    if len(own) != 1 or own[0].supply.share != share:
        judged.must.add("SB:S04")
        judged.may |= {"260:E59"}
        return present
    return None if one.supplier == own[0].supply.supplier else own


def the_contract(
    judged: Judged, request: Request, one: Chosen, received: date, *, changes: bool
) -> None:
    """A9: each supplier that is new brings its contract, of these parties and numbers."""
    contract = one.contract
    if "SB:S04" in judged.must:  # whether it is new then is not to be said
        judged.may |= {"SB:S02", "260:E50", "260:E36"}
    if contract is not None and any(day > received for day in contract.signed):
        (judged.must if changes else judged.may).add("SB:S15")
    if not changes:
        if contract is not None:
            judged.may.add("SB:S02")
    elif contract is None and "SB:S04" in judged.must:
        return
    elif contract is None:
        judged.must.add("SB:S02")
        judged.may |= {"260:E50", "260:E36"}
    elif (
        normal(contract.customer_name) != normal(request.name)
        or contract.customer_tax != request.tax
        or contract.supplier != one.supplier
        or contract.point != request.point
        or contract.site != request.site
    ):
        judged.must.add("SB:S02")


def _the_payer(judged: Judged, request: Request, register: Register) -> None:
    """A34."""
    if request.payer != "supplier":
        return
    payer = next((one for one in request.chosen if one.direction == "consumption"), None)
    party = register.parties.get(payer.supplier) if payer else None
    shared = payer is not None and payer.share not in (None, ONE)
    if party is None or not party.pays_network_charge or not request.consent or shared:
        judged.must.add("260:E37")


def the_period(
    judged: Judged, requests: list[Request], *, today: date, starts: date, wanted: date | None
) -> None:
    """Interpretation 1: the days on which a reading may be taken, of which contracts leave some."""
    judged.first = max(today, wanted or today)
    judged.last = max(starts, wanted or starts) + READING_DAYS
    if judged.last < judged.first:
        judged.must.add("SB:S17")
    for contract in (
        one.contract
        for request in requests
        for one in request.chosen
        if one.contract and one.direction in judged.directions
    ):
        judged.first = max(judged.first, contract.since)
        judged.last = min(judged.last, contract.until or date.max)
    if judged.last < judged.first:
        if "SB:S17" in judged.must:
            judged.may.add("260:E50")
        else:
            judged.must.add("260:E50")


def the_expected_date(judged: Judged, meter_at: Point, wanted: date | None, today: date) -> None:
    """Interpretation 1: the expected date; A19 to A21: how the meter is read."""
    if wanted:
        judged.expected = max(wanted, today)
    elif meter_at.remote:
        judged.expected = today + DAY
    else:
        judged.expected = judged.last
    judged.expected = min(max(judged.expected, judged.first), judged.last)
    if meter_at.remote:
        judged.method = "remote"
    else:
        judged.method = "visit" if _long_inaccessible(meter_at, judged.expected) else "customer"


def _long_inaccessible(point: Point, expected: date) -> bool:
    """A21: no reading in the twelve months before, because the site was inaccessible."""
    since, last = point.inaccessible_since, point.last_reading()
    if since is None:
        return False
    return months_later(max(since, day_of(last)) if last else since, 12) < expected
