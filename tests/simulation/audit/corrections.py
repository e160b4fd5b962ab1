"""A switch that was wrongly carried out is put right (D3; A27, A28, A30, A32)."""

from datetime import datetime

from lxml import etree

from tests.simulation.audit import said
from tests.simulation.audit.books import Books, CarriedOut, Case, either
from tests.simulation.audit.completion import (
    add_reading,
    only_payer_changes,
    paying,
    whole_or_none,
)
from tests.simulation.audit.correction_documents import replaced, undone
from tests.simulation.audit.facts import Reading, Supply, day_of
from tests.simulation.audit.legal_days import DAY, DAYS_BACK, local
from tests.simulation.audit.owed import Finding
from tests.simulation.audit.reading_rules import judge_reading
from tests.simulation.audit.readings import outside_the_period, wrong_route
from tests.simulation.audit.request_rules import ANY


def corrected(
    books: Books, root: etree._Element, answer: etree._Element, came: list[str], now: datetime
) -> tuple[set[str], set[str]]:
    """A Correction was answered: the codes that must and may refuse it, or it is carried out."""
    case = books.cases.get(said.text(root, "CaseNumber"))
    done = case.carried_out if case else None
    if case is None or done is None:
        return {"SB:S60"}, set(ANY)
    if not _names(books, root, case):
        return {"260:E10"}, set(ANY)
    must: set[str] = set()
    may: set[str] = set()
    if said.text(root, "Point/AccountingPoint") != case.applications[0].point.number:
        may.add("260:E10")  # by which of its numbers a division is called, the rules leave open
    if books.at_delivery(case.point.delivery):
        must.add("260:E22")
    if done.corrected_by:
        return {"SB:S61"}, set(ANY)
    for later in _later(books, case, done):
        if later.judged.directions & done.judged.directions or only_payer_changes(later):
            must.add("SB:S62")
        else:  # another direction: whether that bars it, the rules leave open
            may.add("SB:S62")
    reported = _right_reading(root) if said.every(root, "RightReading") else None
    days = [done.taken_on, *([local(reported.taken)] if reported else [])]
    if min(days) < local(now) - DAYS_BACK * DAY:
        must.add("SB:S30")
    if reported is not None:
        _hold(books, case, done, reported, now, must, may)
    else:
        must |= _who_comes_back(books, done, came)
    if must or came:
        if came and not must:
            return _unsure(came, may), set()
        return must, may
    _put_right(books, case, done, reported, answer, now)
    return set(), set()


def _who_comes_back(books: Books, done: CarriedOut, came: list[str]) -> set[str]:
    """A33: undone, the old suppliers go on; only those that may supply can."""
    for one in done.judged.ends:
        party = books.register.parties[one.supplier]
        if not party.active or party.group is None:
            return either(came, "260:E16", "260:E18")
    return set()


def _unsure(came: list[str], may: set[str]) -> set[str]:
    return {code for code in came if code in may}


def _names(books: Books, root: etree._Element, case: Case) -> bool:
    point = books.register.points.get(said.text(root, "Point/AccountingPoint"))
    return (
        point is not None
        and point.site == said.text(root, "Point/MeteringSite")
        and point.measured_at == case.meter_at.number
    )


def _later(books: Books, case: Case, done: CarriedOut) -> list[CarriedOut]:
    """What was carried out at the same meter after the switch, and stands."""
    return [
        one.carried_out
        for one in books.cases.values()
        if one.carried_out is not None
        and one.meter_at is case.meter_at
        and one.carried_out.order > done.order
        and not one.carried_out.undone
    ]


def _right_reading(root: etree._Element) -> said.Reported:
    node = said.every(root, "RightReading")[0]
    return said.Reported(
        message=said.text(root, "Header/Identification"),
        sender=said.text(root, "Header/Sender/Identification"),
        role="DDM",
        case=said.text(root, "CaseNumber"),
        point=said.text(root, "Point/AccountingPoint"),
        site=said.text(root, "Point/MeteringSite"),
        serial=said.text(node, "SerialNumber"),
        taken=datetime.fromisoformat(said.text(node, "TakenAt")),
        by=said.text(node, "ObtainedBy"),
        values=said.values(node),
        reason="",
    )


def _hold(
    books: Books,
    case: Case,
    done: CarriedOut,
    reported: said.Reported,
    now: datetime,
    must: set[str],
    may: set[str],
) -> None:
    """The right reading: of the period, by its route, valid by C5, and another than before."""
    taken = local(reported.taken)
    if outside_the_period(case, reported, min(local(now), case.judged.last)):
        must.add("SB:S06")
    elif reported.by == "3":
        may.add("SB:S06")  # read remotely where the way was another one
    as_sent = {"2": "DDQ", "3": "DDE", "1": "DDM"}.get(reported.by, "")
    if reported.by == "4":  # never on an estimate (C4)
        must.add("SB:S11")
    elif wrong_route(case, said.with_role(reported, as_sent)):
        may.add("SB:S11")  # who may have read it otherwise, the rules leave open
    wrong = done.reading
    if (reported.serial, taken, reported.values) == (wrong.serial, done.taken_on, wrong.values):
        if (reported.taken, reported.by) == (wrong.taken, wrong.by):
            must.add("SB:S31")
            return
        may.add("SB:S31")
    with WithoutReading(case, done):
        verdict = judge_reading(case.meter_at, reported, now=now, before=done.taken_on)
    codes = set(verdict.codes) - {"260:E90"}
    if verdict.unsure:  # it may also go back behind another reading of its day
        may |= codes | {"260:E19"}
    else:
        must |= codes
    if {"260:E61", "260:E62"} & codes:
        may |= {"260:E19"}
    _before_the_next(case, done, reported, must, may)


class WithoutReading:
    """The readings on record without that of the switch, as if it had not been."""

    def __init__(self, case: Case, done: CarriedOut) -> None:
        self._readings = case.meter_at.readings
        self._own = reading_of_switch(case, done)

    def __enter__(self) -> None:
        if self._own is not None:
            self._at = self._readings.index(self._own)
            self._readings.remove(self._own)

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            self._readings.insert(self._at, self._own)


def reading_of_switch(case: Case, done: CarriedOut) -> Reading | None:
    """The reading that the switch brought onto the record."""
    for one in reversed(case.meter_at.readings):
        if (one.taken, one.values) == (done.reading.taken, done.reading.values):
            return one
    return None


def _before_the_next(
    case: Case, done: CarriedOut, reported: said.Reported, must: set[str], may: set[str]
) -> None:
    """A right reading leaves room for those that came after (C5)."""
    own = reading_of_switch(case, done)
    later = [
        one
        for one in case.meter_at.readings
        if one is not own and one.taken >= min(reported.taken, done.reading.taken)
    ]
    if later:
        may.add("260:E19")
    _ = must


def _put_right(
    books: Books,
    case: Case,
    done: CarriedOut,
    reported: said.Reported | None,
    answer: etree._Element,
    now: datetime,
) -> None:
    number = said.text(answer, "Header/CaseNumber")
    if not number or number in books.cases or number in books.corrections:
        raise Finding("case number", f"{number!r} is none, or was given before")
    books.corrections.add(number)
    done.corrected_by = number
    settled = _settled(books, case)
    books.debts.cancel(case.number, "FinalSettlement")
    books.debts.cancel(case.number, "RegisterChangeNotice")
    _take_back(books, case, done)
    if reported is None:
        done.undone = True
        undone(books, case, done, number, now, settled=settled)
    else:
        other_day = local(reported.taken) != done.taken_on
        _enter_anew(books, case, done, reported)
        replaced(books, case, done, number, now, settled=settled, other_day=other_day)
    whole_or_none(books, case.meter_at, local(now))


def _settled(books: Books, case: Case) -> bool:
    return not any(
        (one.case, one.kind) == (case.number, "FinalSettlement") for one in books.debts.open
    )


def _take_back(books: Books, case: Case, done: CarriedOut) -> None:
    """Supply, payer and reading that the switch brought are taken back."""
    for begins in done.judged.begins:
        number = begins.point.number if begins.point else case.numbers[begins.supplier]
        point = books.register.points[number]
        point.supplies = [
            one
            for one in point.supplies
            if (one.direction, one.supplier, one.since)
            != (begins.direction, begins.supplier, done.taken_on)
        ]
        books.touched.add(number)
    for ends in done.judged.ends:
        for supply in ends.point.supplies:
            if (supply.direction, supply.supplier, supply.share, supply.until) == (
                ends.direction,
                ends.supplier,
                ends.share,
                done.taken_on,
            ):
                supply.until = None
        books.touched.add(ends.point.number)
    for point in books.register.key(case.meter_at):
        point.payer = "customer" if done.payer_before == "customer" else "supplier"
    own = reading_of_switch(case, done)
    if own is not None:
        case.meter_at.readings.remove(own)


def _enter_anew(books: Books, case: Case, done: CarriedOut, reported: said.Reported) -> None:
    """The same switch with its right reading, and for its day."""
    done.taken_on, done.reading = local(reported.taken), reported
    last = case.meter_at.last_reading()
    before = [one for one in case.meter_at.readings if day_of(one) <= done.taken_on]
    done.settled_from = max(before, key=lambda one: one.taken, default=last)
    for ends in done.judged.ends:
        for supply in ends.point.supplies:
            if supply.until is None and (supply.direction, supply.supplier, supply.share) == (
                ends.direction, ends.supplier, ends.share
            ):  # fmt: skip
                supply.until = done.taken_on
    for begins in done.judged.begins:
        at = begins.point.number if begins.point else case.numbers[begins.supplier]
        books.register.points[at].supplies.append(
            Supply(begins.direction, begins.supplier, begins.share, done.taken_on, None)
        )
    for point in books.register.key(case.meter_at):
        point.payer = case.request.payer
    done.payer_after = paying(books, case.meter_at, done.taken_on)
    add_reading(case, reported)
