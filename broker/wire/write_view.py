"""What a party may ask for, as documents: mailbox, message status, case, code list (design 11)."""

from base64 import b64encode
from collections.abc import Iterable

from broker.messages.answers import Attempt, CaseView, MailboxEntry
from broker.messages.identifiers import Gsrn
from broker.messages.reasons import Reason
from broker.wire.document import (
    LONG_TEXT_MAX,
    NAME_TEXT_MAX,
    SHORT_TEXT_MAX,
    add,
    add_accounting_point,
    add_day,
    add_free_text,
    add_instant,
    add_reason,
    finished,
    new_document,
)
from broker.wire.write_acknowledgement import Texts, add_deadline


def write_mailbox_listing(entries: Iterable[MailboxEntry]) -> bytes:
    """The documents waiting in a mailbox, in the order given, which is that of commit.

    Raises UnableToWriteValidDocument, as every writer here does.
    """
    root = new_document("MailboxListing")
    for entry in entries:
        element = add(root, "Entry")
        add(element, "DocumentNumber", entry.document_id)
        add(element, "Kind", entry.kind)
        if entry.case_id is not None:
            add(element, "CaseNumber", entry.case_id)
        add_instant(element, "Creation", entry.created_at)
        add(element, "SizeInBytes", str(entry.size_bytes))
    return finished(root)


def write_message_status(attempts: Iterable[Attempt]) -> bytes:
    """What became of a message: the attempts in the order given, which is latest first."""
    root = new_document("MessageStatus")
    for attempt in attempts:
        element = add(root, "Attempt")
        add(element, "ReceiptNumber", attempt.receipt)
        if attempt.message_id is not None:
            add(element, "MessageIdentification", attempt.message_id)
        add_instant(element, "ReceivedAt", attempt.received_at)
        add(element, "HttpStatus", str(attempt.http_status))
        if attempt.case_id is not None:
            add(element, "CaseNumber", attempt.case_id)
        add(element, "Sha256", attempt.sha256)
        if attempt.answer:
            add(element, "Answer", b64encode(attempt.answer).decode("ascii"))
    return finished(root)


def write_case_view(view: CaseView) -> bytes:
    """A party's own view of its case: state, history, deadlines with their articles."""
    root = new_document("CaseView")
    add(root, "CaseNumber", view.case_id)
    add(root, "State", view.state)
    add_accounting_point(root, Gsrn(view.accounting_point))
    if view.expected_date is not None:
        add_day(root, "ExpectedDate", view.expected_date)
    if view.corrects is not None:
        add(root, "Corrects", view.corrects)
    if view.corrected_by is not None:
        add(root, "CorrectedBy", view.corrected_by)
    for entry in view.history:
        element = add(root, "History")
        add_instant(element, "At", entry.at)
        add_free_text(element, "What", entry.what, NAME_TEXT_MAX)
        add_free_text(element, "Article", entry.article, SHORT_TEXT_MAX)
    for deadline in view.deadlines:
        add_deadline(root, deadline)
    return finished(root)


def write_code_list(reasons: Iterable[Reason], *, texts: Texts) -> bytes:
    """The published list of reasons with their texts (A11)."""
    root = new_document("CodeList")
    for reason in reasons:
        element = add(root, "Entry")
        add_reason(element, reason)
        english, slovene = texts(reason)
        add_free_text(element, "TextEnglish", english, LONG_TEXT_MAX)
        add_free_text(element, "TextSlovene", slovene, LONG_TEXT_MAX)
    return finished(root)
