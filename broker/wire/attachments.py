"""Attached contracts: base64 decoded strictly, sizes held, the kind of document looked up (A9).

libxml2 takes `@@@` for base64, so decoding is ours. The decoded text is taken out of the tree
before the schema looks at it, which leaves nothing large to validate or to explain.
"""

import binascii
import hashlib
from dataclasses import dataclass

from lxml import etree

from broker.messages.codes import MediaType
from broker.messages.reasons import Reason, Refusal
from broker.messages.requests import Attachment
from broker.wire.places import place_of, shortened
from broker.wire.schema import TAG_PREFIX

ATTACHMENTS_BYTES_MAX = 5 * 1024 * 1024
ATTACHMENTS_MAX = 20

_PATH = "/".join(TAG_PREFIX + name for name in ("ChosenSupplier", "Contract", "Attachment"))
_PLACEHOLDER = "QQ=="
_WHITESPACE = b" \t\r\n"
_FIRST_BYTES = (
    (b"%PDF-", MediaType.PDF),
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"\xff\xd8\xff", MediaType.JPEG),
    (b"<?xml", MediaType.XML),
    (b"\xef\xbb\xbf<?xml", MediaType.XML),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOut:
    """What was taken out of a tree: the documents in order, the findings, the characters."""

    documents: tuple[bytes, ...]
    refusals: tuple[Refusal, ...]
    characters: int


def take_out(root: etree._Element) -> TakenOut:
    """Decode every attachment where a request has one and leave a placeholder in the tree.

    Findings are CONTENT_DOES_NOT_DECODE and, for all together, TOO_LARGE. More attachments than
    the schema allows, and empty ones, are left for the schema to refuse.
    """
    elements = root.findall(_PATH)
    if len(elements) > ATTACHMENTS_MAX:
        return TakenOut(documents=(), refusals=(), characters=0)
    documents: list[bytes] = []
    refusals: list[Refusal] = []
    characters = 0
    for element in elements:
        text = element.text
        if len(element) or not text or not text.strip():
            continue
        characters += len(text)
        try:
            documents.append(decoded(text))
        except ValueError as error:
            refusals.append(_undecodable(element, text, str(error)))
        element.text = _PLACEHOLDER
    size = sum(map(len, documents))
    if size > ATTACHMENTS_BYTES_MAX:
        refusals.append(
            Refusal(
                reason=Reason.TOO_LARGE,
                place=place_of(elements[-1]),
                line=elements[-1].sourceline,
                found=f"{size} B",
                expected=f"<= {ATTACHMENTS_BYTES_MAX} B",
            )
        )
    return TakenOut(documents=tuple(documents), refusals=tuple(refusals), characters=characters)


def decoded(text: str) -> bytes:
    """The bytes that base64 text stands for; white space apart, nothing but base64 is taken.

    Raises ValueError on any other character, wrong padding, or bits left over at the end.
    """
    packed = text.encode("ascii").translate(None, _WHITESPACE)
    data = binascii.a2b_base64(packed, strict_mode=True)
    last = data[-(len(data) % 3 or 3) :]
    if binascii.b2a_base64(last, newline=False) != packed[-4:]:
        raise ValueError("bits left over at the end")
    return data


def described(document: bytes, media_type: MediaType) -> Attachment:
    """The attachment as the message keeps it, with what its first bytes say it is."""
    return Attachment(
        media_type=media_type,
        sha256=hashlib.sha256(document).hexdigest(),
        size_bytes=len(document),
        detected=detected(document),
    )


def detected(document: bytes) -> MediaType | None:
    """What the first bytes say the document is, None when they say nothing known."""
    return next((kind for first, kind in _FIRST_BYTES if document.startswith(first)), None)


def _undecodable(element: etree._Element, text: str, why: str) -> Refusal:
    return Refusal(
        reason=Reason.CONTENT_DOES_NOT_DECODE,
        place=place_of(element),
        line=element.sourceline,
        found=shortened(text.strip(), 40),
        expected=shortened(f"base64 ({why})"),
    )
