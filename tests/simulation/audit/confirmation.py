"""A customer's request naming several suppliers, who confirm or object (B5 to B8)."""

from datetime import datetime

from lxml import etree

from tests.simulation.audit import said
from tests.simulation.audit.books import INSTANT, Books, Case, grounds
from tests.simulation.audit.legal_days import local
from tests.simulation.audit.request_rules import ANY
from tests.simulation.audit.requests import (
    application_in,
    check_deadline,
    confirm_receipt,
    judge_case,
    new_case,
    proceed,
    reject,
    reject_shares,
    reject_with,
)

DAYS_TO_OBJECT = 5
WORKING_DAYS_TO_DECIDE = 5
OBJECTIONS = frozenset({"260:E14", "SB:S44", "SB:S45", "SB:S46", "SB:S47"})


def open_shared(
    books: Books, root: etree._Element, received: datetime, answer: etree._Element
) -> Case:
    """A SharedSupplyRequest was taken in."""
    application = application_in(books, root, received)
    case = new_case(books, "shared", application, answer)
    confirm_receipt(books, case, received)
    judged = judge_case(books, case, received)
    others = books.at_delivery(case.point.delivery)
    if others and "260:E10" not in judged.must:
        judged.must.add("260:E22")
    if "SB:S04" in judged.must and "260:E10" not in judged.must:
        reject_shares(books, case, "SB:S04", received, may=ANY)
    elif judged.must:
        reject(books, case, judged, received)
    else:
        case.judged = judged
        books.running[case.number] = case
        ask(books, case, received, answer)
    return case


def ask(books: Books, case: Case, now: datetime, answer: etree._Element) -> None:
    """B6: every supplier named is notified of its own part, with the last day to answer."""
    case.state = "asked"
    case.answers_end = books.party_has(local(now), DAYS_TO_OBJECT)
    request = case.request
    last_day = local(case.answers_end - INSTANT).isoformat()
    chosen = {
        one.supplier: one for one in request.chosen if one.direction in case.judged.directions
    }
    case.asked = tuple(chosen)
    for eic, one in chosen.items():
        share = one.share

        def own_share(root: etree._Element, share: object = share) -> str:
            came = said.decimal(root, "Share")
            return "" if came == share else f"share {came}, its own is {share}"

        books.owe(
            case,
            eic,
            "SupplyConfirmationInvitation",
            "B6",
            now,
            fields={
                "Supplier/Identification": eic,
                "AnswerBy": last_day,
                "Contract": one.contract.reference if one.contract else "",
                "RequestedDate/Date": request.wanted.isoformat() if request.wanted else "",
                "Point/AccountingPoint": request.point,
            },
            checks=[own_share] if case.division else [],
        )
    check_deadline(answer, case.answers_end, case.answers_end)


def answered(
    books: Books, case: Case, root: etree._Element, came: list[str], now: datetime
) -> set[str]:
    """A supplier named confirms or objects; the codes that refuse it, or it counts."""
    eic = said.text(root, "Header/Sender/Identification")
    codes = said.codes(root, "Ground/Code")
    objects = said.kind(root) == "Objection"
    if not case.open:
        return {"SB:S10"}
    if eic in case.answers:
        back = not objects and case.answers[eic] and case.state in ("asked", "objected")
        if not back:
            return _or_unfit(came, {"SB:S49"})
    elif case.state != "asked":
        return _or_unfit(came, {"SB:S50"})
    if objects and (
        not set(codes) <= OBJECTIONS
        or bool(said.text(root, "Ground/Text")) != (codes == ["260:E14"])
    ):
        return {"SB:S13"}
    case.answers[eic] = codes[0] if objects else ""
    if len(case.answers) < len(case.asked) and case.state == "asked":
        return set()
    if any(case.answers.values()):
        _wait_for_the_operator(books, case)
    elif case.state == "asked" or len(case.answers) == len(case.asked) or _days_over(case, now):
        _counts_as_confirmed(books, case, now, at=now)
    return set()


def _days_over(case: Case, now: datetime) -> bool:
    return case.answers_end is not None and now >= case.answers_end


def _or_unfit(came: list[str], right: set[str]) -> set[str]:
    """Where the answer is also of no published kind for objections, that is said as well."""
    return right | ({"SB:S13"} & set(came))


def _wait_for_the_operator(books: Books, case: Case) -> None:
    """Interpretation 4: decided within 5 working days of the last supplier's deadline."""
    assert case.answers_end is not None
    case.state = "objected"
    last_day = local(case.answers_end - INSTANT)
    case.objections_at = books.hour_of_working_day(last_day, WORKING_DAYS_TO_DECIDE)


def reach_answers_over(books: Books, case: Case, now: datetime) -> None:
    """B8: the days end; silence counts as consent."""
    if any(case.answers.values()):
        _wait_for_the_operator(books, case)
    else:
        assert case.answers_end is not None
        # 24:00 of the last day
        _counts_as_confirmed(books, case, now, at=case.answers_end - INSTANT)


def _counts_as_confirmed(books: Books, case: Case, now: datetime, *, at: datetime) -> None:
    """B8: decided like any other request; the days count from when it counts as confirmed."""
    from_day = case.starts_on = local(at)
    judged = judge_case(books, case, now)
    if judged.must - {"SB:S17"}:
        reject(books, case, judged, now)
    elif "SB:S17" in judged.must:
        case.state, case.decide_at = "stuck", None
    else:
        proceed(books, case, judged, now, from_day, since=at)


def reach_objections_over(books: Books, case: Case, now: datetime) -> None:
    """Interpretation 4: nobody decided, and the present supply stays."""
    reject_with(books, case, {"SB:S48"}, now)


def dismiss(books: Books, case: Case, why: str, now: datetime) -> set[str]:
    """B7: the objections are rejected, with reasons to who objected; the request goes on."""
    if case.state != "objected":
        return {"SB:S12"}
    for eic in case.asked:
        fields = {"Decision": "dismissed", "Explanation": why if case.answers.get(eic) else ""}
        books.owe(case, eic, "ObjectionDecision", "B7", now, fields=fields)
    case.starts_on = None
    judged = judge_case(books, case, now)
    if judged.must:
        reject(books, case, judged, now)
    else:
        proceed(books, case, judged, now, local(now))
    return set()


def uphold(books: Books, case: Case, objector: str, now: datetime) -> set[str]:
    """B7: an objection is justified and the request rejected."""
    if case.state != "objected" or not case.answers.get(objector):
        return {"SB:S12"}
    books.end(case, "rejected")
    both = {"SB:S43", case.answers[objector]}
    for eic in case.asked:
        told = both if eic == objector else {"SB:S43"}
        books.owe(
            case,
            eic,
            "ObjectionDecision",
            "B7",
            now,
            fields={"Decision": "upheld", "Explanation": ""},
            checks=[grounds("Ground/Code", told)],
        )
        checks = [grounds("Ground/Code", told)]
        books.owe(case, eic, "RejectionNotice", "B7", now, checks=checks)
    checks = [grounds("Ground/Code", both)]
    books.owe_customer(case, "RejectionNotice", "B7, A17", now, checks=checks)
    return set()
