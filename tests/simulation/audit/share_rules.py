"""What rules.md says of the division of a delivery point: claims and customers' requests (B)."""

from datetime import date

from tests.simulation.audit.facts import Point, Register
from tests.simulation.audit.request_rules import (
    ANY,
    ONE,
    Begins,
    Ends,
    Judged,
    ever_supplied,
    identified,
    the_contract,
    the_dates,
    the_expected_date,
    the_parties,
    the_period,
    the_point,
)
from tests.simulation.audit.said import Request


def judge_share(
    request: Request,
    register: Register,
    *,
    received: date,
    today: date,
    starts: date,
    wanted: date | None,
) -> Judged:
    """Hold a claim, or a customer's request for several suppliers, against the facts of this day.

    `wanted` is the latest date that was requested, which holds for all (interpretation 11).
    What only the whole shows is not looked at here: whether the shares add up, and change anything.
    """
    shares = [Begins("consumption", one.supplier, one.share or ONE) for one in request.chosen]
    judged = Judged(begins=shares)
    point = register.points.get(request.point)
    the_parties(judged, request, register)
    the_dates(judged, request, received)
    if point is None or not identified(request, point, register):
        judged.must = {"260:E10"}
        judged.may = set(ANY)
        return judged
    the_point(judged, request, register, point, today)
    if "consumption" not in point.directions:
        judged.must.add("SB:S03")
        judged.may |= {"SB:S16", "260:E50", "260:E59"}
    elif not ever_supplied(register, point, "consumption", today):
        judged.must.add("SB:S16")
    if point.self_supply:  # it is not shared (interpretation 13)
        judged.must.add("260:E36")
    if request.payer != "customer":  # never with shared supply (A34, B11)
        judged.must.add("260:E37")
    for one in request.chosen:
        the_contract(judged, request, one, received, changes=True)
    the_period(judged, [request], today=today, starts=starts, wanted=wanted)
    return judged


def judge_division(
    requests: list[tuple[Request, date]],
    register: Register,
    point: Point,
    *,
    today: date,
    starts: date,
    complete: bool,
) -> Judged:
    """Hold all claims together, or the request of the customer, against the facts of this day.

    Of claims that are not `complete` each is held alone, with its own requested date: what
    another asks for may still be taken back (interpretations 5 and 11).
    """
    whole = Judged()
    wanted = max((one.wanted for one, _ in requests if one.wanted), default=None)
    for request, received in requests:
        own = judge_share(
            request,
            register,
            received=received,
            today=today,
            starts=starts,
            wanted=wanted if complete else request.wanted,
        )
        whole.own[request.sender] = own
        whole.must |= own.must
        whole.may |= own.may
        whole.doubt |= own.doubt
        whole.begins += own.begins
    present = register.present(point, "consumption", today)
    whole.ends = [
        Ends(one.point, "consumption", one.supply.supplier, one.supply.share) for one in present
    ]
    if sum(one.share for one in whole.begins) != ONE:
        whole.must.add("SB:S04")
    if "260:E10" in whole.must:  # of a point that is not identified nothing more is said
        return whole
    if sorted((one.supplier, one.share) for one in whole.begins) == sorted(
        (one.supplier, one.share) for one in whole.ends
    ):
        whole.must.add("260:E59")
    days = Judged(begins=whole.begins)
    the_period(days, [one for one, _ in requests], today=today, starts=starts, wanted=wanted)
    whole.must |= days.must
    whole.first, whole.last = days.first, days.last
    the_expected_date(whole, register.measuring(point), wanted, today)
    return whole
