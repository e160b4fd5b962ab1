"""What a step expected against what came: every difference as a line that says both."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from sqlite3 import Connection

from broker.engine.apply import replay
from broker.scenarios.files import LOCAL_TIME, Step, instant_of
from broker.scenarios.posts import parties, party_named
from broker.scenarios.stage import Delivered, operator_party
from broker.store.verify import verify
from broker.usecases.owed_notices import find_missing

_NAMED = ("to", "kind", "at", "times")


def different(what: str, expected: object, came: object) -> list[str]:
    """The difference between two values as a line; nothing where they are equal."""
    return [] if expected == came else [f"{what}: expected {expected}, came {came}"]


def wrong_in_file(connection: Connection) -> list[str]:
    """What is not as it was committed or replayed, and notices that are owed and not there."""
    return [
        *(f"verify: {one.where} {one.what}" for one in verify(connection, replay)),
        *(f"missing by {one.rule}: {one.kind.value}" for one in find_missing(connection)),
    ]


def wrong_notices(step: Step, new: Sequence[Delivered]) -> list[str]:
    """What was expected and did not come, and what came unexpected (each document counts once)."""
    left, wrong = list(new), []
    for expected in (one for one in step.notices for _ in range(int(one.get("times", "1")))):
        match = next((document for document in left if _matches(document, expected)), None)
        if match is None:
            wrong.append(f"expected {_listed(expected)}{_nearest(expected, left)}")
        else:
            left.remove(match)
    return wrong + [f"unexpected {document.kind} to {document.to.name}" for document in left]


def said_too_much(new: Sequence[Delivered]) -> list[str]:
    """Documents that name another supplier than their recipient (A16, interpretation 9).

    A rejection repeats the suppliers that the applicant itself has named, and a customer that
    applied itself knows them all.
    """
    operator = operator_party()
    return [
        f"{document.kind} to {document.to.name} names {other.name}"
        for document in new
        if document.kind not in ("RejectionNotice", "SwitchExecuted")
        and not document.value("Header/DeliverToCustomer/Name")
        for other in parties()
        if other not in (document.to, operator)
        and (other.eic in (text := document.content.decode()) or other.name in text)
    ]


def wrong_fields(expected: dict[str, str], came: Iterable[tuple[str, str]]) -> list[str]:
    """The fields of a document that are not as expected; an empty text means: not there.

    An instant is expected by the clock of the law, as 2026-05-04 00:00.
    """
    values = dict(came)
    return [
        line
        for path, value in expected.items()
        for line in different(path, value, _as_expected(value, values[path]))
    ]


def _as_expected(expected: str, came: str) -> str:
    """What came, as what was expected where both mean one instant."""
    if LOCAL_TIME.fullmatch(expected) and came and instant_of(expected) == instant_of(came):
        return expected
    return came


def wrong_deadlines(expected: dict[str, str], came: dict[str, str]) -> list[str]:
    """Deadlines of an answer that differ, as kind and instant."""
    wanted = {kind: instant_of(text) for kind, text in expected.items()}
    given = {kind: instant_of(text) for kind, text in came.items()}
    return different("deadlines", _told(wanted), _told(given))


def _told(deadlines: dict[str, datetime]) -> dict[str, str]:
    return {kind: str(deadlines[kind]) for kind in sorted(deadlines)}


def _matches(document: Delivered, expected: dict[str, str]) -> bool:
    return document.kind == expected["kind"] and not _differences(document, expected)


def _differences(document: Delivered, expected: dict[str, str]) -> list[str]:
    found = different("to", party_named(expected["to"]).name, document.to.name)
    if "at" in expected:
        created = instant_of(document.value("Header/Creation"))
        found += different("at", instant_of(expected["at"]), created)
    fields = {path: value for path, value in expected.items() if path not in _NAMED}
    return found + wrong_fields(fields, ((path, document.value(path)) for path in fields))


def _nearest(expected: dict[str, str], left: Sequence[Delivered]) -> str:
    """Where a document of the kind came to that party with other fields, what differs."""
    for document in left:
        if document.kind == expected["kind"] and expected["to"] in document.to.name:
            return "; one came, but " + "; ".join(_differences(document, expected))
    return ""


def _listed(expected: dict[str, str]) -> str:
    fields = [f"{path} = {value}" for path, value in expected.items() if path not in _NAMED[:2]]
    told = f" with {', '.join(fields)}" if fields else ""
    return f"{expected['kind']} to {expected['to']}{told}"
