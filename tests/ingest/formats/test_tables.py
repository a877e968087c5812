"""CSV as systems write it."""

import pytest

from parking.ingest.decoded import NotDecodable
from parking.ingest.formats.message import Message, text_of
from parking.ingest.formats.tables import rows
from tests.ingest.formats.samples import NOW


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_are_found(delimiter: str, end: str) -> None:
    text = end.join(["id;free", 'a;"1"', "", "b;", "c"]).replace(";", delimiter)
    assert list(rows(text)) == [(2, {"id": "a", "free": "1"}), (4, {"id": "b"}), (5, {"id": "c"})]


def test_a_delimiter_may_be_told_and_columns_too() -> None:
    told = list(rows("a,b;1\n", delimiter=";", columns=["id", "free"]))
    assert told == [(1, {"id": "a,b", "free": "1"})]


def test_a_cell_may_have_lines() -> None:
    assert list(rows('id,note\n1,"a\nb"\n2,c\n')) == [
        (3, {"id": "1", "note": "a\nb"}),
        (4, {"id": "2", "note": "c"}),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        ("id,id\n1,2\n", "the same name"),
        ("id,free\n1,2,3\n", "line 2: it has more cells"),
        ('id,free\n1,"2\n', "it is not CSV"),
        ("free,x\n1,2\n", "it has no column id"),
        (",".join(str(n) for n in range(1001)), "more than 1000 columns"),
    ],
)
def test_what_is_no_table(text: str, why: str) -> None:
    with pytest.raises(NotDecodable, match=why):
        list(rows(text, needed=["id"]))


@pytest.mark.parametrize(
    ("encoding", "media", "told"),
    [
        ("utf-8", "", None),
        ("utf-8-sig", "text/csv", None),
        ("utf-16", "text/csv; charset=utf-16", None),
        ("cp1252", 'text/csv; charset="windows-1252"', None),
        ("latin-1", "text/csv", "iso8859-1"),
        ("gb18030", "text/csv; charset=utf-8", "gb18030"),
    ],
)
def test_encodings(encoding: str, media: str, told: str | None) -> None:
    text = "Straße,车位" if encoding not in ("cp1252", "latin-1") else "Straße,é"
    assert text_of(Message(text.encode(encoding), NOW, media), told) == text


@pytest.mark.parametrize(
    ("body", "media", "why"),
    [
        (b"\xff", "", "not text in utf-8"),
        (b"a", "text/csv; charset=punycode", "is not known"),
        (b"a", "text/csv; charset=hex", "is not known"),
        (b"a", "text/csv; charset=\x00", "is not known"),
        (b"abc", "text/csv; charset=utf-16-le", "not text in utf-16"),
        (b"\x00\xd8", "text/csv; charset=utf-16-le", "not text in utf-16"),
    ],
)
def test_what_is_no_text(body: bytes, media: str, why: str) -> None:
    with pytest.raises(NotDecodable, match=why):
        text_of(Message(body, NOW, media))
