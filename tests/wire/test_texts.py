"""Every text of a message is read, whatever encoding it is in and however its signs are written."""

import pytest

from broker.wire.texts import readings_of

DECLARED = '<?xml version="1.0" encoding="{}"?>'


def says(content: bytes, text: str) -> bool:
    return any(text in one for texts in readings_of(content) for one in texts)


@pytest.mark.parametrize("end", ["</Name>", ""], ids=["sound", "cut off"])
@pytest.mark.parametrize(
    "encoding",
    ["UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII", "ISO-8859-2", "windows-1250"],
)
def test_a_text_is_read_in_every_encoding(encoding: str, end: str) -> None:
    text = f"{DECLARED.format(encoding)}<Name>Čuček &amp; <Street>Žiža 1</Street>{end}"
    content = text.encode(encoding, "xmlcharrefreplace")
    assert says(content, "Čuček & ")
    assert says(content, "Žiža 1")
    assert not says(content, "Žiža 2")


@pytest.mark.parametrize("inside", ["<!-- -->", "<?a b?>", "]]><![CDATA["])
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
def test_a_value_goes_on_behind_what_stands_inside_of_it(inside: str, encoding: str) -> None:
    value = f"Žiža{inside} 1"
    value = f"<![CDATA[{value}]]>" if "CDATA" in inside else value
    assert says(f"{DECLARED.format(encoding)}<Name>{value}</Name>".encode(encoding), "Žiža 1")


def test_what_stands_beside_the_values_is_read_too() -> None:
    content = b"<Name xmlns:a='urn:a' a:b='in an attribute'><!-- in a comment --></Name>"
    assert says(content, "in an attribute")
    assert says(content, "in a comment")
    assert says(b"<no xml \x00\xff in what is none", "in what is none")


@pytest.mark.parametrize("number", ["9" * 5000, "x" + "f" * 5000, "0", "xD800", "x110000", ""])
def test_a_reference_to_no_sign_hides_nothing(number: str) -> None:
    assert says(f"<Name>&#{number};Žiža&#32;1".encode(), "Žiža 1")
    assert says(f"<Name>&#{'0' * 50}352;iža".encode(), "Šiža")
