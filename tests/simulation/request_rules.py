"""What rules.md says of a request: the grounds that must be found, those that may be, doubts."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tests.simulation.facts import Point, Register, Supply, day_of
from tests.simulation.legal_days import DAY, months_later
from tests.simulation.said import Chosen, Request, normal

ONE = Decimal(1)
ANY = frozenset({"*"})
READING_DAYS = 21 * DAY


@dataclass
class Judged:
    """What the rules make of a request on a day."""

    must: set[str] = field(default_factory=set)
    may: set[str] = field(default_factory=set)
    doubt: bool = False
    changes: dict[str, list[str]] = field(default_factory=dict)
    """Direction to old suppliers, for each direction that changes."""
    shares: dict[str, Decimal] = field(default_factory=dict)
    first: date = date.min
    last: date = date.max
    expected: date = date.min
    method: str = ""


def judge(
    request: Request, register: Register, *, received: date, today: date, in_progress: bool
) -> Judged:
    """Hold a request, received on one day, against the facts of this day."""
    judged = Judged()
    point = register.points.get(request.point)
    _the_parties(judged, request, register)
    _the_dates(judged, request, received)
    identified = (
        point is not None
        and request.site == point.site
        and request.area == register.area
        and request.site_gsrn in ("", point.site_gsrn)
    )
    if point is None or not identified:
        judged.must = {"260:E10"}
        judged.may = set(ANY)
        return judged
    if in_progress:
        judged.must.add("260:E22")
    if not point.connected or point.meter(today) is None:
        judged.must.add("260:E81")
    if request.tax != point.customer:
        judged.must.add("SB:S01")
    elif normal(request.name) != normal(register.customers[point.customer]):
        judged.doubt = True
    if {one.direction for one in request.chosen} != point.directions:
        judged.must.add("SB:S03")
        judged.may |= {"260:E59", "SB:S02", "260:E16", "260:E36", "SB:S16", "260:E37", "260:E50"}
    _the_changes(judged, request, point, today)
    _the_contracts(judged, request, point, received)
    _the_payer(judged, request, register, point)
    _the_period(judged, request, point, received=received, today=today)
    return judged


def _the_parties(judged: Judged, request: Request, register: Register) -> None:
    for one in request.chosen:
        party = register.parties.get(one.supplier)
        if party is None or not party.active or "DDQ" not in party.roles:
            judged.must.add("260:E16")
        elif party.group is None:
            judged.must.add("260:E18")


def _the_dates(judged: Judged, request: Request, received: date) -> None:
    """Interpretation 6, and what is signed by the day of receipt."""
    if request.wanted and not received <= request.wanted <= months_later(received, 6):
        judged.must.add("260:E17")
        judged.may.add("260:E50")
    signed = [day for one in request.chosen if one.contract for day in one.contract.signed]
    if request.authorised_on:
        signed.append(request.authorised_on)
    if any(day > received for day in signed):
        judged.must.add("SB:S15")


def _the_changes(judged: Judged, request: Request, point: Point, today: date) -> None:
    """Interpretations 7 and 13, A38."""
    ever = {one.direction for one in point.supplies if one.since <= today}
    for one in request.chosen:
        present = point.suppliers(one.direction, today)
        if one.direction not in point.directions:
            continue
        olds = _olds(judged, one, present)
        if olds is None:
            continue
        judged.changes[one.direction] = olds
        judged.shares[one.direction] = one.share or ONE
        if one.direction not in ever:
            judged.must.add("SB:S16")
        if not request.by_customer and one.supplier != request.sender:
            judged.must.add("260:E16")
    if not judged.changes and "SB:S04" not in judged.must:
        judged.must.add("260:E59")
    if point.self_supply:
        suppliers = {one.supplier for one in request.chosen}
        conditions = [
            one.contract.self_supply
            for one in request.chosen
            if one.direction in judged.changes and one.contract
        ]
        if len(suppliers) != 1 or not all(conditions):
            judged.must.add("260:E36")


def _olds(judged: Judged, one: Chosen, present: list[Supply]) -> list[str] | None:
    """The old suppliers of a direction, None where it does not change."""
    suppliers = [supply.supplier for supply in present]
    shares = [supply.share for supply in present]
    share = one.share or ONE
    if len(present) <= 1 and (not present or shares[0] == ONE):
        if share != ONE:
            judged.must.add("SB:S04")
            judged.may.add("260:E59")
        return None if suppliers == [one.supplier] else suppliers
    if one.share is None:
        judged.may |= {"SB:S04", "260:E59"}
    if share == ONE:
        return [supplier for supplier in suppliers if supplier != one.supplier]
    matching = [supply.supplier for supply in present if supply.share == share]
    if not matching:
        judged.must.add("SB:S04")
        judged.may |= {"260:E59"}
        return suppliers
    return None if one.supplier in matching else matching[:1]


def _the_contracts(judged: Judged, request: Request, point: Point, received: date) -> None:
    """A9: each supplier that is new brings its contract, of these parties and numbers."""
    for one in request.chosen:
        contract = one.contract
        if one.direction not in judged.changes:
            if contract is not None:
                judged.may.add("SB:S02")
            continue
        if contract is None and "SB:S04" in judged.must:
            judged.may |= {"SB:S02", "260:E50", "260:E36"}
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


def _the_payer(judged: Judged, request: Request, register: Register, point: Point) -> None:
    """A34."""
    if request.payer != "supplier":
        return
    payer = next((one for one in request.chosen if one.direction == "consumption"), None)
    party = register.parties.get(payer.supplier) if payer else None
    shared = payer is not None and payer.share not in (None, ONE)
    if party is None or not party.pays_network_charge or not request.consent or shared:
        judged.must.add("260:E37")


def _the_period(
    judged: Judged, request: Request, point: Point, *, received: date, today: date
) -> None:
    """Interpretation 1: the reading period, the expected date; A19 to A21: how it is read."""
    begin = max(received, request.wanted or received)
    judged.first = max(today, request.wanted or today)
    judged.last = begin + READING_DAYS
    if judged.last < judged.first:
        judged.must.add("SB:S17")
    contracts = [
        one.contract for one in request.chosen if one.contract and one.direction in judged.changes
    ]
    for contract in contracts:
        judged.first = max(judged.first, contract.since)
        judged.last = min(judged.last, contract.until or date.max)
    if judged.last < judged.first:
        if "SB:S17" in judged.must:
            judged.may.add("260:E50")
        else:
            judged.must.add("260:E50")
    if request.wanted:
        judged.expected = max(request.wanted, today)
    elif point.remote:
        judged.expected = today + DAY
    else:
        judged.expected = judged.last
    judged.expected = min(max(judged.expected, judged.first), judged.last)
    if point.remote:
        judged.method = "remote"
    else:
        judged.method = "visit" if _long_inaccessible(point, judged.expected) else "customer"


def _long_inaccessible(point: Point, expected: date) -> bool:
    """A21: no reading in the twelve months before, because the site was inaccessible."""
    since, last = point.inaccessible_since, point.last_reading()
    if since is None:
        return False
    return months_later(max(since, day_of(last)) if last else since, 12) < expected
