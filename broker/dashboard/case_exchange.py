"""What was exchanged in a case, as lines for a page: messages in and documents out, with fields."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from broker.dashboard.texts import Texts
from broker.dashboard.values import reason_told, said, text_of
from broker.messages.identifiers import Eic
from broker.store.exchanged import DocumentOut, MessageIn
from broker.usecases.case_for_staff import CaseForStaff
from broker.wire.document_fields import Field, Said

_SAID_OTHERWISE = ("xs:date", "xs:dateTime", "xs:decimal")
_LIMITS = ("ActAt", "Limit")
"""Fields that say when a period ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A field as a line of a table; `value` None is the head of those below it."""

    depth: int
    label: str
    value: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """A message (`message`) or a document (`document`) of the case, ready to be shown."""

    number: str
    at: datetime
    kind: str
    party: str
    fields: tuple[Told, ...]
    erased: bool
    message: MessageIn | None = None
    document: DocumentOut | None = None
    answer_fields: tuple[Told, ...] = ()
    refused_for: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether it is a message that was not taken in."""
        return self.message is not None and self.message.http_status != HTTPStatus.OK


def exchanged_in(seen: CaseForStaff, texts: Texts) -> tuple[Exchanged, ...]:
    """Everything exchanged in the case, in order of time; what came in before what it led to."""
    came = [_message(one, seen, texts) for one in seen.messages]
    went = [_document(one, seen, texts) for one in seen.documents]
    return tuple(sorted([*came, *went], key=lambda one: one.at))


def _message(one: MessageIn, seen: CaseForStaff, texts: Texts) -> Exchanged:
    answered = seen.answers[one.receipt]
    return Exchanged(
        number=one.receipt,
        at=one.at,
        kind=_kind(one.kind, texts),
        party=seen.names[one.sender],
        fields=_told(seen.fields[one.receipt], seen.names, texts),
        erased=one.content is None,
        message=one,
        answer_fields=_told(answered, seen.names, texts),
        refused_for=tuple(
            reason_told(field.reason, texts) for field in answered if field.reason is not None
        ),
    )


def _document(one: DocumentOut, seen: CaseForStaff, texts: Texts) -> Exchanged:
    return Exchanged(
        number=one.document_id,
        at=one.at,
        kind=_kind(one.kind, texts),
        party=seen.names[one.party],
        fields=_told(seen.fields[one.document_id], seen.names, texts),
        erased=one.content is None,
        document=one,
    )


def _kind(kind: str | None, texts: Texts) -> str:
    return texts(f"messages.kind_{kind}" if kind else "messages.no_kind")


def _told(fields: tuple[Field, ...], names: dict[Eic, str], texts: Texts) -> tuple[Told, ...]:
    """The fields as lines, each named as the schema names it."""
    return tuple(
        Told(
            depth=field.depth,
            label=_first_clause(field.about, texts) or field.name,
            value=_value(field, texts),
            note=_note(field, names, texts),
        )
        for field in fields
    )


def _first_clause(about: Said, texts: Texts) -> str:
    return about.get(texts.language, "").partition(";")[0]


def _value(field: Field, texts: Texts) -> str | None:
    """What stands in the field, days and instants as people write them."""
    text = field.text
    if text is None:
        return None
    if field.attachment_bytes is not None:
        return texts("case_exchange.attachment", kilobytes=-(-field.attachment_bytes // 1000))
    if field.base in _SAID_OTHERWISE:
        return said(text, texts, ends=field.name in _LIMITS)
    if text in ("true", "false"):
        return texts(f"case_exchange.{text}")
    return text or texts("case_exchange.true")


def _note(field: Field, names: dict[Eic, str], texts: Texts) -> str:
    """What the value means: a code's text, the listed value's, the party's name."""
    if field.reason is not None:
        return text_of(field.reason, texts)
    return field.meaning.get(texts.language) or names.get(Eic(field.text or ""), "")
