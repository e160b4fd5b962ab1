"""Every document as fields for a person: each is said in both languages, no attachment is shown."""

from pathlib import Path

import pytest

from broker.messages.reasons import Reason
from broker.wire.document_fields import fields_of

MESSAGES = Path(__file__).resolve().parents[2] / "fixtures" / "messages"
SAMPLES = sorted(MESSAGES.glob("*/*.xml"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_field_is_said_in_both_languages(sample: Path) -> None:
    fields = fields_of(sample.read_bytes())
    assert fields
    assert [one.name for one in fields if not (one.about.get("sl") and one.about.get("en"))] == []


def test_codes_have_their_texts_and_listed_values_their_meaning() -> None:
    fields = fields_of((MESSAGES / "MeterReading/by-the-customer.xml").read_bytes())
    meanings = {one.name: one.meaning.get("en") for one in fields if one.meaning}
    assert "customer" in (meanings["ObtainedBy"] or "")
    (refused,) = (MESSAGES / "ReadingRejection").iterdir()
    reasons = [one.reason for one in fields_of(refused.read_bytes()) if one.reason]
    assert reasons
    assert all(isinstance(reason, Reason) for reason in reasons)


def test_what_a_field_is_made_of_is_known_in_the_end() -> None:
    reading = fields_of((MESSAGES / "MeterReading/by-the-customer.xml").read_bytes())
    request = fields_of((MESSAGES / "SwitchRequest/as-soon-as-possible.xml").read_bytes())
    bases = {one.name: one.base for one in (*reading, *request) if one.text}
    assert bases["Value"] == "xs:decimal"
    assert bases["CustomerSignedOn"] == "xs:date"
    assert bases["TakenAt"] == "xs:dateTime"
    assert bases["Reference"] not in ("xs:decimal", "xs:date", "xs:dateTime")


def test_of_an_attachment_only_the_size_is_told() -> None:
    fields = fields_of((MESSAGES / "SwitchRequest/as-soon-as-possible.xml").read_bytes())
    (attachment,) = [one for one in fields if one.attachment_bytes is not None]
    assert attachment.name == "Attachment"
    assert attachment.attachment_bytes


@pytest.mark.parametrize("content", [b"", b"no XML", b"<!DOCTYPE a><a/>", b"<a/>"])
def test_what_cannot_be_read_has_no_fields(content: bytes) -> None:
    assert fields_of(content) == ()


def test_what_the_schema_does_not_know_stands_as_it_is() -> None:
    (field,) = fields_of("<a><b>č</b></a>".encode())
    assert (field.name, field.text, field.about, field.meaning) == ("b", "č", {}, {})
