"""The final settlement of the old supplier (A24, A30, B11, C3, H1; interpretation 10)."""

from datetime import date, datetime
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from lxml import etree

from tests.simulation.audit import said
from tests.simulation.audit.books import INSTANT, Books, CarriedOut, Case
from tests.simulation.audit.facts import Meter, Reading
from tests.simulation.audit.legal_days import DAY, end, end_of_month
from tests.simulation.audit.owed import Came, Check, Finding, Owed
from tests.simulation.audit.reading_rules import quantity
from tests.simulation.audit.request_rules import ONE

_TIE = Decimal("0.5")


def owe_settlements(
    books: Books, case: Case, done: CarriedOut, now: datetime, number: str | None = None
) -> list[Owed]:
    """Each old supplier for its own directions and share; who stays where the payer changes."""
    owed = []
    parts = Parts(done)
    for eic, point in dict.fromkeys((one.supplier, one.point.number) for one in done.judged.ends):
        own = [one for one in done.judged.ends if (one.supplier, one.point.number) == (eic, point)]
        directions = {one.direction for one in own}
        shares = [one.share for one in own if one.direction == "consumption"]
        payer = done.payer_before != done.payer_after and "consumption" in directions
        owed.append(
            Owed(
                to=eic,
                kind="FinalSettlement",
                case=number or case.number,
                rule="A24, A30",
                earliest=earliest(books, case, done.taken_on, now),
                latest=latest(books, case, done.taken_on, now),
                fields={
                    **_fields(done, "14" if payer else "16"),
                    "OldSupplier/Identification": eic,
                    "Point/AccountingPoint": point,
                },
                checks=[quantities(case, done, directions, shares)],
                then=parts.add if shares else None,
            )
        )
        parts.expected += bool(shares)
    if done.payer_before != done.payer_after and "consumption" not in done.judged.directions:
        owed += [
            Owed(
                to=held.supply.supplier,
                kind="FinalSettlement",
                case="",
                rule="A35",
                earliest=earliest(books, case, done.taken_on, now),
                latest=latest(books, case, done.taken_on, now),
                fields={
                    **_fields(done, "11"),
                    "OldSupplier/Identification": "",
                    "Point/AccountingPoint": case.meter_at.number,
                },
                checks=[quantities(case, done, {"consumption"}, [held.supply.share])],
            )
            for held in books.register.present(case.meter_at, "consumption", done.taken_on)
        ]
    for one in owed:
        books.debts.owe(one)
    return owed


class Parts:
    """B11: the parts of a divided quantity add up to the rounded total, by largest remainder."""

    def __init__(self, done: CarriedOut) -> None:
        ends = [one for one in done.judged.ends if one.direction == "consumption"]
        self._shares = {(one.supplier, one.point.number): one.share for one in ends}
        self._whole = sum(one.share for one in ends) == ONE and (len(self._shares) == len(ends))
        self._parts: dict[str, list[tuple[Decimal, Decimal]]] = {}
        self._came = 0
        self.expected = 0

    def add(self, came: Came) -> None:
        """One supplier's settlement has come. Raises Finding with the last."""
        share = self._shares[came.to, said.text(came.root, "Point/AccountingPoint")]
        for node in said.every(came.root, "Register"):
            told = said.decimal(node, "Quantity")
            if ":1.8." in said.text(node, "Obis") and told is not None:
                self._parts.setdefault(said.text(node, "Obis"), []).append((share, told))
        self._came += 1
        if self._came == self.expected and self._whole:
            for obis, parts in self._parts.items():
                if len(parts) == len(self._shares):
                    _by_largest_remainder(obis, parts)


def _by_largest_remainder(obis: str, parts: list[tuple[Decimal, Decimal]]) -> None:
    total = sum(told for _, told in parts)
    remainders = [(share * total % 1, told > (share * total).to_integral(ROUND_FLOOR))
                  for share, told in parts]  # fmt: skip
    up = [rest for rest, raised in remainders if raised]
    down = [rest for rest, raised in remainders if not raised]
    exact = sum((share * total).to_integral(ROUND_FLOOR) for share, _ in parts) + len(up)
    if exact != total or (up and down and min(up) < max(down)):
        raise Finding("parts", f"{obis}: {parts} of {total} are not by largest remainder")


def _fields(done: CarriedOut, reason: str) -> dict[str, str]:
    return {
        "Period/Until": done.taken_on.isoformat(),
        "Reason": reason,
        "ObtainedBy": done.reading.by,
    }


def earliest(books: Books, case: Case, day: date, now: datetime) -> datetime:
    """Where power is measured the month of the switch has to end first."""
    return max(now, end(end_of_month(day))) if case.meter_at.measured else now


def latest(books: Books, case: Case, day: date, now: datetime) -> datetime:
    """Interpretation 10: the earlier of A24 and A30; with measured power A24 alone."""
    if case.meter_at.measured:
        limit = end(books.calendar.working_day_after(end_of_month(day), 5))
    else:
        limit = min(end(books.calendar.working_day_after(day, 5)), end(day + 8 * DAY))
    return max(limit, now + INSTANT)


def quantities(case: Case, done: CarriedOut, directions: set[str], shares: list[Decimal]) -> Check:
    """H1: it opens where the period before closed; C3: whole kWh; B11: its own part of them."""
    opening = done.settled_from
    meter = case.meter_at.meter(done.taken_on)
    assert meter is not None

    def check(root: etree._Element) -> str:
        for node in said.every(root, "Register"):
            obis = said.text(node, "Obis")
            direction = "production" if ":2.8." in obis else "consumption"
            if direction not in directions:
                return f"{obis} is not of this supplier's directions"
            closing = Decimal(said.text(node, "Closing"))
            if closing != done.reading.values[obis]:
                return f"{obis} closes at {closing}, read was {done.reading.values[obis]}"
            if isinstance(opening, Reading) and opening.serial == done.reading.serial:
                share = sum(shares, Decimal(0)) if direction == "consumption" else ONE
                if wrong := _wrong_part(node, opening, closing, meter, share, len(shares) > 1):
                    return f"{obis}: {wrong}"
        return ""

    return check


def _wrong_part(
    node: etree._Element,
    opening: Reading,
    closing: Decimal,
    meter: Meter,
    share: Decimal,
    several: bool,
) -> str:
    obis = said.text(node, "Obis")
    if Decimal(said.text(node, "Opening") or -1) != opening.values[obis]:
        return "opens otherwise than the last reading"
    register = meter.registers[obis]
    exact = quantity(closing, opening.values[obis], register.digits, register.multiplier)
    whole = exact.quantize(Decimal(1), ROUND_HALF_UP)
    told = Decimal(said.text(node, "Quantity") or -1)
    if several:
        return ""
    low = (whole * share).quantize(Decimal(1), ROUND_FLOOR)
    right = {low} if low == whole * share else {low, low + 1}
    if share == ONE and exact % 1 == _TIE:
        right |= {whole - 1}
    return "" if told in right else f"{told} kWh, right is one of {sorted(right)}"
