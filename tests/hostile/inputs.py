"""Hostile bytes: the published samples, broken and abused, the same ones for the same seed.

Each input is what somebody could post. Nothing here is expected to be refused; what is expected of
the broker is the same for all, see `harness`.
"""

import base64
import random
import re
import unicodedata
from collections.abc import Callable
from functools import cache

from hypothesis import strategies as st

from broker.messages.codes import DocumentKind
from broker.wire.schema import INBOUND_KINDS, NAMESPACE
from tests.web.letters import MESSAGES

_TEXT = re.compile(rb">([^<>\s][^<>]*)<")
_LEAF = re.compile(rb"<([A-Z]\w*)[^<>]*>([^<>]+)</\1>")
_LOOK_ALIKES = str.maketrans(
    "AaBCceEHIijKMoOpPSsTxXyYč1",
    "\u0410\u0430\u0412\u0421\u0441\u0435\u0415\u041d\u0406\u0456\u0458\u041a\u041c\u043e"
    "\u041e\u0440\u0420\u0405\u0455\u0422\u0445\u0425\u0443\u0423\u010bl",
)
_UNSEEN = (
    "\u200b",
    "\u00ad",
    "\u2060",
    "\ufeff",
    "\u202e",
    "\u2028",
    "\u00a0",
    "\x85",
    "\U000e0041",
)
_ROOT = re.compile(rb"<([A-Z][A-Za-z]+)( [^>]*)?>")

VALUES = (
    "",
    " ",
    "\t\n",
    "-1",
    "0",
    "-0",
    "1e309",
    "NaN",
    "INF",
    "0x10",
    "1,5",
    "0.0000001",
    "9" * 400,
    "0." + "3" * 400,
    "٣٤٥",  # digits, but not ASCII
    "38319990000000001\uff17",
    "0000-01-01",
    "9999-12-31",
    "2026-02-30",
    "2026-03-29T02:30:00+01:00",
    "2026-10-25T02:30:00+14:00",
    "2026-06-30T23:59:60+02:00",
    "2026-06-30T24:00:00+02:00",
    "2026-05-05T22:00:00.9999999999999+02:00",
    "28XJUG-ELEKTRIK-",
    "28X\u0408UG-ELEKTRIKB",  # a Cyrillic letter
    "=cmd|' /C calc'!A0",
    "+386 1 234",
    "@SUM(1+1)",
    "<script>alert(1)</script>",
    "&lt;img src=x onerror=alert(1)&gt;",
    "]]>",
    "{{7*7}}${7*7}#{7*7}%s%n",
    "'; DROP TABLE cases; --",
    "../../../../etc/passwd",
    "Ana\r\n2026-01-01 CRITICAL broker: forged",
    "\u202egnirts\u2066",
    "a\u0301" * 50,
    "\U0001f4a1" * 20,
    "\ufffe",
    "x" * 100_000,
    "true ",
    "TRUE",
    "E10 E14",
    "260:E14",
)


@cache
def samples() -> tuple[bytes, ...]:
    """Every published sample of a message that a party may send."""
    folders = [MESSAGES / kind.value for kind in INBOUND_KINDS]
    return tuple(file.read_bytes() for one in folders for file in sorted(one.glob("*.xml")))


def _escaped(text: str) -> bytes:
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.encode("utf-8", "surrogatepass")


def _replaced(data: bytes, draw: random.Random, new: bytes) -> bytes:
    """The text of one element is another."""
    texts = list(_TEXT.finditer(data))
    one = draw.choice(texts)
    return data[: one.start(1)] + new + data[one.end(1) :]


def another_value(data: bytes, draw: random.Random) -> bytes:
    return _replaced(data, draw, _escaped(draw.choice(VALUES)))


def raw_value(data: bytes, draw: random.Random) -> bytes:
    return _replaced(data, draw, draw.choice(VALUES).encode("utf-8", "surrogatepass"))


def split_value(data: bytes, draw: random.Random) -> bytes:
    """Comments, CDATA, instructions and character references inside a value."""
    one = draw.choice(list(_TEXT.finditer(data)))
    text = one.group(1)
    at = draw.randrange(len(text) + 1)
    between = draw.choice(
        (b"<!-- -->", b"<?x y?>", b"<![CDATA[]]>", b"&#x20;", b"&#0;", b"&#65;", b"<b/>", b"&e;")
    )
    wrapped = draw.choice((text[:at] + between + text[at:], b"<![CDATA[" + text + b"]]>"))
    return data[: one.start(1)] + wrapped + data[one.end(1) :]


def mangled(data: bytes, draw: random.Random) -> bytes:
    """Bytes flipped, cut out, doubled, put in."""
    mangled_data = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        at = draw.randrange(len(mangled_data))
        match draw.randrange(5):
            case 0:
                mangled_data[at] ^= 1 << draw.randrange(8)
            case 1:
                del mangled_data[at : at + draw.randint(1, 40)]
            case 2:
                mangled_data[at:at] = mangled_data[at : at + draw.randint(1, 200)]
            case 3:
                mangled_data[at:at] = draw.choice(
                    (b"\0", b"\xff", b"<", b">", b"&", b'"', b"=", b"\r")
                )
            case _:
                del mangled_data[at:]
        if not mangled_data:
            break
    return bytes(mangled_data)


def other_encoding(data: bytes, draw: random.Random) -> bytes:
    """Another encoding, told rightly or falsely, with and without a byte order mark."""
    body = re.sub(rb"^<\?xml[^>]*\?>", b"", data).decode()
    told = draw.choice(
        ("UTF-8", "UTF-16", "ISO-8859-2", "UTF-7", "EBCDIC-CP-US", "x-none", "utf8mb4")
    )
    used = draw.choice(
        ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "iso-8859-2", "cp500")
    )
    head = draw.choice(("", f'<?xml version="1.0" encoding="{told}"?>', "<?xml version='1.1'?>"))
    return (head + body).encode(used, "replace")


def doctype(data: bytes, draw: random.Random) -> bytes:
    """Entity bombs, external entities and DTDs before the root."""
    lolz = b"".join(
        b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"lol") for n in range(10)
    )
    internal = draw.choice(
        (
            lolz,
            b'<!ENTITY e SYSTEM "file:///etc/passwd">',
            b'<!ENTITY e SYSTEM "http://127.0.0.1:1/x">',
            b'<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;',
            b'<!ENTITY e "' + b"A" * 50_000 + b'">',
            b'<!ATTLIST x y CDATA "z">',
        )
    )
    put = draw.choice((b"<!DOCTYPE x [%s]>" % internal, b'<!DOCTYPE x SYSTEM "file:///dev/zero">'))
    body = re.sub(rb"^<\?xml[^>]*\?>", b"", data)
    return put + _replaced(body, draw, draw.choice((b"&e;", b"&l9;", b"x")))


def shape(data: bytes, draw: random.Random) -> bytes:
    """Deep, wide, many: what costs more to read than to send."""
    size = draw.choice((10, 300, 5_000))
    inside = draw.choice(
        (
            b"<a>" * size + b"</a>" * size,
            b"<a/>" * size,
            b"<a " + b" ".join(b'b%d="c"' % n for n in range(size)) + b"/>",
            b"<a " + b" ".join(b'xmlns:p%d="u"' % n for n in range(size)) + b"/>",
            b'<a b="' + b"c" * size * 20 + b'"/>',
            b"<!--" + b"c" * size * 20 + b"-->",
            b"<?p " + b"c" * size * 20 + b"?>",
            b"&#65;" * size,
            b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>',
        )
    )
    at = data.find(b">", draw.randrange(len(data))) + 1
    return data[:at] + inside + data[at:]


def namespaces(data: bytes, draw: random.Random) -> bytes:
    """The right names in other namespaces, the wrong ones in ours, and types told in attributes."""
    ours = NAMESPACE.encode()
    other = draw.choice((b"urn:supplier-switch:si:2", b"urn:x", b"", ours + b" ", ours.upper()))
    extra = draw.choice(
        (
            b' xsi:type="SwitchRequest"',
            b' xsi:nil="true"',
            b' xsi:schemaLocation="urn:x file:///etc/passwd"',
            b' xml:lang="sl" xml:base="file:///"',
        )
    )
    told = b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' + extra
    if draw.random() < 0.5:
        return data.replace(ours, other, 1)
    root = _ROOT.search(data)
    return data if root is None else data[: root.end(1)] + told + data[root.end(1) :]


def wrapped(data: bytes, draw: random.Random) -> bytes:
    """A message in an envelope, signed-looking, two at once, another kind's root."""
    body = re.sub(rb"^<\?xml[^>]*\?>", b"", data)
    kind = draw.choice(list(DocumentKind)).value.encode()
    root = _ROOT.search(body)
    renamed = body if root is None else body.replace(root.group(1), kind)
    return draw.choice(
        (
            b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><Object>'
            + body
            + b"</Object></Signature>",
            b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            + body
            + b"</s:Body></s:Envelope>",
            body + body,
            renamed,
            body + b"\n\0",
            base64.b64encode(body),
        )
    )


def attachment(data: bytes, draw: random.Random) -> bytes:
    """What stands for the contract is no base64, or a great deal of it."""
    contents = draw.choice(
        (
            b"@@@",
            b"=" * 1000,
            b"QUJD" * 200_000,
            b" \n\t" * 50_000,
            b"QUJ",
            base64.b64encode(b"%PDF-1.7\n" + bytes(1000)),
            base64.b64encode(b"PK\x03\x04" * 1000),
        )
    )
    return re.sub(rb"(<Attachment[^>]*>)[^<]*", lambda one: one.group(1) + contents, data)


def noise(_: bytes, draw: random.Random) -> bytes:
    return draw.randbytes(draw.choice((0, 1, 7, 500, 70_000)))


def look_alikes(data: bytes, draw: random.Random) -> bytes:
    """Letters of a value that only look like the right ones, or that nobody sees."""
    texts = [one for one in _TEXT.finditer(data) if len(one.group(1)) < 60]
    one = draw.choice(texts)
    text = one.group(1).decode()
    match draw.randrange(4):
        case 0:
            text = text.translate(_LOOK_ALIKES)
        case 1:
            text = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
        case 2:
            at = draw.randrange(len(text) + 1)
            text = text[:at] + draw.choice(_UNSEEN) + text[at:]
        case _:
            text = unicodedata.normalize(draw.choice(("NFD", "NFKD")), text)
    return data[: one.start(1)] + text.encode() + data[one.end(1) :]


def rearranged(data: bytes, draw: random.Random) -> bytes:
    """An element doubled, left out, emptied, or changed with the next."""
    leaves = list(_LEAF.finditer(data))
    at = draw.randrange(len(leaves) - 1)
    one, after = leaves[at], leaves[at + 1]
    new = draw.choice((one[0] * 2, b"", one[0] * 30, after[0], one[0].replace(one[2], b"")))
    return data[: one.start()] + new + data[one.end() :]


def prefixes(data: bytes, draw: random.Random) -> bytes:
    """Our namespace under a prefix, under two, taken away below, or bound to what it may not be."""
    ours = b'xmlns="' + NAMESPACE.encode() + b'"'
    one = draw.choice(list(_LEAF.finditer(data)))
    name = one[1]
    told = draw.choice(
        (
            b'xmlns=""',
            b'xmlns="urn:x"',
            b'xmlns:a=""',
            b'xmlns:xml="urn:x"',
            b'xmlns:xmlns="urn:x"',
            ours,
        )
    )
    if draw.random() < 0.5:
        return data[: one.start()] + b"<%s %s>" % (name, told) + data[one.start() + len(name) + 2 :]
    prefixed = re.sub(rb"<(/?)([A-Z])", rb"<\1p:\2", data).replace(b"xmlns=", b"xmlns:p=", 1)
    return prefixed.replace(b"<p:Header", draw.choice((b"<p:Header", b"<q:Header", b"<Header")))


def marks(data: bytes, draw: random.Random) -> bytes:
    """Byte order marks: twice, of another encoding, in the middle; halves of surrogates."""
    mark = draw.choice((b"\xef\xbb\xbf" * 2, b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff", b"+/v8"))
    one = draw.choice(list(_TEXT.finditer(data)))
    inside = draw.choice(
        (b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf8\x88\x80\x80\x80", b"\0")
    )
    match draw.randrange(3):
        case 0:
            return mark + data
        case 1:
            return data[: one.end(1)] + inside + data[one.end(1) :]
        case _:
            return mark + data.decode("utf-8", "replace").encode("utf-16-le")


def signed(data: bytes, draw: random.Random) -> bytes:
    """What looks like a signature over another message than the one it comes with."""
    root = _ROOT.search(data)
    end = data.rfind(b"</")
    signature = (
        b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><Reference URI="#a">'
        b"<DigestValue>AAAA</DigestValue></Reference></SignedInfo><SignatureValue>AAAA"
        b"</SignatureValue><Object>%s</Object></Signature>"
    ) % draw.choice((b"", re.sub(rb"^<\?xml[^>]*\?>", b"", draw.choice(samples()))))
    told = draw.choice((b' Id="a"', b' xml:id="a"', b""))
    if root is None:
        return data
    return data[: root.end(1)] + told + data[root.end(1) : end] + signature + data[end:]


Way = Callable[[bytes, random.Random], bytes]
WAYS: tuple[Way, ...] = (
    another_value,
    raw_value,
    split_value,
    mangled,
    other_encoding,
    doctype,
    shape,
    namespaces,
    wrapped,
    attachment,
    look_alikes,
    rearranged,
    prefixes,
    marks,
    signed,
    noise,
)
# Most values pass the schema, so that more of them meet the rules.
_DRAWN = (*WAYS, another_value, another_value, another_value, split_value)


class Input(bytes):
    """What is posted; told of by its beginning, since there may be megabytes of it."""

    def __repr__(self) -> str:
        return f"{len(self)} bytes {bytes(self[:200])!r}"


def hostile_input(draw: random.Random) -> Input:
    """One input: a sample, treated in one way or in two, under an identification of its own."""
    data = draw.choice(samples())
    fresh = b"<Identification>F-%d</Identification>" % draw.randrange(10**9)
    data = re.sub(rb"<Identification>[^<]*</Identification>", fresh, data, count=1)
    for way in draw.sample(_DRAWN, draw.randint(1, 2)):
        try:
            data = way(data, draw)
        except (IndexError, ValueError, UnicodeDecodeError):
            continue  # what the first way left has nothing for the second to work on
    return Input(data)


def input_number(number: int, seed: int) -> Input:
    """The input of this number in the run of this seed, whatever came before it."""
    return hostile_input(random.Random(f"{seed}/{number}"))


HOSTILE_INPUTS = st.randoms(use_true_random=False).map(hostile_input)
"""The same for hypothesis."""
