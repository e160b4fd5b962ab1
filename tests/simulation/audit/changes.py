"""What the back office reports of a point (D3, A32), and the requests it meets (A1, A5, A11)."""

from datetime import datetime

from lxml import etree

from tests.simulation.audit import said
from tests.simulation.audit.books import Books
from tests.simulation.audit.completion import owe_change
from tests.simulation.audit.facts import Point
from tests.simulation.audit.legal_days import DAY, DAYS_BACK, local
from tests.simulation.audit.request_rules import ANY
from tests.simulation.audit.requests import check_again


def changed(
    books: Books, root: etree._Element, point: Point, now: datetime, came: list[str]
) -> tuple[set[str], set[str]]:
    """Entered at once, told to who supplies the point by then (A32); an open request is checked."""
    day = said.day(said.text(root, "EffectiveOn"))
    connected, name = said.text(root, "Connected"), said.text(root, "Customer/Name")
    known = books.register.customers.get(point.customer, "")
    if day is None or day > local(now):
        return {"SB:S30"}, set(ANY)
    must = {"SB:S30"} if day < local(now) - DAYS_BACK * DAY else set()
    if (name and name == known) or (connected and (connected == "true") == point.connected):
        must.add("SB:S31")
    if not must and came == ["SB:S30"]:  # what came since is not followed here
        return {"SB:S30"}, set()
    if must:
        return must, set()
    if connected:
        point.connected = connected == "true"
    else:
        books.register.customers[point.customer] = name
    suppliers = [one.supplier for d in point.directions for one in point.suppliers(d, local(now))]
    for eic in dict.fromkeys(suppliers):
        owe_change(books, point, eic, "connection" if connected else "customer", day, now)
    for case in list(books.running.values()):
        if case.point is point and case.approved is None:
            check_again(books, case, now)
    return set(), set()
