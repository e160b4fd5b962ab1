"""Approval and how the meter is then read (A12, A15, A16, A18 to A21; B4, B9)."""

from datetime import datetime, timedelta

from stdnum import ean

from tests.simulation.audit import said
from tests.simulation.audit.books import Books, Case, instant, one_of
from tests.simulation.audit.facts import day_of
from tests.simulation.audit.legal_days import end, local, midnight
from tests.simulation.audit.owed import Came, Finding
from tests.simulation.audit.request_rules import Judged

HOURS_24 = timedelta(hours=24)


def approve(books: Books, case: Case, judged: Judged, now: datetime) -> None:
    """Everybody is told what the rule lists, and the reading period begins."""
    case.judged = judged
    case.approved = now
    case.state = "awaiting"
    case.decide_at = None
    case.end_at = end(judged.last)
    for eic in case.news:
        _tell_new(books, case, eic, now)
    for one in dict.fromkeys((ends.supplier, ends.point.number) for ends in judged.ends):
        fields = {
            "OldSupply/Point/AccountingPoint": one[1],
            "OldSupply/OldSupplier/Identification": one[0],
            "OldSupply/ExpectedDate": judged.expected.isoformat(),
            "NewSupply": "",
        }
        books.owe(case, one[0], "ApprovalNotice", "A12, A16", now, fields=fields)
    if judged.method == "remote":
        order(books, case, now)
    if judged.method == "visit":
        _announce_visit(books, case, now)


def _tell_new(books: Books, case: Case, eic: str, now: datetime) -> None:
    """A15: to the new supplier, and to the customer that applied itself one for each of them."""
    judged = case.judged
    meter = case.meter_at.meter(local(now))
    last = case.meter_at.last_reading()
    fields = {
        "NewSupply/Point/MeteringSite": case.point.site,
        "NewSupply/NewSupplier/Identification": eic,
        "NewSupply/ExpectedDate": judged.expected.isoformat(),
        "NewSupply/ReadingMethod": judged.method,
        "NewSupply/ReadingPeriod/From": judged.first.isoformat(),
        "NewSupply/ReadingPeriod/To": judged.last.isoformat(),
        "NewSupply/SerialNumber": meter.serial if meter else "",
        "NewSupply/LastReading/TakenOn": day_of(last).isoformat() if last else "",
    }
    points = {one.point.number for one in case.applications}
    checks = [
        one_of("NewSupply/Point/AccountingPoint", points | {case.meter_at.number}
               if case.division else points)
    ]  # fmt: skip
    if not case.division:
        fields["NewSupply/MeteringPoint"] = ""
    owed = [books.owe(case, eic, "ApprovalNotice", "A12, A15", now, fields=fields, checks=checks)]
    if case.request.by_customer:
        rule = "A15, A37"
        owed.append(
            books.owe_customer(case, "ApprovalNotice", rule, now, fields=fields, checks=checks)
        )
    if case.division:
        for one in owed:
            one.then = lambda came: _number_given(books, case, eic, came)


def _number_given(books: Books, case: Case, eic: str, came: Came) -> None:
    """B9, D1: a number of its own, never given before. Raises Finding."""
    number = said.text(came.root, "NewSupply/MeteringPoint")
    if eic in case.numbers:
        if number != case.numbers[eic]:
            raise Finding("metering point", f"{eic} has {case.numbers[eic]} and {number}")
        return
    if number in books.issued or number in books.register.points:
        raise Finding("metering point", f"{number} was given before")
    whole = len(number) == 18 and number[:8] == case.meter_at.number[:8]
    if not whole or ean.calc_check_digit(number[:-1]) != number[-1]:
        raise Finding("metering point", f"{number} is no number of the operator's")
    books.issued[number] = (case.message, eic)
    case.numbers[eic] = number


def order(books: Books, case: Case, now: datetime) -> None:
    """A19: ordered for 00:00 of the expected date, to be there within 24 hours.

    They run from the order, or from that midnight where the requested date is later
    (interpretation 2); no answer is due before there is anything to read.
    """
    case.order += 1
    read_for = midnight(case.judged.expected)
    wanted = max(
        (one.request.wanted for one in case.applications if one.request.wanted), default=None
    )
    answer_by = now + HOURS_24
    if (wanted is not None and wanted > local(now)) or answer_by <= read_for:
        answer_by = read_for + HOURS_24
    case.order_at = answer_by
    meter = case.meter_at.meter(local(now))
    books.owe(
        case,
        books.register.metering_centre,
        "ReadingOrder",
        "A19",
        now,
        fields={"SerialNumber": meter.serial if meter else "", "OrderNumber": str(case.order)},
        checks=[instant("ReadFor", read_for), instant("AnswerBy", answer_by)],
    )


def _announce_visit(books: Books, case: Case, now: datetime) -> None:
    """A21: customer, old and new supplier, by the 3rd working day after approval."""
    latest = end(books.calendar.working_day_after(local(now), 3))
    fields = {} if case.division else {"Point/MeteringSite": case.point.site}
    for eic in dict.fromkeys([*case.news, *case.olds]):
        books.owe(case, eic, "SiteVisitNotice", "A21", now, fields=fields, latest=latest)
    books.owe_customer(case, "SiteVisitNotice", "A21", now, fields=fields, latest=latest)
