"""Every text is there in both languages, with the same places, and is used; nothing else is."""

import re
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path

import pytest

from broker.dashboard import dates
from broker.dashboard.navigation import NAVIGATION
from broker.dashboard.pages.flow import FIGURES
from broker.dashboard.pages.mailboxes import COLUMNS, DOCUMENT_COLUMNS
from broker.dashboard.pages.messages import COLUMNS as MESSAGE_COLUMNS
from broker.dashboard.texts import LANGUAGES, TEXTS, UnknownText, catalogue
from broker.dashboard.timeline import Sort
from broker.delivery.hand_over import Fault
from broker.engine.state import Phase, WaitsFor
from broker.messages.codes import (
    CorrectionReason,
    Direction,
    DocumentKind,
    ObtainedBy,
    Payer,
    ReadingMethod,
    Role,
)
from broker.messages.deadlines import DeadlineKind
from broker.messages.records import DoubtKind
from broker.store.archive import Outcome
from broker.store.channels import ChannelKind
from broker.store.journal import RECORD_CLASSES
from broker.store.operations import ClockFault
from broker.store.participants import CredentialKind
from broker.store.staff import StaffRole
from broker.usecases.list_tasks import Urgency
from broker.usecases.operator_verbs import Verb

DASHBOARD = Path(dates.__file__).parent
FORMS = {"sl": 4, "en": 2}
FAMILIES: dict[str, type[Enum]] = {
    "words.role_": StaffRole,
    "words.urgency_": Urgency,
    "words.waits_for_": WaitsFor,
    "words.doubt_": DoubtKind,
    "words.phase_": Phase,
    "words.deadline_": DeadlineKind,
    "words.direction_": Direction,
    "words.correction_": CorrectionReason,
    "words.payer_": Payer,
    "words.obtained_by_": ObtainedBy,
    "words.market_role_": Role,
    "suppliers.kind_": CredentialKind,
    "words.outcome_": Outcome,
    "messages.kind_": DocumentKind,
    "case.reads_": ReadingMethod,
    "case_timeline.": Sort,
    "case.verb_": Verb,
    "channels.fault_": Fault,
    "channels.kind_": ChannelKind,
    "case.consequence_": Verb,
    "today.clock_": ClockFault,
}
NAMED_ON_THE_WAY = {
    *(f"{family}{one.value}" for family, kinds in FAMILIES.items() for one in kinds),
    *(f"case.what_{record}" for record in RECORD_CLASSES),
    *(f"layout.{entry.name}" for entry in NAVIGATION),
    *(f"layout.language_{language}" for language in LANGUAGES),
    *(f"dates.{unit}" for unit in ("days", "hours", "minutes")),
    *(f"sign_in.{failure}" for failure in ("wrong", "too_many")),
    *(
        f"refused.{part}_{status}"
        for part in ("title", "text")
        for status in (400, 403, 404, 413, 500, 503)
    ),
    *(f"suppliers.{standing}" for standing in ("valid", "expired", "revoked")),
    *(f"flow.{figure}" for figure in FIGURES),
    *(f"flow.weekday_{number}" for number in range(1, 8)),
    *(f"messages.{one}" for one in (*COLUMNS, *DOCUMENT_COLUMNS, *MESSAGE_COLUMNS)),
    "flow.chart_requests",
    "words.waits_for_parked",
    "case.consequence_refuse-reading_at_last",
    "case.consequence_plan-visit_taken_over",
    *(f"case_exchange.handover_{what}" for what in ("fetched", "acknowledged", "sent_again")),
    *(f"case_exchange.{text}" for text in ("true", "false")),
}
ENTRIES = sorted(catalogue().items())


@pytest.mark.parametrize(("name", "entry"), ENTRIES, ids=[name for name, _ in ENTRIES])
def test_a_text_is_there_in_every_language(name: str, entry: dict[str, object]) -> None:
    assert sorted(entry) == sorted(LANGUAGES)
    assert {type(text) for text in entry.values()} in ({str}, {list})
    places = set()
    for language, text in entry.items():
        forms = [text] if isinstance(text, str) else text
        assert len(forms) == (1 if isinstance(text, str) else FORMS[language])
        assert all(form and form == form.strip() for form in forms)
        places |= {frozenset(re.findall(r"\{(\w+)\}", form)) for form in forms}
    assert len(places) == 1


def test_every_text_that_is_named_is_there_and_none_else() -> None:
    sources = [*DASHBOARD.glob("**/*.html"), *DASHBOARD.glob("**/*.py")]
    text = "".join(source.read_text("utf-8") for source in sources if source.name != "texts.py")
    files = "|".join(path.stem for path in (DASHBOARD / "texts").glob("*.toml"))
    named = set(re.findall(rf'"((?:{files})\.[\w-]+[^_\W])"', text))
    named = {name for name in named if not name.endswith((".html", ".css"))}
    named |= {f"today.column_{name}" for name in re.findall(r'"(\w+)"', text)} & set(catalogue())
    assert sorted((named | NAMED_ON_THE_WAY) ^ set(catalogue())) == []


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "1 dan"),
        (2, "2 dneva"),
        (3, "3 dnevi"),
        (4, "4 dnevi"),
        (5, "5 dni"),
        (0, "0 dni"),
        (11, "11 dni"),
        (101, "101 dan"),
        (102, "102 dneva"),
        (104, "104 dnevi"),
        (105, "105 dni"),
    ],
)
def test_slovene_counts(n: int, said: str) -> None:
    assert TEXTS["sl"].count("dates.days", n) == said


@pytest.mark.parametrize(
    ("n", "said"), [(0, "0 days"), (1, "1 day"), (2, "2 days"), (101, "101 days")]
)
def test_english_counts(n: int, said: str) -> None:
    assert TEXTS["en"].count("dates.days", n) == said


@pytest.mark.parametrize("name", ["today.nothing_of_the_kind", "nowhere.title", "dates.days"])
def test_an_unknown_text_is_a_fault(name: str) -> None:
    with pytest.raises(UnknownText):
        TEXTS["sl"](name)


AT = datetime(2026, 5, 5, 20, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 5, 5, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "sl", "en"),
    [
        (lambda t: dates.moment(AT, t), "5. 5. 2026 ob 22.00", "5 May 2026, 22:00"),
        (lambda t: dates.moment(MIDNIGHT, t), "6. 5. 2026 ob 0.00", "6 May 2026, 00:00"),
        (lambda t: dates.second(AT, t), "5. 5. 2026 ob 22.00.00", "5 May 2026, 22:00:00"),
        (lambda t: dates.until(AT, t), "5. 5. 2026 ob 22.00", "5 May 2026, 22:00"),
        (lambda t: dates.until(MIDNIGHT, t), "5. 5. 2026 ob 24.00", "5 May 2026, 24:00"),
        (lambda t: dates.day(date(2026, 12, 31), t), "31. 12. 2026", "31 December 2026"),
        (
            lambda t: dates.span(timedelta(days=2, hours=3, minutes=4), t),
            "2 dneva 3 ure",
            "2 days 3 hours",
        ),
        (lambda t: dates.span(timedelta(days=2, minutes=4), t), "2 dneva", "2 days"),
        (
            lambda t: dates.span(timedelta(hours=-1, minutes=-1), t),
            "1 ura 1 minuta",
            "1 hour 1 minute",
        ),
        (lambda t: dates.span(timedelta(seconds=20), t), "1 minuta", "1 minute"),
        (
            lambda t: dates.article("002 a.195(4), a.200(2)", t),
            "195. člen (4), 200. člen (2)",
            "Art. 195(4), Art. 200(2)",
        ),
        (lambda t: dates.article("002 a.194", t), "194. člen", "Art. 194"),
    ],
)
def test_dates_are_written_as_people_do(said, sl: str, en: str) -> None:
    assert (said(TEXTS["sl"]), said(TEXTS["en"])) == (sl, en)
