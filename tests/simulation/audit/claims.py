"""Claims of several suppliers for their own shares of one delivery point (B1 to B4)."""

from datetime import datetime

from lxml import etree

from tests.simulation.audit import said
from tests.simulation.audit.books import Application, Books, Case
from tests.simulation.audit.legal_days import local
from tests.simulation.audit.owed import Finding
from tests.simulation.audit.request_rules import ONE
from tests.simulation.audit.requests import (
    application_in,
    check_deadline,
    judge_case,
    new_case,
    proceed,
    reject,
    reject_shares,
    reject_with,
)
from tests.simulation.audit.share_rules import judge_share

DAYS_FOR_CLAIMS = 10


def open_claim(
    books: Books, root: etree._Element, received: datetime, answer: etree._Element
) -> Case:
    """A claim was taken in: refused by itself, or with a collection, or the first of one."""
    application = application_in(books, root, received)
    collection = _collection(books, application)
    if _refused(books, application, collection, received, answer):
        return books.cases[said.text(answer, "Header/CaseNumber")]
    if collection is None:
        collection = new_case(books, "claims", application, answer)
        collection.state = "collecting"
        collection.claims_end = books.party_has(local(received), DAYS_FOR_CLAIMS)
        books.running[collection.number] = collection
    else:
        number = said.text(answer, "Header/CaseNumber")
        if number != collection.number:
            raise Finding("case of a claim", f"{number}, collected in {collection.number}")
        collection.applications.append(application)
    if not _complete(books, collection, received, answer):
        check_deadline(answer, collection.claims_end, collection.claims_end)
    return collection


def _collection(books: Books, application: Application) -> Case | None:
    """The collection at the same meter that a claim belongs to (interpretation 7)."""
    for case in books.at_delivery(application.point.delivery):
        if case.state == "collecting" and case.meter_at is books.register.measuring(
            application.point
        ):
            return case
    return None


def _refused(
    books: Books,
    application: Application,
    collection: Case | None,
    received: datetime,
    answer: etree._Element,
) -> bool:
    """A claim with a ground is rejected at once, and the collection goes on without it."""
    today = local(received)
    request = application.request
    judged = judge_share(
        request,
        books.register,
        received=today,
        today=today,
        starts=today,
        wanted=request.wanted,
    )
    others = [one for one in books.at_delivery(application.point.delivery) if one is not collection]
    if others and "260:E10" not in judged.must:
        judged.must.add("260:E22")
    elif collection and collection.application_of(request.sender):
        judged.must.add("SB:S41")
    if request.sender != request.chosen[0].supplier:
        judged.must.add("260:E16")
    elif not judged.must and _as_it_is(books, application, collection, received):
        judged.must.add("260:E59")
    if not judged.must:
        return False
    case = new_case(books, "claims", application, answer)
    case.judged = judged
    reject(books, case, judged, received)
    return True


def _as_it_is(
    books: Books, application: Application, collection: Case | None, now: datetime
) -> bool:
    """Whether with this claim all are what is in force: it is the one that changes nothing."""
    claims = [*(collection.applications if collection else []), application]
    wanted = sorted((one.request.sender, one.request.chosen[0].share) for one in claims)
    present = books.register.present(application.point, "consumption", local(now))
    return wanted == sorted((one.supply.supplier, one.supply.share) for one in present)


def _complete(
    books: Books, case: Case, now: datetime, answer: etree._Element | None = None
) -> bool:
    """Shares of exactly one close the collection; all checks run again (interpretation 11)."""
    if sum(one.request.chosen[0].share or 0 for one in case.applications) != ONE:
        return False
    judged = judge_case(books, case, now)
    if judged.must:
        reject(books, case, judged, now)
    else:
        proceed(books, case, judged, now, local(now), answer)
    return True


def reach_claims_over(books: Books, case: Case, now: datetime) -> None:
    """B2, B3: the days end short of one or beyond."""
    reject_shares(books, case, "SB:S40", now, may={"SB:S04"})


def withdraw_claim(
    books: Books, case: Case, sender: str, came: list[str], now: datetime
) -> set[str]:
    """A13: a claimant takes its claim back; the others go on while the days run."""
    if not case.open:
        codes = ("SB:S10", *(["SB:S09"] if case.approved else []))
        return {next((one for one in codes if one in came), codes[0])}
    if case.approved:
        return {"SB:S09"}
    claim = case.application_of(sender)
    assert claim is not None
    books.owe(case, sender, "WithdrawalConfirmation", "A13", now)
    case.applications.remove(claim)
    case.taken_back.append(claim)
    if not case.applications:
        books.end(case, "withdrawn")
        return set()
    case.state, case.decide_at = "collecting", None
    if _complete(books, case, now):
        return set()
    assert case.claims_end is not None
    if now >= case.claims_end:
        reject_shares(books, case, "SB:S40", now, may={"SB:S04"})
    return set()


def reject_by_operator(books: Books, case: Case, codes: set[str], now: datetime) -> None:
    """The operator's own codes are told to every claimant."""
    reject_with(books, case, codes, now)
