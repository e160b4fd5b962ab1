"""The way in: bytes to a typed message with its attachments, or every finding of the structure.

Order of the findings: what cannot be read at all; else attachments that do not decode or are too
large together with what the schema does not allow (design 10, level *structure*).
"""

from dataclasses import dataclass

from lxml import etree

from broker.messages.codes import DocumentKind
from broker.messages.reasons import Refusal
from broker.messages.reported_changes import InboundMessage
from broker.messages.requests import SwitchRequest
from broker.wire.attachments import take_out
from broker.wire.check_values import check_values
from broker.wire.findings import FINDINGS_MAX
from broker.wire.read_answer import confirmation_of, objection_of, refusal_of_unknown_code
from broker.wire.read_correction import correction_of
from broker.wire.read_master_data import master_data_request_of
from broker.wire.read_reading import inaccessibility_report_of, reading_of
from broker.wire.read_register_change import register_change_of
from broker.wire.read_request import request_of
from broker.wire.read_withdrawal import withdrawal_of
from broker.wire.schema import TAG_PREFIX, parse, refusal_of_unknown_root, validate

_REQUESTS = (
    DocumentKind.SWITCH_REQUEST,
    DocumentKind.SHARE_CLAIM,
    DocumentKind.SHARED_SUPPLY_REQUEST,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessage:
    """A message of sound structure: its type, its attachments by hash, its wrong identifiers.

    `wrong_identifiers` belongs to the level *values* and is answered only after the sender is
    known to be the authenticated party. Equal attachments are listed once.
    """

    message: InboundMessage
    attachments: tuple[tuple[str, bytes], ...]
    wrong_identifiers: tuple[Refusal, ...]


def read(data: bytes) -> ReadMessage | tuple[Refusal, ...]:
    """The message in these bytes, or the findings of its structure, at most 50. Raises nothing.

    What the schema refused (NOT_VALID_AGAINST_SCHEMA) can be told better by `explain`.
    """
    root = parse(data)
    if isinstance(root, Refusal):
        return (root,)
    unknown = refusal_of_unknown_root(root)
    if unknown is not None:
        return (unknown,)
    taken = take_out(root)
    refusals = taken.refusals + validate(root)
    if refusals:
        return refusals[:FINDINGS_MAX]
    unpublished = refusal_of_unknown_code(root)
    if unpublished is not None:
        return (unpublished,)
    message = _message_of(root, taken.documents)
    return ReadMessage(
        message=message,
        attachments=_by_hash(message, taken.documents),
        wrong_identifiers=check_values(root),
    )


def _message_of(root: etree._Element, documents: tuple[bytes, ...]) -> InboundMessage:
    kind = DocumentKind(str(root.tag)[len(TAG_PREFIX) :])
    if kind in _REQUESTS:
        return request_of(root, documents)
    if kind is DocumentKind.SUPPLY_CONFIRMATION:
        return confirmation_of(root)
    if kind is DocumentKind.OBJECTION:
        return objection_of(root)
    if kind is DocumentKind.WITHDRAWAL:
        return withdrawal_of(root)
    if kind is DocumentKind.INACCESSIBILITY_REPORT:
        return inaccessibility_report_of(root)
    if kind is DocumentKind.MASTER_DATA_REQUEST:
        return master_data_request_of(root)
    if kind is DocumentKind.REGISTER_CHANGE:
        return register_change_of(root)
    if kind is DocumentKind.CORRECTION:
        return correction_of(root)
    return reading_of(root)


def _by_hash(
    message: InboundMessage, documents: tuple[bytes, ...]
) -> tuple[tuple[str, bytes], ...]:
    if not isinstance(message, SwitchRequest):
        return ()
    hashes = [one.contract.document.sha256 for one in message.chosen if one.contract]
    return tuple(dict(zip(hashes, documents, strict=True)).items())
