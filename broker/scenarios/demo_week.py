"""The weeks before today at a busy operator: what fills the dashboard of the demo.

Cases of several suppliers in every state, some rejected, some that a person must decide, one whose
hour has passed, and messages that the door refuses.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, time
from decimal import Decimal
from functools import partial

from broker.scenarios.demo_messages import (
    first_simulated,
    new_supplier,
    old_supplier,
    request,
    second_simulated,
)
from broker.scenarios.demo_parties import Days, Past
from broker.scenarios.posts import Party

Act = Callable[[datetime], Awaitable[None]]
Agenda = list[tuple[datetime, Act]]

# Point, who asks for it, how many working days ago, and how many the meter was read.
_COMPLETED = (
    (61, "juzna", 13, 10),
    (42, "soncna", 12, 8),
    (31, "vzhodna", 10, 7),
    (62, "severna", 9, 5),
)
# Point, who asks for it, how many working days ago.
_AWAITING_READING = (
    (46, "vzhodna", 5),
    (51, "vzhodna", 5),
    (64, "soncna", 4),
)
# The same, with the name that differs from the register's.
_IN_DOUBT = (
    (9, "juzna", 4, "Zdenka Zgled Kos"),
    (52, "vzhodna", 3, "Janez Vzorec"),
    (55, "soncna", 2, "Ivan Poskusnik"),
)
# Requests that a ground speaks against at once.
_REJECTED = (
    (54, "severna", 13),  # not connected
    (59, "juzna", 11),  # not connected and without meter
    (44, "juzna", 8),  # supplied by the applicant already
    (36, "vzhodna", 7),  # has no consumption
    (26, "juzna", 6),  # supplied by the applicant already
    (57, "vzhodna", 5),  # a supplier has been agreed for later
    (60, "soncna", 4),  # without meter
    (38, "vzhodna", 3),  # self-supply: both directions change together
    (34, "vzhodna", 2),  # two directions, of which the request names one
)
_VISITED, _INACCESSIBLE, _LATE, _PERIOD_OVER, _PUT_ASIDE = 27, 28, 24, 17, 21
_WITHDRAWN, _REFUSED_BY_A_PERSON, _APPROVED_BY_A_PERSON = 56, 58, 10
_MORNING, _NOON, _EVENING = time(8, 20), time(12, 5), time(17, 45)


def agenda_of_the_week(past: Past, days: Days) -> Agenda:
    """What is done when; every instant lies before today."""
    return [
        *_plain(past, days),
        *_for_a_person(past, days),
        *_decided_by_a_person(past, days),
        *_refused_at_the_door(past, days),
    ]


def _party(name: str) -> Party:
    return {
        "juzna": new_supplier,
        "severna": old_supplier,
        "soncna": first_simulated,
        "vzhodna": second_simulated,
    }[name]()


def _plain(past: Past, days: Days) -> Agenda:
    """What needs nobody: completed, awaiting the reading, rejected."""
    agenda: Agenda = []
    for point, name, asked, read in _COMPLETED:
        by = _party(name)
        agenda.append((days.back(asked, _MORNING), partial(past.request, point, by=by)))
        agenda.append((days.back(read, _EVENING), partial(past.report, point, by=by)))
    for point, name, asked in (*_AWAITING_READING, *_REJECTED):
        act = partial(past.request, point, by=_party(name))
        agenda.append((days.back(asked, _NOON), act))
    return agenda


def _for_a_person(past: Past, days: Days) -> Agenda:
    """What waits: names that differ, sites and meters out of reach, readings late or in doubt."""
    agenda: Agenda = [
        (days.back(asked, _EVENING), partial(past.request, point, by=_party(name), name=customer))
        for point, name, asked, customer in _IN_DOUBT
    ]
    vzhodna = _party("vzhodna")
    agenda += [
        (days.days_back(21, _NOON), partial(past.request, _VISITED)),
        (days.back(5, _MORNING), partial(past.request, _INACCESSIBLE, by=vzhodna)),
        (days.back(4, _MORNING), partial(past.report_inaccessible, _INACCESSIBLE, by=vzhodna)),
        (days.back(3, _MORNING), partial(past.request, _LATE)),
        (days.days_back(22, _MORNING), partial(past.request, _PERIOD_OVER)),
        (days.days_back(2, _NOON), partial(past.report, _PERIOD_OVER, value=Decimal(8450))),
        (days.back(7, _MORNING), partial(past.request, _PUT_ASIDE, name="Tone Staronov")),
        (days.back(7, _NOON), partial(past.put_aside, _PUT_ASIDE)),
    ]
    return agenda


def _decided_by_a_person(past: Past, days: Days) -> Agenda:
    """What was in doubt and is no longer: withdrawn, rejected, approved."""
    soncna = _party("soncna")
    person = {"by": "Nada Zgled (nada)"}
    rejection: dict[str, object] = {
        **person,
        "decision": "reject",
        "why": "odjemalec je pojasnil, da zahteve ni podpisal",
        "codes": ["260:E14"],
        "text": "Odjemalec izjavlja, da pogodbe ni podpisal.",
    }
    approval: dict[str, object] = {
        **person,
        "decision": "approve",
        "why": "priimek po poroki, potrdil po telefonu",
    }
    return [
        (days.back(8, _NOON), partial(past.request, _WITHDRAWN, by=soncna, name="Milan Drugi")),
        (days.back(7, _EVENING), partial(past.withdraw, _WITHDRAWN, by=soncna)),
        (days.back(6, _MORNING), partial(past.request, _REFUSED_BY_A_PERSON, name="Ana Drugačna")),
        (days.back(4, _EVENING), partial(past.decide, _REFUSED_BY_A_PERSON, decision=rejection)),
        (days.back(5, _EVENING), partial(past.request, _APPROVED_BY_A_PERSON, name="Vid Sedaj")),
        (days.back(3, _NOON), partial(past.decide, _APPROVED_BY_A_PERSON, decision=approval)),
    ]


def _refused_at_the_door(past: Past, days: Days) -> Agenda:
    """Messages that open no case: structure, values, a reading beyond belief."""
    vzhodna, agenda = _party("vzhodna"), Agenda()
    for count, by in ((9, vzhodna), (6, None), (2, vzhodna)):
        at = days.back(count, time(10, 15))
        wrong = {"Point/AccountingPoint": "383199900000000018"}
        number = f"X{count}-{at:%Y%m%d}"
        message = request(1, number, at, by=by, others=wrong)
        agenda.append((at, partial(past.be_refused, message, status=422, by=by)))
    for count in (8, 3):
        at = days.back(count, time(14, 30))
        broken = request(1, f"Y{count}-{at:%Y%m%d}", at, others={"NetworkChargePayer": "neighbour"})
        agenda.append((at, partial(past.be_refused, broken, status=400)))
    soncna = _party("soncna")
    agenda.append((days.back(1, _MORNING), partial(past.report_too_much, 64, by=soncna)))
    return agenda
