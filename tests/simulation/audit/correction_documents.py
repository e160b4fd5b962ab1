"""Who is told that a switch was put right: whoever was told of it, with what (A28, A30, A32)."""

from collections.abc import Callable
from datetime import datetime

from lxml import etree

from tests.simulation.audit import said
from tests.simulation.audit.books import Books, CarriedOut, Case
from tests.simulation.audit.completion import (
    completions,
    eight_days,
    executed,
    old_points,
    only_payer_changes,
    owe_change,
)
from tests.simulation.audit.owed import Owed
from tests.simulation.audit.settlement import owe_settlements

CANCELS, REPLACES = "1", "5"


def undone(
    books: Books, case: Case, done: CarriedOut, number: str, now: datetime, *, settled: bool
) -> None:
    """Each document is cancelled; the new suppliers lose sight of the point (A32)."""
    owed = completions(books, case, number, done, now)
    owed += _changes(books, number, done, now)
    if settled:
        owed += _settlements_again(books, case, done, number, now)
    if only_payer_changes(done):
        owed += _payer_changes(books, case, done, now)
    owed.append(executed(books, case, number, done, now))
    for one in owed:
        _corrects(books, one, CANCELS)
    for begins in done.judged.begins:
        point = begins.point.number if begins.point else case.numbers[begins.supplier]
        fields = {
            "Change": "supplier",
            "EffectiveOn": done.taken_on.isoformat(),
            "Point/AccountingPoint": point,
            "Header/Corrects/Function": "",
        }
        if not any(
            (
                one.to,
                one.fields.get("Point/AccountingPoint"),
                one.fields.get("Header/Corrects/Function"),
            )
            == (begins.supplier, point, "")
            and (one.case, one.kind) == (number, "RegisterChangeNotice")
            for one in books.debts.open
        ):
            books.owe(
                number, begins.supplier, "RegisterChangeNotice", "A32", now,
                fields=fields, latest=eight_days(now),
            )  # fmt: skip


def replaced(
    books: Books,
    case: Case,
    done: CarriedOut,
    number: str,
    now: datetime,
    *,
    settled: bool,
    other_day: bool,
) -> None:
    """Each document is replaced; the notice of the change only where its day is another."""
    owed = completions(books, case, number, done, now)
    if other_day:
        owed += _changes(books, number, done, now)
    if settled:
        owed += _settlements_again(books, case, done, number, now)
    else:
        owe_settlements(books, case, done, now, number)
    if only_payer_changes(done) and other_day:
        owed += _payer_changes(books, case, done, now)
    owed.append(executed(books, case, number, done, now))
    for one in owed:
        _corrects(books, one, REPLACES)


def _changes(books: Books, number: str, done: CarriedOut, now: datetime) -> list[Owed]:
    return [
        books.owe(
            number,
            eic,
            "RegisterChangeNotice",
            "A32",
            now,
            fields={
                "Change": "supplier",
                "EffectiveOn": done.taken_on.isoformat(),
                "Point/AccountingPoint": point,
            },
            latest=eight_days(now),
        )
        for eic, point in old_points(done)
    ]


def _payer_changes(books: Books, case: Case, done: CarriedOut, now: datetime) -> list[Owed]:
    present = books.register.present(case.meter_at, "consumption", done.taken_on)
    return [
        owe_change(books, case.meter_at, held.supply.supplier, "payer", done.taken_on, now)
        for held in present
    ]


def _settlements_again(
    books: Books, case: Case, done: CarriedOut, number: str, now: datetime
) -> list[Owed]:
    """What was settled is cancelled, or settled anew, at once."""
    owed = owe_settlements(books, case, done, now, number)
    for one in owed:
        one.earliest = now
    return owed


def _corrects(books: Books, owed: Owed, function: str) -> None:
    """The document says what it is to which one that its recipient has had."""
    owed.fields["Header/Corrects/Function"] = function
    owed.checks.append(_refers_to(books, owed))


def _refers_to(books: Books, owed: Owed) -> Callable[[etree._Element], str]:
    def check(root: etree._Element) -> str:
        number = said.text(root, "Header/Corrects/DocumentNumber")
        before = books.came.get((owed.to, number))
        if before is None:
            return f"it refers to {number}, which {owed.to} never got"
        if before[0] != owed.kind:
            return f"it refers to a {before[0]}"
        if before[1] != said.text(root, "Header/Corrects/CaseNumber"):
            return "it names another case than that of the document"
        return ""

    return check
