"""The header of a message: who says what to whom (design 9).

`header_of` reads a valid one; `header_facts` reads what can be read safely of one that is not, so
that a refusal can still name the message it refuses.
"""

import re
from dataclasses import dataclass

from lxml import etree

from broker.messages.codes import DocumentKind, Role
from broker.messages.identifiers import Eic, MessageId, is_party_eic
from broker.messages.reasons import Refusal
from broker.messages.requests import Header
from broker.wire.elements import instant_of, parts_of, text_of
from broker.wire.schema import NAMESPACE_OF_ANY_VERSION, TAG_PREFIX, parse

_MESSAGE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:\-]{0,35}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFacts:
    """What could be read of a header that is not known to be valid; believe nothing of it."""

    message_id: MessageId | None
    sender: Eic | None


NO_FACTS = HeaderFacts(message_id=None, sender=None)


def header_of(root: etree._Element) -> Header:
    """The header of a valid message."""
    parts = parts_of(root[0])
    sender = parts_of(parts["Sender"])
    recipient = parts_of(parts["Recipient"])
    return Header(
        kind=DocumentKind(str(root.tag)[len(TAG_PREFIX) :]),
        message_id=MessageId(text_of(parts["Identification"])),
        created_at=instant_of(parts["Creation"]),
        sender=Eic(text_of(sender["Identification"])),
        sender_role=Role(text_of(sender["Role"])),
        recipient=Eic(text_of(recipient["Identification"])),
    )


def header_facts(data: bytes) -> HeaderFacts:
    """Message id and sender of a well-formed document of ours, each None if it cannot be read.

    Nothing is read from what is not well-formed, has a DOCTYPE or is of a foreign namespace, nor
    where a name stands twice (design 11). Raises nothing.
    """
    root = parse(data)
    if isinstance(root, Refusal):
        return NO_FACTS
    namespace = etree.QName(root).namespace or ""
    if not namespace.startswith(NAMESPACE_OF_ANY_VERSION):
        return NO_FACTS
    header = _only(root, namespace, "Header")
    message_id = _text(_only(header, namespace, "Identification"))
    sender = _text(_only(_only(header, namespace, "Sender"), namespace, "Identification"))
    return HeaderFacts(
        message_id=MessageId(message_id) if _MESSAGE_ID.fullmatch(message_id) else None,
        sender=Eic(sender) if is_party_eic(sender) else None,
    )


def _only(parent: etree._Element | None, namespace: str, name: str) -> etree._Element | None:
    if parent is None:
        return None
    found = parent.findall(f"{{{namespace}}}{name}")
    return found[0] if len(found) == 1 else None


def _text(element: etree._Element | None) -> str:
    return "" if element is None or len(element) else element.text or ""
