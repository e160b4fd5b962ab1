"""A request from receipt to its approval or rejection (A5 to A14, A37; interpretations 2, 3)."""

from datetime import date, datetime, timedelta

from lxml import etree

from tests.simulation.audit import said
from tests.simulation.audit.approval import approve
from tests.simulation.audit.books import INSTANT, Application, Books, Case, day_text, grounds
from tests.simulation.audit.facts import Point
from tests.simulation.audit.legal_days import end, local
from tests.simulation.audit.owed import Finding
from tests.simulation.audit.request_rules import ANY, Judged, judge
from tests.simulation.audit.share_rules import judge_division

UNKNOWN = Point("", -1, "", "", "", frozenset(), False, False, False, "", False, None)


def application_in(books: Books, root: etree._Element, received: datetime) -> Application:
    """What a message applies for; a written request counts from the end of its day (A6)."""
    request = said.request_of(root)
    if request.served_on is not None:
        received = min(received, end(request.served_on) - INSTANT)
    point = books.register.points.get(request.point, UNKNOWN)
    return Application(request, said.text(root, "Header/Identification"), received, point)


def new_case(books: Books, way: str, application: Application, answer: etree._Element) -> Case:
    """The case that the answer names; its number is a new one. Raises Finding."""
    number = said.text(answer, "Header/CaseNumber")
    if not number or number in books.cases or number in books.corrections:
        raise Finding("case number", f"{number!r} is none, or was given before")
    point = application.point
    case = Case(
        number, way, application, point, books.register.measuring(point), applications=[application]
    )
    books.cases[number] = case
    return case


def confirm_receipt(books: Books, case: Case, now: datetime) -> None:
    """A10, A37: receipt is confirmed to the customer; to a supplier by the acknowledgement."""
    if case.request.by_customer:
        fields = {"ReceivedOn": day_text(case.first.received)}
        books.owe_customer(case, "ReceiptConfirmation", "A10, A37", now, fields=fields)


def open_request(
    books: Books, root: etree._Element, received: datetime, answer: etree._Element
) -> Case:
    """A SwitchRequest was taken in; the case to be asked about where two suppliers are named."""
    application = application_in(books, root, received)
    case = new_case(books, "switch", application, answer)
    confirm_receipt(books, case, received)
    judged = case.judged = judge_case(books, case, received)
    if judged.must:
        reject(books, case, judged, received)
        return case
    books.running[case.number] = case
    if asks(case.request, judged):
        case.state = "asked"  # B5 to B8; the confirmation goes on from here
        return case
    proceed(books, case, judged, received, local(application.received), answer)
    return case


def proceed(
    books: Books,
    case: Case,
    judged: Judged,
    now: datetime,
    from_day: date,
    answer: etree._Element | None = None,
    *,
    since: datetime | None = None,
) -> None:
    """No ground is found: approved at once, or held, or the operator's to decide."""
    limit_day = books.calendar.working_day_after(from_day, 5)
    case.judged = judged
    case.last_hour = case.decide_at = books.hour_of_working_day(from_day, 5)
    settings = books.settings
    hold = settings.hold_remote if case.meter_at.remote else settings.hold_customer
    if judged.doubt:
        case.state = "doubt"
    elif hold:
        case.state = "hold"
        received = now if case.division or case.asked else case.first.received
        case.decide_at = min(case.last_hour, (since or received) + timedelta(hours=hold))
    else:
        approve(books, case, judged, now)
        return
    if answer is not None:
        check_deadline(answer, case.decide_at, end(limit_day))


def check_deadline(answer: etree._Element, act_at: datetime, limit: datetime) -> None:
    """The acknowledgement tells the hour, within the limit of the rule. Raises Finding."""
    told = [
        (said.text(one, "ActAt"), said.text(one, "Limit")) for one in said.every(answer, "Deadline")
    ]
    if not any(
        datetime.fromisoformat(at) == act_at and datetime.fromisoformat(last) <= limit
        for at, last in told
    ):
        raise Finding("deadline of the answer", f"{told} where {(act_at, limit)} is right")


def judge_case(books: Books, case: Case, now: datetime, *, complete: bool = True) -> Judged:
    """Hold a case against the facts of this moment; `complete` False of claims that are not."""
    today = local(now)
    if case.division:
        return judge_division(
            [(one.request, local(one.received)) for one in case.applications],
            books.register,
            case.point,
            today=today,
            starts=case.starts_on or today,
            complete=complete,
        )
    others = [one for one in books.at_delivery(case.point.delivery) if one is not case]
    received = local(case.first.received)
    return judge(
        case.request,
        books.register,
        received=received,
        today=today,
        starts=case.starts_on or (today if case.asked else received),
        in_progress=bool(others),
    )


def asks(request: said.Request, judged: Judged) -> bool:
    """Whether the suppliers are asked: a customer contracted with two new ones (192(2))."""
    return request.by_customer and len({one.supplier for one in judged.begins}) > 1


def reach_decide(books: Books, case: Case, now: datetime) -> None:
    """Interpretations 2 and 3: the checks run again, and no ground means approval."""
    judged = judge_case(books, case, now)
    if case.state == "hold" and judged.doubt and not judged.must and case.last_hour:
        case.state, case.decide_at = "doubt", case.last_hour
    elif "SB:S17" in judged.must:
        case.decide_at = None
        case.state = "stuck"
    elif judged.must:
        reject(books, case, judged, now)
    else:
        approve(books, case, judged, now)


def check_again(books: Books, case: Case, now: datetime) -> None:
    """The register has changed at the point: the checks run again (A1, A5, A11)."""
    judged = judge_case(books, case, now, complete=case.state != "collecting")
    if case.state in ("collecting", "asked", "objected"):
        of_each = set().union(*(one.must for one in judged.own.values()))
        if of_each if case.state == "collecting" else judged.must:
            reject(books, case, judged, now)
        return
    if judged.must - {"SB:S17"}:
        reject(books, case, judged, now)
    elif case.state == "doubt" and not judged.doubt and not judged.must:
        approve(books, case, judged, now)


def reject(books: Books, case: Case, judged: Judged, now: datetime) -> None:
    """A14, A17: the applicant is told each ground; of claims only its own (interpretation 9)."""
    books.end(case, "rejected")
    if case.way == "claims":
        alone = any("260:E50" in own.must for own in judged.own.values())
        for one in case.applications:
            own = judged.own.get(one.request.sender, judged)
            must = own.must | judged.must & {"260:E59", "SB:S17"}
            may = own.may | {"260:E59"}
            if not must and "260:E50" in judged.must and not alone:
                # The contracts leave no day together: each may be told that, or of the others.
                may = {"260:E50", "SB:S42"}
            elif not must:
                must = {"SB:S42"}
            _rejection(books, case, one.request.sender, must, may, now)
        return
    _rejection_of_request(books, case, judged.must, judged.may, now)
    for eic in case.asked:
        _rejection(books, case, eic, {"SB:S42"}, set(), now)


def reject_with(books: Books, case: Case, codes: set[str], now: datetime) -> None:
    """Codes that are everybody's to know: the operator's own, or that nobody decided in time."""
    books.end(case, "rejected")
    if case.way == "claims":
        for eic in case.applicants:
            _rejection(books, case, eic, codes, set(), now)
        return
    _rejection_of_request(books, case, codes, set(), now)
    for eic in case.asked:
        _rejection(books, case, eic, codes, set(), now)


def _rejection_of_request(
    books: Books, case: Case, must: set[str], may: set[str], now: datetime
) -> None:
    fields = {"Point/AccountingPoint": case.request.point}
    checks = [grounds("Ground/Code", must, may)]
    if case.request.by_customer:
        rule = "A14, A17, A37"
        books.owe_customer(case, "RejectionNotice", rule, now, fields=fields, checks=checks)
    else:
        books.owe(
            case,
            case.request.sender,
            "RejectionNotice",
            "A14, A17",
            now,
            fields=fields,
            checks=checks,
        )


def _rejection(
    books: Books, case: Case, eic: str, must: set[str], may: set[str], now: datetime
) -> None:
    checks = [grounds("Ground/Code", must, may)]
    books.owe(case, eic, "RejectionNotice", "A14, A17, B7", now, checks=checks)


def reject_shares(
    books: Books, case: Case, code: str, now: datetime, *, may: set[str] | frozenset[str] = ANY
) -> None:
    """B3: shares that are not one are told to the applicants and all suppliers at the point."""
    books.end(case, "rejected")
    present = {
        held.supply.supplier
        for point in books.register.points.values()
        if point.delivery == case.point.delivery
        for direction in point.directions
        for held in books.register.present(point, direction, local(now))
    }

    def steps(root: etree._Element) -> str:
        told = all(said.text(root, f"FurtherSteps/{one}") for one in ("TextEnglish", "TextSlovene"))
        return "" if told else "the further steps are not told"

    checks = [grounds("Ground/Code", {code}, may), steps]
    named = {one.supplier for one in case.request.chosen} if case.way == "shared" else set()
    if case.request.by_customer:
        rule = "B3, B5, A37"
        books.owe_customer(case, "RejectionNotice", rule, now, checks=checks)
    for eic in sorted({*case.applicants, *named, *present} - {books.register.operator}):
        books.owe(case, eic, "RejectionNotice", "B3", now, checks=checks)
    if books.register.operator in present:
        books.owe(case, books.register.operator, "RejectionNotice", "B3", now, checks=checks)


def withdraw(books: Books, case: Case, sender: str, came: list[str], now: datetime) -> set[str]:
    """A13: until the approval notice is issued; the codes that refuse it, or it is done."""
    if not case.open:
        codes = ("SB:S10", *(["SB:S09"] if case.approved else []))
        return {next((one for one in codes if one in came), codes[0])}
    if case.approved:
        return {"SB:S09"}
    books.end(case, "withdrawn")
    if case.request.by_customer:
        books.owe_customer(case, "WithdrawalConfirmation", "A13, A37", now)
    else:
        books.owe(case, sender, "WithdrawalConfirmation", "A13", now)
    for eic in case.asked:
        books.owe(case, eic, "WithdrawalNotice", "interpretation 11", now)
    return set()
