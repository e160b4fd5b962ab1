"""The reading that carries a switch out (A20 to A26; C1, C5; interpretation 14)."""

from collections.abc import Callable
from datetime import date, datetime

from lxml import etree

from tests.simulation.audit import said
from tests.simulation.audit.approval import order
from tests.simulation.audit.books import Books, Case, day_text, either
from tests.simulation.audit.completion import carry_out
from tests.simulation.audit.legal_days import DAY, end, local, midnight
from tests.simulation.audit.reading_rules import judge_reading
from tests.simulation.audit.request_rules import ANY
from tests.simulation.audit.said import Reported


def inaccessible(books: Books, case: Case, now: datetime) -> set[str]:
    """A22: by the 5th calendar day after approval, moved to the next working day."""
    if not case.open:
        return {"SB:S10"}
    if not_to_be_read_now(case):
        return {"SB:S12"}
    if case.judged.method != "customer":
        return {"SB:S11"}
    last = books.calendar.not_before_working(local(case.approved) + 5 * DAY)
    if now >= end(last):
        return {"SB:S19"}
    case.judged.method = "visit"
    return set()


def not_to_be_read_now(case: Case) -> bool:
    """Whether nobody need reach the meter: before approval, or with a reading under review."""
    return case.approved is None or case.state in ("review", "over_review")


def reading_came(
    books: Books,
    case: Case,
    reported: Reported,
    now: datetime,
    came: list[str],
    *,
    under_review: Callable[[], bool],
) -> tuple[set[str], set[str]]:
    """Codes that must and that may refuse it, or it counts.

    `under_review` tells what the service made of it, asked where the rules leave that open.
    """
    if not case.open:
        return {"SB:S10"}, set()
    if case.approved is None or case.state == "over_review":
        return either(came, "SB:S06", "SB:S12"), set(ANY)
    if wrong_way := wrong_route(case, reported):
        return wrong_way, set(ANY)
    if outside_the_period(case, reported, local(now)):
        return {"SB:S06"}, set(ANY)
    verdict = judge_reading(case.meter_at, reported, now=now)
    if verdict.codes and not verdict.unsure:
        of_another_meter = verdict.codes & {"260:E61", "260:E62"}
        return set(verdict.codes), set(ANY) if of_another_meter else set()
    if verdict.unsure and came:
        return set(came), set()
    review = under_review() if verdict.unsure else verdict.review
    if not review:
        carry_out(books, case, reported, now)
    elif case.review is not None:
        return {"SB:S07"}, set()
    else:
        case.review = reported
        case.state = "review"
    return set(), set()


def outside_the_period(case: Case, reported: Reported, today: date) -> bool:
    """A23, interpretation 1: taken and received within the period, remotely that of a midnight."""
    taken = local(reported.taken)
    judged = case.judged
    at_midnight = reported.taken == midnight(taken)
    return (
        not judged.first <= taken <= judged.last
        or today > judged.last
        or (judged.method == "remote" and reported.by == "3" and not at_midnight)
    )


def wrong_route(case: Case, reported: Reported) -> set[str]:
    """A19 to A22: who may bring the reading."""
    operator = reported.role == "DDM" and reported.by == "1"
    right = {
        "customer": reported.role == "DDQ" and reported.by == "2",
        "remote": (reported.role == "DDE" and reported.by == "3") or operator,
        "visit": operator,
    }[case.judged.method]
    return set() if right else {"SB:S11"}


def reach_order(books: Books, case: Case, now: datetime) -> None:
    """Interpretation 14: ordered again, until the reading period ends."""
    assert case.end_at is not None
    if now >= case.end_at:
        case.order_at = None
        return
    order(books, case, now)


def reach_end(books: Books, case: Case, now: datetime) -> None:
    """A26: the period ends without a valid reading; one under review waits for the operator."""
    if case.review is None:
        fail(books, case, "SB:S05", now)
        return
    case.state = "over_review"
    counted_from = max(case.judged.expected, case.judged.last)
    case.review_at = books.hour_of_working_day(counted_from, 5)


def reach_review(books: Books, case: Case, now: datetime) -> None:
    """A26: nobody accepted it in time."""
    fail(books, case, "SB:S08", now)


def fail(books: Books, case: Case, ground: str, now: datetime) -> None:
    """A29: applicant, old and new supplier."""
    books.end(case, "failed")

    def check(root: etree._Element) -> str:
        came = said.codes(root, "Ground/Code")
        remedies = bool(said.text(root, "LegalRemedies"))
        customer = bool(said.every(root, "Header/DeliverToCustomer"))
        if came != [ground]:
            return f"ground {came}, right is {ground}"
        return "" if remedies == customer else "legal remedies are the customer's alone (A37)"

    fields = {"Point/MeteringSite": case.point.site}
    for eic in dict.fromkeys([*case.applicants, *case.news, *case.olds]):
        books.owe(case, eic, "SwitchFailed", "A29", now, fields=fields, checks=[check])
    if case.request.by_customer:
        books.owe_customer(case, "SwitchFailed", "A29, A37", now, fields=fields, checks=[check])
    books.debts.cancel(case.number, "SiteVisitNotice")


def accept(books: Books, case: Case, now: datetime) -> set[str]:
    """The operator accepts the reading under review."""
    if case.review is None:
        return {"SB:S12"}
    reading, case.review = case.review, None
    carry_out(books, case, reading, now)
    return set()


def refuse(books: Books, case: Case, now: datetime) -> set[str]:
    """A26: a reading the operator refuses is told to its sender; another may follow."""
    if case.review is None:
        return {"SB:S12"}
    reading, case.review = case.review, None
    fields = {"TakenOn": day_text(reading.taken)}
    books.owe(case, reading.sender, "ReadingRejection", "A26", now, fields=fields)
    if case.state == "over_review":
        fail(books, case, "SB:S08", now)
    else:
        case.state = "awaiting"
        if case.judged.method == "remote":
            order(books, case, now)
    return set()


def site_inaccessible(books: Books, case: Case, now: datetime) -> set[str] | None:
    """A26: the operator came to read and could not; None where the rules leave the answer open."""
    if case.approved is None or case.judged.method != "visit" or case.review:
        return {"SB:S12"} if case.state != "review" else None
    fail(books, case, "SB:S14", now)
    return set()
