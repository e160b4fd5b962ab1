"""The schema and the parser: bytes to a tree that is valid, or the findings that say why not.

Refused here, before anything is looked up: what is not XML, any DOCTYPE, unknown types and
versions, what the schema does not allow (design 8 and 10, level *structure*). Comments and
processing instructions are dropped while parsing and the text around a comment reads as one value,
as XML Schema has it; nothing in them is ever obeyed. XInclude, external references and
xsi:schemaLocation are never followed. Encodings are UTF-8 and UTF-16, the two that every XML
processor must know.
"""

import threading

from lxml import etree

from broker.messages.codes import DocumentKind
from broker.messages.reasons import Reason, Refusal
from broker.wire.findings import findings_of
from broker.wire.places import SCHEMA_FILE, shortened

NAMESPACE_OF_ANY_VERSION = "urn:supplier-switch:si:"
NAMESPACE = NAMESPACE_OF_ANY_VERSION + "1"
TAG_PREFIX = "{" + NAMESPACE + "}"
MESSAGE_BYTES_MAX = 8 * 1024 * 1024
# What costs far more to read than to send, and how much of it is worth looking at. libxml2 writes
# an error for every unknown attribute, at 12 us: 8 MiB of them took 8 seconds; elements, comments
# and instructions took 1 to 7. A valid message has fewer than two thousand of either sign, and free
# text for no more than this. Base64 may bear a reference to a carriage return on 92,000 lines.
WORTH_READING_MAX = {b"=": 20_000, b"<": 20_000, b"&": 200_000}
INBOUND_KINDS = (
    DocumentKind.SWITCH_REQUEST,
    DocumentKind.SHARE_CLAIM,
    DocumentKind.SHARED_SUPPLY_REQUEST,
    DocumentKind.SUPPLY_CONFIRMATION,
    DocumentKind.OBJECTION,
    DocumentKind.WITHDRAWAL,
    DocumentKind.METER_READING,
    DocumentKind.INACCESSIBILITY_REPORT,
    DocumentKind.MASTER_DATA_REQUEST,
    DocumentKind.REGISTER_CHANGE,
    DocumentKind.CORRECTION,
)

_INBOUND_ROOTS = {kind.value for kind in INBOUND_KINDS}
_ENCODINGS = {"UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII", "ASCII"}


class _PerThread(threading.local):
    """A schema and a parser of this thread's own: a shared error log mixes threads up."""

    def __init__(self) -> None:
        self.schema = etree.XMLSchema(etree.parse(SCHEMA_FILE))
        self.parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
            load_dtd=False,
            dtd_validation=False,
            attribute_defaults=False,
            remove_comments=True,
            remove_pis=True,
            collect_ids=False,
            recover=False,
        )


_of_this_thread = _PerThread()


def parse(data: bytes) -> etree._Element | Refusal:
    """The root of the document in these bytes, well-formed and without DOCTYPE.

    Raises nothing: TOO_LARGE, NOT_WELL_FORMED and DOCTYPE_FORBIDDEN are returned, and
    NOT_VALID_AGAINST_SCHEMA for more elements or attributes than are worth looking at.
    """
    if len(data) > MESSAGE_BYTES_MAX:
        return Refusal(
            reason=Reason.TOO_LARGE,
            found=f"{len(data)} B",
            expected=f"<= {MESSAGE_BYTES_MAX} B",
        )
    for sign, most in WORTH_READING_MAX.items():
        count = data.count(sign)
        if count > most:
            return Refusal(
                reason=Reason.NOT_VALID_AGAINST_SCHEMA,
                found=f"{count} x {sign.decode()}",
                expected=f"<= {most} x {sign.decode()}",
            )
    line = line_of_doctype(data)
    if line is not None:
        return Refusal(reason=Reason.DOCTYPE_FORBIDDEN, line=line, found="<!DOCTYPE")
    try:
        root = etree.fromstring(data, _of_this_thread.parser)
    except etree.XMLSyntaxError as error:
        return Refusal(
            reason=Reason.NOT_WELL_FORMED,
            line=error.lineno or 1,
            found=shortened(str(error.msg)),
            expected="XML",
        )
    document = root.getroottree().docinfo
    if document.internalDTD is not None or document.externalDTD is not None or document.doctype:
        return Refusal(reason=Reason.DOCTYPE_FORBIDDEN, line=1, found="<!DOCTYPE")
    if (document.encoding or "UTF-8").upper() not in _ENCODINGS:
        return Refusal(
            reason=Reason.NOT_WELL_FORMED,
            line=1,
            found=shortened(document.encoding),
            expected="UTF-8",
        )
    return root


def line_of_doctype(data: bytes) -> int | None:
    """The line of a DOCTYPE that stands before the root, None without one.

    Looks at the bytes of encodings that contain ASCII; others are looked at after parsing.
    """
    at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while (sign := data.find(b"<", at)) >= 0 and not data[at:sign].strip(b" \t\r\n"):
        if data.startswith(b"<!DOCTYPE", sign):
            return data.count(b"\n", 0, sign) + 1
        if data.startswith(b"<?", sign):
            closing, end = b"?>", data.find(b"?>", sign)
        elif data.startswith(b"<!--", sign):
            closing, end = b"-->", data.find(b"-->", sign + 4)
        else:
            return None
        if end < 0:
            return None
        at = end + len(closing)
    return None


def refusal_of_unknown_root(root: etree._Element) -> Refusal | None:
    """Whether the document is none that a party may send, or of another version of the schema."""
    name = etree.QName(root)
    namespace = name.namespace or ""
    if namespace == NAMESPACE and name.localname in _INBOUND_ROOTS:
        return None
    if namespace.startswith(NAMESPACE_OF_ANY_VERSION) and namespace != NAMESPACE:
        return Refusal(
            reason=Reason.UNKNOWN_VERSION,
            place="/" + shortened(name.localname, 60),
            line=root.sourceline,
            found=shortened(namespace),
            expected=NAMESPACE,
        )
    return Refusal(
        reason=Reason.UNKNOWN_MESSAGE_TYPE,
        place="/" + shortened(name.localname, 60),
        line=root.sourceline,
        found=shortened(str(root.tag)),
        expected=" | ".join(kind.value for kind in INBOUND_KINDS),
    )


def validate(root: etree._Element) -> tuple[Refusal, ...]:
    """What is wrong with the tree by the standard formats (A3), at most 50 findings of libxml2."""
    schema = _of_this_thread.schema
    if schema.validate(root):
        return ()
    return findings_of(root, schema.error_log)
