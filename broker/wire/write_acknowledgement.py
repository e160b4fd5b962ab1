"""Acknowledgements as documents: receipt, case and deadlines, or every finding (A10, design 10)."""

from collections.abc import Callable

from lxml import etree

from broker.messages.answers import Acknowledgement
from broker.messages.deadlines import Deadline
from broker.messages.identifiers import Eic
from broker.messages.reasons import Reason, Refusal
from broker.wire.document import (
    LONG_TEXT_MAX,
    SHORT_TEXT_MAX,
    add,
    add_code,
    add_eic,
    add_free_text,
    add_instant,
    add_reason,
    finished,
    new_document,
)
from broker.wire.findings import FINDINGS_MAX

Texts = Callable[[Reason], tuple[str, str]]
"""The published texts of a reason, English and Slovene."""


def write_acknowledgement(
    acknowledgement: Acknowledgement, *, operator: Eic, texts: Texts
) -> bytes:
    """The acknowledgement as a valid document, the same bytes for the same arguments.

    Its identification is the receipt number, its creation the moment of receipt. Raises
    UnableToWriteValidDocument, which is a mistake of ours.
    """
    root = new_document("Acknowledgement")
    _add_header(root, acknowledgement, operator)
    add(root, "Outcome", acknowledgement.outcome.value)
    if acknowledgement.receipt is not None:
        add(root, "ReceiptNumber", acknowledgement.receipt)
    add_instant(root, "ReceivedAt", acknowledgement.received_at)
    for deadline in acknowledgement.deadlines:
        add_deadline(root, deadline)
    for refusal in acknowledgement.refusals[:FINDINGS_MAX]:
        _add_finding(root, refusal, texts)
    return finished(root)


def add_deadline(parent: etree._Element, deadline: Deadline) -> None:
    """A deadline with its legal source; when a person is warned is the operator's own affair."""
    element = add(parent, "Deadline")
    add(element, "Kind", deadline.kind.value)
    add_instant(element, "ActAt", deadline.act_at)
    add_instant(element, "Limit", deadline.limit)
    add(element, "Rule", deadline.rule)
    add_free_text(element, "Article", deadline.article, SHORT_TEXT_MAX)


def _add_header(root: etree._Element, acknowledgement: Acknowledgement, operator: Eic) -> None:
    header = add(root, "Header")
    if acknowledgement.receipt is not None:
        add(header, "Identification", acknowledgement.receipt)
    add_code(header, "DocumentType", "6", "294")
    add_instant(header, "Creation", acknowledgement.received_at)
    sender = add(header, "Sender")
    add_eic(sender, "Identification", operator)
    add_code(sender, "Role", "260", "DDM")
    if acknowledgement.recipient is not None:
        add_eic(add(header, "Recipient"), "Identification", acknowledgement.recipient)
    if acknowledgement.reference is not None:
        add(header, "Reference", acknowledgement.reference)
    if acknowledgement.case_id is not None:
        add(header, "CaseNumber", acknowledgement.case_id)


def _add_finding(root: etree._Element, refusal: Refusal, texts: Texts) -> None:
    finding = add(root, "Finding")
    add_reason(finding, refusal.reason)
    add_free_text(finding, "Place", refusal.place, LONG_TEXT_MAX)
    if refusal.line is not None:
        add(finding, "Line", str(refusal.line))
    add_free_text(finding, "Found", refusal.found, LONG_TEXT_MAX)
    add_free_text(finding, "Expected", refusal.expected, LONG_TEXT_MAX)
    english, slovene = texts(refusal.reason)
    add_free_text(finding, "TextEnglish", english, LONG_TEXT_MAX)
    add_free_text(finding, "TextSlovene", slovene, LONG_TEXT_MAX)
    if refusal.reason is Reason.OTHER:
        add_free_text(finding, "Remark", refusal.text, LONG_TEXT_MAX)
