"""A switch is carried out: register, completion, the notice of the change (A24 to A32, B9)."""

from datetime import date, datetime

from tests.simulation.audit.books import Books, CarriedOut, Case, registers
from tests.simulation.audit.facts import Point, Reading, Supply
from tests.simulation.audit.legal_days import DAY, end, local
from tests.simulation.audit.owed import Finding, Owed
from tests.simulation.audit.request_rules import ONE
from tests.simulation.audit.said import Reported
from tests.simulation.audit.settlement import owe_settlements


def carry_out(books: Books, case: Case, reported: Reported, now: datetime) -> None:
    """On the day the reading was taken, from 00:00 (A25)."""
    books.end(case, "completed")
    day = local(reported.taken)
    meter_at = case.meter_at
    opening = meter_at.last_reading()
    if reported.by != "3":  # somebody was at the meter (A21)
        meter_at.inaccessible_since = None
    before = paying(books, meter_at, day - DAY)
    enter(books, case, day)
    books.carried_out += 1
    case.carried_out = CarriedOut(
        case.judged, reported, day, before, "", opening, books.carried_out
    )
    documents(books, case, case.carried_out, now)
    add_reading(case, reported)


def add_reading(case: Case, reported: Reported) -> None:
    """The reading is on record from now on."""
    case.meter_at.readings.append(
        Reading(reported.serial, reported.taken, reported.by, reported.values)
    )


def paying(books: Books, point: Point, day: date) -> str:
    """Who pays the network charge on a day (A34, A35): "supplier" is that of consumption."""
    if point.payer == "customer":
        return "customer"
    return "".join(
        held.supply.supplier for held in books.register.present(point, "consumption", day)
    )


def enter(books: Books, case: Case, day: date) -> None:
    """The old supplier's last day is the day before; the new one has no end (A27)."""
    for ends in case.judged.ends:
        for supply in ends.point.suppliers(ends.direction, day):
            if supply.supplier == ends.supplier and supply.share == ends.share:
                supply.until = day
        books.touched.add(ends.point.number)
    for begins in case.judged.begins:
        point = begins.point or _metering_point(books, case, begins.supplier)
        point.supplies.append(Supply(begins.direction, begins.supplier, begins.share, day, None))
        books.touched.add(point.number)
    for point in books.register.key(case.meter_at):
        point.payer = case.request.payer
    whole_or_none(books, case.meter_at, day)


def whole_or_none(books: Books, point: Point, day: date) -> None:
    """B10: the shares of a meter add up to exactly one. Raises Finding."""
    shares = sum(held.supply.share for held in books.register.present(point, "consumption", day))
    if shares not in (ONE, 0):
        raise Finding("shares", f"{point.number}: {shares} on {day}")


def _metering_point(books: Books, case: Case, supplier: str) -> Point:
    number = case.numbers[supplier]
    known = books.register.points.get(number)
    return known or books.register.add_metering_point(number, case.meter_at)


def documents(
    books: Books,
    case: Case,
    done: CarriedOut,
    now: datetime,
) -> None:
    """A28, A30, A32 and what the back office books (A27)."""
    completions(books, case, case.number, done, now)
    for to, fields in changes(case, done):
        books.owe(
            case, to, "RegisterChangeNotice", "A32", now, fields=fields, latest=eight_days(now)
        )
    done.payer_after = paying(books, case.meter_at, done.taken_on)
    owe_settlements(books, case, done, now)
    if only_payer_changes(done):
        for held in books.register.present(case.meter_at, "consumption", done.taken_on):
            owe_change(books, case.meter_at, held.supply.supplier, "payer", done.taken_on, now)
    executed(books, case, case.number, done, now)


def eight_days(now: datetime) -> datetime:
    """Until when a change that was entered is told (A32)."""
    return end(local(now) + 8 * DAY)


def only_payer_changes(done: CarriedOut) -> bool:
    """Whether the payer changes with a supplier of consumption that stays (A35)."""
    return done.payer_before != done.payer_after and "consumption" not in done.judged.directions


def completions(
    books: Books, case: Case, number: str, done: CarriedOut, now: datetime
) -> list[Owed]:
    """A28: to each new supplier for its point, and each old one for its own."""
    owed, day = [], done.taken_on.isoformat()
    new_at = {}
    for begins in done.judged.begins:
        point = begins.point.number if begins.point else case.numbers[begins.supplier]
        new_at[begins.supplier, point] = None
    for eic, point in new_at:
        fields = {
            "NewSupply/SwitchDate": day,
            "NewSupply/NewSupplier/Identification": eic,
            "NewSupply/ObtainedBy": done.reading.by,
            "NewSupply/Point/AccountingPoint": point,
        }
        checks = [registers("NewSupply/Register", done.reading)]
        owed.append(
            books.owe(number, eic, "SwitchCompleted", "A28", now, fields=fields, checks=checks)
        )
    for eic, point in old_points(done):
        fields = {
            "OldSupply/SwitchDate": day,
            "OldSupply/OldSupplier/Identification": eic,
            "OldSupply/ObtainedBy": done.reading.by,
            "OldSupply/Point/AccountingPoint": point,
        }
        checks = [registers("OldSupply/Register", done.reading)]
        owed.append(
            books.owe(number, eic, "SwitchCompleted", "A28", now, fields=fields, checks=checks)
        )
    return owed


def old_points(done: CarriedOut) -> list[tuple[str, str]]:
    """Each old supplier with its own point."""
    return list(dict.fromkeys((one.supplier, one.point.number) for one in done.judged.ends))


def changes(case: Case, done: CarriedOut) -> list[tuple[str, dict[str, str]]]:
    """A32: each old supplier is told that it loses sight of its point."""
    return [
        (
            eic,
            {
                "Change": "supplier",
                "EffectiveOn": done.taken_on.isoformat(),
                "Point/AccountingPoint": point,
            },
        )
        for eic, point in old_points(done)
    ]


def owe_change(books: Books, point: Point, eic: str, what: str, day: date, now: datetime) -> Owed:
    """A32: what affects the network charge is told to the point's supplier within 8 days."""
    fields = {
        "Change": what,
        "EffectiveOn": day.isoformat(),
        "Point/AccountingPoint": point.number,
    }
    return books.owe(
        "", eic, "RegisterChangeNotice", "A32", now, fields=fields, latest=eight_days(now)
    )


def executed(books: Books, case: Case, number: str, done: CarriedOut, now: datetime) -> Owed:
    """A27: what the back office books; never to a supplier."""
    fields = {
        "SwitchDate": done.taken_on.isoformat(),
        "NetworkChargePayer": case.request.payer,
        "ObtainedBy": done.reading.by,
    }
    checks = [registers("Register", done.reading)]
    operator = books.register.operator
    return books.owe(number, operator, "SwitchExecuted", "A27", now, fields=fields, checks=checks)
